/** How many retries all requests of one data layer may make together. */
import { optionNames, refuseUnknownSettings } from "../call/options.js";
import { ConfigurationError } from "../errors/configuration-error.js";

/** Limits of a retry budget. One that is `undefined` means its default. */
export interface RetryBudgetOptions {
  /** How many retries may be made in a row while nothing succeeds, a number from 1. @default 100 */
  readonly capacity?: number | undefined;
  /** How many retries are added per second, a number from 0. @default 2 */
  readonly refillPerSecond?: number | undefined;
}

const budgetOptionNames = optionNames<RetryBudgetOptions>({
  capacity: true,
  refillPerSecond: true,
});

/**
 * A bucket of retries, as in the SDK's standard mode and in gRPC's retry throttling: a retry takes one
 * out, and is not made if none is left. First attempts take nothing, so the budget stops no call, and
 * calls after an outage are sent at once.
 *
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export interface RetryBudget {
  /**
   * Takes one retry out. It is free if few requests are under way.
   * @param underWay how many requests are under way, including those that wait for their retry
   * @returns what was taken, to be given back: 1, or 0 if it was free; `null` if none is left
   */
  take(underWay: number): 0 | 1 | null;
  /** Puts back what a request took, if it succeeded or did not use it. */
  giveBack(retries: number): void;
  /** Adds a tenth of a retry, because a first attempt succeeded. */
  firstSuccess(): void;
}

/**
 * A retry storm needs many callers. At most this many requests at a time are no more with their
 * retries, which the backoff spreads. A batch call has 8 requests in flight, so it keeps all its retries.
 */
const fewUnderWay = 10;

/** What a first attempt that succeeds adds: ten of them pay for one retry. */
const earnedByFirstSuccess = 0.1;

const unlimited: RetryBudget = {
  take: () => 0,
  giveBack: () => {
    // Nothing is counted.
  },
  firstSuccess: () => {
    // Nothing is counted.
  },
};

/**
 * A budget, full at first and never more than full.
 * @param now monotonic ms, because a wall clock that is set back would stop the refill
 * @throws ConfigurationError that names the option
 */
export function createRetryBudget(
  options: false | RetryBudgetOptions = {},
  now: () => number = () => performance.now(),
): RetryBudget {
  if (options === false) return unlimited;
  if (typeof options !== "object" || options === null) {
    throw new ConfigurationError("retry.budget must be false or an object");
  }
  refuseUnknownSettings("retry.budget", options, budgetOptionNames);
  const { capacity = 100, refillPerSecond = 2 } = options;
  checkNumber("capacity", capacity, 1);
  checkNumber("refillPerSecond", refillPerSecond, 0);
  let left = capacity;
  let filledAt = now();
  const add = (retries: number) => {
    left = Math.min(capacity, left + retries);
  };
  return {
    take: (underWay) => {
      if (underWay <= fewUnderWay) return 0;
      const at = now();
      add(((at - filledAt) / 1_000) * refillPerSecond);
      filledAt = at;
      if (left < 1) return null;
      left -= 1;
      return 1;
    },
    giveBack: add,
    firstSuccess: () => add(earnedByFirstSuccess),
  };
}

function checkNumber(name: keyof RetryBudgetOptions, value: unknown, least: number): void {
  if (typeof value === "number" && Number.isFinite(value) && value >= least) return;
  throw new ConfigurationError(`retry.budget.${name} must be a number from ${least}`);
}
