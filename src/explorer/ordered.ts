/** Values in an order that stays: DynamoDB returns the members of a map in any. */
import { isPlainMap } from "../values/payload.js";

/** The value with the members of each map in the order of their names. */
export function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  return isPlainMap(value) ? orderedMap(value) : value;
}

/** The map with its members in the order of their names, without those that are left out. */
export function orderedMap(map: object, leftOut: readonly string[] = []): Record<string, unknown> {
  const members: Readonly<Record<string, unknown>> = { ...map };
  const names = Object.keys(members).filter((name) => !leftOut.includes(name));
  return Object.fromEntries(names.sort().map((name) => [name, ordered(members[name])]));
}
