/** The responses that a transport waits for: `close` ends the waiting, and each attempt has a limit. */
import timers from "node:timers";
import { Bag, type Member } from "../runtime/bag.js";
import { onceAborted } from "../runtime/signals.js";

// Node's own, so that fake timers neither stop the watch nor see it.
const { setInterval, clearInterval } = timers;

/** The interval between two checks of everything that is waited for, in ms. */
const lookEveryMs = 500;

interface Waiting extends Member {
  readonly reject: (reason: unknown) => void;
  readonly giveUp: ((reason: unknown) => void) | undefined;
  /** Removes it from its signal. */
  forget?: () => void;
  /** How many checks it has been through. */
  looks: number;
}

/**
 * A listener and a timer per request would cost more than the request itself. So there is one set, and
 * one timer that checks all of it twice a second.
 */
export class AwaitedAnswers {
  readonly #limitMs: number;
  readonly #waiting = new Bag<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  /** @param limitMs how long an attempt may take, whatever the client below does */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * Waits for a response.
   * @param isAttempt whether the limit applies to it
   * @param signal ends the waiting, too
   * @param giveUp called when nobody waits any more, with what says why: the request can be ended
   * @throws the error of `refuse`, the signal's reason, or a TimeoutError
   */
  wait<T>(
    answer: Promise<T>,
    isAttempt: boolean,
    signal?: AbortSignal,
    giveUp?: (reason: unknown) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const looks = isAttempt ? 0 : Number.NEGATIVE_INFINITY;
      const one: Waiting = { place: -1, reject, giveUp, looks };
      this.#waiting.add(one);
      this.#timer ??= setInterval(() => this.#look(), lookEveryMs).unref();
      Promise.resolve(answer).then(
        (value) => {
          this.#forget(one);
          resolve(value);
        },
        (error) => {
          this.#forget(one);
          reject(error);
        },
      );
      if (signal) one.forget = onceAborted(signal, () => this.#end(one, signal.reason));
    });
  }

  /** Ends all waiting, each with an error of its own. */
  refuse(error: () => Error): void {
    for (const one of this.#waiting.list()) this.#end(one, error());
  }

  #forget(one: Waiting): void {
    this.#waiting.delete(one);
    one.forget?.();
  }

  #end(one: Waiting, reason: unknown): void {
    this.#forget(one);
    one.reject(reason);
    one.giveUp?.(reason);
  }

  #look(): void {
    if (this.#waiting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const one of this.#waiting.list()) {
      one.looks += 1;
      if (one.looks * lookEveryMs < this.#limitMs) continue;
      const error = new Error(`no complete response within ${this.#limitMs} ms`);
      this.#end(one, Object.assign(error, { name: "TimeoutError" }));
    }
  }
}
