/** Reads a whole table in parallel segments, page by page, no faster than its pages are dealt with. */
import type { ScanCommandInput } from "@aws-sdk/client-dynamodb";
import { pages } from "../../src/read/paging.js";
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
    const position = positions[segment] ?? "end";
    let read = 0;
    const isOver = () => read >= mostItems || stopped();
    if (position === "end" || isOver()) return;
    const request = {
      ...input,
      Segment: segment,
      TotalSegments: positions.length,
      ...(position !== "start" && { ExclusiveStartKey: position }),
    };
    // A limit that is given as `undefined` stands for none.
    const limitOf = () =>
      input !== undefined && "Limit" in input ? input.Limit : Math.min(pageItems, mostItems - read);
    const send = async (page: typeof request) => {
      signal?.throwIfAborted();
      return table.scan(page);
    };
    for await (const page of pages<Item, typeof request>(send, request, limitOf)) {
      const { items, count, next = "end" } = page;
      read += count;
      all += count;
      await onPage({ segment, items, next });
      if (isOver()) return;
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
