/** Retry on p-retry: the policy, `withRetry` and `withBatchRetry`. */
import pRetry from "p-retry";
import { type OptionNames, optionNames, refuseUnknownSettings } from "../call/options.js";
import { ConfigurationError, readSettings } from "../errors/configuration-error.js";
import { isRetryableError } from "../errors/retryable.js";
import { isAbortSignal } from "../runtime/realms.js";
import { firstOf, orAborted } from "../runtime/signals.js";

/** Options of a retry. One that is `undefined` means its default. */
export interface RetryOptions {
  /** Attempts after the first one, an integer from 0. @default 3 */
  readonly maxRetries?: number | undefined;
  /** Delay before the first retry, in ms. @default 100 */
  readonly initialDelayMs?: number | undefined;
  /** No delay is longer, in ms. @default 5000 */
  readonly maxDelayMs?: number | undefined;
  /** Factor between two delays. @default 2 */
  readonly backoffMultiplier?: number | undefined;
  /**
   * Multiplies each delay by a random factor from one to two, so that callers that failed together do
   * not retry together. It is p-retry's spread, with `Math.random`. Once the backoff has reached
   * `maxDelayMs`, each retried call waits a random time in the upper half of that limit. Full jitter
   * (from 0) would spread the retries twice as far, but an overloaded engine needs the pause. The number
   * of retries is limited by the budget. @default true
   */
  readonly jitter?: boolean | undefined;
  /** Ends the waiting, also for an attempt under way; the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each delay. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/** A retry that is about to be made, after its delay. */
export interface Retry {
  /** What the failed attempt threw. */
  readonly error: unknown;
  /** Number of the attempt that failed, from 1. */
  readonly attempt: number;
  /** How many retries are left, including this one. */
  readonly retriesLeft: number;
}

/** Retry options with every default filled in. */
export interface RetryPolicy {
  readonly maxRetries: number;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly backoffMultiplier: number;
  readonly jitter: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onRetry: ((retry: Retry) => void) | undefined;
  /** Called before each retry. If it returns false, what the attempt threw is thrown at once. */
  readonly mayRetry?: ((error: unknown) => boolean) | undefined;
}

/** The names of {@link RetryOptions}. */
export const retryOptionNames = optionNames<RetryOptions>({
  maxRetries: true,
  initialDelayMs: true,
  maxDelayMs: true,
  backoffMultiplier: true,
  jitter: true,
  signal: true,
  onRetry: true,
});

/**
 * Fills in defaults and checks the numbers.
 * @param known the names that may be given
 * @throws ConfigurationError that names the option
 */
export function retryPolicy(
  options: RetryOptions = {},
  known: OptionNames = retryOptionNames,
): RetryPolicy {
  refuseUnknownSettings("retry", options, known);
  return readSettings("retry", () => checkedPolicy(options ?? {}));
}

function checkedPolicy(options: RetryOptions): RetryPolicy {
  const policy: RetryPolicy = {
    maxRetries: options.maxRetries ?? 3,
    initialDelayMs: options.initialDelayMs ?? 100,
    maxDelayMs: options.maxDelayMs ?? 5_000,
    backoffMultiplier: options.backoffMultiplier ?? 2,
    jitter: options.jitter ?? true,
    signal: options.signal,
    onRetry: options.onRetry,
  };
  for (const name of ["maxRetries", "initialDelayMs", "maxDelayMs", "backoffMultiplier"] as const) {
    const value = policy[name];
    const valid = Number.isFinite(value) && value >= 0;
    if (!valid || (name === "maxRetries" && !Number.isInteger(value))) {
      const rule = name === "maxRetries" ? "an integer from 0" : "a number from 0";
      throw new ConfigurationError(`retry.${name} must be ${rule}`);
    }
  }
  const { signal, onRetry } = policy;
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw new ConfigurationError("retry.signal must be an AbortSignal");
  }
  if (onRetry !== undefined) checkFunction(onRetry, "retry.onRetry");
  return policy;
}

function checkFunction(value: unknown, name: string): void {
  if (typeof value !== "function") throw new ConfigurationError(`${name} must be a function`);
}

/** Carries what an attempt threw through p-retry, which takes only Errors and treats TypeErrors apart. */
class FailedAttempt extends Error {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    super("attempt failed");
    this.thrown = thrown;
  }
}

/**
 * Calls `fn`, and calls it again with exponential backoff while it throws a retryable error.
 *
 * `fn` is called at most `maxRetries + 1` times. What it threw last is thrown unchanged.
 * @example
 * const price = await withRetry(() => fetchPrice(id), { maxRetries: 5 });
 */
