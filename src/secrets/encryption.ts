/** Encryption of secret fields: a value is sealed for the one place where it is stored. */
import { createHash } from "node:crypto";
import { encryptionVariable } from "../client/config.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { type CallContext, describe, withContext } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";
import type { RawKey } from "../table/table.js";
import {
  type ClearText,
  checkedProvider,
  type EncryptionKeys,
  isId,
  type KeyProvider,
  mostIdLength,
} from "./key-provider.js";
import { type CurrentKey, Keyring } from "./keyring.js";
import {
  headerOf,
  openText,
  type SealedHeader,
  type SealingKey,
  sealedLength,
  sealText,
} from "./sealing.js";

/** Where a secret is stored. A sealed value can be opened for this place only. */
export interface SecretPlace {
  readonly key: RawKey;
  /** The payload's field. */
  readonly field: string;
}

/** Why a stored secret cannot be read. */
export type UnreadableReason =
  | "noKeys"
  | "unknownKey"
  | "notAuthentic"
  | "otherPlace"
  | "clearText"
  | "keyProvider";

/** A secret that cannot be read. */
export interface Unreadable {
  readonly reason: UnreadableReason;
  readonly keyId?: string | undefined;
  readonly cause?: unknown;
}

/** Seals and opens the texts of secret values, which are their DynamoDB JSON. */
export interface Cipher {
  readonly clearText: ClearText;
  /** @throws DynamoDBError with the code `KeyProviderError` */
  currentKey(): Promise<CurrentKey>;
  seal(text: string, place: SecretPlace, current: CurrentKey): Promise<string>;
  /** Never throws. If a text cannot be opened, the reason is returned. */
  open(sealed: string, place: SecretPlace): Promise<{ readonly text: string } | Unreadable>;
}

/**
 * The key that encrypts what a call writes.
 * @throws DynamoDBError with the code `KeyProviderError`, or ConfigurationError, that names the call
 */
export async function currentKeyFor(cipher: Cipher, context: CallContext): Promise<CurrentKey> {
  try {
    return await cipher.currentKey();
  } catch (error) {
    if (!(error instanceof DynamoDBError)) throw error;
    const { code, retryable, cause } = error;
    const message = describe(context, error.message);
    const named =
      error instanceof ConfigurationError
        ? new ConfigurationError({ message, cause })
        : new DynamoDBError({ message, code, retryable, cause });
    throw withContext(named, context);
  }
}

const typ = "bayon-field";

/** The id of the key that a value is sealed with; `undefined` for an unsealed value. */
export function sealedKeyId(value: unknown): string | undefined {
  const header = headerOf(value, typ);
  return header === undefined ? undefined : isId(header.kid) ? header.kid : "?";
}

/**
 * The most bytes that a sealed value takes, with any key id.
 * @param bytes the size of the value's JSON
 */
export function mostSealedBytes(bytes: number): number {
  return sealedLength(bytes, { typ, kid: "k".repeat(mostIdLength), ctx: placeHash(anyPlace) });
}

const anyPlace: SecretPlace = { key: { PK: "", SK: "" }, field: "" };

function placeHash({ key, field }: SecretPlace): string {
  return createHash("sha256")
    .update(JSON.stringify([key.PK, key.SK, field]))
    .digest("base64url");
}

/**
 * The cipher for the option, or else for `COAGENT_ENCRYPTION_KEYS`; `undefined` if neither is given.
 * @throws ConfigurationError that names the option or variable and never shows a key
 */
export function resolveCipher(encryption?: EncryptionKeys | KeyProvider): Cipher | undefined {
  if (encryption !== undefined) return createCipher(encryption);
  const variable = encryptionVariable();
  return variable && createCipher(variable.value, variable.source);
}

/**
 * The cipher of an option.
 * @param source how messages name the option
 * @throws ConfigurationError that names the option and never shows a key
 */
export function createCipher(encryption: unknown, source = "encryption"): Cipher {
  const provider = checkedProvider(encryption, source);
  const keyring = new Keyring(provider, source);
  return {
    clearText: provider.clearText,
    currentKey: () => keyring.currentKey(),
    seal: (text, place, { id, key }) =>
      sealText(text, { typ, kid: id, ctx: placeHash(place) }, key),
    open: async (sealed, place) => {
      const { kid, ctx } = headerOf(sealed, typ) as SealedHeader;
      if (!isId(kid)) return { reason: "notAuthentic" };
      let key: SealingKey | undefined;
      try {
        key = await keyring.keyOf(kid);
      } catch (cause) {
        return { reason: "keyProvider", keyId: kid, cause };
      }
      if (key === undefined) return { reason: "unknownKey", keyId: kid };
      const text = await openText(sealed, key);
      if (text === undefined) return { reason: "notAuthentic", keyId: kid };
      return ctx === placeHash(place) ? { text } : { reason: "otherPlace", keyId: kid };
    },
  };
}
