/** Items of the generic repository, as its callers get them. */
import { type CallContext, describe, withContext } from "../errors/context.js";
import { DecryptionError } from "../errors/decryption-error.js";
import { sealedKeyId } from "../secrets/encryption.js";
import { attribute, type RawItem } from "../table/table.js";
import type { DynamoDBItem } from "./types.js";

/**
 * A stored item as callers get it; if it has no payload, it gets an empty one.
 * @throws DecryptionError for an encrypted field: its ciphertext would pass as the value
 */
export function itemOf<T, E extends string>(
  context: CallContext,
  item: RawItem,
): DynamoDBItem<T, E> {
  const data = item[attribute.data] ?? {};
  for (const [field, value] of Object.entries(data)) {
    const keyId = sealedKeyId(value);
    if (keyId === undefined) continue;
    const own = { ...context, key: { PK: item.PK, SK: item.SK } };
    const message = describe(own, `data.${field} is encrypted: read it through its store`);
    throw withContext(new DecryptionError({ message, field, keyId }), own);
  }
  // The caller states the types of the payload and of the entity.
  return { ...item, [attribute.data]: data } as unknown as DynamoDBItem<T, E>;
}
