/**
 * Values on the way between the server and the browser, as JSON without loss. What JSON has no word for is
 * an object of two members, its kind under `$` and its content under `v`: `{ "$": "set", "v": ["a"] }`.
 */
import { isBytes } from "../runtime/realms.js";
import { hasExactBrand } from "../values/exact-brand.js";

const kind = "$";
const content = "v";

/**
 * How deep lists and objects may lie inside each other in JSON: payloads have at most 32 levels, and one of
 * them takes up to three here.
 */
export const mostLevels = 128;

/** The longest text of a number: DynamoDB has 38 digits, and powers of ten to 126. */
const mostDigits = 400;

/** What the two sides have of their own: the server's classes are too large for a browser. */
export interface CodecParts {
  /** The error of a value that cannot travel. */
  refuse(operation: string, path: string, message: string): Error;
  /** An exact number of its text. @throws an error if it is none */
  exact(text: string): unknown;
}

export interface Codec {
  /**
   * A value as JSON takes it.
   * @param path where the value is, for messages
   * @throws ValidationError for what has no form here: functions, symbols, NaN and infinite numbers, invalid
   * dates, instances of classes, cycles
   */
  encode(value: unknown, operation: string, path: string): unknown;
  /**
   * The value of which JSON was made. Objects have own members alone, `__proto__` too.
   * @throws ValidationError for an object that has the form of another kind of value, and is none
   */
  decode(json: unknown, operation: string, path: string): unknown;
}

export function createCodec({ refuse, exact }: CodecParts): Codec {
  const readers = readersOf(exact);
  return {
    encode: (value, operation, path) =>
      encodeAt(value, (at, message) => refuse(operation, at, message), path, 0),
    decode: (json, operation, path) =>
      decodeAt(json, readers, (at, message) => refuse(operation, at, message), path),
  };
}

type Refuse = (path: string, message: string) => Error;

function encodeAt(value: unknown, refused: Refuse, path: string, level: number): unknown {
  const refuse = (message: string) => refused(path, message);
  const tagged = (tag: string, inner?: unknown) => ({
    [kind]: tag,
    ...(inner !== undefined && { [content]: inner }),
  });
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "undefined":
      return tagged("undefined");
    case "bigint":
      return tagged("bigint", String(value));
    case "number":
      if (Number.isFinite(value)) return value;
      throw refuse("must be a finite number");
    case "object":
      break;
    default:
      throw refuse(`must be a value, not a ${typeof value}`);
  }
  if (value === null) return null;
  if (level > mostLevels) throw refuse("is nested too deeply, or in itself");
  const inner = (member: unknown, name: string | number) =>
    encodeAt(member, refused, `${path}.${name}`, level + 1);
  if (Array.isArray(value)) return Array.from(value, inner);
  if (hasExactBrand(value)) return tagged("number", value.text);
  if (isBytes(value)) return tagged("bytes", base64Of(value));
  const tag = Object.prototype.toString.call(value);
  if (tag === "[object Set]") return tagged("set", Array.from(value as Set<unknown>, inner));
  if (tag === "[object Date]") {
    const time = (value as Date).getTime();
    if (Number.isNaN(time)) throw refuse("must be a valid date");
    return tagged("date", time);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw refuse("must be a plain object, not an instance of a class");
  }
  const members = Object.entries(value).map(([name, member]) => [name, inner(member, name)]);
  // An object that could be taken for one of the forms above.
  return Object.hasOwn(value, kind) ? tagged("map", members) : Object.fromEntries(members);
}

function decodeAt(json: unknown, readers: Readers, refuse: Refuse, path: string): unknown {
  if (typeof json !== "object" || json === null) return json;
  const inner = (member: unknown, name: string | number) =>
    decodeAt(member, readers, refuse, `${path}.${name}`);
  if (Array.isArray(json)) return json.map(inner);
  if (!Object.hasOwn(json, kind)) {
    return Object.fromEntries(
      Object.entries(json).map(([name, member]) => [name, inner(member, name)]),
    );
  }
  const { [kind]: tag, [content]: given, ...rest } = json as Record<string, unknown>;
  const read = typeof tag === "string" ? readers.get(tag) : undefined;
  if (read !== undefined && Object.keys(rest).length === 0) {
    const value = read(given, inner);
    if (value !== unreadable) return value;
  }
  throw refuse(path, `has a "${kind}" and is no encoded value`);
}

const unreadable = Symbol("unreadable");

type Inner = (member: unknown, name: string | number) => unknown;

type Readers = ReadonlyMap<string, (given: unknown, inner: Inner) => unknown>;

/** How the content of each kind is read. */
function readersOf(exact: CodecParts["exact"]): Readers {
  return new Map<string, (given: unknown, inner: Inner) => unknown>([
    ["undefined", (given) => (given === undefined ? undefined : unreadable)],
    ["bigint", (given) => (isText(given, /^-?\d+$/) ? BigInt(given) : unreadable)],
    // What is no number of DynamoDB's is refused in its own words.
    ["number", (given) => (isText(given, /^[-+.\de]+$/i) ? exact(given) : unreadable)],
    ["date", (given) => (isTime(given) ? new Date(given) : unreadable)],
    ["bytes", (given) => (typeof given === "string" ? bytesOf(given) : unreadable)],
    ["set", (given, inner) => (Array.isArray(given) ? new Set(given.map(inner)) : unreadable)],
    ["map", (given, inner) => (areMembers(given) ? mapOf(given, inner) : unreadable)],
  ]);
}

function mapOf(given: readonly Member[], inner: Inner): object {
  return Object.fromEntries(given.map(([name, member]) => [name, inner(member, name)]));
}

function isText(given: unknown, form: RegExp): given is string {
  return typeof given === "string" && given.length <= mostDigits && form.test(given);
}

/** The times that a Date has. */
function isTime(given: unknown): given is number {
  return Number.isInteger(given) && Math.abs(given as number) <= 8.64e15;
}

type Member = readonly [name: string, member: unknown];

function areMembers(given: unknown): given is Member[] {
  const isMember = (one: unknown) =>
    Array.isArray(one) && one.length === 2 && typeof one[0] === "string";
  return Array.isArray(given) && given.every(isMember);
}

function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function bytesOf(base64: string): unknown {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    // The caller names the place.
    return unreadable;
  }
}
