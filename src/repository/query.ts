/** The generic repository's query of one partition. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Call } from "../call/call.js";
import { type GivenExpression, Placeholders } from "../conditions/placeholders.js";
import { refuseIssues } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { keyCondition } from "../read/key-condition.js";
import { pagesOf } from "../read/paging.js";
import type { Table } from "../read/reader.js";
import { isObject } from "../runtime/objects.js";
import { attribute, type RawItem, type RawKey } from "../table/table.js";
import { checkedExpression } from "./expression.js";
import { keyIssues, keyOf, refuseUnknownOptions } from "./input.js";
import { type DynamoDBKey, type QueryOptions, queryOptionNames } from "./types.js";

/** A checked query of one partition. */
export interface CheckedQuery {
  readonly context: CallContext;
  readonly pk: string;
  readonly skPrefix: string | undefined;
  readonly startKey: RawKey | undefined;
  readonly limit: number | undefined;
  readonly forward: boolean;
  readonly filter: GivenExpression;
}

/** Checks a query. @throws ValidationError */
export function checkedQuery(
  operation: string,
  pk: unknown,
  skPrefix: unknown,
  options: QueryOptions,
): CheckedQuery {
  refuseIssues({ operation }, keyIssues("partition", pk, attribute.partitionKey));
  // An empty prefix selects the whole partition, like no prefix.
  const prefix =
    skPrefix === undefined || skPrefix === null || skPrefix === "" ? undefined : skPrefix;
  const key = {
    [attribute.partitionKey]: pk,
    ...(prefix !== undefined && { [attribute.sortKey]: prefix }),
  };
  const context: CallContext = { operation, key };
  refuseUnknownOptions(context, options, queryOptionNames);
  const issues = prefix === undefined ? [] : keyIssues("sort", prefix, "skPrefix");
  const { limit, exclusiveStartKey: start, scanIndexForward, filterExpression } = options ?? {};
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    issues.push({ path: "limit", message: "must be an integer > 0" });
  }
  let startKey: RawKey | undefined;
  if (start !== undefined && start !== null) {
    startKey = keyOf(isObject(start) ? start : {});
    const inside =
      startKey[attribute.partitionKey] === pk &&
      keyIssues("sort", startKey[attribute.sortKey], "").length === 0 &&
      startKey[attribute.sortKey].startsWith((prefix as string | undefined) ?? "");
    if (!inside) {
      issues.push({ path: "exclusiveStartKey", message: "must be a key within this query" });
    }
  }
  const forward: unknown = scanIndexForward ?? true;
  if (typeof forward !== "boolean") {
    issues.push({ path: "scanIndexForward", message: "must be true or false" });
  }
  refuseIssues(context, issues);
  return {
    context,
    pk: pk as string,
    skPrefix: prefix as string | undefined,
    startKey,
    limit,
    forward: forward as boolean,
    filter: checkedExpression(context, filterExpression, "filterExpression", options ?? {}),
  };
}

/** Reads the pages of a query, and returns the key after which the next query continues. */
export async function readQuery(
  { transport, tableName }: Table,
  query: CheckedQuery,
  call: Call,
): Promise<{ items: RawItem[]; lastKey: DynamoDBKey | undefined }> {
  const { limit, filter } = query;
  const filtered = filter.text !== undefined;
  const items: RawItem[] = [];
  let lastKey: DynamoDBKey | undefined;
  // DynamoDB would apply the limit before the filter.
  const limitOf = () => (filtered ? undefined : limit);
  for await (const page of pagesOf(transport, queryInput(tableName, query), call, limitOf)) {
    for (const item of page.items) items.push(item);
    lastKey = page.next as DynamoDBKey | undefined;
    if (limit !== undefined && (!filtered || items.length >= limit)) break;
  }
  if (filtered && limit !== undefined && items.length > limit) {
    items.length = limit;
    lastKey = { ...keyOf(items[limit - 1] ?? {}) };
  }
  return { items, lastKey };
}

function queryInput(
  tableName: string,
  { pk, skPrefix = "", startKey, filter, forward }: CheckedQuery,
): QueryCommandInput {
  const own = new Placeholders(filter);
  return {
    TableName: tableName,
    KeyConditionExpression: keyCondition(own, pk, { prefix: skPrefix }),
    FilterExpression: filter.text,
    ExpressionAttributeNames: own.names,
    ExpressionAttributeValues: own.values,
    ScanIndexForward: forward,
    ...(startKey !== undefined && { ExclusiveStartKey: startKey }),
  };
}
