/** Bounds what one call may read: a `where` that matches little, or a count, would else read everything. */
import type { Meter } from "../transport/meter.js";
import { withinLimit } from "../transport/within-limit.js";
import { refusal } from "./told-error.js";

export interface ReadLimit {
  readonly meter: Meter;
  /** The most requests to the table that a call may read by. */
  readonly maxReads: number;
}

/**
 * Runs a call that reads, and ends it before it sends a request too many.
 * @param operation the call, for messages
 * @throws DynamoDBError `TooManyReads`, or what the call throws
 */
export function withinReads<T>(
  { meter, maxReads }: ReadLimit,
  operation: string,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let reads = 0;
  const isOver = () => {
    reads += 1;
    return reads > maxReads;
  };
  const limit = { isOver, refusal: () => refusal("TooManyReads", { operation }) };
  return withinLimit(meter, limit, signal, run);
}
