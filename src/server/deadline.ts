/** The end of a request's time, which the application's own code has as well. */
import { AbortedError } from "../errors/aborted-error.js";
import { describe, withContext } from "../errors/context.js";
import type { DynamoDBError } from "../errors/dynamodb-error.js";
import { TimeoutError } from "../errors/timeout-error.js";
import { whenAborted } from "../runtime/signals.js";

export interface Deadline {
  /** How long the request may still take, in ms; at least 1. */
  leftMs(): number;
  /**
   * Waits for what the application's code returns until the time is up, or the browser has gone. What it
   * returns or throws afterwards reaches nobody.
   * @param operation what is waited for, for messages
   * @throws TimeoutError, AbortedError, or what the code throws
   */
  within<T>(operation: string, run: () => T | Promise<T>): Promise<T>;
  /** The error, if it is one by which `within` has ended, and none of the application's. */
  endedBy(error: unknown): DynamoDBError | undefined;
}

/**
 * @param timeoutMs from now, in ms
 * @param signal aborted when the browser has gone
 */
export function deadlineIn(timeoutMs: number, signal: AbortSignal): Deadline {
  const endsAt = performance.now() + timeoutMs;
  const leftMs = () => Math.max(1, Math.ceil(endsAt - performance.now()));
  const ends = new Set<unknown>();
  const within = <T>(operation: string, run: () => T | Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      const end = (error: DynamoDBError) => {
        ends.add(error);
        release();
        reject(withContext(error, { operation }));
      };
      const late = () => end(new TimeoutError(describe({ operation }, "no response in time")));
      const gone = () => {
        const cause: unknown = signal.reason;
        end(new AbortedError({ message: describe({ operation }, "aborted"), cause }));
      };
      const timer = setTimeout(late, leftMs());
      const forget = whenAborted(signal, gone);
      const release = () => {
        clearTimeout(timer);
        forget();
      };
      if (signal.aborted) return gone();
      Promise.resolve().then(run).finally(release).then(resolve, reject);
    });
  return {
    leftMs,
    within,
    endedBy: (error) => (ends.has(error) ? (error as DynamoDBError) : undefined),
  };
}
