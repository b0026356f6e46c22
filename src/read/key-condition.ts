/** The key condition of a query. */
import type { Placeholders } from "../conditions/placeholders.js";
import { attribute, type IndexKeyNames } from "../table/table.js";

/** A selection of sort keys: one, all with a prefix, or a range that includes both ends. */
export type SortKeys =
  | { readonly key: string }
  | { readonly prefix: string }
  | { readonly low: string; readonly high: string };

/** The character after `#`. With it, a bound sorts after every key that continues with `#`. */
export const afterSeparator = "$";

/** The key attributes of the table. */
export const ofTable: IndexKeyNames = { pk: attribute.partitionKey, sk: attribute.sortKey };

/**
 * The condition for sort keys of one partition.
 * @param names the key attributes of an index. @default those of the table
 */
export function keyCondition(
  own: Placeholders,
  partition: string,
  keys: SortKeys,
  { pk, sk } = ofTable,
): string {
  const inPartition = `${own.name(pk)} = ${own.value(partition)}`;
  // DynamoDB refuses an empty prefix, which would match every sort key.
  if ("prefix" in keys && keys.prefix === "") return inPartition;
  const name = own.name(sk);
  if ("key" in keys) return `${inPartition} AND ${name} = ${own.value(keys.key)}`;
  if ("prefix" in keys) return `${inPartition} AND begins_with(${name}, ${own.value(keys.prefix)})`;
  return `${inPartition} AND ${name} BETWEEN ${own.value(keys.low)} AND ${own.value(keys.high)}`;
}

/** Whether the sort keys that a query reads hold a key: a page can start only there. */
export function areAmong(keys: SortKeys, key: string): boolean {
  if ("key" in keys) return key === keys.key;
  if ("prefix" in keys) return key.startsWith(keys.prefix);
  return compareKeys(key, keys.low) >= 0 && compareKeys(key, keys.high) <= 0;
}

/** DynamoDB's order of keys: that of their UTF-8 bytes. */
export function compareKeys(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
