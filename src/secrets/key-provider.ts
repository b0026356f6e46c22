/** The keys of the option `encryption`: given directly, or fetched by a provider. */
import { refuseMisspelt } from "../call/options.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { isBytes, ownBytes } from "../runtime/realms.js";
import { sealingKeyBytes } from "./sealing.js";

/** Keys that the application holds itself. */
export interface EncryptionKeys {
  /**
   * The keys by their ids: each 32 bytes, or the same as base64url. The id is stored with the text
   * that its key encrypts.
   */
  readonly keys: Readonly<Record<string, Uint8Array | string>>;
  /** The id of the key that encrypts. All of them decrypt. */
  readonly current: string;
  /** What happens to a secret that an earlier writer stored in clear text. @default "read" */
  readonly clearText?: ClearText | undefined;
}

/**
 * Keys that are fetched, for instance from a key management service. Calls that need the same key
 * wait for the same request. That request must not hang, so give it its own time limit.
 */
export interface KeyProvider {
  /** The key that encrypts, 32 bytes. Called for each request that writes a secret. */
  currentKey(): Promise<{ readonly id: string; readonly key: Uint8Array }>;
  /**
   * The key that decrypts, or `null` for an unknown id. The key is kept in memory.
   * @param id 1 to 100 letters, digits and any of _ . : / @ -, taken from the stored text. Anyone
   * who can write to the table can choose it, so look it up and do not build a path from it
   */
  keyOf(id: string): Promise<Uint8Array | null>;
  /** What happens to a secret that an earlier writer stored in clear text. @default "read" */
  readonly clearText?: ClearText | undefined;
}

/** Whether a secret in clear text is returned, or refused as if it had been tampered with. */
export type ClearText = "read" | "refuse";

/** The most characters of a key's id. */
export const mostIdLength = 100;
export const idRule = `1 to ${mostIdLength} letters, digits and any of _ . : / @ -`;
export const keyRule = `${sealingKeyBytes} bytes`;

/** Where a cipher gets its keys. */
export type Provider = Pick<KeyProvider, "currentKey" | "keyOf"> & {
  readonly clearText: ClearText;
};

const knownNames: readonly string[] = ["keys", "current", "clearText"];

/** The members of keys, however many others there are. */
function onlyKnown({ keys, current, clearText }: Partial<EncryptionKeys>) {
  return { keys, current, clearText };
}

/**
 * Converts the option to a provider.
 * @param source how messages name the option
 * @throws ConfigurationError that never shows a key
 */
export function checkedProvider(given: unknown, source: string): Provider {
  if (typeof given !== "object" || given === null) {
    throw new ConfigurationError(`${source} must be an object: keys and current, or a provider`);
  }
  const { clearText = "read", ...own } = onlyKnown(given as Partial<EncryptionKeys>);
  if (clearText !== "read" && clearText !== "refuse") {
    throw new ConfigurationError(`${source}.clearText must be "read" or "refuse"`);
  }
  const provider = given as KeyProvider;
  if (typeof provider.currentKey === "function" && typeof provider.keyOf === "function") {
    // A provider may have other members, but not a misspelt `clearText`, because the default is lenient.
    refuseMisspelt(source, given, ["clearText"]);
    return {
      currentKey: async () => provider.currentKey(),
      keyOf: async (id) => provider.keyOf(id),
      clearText,
    };
  }
  const other = Object.keys(given).find((name) => !knownNames.includes(name));
  if (other !== undefined) {
    refuseMisspelt(source, { [other]: true }, ["clearText"]);
    const rule = "it takes keys, current and clearText, or the functions currentKey and keyOf";
    throw new ConfigurationError(`${source} has an unknown member: ${rule}`);
  }
  return { ...providerOf(own, source), clearText };
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
    // Neither is shown, because a caller who mixes them up has put a key where an id belongs.
    const which = `key ${position + 1} of ${source}.keys`;
    if (!isId(id)) throw new ConfigurationError(`the id of ${which} must be ${idRule}`);
    const key = typeof given === "string" ? bytesOf(given) : given;
    if (!isKey(key)) {
      throw new ConfigurationError(`${which} must be ${keyRule}, as they are or as base64url`);
    }
    // A copy, so that overwriting the bytes after use does not change the key.
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

export function isId(id: unknown): id is string {
  return typeof id === "string" && id.length <= mostIdLength && /^[\w.:/@-]+$/.test(id);
}

export function isKey(key: unknown): key is Uint8Array {
  return isBytes(key) && key.length === sealingKeyBytes;
}

/** The bytes of base64url text; `undefined` for any other text. */
function bytesOf(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
