/** Sealed texts: compact JWE by jose, encrypted directly with AES-256-GCM. */
import { webcrypto } from "node:crypto";
import { ConfigurationError } from "../errors/configuration-error.js";
import { ownBytes } from "../runtime/realms.js";

/** A key as the runtime holds it: it can be used, but not read. */
export type SealingKey = webcrypto.CryptoKey;

/** The length of a key for AES-256-GCM. */
export const sealingKeyBytes = 32;

/** The header of a sealed text. It is authenticated, but not encrypted. */
export interface SealedHeader {
  /** The purpose of the text. It distinguishes our texts from other JWEs. */
  readonly typ: string;
  /** The id of the key. */
  readonly kid?: string;
  /** What the text is bound to. */
  readonly ctx?: string;
}

/** @param bytes 32 bytes */
export function sealingKeyOf(bytes: Uint8Array): Promise<SealingKey> {
  return webcrypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** Loaded on first use, because most processes seal nothing. Parts of jose load in half the time. */
let sealing: Promise<typeof import("jose/jwe/compact/encrypt")> | undefined;
let opening: Promise<Opening> | undefined;

type Opening = readonly [typeof import("jose/jwe/compact/decrypt"), typeof import("jose/errors")];

const algorithms = { alg: "dir", enc: "A256GCM" } as const;
const accepted = {
  keyManagementAlgorithms: [algorithms.alg],
  contentEncryptionAlgorithms: [algorithms.enc],
};

/** jose takes Web Crypto from the global scope, of which jsdom has only a part (jose 6). */
function needWebCrypto(): void {
  const { crypto } = globalThis as { readonly crypto?: { readonly subtle?: unknown } };
  if (crypto?.subtle !== undefined) return;
  throw new ConfigurationError(
    'encryption needs Web Crypto, and this environment has no crypto.subtle: in the set-up of a test, Object.defineProperty(globalThis, "crypto", { value: require("node:crypto").webcrypto })',
  );
}

/** Seals a text under a random IV of 96 bits. @throws ConfigurationError without Web Crypto */
export async function sealText(
  text: string,
  header: SealedHeader,
  key: SealingKey,
): Promise<string> {
  needWebCrypto();
  sealing ??= import("jose/jwe/compact/encrypt");
  const { CompactEncrypt } = await sealing;
  return new CompactEncrypt(ownBytes(Buffer.from(text)))
    .setProtectedHeader({ ...header, ...algorithms })
    .encrypt(key);
}

/**
 * Opens a sealed text. If that succeeds, the header is the one that it was sealed with.
 * @returns `undefined` if the key is another, or a byte was changed
 */
export async function openText(sealed: string, key: SealingKey): Promise<string | undefined> {
  if (!sealed.split(".").every(isCanonical)) return undefined;
  needWebCrypto();
  opening ??= Promise.all([import("jose/jwe/compact/decrypt"), import("jose/errors")]);
  const [{ compactDecrypt }, { JOSEError }] = await opening;
  try {
    const { plaintext } = await compactDecrypt(sealed, key, accepted);
    return Buffer.from(plaintext).toString();
  } catch (error) {
    if (error instanceof JOSEError) return undefined;
    throw error;
  }
}

/** The last character of base64url has unused bits. If they are not zero, the text was changed. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, "base64url").toString("base64url") === part;
}

/** The beginning of every JSON object in base64url. */
const objectStart = "eyJ";

/** The header of a text that was sealed for this purpose; `undefined` for anything else. */
export function headerOf(value: unknown, typ: string): SealedHeader | undefined {
  if (typeof value !== "string" || !value.startsWith(objectStart)) return undefined;
  const end = value.indexOf(".");
  if (end === -1) return undefined;
  try {
    const header: unknown = JSON.parse(Buffer.from(value.slice(0, end), "base64url").toString());
    return (header as SealedHeader | null)?.typ === typ ? (header as SealedHeader) : undefined;
  } catch {
    // Not JSON, so not sealed by this package.
    return undefined;
  }
}

/**
 * The length of a sealed text.
 * @param bytes the size of the text
 * @param header the longest one possible
 */
export function sealedLength(bytes: number, header: SealedHeader): number {
  const headerBytes = Buffer.byteLength(JSON.stringify({ ...algorithms, ...header }));
  const lengths = [headerBytes, ivBytes, bytes, tagBytes].map((length) =>
    Math.ceil((length * 4) / 3),
  );
  const dots = 4;
  return lengths.reduce((sum, length) => sum + length, dots);
}

const ivBytes = 12;
const tagBytes = 16;
