/**
 * Cursors: where a query continues, and whether it reads on from there or back. A cursor is bound to entity,
 * index, order and partition.
 */
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import {
  attribute,
  type IndexName,
  indexKeysOf,
  indexNames,
  type RawItem,
} from "../table/table.js";
import { cursorOf, fieldsOf } from "./cursor-text.js";

/** The query that a cursor is bound to. Other queries refuse the cursor. */
export interface CursorBinding {
  readonly entity: string;
  /** `GSI2` for a query of an index by its name. */
  readonly index: "key" | "createdAt" | IndexName;
  readonly order: "asc" | "desc";
  /** The partition key that the call reads. It is never taken from a cursor. */
  readonly partition: string;
  /** The prefix of every sort key of the query. */
  readonly prefix: string;
  /** The prefix of the index sort keys, if the query reads an index. */
  readonly indexPrefix?: string | undefined;
  /**
   * Whether an item of the query can be in a partition of the table. Without it, all of them are in the
   * partition that the call reads.
   */
  readonly isPartition?: ((partition: string) => boolean) | undefined;
}

/** Where an item lies: its sort key, its index sort key, and its partition if that is not known. */
export interface Place {
  readonly SK: string;
  readonly indexSortKey?: string | undefined;
  readonly PK?: string | undefined;
}

/** Where a query continues. */
interface Position {
  /** Whether the page before an item is wanted, or that after it. */
  readonly isBackward: boolean;
  /** Its item, which is not on the page. Without one, the page begins or ends where the query does. */
  readonly at: Place | undefined;
}

/** What the fields of a cursor begin with. */
const forward = 1;
const backward = -1;

/** What a cursor holds: the query that it is bound to, and then its place if it has one. */
type CursorFields = readonly [
  direction: typeof forward | typeof backward,
  entity: string,
  index: CursorBinding["index"],
  order: CursorBinding["order"],
  partition: string,
  sortKey?: string,
  indexSortKey?: string,
  PK?: string,
];

/** What each field of a cursor may be; those of its place may be left out. */
const fieldRules: readonly ((field: unknown) => boolean)[] = [
  isOneOf([forward, backward]),
  isText,
  isOneOf(["key", "createdAt", ...indexNames]),
  isOneOf(["asc", "desc"]),
  isText,
  isTextIfGiven,
  isTextIfGiven,
  isTextIfGiven,
];

const fewestFields = 5;

/** Checked by hand: with a schema of it, a second page would be the first call that needs zod. */
function areFields(given: unknown): given is CursorFields {
  if (!Array.isArray(given)) return false;
  if (given.length < fewestFields || given.length > fieldRules.length) return false;
  return fieldRules.every((holds, at) => holds(given[at]));
}

function isOneOf(values: readonly unknown[]): (field: unknown) => boolean {
  return (field) => values.includes(field);
}

function isText(field: unknown): boolean {
  return typeof field === "string";
}

function isTextIfGiven(field: unknown): boolean {
  return field === undefined || typeof field === "string";
}

/** The attribute that has the sort key of a query's index. */
function sortKeyOf({ index }: CursorBinding): string {
  if (index === "key") return attribute.sortKey;
  return index === "createdAt" ? attribute.indexSortKey : indexKeysOf(index).sk;
}

/**
 * Makes a cursor that continues after an item, or before it.
 * @param item `undefined` for the beginning of the query, and for its end if it reads back
 */
export function encodeCursor(
  binding: CursorBinding,
  item: RawItem | undefined,
  isBackward = false,
): string {
  const { entity, index, order, partition } = binding;
  const fields: unknown[] = [isBackward ? backward : forward, entity, index, order, partition];
  if (item === undefined) return cursorOf(fields);
  fields.push(item.SK);
  if (index !== "key") fields.push(item[sortKeyOf(binding)] ?? "");
  if (binding.isPartition !== undefined) fields.push(item.PK);
  return cursorOf(fields);
}

/**
 * Reads a cursor. Only its position within the partition is used, and only if that is among the
 * entity's own sort keys.
 * @throws ValidationError for a cursor of another query, and for any other value
 */
export function decodeCursor(
  cursor: unknown,
  binding: CursorBinding,
  context: CallContext,
): Position {
  const refuse = (message: string) => invalidAt(context, "cursor", message);
  const given = fieldsOf(cursor);
  if (!areFields(given)) throw refuse("is not one that a query returned");
  const [direction, entity, index, order, partition, sortKey, indexSortKey, PK] = given;
  if (entity !== binding.entity) throw refuse("belongs to another entity");
  if (partition !== binding.partition) throw refuse("belongs to another partition");
  if (index !== binding.index) throw refuse("belongs to another index");
  if (order !== binding.order) throw refuse("belongs to another order");
  const isBackward = direction === backward;
  if (sortKey === undefined) return { isBackward, at: undefined };
  const texts = [sortKey, indexSortKey ?? "", PK ?? ""];
  const { isPartition } = binding;
  const isPlace =
    isPartition === undefined ? PK === undefined : PK !== undefined && isPartition(PK);
  if (!texts.every((text) => text.isWellFormed()) || !isPlace) {
    throw refuse("is not one that a query returned");
  }
  const inIndex = index === "key" || indexSortKey?.startsWith(binding.indexPrefix ?? "");
  if (!sortKey.startsWith(binding.prefix) || !inIndex || sortKey === "") {
    throw refuse("is not one that a query returned");
  }
  const inTable = { SK: sortKey };
  const at = index === "key" ? inTable : { ...inTable, indexSortKey: indexSortKey ?? "", PK };
  return { isBackward, at };
}
