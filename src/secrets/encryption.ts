/** Encryption of secret fields: the keys, and sealing a value for the one place where it is stored. */
import { createHash } from "node:crypto";
import { refuseMisspelt } from "../call/options.js";
import { encryptionVariable } from "../client/config.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { type CallContext, describe, withContext } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";
import { isRetryableError } from "../errors/retryable.js";
import { isBytes, ownBytes } from "../runtime/realms.js";
import type { RawKey } from "../table/table.js";
import {
  headerOf,
  openText,
  type SealedHeader,
  type SealingKey,
  sealedLength,
  sealingKeyBytes,
  sealingKeyOf,
  sealText,
} from "./sealing.js";

/** Keys that are at hand. */
export interface EncryptionKeys {
  /** By their ids: 32 bytes, or these as base64url. An id is stored beside what its key encrypts. */
  readonly keys: Readonly<Record<string, Uint8Array | string>>;
  /** The id of the key that encrypts; all of them decrypt. */
  readonly current: string;
  /** What a secret in clear text, as earlier writers left it, is. @default "read" */
  readonly clearText?: ClearText | undefined;
}

/**
 * Keys that are asked for, of a key management service for instance. Calls that want the same key
 * wait for one answer, so it must come or fail: give the asking a time limit of its own.
 */
export interface KeyProvider {
  /** The key that encrypts, 32 bytes; asked for each request that writes a secret. */
  currentKey(): Promise<{ readonly id: string; readonly key: Uint8Array }>;
  /**
   * The key that decrypts, or `null` for an id that is not known. What it gives is kept in memory.
   * @param id 1 to 100 letters, digits and any of _ . : / @ -, as the stored text names it: whoever
   * writes to the table can make it any, so look it up and make no path of it
   */
  keyOf(id: string): Promise<Uint8Array | null>;
  /** What a secret in clear text, as earlier writers left it, is. @default "read" */
  readonly clearText?: ClearText | undefined;
}

/** Whether a secret in clear text is read as it is, or refused as one that was tampered with. */
export type ClearText = "read" | "refuse";

/** Where a secret is stored. A sealed one is worth nothing anywhere else. */
export interface SecretPlace {
  readonly key: RawKey;
  /** The payload's field. */
  readonly field: string;
}

/** Why a stored secret cannot be given to who asks for it. */
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

/** The key that encrypts, ready for use. */
export interface CurrentKey {
  readonly id: string;
  readonly key: SealingKey;
}

/** Seals and opens the texts of secret values: their JSON as DynamoDB has it. */
export interface Cipher {
  readonly clearText: ClearText;
  /** @throws DynamoDBError with the code `KeyProviderError` */
  currentKey(): Promise<CurrentKey>;
  seal(text: string, place: SecretPlace, current: CurrentKey): Promise<string>;
  /** Never throws: what cannot be opened is told why. */
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
    const told =
      error instanceof ConfigurationError
        ? new ConfigurationError({ message, cause })
        : new DynamoDBError({ message, code, retryable, cause });
    throw withContext(told, context);
  }
}

const typ = "bayon-field";
const mostIdLength = 100;
const idRule = `1 to ${mostIdLength} letters, digits and any of _ . : / @ -`;

/** The id of the key that a value is sealed with; `undefined` for one that is not sealed. */
export function sealedKeyId(value: unknown): string | undefined {
  const header = headerOf(value, typ);
  return header === undefined ? undefined : isId(header.kid) ? header.kid : "?";
}

