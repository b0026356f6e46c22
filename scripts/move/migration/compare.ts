/** Whether a stored item is the one that the migration would write. */
import { isDeepStrictEqual } from "node:util";
import { attribute, type RawItem, writerPrefix } from "../../../src/table/table.js";

/** What an item may have, or have differently, and still count as the same. */
const ofNoAccount: ReadonlySet<string> = new Set([
  attribute.updatedAt,
  attribute.writeMark,
  attribute.transactionMark,
  attribute.writersSince,
  attribute.leaseHolder,
  attribute.leaseUntil,
]);

export function isSame(expected: RawItem, stored: RawItem): boolean {
  return namesOf(expected, stored).every((name) => isDeepStrictEqual(expected[name], stored[name]));
}

/**
 * The attributes and payload fields that are not the same, by name alone: `CreatedAt`,
 * `Data.metadata.tags`. Empty where the items are the same.
 */
export function differencesOf(expected: RawItem, stored: RawItem): string[] {
  return namesOf(expected, stored).flatMap((name) => pathsOf(expected[name], stored[name], name));
}

function namesOf(expected: RawItem, stored: RawItem): string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(stored)])].filter(
    (name) => !ofNoAccount.has(name) && !name.startsWith(writerPrefix),
  );
}

function pathsOf(expected: unknown, stored: unknown, path: string): string[] {
  if (isDeepStrictEqual(expected, stored)) return [];
  if (stored === undefined) return [`${path} is missing`];
  if (expected === undefined) return [`${path} should not be there`];
  if (isMap(expected) && isMap(stored)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(stored)]);
    return [...names].flatMap((name) => pathsOf(expected[name], stored[name], `${path}.${name}`));
  }
  return [`${path} is not the same`];
}

function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return Object.prototype.toString.call(value) === "[object Object]";
}
