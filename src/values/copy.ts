/** Copies of stored values. */
import { types } from "node:util";
import { isBytes, ownBytes } from "../runtime/realms.js";
import { isExactNumber } from "./exact-number.js";

/**
 * A copy of a stored value, made in the realm of this code. Under Jest, structuredClone copies into
 * another realm.
 */
export function copyOf<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (types.isSet(value)) return new Set([...value].map(copyOf)) as T;
  if (isBytes(value)) return ownBytes(value) as T;
  if (isExactNumber(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, copyOf(member)]),
  ) as T;
}
