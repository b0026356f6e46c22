/** The key condition of a query. */
import type { Placeholders } from "../conditions/placeholders.js";
import { attribute } from "../table/table.js";

/** A selection of sort keys: one, all with a prefix, or a range that includes both ends. */
export type SortKeys =
  | { readonly key: string }
  | { readonly prefix: string }
  | { readonly low: string; readonly high: string };

/** The character after `#`. With it, a bound sorts after every key that continues with `#`. */
export const afterSeparator = "$";

/** The condition for sort keys of one partition, in the table or in its index. */
export function keyCondition(
  own: Placeholders,
  partition: string,
  keys: SortKeys,
  inIndex = false,
): string {
  const names = inIndex
    ? [attribute.indexPartitionKey, attribute.indexSortKey]
    : [attribute.partitionKey, attribute.sortKey];
  const [partitionKey, sortKey] = names as [string, string];
  const inPartition = `${own.name(partitionKey)} = ${own.value(partition)}`;
  // DynamoDB refuses an empty prefix, which would match every sort key.
  if ("prefix" in keys && keys.prefix === "") return inPartition;
  const name = own.name(sortKey);
  if ("key" in keys) return `${inPartition} AND ${name} = ${own.value(keys.key)}`;
  if ("prefix" in keys) return `${inPartition} AND begins_with(${name}, ${own.value(keys.prefix)})`;
  return `${inPartition} AND ${name} BETWEEN ${own.value(keys.low)} AND ${own.value(keys.high)}`;
}