/** Bytes of a sealed value at most, whatever the key's id. @param bytes of the value's JSON */
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
 * The cipher of the option, else of `COAGENT_ENCRYPTION_KEYS`; none where neither is there.
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
  const { currentKey, keyOf, clearText } = checkedProvider(encryption, source);
  const known = new Map<string, Promise<SealingKey>>();

  /** The key for an id; `undefined` for one that nobody knows, which may be known the next time. */
  async function keyFor(id: string): Promise<SealingKey | undefined> {
    const asking = known.get(id) ?? askedKey(id);
    known.set(id, asking);
    try {
      return await asking;
    } catch (error) {
      if (known.get(id) === asking) known.delete(id);
      if (error instanceof UnknownKey) return undefined;
      throw error;
    }
  }

  async function askedKey(id: string): Promise<SealingKey> {
    const bytes: unknown = await keyOf(id);
    if (bytes === null || bytes === undefined) throw new UnknownKey();
    if (isKey(bytes)) return sealingKeyOf(bytes);
    throw new ConfigurationError(`${source}.keyOf() must give ${keyRule} or null`);
  }

  return {
    clearText,
    currentKey: async () => {
      const { id, key } = await asked(source, "currentKey", async () => {
        const given: unknown = await currentKey();
        // Read once, where a getter of theirs may throw.
        const { id, key } = (given ?? {}) as { readonly id?: unknown; readonly key?: unknown };
        return { id, key };
      });
      if (!isId(id) || !isKey(key)) {
        const rule = `must give an id (${idRule}) and a key (${keyRule})`;
        throw new ConfigurationError(`${source}.currentKey() ${rule}`);
      }
      const ready = sealingKeyOf(key);
      known.set(id, ready);
      return { id, key: await ready };
    },
    seal: (text, place, { id, key }) =>
      sealText(text, { typ, kid: id, ctx: placeHash(place) }, key),
    open: async (sealed, place) => {
      const { kid, ctx } = headerOf(sealed, typ) as SealedHeader;
      if (!isId(kid)) return { reason: "notAuthentic" };
      let key: SealingKey | undefined;
      try {
        key = await asked(source, "keyOf", () => keyFor(kid));
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

/** For all who wait for the same key; each of them is told in its own way. */
class UnknownKey extends Error {}

/** What a key provider throws is not DynamoDB's, but may pass as its errors do. */
async function asked<T>(source: string, call: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    const message = `${source}.${call}() failed: nothing is encrypted or decrypted without its key`;
    throw new DynamoDBError({
      message,
      code: "KeyProviderError",
      retryable: isRetryableError(error),
      cause: error,
    });
  }
}

const keyRule = `${sealingKeyBytes} bytes`;

type Provider = Pick<KeyProvider, "currentKey" | "keyOf"> & { readonly clearText: ClearText };

function checkedProvider(given: unknown, source: string): Provider {
  if (typeof given !== "object" || given === null) {
    throw new ConfigurationError(`${source} must be an object: keys and current, or a provider`);
  }
  const { clearText = "read", ...rest } = given as Partial<EncryptionKeys & KeyProvider>;
  if (clearText !== "read" && clearText !== "refuse") {
    throw new ConfigurationError(`${source}.clearText must be "read" or "refuse"`);
  }
  // A provider may have members of its own, but none that was meant to be this one: its default is
  // the lenient one.
  refuseMisspelt(source, given, ["clearText"]);
  const provider = given as KeyProvider;
  if (typeof provider.currentKey === "function" && typeof provider.keyOf === "function") {
    return {
      currentKey: async () => provider.currentKey(),
      keyOf: async (id) => provider.keyOf(id),
      clearText,
    };
  }
  const other = Object.keys(rest).find((name) => name !== "keys" && name !== "current");
  if (other !== undefined) {
    const rule = "it takes keys, current and clearText, or the functions currentKey and keyOf";
    throw new ConfigurationError(`${source} has a member that it does not know: ${rule}`);
  }
  return { ...providerOf(rest, source), clearText };
}

function providerOf(
  { keys, current }: { readonly keys?: unknown; readonly current?: unknown },
  source: string,
): Pick<KeyProvider, "currentKey" | "keyOf"> {
  if (typeof keys !== "object" || keys === null) {
    throw new ConfigurationError(`${source}.keys must be an object of keys by their ids`);
  }
  const held = new Map<string, Uint8Array>();
  for (const [position, [id, given]] of Object.entries(keys).entries()) {
    // Neither is shown: whoever mixes them up has put a key where an id belongs.
    const which = `key ${position + 1} of ${source}.keys`;
    if (!isId(id)) throw new ConfigurationError(`the id of ${which} must be ${idRule}`);
    const key = typeof given === "string" ? bytesOf(given) : given;
    if (!isKey(key)) {
      throw new ConfigurationError(`${which} must be ${keyRule}, as they are or as base64url`);
    }
    // A copy: whoever overwrites the bytes after use must not change the key.
    held.set(id, ownBytes(key));
  }
  const key = typeof current === "string" ? held.get(current) : undefined;
  if (typeof current !== "string" || key === undefined) {
    throw new ConfigurationError(`${source}.current must be the id of one of ${source}.keys`);
  }
  return {
    currentKey: async () => ({ id: current, key }),
    keyOf: async (id) => held.get(id) ?? null,
  };
}

function isId(id: unknown): id is string {
  return typeof id === "string" && id.length <= mostIdLength && /^[\w.:/@-]+$/.test(id);
}

function isKey(key: unknown): key is Uint8Array {
  return isBytes(key) && key.length === sealingKeyBytes;
}

/** The bytes of base64url text; none where it is something else. */
function bytesOf(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
