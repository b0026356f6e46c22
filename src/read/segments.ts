/** The pages of several segments of a table, read at once and handed out as they arrive. */
import { unreadableAnswer } from "../errors/unreadable-answer.js";
import type { RawItem } from "../table/table.js";
import type { Page } from "./paging.js";

/** A page, and the position of its segment in the list. */
export interface SegmentPage {
  readonly segment: number;
  readonly page: Page;
}

type Arrival =
  | { readonly segment: number; readonly result: IteratorResult<Page> }
  | { readonly error: unknown };

/**
 * Hands out the pages of all segments in the order in which they arrive. A segment's next page is
 * requested once the reader has come back for another one, so memory holds one page per segment, however
 * slow the reader is.
 * @throws what a segment threw first, after the pages that arrived before
 * @throws UnreadableAnswer for a page that was handed out before
 */
export async function* inSegments(
  segments: readonly AsyncIterator<Page>[],
): AsyncGenerator<SegmentPage, void, undefined> {
  const arrived: Arrival[] = [];
  const marks = new Marks();
  let wake: (() => void) | undefined;
  const request = async (segment: number): Promise<void> => {
    try {
      const result = await (segments[segment] as AsyncIterator<Page>).next();
      arrived.push({ segment, result });
    } catch (error) {
      arrived.push({ error });
    }
    wake?.();
  };
  let open = segments.length;
  // The requests report to `arrived`, errors too.
  for (let segment = 0; segment < open; segment += 1) void request(segment);
  while (open > 0) {
    const first = arrived.shift();
    if (first === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    } else if ("error" in first) {
      throw first.error;
    } else if (first.result.done === true) {
      open -= 1;
    } else {
      const { segment, result } = first;
      marks.refuseRepeated(result.value);
      yield { segment, page: result.value };
      void request(segment);
    }
  }
}

/** How many places of earlier pages are remembered. */
const mostMarks = 2_000;

/**
 * Notices a page that was handed out before, by its first item and by where it ends: a segment was
 * answered with a page of another one, or with an earlier one of its own. DynamoDB itself refuses to
 * continue a segment at another one's key.
 */
class Marks {
  readonly #known = new Set<string>();

  /** @throws UnreadableAnswer */
  refuseRepeated({ items: [first], next }: Page): void {
    const places = [first, next as RawItem | undefined];
    for (const [kind, place] of places.entries()) {
      if (place === undefined) continue;
      const mark = JSON.stringify([kind, place.PK, place.SK]);
      if (this.#known.has(mark)) throw unreadableAnswer("it has a page that was read before");
      this.#known.add(mark);
    }
    for (const oldest of this.#known) {
      if (this.#known.size <= mostMarks) break;
      this.#known.delete(oldest);
    }
  }
}
