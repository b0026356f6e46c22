/** The time that an invocation of Lambda's has. */

/** Of Lambda's context, what is read of it. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/** Some time that ends. */
export interface Deadline {
  /** Aborted when it has passed. */
  readonly signal: AbortSignal;
  /** Resolves when it has passed. */
  readonly passed: Promise<void>;
  release(): void;
}

/** How an invocation's time is used, in ms. */
export interface Times {
  /** For the changes. */
  readonly workMs: number;
  /** For what the end of that time makes necessary, before Lambda ends the process. */
  readonly reportMs: number;
}

/**
 * The times of an invocation; without a context there are none.
 * @param spareMs how long before Lambda's own deadline the handler returns, if that leaves it half the time
 */
export function timesOf(context: LambdaContext | undefined, spareMs: number): Times | undefined {
  if (typeof context?.getRemainingTimeInMillis !== "function") return undefined;
  const left = Math.max(0, context.getRemainingTimeInMillis());
  const workMs = Math.max(left - spareMs, left / 2);
  return { workMs, reportMs: (left - workMs) / 2 };
}

/** @param ms without it, the time does not end */
export function deadlineIn(ms: number | undefined): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  if (ms === undefined) {
    return { signal, passed: new Promise(() => undefined), release: () => undefined };
  }
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    const end = () => {
      controller.abort(timeIsUp());
      resolve();
    };
    timer = setTimeout(end, ms);
  });
  return { signal, passed, release: () => clearTimeout(timer) };
}

/** Why something has failed that was under way at the end. */
export function timeIsUp(): Error {
  return new DOMException("the time of this invocation is up", "TimeoutError");
}
