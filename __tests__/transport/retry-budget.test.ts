import { createDataLayer, type DataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { DynamoDBRepository } from "../../src/repository/repository.js";
import { type Fault, faults } from "../../src/testing/index.js";
import type { RequestEvent } from "../../src/transport/events.js";
import { createRetryBudget } from "../../src/transport/retry-budget.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";

const many = 1_000;
/** Far more than the budget holds: once all of these have failed, it is spent. */
const enough = 400;

describe("a retry budget", () => {
  const clock = { ms: 0 };
  const budgetOf = (options = {}) => createRetryBudget(options, () => clock.ms);
  /** How many retries are to be had now, by taking them. */
  const drained = (budget: ReturnType<typeof budgetOf>): number => {
    for (let taken = 0; ; taken += 1) if (budget.take(many) === null) return taken;
  };
  beforeEach(() => {
    clock.ms = 0;
  });

  test("holds 100 retries and gets 2 a second back, up to 100", () => {
    const budget = budgetOf();
    expect(drained(budget)).toBe(100);
    clock.ms += 499;
    expect(drained(budget)).toBe(0);
    clock.ms += 1;
    expect(drained(budget)).toBe(1);
    clock.ms += 10_000;
    expect(drained(budget)).toBe(20);
    clock.ms += 3_600_000;
    expect(drained(budget)).toBe(100);
  });

  test("takes its capacity and its refill from the options", () => {
    const budget = budgetOf({ capacity: 3, refillPerSecond: 0 });
    expect(drained(budget)).toBe(3);
    clock.ms += 3_600_000;
    expect(drained(budget)).toBe(0);
  });

  test("gets back what is given back, and a tenth for a first success, never above its capacity", () => {
    const budget = budgetOf({ capacity: 5, refillPerSecond: 0 });
    expect(drained(budget)).toBe(5);
    budget.giveBack(3);
    expect(drained(budget)).toBe(3);
    for (let n = 0; n < 9; n += 1) budget.firstSuccess();
    expect(drained(budget)).toBe(0);
    for (let n = 0; n < 2; n += 1) budget.firstSuccess();
    expect(drained(budget)).toBe(1);
    for (let n = 0; n < 1_000; n += 1) budget.firstSuccess();
    budget.giveBack(1_000);
    expect(drained(budget)).toBe(5);
  });

  test("is free while no more than 10 requests are under way", () => {
    const budget = budgetOf({ capacity: 1, refillPerSecond: 0 });
    for (let n = 0; n < 100; n += 1) expect(budget.take(10)).toBe(0);
    expect(budget.take(11)).toBe(1);
    expect(budget.take(11)).toBe(null);
    expect(budget.take(10)).toBe(0);
  });

  test("false is no limit", () => {
    const budget = createRetryBudget(false);
    for (let n = 0; n < 1_000; n += 1) expect(budget.take(many)).toBe(0);
  });

  const wrong: [unknown, string][] = [
    [true, "retry.budget must be false or an object"],
    [null, "retry.budget must be false or an object"],
    [7, "retry.budget must be false or an object"],
    [{ capacity: 0 }, "retry.budget.capacity must be a number from 1"],
    [{ capacity: "5" }, "retry.budget.capacity must be a number from 1"],
    [{ capacity: Number.NaN }, "retry.budget.capacity must be a number from 1"],
    [{ refillPerSecond: -1 }, "retry.budget.refillPerSecond must be a number from 0"],
    [{ refillPerSecond: Infinity }, "retry.budget.refillPerSecond must be a number from 0"],
  ];
  test.each(wrong)("%p is refused when it is given, by name", (budget, message) => {
    const retry = { budget } as NonNullable<DataLayerOptions["retry"]>;
    for (const make of [
      () => createDataLayer({ environment: "local", retry }),
      () => new DynamoDBRepository(retry),
    ]) {
      expect(make).toThrow(ConfigurationError);
      expect(make).toThrow(message);
    }
  });
});

const createAll = (data: DataLayer, run: string, count = many) =>
  Promise.allSettled(
    Array.from({ length: count }, (_, n) =>
      data.project.create({ userId: "u1", projectId: `${run}-${n}`, data: { name: "P" } }),
    ),
  );

// The faults stand before the engine: which one is behind them makes no difference.
describe.each(engines.slice(0, 1))("an outage on $name", (engine) => {
  const wire = faults();
  const events: RequestEvent[] = [];
  const warnings: string[] = [];
  const table = openTable(engine, {
    requestHandler: wire,
    retry: { initialDelayMs: 1, maxDelayMs: 4 },
    events: (event) => void events.push(event),
    logger: { debug: () => undefined, warn: (_, message) => void warnings.push(message) },
  });
  beforeEach(() => {
    wire.clear();
    events.length = 0;
    warnings.length = 0;
  });
  /** The requests that calls meet which all fail. */
  async function requestsIn(fault: Fault, count: number): Promise<number> {
    wire.inject({ fault, times: Number.POSITIVE_INFINITY });
    const outcomes = await createAll(table.data, fault, count);
    expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
    expect(wire.requests.length).toBeGreaterThanOrEqual(count);
    return wire.requests.length;
  }

  test.each<Fault>(["throttle"])(
    "of %s meets at most 1.2 requests for each of 1,000 calls at once",
    async (fault) => {
      expect(await requestsIn(fault, many)).toBeLessThanOrEqual(1.2 * many);
    },
  );

  test.each<Fault>(["serverError", "connectionReset", "timeout"])(
    "of %s meets at most 200 requests beyond the first of each call, of however many calls",
    async (fault) => {
      expect(await requestsIn(fault, enough)).toBeLessThanOrEqual(enough + 200);
    },
  );

  test("is over at once when the engine is back, and its successes pay for retries again", async () => {
    wire.inject({ fault: "serverError", times: Number.POSITIVE_INFINITY });
    await createAll(table.data, "outage", enough);
    wire.clear();
    const after = await createAll(table.data, "after", enough);
    expect(after.filter(({ status }) => status === "fulfilled")).toHaveLength(enough);
    expect(wire.requests).toHaveLength(enough);

    // Of the 40 that they earned, a tenth of a retry each.
    const earned = 30;
    wire.clear().inject({ fault: "serverError", times: earned });
    const late = await createAll(table.data, "late", enough);
    expect(late.filter(({ status }) => status === "fulfilled")).toHaveLength(enough);
    expect(wire.requests).toHaveLength(enough + earned);
  });

  test("is told: in the error, in the event and in the log", async () => {
    wire.inject({ fault: "throttle", times: Number.POSITIVE_INFINITY });
    const outcomes = await createAll(table.data, "told", enough);
    const reasons = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    const told = reasons.filter(({ message }) => message.includes("the retry budget is spent"));
    expect(told.length).toBeGreaterThan(enough / 2);
    expect(told[0]).toMatchObject({
      name: "ThroughputExceededError",
      code: "ProvisionedThroughputExceededException",
      retryable: true,
      operation: "create",
      entity: "Project",
    });
    const spent = events.filter(({ budgetSpent }) => budgetSpent);
    expect(spent).toHaveLength(told.length);
    expect(spent.some(({ attempts }) => attempts === 1)).toBe(true);
    const logged = "DynamoDB request is not sent again: the retry budget is spent";
    expect(warnings.filter((message) => message === logged)).toHaveLength(told.length);
  });

  test("takes no patience from calls that come one after the other", async () => {
    wire.inject({ fault: "throttle", times: Number.POSITIVE_INFINITY });
    await createAll(table.data, "spend", enough);
    for (let n = 0; n < 20; n += 1) {
      wire.requests.length = 0;
      await failureOf(table.data.project.get({ userId: "u1", projectId: "p" }), DynamoDBError);
      expect(wire.requests).toHaveLength(4);
    }
  });

  test("takes none from a batch of any size: it keeps few requests in flight by itself", async () => {
    const items = Array.from({ length: 500 }, (_, n) => ({
      userId: "u1",
      projectId: `batch-${n}`,
      data: { name: "P" },
    }));
    wire.inject({ fault: "throttle", times: Number.POSITIVE_INFINITY });
    await createAll(table.data, "spend-more", enough);
    wire.requests.length = 0;
    const error = await failureOf(table.data.project.batchPut(items), DynamoDBError);
    expect(error).toMatchObject({ unprocessed: 500, written: 0 });
    expect(wire.requests).toHaveLength(20 * 4);
    expect(error.message).not.toContain("budget");
  });

  test("batches that are processed in part cost nothing", async () => {
    wire.inject({ fault: "throttle", times: Number.POSITIVE_INFINITY });
    await createAll(table.data, "spend-all", enough);
    wire.clear().inject({ fault: "partialUnprocessed", times: Number.POSITIVE_INFINITY });
    // 100 calls of 4 items: far more than 10 requests under way, and nothing left in the budget.
    const calls = Array.from({ length: 100 }, (_, call) =>
      table.data.project.batchPut(
        Array.from({ length: 4 }, (_, n) => ({
          userId: "u2",
          projectId: `${call}-${n}`,
          data: { name: "P" },
        })),
      ),
    );
    const outcomes = await Promise.allSettled(calls);
    const rounds = wire.requests.length / calls.length;
    // 4 items are 2, then 1, then 1 again: a single one comes back whole.
    expect(rounds).toBeGreaterThanOrEqual(3);
    const messages = outcomes.map((one) => (one.status === "rejected" ? one.reason.message : ""));
    expect(
      messages.filter((text) => text.includes("1 of 4 were not written, not sent again")),
    ).not.toHaveLength(0);
  });
});

describe("an outage in which nothing answers", () => {
  afterEach(() => jest.useRealTimers());

  test("meets at most 1.2 requests a call too, though the budget fills while they hang", async () => {
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
    let sent = 0;
    const client = {
      send: () => {
        sent += 1;
        return new Promise((_, reject) => {
          const silent = Object.assign(new Error("no answer"), { name: "TimeoutError" });
          setTimeout(() => reject(silent), 15_000);
        });
      },
    };
    const data = createDataLayer({ environment: "local", client: client as never });
    const outcomes = createAll(data, "hang");
    await jest.advanceTimersByTimeAsync(120_000);
    expect((await outcomes).every(({ status }) => status === "rejected")).toBe(true);
    expect(sent).toBeGreaterThan(many);
    expect(sent).toBeLessThanOrEqual(1.2 * many);
    expect(jest.getTimerCount()).toBe(0);
  });

  test("retries that a caller does not wait for are given back", async () => {
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
    let sent = 0;
    const throttled = () => Object.assign(new Error("later"), { name: "ThrottlingException" });
    let client: { send(): Promise<unknown> } = {
      send: () => {
        sent += 1;
        return Promise.reject(throttled());
      },
    };
    const retry = {
      initialDelayMs: 60_000,
      maxDelayMs: 60_000,
      maxRetries: 1,
      budget: { capacity: 60, refillPerSecond: 0 },
    };
    const send = () => client.send();
    const data = createDataLayer({ environment: "local", client: { send } as never, retry });
    const leaving = Array.from({ length: 60 }, (_, n) =>
      data.project.delete({ userId: "u1", projectId: `p${n}` }, { timeoutMs: 10 }),
    );
    const left = Promise.allSettled(leaving);
    await jest.advanceTimersByTimeAsync(1_000);
    expect((await left).every(({ status }) => status === "rejected")).toBe(true);
    expect(sent).toBe(60);

    // All 60 are there for those who wait.
    client = {
      send: () => {
        sent += 1;
        return sent <= 120 ? Promise.reject(throttled()) : Promise.resolve({});
      },
    };
    const staying = Promise.allSettled(
      Array.from({ length: 60 }, (_, n) =>
        data.project.delete({ userId: "u1", projectId: `p${n}` }),
      ),
    );
    await jest.advanceTimersByTimeAsync(200_000);
    const stayed = await staying;
    expect(stayed.filter(({ status }) => status === "fulfilled")).toHaveLength(60);
  });
});
