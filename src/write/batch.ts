/** Batch writes of any size: splits them, sends the parts in parallel, and joins the results. */
import type { Call } from "../call/call.js";
import type { LeftOver } from "../errors/left-over.js";
import { endOf } from "../errors/notes.js";
import { messageOf, nameOf, whyLeft } from "../errors/words.js";
import { keyId, type Table } from "../read/reader.js";
import { limits, type RawKey } from "../table/table.js";
import { batchesInFlight, chunksOf, inParallel } from "../transport/parallel.js";

/** One put or delete of a batch, and the caller's input that it comes from. */
export interface BatchWrite<Input> {
  readonly key: RawKey;
  readonly input: Input;
  /** Makes the whole item when it is sent; `undefined` to delete. */
  item?(): Record<string, unknown>;
}

/**
 * Writes any number of items, with ⌈n/25⌉ requests, and repeats for unprocessed items. If a key is
 * written twice, the last write wins. A failure does not stop the other parts.
 */
export function writeBatch<Input>(
  table: Table,
  writes: readonly BatchWrite<Input>[],
  call: Call,
): Promise<LeftOver<Input>> {
  return new Batch(table, writes, call).run();
}

/** An unprocessed write, as a response contains it. */
interface Unprocessed {
  readonly PutRequest?: { readonly Item: RawKey };
  readonly DeleteRequest?: { readonly Key: RawKey };
}

class Batch<Input> {
  readonly #table: Table;
  readonly #call: Call;
  readonly #unique = new Map<string, BatchWrite<Input>>();
  readonly #failed = new Set<BatchWrite<Input>>();
  #cause: unknown;
  #why = "";

  constructor(table: Table, writes: readonly BatchWrite<Input>[], call: Call) {
    this.#table = table;
    this.#call = call;
    for (const write of writes) {
      const id = keyId(write.key);
      // Deleted first, so that the key moves to the place of its last write.
      this.#unique.delete(id);
      this.#unique.set(id, write);
    }
  }

  async run(): Promise<LeftOver<Input>> {
    const all = [...this.#unique.values()];
    const send = (chunk: readonly BatchWrite<Input>[]) => this.#send(chunk);
    await inParallel(chunksOf(all, limits.batchWriteItems), batchesInFlight, send);
    const items = all.filter((write) => this.#failed.has(write)).map(({ input }) => input);
    const written = all.length - items.length;
    const cause = this.#cause;
    const why = cause === undefined ? this.#why : `: ${messageOf(cause)}`;
    // An abort's error replaces the one that states how much was written.
    if (written > 0 && this.#call.signal?.aborted) this.#call.onAnswerLost?.();
    return { items, of: all.length, written, cause, why };
  }

  async #send(chunk: readonly BatchWrite<Input>[]): Promise<void> {
    const { signal } = this.#call;
    if (signal?.aborted) return this.#fail(chunk, signal.reason);
    try {
      await this.#request(chunk);
    } catch (error) {
      if (chunk.length === 1 || nameOf(error) !== "ValidationException") {
        return this.#fail(chunk, error);
      }
      // One refused item fails its whole batch. The halves are tried to find it and write the others.
      const half = Math.ceil(chunk.length / 2);
      await this.#send(chunk.slice(0, half));
      await this.#send(chunk.slice(half));
    }
  }

  async #request(chunk: readonly BatchWrite<Input>[]): Promise<void> {
    const { transport, tableName } = this.#table;
    const requests = chunk.map((write) => {
      const item = write.item?.();
      return item === undefined
        ? { DeleteRequest: { Key: { ...write.key } } }
        : { PutRequest: { Item: item } };
    });
    const input = { RequestItems: { [tableName]: requests } };
    const answer = await transport.send("BatchWrite", input, this.#call);
    const left = (answer.UnprocessedItems?.[tableName] ?? []) as Unprocessed[];
    for (const { PutRequest, DeleteRequest } of left) {
      const key = PutRequest?.Item ?? DeleteRequest?.Key;
      const write = key === undefined ? undefined : this.#unique.get(keyId(key));
      if (write !== undefined) this.#failed.add(write);
    }
    if (left.length === 0) return;
    this.#why = whyLeft(answer);
    this.#cause ??= endOf(answer);
  }

  #fail(chunk: readonly BatchWrite<Input>[], cause: unknown): void {
    for (const write of chunk) this.#failed.add(write);
    this.#cause ??= cause;
  }
}
