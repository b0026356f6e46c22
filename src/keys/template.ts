/** Key templates and their inverses: what a key is made of, and the rules of its parts. */
import { createdAtDigits, limits, type RawKey } from "../table/table.js";

/** A compiled template: literals and the names of the parts between them. */
export interface KeyTemplate {
  /** What the key begins with, before its first part. */
  readonly prefix: string;
  readonly parts: readonly string[];
  /** The texts before, between and behind the parts: one more than there are parts. */
  readonly literals: readonly string[];
  /** Fills the template. `createdAt` is padded to 13 digits. */
  build(values: Readonly<Record<string, string | number>>): string;
}

/** What the name of a part begins with if it is a field of the payload: `data.status`. */
export const fieldPrefix = "data.";

/** The field of the payload that a part is; `undefined` for a part of the key and for the creation time. */
export function fieldOf(part: string): string | undefined {
  return part.startsWith(fieldPrefix) ? part.slice(fieldPrefix.length) : undefined;
}

/** Compiles ElectroDB's template notation (`CONTENT#${contentId}`, `LEAD#${data.status}`). */
export function compileTemplate(template: string): KeyTemplate {
  const pieces = template.split(/\$\{((?:data\.)?\w+)\}/);
  const parts = pieces.filter((_, index) => index % 2 === 1);
  const literals = pieces.filter((_, index) => index % 2 === 0);
  return {
    prefix: literals[0] ?? "",
    parts,
    literals,
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
  return typeof value === "number" ? createdAtText(value) : String(value);
}

/** The rule that a key part breaks; `undefined` if it is valid. */
export function keyPartRule(value: unknown): string | undefined {
  if (value === undefined || value === null) return "is missing: a non-empty string is expected";
  if (typeof value !== "string") return `must be a string, not ${typeName(value)}`;
  if (value === "") return "must not be empty";
  if (!value.isWellFormed()) return "must not contain a lone surrogate";
  return undefined;
}

/** A creation time as a key holds it. */
export function createdAtText(time: number): string {
  return String(time).padStart(createdAtDigits, "0");
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

/**
 * The character that ends a part of a key. Only a part that the key ends with may hold it, so there is one
 * way to read a key.
 */
export const separator = "#";

/** The rule of a part that something follows, in its key or in another entity's. */
export const separatorRule = `must not contain "${separator}": it ends this part of the key`;

/** The parts that something follows in a key: those that must not hold the separator. */
export function innerParts({ parts, literals }: KeyTemplate): string[] {
  return parts.filter((_, index) => index < parts.length - 1 || literals[index + 1] !== "");
}

/**
 * The parts of a key, by name; `null` if the template builds no such key. It is not checked whether a part
 * is a number or a time.
 */
export function partsFrom(
  { parts, literals, prefix }: KeyTemplate,
  key: string,
): Record<string, string> | null {
  if (!key.startsWith(prefix)) return null;
  const values: Record<string, string> = {};
  let start = prefix.length;
  for (let index = 0; index < parts.length; index += 1) {
    const literal = literals[index + 1] as string;
    const isLast = index === parts.length - 1;
    const takesRest = isLast && literal === "";
    const end = takesRest ? key.length : key.indexOf(literal, start);
    const value = key.slice(start, end);
    // No part is empty.
    if (end <= start || (!takesRest && value.includes(separator))) return null;
    values[parts[index] as string] = value;
    start = end + literal.length;
  }
  return start === key.length ? values : null;
}

/**
 * Whether the template can build a key. For a template with at most one part, at its end, it is enough that
 * the key begins with its prefix.
 */
export function isKeyOf(template: KeyTemplate, key: string): boolean {
  return isSimple(template) ? key.startsWith(template.prefix) : partsFrom(template, key) !== null;
}

/** Whether a key's only part, if it has one, is all that follows the prefix. */
export function isSimple({ parts, literals }: KeyTemplate): boolean {
  return parts.length === 0 || (parts.length === 1 && literals[1] === "");
}

/**
 * The parts of a stored item's key. If the template builds no such key, its parts are empty, as no
 * part of a written key is.
 */
export function keyPartsOf(
  model: { readonly pk: KeyTemplate; readonly sk: KeyTemplate },
  raw: RawKey,
): Record<string, string> {
  const parts: Record<string, string> = {};
  readInto(parts, model.pk, raw.PK);
  readInto(parts, model.sk, raw.SK);
  return parts;
}

function readInto(parts: Record<string, string>, template: KeyTemplate, key: string): void {
  if (isSimple(template)) {
    // Read by position, since this is done for each item of a page.
    for (const name of template.parts) parts[name] = key.slice(template.prefix.length);
    return;
  }
  const values = partsFrom(template, key);
  for (const name of template.parts) parts[name] = values?.[name] ?? "";
}
