/** The pages of a Query or a Scan, read with one request each for as long as the reader wants more. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Call } from "../call/call.js";
import type { RawItem } from "../table/table.js";
import type { Transport } from "../transport/transport.js";
import { KeyCycle } from "./cycles.js";

/** What the requests of pages have in common. */
interface PageInput {
  readonly ExclusiveStartKey?: Readonly<Record<string, unknown>> | undefined;
  readonly Limit?: number | undefined;
}

/** What the responses have in common. */
interface PageAnswer<Key> {
  readonly Items?: readonly object[] | undefined;
  readonly Count?: number | undefined;
  readonly ScannedCount?: number | undefined;
  readonly LastEvaluatedKey?: Key | undefined;
}

export interface Page<Item = RawItem, Key = QueryCommandInput["ExclusiveStartKey"]> {
  readonly items: readonly Item[];
  /** How many items it has; it has none if only a count was requested. */
  readonly count: number;
  /** How many items were read for it, before its filter. */
  readonly scanned: number;
  /** Where the next page begins; `undefined` if there are no more pages. */
  readonly next: Key | undefined;
  /** Requests the next page now, while the items of this one are still being returned. */
  readAhead(): void;
}

/** Sends the request of one page. */
export type PageRequest<I extends PageInput = QueryCommandInput> = (
  input: I,
) => Promise<PageAnswer<I["ExclusiveStartKey"]>>;

/**
 * Reads pages until the end, or until the reader stops; one request per page.
 * @param limitOf called before each request, for DynamoDB's `Limit`
 */
export async function* pages<Item = RawItem, I extends PageInput = QueryCommandInput>(
  send: PageRequest<I>,
  input: I,
  limitOf: () => number | undefined = () => undefined,
): AsyncGenerator<Page<Item, I["ExclusiveStartKey"]>> {
  type Key = I["ExclusiveStartKey"];
  const request = (startKey: Key) => {
    const limit = limitOf();
    return send({
      ...input,
      ...(startKey !== undefined && { ExclusiveStartKey: startKey }),
      ...(limit !== undefined && { Limit: limit }),
    });
  };
  const cycle = new KeyCycle();
  let next: Key = input.ExclusiveStartKey;
  let ahead: Promise<PageAnswer<Key>> | undefined;
  const readAhead = () => {
    if (next === undefined) return;
    ahead = request(next);
    ahead.catch(() => {
      // The error is thrown when the page is awaited. A reader that has stopped does not need it.
    });
  };
  do {
    const page: Promise<PageAnswer<Key>> = ahead ?? request(next);
    ahead = undefined;
    const { Items = [], Count, ScannedCount, LastEvaluatedKey } = await page;
    if (LastEvaluatedKey !== undefined) cycle.refuseRepeated(LastEvaluatedKey);
    next = LastEvaluatedKey;
    const count = Count ?? Items.length;
    const items = Items as readonly Item[];
    yield { items, count, scanned: ScannedCount ?? count, next, readAhead };
  } while (next !== undefined);
}

/** Reads the pages of a call's query. */
export function pagesOf(
  transport: Transport,
  input: QueryCommandInput,
  call: Call,
  limitOf?: () => number | undefined,
): AsyncGenerator<Page> {
  return pages((page) => transport.send("Query", page, call), input, limitOf);
}

/** Reads all items of a query, with one request per MB read. */
export async function allItems(
  transport: Transport,
  input: QueryCommandInput,
  call: Call,
): Promise<RawItem[]> {
  const items: RawItem[] = [];
  for await (const page of pagesOf(transport, input, call)) {
    for (const item of page.items) items.push(item);
  }
  return items;
}
