/** Reads: those of one tick travel together, and are sent again while a server cannot be reached. */
import type { ClientSettings } from "./client-options.js";
import { exchange, isForOne, NoResults } from "./exchange.js";
import type { PendingCall } from "./pending.js";
import { mostCalls } from "./protocol.js";
import { pause } from "./waits.js";

/** Takes a read, to be sent with the others of this tick. */
export function createReads(settings: ClientSettings): (call: PendingCall) => void {
  let waiting: PendingCall[] = [];
  return (call) => {
    waiting.push(call);
    if (waiting.length > 1) return;
    queueMicrotask(() => {
      const all = waiting;
      waiting = [];
      while (all.length > 0) void sendReads(settings, all.splice(0, mostCalls));
    });
  };
}

async function sendReads(settings: ClientSettings, calls: readonly PendingCall[]): Promise<void> {
  const endsAt = Date.now() + settings.retryMs;
  const done = new AbortController();
  // Nobody waits for any of them any more.
  const stop = () => {
    if (calls.every(({ isSettled }) => isSettled)) done.abort();
  };
  for (const { signal } of calls) signal?.addEventListener("abort", stop);
  try {
    for (let tries = 0; ; tries += 1) {
      const open = calls.filter(({ isSettled }) => !isSettled);
      if (open.length === 0) return;
      try {
        const results = await exchange(settings, open, done.signal);
        for (const [index, call] of open.entries()) call.settle(results[index] as never);
        return;
      } catch (failure) {
        if (open.length > 1 && isForOne(failure)) {
          await Promise.all(open.map((call) => sendReads(settings, [call])));
          return;
        }
        const { error, isPassing } =
          failure instanceof NoResults ? failure : { error: failure, isPassing: false };
        const ms = settings.delayMs(tries);
        if (!isPassing || Date.now() + ms > endsAt) {
          for (const call of open) call.fail(error);
          return;
        }
        await pause(ms, false);
      }
    }
  } finally {
    for (const { signal } of calls) signal?.removeEventListener("abort", stop);
  }
}
