import { getEventListeners } from "node:events";
import { perform } from "../../src/call/call.js";
import { AwaitedAnswers } from "../../src/client/awaited-answers.js";
import { createDataLayer } from "../../src/data-layer.js";
import { delay, firstOf, lastOf, orAborted } from "../../src/runtime/signals.js";
import { Waits } from "../../src/transport/waits.js";

const reason = new Error("changed my mind");
const listenersOn = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

/** What Node notes on a signal for each AbortSignal.any that was made of it. */
function dependantsOf(signal: AbortSignal): number {
  const noted = Object.getOwnPropertySymbols(signal).find(
    (symbol) => symbol.description === "kDependantSignals",
  );
  const dependants: unknown = noted && Reflect.get(signal, noted);
  return dependants instanceof Set || (dependants as Set<unknown>)?.size !== undefined
    ? (dependants as Set<unknown>).size
    : 0;
}

describe("the first of several signals", () => {
  test("is aborted with it, for its reason", () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const { signal } = firstOf(one.signal, undefined, other.signal);
    expect(signal.aborted).toBe(false);
    other.abort(reason);
    expect(signal.reason).toBe(reason);
    one.abort();
    expect(signal.reason).toBe(reason);
  });

  test("is aborted from the start where one is", () => {
    expect(firstOf(new AbortController().signal, AbortSignal.abort(reason)).signal.reason).toBe(
      reason,
    );
  });

  test("leaves nothing on them when it is released, and hears nothing more", () => {
    const one = new AbortController();
    const combined = firstOf(one.signal);
    expect(listenersOn(one.signal)).toBe(1);
    combined.release();
    expect(listenersOn(one.signal)).toBe(0);
    one.abort();
    expect(combined.signal.aborted).toBe(false);
  });
});

describe("the last of several signals", () => {
  test("is aborted when all are, for its reason", () => {
    const controllers = [new AbortController(), new AbortController(), new AbortController()];
    const combined = lastOf(controllers.map(({ signal }) => signal));
    controllers[2]?.abort();
    controllers[0]?.abort();
    expect(combined?.signal.aborted).toBe(false);
    controllers[1]?.abort(reason);
    expect(combined?.signal.reason).toBe(reason);
  });

  test("counts those that were aborted before, and one that is named twice", () => {
    const one = new AbortController();
    const combined = lastOf([AbortSignal.abort(), one.signal, one.signal]);
    expect(combined?.signal.aborted).toBe(false);
    one.abort(reason);
    expect(combined?.signal.reason).toBe(reason);
    expect(lastOf([AbortSignal.abort(reason)])?.signal.reason).toBe(reason);
  });

  test("is none where somebody has no signal, or nobody is there", () => {
    expect(lastOf([new AbortController().signal, undefined])).toBeUndefined();
    expect(lastOf([])).toBeUndefined();
  });
});

test("a hundred that wait on one signal are one listener, and all are told", async () => {
  const warned = jest.fn();
  process.on("warning", warned);
  const controller = new AbortController();
  const waiting = Array.from({ length: 100 }, () =>
    orAborted(new Promise(() => undefined), controller.signal).catch((error: unknown) => error),
  );
  expect(listenersOn(controller.signal)).toBe(1);
  controller.abort(reason);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([reason]));
  await delay(1, new AbortController().signal);
  expect(warned).not.toHaveBeenCalled();
  process.off("warning", warned);
});

test("a signal that lives as long as the application keeps nothing of its calls", async () => {
  const application = new AbortController();
  // What would be kept: the precondition of this test.
  const other = new AbortController();
  AbortSignal.any([other.signal]);
  expect(dependantsOf(other.signal)).toBe(1);

  let sent = 0;
  const send = () => {
    sent += 1;
    const failed = Object.assign(new Error("later"), { name: "ThrottlingException" });
    return sent % 2 === 1 ? Promise.reject(failed) : Promise.resolve({});
  };
  const data = createDataLayer({
    environment: "local",
    client: { send } as never,
    retry: { initialDelayMs: 1, signal: application.signal },
  });
  for (let n = 0; n < 20; n += 1) {
    const limits = { signal: application.signal, timeoutMs: 60_000 };
    await data.project.delete({ userId: "u1", projectId: "p" }, limits);
  }
  expect(sent).toBe(40);
  expect(dependantsOf(application.signal)).toBe(0);
  expect(listenersOn(application.signal)).toBe(0);
});

test("what a data layer has waited for leaves nothing on its own signal, nor on the call's", async () => {
  const waits = new Waits(60_000);
  const call = new AbortController();
  const ended = async () => "ended";
  const failed = () => Promise.reject(reason);
  expect(await waits.attempt(ended, call.signal)).toBe("ended");
  await expect(waits.attempt(failed, call.signal)).rejects.toBe(reason);
  expect(await waits.within(ended(), call.signal)).toBe("ended");
  await expect(waits.within(failed(), call.signal)).rejects.toBe(reason);
  await waits.pause(1, call.signal);
  expect([waits.closing, call.signal].map(listenersOn)).toEqual([0, 0]);
});

test("work that never ends is forgotten once its call has ended", async () => {
  const awaited = new AwaitedAnswers(60_000);
  const call = new AbortController();
  const waited = awaited.wait(new Promise(() => {}), false, call.signal);
  call.abort(reason);
  await expect(waited).rejects.toBe(reason);
  expect(listenersOn(call.signal)).toBe(0);
  let refused = 0;
  awaited.refuse(() => {
    refused += 1;
    return reason;
  });
  expect(refused).toBe(0);
});

describe("a call's deadline", () => {
  test.each([
    [2 ** 30 + 1, 2 ** 30 + 1],
    [2 ** 31 - 1, 2 ** 31 - 1],
    // A longer timer would fire at once.
    [2 ** 31, 2 ** 31 - 1],
    [1e300, 2 ** 31 - 1],
    [Number.POSITIVE_INFINITY, 2 ** 31 - 1],
  ])("of %p ms is a timer of %p ms, which ends with the call", async (timeoutMs, timerMs) => {
    const timer = jest.spyOn(globalThis, "setTimeout");
    const cleared = jest.spyOn(globalThis, "clearTimeout");
    try {
      const result = await perform({ operation: "test" }, { timeoutMs }, async ({ signal }) => {
        expect(timer.mock.calls.map(([, ms]) => ms)).toEqual([timerMs]);
        await new Promise(setImmediate);
        return signal?.aborted;
      });
      expect(result).toBe(false);
      expect(cleared).toHaveBeenCalledWith(timer.mock.results[0]?.value);
    } finally {
      timer.mockRestore();
      cleared.mockRestore();
    }
  });
});
