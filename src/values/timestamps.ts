/** Points in time as Firestore documents contain them, in every encoding that occurs. */
import { limits } from "../table/table.js";
import { isExactNumber } from "./exact-number.js";

/** The latest time that an item can have, in milliseconds; it is in the year 2286. */
export const lastMs = 9_999_999_999_999;

/**
 * Whether a stored value is a time as this layer writes it, in milliseconds. Other writers may
 * store nanoseconds or text, which are not times here.
 */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= lastMs;
}

const isoDate =
  /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * Epoch milliseconds of an ISO date, a number of milliseconds or a Firestore timestamp; `undefined` for
 * any other value, and for a time before 1970 or after 2286. An ISO date without an offset is UTC.
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
 * Copies a payload, with each Firestore timestamp object as an ISO string in UTC, to the
 * millisecond, so that its readers find a single encoding. Everything else is unchanged, including
 * numbers and texts that are dates.
 */
export function withIsoDates<T>(value: T): T {
  // A payload's type does not distinguish the encodings of its dates, so the copy has the same type.
  return converted(value, 1) as T;
}

function converted(value: unknown, level: number): unknown {
  // A document nested deeper than DynamoDB's limit is refused later; this must not overflow the stack.
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

/** The range of a Date, in seconds before and after 1970. */
const lastSecond = 8_640_000_000_000;

/**
 * Milliseconds of `{_seconds,_nanoseconds}` (Admin SDK), `{seconds,nanoseconds}` (Web SDK) or
 * `{type:"firestore/timestamp/1.0",seconds,nanoseconds}`; `undefined` for an object with any other
 * field.
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
