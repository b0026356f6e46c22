/** One request from its input to its event: sealed, sent as often as it takes, opened, reported. */
import type { Call } from "../call/call.js";
import { requestChannel, traced } from "../call/tracing.js";
import type { CallContext } from "../errors/context.js";
import { isBudgetSpent, noteAdvice } from "../errors/notes.js";
import { cancellationReasonsOf } from "../errors/thrown.js";
import { nameOf } from "../errors/words.js";
import type { Clock } from "../runtime/clock.js";
import { Attempts, type Sending } from "./attempts.js";
import { isBatch, leftOf, sendRounds } from "./batch-rounds.js";
import type { Listeners, RequestEvent, RequestMessage } from "./events.js";
import { convertItem } from "./failed-items.js";
import { meter } from "./meter.js";
import type { FieldGuard, TransportOptions } from "./options.js";
import type { Repeats } from "./repeats.js";
import {
  type Answer,
  batchSizeOf,
  type Input,
  itemsOf,
  prepared,
  type RequestName,
  tableOf,
  writes,
} from "./requests.js";
import type { Retry } from "./retry.js";
import type { Stats } from "./stats.js";

/** What all requests of one transport share. */
export interface Shared extends Sending {
  readonly repeats: Repeats;
  readonly listeners: Listeners;
  /** Where requests are added up, if they are. */
  readonly stats: Stats | undefined;
  readonly clock: Clock;
  readonly guard: FieldGuard | undefined;
  readonly advice: TransportOptions["advice"];
}

/**
 * Runs one request on behalf of a call.
 * @param isNative whether it is ElectroDB's, which converts the items on errors itself
 * @returns rejects with what the SDK threw last, the signal's reason, or that the layer is closed
 */
export function runRequest(
  shared: Shared,
  name: RequestName,
  given: Input,
  call: Call,
  isNative: boolean,
): Promise<Answer> {
  return requestChannel.hasSubscribers
    ? runTraced(shared, name, given, call, isNative)
    : run(shared, name, given, call, isNative);
}

async function runTraced(
  shared: Shared,
  name: RequestName,
  given: Input,
  call: Call,
  isNative: boolean,
): Promise<Answer> {
  admit(shared);
  const message: RequestMessage = { ...aboutRequest(name, given, call.context), event: undefined };
  const work = () => run(shared, name, given, call, isNative, message);
  return await traced(requestChannel, message, work);
}

/** @throws AbortedError if the layer is closed, or what the meter throws */
function admit({ waits }: Shared): void {
  waits.throwIfClosed();
  meter.getStore()?.();
}

async function run(
  shared: Shared,
  name: RequestName,
  given: Input,
  call: Call,
  isNative: boolean,
  message?: RequestMessage,
): Promise<Answer> {
  if (message === undefined) admit(shared);
  const { waits, listeners, stats, clock, guard, advice } = shared;
  const { context, signal } = call;
  const startedAt = clock.now();
  const attempts = new Attempts(shared, name, call, isNative);
  let outcome: unknown;
  let failed = false;
  try {
    // Once for all attempts: a transaction's token stands for the same bytes.
    const sealing = guard?.sealed(given, context);
    const sealed = sealing === undefined ? given : ((await waits.within(sealing, signal)) as Input);
    const isCounted = listeners.wantCapacity || stats !== undefined || message !== undefined;
    const answer = await sendAll(shared, attempts, prepared(name, sealed, isCounted), call);
    outcome = answer;
    // An attempt before may have written some of what a batch leaves.
    const isLeft = attempts.answerLost && name === "BatchWrite" && leftOf(name, answer);
    if (isLeft) call.onAnswerLost?.();
    const opening = guard?.opened(itemsOf(answer), context);
    if (opening !== undefined) {
      // The request was carried out, whether or not the keys come that its response is read by.
      attempts.answerLost = true;
      await waits.within(opening, signal);
    }
    return answer;
  } catch (error) {
    failed = true;
    outcome = waits.ownError(error);
    noteAdvice(outcome, advice?.(outcome, given.TableName));
    // Even if a repeated transaction is refused: its first request may still be on its way.
    if (attempts.answerLost && writes.has(name)) call.onAnswerLost?.();
    if (!isNative) await openMet(shared, outcome, call);
    throw outcome;
  } finally {
    if (message !== undefined || stats !== undefined || listeners.areThere) {
      const event = report(shared, attempts, given, startedAt, outcome, failed);
      stats?.add(event);
      if (message !== undefined) message.event = event;
    }
  }
}

/** The items on what a request of the layer's throws are converted, and their secrets opened. */
async function openMet({ waits, guard }: Shared, thrown: unknown, call: Call): Promise<void> {
  const items = [thrown, ...cancellationReasonsOf(thrown)].flatMap(convertItem);
  const opening = guard?.opened(items, call.context);
  if (opening !== undefined) await waits.within(opening, call.signal);
}

/** Sends the request, and a batch in as many rounds as it takes. */
function sendAll(shared: Shared, attempts: Attempts, input: Input, call: Call): Promise<Answer> {
  const { repeats, listeners } = shared;
  const { signal } = call;
  const onRetry = (retry: Retry) => {
    repeats.policy.onRetry?.(retry);
    listeners.warnOfRetry(attempts, retry.error);
  };
  if (!isBatch(attempts.name)) return repeats.run(() => attempts.next(input), signal, onRetry);
  return sendRounds(
    attempts.name,
    input,
    (rest) => attempts.next(rest),
    (round) => repeats.run(round, signal, onRetry),
    call.onPart && ((answer) => tellPart(shared, answer, call)),
    (error) => shared.waits.ownError(error),
  );
}

/** Tells a call of a part of its batch, with its secrets open. */
async function tellPart({ waits, guard }: Shared, answer: Answer, call: Call): Promise<void> {
  const opening = guard?.opened(itemsOf(answer), call.context);
  try {
    if (opening !== undefined) await waits.within(opening, call.signal);
  } catch {
    // They are opened once more at the end, which fails for the same reason, and the call with it.
    return;
  }
  call.onPart?.(answer);
}

/** What a request is, before it is sent. */
function aboutRequest(name: RequestName, given: Input, { operation, entity }: CallContext) {
  const { IndexName: index } = given as { readonly IndexName?: string };
  return {
    request: name,
    operation,
    entity,
    table: tableOf(given),
    index,
    batchSize: batchSizeOf(given),
  };
}

function report(
  { listeners, clock }: Shared,
  attempts: Attempts,
  given: Input,
  startedAt: number,
  outcome: unknown,
  failed: boolean,
): RequestEvent {
  const budgetSpent = isBudgetSpent(outcome);
  if (budgetSpent) listeners.warnOfBudget(attempts, failed ? outcome : undefined);
  const event: RequestEvent = {
    ...aboutRequest(attempts.name, given, attempts.context),
    attempts: attempts.attempts,
    throttles: attempts.throttles,
    hedged: attempts.hedged,
    durationMs: clock.now() - startedAt,
    consumedCapacity: attempts.consumedCapacity,
    error: failed ? (nameOf(outcome) ?? "Error") : undefined,
    budgetSpent,
  };
  listeners.announce(event);
  return event;
}
