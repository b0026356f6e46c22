/** What the reads of pages have in common: their options, their cursors, and where a page ends. */
import type { ValidationIssue } from "../errors/validation-error.js";
import { ofTable } from "../read/key-condition.js";
import type { Page } from "../read/paging.js";
import { isObject } from "../runtime/objects.js";
import {
  type IndexKeyNames,
  type IndexName,
  indexKeysOf,
  indexNames,
  type RawItem,
} from "../table/table.js";
import { keyIssues } from "./input.js";
import type { DynamoDBCursor } from "./types.js";

/** What is read: the table, or one of its indexes. */
export interface Source {
  readonly indexName: IndexName | undefined;
  /** The attributes by which the items are selected. */
  readonly names: IndexKeyNames;
}

/** Reads the name of an index. What is wrong with it is added to the issues. */
export function sourceOf(indexName: unknown, issues: ValidationIssue[]): Source {
  if (indexName === undefined || indexName === null) {
    return { indexName: undefined, names: ofTable };
  }
  const known = indexNames.find((name) => name === indexName);
  if (known !== undefined) return { indexName: known, names: indexKeysOf(known) };
  issues.push({ path: "indexName", message: "must be the name of an index: GSI1 to GSI20" });
  return { indexName: undefined, names: ofTable };
}

/** Checks how many items to return. */
export function limitIssues(limit: unknown): ValidationIssue[] {
  if (limit === undefined || (Number.isSafeInteger(limit) && Number(limit) > 0)) return [];
  return [{ path: "limit", message: "must be an integer > 0" }];
}

/**
 * Reads where a page begins. What else its object has is left out: engines refuse it.
 * @param isInside whether a key of the source is one of the call's own items
 */
export function startKeyOf(
  start: unknown,
  { names }: Source,
  [call, isInside]: [call: "query" | "scan", isInside: (pk: string, sk: string) => boolean],
  issues: ValidationIssue[],
): DynamoDBCursor | undefined {
  if (start === undefined || start === null) return undefined;
  const given: Readonly<Record<string, unknown>> = isObject(start) ? { ...start } : {};
  const isKey = [ofTable, names].every(
    ({ pk, sk }) =>
      keyIssues("partition", given[pk], pk).length === 0 &&
      keyIssues("sort", given[sk], sk).length === 0,
  );
  if (!isKey || !isInside(given[names.pk] as string, given[names.sk] as string)) {
    const needed = names === ofTable ? "" : ` with ${names.pk} and ${names.sk}`;
    issues.push({
      path: "exclusiveStartKey",
      message: `must be a key within this ${call}${needed}`,
    });
  }
  return keyAt(given, names);
}

/** The key of an item, with its keys in the index that is read. */
function keyAt(item: Readonly<Record<string, unknown>>, { pk, sk }: IndexKeyNames): DynamoDBCursor {
  const names = new Set([ofTable.pk, ofTable.sk, pk, sk]);
  return Object.fromEntries(
    [...names].map((name) => [name, item[name]]),
  ) as unknown as DynamoDBCursor;
}

/** How a call ends: the items that it returns, and where the next one continues. */
export interface PageEnd {
  readonly items: RawItem[];
  readonly lastKey: DynamoDBCursor | undefined;
}

/** How many of the items that pages hold are wanted. */
export interface Wanted {
  readonly limit: number | undefined;
  readonly filtered: boolean;
}

/** The `Limit` of a request. DynamoDB would apply it before the filter. */
export function requestLimit({ limit, filtered }: Wanted): number | undefined {
  return filtered ? undefined : limit;
}

/**
 * Collects items from pages: without a limit all of them, with one the first page, and with a filter as
 * many pages as it takes to find that many.
 */
export async function collected(
  pages: AsyncIterable<Page>,
  { names }: Source,
  { limit, filtered }: Wanted,
): Promise<PageEnd> {
  const items: RawItem[] = [];
  let lastKey: DynamoDBCursor | undefined;
  for await (const page of pages) {
    for (const item of page.items) items.push(item);
    lastKey = page.next as DynamoDBCursor | undefined;
    if (limit !== undefined && (!filtered || items.length >= limit)) break;
  }
  if (filtered && limit !== undefined && items.length > limit) {
    items.length = limit;
    lastKey = keyAt(items[limit - 1] ?? {}, names);
  }
  return { items, lastKey };
}