export async function withRetry<T>(
  fn: (attempt: number) => Promise<T> | T,
  options: RetryOptions = {},
): Promise<T> {
  checkFunction(fn, "withRetry: fn");
  const policy = retryPolicy(options);
  const { signal } = policy;
  if (signal?.aborted) throw signal.reason;
  const attempt = async (number: number) => await fn(number);
  const limited = (number: number) => orAborted(attempt(number), signal);
  try {
    return await limited(1);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (policy.maxRetries === 0 || !isRetryableError(error)) throw error;
    // The signal may be of another realm or of an older form. p-retry is given one of this realm.
    const limit = signal && firstOf(signal);
    try {
      return await retryAfter(error, limited, { ...policy, signal: limit?.signal });
    } finally {
      limit?.release();
    }
  }
}

/**
 * Continues after a first failure. p-retry is used only from here on, because it costs microseconds a
 * call even if nothing fails. Its first attempt replays the failure, so that it makes every delay.
 */
export async function retryAfter<T>(
  failure: unknown,
  fn: (attempt: number) => Promise<T> | T,
  policy: RetryPolicy,
): Promise<T> {
  const { signal, onRetry, mayRetry } = policy;
  // p-retry cuts its own spread off at the longest delay: all calls would then retry together.
  const spread = policy.jitter ? (1 + Math.random()) / 2 : 1;
  let again = false;
  let done: { readonly result: T } | undefined;
  try {
    return await pRetry(
      async (attempt) => {
        if (attempt === 1) throw new FailedAttempt(failure);
        try {
          done = { result: await fn(attempt) };
          return done.result;
        } catch (error) {
          throw new FailedAttempt(error);
        }
      },
      {
        retries: policy.maxRetries,
        minTimeout: policy.initialDelayMs,
        maxTimeout: policy.maxDelayMs * spread,
        factor: policy.backoffMultiplier,
        randomize: policy.jitter,
        ...(signal !== undefined && { signal }),
        shouldRetry: () => again,
        // p-retry calls this before `shouldRetry`; a retry that is not made must not be announced.
        onFailedAttempt: ({ error, attemptNumber, retriesLeft }) => {
          const thrown = thrownBy(error);
          again = retriesLeft > 0 && isRetryableError(thrown) && (mayRetry?.(thrown) ?? true);
          if (again) onRetry?.({ error: thrown, attempt: attemptNumber, retriesLeft });
        },
      },
    );
  } catch (error) {
    // p-retry looks at the signal once more after an attempt has succeeded.
    if (done !== undefined) return done.result;
    throw thrownBy(error);
  }
}

function thrownBy(error: unknown): unknown {
  return error instanceof FailedAttempt ? error.thrown : error;
}

/**
 * Runs a batch, and runs what it left unprocessed again, with backoff.
 *
 * `fn` is called at most `maxRetries + 1` times. `getUnprocessed` of the result gives what is still
 * unprocessed after the last retry.
 * @param mergeResults joins the results of two rounds; without it the last round's result is returned
 * @example
 * const result = await withBatchRetry(writeRows, ({ failed }) => failed, rows);
 */
export async function withBatchRetry<T, R>(
  fn: (items: T[]) => Promise<R>,
  getUnprocessed: (result: R) => T[] | undefined,
  items: T[],
  options: RetryOptions = {},
  mergeResults: (accumulated: R, newResult: R) => R = (_, newResult) => newResult,
): Promise<R> {
  checkFunction(fn, "withBatchRetry: fn");
  checkFunction(getUnprocessed, "withBatchRetry: getUnprocessed");
  checkFunction(mergeResults, "withBatchRetry: mergeResults");
  let remaining = items;
  let finished: { readonly result: R } | undefined;
  try {
    return await withRetry(async () => {
      const result = await fn(remaining);
      const merged = finished === undefined ? result : mergeResults(finished.result, result);
      finished = { result: merged };
      remaining = getUnprocessed(result) ?? [];
      if (remaining.length > 0) throw new Unprocessed();
      return merged;
    }, options);
  } catch (error) {
    if (error instanceof Unprocessed && finished !== undefined) return finished.result;
    throw error;
  }
}

/** A part of a batch came back unprocessed, because the engine throttled it. */
export class Unprocessed extends Error {
  readonly $retryable = { throttling: true };
  /** Whether the other part was processed. */
  readonly progress: boolean;

  constructor(progress = false) {
    super("DynamoDB left some of the batch unprocessed");
    this.name = "UnprocessedItems";
    this.progress = progress;
  }
}
