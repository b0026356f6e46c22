/** Values as people read them. */
import type { FieldKind, RawAttribute, SentItem } from "../protocol.js";

const number = new Intl.NumberFormat("en");
const shortDate = new Intl.DateTimeFormat("sv", { dateStyle: "short", timeStyle: "short" });

export const counted = (count: number): string => number.format(count);

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${counted(count)} ${count === 1 ? one : many}`;
}

export function bytesText(bytes: number): string {
  if (bytes >= 1024 * 1024) return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  if (bytes >= 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${Math.round(bytes)} B`;
}

/** Capacity units, which come in halves. */
export function unitsText(units: number): string {
  return number.format(Math.round(units * 10) / 10);
}

/** What one read of an item takes: half a unit for each 4 KB. */
export const readUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 4096)) / 2;

/** What one write takes in the table, and in each index that has the item: a unit for each KB. */
export const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1024));

export function timeText(ms: number): string {
  return ms === 0 || Number.isNaN(ms) ? "unknown" : shortDate.format(new Date(ms));
}

const isoDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** The time that a value stands for: ISO text, epoch milliseconds, or a timestamp of Firestore's. */
export function timeIn(value: unknown, kind: FieldKind): number | undefined {
  if (typeof value === "string" && isoDate.test(value)) {
    const time = Date.parse(value);
    return Number.isNaN(time) ? undefined : time;
  }
  if (kind !== "time") return undefined;
  if (typeof value === "number" && value > 1e11 && value < 1e14) return value;
  const { _seconds, seconds } = (value ?? {}) as { _seconds?: unknown; seconds?: unknown };
  const whole = _seconds ?? seconds;
  return typeof whole === "number" ? whole * 1_000 : undefined;
}

/** A value in one line. */
export function valueText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return jsonText(value, 0);
}

/** JSON for people: what JSON has no word for is shown as what it stands for. */
export function jsonText(value: unknown, space = 2): string {
  const text = JSON.stringify(
    value,
    (_, member: unknown) => {
      if (typeof member === "bigint") return String(member);
      if (member instanceof Set) return [...member];
      if (member instanceof Uint8Array) return `${member.length} bytes`;
      return member;
    },
    space,
  );
  return text ?? "undefined";
}

export function keyText(key: SentItem["key"]): string {
  return Object.values(key).map(String).join(" / ");
}

/** Fields that name an item, the best first. */
export const titleFields = [
  ...["title", "name", "displayName", "topic", "subject", "email", "comment"],
] as const;

/** What a person calls an item: its own name, if it has one. */
export function titleOf({ data, key }: Pick<SentItem, "data" | "key">): string {
  for (const name of titleFields) {
    const value = data[name];
    if (typeof value === "string" && value !== "") return value;
  }
  // Who lists a user's items knows the user.
  const own = Object.entries(key).filter(([part]) => part !== "userId" && part !== "agentId");
  return own.length === 0 ? keyText(key) : own.map(([, value]) => String(value)).join(" / ");
}

/** `savedContent` as a heading: `Saved content`. */
export function storeTitle(store: string): string {
  const words = store
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .split(" ")
    .map((word) => (/^[A-Z]{2,}$/.test(word) ? word : word.toLowerCase()));
  const text = words.join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The table and the indexes that have an item: each takes a write of its own. */
export const placesOf = (keys: readonly Pick<RawAttribute, "name">[]): number =>
  keys.filter(({ name }) => name.endsWith("PK")).length;
