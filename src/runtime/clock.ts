/** Where the time comes from. */

/** Where the time comes from. `Date` is one. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/** The process's clock. It looks up `Date` at each call, because a test may replace it at any time. */
export const systemClock: Clock = { now: () => Date.now() };
