/**
 * One `send` for everything: every request of the stores, of ElectroDB and of the scripts goes through
 * it. A retry repeats one request (a page, a batch, a transaction) and never starts a chain again.
 */
import type { Call } from "../call/call.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { isDynamoDBError } from "../errors/dynamodb-error.js";
import { leavesOpen } from "../errors/left-open.js";
import { endOf, noteAdvice, noteOpen, noteUnwritable } from "../errors/notes.js";
import { isRetryableError } from "../errors/retryable.js";
import { unquoted } from "../errors/unreadable-answer.js";
import { systemClock } from "../runtime/clock.js";
import { firstOf } from "../runtime/signals.js";
import { wholeAnswerMs } from "../wire/request-handler.js";
import { type ElectroClient, electroClient, freshError, tellPartOf } from "./electro-client.js";
import { Listeners, type RequestEvent } from "./events.js";
import { createHedgedReads } from "./hedged-reads.js";
import type { TransportOptions } from "./options.js";
import { Repeats } from "./repeats.js";
import { runRequest, type Shared } from "./request.js";
import { refuseTooLarge } from "./request-size.js";
import { type Answer, type Input, itemsOf, type RequestName, type Requests } from "./requests.js";
import { type CallStats, Stats } from "./stats.js";
import { isReason, Waits } from "./waits.js";

export interface Transport {
  /** Sends one request for a call. Throws what the SDK threw last, or the signal's reason. */
  send<N extends RequestName>(name: N, input: Requests[N][0], call: Call): Promise<Requests[N][1]>;
  /** The same as ElectroDB takes it: a method for each request, so that none is named by a class. */
  readonly client: ElectroClient;
  /**
   * Runs a request of another kind with the same retry, budget, limits and end; it gets a signal for
   * them.
   * @param onAnswerLost called for each attempt that may have been carried out although it failed
   */
  repeat<T>(
    request: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
    onAnswerLost?: () => void,
  ): Promise<T>;
  /** Waits on behalf of a call for work that is no request. Ends as `pause` does. */
  within<T>(work: Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Waits so many ms on behalf of a call. Throws the signal's reason, or that the layer is closed. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
  /** Reports an event of something that is no single request to whoever listens. */
  report(event: RequestEvent): void;
  /** What requests have taken. @throws ConfigurationError if they are not added up */
  stats(): CallStats[];
  /** Aborted by `close`, for what waits for others than the engine. */
  readonly closing: AbortSignal;
  /** @throws AbortedError after `close` */
  throwIfClosed(): void;
  /** Ends what is under way with an AbortedError, and refuses what comes after. */
  close(): void;
}

/**
 * The longest attempt, in ms, whatever the client below does. The layer's own client has shorter limits
 * and gives its socket up then; a client of the application's may have none.
 */
const defaultAttemptLimitMs = wholeAnswerMs + 15_000;

/** @throws ConfigurationError that names the option */
export function createTransport(options: TransportOptions): Transport {
  const shared = sharedOf(options);
  const { waits, listeners, stats } = shared;
  return {
    // The request's name decides its response; the table of requests pairs the two.
    send: (name, input, call) =>
      runRequest(shared, name, input as unknown as Input, call, false) as never,
    client: electroClient((name, input, signal) => sendNative(shared, name, input, signal)),
    repeat: (request, signal, onAnswerLost) => repeat(shared, request, signal, onAnswerLost),
    within: (work, signal) => waits.within(work, signal),
    pause: (ms, signal) => waits.pause(ms, signal),
    report: (event) => listeners.announce(event),
    stats: () => {
      if (stats !== undefined) return stats.list();
      throw new ConfigurationError("stats(): the data layer needs the option `stats: true`");
    },
    closing: waits.closing,
    throwIfClosed: () => waits.throwIfClosed(),
    close: () => {
      waits.close();
      shared.hedging?.close();
    },
  };
}

function sharedOf(options: TransportOptions): Shared {
  const { client, events, logger, clock = systemClock, guard, advice } = options;
  const waits = new Waits(options.attemptLimitMs ?? defaultAttemptLimitMs);
  const repeats = new Repeats(options.retry, waits.closing);
  return {
    client: typeof client === "function" ? client : () => client,
    waits,
    repeats,
    hedging: createHedgedReads(options.hedgedReads, repeats),
    listeners: new Listeners(events, logger),
    stats: options.stats ? new Stats() : undefined,
    clock,
    guard,
    advice,
  };
}

/** Sends a request of ElectroDB's, whose caller sees items as they are stored. */
async function sendNative(
  shared: Shared,
  name: RequestName,
  input: Input,
  signal: AbortSignal,
): Promise<Answer> {
  const { guard } = shared;
  let isOpen = false;
  const onAnswerLost = () => {
    isOpen = true;
  };
  try {
    refuseNative(shared, input);
    const answer = await runRequest(
      shared,
      name,
      input,
      { context: {}, signal, onAnswerLost, onPart: (part) => tellPartOf(input, part) },
      true,
    );
    const end = endOf(answer);
    // What was throttled is ElectroDB's `unprocessed`, which says no more; a refusal is none of it.
    if (end !== undefined && !isRetryableError(end)) throw end;
    const written = input.UpdateExpression !== undefined;
    // A deleted item is gone: it is given as it was stored, even if its secrets cannot be opened.
    if (written || answer.Attributes === undefined) {
      guard?.refuseUnreadable(itemsOf(answer), written);
    }
    return answer;
  } catch (error) {
    const fresh = freshError(error);
    if (isOpen) noteOpen(fresh);
    throw fresh;
  }
}

/** @throws what is wrong with a request of ElectroDB's, before it is sent */
function refuseNative({ guard }: Shared, input: Input): void {
  try {
    refuseTooLarge(input);
    guard?.refuseNative(input);
  } catch (thrown) {
    // A getter of the caller's may throw anything.
    throw isDynamoDBError(thrown) ? thrown : noteUnwritable(thrown);
  }
}

/** Runs what is no request of an item's as these are run. */
async function repeat<T>(
  { waits, repeats, advice }: Shared,
  request: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal | undefined,
  onAnswerLost: (() => void) | undefined,
): Promise<T> {
  const limit = firstOf(waits.closing, signal);
  const attempt = async () => {
    try {
      return await waits.attempt(request, limit.signal);
    } catch (error) {
      const failure = isReason(limit.signal, error) ? error : unquoted(error);
      if (leavesOpen(failure, limit.signal)) onAnswerLost?.();
      throw failure;
    }
  };
  try {
    limit.signal.throwIfAborted();
    return await repeats.run(attempt, limit.signal, repeats.policy.onRetry);
  } catch (error) {
    noteAdvice(error, advice?.(error));
    throw waits.ownError(error);
  } finally {
    limit.release();
  }
}
