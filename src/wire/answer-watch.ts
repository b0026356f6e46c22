/**
 * Ends responses that stall or drip, and requests that get none. The SDK's handler limits only the time
 * to the head of a response, with timers for each.
 */
import type { Readable } from "node:stream";
import timers from "node:timers";
import { Bag, type Member } from "../runtime/bag.js";

// Node's own, so that fake timers neither stop the watch nor see it.
const { setInterval, clearInterval } = timers;

/** The longest interval between two checks of the responses under way, in ms. */
const longestTickMs = 500;

/** Limits of one response, in ms. */
export interface AnswerLimits {
  /** The longest time without a further byte. */
  readonly idleMs: number;
  /** The longest time from the sending of its request to its end. */
  readonly wholeMs: number;
}

/** A request under way, and its response once there is one. */
export interface Watched extends Member {
  /** Ends it; without, its body is destroyed, and until it has one the SDK's handler limits it. */
  readonly fail: ((error: Error) => void) | undefined;
  body: Readable | undefined;
  /** The bytes that its connection has read, for other requests too. */
  bytes: number;
  /** The whole intervals without a byte of the response (`idle`), and since the request (`age`). */
  idle: number;
  age: number;
}

/** The members of a body of Node's HTTP client that are checked. */
interface Message {
  readonly socket?: { readonly bytesRead?: number } | null;
  readonly complete?: boolean;
}

/**
 * Watches the responses of one client. One timer checks all of them twice a second, and the checks are
 * counted instead of reading a clock: most responses have been read before their first check.
 */
export class AnswerWatch {
  readonly #limits: AnswerLimits;
  readonly #tickMs: number;
  readonly #answers = new Bag<Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: AnswerLimits) {
    this.#limits = limits;
    // A short limit is checked more often, so that it is exceeded by a quarter at most.
    this.#tickMs = Math.min(longestTickMs, Math.max(5, Math.ceil(limits.idleMs / 4)));
  }

  /** A request is sent: from here the time of its whole response counts. */
  begin(fail?: (error: Error) => void): Watched {
    const answer: Watched = { place: -1, fail, body: undefined, bytes: -1, idle: 0, age: -1 };
    this.#answers.add(answer);
    this.#timer ??= setInterval(() => this.#look(), this.#tickMs).unref();
    return answer;
  }

  /** Its response has begun: it ends with a TimeoutError once it exceeds a limit. */
  watch(answer: Watched, body: Readable): void {
    answer.body = body;
  }

  /** The request has failed, or its response has been read. */
  end(answer: Watched): void {
    this.#answers.delete(answer);
  }

  /** Ends all requests that can be ended. */
  failAll(error: () => Error): void {
    for (const { fail } of this.#answers.list()) fail?.(error());
  }

  #look(): void {
    if (this.#answers.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const answer of this.#answers.list()) this.#check(answer);
  }

  #check(answer: Watched): void {
    // The first check comes within an interval, which is no whole one.
    answer.age += 1;
    const { idleMs, wholeMs } = this.#limits;
    const age = answer.age * this.#tickMs;
    if (answer.body === undefined) {
      if (age >= Math.min(idleMs, wholeMs)) answer.fail?.(noResponse(Math.min(idleMs, wholeMs)));
      return;
    }
    const { socket, complete } = answer.body as Message;
    // All of it has arrived; how fast it is read is up to the reader.
    if (complete === true) return;
    const bytes = socket?.bytesRead ?? 0;
    answer.idle = bytes === answer.bytes ? answer.idle + 1 : 0;
    answer.bytes = bytes;
    if (answer.idle * this.#tickMs >= idleMs) end(answer, `stalled: no byte for ${idleMs} ms`);
    else if (age >= wholeMs) end(answer, `took longer than ${wholeMs} ms`);
  }
}

/** In the form of the SDK's handler, with this package's words. */
function noResponse(ms: number): Error {
  const own = { name: "TimeoutError", code: "ETIMEDOUT" };
  return Object.assign(new Error(`no response within ${ms} ms`), own);
}

function end({ fail, body }: Watched, what: string): void {
  const error = Object.assign(new Error(`the response ${what}`), { name: "TimeoutError" });
  if (fail === undefined) body?.destroy(error);
  else fail(error);
}
