/** Turns a query's options into a request. A cursor makes the request start after an item. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { readWhere } from "../conditions/conditions.js";
import { refuseLongCondition } from "../conditions/expression.js";
import { Placeholders } from "../conditions/placeholders.js";
import { dateIndex } from "../entity/indexes.js";
import { isOf } from "../entity/item.js";
import type { EntityModel, KeyParts } from "../entity/model.js";
import { type FieldPath, wantedOf } from "../entity/projection.js";
import { latestTime, readTime } from "../entity/times.js";
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import { createdAtText } from "../keys/template.js";
import { type IndexName, indexKeysOf, indexName, type RawItem } from "../table/table.js";
import type { CursorBinding } from "./cursor.js";
import { afterSeparator, keyCondition, type SortKeys } from "./key-condition.js";
import { isAsked, type KeyRange, readRange } from "./key-range.js";

/** A checked query, ready to be sent. */
export interface QueryPlan {
  readonly input: QueryCommandInput;
  readonly binding: CursorBinding;
  /** The range of sort keys, if the query's options limit it to one. */
  readonly range: KeyRange | undefined;
  /** The cursor as it was given. A sealed cursor must be opened before the query can start there. */
  readonly cursor: unknown;
  readonly limit: number | undefined;
  readonly filtered: boolean;
  /** The fields to keep of each payload, if payloads are read as a whole. */
  readonly fields: readonly FieldPath[] | undefined;
  /**
   * Whether an item belongs to the query. An index also contains items that name a partition only in
   * their index key: anyone who may write their own items can put one under another user there.
   */
  isWithin(raw: RawItem): boolean;
}

/** The options that every query has. */
export interface GivenPaging {
  readonly order?: unknown;
  readonly limit?: unknown;
  readonly cursor?: unknown;
  readonly where?: unknown;
  readonly fields?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly startsWith?: unknown;
  readonly between?: unknown;
  readonly consistent?: unknown;
}

export interface GivenOptions extends GivenPaging {
  readonly by?: unknown;
}

/**
 * A limit on a cursor's characters that no valid cursor reaches. Its keys have at most 6 KB, two of the index
 * and two of the table, which is 36 KB if JSON escapes each byte. Base64url adds a third, and adds it twice if
 * the cursor is sealed: 64 KB, and the names beside the keys.
 */
const mostCursorLength = 81_920;

/** A query's checked options, except the condition, the fields and the content of the cursor. */
export interface CheckedPaging {
  readonly order: "asc" | "desc";
  readonly limit: number | undefined;
  /** The inclusive range of creation times, if the query is limited to one. */
  readonly times: { readonly from: number; readonly to: number } | undefined;
  readonly consistent: boolean;
}

/** Checks the options that every query has. */
export function checkedPaging(options: GivenPaging, context: CallContext): CheckedPaging {
  const refuse = (path: string, message: string) => invalidAt(context, path, message);
  const { order = "asc", limit, cursor, consistent = false } = options;
  const from = readTime(options.from, "from", context);
  const to = readTime(options.to, "to", context);
  if (order !== "asc" && order !== "desc") throw refuse("order", 'must be "asc" or "desc"');
  if (from !== undefined && to !== undefined && from > to)
    throw refuse("from", "must not be after to");
  if (typeof consistent !== "boolean") throw refuse("consistent", "must be true or false");
  if (typeof cursor === "string" && cursor.length > mostCursorLength) {
    const most = `those are at most ${mostCursorLength} characters`;
    throw refuse("cursor", `is not one that a query returned: ${most}`);
  }
  const ranged = from !== undefined || to !== undefined;
  const times = ranged ? { from: from ?? 0, to: to ?? latestTime } : undefined;
  const other = ["startsWith", "between"].find(
    (name) => options[name as keyof GivenPaging] !== undefined,
  );
  if (ranged && other !== undefined) throw refuse(other, "cannot be used with from and to");
  return { order, limit: readLimit(limit, context), times, consistent };
}

/** @throws ValidationError for a consistent read of an index, which DynamoDB does not have */
export function refuseConsistent(consistent: boolean, context: CallContext): void {
  if (!consistent) return;
  const message =
    "cannot be used: an index follows the table, and has no strongly consistent reads";
  throw invalidAt(context, "consistent", message);
}

/** Reads `limit`, the most items that are returned. */
export function readLimit(limit: unknown, context: CallContext): number | undefined {
  const isLimit = typeof limit === "number" && Number.isInteger(limit) && limit >= 1;
  if (limit === undefined || isLimit) return limit;
  throw invalidAt(context, "limit", "must be an integer from 1");
}

/** By which sort key a query reads: its own, or that of the order of creation. */
function orderedBy(
  model: EntityModel,
  options: GivenOptions,
  ranged: boolean,
  context: CallContext,
): "key" | "createdAt" {
  const refuse = (path: string, message: string) => invalidAt(context, path, message);
  // Keys that begin with the creation time are in its order, too.
  const keysInOrder = model.sk.parts[0] === "createdAt";
  const { by = ranged && !keysInOrder ? "createdAt" : "key" } = options;
  if (by !== "key" && by !== "createdAt") throw refuse("by", 'must be "key" or "createdAt"');
  if (ranged && by === "key" && !keysInOrder)
    throw refuse("by", 'must be "createdAt" if from or to is given');
  if (by === "createdAt" && !model.dated) {
    throw refuse(
      ranged ? "from" : "by",
      `cannot be used with ${model.name}: the index does not hold it in order of creation`,
    );
  }
  return by;
}

