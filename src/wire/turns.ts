/**
 * Requests wait for a socket here, not in the SDK's handler (4.14). That one counts the waiting towards
 * the connection's time-out, so that the requests of a busy client failed and were sent again. And when
 * it is destroyed, it sends the waiting requests on new sockets and leaves their timers running.
 */
import { orAborted } from "../runtime/signals.js";

/** A request that waits for a socket. */
interface Turn {
  readonly go: () => void;
  readonly refuse: (error: Error) => void;
}

/** The sockets of one handler, which its requests take in the order in which they come. */
export class Turns {
  readonly #waiting = new Set<Turn>();
  #free: number;
  #end: (() => Error) | undefined;

  /** @param sockets how many requests may be under way at a time */
  constructor(sockets: number) {
    this.#free = sockets;
  }

  /** How many requests wait for a socket. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Takes a socket, to be given back with `release`.
   * @returns nothing to wait for if one is free
   * @throws what the signal makes of its reason, or the error of `end`
   */
  take(signal: AbortSignal | undefined): Promise<void> | undefined {
    if (this.#free === 0) return this.#turn(signal);
    this.#free -= 1;
    return undefined;
  }

  /** Hands a socket on to whoever waits longest. */
  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else {
      this.#waiting.delete(next);
      next.go();
    }
  }

  /**
   * For whoever has had to wait: between its turn and what it does with it, all may have ended.
   * @throws the error of `end`
   */
  throwIfEnded(): void {
    if (this.#end !== undefined) throw this.#end();
  }

  /** Refuses those that wait. */
  end(error: () => Error): void {
    this.#end = error;
    for (const { refuse } of this.#waiting) refuse(error());
    this.#waiting.clear();
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    let turn: Turn | undefined;
    const granted = new Promise<void>((go, refuse) => {
      turn = { go, refuse };
    });
    const own = turn as unknown as Turn;
    this.#waiting.add(own);
    try {
      await orAborted(granted, signal);
    } catch (error) {
      // Its turn may have come at the same moment.
      if (!this.#waiting.delete(own) && this.#end === undefined) this.release();
      throw error;
    }
  }
}
