/** The query that a caller asked for: options become a request, which a cursor lets begin elsewhere. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { readWhere } from "../conditions/conditions.js";
import { refuseLongCondition } from "../conditions/expression.js";
import { Placeholders } from "../conditions/placeholders.js";
import { latestTime, projectionOf, readTime } from "../entity/input.js";
import type { EntityModel, KeyParts } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { invalid } from "../errors/validation-error.js";
import { attribute, createdAtDigits, indexName } from "../table/table.js";
import { type CursorBinding, decodeCursor } from "./cursor.js";
import { afterSeparator, keyCondition, type SortKeys } from "./key-condition.js";

/** A query that was checked and can be sent. */
export interface QueryPlan {
  readonly input: QueryCommandInput;
  readonly binding: CursorBinding;
  /** Where the index is read between two times. */
  readonly range: { readonly low: string; readonly high: string } | undefined;
  /** As it was given: it may have to be opened before the query is started at it. */
  readonly cursor: unknown;
  readonly limit: number | undefined;
  readonly filtered: boolean;
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
 * Characters of a cursor, more than any has: its keys have 4 KB at most, which are 24 KB where JSON
 * escapes each byte of them, and base64url makes a third more of them, twice where it is sealed.
 */
const mostCursorLength = 65_536;

/** A query's options, checked but for the condition, the fields and what is in the cursor. */
interface CheckedOptions {
  readonly order: "asc" | "desc";
  readonly by: "key" | "createdAt";
  readonly limit: number | undefined;
  /** Creation times, both included, where the query is between two of them. */
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
  const { by = ranged ? "createdAt" : "key" } = options;
  if (order !== "asc" && order !== "desc") throw refuse("order", 'must be "asc" or "desc"');
  if (by !== "key" && by !== "createdAt") throw refuse("by", 'must be "key" or "createdAt"');
  if (ranged && by === "key") throw refuse("by", 'must be "createdAt" with from or to');
  if (by === "createdAt" && !model.dated) {
    throw refuse(
      ranged ? "from" : "by",
      `is not for ${model.name}: the index does not hold it in order of creation`,
    );
  }
  if (from !== undefined && to !== undefined && from > to)
    throw refuse("from", "must not be after to");
  const isLimit = typeof limit === "number" && Number.isInteger(limit) && limit >= 1;
  if (limit !== undefined && !isLimit) throw refuse("limit", "must be an integer from 1");
  if (typeof cursor === "string" && cursor.length > mostCursorLength) {
    const most = `those have at most ${mostCursorLength} characters`;
    throw refuse("cursor", `is not one that a query returned: ${most}`);
  }
  const times = ranged ? { from: from ?? 0, to: to ?? latestTime } : undefined;
  return { order, by, limit, times };
}

/** Checks a query's options, but for the cursor, and builds its request. */
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
  const range = times && {
    low: `${indexPrefix}${padded(times.from)}`,
    high: `${indexPrefix}${padded(times.to)}${afterSeparator}`,
  };
  const partition = model.pk.build(parts);
  const own = new Placeholders();
  const keys = inIndex ? (range ?? { prefix: indexPrefix }) : sortKeysOf(model);
  const condition = keyCondition(own, partition, keys, inIndex);
  const projection = projectionOf(options.fields, own, context);
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

/** All of an entity's items in a partition: the one sort key, or every one with its prefix. */
function sortKeysOf({ sk }: EntityModel): SortKeys {
  return sk.parts.length === 0 && sk.prefix !== "" ? { key: sk.prefix } : { prefix: sk.prefix };
}

/**
 * The same query from where a cursor goes on.
 * @throws ValidationError for a cursor of another query, and for what is no cursor
 */
export function startedAt(plan: QueryPlan, cursor: unknown, context: CallContext): QueryPlan {
  const { binding, range } = plan;
  const startKey = startKeyOf(cursor, binding, context);
  if (startKey === undefined) return plan;
  const at = startKey[attribute.indexSortKey];
  if (range !== undefined && at !== undefined && (at < range.low || at > range.high)) {
    throw invalid(context, [{ path: "cursor", message: "lies outside from and to" }]);
  }
  return { ...plan, input: { ...plan.input, ExclusiveStartKey: startKey } };
}

function padded(time: number): string {
  return String(time).padStart(createdAtDigits, "0");
}

/** Where a cursor goes on. Both partition keys are the call's own, whatever the cursor holds. */
function startKeyOf(
  cursor: unknown,
  binding: CursorBinding,
  context: CallContext,
): Record<string, string> | undefined {
  if (cursor === undefined || cursor === null) return undefined;
  const { SK, GSI1SK } = decodeCursor(cursor, binding, context);
  const key = { [attribute.partitionKey]: binding.partition, [attribute.sortKey]: SK };
  if (GSI1SK === undefined) return key;
  // For every dated entity the index's partition key is the table's.
  return {
    ...key,
    [attribute.indexPartitionKey]: binding.partition,
    [attribute.indexSortKey]: GSI1SK,
  };
}
