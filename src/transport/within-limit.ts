/** Ends what reads too much, before it sends one request more than it may. */
import { firstOf } from "../runtime/signals.js";
import type { Meter } from "./meter.js";

export interface RequestLimit {
  /** Asked before each request that is begun. */
  readonly isOver: () => boolean;
  /** What a call that was ended so fails with. */
  readonly refusal: () => Error;
}

/**
 * Runs a call within a limit. It is ended by its signal, as by its caller's abort: an error of ours would also
 * reach calls of others that share a request with it.
 * @throws the refusal, or what the call throws
 */
export async function withinLimit<T>(
  meter: Meter,
  { isOver, refusal }: RequestLimit,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const either = firstOf(signal, over.signal);
  const onRequest = () => {
    if (isOver()) over.abort();
  };
  try {
    return await meter.run(onRequest, () => run(either.signal));
  } catch (error) {
    if (!over.signal.aborted || signal.aborted) throw error;
    throw refusal();
  } finally {
    either.release();
  }
}