/** Which sort keys a query reads, in the table or in an index. */
export interface Reach {
  readonly binding: CursorBinding;
  /** The index, unless the table is read. */
  readonly index: IndexName | undefined;
  readonly keys: SortKeys;
  /** The range that the options limit the query to; its keys are then the query's. */
  readonly range: KeyRange | undefined;
  readonly consistent: boolean;
  /** The key parts that all items of the query have. */
  readonly parts: Readonly<Record<string, string>>;
  isWithin(raw: RawItem): boolean;
}

/** The range of the keys in which creation times follow a prefix. */
export function rangeOf(prefix: string, times: CheckedPaging["times"]): KeyRange | undefined {
  if (times === undefined) return undefined;
  const low = `${prefix}${createdAtText(times.from)}`;
  const high = `${prefix}${createdAtText(times.to)}${afterSeparator}`;
  return { keys: { low, high }, of: "from and to" };
}

/** Builds the request of a query. */
export function planOf(
  model: EntityModel,
  tableName: string,
  { binding, index, keys, range, consistent, isWithin }: Reach,
  options: GivenPaging,
  limit: number | undefined,
  context: CallContext,
): QueryPlan {
  const { where, cursor } = options;
  const names = index && indexKeysOf(index);
  const own = new Placeholders();
  const condition = keyCondition(own, binding.partition, keys, names);
  const { projection, fields } = wantedOf(model, options.fields, own, context, names?.sk);
  const filter = readWhere(where, context, model.encrypted)?.(own);
  if (filter !== undefined) refuseLongCondition(context, "where", filter.text);
  return {
    binding,
    range,
    cursor: cursor ?? null,
    limit,
    filtered: filter !== undefined,
    fields,
    isWithin,
    input: {
      TableName: tableName,
      ...(index !== undefined && { IndexName: index }),
      KeyConditionExpression: condition,
      ExpressionAttributeNames: own.names,
      ExpressionAttributeValues: own.values,
      ...(binding.order === "desc" && { ScanIndexForward: false }),
      ...(projection !== undefined && { ProjectionExpression: projection.ProjectionExpression }),
      ...(filter !== undefined && { FilterExpression: filter.text }),
      ...(consistent && { ConsistentRead: true }),
    },
  };
}

/** Checks which of a partition's items a query's options select. */
export function reachOf(
  model: EntityModel,
  parts: KeyParts,
  options: GivenOptions,
  { order, times, consistent }: CheckedPaging,
  context: CallContext,
): Reach {
  const by = orderedBy(model, options, times !== undefined, context);
  const inIndex = by === "createdAt";
  if (inIndex) refuseConsistent(consistent, context);
  const indexPrefix = inIndex ? datePrefix(model) : undefined;
  const range =
    rangeOf(indexPrefix ?? model.sk.prefix, times) ?? idRange(model, options, inIndex, context);
  const partition = model.pk.build(parts);
  const all = indexPrefix === undefined ? sortKeysOf(model) : { prefix: indexPrefix };
  const keys = range?.keys ?? all;
  const binding = {
    entity: model.name,
    index: by,
    order,
    partition,
    prefix: model.sk.prefix,
    indexPrefix,
  } as const;
  const isWithin = (raw: RawItem) =>
    raw.PK === partition && isOf(model, raw) && (inIndex || isAsked(keys, range, raw.SK));
  const index: IndexName | undefined = inIndex ? indexName : undefined;
  return { binding, index, keys, range, consistent, parts, isWithin };
}

/** The range of ids: of the first part of the sort key. */
function idRange(
  model: EntityModel,
  options: GivenOptions,
  inIndex: boolean,
  context: CallContext,
): KeyRange | undefined {
  const option = options.startsWith === undefined ? "between" : "startsWith";
  if (inIndex && options[option] !== undefined) {
    const message = 'cannot be used with by: "createdAt", which is no order of ids';
    throw invalidAt(context, option, message);
  }
  const { sk, words } = model;
  const [part] = sk.parts;
  const isLast = sk.parts.length === 1 && sk.literals[1] === "";
  const at = { part, name: part ?? "", prefix: sk.prefix, isLast, isWord: words.has(part ?? "") };
  return readRange(model, options, at, context);
}

/** Checks a query's options, except the cursor, and builds the request. */
export function planQuery(
  model: EntityModel,
  tableName: string,
  parts: KeyParts,
  given: GivenOptions | null,
  context: CallContext,
): QueryPlan {
  const options = given ?? {};
  const paging = checkedPaging(options, context);
  const reach = reachOf(model, parts, options, paging, context);
  return planOf(model, tableName, reach, options, paging.limit, context);
}

/** What the sort keys of the order of creation begin with. */
function datePrefix({ indexes }: EntityModel): string {
  return indexes.find(({ name }) => name === dateIndex)?.sk.template.prefix ?? "";
}

/** The sort keys of all the entity's items in a partition: its only one, or all with its prefix. */
function sortKeysOf({ sk }: EntityModel): SortKeys {
  return sk.parts.length === 0 && sk.prefix !== "" ? { key: sk.prefix } : { prefix: sk.prefix };
}
