/**
 * Mutations: they are sent in their order, one request at a time, and each with an id that stays the same
 * however often it is sent, so that it is carried out once.
 */
import type { ClientSettings } from "./client-options.js";
import { errorOf } from "./errors.js";
import { exchange, isForOne, NoResults } from "./exchange.js";
import type { PendingCall } from "./pending.js";
import { mostCalls, type WireResult } from "./protocol.js";
import { pause } from "./waits.js";

/** An earlier request with the same mutation is still under way. */
const inProgress = "TransactionInProgressException";

/** Takes a mutation, to be sent after those before it. */
export function createMutationQueue(settings: ClientSettings): (call: PendingCall) => void {
  const queue: PendingCall[] = [];
  let isRunning = false;
  const run = async () => {
    // The mutations of this tick travel together.
    await Promise.resolve();
    for (let tries = 0; queue.length > 0; ) {
      const left = await sendFirst(settings, queue, tries);
      tries = left ? tries + 1 : 0;
    }
    isRunning = false;
  };
  return (call) => {
    queue.push(call);
    if (isRunning) return;
    isRunning = true;
    void run();
  };
}

/** Sends the first mutations of the queue. @returns whether any of them is to be sent again */
async function sendFirst(
  settings: ClientSettings,
  queue: PendingCall[],
  tries: number,
): Promise<boolean> {
  // After a failure the first alone: it may still be under way, and those behind it must wait for it.
  const most = tries === 0 ? mostCalls : 1;
  const calls = queue.splice(0, most).filter(({ isSettled }) => !isSettled);
  if (calls.length === 0) return false;
  const again = (those: readonly PendingCall[], ms: number, isOffline: boolean) => {
    queue.unshift(...those);
    return pause(ms, isOffline);
  };
  const ms = settings.delayMs(tries);
  try {
    const results = await exchange(settings, calls, new AbortController().signal);
    const running = calls.filter((call, index) => {
      const result = results[index] as WireResult;
      const isLate = Date.now() + ms > call.madeAt + settings.keepMs;
      if ("error" in result && result.error.code === inProgress && !isLate) return true;
      call.settle(result);
      return false;
    });
    if (running.length === 0) return false;
    await again(running, ms, false);
    return true;
  } catch (failure) {
    if (calls.length > 1 && isForOne(failure)) {
      queue.unshift(...calls);
      return true;
    }
    const isNone = failure instanceof NoResults;
    const { error, isPassing, isOffline } = isNone
      ? failure
      : { error: failure, isPassing: false, isOffline: false };
    const kept = calls.filter(({ madeAt }) => {
      const mostMs = isOffline ? settings.keepMs : settings.retryMs;
      return isPassing && Date.now() + ms <= madeAt + mostMs;
    });
    for (const call of calls)
      if (!kept.includes(call)) call.fail(isPassing ? lost(call, error) : error);
    if (kept.length === 0) return false;
    await again(kept, ms, isOffline);
    return true;
  }
}

/** A request with the mutation was sent, and nobody knows what became of it. */
function lost({ operation }: PendingCall, cause: unknown): Error {
  const message = `${operation}: no response; it may have been carried out nevertheless`;
  return errorOf("DynamoDBError", "AnswerLost", message, {
    cause,
    operation,
    retryable: true,
    mayHaveBeenDone: true,
  });
}
