/** Dates of an export's documents, in the encodings that occur there. */
import { epochMsOf } from "../../../src/values/timestamps.js";
import type { Collection } from "./collection.js";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const day = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const month = `(?<month>${months.join("|")})`;
const time = "(?<hour>\\d{2}):(?<minute>\\d{2})(?::(?<second>\\d{2}))?";
const zone = "(?<zone>GMT|UTC?|Z|[ECMP][SD]T|(?:GMT|UTC)?[+-]\\d{2}:?\\d{2})";

/** RFC 2822, as mail, HTTP and `toUTCString()` write it: "Mon, 28 Dec 2020 10:00:00 GMT". */
const rfc2822 = new RegExp(
  `^(?:${day}, ?)?(?<day>\\d{1,2}) ${month} (?<year>\\d{4}) ${time}(?: ${zone})?(?: \\(.*\\))?$`,
  "i",
);
/** JavaScript's `toString()`: "Mon Dec 28 2020 11:00:00 GMT+0100 (Central European Time)". */
const javaScript = new RegExp(
  `^${day} ${month} (?<day>\\d{2}) (?<year>\\d{4}) ${time}(?: ${zone})?(?: \\(.*\\))?$`,
  "i",
);

/** How many hours the named zones of RFC 2822 are behind UTC. */
const namedZones: Readonly<Record<string, number>> = {
  ...{ EST: 5, EDT: 4, CST: 6, CDT: 5 },
  ...{ MST: 7, MDT: 6, PST: 8, PDT: 7 },
};

/** Milliseconds as text: 12 or 13 digits, from 1973 on. Fewer may be seconds, and are not read. */
const epochText = /^\d{12,13}$/;

/**
 * From 1973 on, in seconds and in milliseconds: numbers between the two may be seconds, and are not
 * read.
 */
const leastSeconds = 1e8;
const leastMs = 1e11;

/**
 * Epoch milliseconds of a Firestore timestamp, a number of milliseconds, or a text that is an ISO
 * date, an RFC 2822 date or milliseconds; `undefined` for anything else. A text without a zone is
 * UTC.
 */
export function dateMsOf(value: unknown): number | undefined {
  if (typeof value === "number" && value >= leastSeconds && value < leastMs) return undefined;
  const ms = epochMsOf(value);
  if (ms !== undefined || typeof value !== "string") return ms;
  const text = value.trim();
  return epochMsOf(epochText.test(text) ? Number(text) : msOfNamedMonth(text));
}

function msOfNamedMonth(text: string): number | undefined {
  const found = (rfc2822.exec(text) ?? javaScript.exec(text))?.groups;
  if (found === undefined) return undefined;
  const name = found.month?.toLowerCase();
  const number = (part: string): number => Number(found[part] ?? "0");
  const parts = [
    number("year"),
    months.findIndex((one) => one.toLowerCase() === name),
    number("day"),
    number("hour"),
    number("minute"),
    number("second"),
  ] as const;
  const date = new Date(Date.UTC(...parts));
  // 31 February must not become a day in March.
  const isDay = date.getUTCDate() === parts[2] && date.getUTCMinutes() === parts[4];
  if (!isDay || parts[3] > 23 || parts[5] > 59) return undefined;
  return date.getTime() - offsetMs(found.zone ?? "Z");
}

function offsetMs(zone: string): number {
  const behind = namedZones[zone.toUpperCase()];
  if (behind !== undefined) return -behind * 3_600_000;
  const [, sign, hours, minutes] = /([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  const ms = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  return sign === "-" ? -ms : ms;
}

/** The fields of a document that should be dates and cannot be read as such. */
export function unreadDates(
  { created }: Pick<Collection, "created">,
  data: Readonly<Record<string, unknown>>,
): string[] {
  return [...created, "updatedAt"].filter((field) => {
    const value = data[field];
    const isAbsent = value === undefined || value === null || value === "";
    return !isAbsent && dateMsOf(value) === undefined;
  });
}
