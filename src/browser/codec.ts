/**
 * Values on the way between the server and the browser, as JSON without loss. What JSON has no word for is
 * an object of two members, its kind under `$` and its content under `v`: `{ "$": "set", "v": ["a"] }`.
 */
import type { CallContext } from "../errors/context.js";
import { invalid } from "../errors/validation-error.js";
import { isBytes } from "../runtime/realms.js";
import { ExactNumber, isExactNumber } from "../values/exact-number.js";

const kind = "$";
const content = "v";

/**
 * How deep lists and objects may lie inside each other in JSON: payloads have at most 32 levels, and one of
 * them takes up to three here.
 */
export const mostLevels = 128;

/** The longest text of a number: DynamoDB has 38 digits, and powers of ten to 126. */
const mostDigits = 400;

/**
 * A value as JSON takes it.
 * @param path where the value is, for messages
 * @throws ValidationError for what has no form here: functions, symbols, NaN and infinite numbers, invalid
 * dates, instances of classes, cycles
 */
export function encode(value: unknown, context: CallContext, path: string): unknown {
  return encodeAt(value, { context, level: 0 }, path);
}

interface Place {
  readonly context: CallContext;
  readonly level: number;
}

function encodeAt(value: unknown, { context, level }: Place, path: string): unknown {
  const refuse = (message: string) => invalid(context, [{ path, message }]);
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
    encodeAt(member, { context, level: level + 1 }, `${path}.${name}`);
  if (Array.isArray(value)) return Array.from(value, inner);
  if (isExactNumber(value)) return tagged("number", value.text);
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

/**
 * The value of which JSON was made. Objects have own members alone, `__proto__` too.
 * @throws ValidationError for an object that has the form of another kind of value, and is none
 */
export function decode(json: unknown, context: CallContext, path: string): unknown {
  if (typeof json !== "object" || json === null) return json;
  const inner = (member: unknown, name: string | number) =>
    decode(member, context, `${path}.${name}`);
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
  throw invalid(context, [{ path, message: `has a "${kind}" and is no encoded value` }]);
}

const unreadable = Symbol("unreadable");

type Inner = (member: unknown, name: string | number) => unknown;

const readers: ReadonlyMap<string, (given: unknown, inner: Inner) => unknown> = new Map<
  string,
  (given: unknown, inner: Inner) => unknown
>([
  ["undefined", (given) => (given === undefined ? undefined : unreadable)],
  ["bigint", (given) => (isText(given, /^-?\d+$/) ? BigInt(given) : unreadable)],
  // What is no number of DynamoDB's is refused in its own words.
  ["number", (given) => (isText(given, /^[-+.\de]+$/i) ? ExactNumber.from(given) : unreadable)],
  ["date", (given) => (isTime(given) ? new Date(given) : unreadable)],
  ["bytes", (given) => (typeof given === "string" ? bytesOf(given) : unreadable)],
  ["set", (given, inner) => (Array.isArray(given) ? new Set(given.map(inner)) : unreadable)],
  [
    "map",
    (given, inner) =>
      Array.isArray(given) && given.every(isMember)
        ? Object.fromEntries(given.map(([name, member]) => [name, inner(member, name)]))
        : unreadable,
  ],
]);

function isText(given: unknown, form: RegExp): given is string {
  return typeof given === "string" && given.length <= mostDigits && form.test(given);
}

/** The times that a Date has. */
function isTime(given: unknown): given is number {
  return Number.isInteger(given) && Math.abs(given as number) <= 8.64e15;
}

function isMember(given: unknown): given is [name: string, member: unknown] {
  return Array.isArray(given) && given.length === 2 && typeof given[0] === "string";
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
