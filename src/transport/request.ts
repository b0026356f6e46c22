/** One request from its input to its event: sealed, sent as often as it takes, opened, reported. */
import type { Call } from "../call/call.js";
import { requestChannel, traced } from "../call/tracing.js";
import type { CallContext } from "../errors/context.js";
import { isBudgetSpent, noteAdvice } from "../errors/notes.js";
import { nameOf } from "../errors/words.js";
import type { Clock } from "../runtime/clock.js";
import { Attempts, type Sending } from "./attempts.js";
import { isBatch, leftOf, sendRounds } from "./batch-rounds.js";
import type { Listeners, RequestEvent, RequestMessage } from "./events.js";
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
 * @param isNative whether it is ElectroDB's
 * @throws what the SDK threw last, the signal's reason, or that the layer is closed
 */
export async function runRequest(
  shared: Shared,
  name: RequestName,
  given: Input,
  call: Call,
  isNative: boolean,
): Promise<Answer> {
  shared.waits.throwIfClosed();
  meter.getStore()?.();
  if (!requestChannel.hasSubscribers) return run(shared, name, given, call, isNative);
  const message: RequestMessage = { ...aboutRequest(name, given, call.context), event: undefined };
  return traced(requestChannel, message, () => run(shared, name, given, call, isNative, message));
}

async function run(
  shared: Shared,
  name: RequestName,
  given: Input,
  call: Call,
  isNative: boolean,
  message?: RequestMessage,
): Promise<Answer> {
  const { waits, listeners, stats, clock, advice } = shared;
  const startedAt = clock.now();
  const attempts = new Attempts(shared, name, call, isNative);
  let outcome: unknown;
  let failed = false;
  try {
    const answer = await carryOut(shared, attempts, given, call);
    outcome = answer;
    return answer;
  } catch (error) {
    failed = true;
    outcome = waits.ownError(error);
    noteAdvice(outcome, advice?.(outcome, given.TableName));
    // Even if a repeated transaction is refused: its first request may still be on its way.
    if (attempts.answerLost && writes.has(name)) call.onAnswerLost?.();
    throw outcome;
  } finally {
    if (message !== undefined || stats !== undefined || listeners.areThere) {
      const event = report(shared, attempts, given, startedAt, outcome, failed);
      stats?.add(event);
      if (message !== undefined) message.event = event;
    }
  }
}

/** Sends the request until it is answered, with its secrets sealed on the way out and opened on the way in. */
async function carryOut(
  shared: Shared,
  attempts: Attempts,
  given: Input,
  call: Call,
): Promise<Answer> {
  const { waits, listeners, stats, guard } = shared;
  const { name, context } = attempts;
  // Once for all attempts: a transaction's token stands for the same bytes.
  const sealing = guard?.sealed(given, context);
  const sealed =
    sealing === undefined ? given : ((await waits.within(sealing, call.signal)) as Input);
  const wantCapacity =
    listeners.wantCapacity || stats !== undefined || requestChannel.hasSubscribers;
  const input = prepared(name, sealed, wantCapacity);
  const answer = await sendAll(shared, attempts, input, call);
  // An attempt before may have written some of what a batch leaves.
  const isLeft = attempts.answerLost && name === "BatchWrite" && leftOf(name, answer) !== undefined;
  if (isLeft) call.onAnswerLost?.();
  const opening = guard?.opened(itemsOf(answer), context);
  if (opening !== undefined) {
    // The request was carried out, whether or not the keys come that its response is read by.
    attempts.answerLost = true;
    await waits.within(opening, call.signal);
  }
  return answer;
}

/** Sends the request, and a batch in as many rounds as it takes. */
function sendAll(
  { repeats, listeners }: Shared,
  attempts: Attempts,
  input: Input,
  { signal }: Call,
): Promise<Answer> {
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
    signal,
  );
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
