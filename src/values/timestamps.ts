/** Points in time as Firestore documents hold them, in every encoding that occurs. */
import { limits } from "../table/table.js";
import { isExactNumber } from "./exact-number.js";

/** The last millisecond that an item's times can be, in the year 2286. */
export const lastMs = 9_999_999_999_999;

/**
 * Whether a stored value is a time as this layer writes one, in milliseconds. What others store may
 * be none: nanoseconds, or a text.
 */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= lastMs;
}

const isoDate =
  /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * Epoch milliseconds of an ISO date, a number of milliseconds or a Firestore timestamp; `undefined`
 * for what is none of them, or is before 1970 or after 2286. An ISO date without an offset is UTC.
 */
export function epochMsOf(value: unknown): number | undefined {
  const ms =
    typeof value === "number"
      ? Math.floor(value)
      : typeof value === "string"
        ? msOfIsoDate(value.trim())
        : msOfTimestamp(value);
  return ms !== undefined && ms >= 0 && ms <= lastMs ? ms : undefined;
}

function msOfIsoDate(text: string): number | undefined {
  const match = isoDate.exec(text);
  if (match === null) return undefined;
  const hasTime = text.length > "2025-01-31".length;
  const ms = Date.parse(hasTime && match[1] === undefined ? `${text}Z` : text);
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * A copy of a payload in which each Firestore timestamp object is an ISO string in UTC, to the
 * millisecond, so that its readers meet one encoding. Everything else stays as it is, numbers and
 * texts that are dates included.
 */
export function withIsoDates<T>(value: T): T {
  // A payload's type does not tell its dates' encodings apart, so the copy has the same one.
  return converted(value, 1) as T;
}

function converted(value: unknown, level: number): unknown {
  // Deeper than DynamoDB's limit the document is refused anyway, and this must not run out of stack.
  if (typeof value !== "object" || value === null || level > limits.nestingLevels + 1) return value;
  if (isExactNumber(value)) return value;
  if (Array.isArray(value)) return value.map((member) => converted(member, level + 1));
  const ms = msOfTimestamp(value);
  if (ms !== undefined) return new Date(ms).toISOString();
  const entries = Object.entries(value).map(([name, member]) => [
    name,
    converted(member, level + 1),
  ]);
  return Object.fromEntries(entries);
}

/** The bounds of a Date, in seconds. */
const lastSecond = 8_640_000_000_000;

/**
 * Milliseconds of `{_seconds,_nanoseconds}` (Admin SDK), `{seconds,nanoseconds}` (Web SDK) or
 * `{type:"firestore/timestamp/1.0",seconds,nanoseconds}`; an object with any other field is none.
 */
function msOfTimestamp(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { type, ...fields } = value as Record<string, unknown>;
  if (type !== undefined && type !== "firestore/timestamp/1.0") return undefined;
  const names = Object.keys(fields).sort().join();
  const [seconds, nanoseconds] =
    names === "_nanoseconds,_seconds"
      ? [fields._seconds, fields._nanoseconds]
      : names === "nanoseconds,seconds"
        ? [fields.seconds, fields.nanoseconds]
        : [];
  if (!Number.isInteger(seconds) || !Number.isInteger(nanoseconds)) return undefined;
  const wholeSeconds = Number(seconds);
  if (Math.abs(wholeSeconds) >= lastSecond) return undefined;
  return wholeSeconds * 1000 + Math.floor(Number(nanoseconds) / 1_000_000);
}
