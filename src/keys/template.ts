/** Key templates and their inverses: what a key is made of, and the rules of its parts. */
import { createdAtDigits, limits, type RawKey } from "../table/table.js";

/** A compiled template: literals and the names of the parts between them. */
export interface KeyTemplate {
  /** What the key begins with, before its first part. */
  readonly prefix: string;
  readonly parts: readonly string[];
  /** Fills the template. `createdAt` is padded to 13 digits. */
  build(values: Readonly<Record<string, string | number>>): string;
}

/** Compiles ElectroDB's template notation (`CONTENT#${contentId}`). */
export function compileTemplate(template: string): KeyTemplate {
  const pieces = template.split(/\$\{(\w+)\}/);
  const parts = pieces.filter((_, index) => index % 2 === 1);
  return {
    prefix: pieces[0] ?? "",
    parts,
    build: (values) => {
      let key = "";
      for (let index = 0; index < pieces.length; index += 1) {
        const piece = pieces[index] as string;
        key += index % 2 === 0 ? piece : partText(values[piece]);
      }
      return key;
    },
  };
}

/** A key part as text: ids as they are, creation times padded so that they sort. */
function partText(value: string | number | undefined): string {
  return typeof value === "number" ? String(value).padStart(createdAtDigits, "0") : String(value);
}

/** The rule that a key part breaks; `undefined` if it is valid. */
export function keyPartRule(value: unknown): string | undefined {
  if (value === undefined || value === null) return "is missing: a non-empty string is expected";
  if (typeof value !== "string") return `must be a string, not ${typeName(value)}`;
  if (value === "") return "must not be empty";
  if (!value.isWellFormed()) return "must not contain a lone surrogate";
  return undefined;
}

/** The rule that a partition or sort key breaks by its length; `undefined` if it is valid. */
export function keyLengthRule(kind: "partition" | "sort", key: string): string | undefined {
  const limit = kind === "partition" ? limits.partitionKeyBytes : limits.sortKeyBytes;
  // UTF-8 takes at most three bytes for a UTF-16 unit, so most keys need no counting.
  if (key.length * 3 <= limit) return undefined;
  const bytes = utf8Bytes(key);
  return bytes <= limit ? undefined : `makes a ${kind} key of ${bytes} bytes: at most ${limit}`;
}

/** Counted by hand: a browser has no Buffer, and a bundler would include a polyfill of 20 KB. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) bytes += 1;
    // A pair of surrogates has four.
    else if (unit < 0x800 || (unit >= 0xd800 && unit < 0xe000)) bytes += 2;
    else bytes += 3;
  }
  return bytes;
}

function typeName(value: unknown): string {
  try {
    return Array.isArray(value) ? "array" : typeof value;
  } catch {
    // A revoked proxy.
    return typeof value;
  }
}

/** The key's parts of a stored item, read from its keys by prefix. */
export function keyPartsOf(
  model: { readonly pk: KeyTemplate; readonly sk: KeyTemplate },
  raw: RawKey,
): Record<string, string> {
  const parts: Record<string, string> = {};
  for (const name of model.pk.parts) parts[name] = raw.PK.slice(model.pk.prefix.length);
  for (const name of model.sk.parts) parts[name] = raw.SK.slice(model.sk.prefix.length);
  return parts;
}
