/** Sealed cursors. A sealed cursor reveals no key, and none can be made without the secret. */
import { hkdfSync } from "node:crypto";
import { ConfigurationError } from "../errors/configuration-error.js";
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import { isBytes } from "../runtime/realms.js";
import { headerOf, openText, sealingKeyBytes, sealingKeyOf, sealText } from "./sealing.js";

/** A secret, or a list of secrets: the first one seals, and each of them opens. */
export type CursorSecret = string | Uint8Array | readonly (string | Uint8Array)[];

export interface CursorSeal {
  seal(cursor: string): Promise<string>;
  /**
   * Returns the original cursor.
   * @param call that returns such cursors, for messages
   * @throws ValidationError for anything else, even an unsealed cursor
   */
  open(sealed: unknown, context: CallContext, call?: "query" | "scan"): Promise<string>;
}

const typ = "bayon-cursor";
/** A secret is at least as long as the key that is derived from it. */
const leastSecretBytes = sealingKeyBytes;

/** @throws ConfigurationError that names the option and never shows a secret */
export function createCursorSeal(given: CursorSecret): CursorSeal {
  const list: unknown[] = Array.isArray(given) ? given : [given];
  const keys = list.map((secret) => sealingKeyOf(keyBytesOf(secret)));
  const [first] = keys;
  if (first === undefined) {
    throw new ConfigurationError("cursorSecret must not be an empty list");
  }
  return {
    seal: async (cursor) => sealText(cursor, { typ }, await first),
    open: async (sealed, context, call = "query") => {
      if (headerOf(sealed, typ) !== undefined) {
        for (const key of keys) {
          const cursor = await openText(sealed as string, await key);
          if (cursor !== undefined) return cursor;
        }
      }
      const message = `is not one that a ${call} returned`;
      throw invalidAt(context, "cursor", message);
    },
  };
}

/** Derives a key for cursors only, by HKDF-SHA-256. Other uses of the same secret get other keys. */
function keyBytesOf(secret: unknown): Uint8Array {
  const isSecret = typeof secret === "string" || isBytes(secret);
  if (!isSecret || Buffer.byteLength(secret) < leastSecretBytes) {
    const rule = `must be text or bytes, at least ${leastSecretBytes} bytes, or a list of such`;
    throw new ConfigurationError(`cursorSecret ${rule}`);
  }
  return new Uint8Array(hkdfSync("sha256", secret, "", typ, sealingKeyBytes));
}
