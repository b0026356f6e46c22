/** Ends responses that stall or drip: the SDK's handler limits only the time to their head. */
import type { Readable } from "node:stream";
import timers from "node:timers";

// Node's own, so that fake timers neither stop the watch nor see it.
const { setInterval, clearInterval } = timers;

/** The interval between two checks of the responses under way, in ms. */
const tickMs = 500;

/** Limits of one response, in ms. */
export interface AnswerLimits {
  /** The longest time without a further byte. */
  readonly idleMs: number;
  /** The longest time from the sending of its request to its end. */
  readonly wholeMs: number;
}

/** A request under way, and its response once there is one. */
export interface Watched {
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
  readonly #answers = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: AnswerLimits) {
    this.#limits = limits;
  }

  /** A request is sent: from here the time of its whole response counts. */
  begin(): Watched {
    const answer: Watched = { body: undefined, bytes: -1, idle: 0, age: -1 };
    this.#answers.add(answer);
    this.#timer ??= setInterval(() => this.#look(), tickMs).unref();
    return answer;
  }

  /** Its response has begun: the body is destroyed with a TimeoutError once it exceeds a limit. */
  watch(answer: Watched, body: Readable): void {
    answer.body = body;
  }

  /** The request has failed, or its response has been read. */
  end(answer: Watched): void {
    this.#answers.delete(answer);
  }

  #look(): void {
    if (this.#answers.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const answer of this.#answers) this.#check(answer);
  }

  #check(answer: Watched): void {
    // The first check comes within an interval, which is no whole one.
    answer.age += 1;
    // Until its head has come, the handler's own limits count.
    if (answer.body === undefined) return;
    const { socket, complete } = answer.body as Message;
    // All of it has arrived; how fast it is read is up to the reader.
    if (complete === true) return;
    const bytes = socket?.bytesRead ?? 0;
    answer.idle = bytes === answer.bytes ? answer.idle + 1 : 0;
    answer.bytes = bytes;
    const { idleMs, wholeMs } = this.#limits;
    if (answer.idle * tickMs >= idleMs) end(answer.body, `stalled: no byte for ${idleMs} ms`);
    else if (answer.age * tickMs >= wholeMs) end(answer.body, `took longer than ${wholeMs} ms`);
  }
}

function end(body: Readable, what: string): void {
  body.destroy(Object.assign(new Error(`the response ${what}`), { name: "TimeoutError" }));
}
