/** Batches of any number: split, sent in parallel, put together again. */
import type { Call } from "../call/call.js";
import { endOf } from "../errors/notes.js";
import { messageOf, nameOf, whyLeft } from "../errors/words.js";
import { keyId, type Table } from "../read/reader.js";
import { limits, type RawKey } from "../table/table.js";
import { batchesInFlight, chunksOf, inParallel } from "../transport/parallel.js";

/** One put or delete of a batch, and the caller's input that it stands for. */
export interface BatchWrite<Input> {
  readonly key: RawKey;
  readonly input: Input;
  /** The whole item, or `undefined` to delete. Made when it is sent. */
  item?(): Record<string, unknown>;
}

export interface BatchOutcome<Input> {
  /** Items written, each counted once. */
  readonly written: number;
  /** What was not written, in the order given. */
  readonly unwritten: readonly Input[];
  /** Why, where an error said so. */
  readonly cause: unknown;
  /** The same as the end of a message. */
  readonly why: string;
}

/**
 * Writes any number of items: ⌈n/25⌉ requests and the repeats of what came back unprocessed. Of
 * two writes to one key the last wins. A failure stops no other part.
 */
export async function writeBatch<Input>(
  { transport, tableName }: Table,
  writes: readonly BatchWrite<Input>[],
  call: Call,
): Promise<BatchOutcome<Input>> {
  const unique = new Map<string, BatchWrite<Input>>();
  for (const write of writes) {
    const id = keyId(write.key);
    // Deleted first, so that the order is that of the last ones.
    unique.delete(id);
    unique.set(id, write);
  }
  const failed = new Set<BatchWrite<Input>>();
  let cause: unknown;
  let why = "";

  const send = async (chunk: readonly BatchWrite<Input>[]): Promise<void> => {
    if (call.signal?.aborted) {
      for (const write of chunk) failed.add(write);
      cause ??= call.signal.reason;
      return;
    }
    const requests = chunk.map((write) => {
      const item = write.item?.();
      return item === undefined
        ? { DeleteRequest: { Key: { ...write.key } } }
        : { PutRequest: { Item: item } };
    });
    try {
      const answer = await transport.send(
        "BatchWrite",
        { RequestItems: { [tableName]: requests } },
        call,
      );
      const left = (answer.UnprocessedItems?.[tableName] ?? []) as {
        readonly PutRequest?: { readonly Item: RawKey };
        readonly DeleteRequest?: { readonly Key: RawKey };
      }[];
      for (const { PutRequest, DeleteRequest } of left) {
        const key = PutRequest?.Item ?? DeleteRequest?.Key;
        const write = key === undefined ? undefined : unique.get(keyId(key));
        if (write !== undefined) failed.add(write);
      }
      if (left.length === 0) return;
      why = whyLeft(answer);
      cause ??= endOf(answer);
    } catch (error) {
      if (chunk.length > 1 && nameOf(error) === "ValidationException") {
        // One refused item takes its whole batch with it: find it, and write its neighbours.
        const half = Math.ceil(chunk.length / 2);
        await send(chunk.slice(0, half));
        await send(chunk.slice(half));
        return;
      }
      for (const write of chunk) failed.add(write);
      cause ??= error;
    }
  };

  const chunks = chunksOf([...unique.values()], limits.batchWriteItems);
  await inParallel(chunks, batchesInFlight, send);
  const unwritten = [...unique.values()]
    .filter((write) => failed.has(write))
    .map((write) => write.input);
  if (cause !== undefined) why = `: ${messageOf(cause)}`;
  const written = unique.size - failed.size;
  // An abort's error takes the place of the one that counts what was written.
  if (written > 0 && call.signal?.aborted) call.onAnswerLost?.();
  return { written, unwritten, cause, why };
}
