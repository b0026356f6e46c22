/** The secrets of items as DynamoDB holds them: in clear text, or encrypted under some key. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { secretEntities } from "../../services/registry.js";
import {
  type Cipher,
  type SecretPlace,
  sealedKeyId,
  type Unreadable,
} from "../../src/secrets/encryption.js";
import type { CurrentKey } from "../../src/secrets/keyring.js";
import { itemValue } from "../../src/secrets/secret-value.js";
import { ruleOf } from "../../src/secrets/unreadable.js";
import { attribute, type RawItem } from "../../src/table/table.js";
import { ofKnownEntities } from "./known-entities.js";
import { attributeText, attributeValueOf } from "./line.js";
import type { Item } from "./raw-table.js";

/** A stored secret; a null or missing value is not one. */
export interface StoredSecret {
  readonly place: SecretPlace;
  readonly value: AttributeValue;
  /** The id of its key; `undefined` for clear text. */
  readonly keyId: string | undefined;
}

const fieldsByEntity = ofKnownEntities(
  (definitions): ReadonlyMap<string, readonly string[]> =>
    new Map(secretEntities(definitions).map(({ name, fields }) => [name, fields])),
);

/** What is read of an item to find its secrets. */
export const secretPaths = ofKnownEntities((): readonly (string | readonly string[])[] => [
  attribute.partitionKey,
  attribute.sortKey,
  attribute.entityType,
  attribute.leaseUntil,
  ...[...new Set([...fieldsByEntity().values()].flat())].map((field) => [attribute.data, field]),
]);

/**
 * The secrets of an item; none for most.
 * @param fields the secret fields of its entity. @default those of the entity that the command knows
 */
export function secretsOf(
  item: Item,
  fields = fieldsByEntity().get(item[attribute.entityType]?.S ?? ""),
): StoredSecret[] {
  const data = item[attribute.data]?.M;
  if (fields === undefined || data === undefined) return [];
  const PK = item[attribute.partitionKey]?.S ?? "";
  const SK = item[attribute.sortKey]?.S ?? "";
  return fields.flatMap((field) => {
    const value = data[field];
    if (value === undefined || value.NULL !== undefined) return [];
    return [{ place: { key: { PK, SK }, field }, value, keyId: sealedKeyId(value.S) }];
  });
}

/** The JSON of a secret's value, or why it cannot be read. */
export async function textOf(
  { keyId, value, place }: StoredSecret,
  cipher: Cipher,
): Promise<{ readonly text: string } | Unreadable> {
  if (keyId !== undefined) return cipher.open(value.S ?? "", place);
  return cipher.clearText === "refuse" ? { reason: "clearText" } : { text: attributeText(value) };
}

/** Why a secret cannot be read, in words. */
export function whyUnreadable({ place }: StoredSecret, unreadable: Unreadable): string {
  return ruleOf({ ...unreadable, field: place.field, operation: undefined });
}

export async function sealedValue(
  text: string,
  { place }: StoredSecret,
  cipher: Cipher,
  current: CurrentKey,
): Promise<AttributeValue> {
  return { S: await cipher.seal(text, place, current) };
}

/** A copy of an item with values of its payload replaced. */
export function withValues(item: Item, values: ReadonlyMap<string, AttributeValue>): Item {
  if (values.size === 0) return item;
  const data = { ...item[attribute.data]?.M, ...Object.fromEntries(values) };
  return { ...item, [attribute.data]: { M: data } };
}

/** The item as it is to be stored: what is in clear text is encrypted, the rest stays as it is. */
export async function withSealedSecrets(item: Item, cipher: Cipher | undefined): Promise<Item> {
  const clear =
    cipher === undefined ? [] : secretsOf(item).filter(({ keyId }) => keyId === undefined);
  if (cipher === undefined || clear.length === 0) return item;
  const current = await cipher.currentKey();
  const values = new Map<string, AttributeValue>();
  for (const secret of clear) {
    const text = attributeText(secret.value);
    values.set(secret.place.field, await sealedValue(text, secret, cipher, current));
  }
  return withValues(item, values);
}

/** The item with its secrets in clear text, and what is wrong with those that cannot be read. */
export async function withOpenSecrets(
  item: Item,
  secrets: readonly StoredSecret[],
  cipher: Cipher,
): Promise<{ readonly item: Item; readonly unreadable: readonly string[] }> {
  const values = new Map<string, AttributeValue>();
  const unreadable: string[] = [];
  for (const secret of secrets) {
    if (secret.keyId === undefined) continue;
    const opened = await textOf(secret, cipher);
    if ("reason" in opened) unreadable.push(whyUnreadable(secret, opened));
    else {
      const { field } = secret.place;
      values.set(field, attributeValueOf(JSON.parse(opened.text), field));
    }
  }
  return { item: withValues(item, values), unreadable };
}

/** An item with native values as a request of the transport takes it, its secrets to be sealed. */
export function markedItem(item: RawItem, cipher: Cipher | undefined): RawItem {
  const fields = cipher && fieldsByEntity().get(item[attribute.entityType] ?? "");
  return fields === undefined ? item : itemValue({ encrypted: fields }, item);
}
