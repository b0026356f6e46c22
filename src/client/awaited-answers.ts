/** The responses that a transport waits for: `close` ends the waiting, and each attempt has a limit. */
import timers from "node:timers";

// Node's own, so that fake timers neither stop the watch nor see it.
const { setInterval, clearInterval } = timers;

/** The interval between two checks of everything that is waited for, in ms. */
const lookEveryMs = 500;

interface Waiting {
  readonly reject: (reason: Error) => void;
  readonly giveUp: ((reason: Error) => void) | undefined;
  /** How many checks it has been through. */
  looks: number;
}

/**
 * A listener and a timer per request would cost more than the request itself. So there is one set, and
 * one timer that checks all of it twice a second.
 */
export class AwaitedAnswers {
  readonly #limitMs: number;
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  /** @param limitMs how long an attempt may take, whatever the client below does */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * Waits for a response.
   * @param isAttempt whether the limit applies to it
   * @param giveUp called when nobody waits any more, with the error that says why: the request can be ended
   * @throws the error of `refuse`, or a TimeoutError
   */
  wait<T>(answer: Promise<T>, isAttempt: boolean, giveUp?: (reason: Error) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const one: Waiting = { reject, giveUp, looks: isAttempt ? 0 : Number.NEGATIVE_INFINITY };
      this.#waiting.add(one);
      this.#timer ??= setInterval(() => this.#look(), lookEveryMs).unref();
      Promise.resolve(answer).then(
        (value) => {
          this.#waiting.delete(one);
          resolve(value);
        },
        (error) => {
          this.#waiting.delete(one);
          reject(error);
        },
      );
    });
  }

  /** Ends all waiting, each with an error of its own. */
  refuse(error: () => Error): void {
    const ended = [...this.#waiting];
    this.#waiting.clear();
    for (const one of ended) end(one, error());
  }

  #look(): void {
    if (this.#waiting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const one of this.#waiting) {
      one.looks += 1;
      if (one.looks * lookEveryMs < this.#limitMs) continue;
      this.#waiting.delete(one);
      const error = new Error(`no complete response within ${this.#limitMs} ms`);
      end(one, Object.assign(error, { name: "TimeoutError" }));
    }
  }
}

function end({ reject, giveUp }: Waiting, reason: Error): void {
  reject(reason);
  giveUp?.(reason);
}
