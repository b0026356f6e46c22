/** Pages of a Query: one request each, as many as are wanted. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Call } from "../call/call.js";
import type { RawItem } from "../table/table.js";
import type { Transport } from "../transport/transport.js";

export interface Page {
  readonly items: readonly RawItem[];
  /** Whether the engine has more after this page. Only `LastEvaluatedKey` tells. */
  readonly more: boolean;
}

/**
 * Reads pages until the end, or until the reader stops; one request per page.
 * @param limitOf asked before each request: DynamoDB's Limit for it
 */
export async function* pages(
  transport: Transport,
  input: QueryCommandInput,
  call: Call,
  limitOf: () => number | undefined = () => undefined,
): AsyncGenerator<Page> {
  let startKey = input.ExclusiveStartKey;
  do {
    const limit = limitOf();
    const answer = await transport.send(
      "Query",
      {
        ...input,
        ...(startKey !== undefined && { ExclusiveStartKey: startKey }),
        ...(limit !== undefined && { Limit: limit }),
      },
      call,
    );
    const items = (answer.Items ?? []) as RawItem[];
    startKey = answer.LastEvaluatedKey;
    yield { items, more: startKey !== undefined };
  } while (startKey !== undefined);
}

/** All items of a query; one request per MB that it reads. */
export async function allItems(
  transport: Transport,
  input: QueryCommandInput,
  call: Call,
): Promise<RawItem[]> {
  const items: RawItem[] = [];
  for await (const page of pages(transport, input, call)) {
    for (const item of page.items) items.push(item);
  }
  return items;
}
