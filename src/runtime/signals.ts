/** Waiting that a signal ends, and signals combined. No listener stays on a signal afterwards. */

/** The longest delay of a timer, in ms; with a longer one it fires at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** A signal made of others, to be released when nobody waits for it any more. */
export interface Combined {
  readonly signal: AbortSignal;
  /** Removes the listeners from those others. */
  release(): void;
}

/** Everyone who waits for a signal, behind the one listener on it. */
interface Waiters {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const waiters = new WeakMap<AbortSignal, Waiters>();

/**
 * Calls a function when a signal is aborted. There is one listener on the signal, however many wait for
 * it: Node warns about more than ten, and walks through all of them to add or remove one.
 * @returns removes the function again
 */
export function whenAborted(signal: AbortSignal, call: () => void): () => void {
  const { calls, listener } = waiters.get(signal) ?? listenOn(signal);
  calls.add(call);
  return () => {
    calls.delete(call);
    if (calls.size > 0 || waiters.get(signal)?.calls !== calls) return;
    waiters.delete(signal);
    signal.removeEventListener("abort", listener);
  };
}

/** The same; calls the function at once if the signal is aborted already. */
export function onceAborted(signal: AbortSignal, call: () => void): () => void {
  if (!signal.aborted) return whenAborted(signal, call);
  call();
  return () => undefined;
}

function listenOn(signal: AbortSignal): Waiters {
  const calls = new Set<() => void>();
  const listener = () => {
    waiters.delete(signal);
    for (const call of calls) call();
  };
  signal.addEventListener("abort", listener, { once: true });
  const made = { calls, listener };
  waiters.set(signal, made);
  return made;
}

/**
 * A signal that is aborted with the first of several, for the same reason.
 *
 * AbortSignal.any is not used: its sources hold each of its results for as long as they live (Node
 * 20.20; nodejs/node#54614), so a data layer, and an application's own signal, would grow with each
 * request.
 */
export function firstOf(...signals: readonly (AbortSignal | undefined)[]): Combined {
  return first(signals, ({ reason }) => reason);
}

/**
 * The same with a reason of its own. The code that sends requests and judges their failures must not
 * see the caller's reason: it may be any error, even one that looks like a refusal by DynamoDB.
 */
export function firstWithOwnReason(...signals: readonly (AbortSignal | undefined)[]): Combined {
  return first(signals, () => new Error("the call has ended"));
}

function first(
  signals: readonly (AbortSignal | undefined)[],
  reasonOf: (signal: AbortSignal) => unknown,
): Combined {
  const controller = new AbortController();
  const end = (signal: AbortSignal) => controller.abort(reasonOf(signal));
  const sources = signals.filter((signal) => signal !== undefined);
  const ends = sources.map((signal) => onceAborted(signal, () => end(signal)));
  return { signal: controller.signal, release: () => releaseAll(ends) };
}

/**
 * A signal that is aborted once all of several are, for the reason of the last one. `undefined` if one
 * is missing: then somebody waits to the end.
 */
export function lastOf(signals: readonly (AbortSignal | undefined)[]): Combined | undefined {
  const sources = signals.filter((signal) => signal !== undefined);
  if (sources.length < signals.length || sources.length === 0) return undefined;
  const controller = new AbortController();
  let left = 0;
  const leave = (signal: AbortSignal) => {
    left += 1;
    if (left === sources.length) controller.abort(signal.reason);
  };
  const ends = sources.map((signal) => onceAborted(signal, () => leave(signal)));
  return { signal: controller.signal, release: () => releaseAll(ends) };
}

/**
 * Waits for a promise, or for the signal: a promise without a signal of its own is abandoned.
 * @throws the signal's reason
 */
export async function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await promise;
  let end: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    end = onceAborted(signal, () => reject(signal.reason));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    end?.();
  }
}

/**
 * Waits this many ms, or for the signal. No timer remains.
 * @throws the signal's reason
 */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await orAborted(passed, signal);
  } finally {
    clearTimeout(timer);
  }
}

function releaseAll(ends: readonly (() => void)[]): void {
  for (const end of ends) end();
}
