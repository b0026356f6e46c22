/** Bounds what one call may read: a `where` that matches little, or a count, would else read everything. */
import { firstOf } from "../runtime/signals.js";
import type { Meter } from "../transport/meter.js";
import { refusal } from "./told-error.js";

export interface ReadLimit {
  readonly meter: Meter;
  /** The most requests to the table that a call may read by. */
  readonly maxReads: number;
}

/**
 * Runs a call that reads, and ends it before it sends a request too many. It is ended by its signal, as by its
 * browser's abort: an error of ours would also reach calls of others that share a request with it.
 * @param operation the call, for messages
 * @throws DynamoDBError `TooManyReads`, or what the call throws
 */
export async function withinReads<T>(
  { meter, maxReads }: ReadLimit,
  operation: string,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  let reads = 0;
  const count = () => {
    reads += 1;
    if (reads > maxReads) over.abort();
  };
  const either = firstOf(signal, over.signal);
  try {
    return await meter.run(count, () => run(either.signal));
  } catch (error) {
    if (!over.signal.aborted || signal.aborted) throw error;
    throw refusal("TooManyReads", { operation });
  } finally {
    either.release();
  }
}
