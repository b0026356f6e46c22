/** The pages of a Query, read with one request each for as long as the reader wants more. */
import type { QueryCommandInput, QueryCommandOutput } from "@aws-sdk/lib-dynamodb";
import type { Call } from "../call/call.js";
import type { RawItem } from "../table/table.js";
import type { Transport } from "../transport/transport.js";
import { KeyCycle } from "./cycles.js";

export interface Page {
  readonly items: readonly RawItem[];
  /** Where the next page begins; `undefined` if there are no more pages. */
  readonly next: QueryCommandInput["ExclusiveStartKey"];
  /** Requests the next page now, while the items of this one are still being returned. */
  readAhead(): void;
}

/** Sends the request of one page. */
export type PageRequest = (input: QueryCommandInput) => Promise<QueryCommandOutput>;

/**
 * Reads pages until the end, or until the reader stops; one request per page.
 * @param limitOf called before each request, for DynamoDB's `Limit`
 */
export async function* pages(
  send: PageRequest,
  input: QueryCommandInput,
  limitOf: () => number | undefined = () => undefined,
): AsyncGenerator<Page> {
  const request = (startKey: Page["next"]) => {
    const limit = limitOf();
    return send({
      ...input,
      ...(startKey !== undefined && { ExclusiveStartKey: startKey }),
      ...(limit !== undefined && { Limit: limit }),
    });
  };
  const cycle = new KeyCycle();
  let next: Page["next"] = input.ExclusiveStartKey;
  let ahead: Promise<QueryCommandOutput> | undefined;
  const readAhead = () => {
    if (next === undefined) return;
    ahead = request(next);
    ahead.catch(() => {
      // The error is thrown when the page is awaited. A reader that has stopped does not need it.
    });
  };
  do {
    const page: Promise<QueryCommandOutput> = ahead ?? request(next);
    ahead = undefined;
    const { Items = [], LastEvaluatedKey } = await page;
    if (LastEvaluatedKey !== undefined) cycle.refuseRepeated(LastEvaluatedKey);
    next = LastEvaluatedKey;
    yield { items: Items as RawItem[], next, readAhead };
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
