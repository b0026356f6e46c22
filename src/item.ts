/** Stored items to the items that callers get. */
import { isDeepStrictEqual, types } from "node:util";
import type { UnreadableReason } from "./encryption.js";
import { type EntityModel, keyText } from "./entity-model.js";
import { DecryptionError, describe, withContext } from "./errors.js";
import { isExactNumber } from "./exact-number.js";
import { type UnreadableField, unreadableOf } from "./opened.js";
import { checkValue } from "./payload.js";
import { isBytes, ownBytes } from "./realms.js";
import { showsMasked } from "./secrets.js";
import type { RawItem } from "./table.js";
import { epochMsOf, isTime } from "./timestamps.js";

/** An item as callers get it, with its key's parts beside these. */
export interface AnyItem {
  readonly data: Record<string, unknown>;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly [keyPart: string]: unknown;
}

/**
 * What becomes of a secret that could not be opened: it is refused, it is refused after a write that
 * was carried out, or it stays as it is stored, where something else is the matter.
 */
export type IfUnreadable = "refuse" | "refuseWritten" | "leave";

/**
 * The item of a stored one. Its ids come from the raw keys: items of earlier writers hold them
 * nowhere else. An item without `Data` has `data: {}`; a time that was never stored is 0,
 * and so is one that is no time: nanoseconds, for instance.
 * @param operation the call that gets it, where the request may have been another's as well
 * @throws DecryptionError for a secret that could not be opened
 */
export function itemOf(
  model: EntityModel,
  raw: RawItem,
  ifUnreadable: IfUnreadable = "refuse",
  operation?: string,
): AnyItem {
  const item: Record<string, unknown> = keyPartsOf(model, raw);
  const { CreatedAt, UpdatedAt } = raw;
  item.data = raw.Data ?? {};
  if (model.secrets.length > 0) {
    const written = ifUnreadable === "refuseWritten";
    if (ifUnreadable !== "leave") refuseUnreadable(model, raw, written, operation);
    item.data = showsMasked(model.secrets, item.data);
  }
  item.createdAt = isTime(CreatedAt) ? CreatedAt : (epochMsOf(CreatedAt) ?? 0);
  item.updatedAt = isTime(UpdatedAt) ? UpdatedAt : 0;
  return item as AnyItem;
}

const rules: Readonly<Record<UnreadableReason, (keyId: string) => string>> = {
  noKeys: () => "is encrypted, and no keys are configured (encryption)",
  unknownKey: (keyId) => `is encrypted with the key ${keyId}, which is not among the keys`,
  notAuthentic: (keyId) =>
    `cannot be decrypted with the key ${keyId}: that is another key, or the text was changed`,
  otherPlace: (keyId) =>
    `was encrypted with the key ${keyId} for another item or field, and moved here`,
  clearText: () => 'is in clear text, and clearText is "refuse"',
  keyProvider: (keyId) => `cannot be decrypted: asking for the key ${keyId} failed`,
};

/**
 * @param written whether the item comes from a write that was carried out
 * @param asked the call that gets the item
 * @throws DecryptionError where a secret of the item could not be opened
 */
export function refuseUnreadable(
  model: Pick<EntityModel, "name" | "pk" | "sk">,
  raw: RawItem,
  written = false,
  asked?: string,
): void {
  const unreadable = unreadableOf(raw);
  if (unreadable === undefined) return;
  const { field, operation: requested, keyId, cause } = unreadable;
  const operation = asked ?? requested;
  const context = { operation, entity: model.name, key: keyText(keyPartsOf(model, raw)) };
  const rule = `${written ? "the write was carried out, but " : ""}${ruleOf(unreadable)}`;
  const error = new DecryptionError(describe(context, rule), field, keyId, cause);
  error.mayHaveBeenDone = written;
  throw withContext(error, context);
}

/** What is wrong with a secret, in words. */
export function ruleOf({ field, reason, keyId }: UnreadableField): string {
  return `data.${field} ${rules[reason](JSON.stringify(keyId ?? "?"))}`;
}

/** The key's parts of a stored item, read from its keys by prefix. */
export function keyPartsOf(
  model: Pick<EntityModel, "pk" | "sk">,
  raw: Pick<RawItem, "PK" | "SK">,
): Record<string, string> {
  const parts: Record<string, string> = {};
  for (const name of model.pk.parts) parts[name] = raw.PK.slice(model.pk.prefix.length);
  for (const name of model.sk.parts) parts[name] = raw.SK.slice(model.sk.prefix.length);
  return parts;
}

/** Whether a stored item is one of the entity's. */
export function isOf(model: EntityModel, raw: RawItem): boolean {
  return raw.EntityType === model.name && raw.SK.startsWith(model.sk.prefix);
}

/**
 * Whether two items or values are stored alike, whatever they are to JavaScript: -0 and 0, 1n and 1,
 * a Buffer and a Uint8Array are the same to DynamoDB.
 */
export function isStoredAlike(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(checkValue(one, "", 1).value, checkValue(other, "", 1).value);
}

/** A copy of a stored value, of the realm that this code runs in (under Jest, structuredClone's is another). */
export function copyOf<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (types.isSet(value)) return new Set([...value].map(copyOf)) as T;
  if (isBytes(value)) return ownBytes(value) as T;
  if (isExactNumber(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, copyOf(member)]),
  ) as T;
}
