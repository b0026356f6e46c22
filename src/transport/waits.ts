/** Waiting on behalf of calls. `close`, a call's signal and an attempt's limit end it. */
import { AwaitedAnswers } from "../client/awaited-answers.js";
import { AbortedError } from "../errors/aborted-error.js";
import { delay } from "../runtime/signals.js";

/** What one transport waits for. */
export class Waits {
  readonly #closing = new AbortController();
  readonly #awaited: AwaitedAnswers;

  /** @param attemptLimitMs how long one HTTP attempt may take, whatever the client below does */
  constructor(attemptLimitMs: number) {
    this.#awaited = new AwaitedAnswers(attemptLimitMs);
  }

  /** Aborted by `close`. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** @throws AbortedError after `close` */
  throwIfClosed(): void {
    if (this.closing.aborted) throw closedError();
  }

  /** Ends all waiting with an AbortedError. */
  close(): void {
    if (this.closing.aborted) return;
    this.#closing.abort(closedError());
    this.#awaited.refuse(closedError);
  }

  /** The same error. The reason of `closing` is shared by all, so a caller gets one of its own for it. */
  ownError(error: unknown): unknown {
    return this.closing.aborted && error === this.closing.reason ? closedError() : error;
  }

  /** Waits for one HTTP attempt that is given no signal: `close` and its limit leave it behind. */
  sent<T>(attempt: Promise<T>): Promise<T> {
    return this.#awaited.wait(attempt, true);
  }

  /**
   * Makes one HTTP attempt with a signal, which is aborted by `close`, with a given signal, and at the
   * attempt's limit, so that an attempt that was given up keeps no socket. A client that ignores the
   * signal is left behind.
   */
  async attempt<T>(
    request: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    this.throwIfClosed();
    signal?.throwIfAborted();
    const limit = new AbortController();
    const end = (reason: unknown) => limit.abort(reason);
    return await this.#awaited.wait(request(limit.signal), true, signal, end);
  }

  /** Waits for the work of others, mostly for encryption keys. */
  within<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const waited = this.#awaited.wait(work, false, signal);
    if (this.closing.aborted) this.#awaited.refuse(closedError);
    return waited;
  }

  /** Waits so many ms. Throws the signal's reason, or that the layer is closed. */
  async pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const left = new AbortController();
    try {
      await this.within(delay(ms, left.signal), signal);
    } finally {
      left.abort();
    }
  }
}

/** Whether an error is what a signal was aborted with. */
export function isReason(signal: AbortSignal | undefined, error: unknown): boolean {
  return signal?.aborted === true && error === signal.reason;
}

function closedError(): AbortedError {
  return new AbortedError("the data layer is closed");
}
