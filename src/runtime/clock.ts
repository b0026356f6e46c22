/** Where the time comes from. */

/** Where the time comes from. `Date` is one. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/** The process's clock. `Date` is looked up at each call: a test may replace it at any time. */
export const systemClock: Clock = { now: () => Date.now() };
