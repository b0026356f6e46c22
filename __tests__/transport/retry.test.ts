import { ConfigurationError } from "../../src/errors/configuration-error.js";
import {
  type Retry,
  retryAfter,
  retryPolicy,
  withBatchRetry,
  withRetry,
} from "../../src/transport/retry.js";

const throttled = () => Object.assign(new Error("slow down"), { name: "ThrottlingException" });
const refused = () => Object.assign(new Error("no"), { name: "ValidationException" });

/** Runs a retry under fake timers and returns the delays that it asked for, in ms. */
async function delaysOf(run: () => Promise<unknown>): Promise<number[]> {
  jest.useFakeTimers();
  const timers = jest.spyOn(globalThis, "setTimeout");
  try {
    const finished = run().catch((error: unknown) => error);
    await jest.runAllTimersAsync();
    await finished;
    return timers.mock.calls.map(([, delay]) => delay ?? 0);
  } finally {
    timers.mockRestore();
    jest.useRealTimers();
  }
}

const failing = () => jest.fn(() => Promise.reject(throttled()));

describe("withRetry", () => {
  test("returns what the function returns, without a delay", async () => {
    const fn = jest.fn(async () => "success");
    const delays = await delaysOf(async () => expect(await withRetry(fn)).toBe("success"));
    expect(fn).toHaveBeenCalledTimes(1);
    expect(delays).toEqual([]);
  });

  test("takes a function that is not asynchronous, also one that throws", async () => {
    expect(await withRetry(() => 7)).toBe(7);
    const fn = () => {
      throw refused();
    };
    await expect(withRetry(fn)).rejects.toThrow("no");
  });

  test("calls again while the error may pass, and tells the attempt", async () => {
    const attempts: number[] = [];
    const result = await withRetry(
      async (attempt) => {
        attempts.push(attempt);
        if (attempt < 3) throw throttled();
        return "success";
      },
      { initialDelayMs: 1 },
    );
    expect(result).toBe("success");
    expect(attempts).toEqual([1, 2, 3]);
  });

  test("calls four times by default and throws the last error as it is", async () => {
    let last: unknown;
    const fn = jest.fn(async () => {
      last = throttled();
      throw last;
    });
    let thrown: unknown;
    await delaysOf(() => withRetry(fn).catch((error: unknown) => (thrown = error)));
    expect(fn).toHaveBeenCalledTimes(4);
    expect(thrown).toBe(last);
  });

  test("does not call again for what cannot be cured", async () => {
    const fn = jest.fn(() => Promise.reject(refused()));
    await expect(withRetry(fn)).rejects.toThrow("no");
    expect(fn).toHaveBeenCalledTimes(1);
  });

  test("stops at an error that cannot be cured although the first could", async () => {
    const fn = jest.fn().mockRejectedValueOnce(throttled()).mockRejectedValueOnce(refused());
    await expect(withRetry(fn, { initialDelayMs: 1 })).rejects.toThrow("no");
    expect(fn).toHaveBeenCalledTimes(2);
  });

  test("retries a connection reset, whose name is only Error", async () => {
    const reset = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    const fn = jest.fn().mockRejectedValueOnce(reset).mockResolvedValueOnce("there");
    expect(await withRetry(fn, { initialDelayMs: 1 })).toBe("there");
  });

  test("retries a TypeError that says it may pass, which p-retry alone would not", async () => {
    const typeError = Object.assign(new TypeError("odd"), { code: "ECONNRESET" });
    const fn = jest.fn().mockRejectedValueOnce(typeError).mockResolvedValueOnce("there");
    expect(await withRetry(fn, { initialDelayMs: 1 })).toBe("there");
  });

  test("retries a plain object and throws what is no Error as it is", async () => {
    const plain = { name: "ThrottlingException", message: "slow down" };
    const fn = jest.fn().mockRejectedValueOnce(plain).mockResolvedValueOnce("there");
    expect(await withRetry(fn, { initialDelayMs: 1 })).toBe("there");
    for (const thrown of [null, undefined, "text", plain]) {
      await expect(withRetry(() => Promise.reject(thrown), { maxRetries: 0 })).rejects.toBe(thrown);
    }
  });

  test("throws the same frozen error each time, unharmed", async () => {
    const frozen = Object.freeze(throttled());
    const fn = jest.fn(() => Promise.reject(frozen));
    await expect(withRetry(fn, { initialDelayMs: 1, maxRetries: 2 })).rejects.toBe(frozen);
    expect(fn).toHaveBeenCalledTimes(3);
  });
});

