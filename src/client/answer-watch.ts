/** Ends answers that stall or drip: the SDK's handler limits the time to their first byte only. */
import type { Readable } from "node:stream";
import timers from "node:timers";

// Node's own, so that fake timers neither stop the watch nor see it.
const { setInterval, clearInterval } = timers;

/** Between two looks at the answers under way, in ms. */
const tickMs = 500;

/** Limits of one answer, in ms. */
export interface AnswerLimits {
  /** Without a further byte. */
  readonly idleMs: number;
  /** From its head to its end. */
  readonly wholeMs: number;
}

interface Watched {
  readonly body: Readable;
  bytes: number;
  /** Looks since its last byte, and since its head. */
  idle: number;
  age: number;
}

/** A body of Node's HTTP client, as far as it is watched. */
interface Message {
  readonly socket?: { readonly bytesRead?: number } | null;
  readonly complete?: boolean;
}

/**
 * Watches the bodies of one client. It looks at all of them twice a second instead of setting timers
 * for each, and counts its looks instead of asking a clock: most answers are read before the first.
 */
export class AnswerWatch {
  readonly #limits: AnswerLimits;
  readonly #answers = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: AnswerLimits) {
    this.#limits = limits;
  }

  /** Destroys the body with a TimeoutError once it is over a limit. */
  watch(body: Readable): void {
    const answer: Watched = { body, bytes: -1, idle: 0, age: 0 };
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
      // All of it is here: what is left is the reader's matter.
      if (complete === true) continue;
      const bytes = socket?.bytesRead ?? 0;
      answer.idle = bytes === answer.bytes ? answer.idle + 1 : 0;
      answer.bytes = bytes;
      answer.age += 1;
      const { idleMs, wholeMs } = this.#limits;
      if (answer.idle * tickMs >= idleMs) end(answer.body, `stalled: no byte for ${idleMs} ms`);
      else if (answer.age * tickMs >= wholeMs) end(answer.body, `took longer than ${wholeMs} ms`);
    }
  }
}

function end(body: Readable, what: string): void {
  body.destroy(Object.assign(new Error(`the answer ${what}`), { name: "TimeoutError" }));
}
