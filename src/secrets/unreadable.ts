/** The error of a secret that could not be opened. */
import { describe, withContext } from "../errors/context.js";
import { DecryptionError } from "../errors/decryption-error.js";
import { type KeyTemplate, keyPartsOf } from "../keys/template.js";
import type { RawItem } from "../table/table.js";
import type { UnreadableReason } from "./encryption.js";
import { type UnreadableField, unreadableOf } from "./opened.js";

const rules: Readonly<Record<UnreadableReason, (keyId: string) => string>> = {
  noKeys: () => "is encrypted, and no keys are configured (encryption)",
  unknownKey: (keyId) =>
    `is encrypted with the key ${keyId}, which is not among the configured keys`,
  notAuthentic: (keyId) =>
    `cannot be decrypted with the key ${keyId}: this id has another key now, or the text was changed`,
  otherPlace: (keyId) =>
    `was encrypted with the key ${keyId} for another item or field, and was moved here`,
  clearText: () => 'is in clear text, and clearText is "refuse"',
  keyProvider: (keyId) => `cannot be decrypted: the request for the key ${keyId} failed`,
};

/**
 * @param written whether the item comes from a write that was carried out
 * @param asked the call that gets the item
 * @param fields the fields that it gets. @default all
 * @throws DecryptionError if a secret of the item could not be opened
 */
export function refuseUnreadable(
  model: { readonly name: string; readonly pk: KeyTemplate; readonly sk: KeyTemplate },
  raw: RawItem,
  written = false,
  asked?: string,
  fields?: readonly string[],
): void {
  const unreadable = unreadableOf(raw, fields);
  if (unreadable === undefined) return;
  const { field, operation: requested, keyId, cause } = unreadable;
  const operation = asked ?? requested;
  const context = { operation, entity: model.name, key: keyPartsOf(model, raw) };
  const rule = `${written ? "the write was carried out, but " : ""}${ruleOf(unreadable)}`;
  const error = new DecryptionError({ message: describe(context, rule), field, keyId, cause });
  error.mayHaveBeenDone = written;
  throw withContext(error, context);
}

/** What is wrong with a secret, in words. */
export function ruleOf({ field, reason, keyId }: UnreadableField): string {
  return `data.${field} ${rules[reason](JSON.stringify(keyId ?? "?"))}`;
}
