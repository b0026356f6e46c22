/** The key condition of a query. */
import type { Placeholders } from "../conditions/placeholders.js";
import { attribute } from "../table/table.js";

/** Sort keys: one, all with a prefix, or all from one to another, both included. */
export type SortKeys =
  | { readonly key: string }
  | { readonly prefix: string }
  | { readonly low: string; readonly high: string };

/** The character after `#`: above every key that goes on with `#`. */
export const afterSeparator = "$";

/** Sort keys of one partition, of the table or of its index. */
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
  // DynamoDB takes no empty prefix, which is every sort key.
  if ("prefix" in keys && keys.prefix === "") return inPartition;
  const name = own.name(sortKey);
  if ("key" in keys) return `${inPartition} AND ${name} = ${own.value(keys.key)}`;
  if ("prefix" in keys) return `${inPartition} AND begins_with(${name}, ${own.value(keys.prefix)})`;
  return `${inPartition} AND ${name} BETWEEN ${own.value(keys.low)} AND ${own.value(keys.high)}`;
}
