/** Turns a query's options into a request. A cursor makes the request start after an item. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { readWhere } from "../conditions/conditions.js";
import { refuseLongCondition } from "../conditions/expression.js";
import { Placeholders } from "../conditions/placeholders.js";
import type { EntityModel, KeyParts } from "../entity/model.js";
import { wantedOf } from "../entity/projection.js";
import { latestTime, readTime } from "../entity/times.js";
import type { CallContext } from "../errors/context.js";
import { invalid } from "../errors/validation-error.js";
import { createdAtText } from "../keys/template.js";
import { attribute, indexName } from "../table/table.js";
import { type CursorBinding, decodeCursor } from "./cursor.js";
import { afterSeparator, keyCondition, type SortKeys } from "./key-condition.js";

/** A checked query, ready to be sent. */
export interface QueryPlan {
  readonly input: QueryCommandInput;
  readonly binding: CursorBinding;
  /** The range of sort keys, if the query is limited to a range of creation times. */
  readonly range: { readonly low: string; readonly high: string } | undefined;
  /** The cursor as it was given. A sealed cursor must be opened before the query can start there. */
  readonly cursor: unknown;
  readonly limit: number | undefined;
  readonly filtered: boolean;
  /** The fields to keep of each payload, if payloads are read as a whole. */
  readonly fields: readonly string[] | undefined;
}

interface GivenOptions {
  readonly order?: unknown;
  readonly by?: unknown;
  readonly limit?: unknown;
  readonly cursor?: unknown;
  readonly where?: unknown;
  readonly fields?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
}

/**
 * A limit on a cursor's characters that no valid cursor reaches. Its keys have at most 4 KB, which is
 * 24 KB if JSON escapes each byte. Base64url adds a third, and adds it twice if the cursor is sealed.
 */
const mostCursorLength = 65_536;

/** A query's checked options, except the condition, the fields and the content of the cursor. */
interface CheckedOptions {
  readonly order: "asc" | "desc";
  readonly by: "key" | "createdAt";
  readonly limit: number | undefined;
  /** The inclusive range of creation times, if the query is limited to one. */
  readonly times: { readonly from: number; readonly to: number } | undefined;
}

function checkedOptions(
  model: EntityModel,
  options: GivenOptions,
  context: CallContext,
): CheckedOptions {
  const refuse = (path: string, message: string) => invalid(context, [{ path, message }]);
  const { order = "asc", limit, cursor } = options;
  const from = readTime(options.from, "from", context);
  const to = readTime(options.to, "to", context);
  const ranged = from !== undefined || to !== undefined;
  // Keys that begin with the creation time are in its order, too.
  const keysInOrder = model.sk.parts[0] === "createdAt";
  const { by = ranged && !keysInOrder ? "createdAt" : "key" } = options;
  if (order !== "asc" && order !== "desc") throw refuse("order", 'must be "asc" or "desc"');
  if (by !== "key" && by !== "createdAt") throw refuse("by", 'must be "key" or "createdAt"');
  if (ranged && by === "key" && !keysInOrder)
    throw refuse("by", 'must be "createdAt" if from or to is given');
  if (by === "createdAt" && !model.dated) {
    throw refuse(
      ranged ? "from" : "by",
      `cannot be used with ${model.name}: the index does not hold it in order of creation`,
    );
  }
  if (from !== undefined && to !== undefined && from > to)
    throw refuse("from", "must not be after to");
  if (typeof cursor === "string" && cursor.length > mostCursorLength) {
    const most = `those are at most ${mostCursorLength} characters`;
    throw refuse("cursor", `is not one that a query returned: ${most}`);
  }
  const times = ranged ? { from: from ?? 0, to: to ?? latestTime } : undefined;
  return { order, by, limit: readLimit(limit, context), times };
}

/** Reads `limit`, the most items that are returned. */
export function readLimit(limit: unknown, context: CallContext): number | undefined {
  const isLimit = typeof limit === "number" && Number.isInteger(limit) && limit >= 1;
  if (limit === undefined || isLimit) return limit;
  throw invalid(context, [{ path: "limit", message: "must be an integer from 1" }]);
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
  const { where, cursor } = options;
  const { order, by, limit, times } = checkedOptions(model, options, context);
  const inIndex = by === "createdAt";
  const indexPrefix = model.gsi1sk?.prefix ?? "";
  const prefix = inIndex ? indexPrefix : model.sk.prefix;
  const range = times && {
    low: `${prefix}${createdAtText(times.from)}`,
    high: `${prefix}${createdAtText(times.to)}${afterSeparator}`,
  };
  const partition = model.pk.build(parts);
  const own = new Placeholders();
  const keys = range ?? (inIndex ? { prefix: indexPrefix } : sortKeysOf(model));
  const condition = keyCondition(own, partition, keys, inIndex);
  const { projection, fields } = wantedOf(model, options.fields, own, context);
  const filter = readWhere(where, context, model.encrypted)?.(own);
  if (filter !== undefined) refuseLongCondition(context, "where", filter.text);
  const binding: CursorBinding = {
    entity: model.name,
    index: by,
    order,
    partition,
    prefix: model.sk.prefix,
    indexPrefix: inIndex ? indexPrefix : undefined,
  };
  return {
    binding,
    range,
    cursor: cursor ?? null,
    limit,
    filtered: filter !== undefined,
    fields,
    input: {
      TableName: tableName,
      ...(inIndex && { IndexName: indexName }),
      KeyConditionExpression: condition,
      ExpressionAttributeNames: own.names,
      ExpressionAttributeValues: own.values,
      ...(order === "desc" && { ScanIndexForward: false }),
      ...(projection !== undefined && { ProjectionExpression: projection.ProjectionExpression }),
      ...(filter !== undefined && { FilterExpression: filter.text }),
    },
  };
}

/** The sort keys of all the entity's items in a partition: its only one, or all with its prefix. */
function sortKeysOf({ sk }: EntityModel): SortKeys {
  return sk.parts.length === 0 && sk.prefix !== "" ? { key: sk.prefix } : { prefix: sk.prefix };
}

/**
 * The same query, continued at a cursor.
 * @throws ValidationError for a cursor of another query, and for any other value
 */
export function startedAt(plan: QueryPlan, cursor: unknown, context: CallContext): QueryPlan {
  const { binding, range } = plan;
  const startKey = startKeyOf(cursor, binding, context);
  if (startKey === undefined) return plan;
  const at = startKey[binding.index === "key" ? attribute.sortKey : attribute.indexSortKey];
  if (range !== undefined && at !== undefined && (at < range.low || at > range.high)) {
    throw invalid(context, [{ path: "cursor", message: "lies outside the range of from and to" }]);
  }
  return { ...plan, input: { ...plan.input, ExclusiveStartKey: startKey } };
}

/** The start key of a cursor. Both partition keys come from the call, whatever the cursor contains. */
function startKeyOf(
  cursor: unknown,
  binding: CursorBinding,
  context: CallContext,
): Record<string, string> | undefined {
  if (cursor === undefined || cursor === null) return undefined;
  const { SK, GSI1SK } = decodeCursor(cursor, binding, context);
  const key = { [attribute.partitionKey]: binding.partition, [attribute.sortKey]: SK };
  if (GSI1SK === undefined) return key;
  // For every dated entity, the index has the same partition key as the table.
  return {
    ...key,
    [attribute.indexPartitionKey]: binding.partition,
    [attribute.indexSortKey]: GSI1SK,
  };
}
