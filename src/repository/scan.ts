/** The generic repository's scans: one page, or all items of the table. */
import type { ScanCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Call } from "../call/call.js";
import { type GivenExpression, Placeholders } from "../conditions/placeholders.js";
import { refuseIssues } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import type { ValidationIssue } from "../errors/validation-error.js";
import { pages } from "../read/paging.js";
import type { Table } from "../read/reader.js";
import { mostSegments } from "../read/scan-cursor.js";
import { inSegments } from "../read/segments.js";
import { firstOf } from "../runtime/signals.js";
import type { RawItem } from "../table/table.js";
import { checkedExpression } from "./expression.js";
import type { RunCall } from "./hooks.js";
import { refuseUnknownOptions } from "./input.js";
import {
  collected,
  limitIssues,
  type PageEnd,
  requestLimit,
  type Source,
  sourceOf,
  startKeyOf,
} from "./pages.js";
import {
  type DynamoDBCursor,
  type RepositoryScanAllOptions,
  type RepositoryScanOptions,
  scanAllOptionNames,
  scanOptionNames,
} from "./types.js";

/** The request of a page, except for the table's name. */
type PageRequest = Omit<ScanCommandInput, "TableName">;

/** A checked scan of one segment, or of all. */
export interface CheckedScan {
  readonly context: CallContext;
  readonly source: Source;
  /** The segment to read; `undefined` for all of them. */
  readonly segment: number | undefined;
  readonly segments: number;
  readonly startKey: DynamoDBCursor | undefined;
  readonly limit: number | undefined;
  readonly filter: GivenExpression;
}

/** Checks a scan that returns one page. @throws ValidationError */
export function checkedScan(operation: string, options: RepositoryScanOptions): CheckedScan {
  refuseUnknownOptions({ operation }, options, scanOptionNames);
  const { limit, exclusiveStartKey: start, segment, segments } = options ?? {};
  const issues = [
    ...limitIssues(limit),
    ...segmentIssues(segments),
    ...ofSegments(segment, segments),
  ];
  const source = sourceOf(options?.indexName, issues);
  const startKey = startKeyOf(start, source, ["scan", () => true], issues);
  const checked = checkedFilter(operation, options, issues);
  return { ...checked, source, segment, segments: segments ?? 1, startKey, limit };
}

/** Checks a scan of everything. @throws ValidationError */
export function checkedScanAll(operation: string, options: RepositoryScanAllOptions): CheckedScan {
  refuseUnknownOptions({ operation }, options, scanAllOptionNames);
  const { segments = 1 } = options ?? {};
  const issues = segmentIssues(segments);
  const source = sourceOf(options?.indexName, issues);
  const checked = checkedFilter(operation, options, issues);
  return {
    ...checked,
    source,
    segment: undefined,
    segments,
    startKey: undefined,
    limit: undefined,
  };
}

function checkedFilter(
  operation: string,
  options: RepositoryScanAllOptions,
  issues: readonly ValidationIssue[],
): Pick<CheckedScan, "context" | "filter"> {
  const context: CallContext = { operation };
  refuseIssues(context, [...issues]);
  const { filterExpression } = options ?? {};
  const filter = checkedExpression(context, filterExpression, "filterExpression", options ?? {});
  return { context, filter };
}

function segmentIssues(segments: unknown): ValidationIssue[] {
  if (segments === undefined) return [];
  const isCount = Number.isInteger(segments) && Number(segments) > 0;
  if (isCount && Number(segments) <= mostSegments) return [];
  return [{ path: "segments", message: `must be an integer from 1 to ${mostSegments}` }];
}

function ofSegments(segment: unknown, segments: unknown): ValidationIssue[] {
  const path = "segment";
  if (segment === undefined) {
    const message = "must say which of the segments to read; scanAll reads all of them";
    return segments === undefined ? [] : [{ path, message }];
  }
  if (segments === undefined) {
    return [{ path: "segments", message: "must say into how many segments the table is divided" }];
  }
  const isOne = Number.isInteger(segment) && Number(segment) >= 0;
  if (isOne && Number(segment) < Number(segments)) return [];
  return [{ path, message: "must be an integer from 0, less than segments" }];
}

/** Reads the pages of a scan, and returns the key after which the next scan continues. */
export async function readScan(
  { transport, tableName }: Table,
  scan: CheckedScan,
  call: Call,
): Promise<PageEnd> {
  const { source, limit, filter } = scan;
  const wanted = { limit, filtered: filter.text !== undefined };
  const send = (input: ScanCommandInput) => transport.send("Scan", input, call);
  const input = { TableName: tableName, ...scanInput(scan, scan.segment) };
  return collected(
    pages<RawItem, ScanCommandInput>(send, input, () => requestLimit(wanted)),
    source,
    wanted,
  );
}

/**
 * Reads all items, one page of each segment at a time: however large the table, memory holds no more.
 * What is under way is given up when the loop ends.
 */
export async function* readAll(
  scan: CheckedScan,
  runCall: RunCall,
): AsyncGenerator<readonly RawItem[], void, undefined> {
  const ending = new AbortController();
  const send = (input: PageRequest) =>
    runCall(scan.context, async ({ transport, tableName }, call) => {
      const end = firstOf(call.signal, ending.signal);
      try {
        const page = { ...input, TableName: tableName };
        return await transport.send("Scan", page, { ...call, signal: end.signal });
      } finally {
        end.release();
      }
    });
  try {
    const readers = Array.from({ length: scan.segments }, (_, segment) =>
      pages<RawItem, PageRequest>(send, scanInput(scan, segment)),
    );
    for await (const { page } of inSegments(readers)) yield page.items;
  } finally {
    ending.abort(new Error("the loop over the scan has ended"));
  }
}

function scanInput(
  { source, segments, startKey, filter }: CheckedScan,
  segment: number | undefined,
): PageRequest {
  const { names, values } = new Placeholders(filter);
  const isWhole = segment === undefined || segments === 1;
  return {
    ...(source.indexName !== undefined && { IndexName: source.indexName }),
    ...(filter.text !== undefined && { FilterExpression: filter.text }),
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    ...(!isWhole && { Segment: segment, TotalSegments: segments }),
    ...(startKey !== undefined && { ExclusiveStartKey: startKey }),
  };
}
