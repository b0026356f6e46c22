/** Ends responses that stall or drip: the SDK's handler limits only the time to their first byte. */
import type { Readable } from "node:stream";
import timers from "node:timers";
import { unreadableAnswer } from "../errors/unreadable-answer.js";

// Node's own, so that fake timers neither stop the watch nor see it.
const { setInterval, clearInterval } = timers;

/** The interval between two checks of the responses under way, in ms. */
const tickMs = 500;

/** Limits of one response, in ms. */
export interface AnswerLimits {
  /** The longest time without a further byte. */
  readonly idleMs: number;
  /** The longest time from its head to its end. */
  readonly wholeMs: number;
}

/** DynamoDB's largest response has 16 MB of items; as JSON, with bytes in Base64, it is never this large. */
export const mostAnswerBytes = 128 * 1024 * 1024;

/** The error of a response that nobody needs to read to its end. */
export function tooLarge(): Error {
  return unreadableAnswer(`it has more than ${mostAnswerBytes / 1024 / 1024} MB`);
}

interface Watched {
  readonly body: Readable;
  /** What the connection had read before, for other requests. */
  readonly before: number;
  bytes: number;
  /** The checks since its last byte (`idle`), and since its head (`age`). */
  idle: number;
  age: number;
}

/** The members of a body of Node's HTTP client that are checked. */
interface Message {
  readonly socket?: { readonly bytesRead?: number } | null;
  readonly complete?: boolean;
}

/**
 * Watches the bodies of one client. One timer checks all of them twice a second, and the checks are
 * counted instead of reading a clock: most responses have been read before their first check.
 */
export class AnswerWatch {
  readonly #limits: AnswerLimits;
  readonly #answers = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: AnswerLimits) {
    this.#limits = limits;
  }

  /** Destroys the body with a TimeoutError once it exceeds a limit. */
  watch(body: Readable): void {
    const before = (body as Message).socket?.bytesRead ?? 0;
    const answer: Watched = { body, before, bytes: -1, idle: 0, age: 0 };
    this.#answers.add(answer);
    body.once("close", () => this.#answers.delete(answer));
    this.#timer ??= setInterval(() => this.#look(), tickMs).unref();
  }

  #look(): void {
    if (this.#answers.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const answer of this.#answers) {
      const { socket, complete } = answer.body as Message;
      // All of it has arrived; how fast it is read is up to the reader.
      if (complete === true) continue;
      const bytes = socket?.bytesRead ?? 0;
      answer.idle = bytes === answer.bytes ? answer.idle + 1 : 0;
      answer.bytes = bytes;
      answer.age += 1;
      const { idleMs, wholeMs } = this.#limits;
      if (bytes - answer.before > mostAnswerBytes) answer.body.destroy(tooLarge());
      else if (answer.idle * tickMs >= idleMs)
        end(answer.body, `stalled: no byte for ${idleMs} ms`);
      else if (answer.age * tickMs >= wholeMs) end(answer.body, `took longer than ${wholeMs} ms`);
    }
  }
}

function end(body: Readable, what: string): void {
  body.destroy(Object.assign(new Error(`the response ${what}`), { name: "TimeoutError" }));
}