describe("delays", () => {
  test("double from 100 ms by default", async () => {
    const delays = await delaysOf(() => withRetry(failing(), { jitter: false }));
    expect(delays).toEqual([100, 200, 400]);
  });

  test("follow the options", async () => {
    const options = {
      maxRetries: 5,
      initialDelayMs: 10,
      backoffMultiplier: 3,
      maxDelayMs: 200,
      jitter: false,
    };
    expect(await delaysOf(() => withRetry(failing(), options))).toEqual([10, 30, 90, 200, 200]);
  });

  test("never pass maxDelayMs, with jitter too", async () => {
    const options = { maxRetries: 60, initialDelayMs: 100, maxDelayMs: 250 };
    const delays = await delaysOf(() => withRetry(failing(), options));
    expect(delays).toHaveLength(60);
    expect(Math.max(...delays)).toBeLessThanOrEqual(250);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(100);
  });

  test("are spread by jitter", async () => {
    const firsts = new Set<number>();
    for (let run = 0; run < 20; run += 1) {
      const [first = 0] = await delaysOf(() => withRetry(failing(), { maxRetries: 1 }));
      expect(first).toBeGreaterThanOrEqual(100);
      expect(first).toBeLessThanOrEqual(200);
      firsts.add(first);
    }
    expect(firsts.size).toBeGreaterThan(1);
  });

  describe("of callers that failed together", () => {
    /** Numbers from 0 to 1 that are the same in each run: a linear congruential generator. */
    const seeded = () => {
      let state = 42;
      return () => {
        state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
        return state / 2 ** 32;
      };
    };
    const callers = 100;
    const options = { maxRetries: 6, initialDelayMs: 100, maxDelayMs: 1_000 };
    /** The delays of each caller. */
    async function delaysOfAll(): Promise<number[][]> {
      const random = jest.spyOn(Math, "random").mockImplementation(seeded());
      try {
        const all: number[][] = [];
        for (let n = 0; n < callers; n += 1) {
          all.push(await delaysOf(() => withRetry(failing(), options)));
        }
        return all;
      } finally {
        random.mockRestore();
      }
    }

    test("lie between one and two times their length, and above half of the longest", async () => {
      for (const delays of await delaysOfAll()) {
        expect(delays).toHaveLength(6);
        for (const [n, delay] of delays.entries()) {
          const length = 100 * 2 ** n;
          expect(delay).toBeGreaterThanOrEqual(Math.min(length, 500));
          expect(delay).toBeLessThanOrEqual(Math.min(2 * length, 1_000));
        }
      }
    });

    test("are spread evenly, at the longest too (all came back together there)", async () => {
      const all = await delaysOfAll();
      const ranges: [number, number, number][] = [
        [0, 100, 200],
        [1, 200, 400],
        // From here on the backoff is longer than the longest delay.
        [4, 500, 1_000],
        [5, 500, 1_000],
      ];
      for (const [n, from, to] of ranges) {
        const quarters = [0, 0, 0, 0];
        for (const delays of all) {
          const quarter = Math.min(3, Math.floor((4 * ((delays[n] ?? 0) - from)) / (to - from)));
          quarters[quarter] = (quarters[quarter] ?? 0) + 1;
        }
        // A fair share is 25 of 100.
        expect(Math.min(...quarters)).toBeGreaterThanOrEqual(12);
      }
    });

    test("are never the same for two of them", async () => {
      const all = await delaysOfAll();
      expect(new Set(all.map((delays) => delays.join())).size).toBe(callers);
    });
  });

  test("may be none", async () => {
    const options = { maxRetries: 3, initialDelayMs: 0, maxDelayMs: 0 };
    const delays = await delaysOf(() => withRetry(failing(), options));
    expect(delays.every((delay) => delay === 0)).toBe(true);
  });

  test("are announced before each of them, and not after the last attempt", async () => {
    const retries: Retry[] = [];
    await withRetry(failing(), {
      maxRetries: 2,
      initialDelayMs: 1,
      onRetry: (retry) => retries.push(retry),
    }).catch(() => undefined);
    expect(retries).toEqual([
      { attempt: 1, retriesLeft: 2, error: expect.objectContaining({ message: "slow down" }) },
      { attempt: 2, retriesLeft: 1, error: expect.objectContaining({ message: "slow down" }) },
    ]);
  });

  test("nothing is written to the console", async () => {
    const spies = (["log", "warn", "error", "info"] as const).map((method) =>
      jest.spyOn(console, method),
    );
    await withRetry(failing(), { initialDelayMs: 1 }).catch(() => undefined);
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });
});

