/** Scans: all items of one entity, over all partitions. */
import type { ScanCommandInput } from "@aws-sdk/lib-dynamodb";
import { type AnyItem, isOf, itemOf } from "../entity/item.js";
import type { EntityModel } from "../entity/model.js";
import type { FieldPath } from "../entity/projection.js";
import { unreadableAnswer } from "../errors/unreadable-answer.js";
import type { RawItem, RawKey } from "../table/table.js";
import { type PageRequest, pages } from "./paging.js";
import type { SegmentPosition } from "./scan-cursor.js";
import { inSegments } from "./segments.js";

/** What a scan has done so far. */
export interface Progress {
  scanned: number;
  found: number;
  segmentsDone: number;
  readonly segments: number;
}

/** A page, with the positions of all segments behind it. */
export interface ScannedPage {
  readonly items: AnyItem[];
  readonly positions: readonly SegmentPosition[];
  readonly progress: Readonly<Progress>;
}

/** What a scan reads, and from where. */
export interface Scan {
  readonly input: ScanCommandInput;
  readonly positions: readonly SegmentPosition[];
  readonly limit: number;
  /** The fields to keep of each payload, if payloads are read as a whole. */
  readonly fields: readonly FieldPath[] | undefined;
}

/**
 * Reads all segments at once, and hands out their pages as they arrive.
 * @param send sends the request of a segment; the segment is given beside it, for errors
 * @param throwIfEnded called before each page
 */
export async function* scanItems(
  send: (input: ScanCommandInput) => ReturnType<PageRequest<ScanCommandInput>>,
  model: EntityModel,
  { input, positions: from, limit, fields }: Scan,
  throwIfEnded: () => void,
): AsyncGenerator<ScannedPage, void, undefined> {
  const positions = [...from];
  const open = positions.flatMap((at, segment) => (at === "end" ? [] : [{ at, segment }]));
  const readers = open.map(({ at, segment }) =>
    pages<RawItem, ScanCommandInput>(send, {
      ...input,
      Segment: segment,
      TotalSegments: positions.length,
      ...(at !== "start" && { ExclusiveStartKey: { PK: at.PK, SK: at.SK } }),
    }),
  );
  const segments = positions.length;
  const progress = { scanned: 0, found: 0, segmentsDone: segments - open.length, segments };
  for await (const { segment: at, page } of inSegments(readers)) {
    throwIfEnded();
    const own = page.items.filter((raw) => isOf(model, raw));
    const taken = own.slice(0, limit - progress.found);
    const last = taken.at(-1);
    const isCut = taken.length < own.length && last !== undefined;
    const position = isCut ? keyOf(last) : positionAt(page.next);
    positions[open[at]?.segment as number] = position;
    progress.scanned += page.scanned;
    progress.found += taken.length;
    if (position === "end") progress.segmentsDone += 1;
    const items = taken.map((raw) => itemOf(model, raw, "refuse", undefined, fields));
    yield { items, positions: [...positions], progress: { ...progress } };
    if (progress.found >= limit) return;
  }
}

/** The position at the end of a page. @throws UnreadableAnswer for one that is not of the table's form */
function positionAt(next: ScanCommandInput["ExclusiveStartKey"]): SegmentPosition {
  if (next === undefined) return "end";
  const { PK, SK } = next;
  if (typeof PK === "string" && typeof SK === "string") return { PK, SK };
  throw unreadableAnswer("its LastEvaluatedKey is no key of the table");
}

function keyOf({ PK, SK }: RawItem): RawKey {
  return { PK, SK };
}
