/** Waiting that ends with a signal, and signals put together. Nothing stays on a signal afterwards. */

/** The longest delay that a timer takes, in ms; with a longer one it fires at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** A signal made of others, to be released when nobody waits on it any more. */
export interface Combined {
  readonly signal: AbortSignal;
  /** Takes off what listens on the signals below. */
  release(): void;
}

/** Who waits on a signal, behind the one listener that is put on it. */
interface Waiters {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const waiters = new WeakMap<AbortSignal, Waiters>();

/**
 * Calls a function when a signal is aborted. However many wait on it, there is one listener on the
 * signal: Node warns of more than ten, and looks through all of them to add or remove one.
 * @returns takes the function off again
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
 * AbortSignal.any is not used: each of its results stays noted on its sources for as long as these
 * live (Node 20.20; nodejs/node#54614), so a data layer, and an application's own signal, would
 * grow with each request.
 */
export function firstOf(...signals: readonly (AbortSignal | undefined)[]): Combined {
  const controller = new AbortController();
  const sources = signals.filter((signal) => signal !== undefined);
  const aborted = sources.find((signal) => signal.aborted);
  if (aborted !== undefined) controller.abort(aborted.reason);
  const ends = controller.signal.aborted
    ? []
    : sources.map((signal) => whenAborted(signal, () => controller.abort(signal.reason)));
  return { signal: controller.signal, release: () => releaseAll(ends) };
}

/**
 * The same with a reason of its own. Where requests are sent and their failures judged, the caller's
 * reason must not be seen: it may be any error, one that looks like DynamoDB's refusal too.
 */
export function firstWithOwnReason(...signals: readonly (AbortSignal | undefined)[]): Combined {
  const controller = new AbortController();
  const first = firstOf(...signals);
  const end = () => controller.abort(new Error("the call is ended"));
  if (first.signal.aborted) end();
  const off = first.signal.aborted ? () => undefined : whenAborted(first.signal, end);
  return {
    signal: controller.signal,
    release: () => {
      off();
      first.release();
    },
  };
}

/**
 * A signal that is aborted once all of several are, for the last one's reason; `undefined` where
 * one is missing: then somebody waits to the end.
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
  const ends = sources.map((signal) => {
    if (!signal.aborted) return whenAborted(signal, () => leave(signal));
    leave(signal);
    return () => undefined;
  });
  return { signal: controller.signal, release: () => releaseAll(ends) };
}

/**
 * Waits for a promise, or for the signal: a promise that knows no signal is left behind.
 * @throws the signal's reason
 */
export async function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await promise;
  let end: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    const refuse = () => reject(signal.reason);
    if (signal.aborted) refuse();
    else end = whenAborted(signal, refuse);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    end?.();
  }
}

/**
 * Waits so many ms, or for the signal; no timer is left.
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
