/** Keys for the tests of encryption; the table's bytes are looked at by jose alone. */
import { createHash } from "node:crypto";
import { compactDecrypt, decodeProtectedHeader } from "jose";
import type { EncryptionKeys } from "../../src/index.js";

/** A key that is the same in every run. */
export function keyBytes(name: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(name).digest());
}

export const oldKey = keyBytes("old");
export const newKey = keyBytes("new");

export const oldOnly = { keys: { "key-1": oldKey }, current: "key-1" } as const;
export const both = { keys: { "key-1": oldKey, "key-2": newKey }, current: "key-2" } as const;
export const newOnly = { keys: { "key-2": newKey }, current: "key-2" } as const;

/** What a stored field holds, as anybody with the key can read it. */
export async function plainOf(stored: unknown, key: Uint8Array): Promise<unknown> {
  const { plaintext } = await compactDecrypt(String(stored), key);
  return JSON.parse(new TextDecoder().decode(plaintext));
}

/** A stored item with its secrets as they were given, by jose alone; as it is without keys. */
export async function withPlainSecrets(
  item: Record<string, unknown> | undefined,
  encryption: EncryptionKeys | undefined,
): Promise<Record<string, unknown> | undefined> {
  if (item === undefined || encryption === undefined) return item;
  const data = { ...(item.Data as Record<string, unknown>) };
  for (const name of ["accessToken", "refreshToken"]) {
    if (!isSealed(data[name])) continue;
    const key = encryption.keys[String(headerOf(data[name]).kid)] as Uint8Array;
    // These are all texts.
    data[name] = ((await plainOf(data[name], key)) as { S: string }).S;
  }
  return { ...item, Data: data };
}

export function isSealed(stored: unknown): boolean {
  try {
    return headerOf(stored).typ === "bayon-field";
  } catch {
    // No JWE at all.
    return false;
  }
}

/** The keys as the environment holds them. */
export function variableOf(encryption: EncryptionKeys | undefined): string {
  if (encryption === undefined) return "";
  const keys = Object.entries(encryption.keys).map(([id, key]) => [
    id,
    Buffer.from(key as Uint8Array).toString("base64url"),
  ]);
  return JSON.stringify({ ...encryption, keys: Object.fromEntries(keys) });
}

export function headerOf(stored: unknown) {
  return decodeProtectedHeader(String(stored));
}
