/** Reads a whole table in parallel segments, page by page, no faster than its pages are dealt with. */
import type { ScanCommandInput } from "@aws-sdk/client-dynamodb";
import { KeyCycle } from "../../src/read/cycles.js";
import type { Item, RawTable } from "./raw-table.js";

/** Where a segment is read on: after this key, at its beginning, or not at all. */
export type Position = Item | "start" | "end";

export interface Page {
  readonly segment: number;
  readonly items: readonly Item[];
  /** Where this segment continues once the page is dealt with. */
  readonly next: Item | "end";
}

export interface ScanOptions {
  /** Receives each page. The segment's next page is requested when this has resolved. */
  readonly onPage: (page: Page) => Promise<void>;
  /** One per segment; all segments are read at once. */
  readonly positions: readonly Position[];
  /** What else the requests say: projection, consistency, limit. */
  readonly input?: Omit<
    ScanCommandInput,
    "TableName" | "Segment" | "TotalSegments" | "ExclusiveStartKey"
  >;
  /** How many items of one segment are read at most. @default all */
  readonly mostItems?: number | undefined;
  /** Ends the reading between two pages; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Items of one page. A page of 1 MB may hold thousands of small items, which take ten times as much
 * memory, in each segment; smaller pages cost no more read units.
 */
const pageItems = 500;

/** The positions of a scan that has not begun. */
export function atStart(segments: number): Position[] {
  return Array.from({ length: segments }, () => "start" as const);
}

/**
 * Scans the table's segments at once, each one page at a time: memory holds a page per segment. A
 * failure in one segment stops the others after their current page.
 * @returns how many items were read, or counted if only a count was asked for
 * @throws what a request or `onPage` threw first
 */
export async function scanSegments(
  table: RawTable,
  { onPage, positions, input, mostItems = Number.POSITIVE_INFINITY, signal }: ScanOptions,
): Promise<number> {
  let all = 0;
  await allOrNone(positions.length, async (segment, stopped) => {
    let position = positions[segment] ?? "end";
    let read = 0;
    const cycle = new KeyCycle();
    while (position !== "end" && read < mostItems && !stopped()) {
      signal?.throwIfAborted();
      const room = mostItems - read;
      const answer = await table.scan({
        Limit: Math.min(pageItems, room),
        ...input,
        Segment: segment,
        TotalSegments: positions.length,
        ...(position !== "start" && { ExclusiveStartKey: position }),
      });
      const { Items: items = [], Count: many, LastEvaluatedKey: next = "end" } = answer;
      if (next !== "end") cycle.refuseRepeated(next);
      read += many ?? items.length;
      all += many ?? items.length;
      await onPage({ segment, items, next });
      position = next;
    }
  });
  return all;
}

/**
 * Runs this many workers at once and waits for all of them. If one fails, the others are asked to stop.
 * @throws what the first of them threw
 */
export async function allOrNone(
  workers: number,
  work: (index: number, stopped: () => boolean) => Promise<void>,
): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  const stopped = () => failure !== undefined;
  await Promise.all(
    Array.from({ length: workers }, async (_, index) => {
      try {
        await work(index, stopped);
      } catch (error) {
        failure ??= { error };
      }
    }),
  );
  if (failure !== undefined) throw failure.error;
}
