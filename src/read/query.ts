/** Queries of one entity: options to a request, pages to items, and the place where a page ends. */
import type { QueryCommandInput, QueryCommandOutput } from "@aws-sdk/lib-dynamodb";
import type { Call } from "../call/call.js";
import { Placeholders, readWhere } from "../conditions/conditions.js";
import { refuseLongCondition } from "../conditions/expression.js";
import { latestTime, projectionOf, readTime } from "../entity/input.js";
import { type AnyItem, isOf, itemOf } from "../entity/item.js";
import type { EntityModel, KeyParts } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { invalid } from "../errors/validation-error.js";
import { attribute, createdAtDigits, indexName, type RawItem } from "../table/table.js";
import type { Transport } from "../transport/transport.js";
import { type CursorBinding, decodeCursor, encodeCursor } from "./cursor.js";
import { pages } from "./paging.js";

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

/** The character after `#`: above every key that goes on with `#`. */
const afterSeparator = "$";

/** Checks a query's options, but for the cursor, and builds its request. */
export function readQueryOptions(
  model: EntityModel,
  tableName: string,
  parts: KeyParts,
  given: GivenOptions | null,
  context: CallContext,
): QueryPlan {
  const options = given ?? {};
  const refuse = (path: string, message: string) => invalid(context, [{ path, message }]);
  const { order = "asc", limit, where, cursor } = options;
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
  if (
    limit !== undefined &&
    !(typeof limit === "number" && Number.isInteger(limit) && limit >= 1)
  ) {
    throw refuse("limit", "must be an integer from 1");
  }

  if (typeof cursor === "string" && cursor.length > mostCursorLength) {
    const most = `those have at most ${mostCursorLength} characters`;
    throw refuse("cursor", `is not one that a query returned: ${most}`);
  }
  const inIndex = by === "createdAt";
  const indexPrefix = model.gsi1sk?.prefix ?? "";
  const range = {
    low: `${indexPrefix}${padded(from ?? 0)}`,
    high: `${indexPrefix}${padded(to ?? latestTime)}${afterSeparator}`,
  };
  const partition = model.pk.build(parts);
  const own = new Placeholders();
  const keyCondition = inIndex
    ? indexCondition(own, partition, indexPrefix, ranged ? range : undefined)
    : keyConditionOf(own, partition, model);
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
    range: ranged ? range : undefined,
    cursor: cursor ?? null,
    limit,
    filtered: filter !== undefined,
    input: {
      TableName: tableName,
      ...(inIndex && { IndexName: indexName }),
      KeyConditionExpression: keyCondition,
      ExpressionAttributeNames: own.names,
      ExpressionAttributeValues: own.values,
      ...(order === "desc" && { ScanIndexForward: false }),
      ...(projection !== undefined && { ProjectionExpression: projection.ProjectionExpression }),
      ...(filter !== undefined && { FilterExpression: filter.text }),
    },
  };
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

/** All of an entity's items in a partition: the one sort key, or every one with its prefix. */
function keyConditionOf(own: Placeholders, partition: string, { sk }: EntityModel): string {
  const inPartition = `${own.name(attribute.partitionKey)} = ${own.value(partition)}`;
  // DynamoDB takes no empty prefix, which is every sort key.
  if (sk.prefix === "") return inPartition;
  const sortKey = own.name(attribute.sortKey);
  const prefix = own.value(sk.prefix);
  const matches =
    sk.parts.length === 0 ? `${sortKey} = ${prefix}` : `begins_with(${sortKey}, ${prefix})`;
  return `${inPartition} AND ${matches}`;
}

/** The same in order of creation, all of it or from one time to another, both included. */
function indexCondition(
  own: Placeholders,
  partition: string,
  prefix: string,
  range: { readonly low: string; readonly high: string } | undefined,
): string {
  const inPartition = `${own.name(attribute.indexPartitionKey)} = ${own.value(partition)}`;
  const sortKey = own.name(attribute.indexSortKey);
  const matches =
    range === undefined
      ? `begins_with(${sortKey}, ${own.value(prefix)})`
      : `${sortKey} BETWEEN ${own.value(range.low)} AND ${own.value(range.high)}`;
  return `${inPartition} AND ${matches}`;
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

/**
 * Whether an item is one of the query's. In the index lies also what names the partition in its
 * index key alone: whoever may write an item of their own can put it under another user there.
 */
function isWithin(model: EntityModel, { partition }: CursorBinding, raw: RawItem): boolean {
  return raw.PK === partition && isOf(model, raw);
}

/**
 * Reads until `limit` items are there or the end is, and says where to go on.
 *
 * One item more is asked for than is wanted: DynamoDB that is asked for as many as are left says
 * that there may be more. No request is made for that item alone.
 */
export async function queryItems(
  transport: Transport,
  model: EntityModel,
  { input, binding, limit, filtered }: QueryPlan,
  call: Call,
): Promise<{ items: AnyItem[]; cursor: string | null }> {
  const items: AnyItem[] = [];
  let last: RawItem | undefined;
  const cursorAfterLast = () => (last === undefined ? null : encodeCursor(binding, last));
  // With a filter DynamoDB's Limit counts what is read, not what matches: the page is cut here.
  const limitOf = () => (filtered || limit === undefined ? undefined : limit - items.length + 1);
  for await (const page of pages(transport, input, call, limitOf)) {
    for (const raw of page.items) {
      if (!isWithin(model, binding, raw)) continue;
      if (items.length === limit) return { items, cursor: cursorAfterLast() };
      items.push(itemOf(model, raw));
      last = raw;
    }
    if (items.length === limit) return { items, cursor: page.more ? cursorAfterLast() : null };
  }
  return { items, cursor: null };
}

/**
 * All items, one page read ahead while the one before is handed out.
 * @param throwIfEnded called before each item: what was aborted delivers no more of its page
 */
export async function* listItems(
  readPage: (input: QueryCommandInput) => Promise<QueryCommandOutput>,
  model: EntityModel,
  plan: () => QueryPlan | Promise<QueryPlan>,
  throwIfEnded: () => void,
): AsyncGenerator<AnyItem, void, undefined> {
  const { input, binding, limit, filtered } = await plan();
  let remaining = limit ?? Number.POSITIVE_INFINITY;
  const request = (startKey: QueryCommandInput["ExclusiveStartKey"]) =>
    readPage({
      ...input,
      ...(startKey !== undefined && { ExclusiveStartKey: startKey }),
      ...(!filtered && limit !== undefined && { Limit: remaining }),
    });
  let next: Promise<QueryCommandOutput> | undefined = request(input.ExclusiveStartKey);
  while (next !== undefined) {
    const page: QueryCommandOutput = await next;
    next = undefined;
    const own = ((page.Items ?? []) as RawItem[])
      .filter((raw) => isWithin(model, binding, raw))
      .slice(0, remaining);
    remaining -= own.length;
    if (page.LastEvaluatedKey !== undefined && remaining > 0) {
      next = request(page.LastEvaluatedKey);
      next.catch(() => {
        // Thrown where it is awaited; a reader that stopped before has no use for it.
      });
    }
    for (const raw of own) {
      throwIfEnded();
      yield itemOf(model, raw);
    }
  }
}
