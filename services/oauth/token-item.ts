/** The stored token in a refresh: read consistently, and written only if it is still the same. */
import type { OAuthTokenData } from "../../entities/oauth-token.js";
import type { Call } from "../../src/call/call.js";
import type { Placeholders } from "../../src/conditions/placeholders.js";
import { isOf } from "../../src/entity/item.js";
import type { EntityModel } from "../../src/entity/model.js";
import { nameOf } from "../../src/errors/words.js";
import { asItIsNow, readOne, type Table } from "../../src/read/reader.js";
import type { Clock } from "../../src/runtime/clock.js";
import type { Cipher } from "../../src/secrets/encryption.js";
import { storedValueOf } from "../../src/secrets/opened.js";
import { refuseUnreadable } from "../../src/secrets/unreadable.js";
import { attribute, type RawItem, type RawKey } from "../../src/table/table.js";
import { notFound } from "../../src/write/refusals.js";

/** What all parts of a refresh share. */
export interface TokenContext extends Table {
  readonly clock: Clock;
  /** Encrypts secrets, if keys are configured. */
  readonly cipher: Cipher | undefined;
  /** The entity's model, made on first use. */
  model(): EntityModel;
}

/**
 * The stored token and its lease, as they are now.
 * @throws ItemNotFoundError, or DecryptionError for secrets that cannot be read
 */
export async function readToken(context: TokenContext, key: RawKey, call: Call): Promise<RawItem> {
  const raw = await readTokenIfThere(context, key, call);
  if (raw === undefined) throw notFound(call.context);
  refuseUnreadable(context.model(), raw);
  return raw;
}

export async function readTokenIfThere(
  context: TokenContext,
  key: RawKey,
  call: Call,
): Promise<RawItem | undefined> {
  const item = await readOne(context, key, call, asItIsNow);
  // Any other item at the key is no token, and its secrets have not been opened.
  return item !== undefined && isOf(context.model(), item) ? item : undefined;
}

/** Sends one update. @returns whether its condition held */
export async function updateIf(
  { transport, tableName }: TokenContext,
  key: RawKey,
  expressions: { readonly UpdateExpression: string; readonly ConditionExpression: string },
  own: Placeholders,
  call: Call,
): Promise<boolean> {
  try {
    const placeholders = {
      ExpressionAttributeNames: own.names,
      ExpressionAttributeValues: own.values,
    };
    // What was written comes back: a response without it is no acknowledgement.
    const asked = { TableName: tableName, Key: { ...key }, ReturnValues: "UPDATED_NEW" } as const;
    const input = { ...asked, ...expressions, ...placeholders };
    await transport.send("Update", input, call);
    return true;
  } catch (error) {
    if (nameOf(error) === "ConditionalCheckFailedException") return false;
    throw error;
  }
}

/** The condition that the stored token is still the one that was read. Both are compared as stored. */
export function isToken(own: Placeholders, seen: RawItem): string {
  const path = own.path(["accessToken"]);
  const accessToken = storedValueOf(seen, "accessToken");
  return accessToken === undefined
    ? `attribute_exists(${own.name(attribute.partitionKey)}) AND attribute_not_exists(${path})`
    : `${path} = ${own.value(accessToken)}`;
}

/** Whether it is the same token as was read, stored in other bytes. */
export function isEncryptedAnew(seen: RawItem, now: RawItem): boolean {
  const [before, after] = [dataOf(seen), dataOf(now)];
  return (
    before.accessToken === after.accessToken &&
    before.refreshToken === after.refreshToken &&
    storedValueOf(seen, "accessToken") !== storedValueOf(now, "accessToken")
  );
}

export function dataOf(raw: RawItem): OAuthTokenData {
  // The payload is taken as it is; a token that lacks something counts as expired.
  return (raw.Data ?? {}) as OAuthTokenData;
}