describe("options", () => {
  test("one that is undefined means its default", async () => {
    expect(
      retryPolicy({
        maxRetries: undefined,
        initialDelayMs: undefined,
        maxDelayMs: undefined,
        backoffMultiplier: undefined,
        jitter: undefined,
      }),
    ).toEqual(retryPolicy());
    expect(retryPolicy()).toMatchObject({
      maxRetries: 3,
      initialDelayMs: 100,
      maxDelayMs: 5000,
      backoffMultiplier: 2,
      jitter: true,
    });
    const fn = jest.fn(async () => "called");
    expect(await withRetry(fn, { maxRetries: undefined })).toBe("called");
  });

  test("maxRetries 0 is one call", async () => {
    const fn = failing();
    await expect(withRetry(fn, { maxRetries: 0 })).rejects.toThrow("slow down");
    expect(fn).toHaveBeenCalledTimes(1);
  });

  test.each([
    [{ maxRetries: -1 }, "retry.maxRetries must be an integer from 0"],
    [{ maxRetries: 1.5 }, "retry.maxRetries must be an integer from 0"],
    [{ maxRetries: Number.POSITIVE_INFINITY }, "retry.maxRetries must be an integer from 0"],
    [{ initialDelayMs: Number.NaN }, "retry.initialDelayMs must be a number from 0"],
    [{ maxDelayMs: -5 }, "retry.maxDelayMs must be a number from 0"],
    [{ backoffMultiplier: "2" as never }, "retry.backoffMultiplier must be a number from 0"],
  ])("refuses %p before the function is called", async (options, message) => {
    const fn = jest.fn();
    const error = await withRetry(fn, options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toHaveProperty("message", message);
    expect(fn).not.toHaveBeenCalled();
  });
});

describe("abort", () => {
  test("before the first call throws the signal's reason and calls nothing", async () => {
    const reason = new Error("changed my mind");
    const fn = jest.fn();
    await expect(withRetry(fn, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(fn).not.toHaveBeenCalled();
  });

  test("while waiting ends the waiting at once with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = { why: "no Error at all" };
    const fn = failing();
    const started = Date.now();
    const retried = withRetry(fn, {
      initialDelayMs: 60_000,
      maxDelayMs: 60_000,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(reason), 10);
    await expect(retried).rejects.toBe(reason);
    expect(Date.now() - started).toBeLessThan(5_000);
    expect(fn).toHaveBeenCalledTimes(1);
  });
});

test("an attempt that succeeded stays so, whatever ends at once (a write that was done was told as aborted)", async () => {
  const ender = new AbortController();
  const policy = retryPolicy({ initialDelayMs: 1, signal: ender.signal });
  const failure = Object.assign(new Error("slow"), { name: "ThrottlingException" });
  const done = retryAfter(
    failure,
    async () => {
      ender.abort();
      return "done";
    },
    policy,
  );
  expect(await done).toBe("done");
});

describe("withBatchRetry", () => {
  const options = { initialDelayMs: 1 };
  interface Result {
    readonly done: number[];
    readonly rest?: number[];
  }
  const merge = (before: Result, next: Result): Result => ({
    done: [...before.done, ...next.done],
    ...(next.rest && { rest: next.rest }),
  });

  test("runs again with what was left, and joins the results", async () => {
    const given: number[][] = [];
    const result = await withBatchRetry<number, Result>(
      async (items) => {
        given.push(items);
        return { done: items.slice(0, 1), rest: items.slice(1) };
      },
      ({ rest }) => rest,
      [1, 2, 3],
      options,
      merge,
    );
    expect(given).toEqual([[1, 2, 3], [2, 3], [3]]);
    expect(result.done).toEqual([1, 2, 3]);
  });

  test("waits between two rounds", async () => {
    const delays = await delaysOf(() =>
      withBatchRetry<number, Result>(
        async (items) => ({ done: [], rest: items }),
        ({ rest }) => rest,
        [1],
        { jitter: false },
      ),
    );
    expect(delays).toEqual([100, 200, 400]);
  });

  test("returns what is still unprocessed after the last round", async () => {
    const fn = jest.fn(async (items: number[]): Promise<Result> => ({ done: [], rest: items }));
    const result = await withBatchRetry(fn, ({ rest }) => rest, [1, 2], options, merge);
    expect(fn).toHaveBeenCalledTimes(4);
    expect(result).toEqual({ done: [], rest: [1, 2] });
  });

  test("without a merge function returns the last round's result", async () => {
    const fn = jest
      .fn<Promise<Result>, [number[]]>()
      .mockResolvedValueOnce({ done: [1], rest: [2] })
      .mockResolvedValueOnce({ done: [2] });
    expect(await withBatchRetry(fn, ({ rest }) => rest, [1, 2], options)).toEqual({ done: [2] });
  });

  test("runs once where nothing is left, or nothing is told of it", async () => {
    for (const rest of [[], undefined]) {
      const fn = jest.fn(async (): Promise<Result> => ({ done: [1], ...(rest && { rest }) }));
      await withBatchRetry(fn, (result) => result.rest, [1], options);
      expect(fn).toHaveBeenCalledTimes(1);
    }
  });

  test("throws what cannot be cured, and retries what may pass with the same items", async () => {
    await expect(
      withBatchRetry(
        () => Promise.reject(refused()),
        () => undefined,
        [1],
        options,
      ),
    ).rejects.toThrow("no");
    const fn = jest
      .fn<Promise<Result>, [number[]]>()
      .mockRejectedValueOnce(throttled())
      .mockResolvedValueOnce({ done: [1, 2] });
    await withBatchRetry(fn, ({ rest }) => rest, [1, 2], options);
    expect(fn.mock.calls).toEqual([[[1, 2]], [[1, 2]]]);
  });
});
