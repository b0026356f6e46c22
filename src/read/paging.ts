/** Pages of a Query: one request each, as many as are wanted. */
import type { QueryCommandInput, QueryCommandOutput } from "@aws-sdk/lib-dynamodb";
import type { Call } from "../call/call.js";
import type { RawItem } from "../table/table.js";
import type { Transport } from "../transport/transport.js";

export interface Page {
  readonly items: readonly RawItem[];
  /** Where the next page begins; the engine has no more where it is missing. */
  readonly next: QueryCommandInput["ExclusiveStartKey"];
  /** Requests the next page now, while this one is handed out. */
  readAhead(): void;
}

/** Sends the request of one page. */
export type PageRequest = (input: QueryCommandInput) => Promise<QueryCommandOutput>;

/**
 * Reads pages until the end, or until the reader stops; one request per page.
 * @param limitOf asked before each request: DynamoDB's Limit for it
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
  let next: Page["next"] = input.ExclusiveStartKey;
  let ahead: Promise<QueryCommandOutput> | undefined;
  const readAhead = () => {
    if (next === undefined) return;
    ahead = request(next);
    ahead.catch(() => {
      // Thrown where it is awaited; a reader that stopped before has no use for it.
    });
  };
  do {
    const page: Promise<QueryCommandOutput> = ahead ?? request(next);
    ahead = undefined;
    const { Items = [], LastEvaluatedKey } = await page;
    next = LastEvaluatedKey;
    yield { items: Items as RawItem[], next, readAhead };
  } while (next !== undefined);
}

/** The pages of a query that a call makes. */
export function pagesOf(
  transport: Transport,
  input: QueryCommandInput,
  call: Call,
  limitOf?: () => number | undefined,
): AsyncGenerator<Page> {
  return pages((page) => transport.send("Query", page, call), input, limitOf);
}

/** All items of a query; one request per MB that it reads. */
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
