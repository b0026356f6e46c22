/** The generic repository's query of one partition, of the table or of an index. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Call } from "../call/call.js";
import { type GivenExpression, Placeholders } from "../conditions/placeholders.js";
import { refuseIssues } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import type { ValidationIssue } from "../errors/validation-error.js";
import { areAmong, compareKeys, keyCondition, type SortKeys } from "../read/key-condition.js";
import { pagesOf } from "../read/paging.js";
import type { Table } from "../read/reader.js";
import { checkedExpression } from "./expression.js";
import { keyIssues, refuseUnknownOptions } from "./input.js";
import {
  collected,
  limitIssues,
  type PageEnd,
  requestLimit,
  type Source,
  sourceOf,
  startKeyOf,
} from "./pages.js";
import { type DynamoDBCursor, type QueryOptions, queryOptionNames } from "./types.js";

/** A checked query of one partition. */
export interface CheckedQuery {
  readonly context: CallContext;
  readonly source: Source;
  readonly pk: string;
  readonly sortKeys: SortKeys;
  readonly startKey: DynamoDBCursor | undefined;
  readonly limit: number | undefined;
  readonly forward: boolean;
  readonly filter: GivenExpression;
}

/** The sort keys that a caller asked for. */
export type GivenSortKeys =
  | { readonly skPrefix: unknown }
  | { readonly skStart: unknown; readonly skEnd: unknown };

/** Checks a query. @throws ValidationError */
export function checkedQuery(
  operation: string,
  pk: unknown,
  given: GivenSortKeys,
  options: QueryOptions,
): CheckedQuery {
  const found: ValidationIssue[] = [];
  const source = sourceOf(options?.indexName, found);
  const { names } = source;
  refuseIssues({ operation }, keyIssues("partition", pk, names.pk));
  const bounds = boundsOf(given);
  const [first] = bounds;
  const key = { [names.pk]: pk, ...(first !== undefined && { [names.sk]: first.value }) };
  const context: CallContext = { operation, key };
  refuseUnknownOptions(context, options, queryOptionNames);
  const issues = bounds.flatMap(({ path, value }) => keyIssues("sort", value, path));
  const sortKeys = sortKeysOf(issues.length > 0 ? [] : bounds.map(({ value }) => value as string));
  if ("low" in sortKeys && compareKeys(sortKeys.low, sortKeys.high) > 0) {
    issues.push({ path: "skStart", message: "must not be after skEnd" });
  }
  issues.push(...found);
  const { limit, exclusiveStartKey: start, scanIndexForward, filterExpression } = options ?? {};
  issues.push(...limitIssues(limit));
  const isInside = (own: string, sk: string) => own === pk && areAmong(sortKeys, sk);
  const startKey = startKeyOf(start, source, ["query", isInside], issues);
  const forward: unknown = scanIndexForward ?? true;
  if (typeof forward !== "boolean") {
    issues.push({ path: "scanIndexForward", message: "must be true or false" });
  }
  refuseIssues(context, issues);
  const filter = checkedExpression(context, filterExpression, "filterExpression", options ?? {});
  return {
    context,
    source,
    pk: pk as string,
    sortKeys,
    startKey,
    limit,
    forward: forward as boolean,
    filter,
  };
}

/** A text that sort keys begin with, or the two between which they lie. */
type Bound = { readonly path: string; readonly value: unknown };

function boundsOf(given: GivenSortKeys): readonly Bound[] {
  if ("skPrefix" in given) {
    const { skPrefix: value } = given;
    // An empty prefix selects the whole partition, like no prefix.
    return value === undefined || value === null || value === ""
      ? []
      : [{ path: "skPrefix", value }];
  }
  return [
    { path: "skStart", value: given.skStart },
    { path: "skEnd", value: given.skEnd },
  ];
}

function sortKeysOf([low, high]: readonly string[]): SortKeys {
  if (low === undefined) return { prefix: "" };
  return high === undefined ? { prefix: low } : { low, high };
}

/** Reads the pages of a query, and returns the key after which the next query continues. */
export async function readQuery(
  { transport, tableName }: Table,
  query: CheckedQuery,
  call: Call,
): Promise<PageEnd> {
  const { source, limit, filter } = query;
  const wanted = { limit, filtered: filter.text !== undefined };
  const input = queryInput(tableName, query);
  return collected(
    pagesOf(transport, input, call, () => requestLimit(wanted)),
    source,
    wanted,
  );
}

function queryInput(
  tableName: string,
  { source, pk, sortKeys, startKey, filter, forward }: CheckedQuery,
): QueryCommandInput {
  const own = new Placeholders(filter);
  return {
    TableName: tableName,
    ...(source.indexName !== undefined && { IndexName: source.indexName }),
    KeyConditionExpression: keyCondition(own, pk, sortKeys, source.names),
    FilterExpression: filter.text,
    ExpressionAttributeNames: own.names,
    ExpressionAttributeValues: own.values,
    ScanIndexForward: forward,
    ...(startKey !== undefined && { ExclusiveStartKey: startKey }),
  };
}
