/** Retry of the requests of one transport: each by the policy, all together within the budget. */
import type { OptionNames } from "../call/options.js";
import { noteBudgetSpent } from "../errors/notes.js";
import { isRetryableError } from "../errors/retryable.js";
import { firstOf } from "../runtime/signals.js";
import type { HedgeBudget } from "./hedged-reads.js";
import {
  type Retry,
  type RetryOptions,
  type RetryPolicy,
  retryAfter,
  retryOptionNames,
  retryPolicy,
  Unprocessed,
} from "./retry.js";
import { createRetryBudget, type RetryBudget, type RetryBudgetOptions } from "./retry-budget.js";
import { isReason } from "./waits.js";

/** Options of a data layer's retry: each request's own, and what all of them may do together. */
export interface RequestRetryOptions extends RetryOptions {
  /**
   * How many retries all requests of one data layer may make together; `false` for no limit. A retry
   * takes one out. A request that succeeds in the end puts back what it took, a first attempt that
   * succeeds adds a tenth, and time adds `refillPerSecond`. If none is left, the error is thrown at
   * once. So an outage is met by little more than the first attempt of each call.
   *
   * A retry is free while at most 10 requests are under way, and for what a batch left unprocessed
   * while part of it was processed: neither is a storm, so that a single `batchPut` keeps all its
   * retries. @default 100 retries, 2 more per second
   */
  readonly budget?: false | RetryBudgetOptions | undefined;
}

const requestRetryNames: OptionNames = [
  ...retryOptionNames,
  "budget" satisfies keyof RequestRetryOptions,
];

/** What the retries of one request took out of the budget. */
class Account {
  readonly #budget: RetryBudget;
  #reserved = 0;
  #spent = 0;

  constructor(budget: RetryBudget) {
    this.#budget = budget;
  }

  /** @returns whether there was one left */
  reserve(underWay: number): boolean {
    const cost = this.#budget.take(underWay);
    this.#reserved += cost ?? 0;
    return cost !== null;
  }

  /** The retry that was reserved is made. */
  spend(): void {
    this.#spent += this.#reserved;
    this.#reserved = 0;
  }

  /** Puts back what was reserved for a retry that was not made. */
  close(): void {
    this.#budget.giveBack(this.#reserved);
  }

  /** Puts back what was spent: the engine is up. */
  refund(): void {
    this.#budget.giveBack(this.#spent);
  }
}

/** The retries of one transport. A hedge is paid for from the same budget. */
export class Repeats implements HedgeBudget {
  readonly policy: RetryPolicy;
  readonly #budget: RetryBudget;
  readonly #closing: AbortSignal;
  #underWay = 0;

  /**
   * @param closing ends the waiting between two attempts
   * @throws ConfigurationError that names the option
   */
  constructor(options: RequestRetryOptions | undefined, closing: AbortSignal) {
    this.policy = retryPolicy(options, requestRetryNames);
    this.#budget = createRetryBudget(options?.budget);
    this.#closing = closing;
  }

  take(): number | null {
    return this.#budget.take(this.#underWay);
  }

  giveBack(taken: number): void {
    this.#budget.giveBack(taken);
  }

  /** Calls a function until it succeeds, as often as the policy and the budget allow. */
  async run<T>(
    fn: () => Promise<T>,
    signal: AbortSignal | undefined,
    onRetry: ((retry: Retry) => void) | undefined,
  ): Promise<T> {
    this.#underWay += 1;
    try {
      const result = await fn();
      this.#budget.firstSuccess();
      return result;
    } catch (error) {
      const isFinal = this.policy.maxRetries === 0 || isReason(signal, error);
      if (isFinal || !isRetryableError(error)) throw error;
      return await this.#again(error, fn, signal, onRetry);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #again<T>(
    error: unknown,
    fn: () => Promise<T>,
    signal: AbortSignal | undefined,
    onRetry: ((retry: Retry) => void) | undefined,
  ): Promise<T> {
    const account = new Account(this.#budget);
    const mayRetry = (failure: unknown) => {
      // The engine works, if only bit by bit: that is no outage.
      if (failure instanceof Unprocessed && failure.progress) return true;
      const isLeft = account.reserve(this.#underWay);
      if (!isLeft) noteBudgetSpent(failure);
      return isLeft;
    };
    const again = () => {
      account.spend();
      return fn();
    };
    const limit = firstOf(this.#closing, signal, this.policy.signal);
    try {
      const retry = { ...this.policy, onRetry, mayRetry, signal: limit.signal };
      const result = await retryAfter(error, again, retry);
      account.refund();
      return result;
    } catch (last) {
      // An error that is not worth a retry also proves that the engine is up.
      if (!limit.signal.aborted && !isRetryableError(last)) account.refund();
      throw last;
    } finally {
      limit.release();
      account.close();
    }
  }
}
