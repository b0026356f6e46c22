/** A key as messages and errors name it. */
import { isObject } from "../runtime/objects.js";
import { limits } from "../table/table.js";

/**
 * The parts of a key by their names, as the caller gave them: `{ userId: "u1", contentId: "c9" }`. A
 * part that cannot be one, because it is no string or number or is too long, is left out.
 */
export type ErrorKey = Readonly<Record<string, string | number>>;

/** The key of an error; `undefined` if nothing is left of it. */
export function errorKey(parts: unknown): ErrorKey | undefined {
  if (!isObject(parts)) return undefined;
  const own = Object.entries(parts).filter(
    (part): part is [string, string | number] =>
      Number.isSafeInteger(part[1]) ||
      (typeof part[1] === "string" && part[1].length <= limits.partitionKeyBytes),
  );
  return own.length === 0 ? undefined : Object.freeze(Object.fromEntries(own));
}

/** A key as messages name it: `userId=u1, contentId=c9`. Long or odd parts are shortened. */
export function keyText(parts: Readonly<Record<string, unknown>>): string {
  return Object.entries(parts)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(", ");
}

/** A text for a message; a long one is cut. */
export function shown(value: unknown): string {
  if (Number.isSafeInteger(value)) return String(value);
  if (typeof value !== "string") return value === undefined ? "?" : typeof value;
  return value.length > 80 ? `${value.slice(0, 80)}…` : value;
}
