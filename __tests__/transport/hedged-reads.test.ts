/** Hedged reads: a read whose answer is late is sent once more, and never more than the budget lets. */
import { createHook } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { createDataLayer, type DataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { TimeoutError } from "../../src/errors/timeout-error.js";
import type { RequestEvent } from "../../src/transport/events.js";
import { HedgedReads, type HedgedReadsOptions } from "../../src/transport/hedged-reads.js";
import { ResponseTimes } from "../../src/transport/response-times.js";
import { createTransport } from "../../src/transport/transport.js";
import { OrderlyHandler } from "../../src/wire/request-handler.js";
import { type Gate, openGate, until } from "../client/answer-gate.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";

describe("response times", () => {
  const rank = (all: readonly number[], percentile: number) =>
    [...all].sort((a, b) => a - b)[Math.ceil((all.length * percentile) / 100) - 1] ?? Number.NaN;

  test.each([50, 90, 95, 99, 99.9])(
    "give the percentile %p to within 19 %%, never too low",
    (at) => {
      const times = new ResponseTimes(at);
      const all = Array.from({ length: 500 }, (_, n) => 0.3 * 1.02 ** ((n * 7919) % 500));
      for (const ms of all.slice(0, at === 99.9 ? 0 : 500)) times.note(ms);
      if (at === 99.9) {
        expect(times.percentile).toBeUndefined();
        return;
      }
      const exact = rank(all, at);
      expect(times.percentile).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
      expect(times.percentile).toBeLessThanOrEqual(exact * 1.19);
    },
  );

  test.each([
    [50, 2],
    [95, 20],
    [99, 100],
    [99.9, 1_000],
  ])("of percentile %p are unknown until %p are there", (at, least) => {
    const times = new ResponseTimes(at);
    for (let n = 1; n < least; n += 1) {
      times.note(5);
      expect(times.percentile).toBeUndefined();
    }
    times.note(5);
    expect(times.percentile).toBeGreaterThanOrEqual(5);
  });

  test("stand at their ends for what is faster or slower than any bin", () => {
    const fast = new ResponseTimes(50);
    for (const ms of [0, 0]) fast.note(ms);
    expect(fast.percentile).toBe(0.25);
    const slow = new ResponseTimes(50);
    for (const ms of [1e9, Number.POSITIVE_INFINITY]) slow.note(ms);
    expect(slow.percentile).toBeCloseTo(55_109, 0);
  });

  test("forget: what an engine was like a few thousand answers ago counts no more", () => {
    const times = new ResponseTimes(95);
    for (let n = 0; n < 10_000; n += 1) times.note(5);
    for (let n = 0; n < 60; n += 1) times.note(2_000);
    expect(times.percentile).toBeGreaterThan(1_900);
    for (let n = 0; n < 3_000; n += 1) times.note(5);
    expect(times.percentile).toBeLessThan(6);
  });
});

describe("the settings", () => {
  const unreadable = () => {
    throw new Error("no");
  };
  const make = (hedgedReads: unknown) => () =>
    createDataLayer({ environment: "local", hedgedReads: hedgedReads as true });
  const wrong: [unknown, string][] = [
    [null, "hedgedReads must be true, false or an object"],
    ["yes", "hedgedReads must be true, false or an object"],
    [[], "hedgedReads must be true, false or an object"],
    [{ percentil: 99 }, '"percentil" is not an option; did you mean "percentile"?'],
    [{ percentile: 49.9 }, "hedgedReads.percentile must be a number from 50 to 99.9"],
    [{ percentile: 100 }, "hedgedReads.percentile must be a number from 50 to 99.9"],
    [{ percentile: Number.NaN }, "hedgedReads.percentile must be a number from 50 to 99.9"],
    [{ minDelayMs: 0.9 }, "hedgedReads.minDelayMs must be a number from 1 to 60000"],
    [{ minDelayMs: 60_001 }, "hedgedReads.minDelayMs must be a number from 1 to 60000"],
    [{ minDelayMs: "5" }, "hedgedReads.minDelayMs must be a number from 1 to 60000"],
    [{ maxExtraLoad: 0 }, "hedgedReads.maxExtraLoad must be a number above 0 and up to 1"],
    [{ maxExtraLoad: 1.01 }, "hedgedReads.maxExtraLoad must be a number above 0 and up to 1"],
    [Object.defineProperty({}, "percentile", { get: unreadable }), "hedgedReads cannot be read"],
  ];
  test.each(wrong)("%o is refused when the layer is made, by name", (given, message) => {
    expect(make(given)).toThrow(ConfigurationError);
    expect(make(given)).toThrow(message);
  });
  const right: unknown[] = [
    undefined,
    true,
    false,
    {},
    { percentile: undefined },
    { percentile: 50, minDelayMs: 1, maxExtraLoad: 1 },
    { percentile: 99.9, minDelayMs: 60_000, maxExtraLoad: 0.001 },
  ];
  test.each(right)("%o is taken", async (given) => {
    await make(given)().close();
  });
});

/** A read that never ends by itself. */
const endless = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
  });

describe("the budget", () => {
  const unlimited = { take: () => 0, giveBack: () => undefined };
  const options = { percentile: 50, minDelayMs: 1, maxExtraLoad: 0.05 };
  let ender: AbortController;
  beforeEach(() => {
    ender = new AbortController();
  });
  const answered = async (reads: HedgedReads, count: number) => {
    for (let n = 0; n < count; n += 1) {
      await reads.read(
        "Get",
        async () => n,
        undefined,
        () => undefined,
      );
    }
  };

  test("lets 5 of 100 reads be sent twice when every answer is late, however long it takes", async () => {
    const reads = new HedgedReads(options, unlimited);
    await answered(reads, 2);
    let requests = 0;
    let hedges = 0;
    const all = Array.from({ length: 98 }, () =>
      reads.read(
        "Get",
        (signal) => {
          requests += 1;
          return endless(signal);
        },
        ender.signal,
        () => {
          hedges += 1;
        },
      ),
    );
    await until(() => hedges === 5);
    // Hundreds of delays, of which each would have been enough.
    await sleep(300);
    expect([requests, hedges]).toEqual([103, 5]);
    ender.abort();
    expect((await Promise.allSettled(all)).every(({ status }) => status === "rejected")).toBe(true);
  });

  test("saves up no more than 10 hedges", async () => {
    const reads = new HedgedReads(options, unlimited);
    await answered(reads, 5_000);
    let hedges = 0;
    const all = Array.from({ length: 100 }, () =>
      reads.read("Get", endless, ender.signal, () => {
        hedges += 1;
      }),
    );
    // 10 saved, and none earned by the 100 themselves, because it was full.
    await until(() => hedges === 10);
    await sleep(300);
    expect(hedges).toBe(10);
    ender.abort();
    await Promise.allSettled(all);
  });

  test("gives the next hedge to the oldest read that waits", async () => {
    const reads = new HedgedReads(options, unlimited);
    await answered(reads, 2);
    const hedged: number[] = [];
    const read = (id: number) =>
      reads.read("Get", endless, ender.signal, () => void hedged.push(id));
    const all: Promise<never>[] = [];
    for (let n = 0; n < 18; n += 1) all.push(read(n));
    await until(() => hedged.length === 1);
    for (let n = 18; n < 38; n += 1) all.push(read(n));
    await until(() => hedged.length === 2);
    expect(hedged).toEqual([0, 1]);
    ender.abort();
    await Promise.allSettled(all);
  });

  /** How long a read without an answer waits for its hedge, in ms. */
  const waited = async (reads: HedgedReads) => {
    const start = performance.now();
    let ms: number | undefined;
    const read = reads.read("Get", endless, ender.signal, () => {
      ms = performance.now() - start;
    });
    await until(() => ms !== undefined);
    ender.abort();
    await read.catch(() => undefined);
    ender = new AbortController();
    return ms as unknown as number;
  };
  const free = { percentile: 50, minDelayMs: 1, maxExtraLoad: 1 };
  const takes = (ms: number) => (signal: AbortSignal) => Promise.race([sleep(ms), endless(signal)]);

  test("waits for minDelayMs at least, and twice as long when half of what is saved is spent", async () => {
    const [full, spent] = [1, 1].map(
      () => new HedgedReads({ ...free, minDelayMs: 100 }, unlimited),
    ) as [HedgedReads, HedgedReads];
    await answered(full, 10);
    await answered(spent, 2);
    const order: string[] = [];
    const all = [
      spent.read("Get", endless, ender.signal, () => void order.push("spent")),
      full.read("Get", endless, ender.signal, () => void order.push("full")),
    ];
    await until(() => order.length === 2);
    ender.abort();
    await Promise.allSettled(all);
    ender = new AbortController();
    expect(order).toEqual(["full", "spent"]);
    expect(await waited(spent)).toBeGreaterThanOrEqual(198);
    await answered(full, 10);
    expect(await waited(full)).toBeGreaterThanOrEqual(98);
  });

  test("learns from reads that were given up late, and not from those that failed at once", async () => {
    const late = new HedgedReads(free, unlimited);
    await answered(late, 2);
    for (let n = 0; n < 4; n += 1) {
      const read = late.read("Get", endless, ender.signal, () => undefined);
      await sleep(80);
      ender.abort();
      await read.catch(() => undefined);
      ender = new AbortController();
    }
    expect(await waited(late)).toBeGreaterThanOrEqual(78);

    const refused = new HedgedReads(free, unlimited);
    for (let n = 0; n < 2; n += 1) {
      await refused.read("Get", takes(80), undefined, () => undefined);
    }
    const refuse = () => Promise.reject(new Error("no"));
    for (let n = 0; n < 10; n += 1) {
      await failureOf(
        refused.read("Get", refuse, undefined, () => undefined),
        Error,
      );
    }
    // Until the timer of those reads has run out.
    await sleep(200);
    expect(await waited(refused)).toBeGreaterThanOrEqual(78);
  });

  test("leaves nothing behind: no listener, no timer that keeps the process, none after close", async () => {
    const reads = new HedgedReads({ ...free, minDelayMs: 60_000 }, unlimited);
    await answered(reads, 2);
    const timers = new Set<number>();
    const hook = createHook({
      init: (id, type) => {
        if (type === "Timeout") timers.add(id);
      },
      destroy: (id) => void timers.delete(id),
    }).enable();
    const active = () =>
      process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = active();
    const read = reads.read("Get", endless, ender.signal, () => undefined);
    expect([timers.size, active()]).toEqual([1, before]);
    const [own = 0] = timers;
    expect(getEventListeners(ender.signal, "abort")).toHaveLength(1);
    await reads.read(
      "Get",
      async () => 1,
      ender.signal,
      () => undefined,
    );
    reads.close();
    while (timers.has(own)) await new Promise((resolve) => setImmediate(resolve));
    hook.disable();
    expect(getEventListeners(ender.signal, "abort")).toHaveLength(1);
    const { signal } = ender;
    ender.abort();
    await expect(read).rejects.toBe(signal.reason);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    const other = new AbortController();
    await reads.read(
      "Get",
      async () => 1,
      other.signal,
      () => undefined,
    );
    expect(getEventListeners(other.signal, "abort")).toHaveLength(0);
  });

  test("is the retry budget's too: what that refuses is not sent, and an answer gives back", async () => {
    let left = 1;
    const reads = new HedgedReads(
      { ...options, maxExtraLoad: 1 },
      {
        take: () => (left > 0 ? left-- : null),
        giveBack: (taken) => {
          left += taken;
        },
      },
    );
    await answered(reads, 10);
    const second: (() => void)[] = [];
    let hedges = 0;
    const one = () => {
      let sent = 0;
      return reads.read(
        "Get",
        (signal) => {
          sent += 1;
          if (sent === 1) return endless(signal);
          return new Promise<never>((resolve) => second.push(() => resolve(0 as never)));
        },
        undefined,
        () => {
          hedges += 1;
        },
      );
    };
    const first = one();
    const other = one();
    await until(() => hedges === 1);
    await sleep(100);
    expect(hedges).toBe(1);
    second[0]?.();
    await first;
    await until(() => hedges === 2);
    second[1]?.();
    await other;
    expect(left).toBe(1);
  });
});

test("no timer is set when nothing is read", async () => {
  const budget = { take: () => 0, giveBack: () => undefined };
  const reads = new HedgedReads({ percentile: 50, minDelayMs: 1, maxExtraLoad: 1 }, budget);
  const timersOf = async (work: () => Promise<unknown>) => {
    let timers = 0;
    const hook = createHook({
      init: (_, type) => {
        if (type === "Timeout") timers += 1;
      },
    }).enable();
    await work();
    hook.disable();
    return timers;
  };
  const answered = () =>
    reads.read(
      "Get",
      () => sleep(1),
      undefined,
      () => undefined,
    );
  /** Answered by its second request alone. */
  const hedged = () => {
    let requests = 0;
    return reads.read(
      "Get",
      () => {
        requests += 1;
        return requests === 1 ? new Promise(() => undefined) : Promise.resolve();
      },
      undefined,
      () => undefined,
    );
  };
  for (let n = 0; n < 3; n += 1) await answered();
  await sleep(50);
  expect(await timersOf(hedged)).toBeGreaterThan(0);
  await sleep(50);
  expect(await timersOf(() => sleep(100))).toBe(1);
  reads.close();
});

test("a transport that is closed leaves no timer of a hedge", async () => {
  const transport = createTransport({
    client: { send: async () => ({}) },
    hedgedReads: { percentile: 50, minDelayMs: 60_000 },
  });
  const input = { TableName: "t", Key: { PK: "a", SK: "b" } };
  const get = () => transport.send("Get", input, { context: {} });
  for (let n = 0; n < 2; n += 1) await get();
  const timers = new Set<number>();
  const hook = createHook({
    init: (id, type) => {
      if (type === "Timeout") timers.add(id);
    },
    destroy: (id) => void timers.delete(id),
  }).enable();
  await get();
  expect(timers.size).toBe(1);
  transport.close();
  while (timers.size > 0) await new Promise((resolve) => setImmediate(resolve));
  hook.disable();
});

test("a client gets the second request as a command of its own, and the event counts both", async () => {
  const commands: object[] = [];
  const events: RequestEvent[] = [];
  let held = false;
  const transport = createTransport({
    client: {
      send: async (command: object) => {
        commands.push(command);
        // The first of the two is never answered.
        return held && commands.length === 1 ? new Promise(() => undefined) : {};
      },
    },
    events: (event) => events.push(event),
    hedgedReads: { percentile: 50, minDelayMs: 1, maxExtraLoad: 1 },
  });
  const input = { TableName: "t", Key: { PK: "a", SK: "b" } };
  const get = () => transport.send("Get", input, { context: {} });
  for (let n = 0; n < 20; n += 1) await get();
  commands.length = 0;
  events.length = 0;
  held = true;
  await get();
  expect(commands).toHaveLength(2);
  const [first, second] = commands as { input: object }[];
  // Whatever a client notes on a command is of one request.
  expect(second).not.toBe(first);
  expect(second?.input).toEqual(first?.input);
  expect(events).toMatchObject([{ attempts: 2, hedged: true, error: undefined }]);
  transport.close();
});

const userId = "u1";
const key = { userId, projectId: "p1" };
/** Whoever is read before, so that the gate sees nothing but the reads of a test. */
const before = "warm";

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine);
  let gate: Gate;
  const layers: DataLayer[] = [];
  const events: RequestEvent[] = [];

  beforeAll(async () => {
    const items = Array.from({ length: 3 }, (_, n) => ({
      projectId: `p${n}`,
      data: { name: `n${n}` },
    }));
    for (const id of [userId, before]) {
      await table.data.project.batchPut(items.map((item) => ({ ...item, userId: id })));
    }
  });
  beforeEach(async () => {
    gate = await openGate(table.data.engine.endpoint, `USER#${userId}`);
    events.length = 0;
  });
  afterEach(async () => {
    await gate.clear();
    for (const data of layers.splice(0)) await data.close();
    await gate.close();
  });

  const eager: HedgedReadsOptions = { percentile: 50, minDelayMs: 1, maxExtraLoad: 1 };
  const layer = (options: DataLayerOptions = {}) => {
    const { environment, tableName } = table.data.configuration;
    const { region, credentials } = table.data.engine;
    const place = { environment, tableName, region, credentials, endpoint: gate.endpoint };
    const data = createDataLayer({
      ...place,
      hedgedReads: eager,
      retry: { initialDelayMs: 1, maxDelayMs: 2 },
      events: (event) => void events.push(event),
      ...options,
    });
    layers.push(data);
    return data;
  };

  type Read = (data: DataLayer, id?: string) => Promise<unknown>;
  const keyOf = (id: string) => ({ ...key, userId: id });
  const get: Read = (data, id = userId) => data.project.get(keyOf(id));
  const reads: [string, string, Read, unknown][] = [
    ["get", "GetItem", get, { data: { name: "n1" } }],
    [
      "a consistent get",
      "GetItem",
      (data, id = userId) => data.project.get(keyOf(id), { consistent: true }),
      { data: { name: "n1" } },
    ],
    [
      "query",
      "Query",
      (data, id = userId) => data.project.query({ userId: id }),
      { items: [{ projectId: "p0" }, { projectId: "p1" }, { projectId: "p2" }] },
    ],
    [
      "batchGet",
      "BatchGetItem",
      (data, id = userId) => data.project.batchGet([keyOf(id), { userId: id, projectId: "none" }]),
      [{ data: { name: "n1" } }, null],
    ],
    [
      "coalesced gets",
      "BatchGetItem",
      (data, id = userId) =>
        Promise.all(["p0", "p2"].map((projectId) => data.project.get({ userId: id, projectId }))),
      [{ data: { name: "n0" } }, { data: { name: "n2" } }],
    ],
    [
      "a native get",
      "GetItem",
      (data, id = userId) => data.project.entity.get(keyOf(id)).go(),
      { data: { data: { name: "n1" } } },
    ],
  ];

  /** Reads until an answer can be late. */
  const warmUp = async (data: DataLayer, read: Read, times = 4) => {
    for (let n = 0; n < times; n += 1) await read(data, before);
    await gate.clear();
    return events.splice(0).filter(({ hedged }) => hedged).length;
  };

  test.each(reads)(
    "%s whose answer is held is answered by a second request, the same, and leaves the first",
    async (_, operation, read, expected) => {
      const data = layer();
      await warmUp(data, read);
      gate.hold((_, index) => index === 0);
      expect(await read(data)).toMatchObject(expected as object);
      const first = await gate.next();
      expect(gate.requests).toEqual([operation, operation]);
      await until(() => first.isLeft);
      expect(events).toMatchObject([{ attempts: 2, hedged: true, error: undefined }]);
    },
  );

  test("both requests ask the same, and the answer that is used is counted once", async () => {
    const data = layer();
    await get(layer({ hedgedReads: false }));
    const [alone] = events.splice(0);
    await warmUp(data, get);
    gate.hold(() => true);
    const read = get(data);
    const [first, second] = [await gate.next(), await gate.next()];
    expect(second.body).toBe(first.body);
    await second.release();
    expect(await read).toMatchObject({ data: { name: "n1" } });
    expect(events).toMatchObject([{ attempts: 2, consumedCapacity: alone?.consumedCapacity }]);
    expect(alone).toMatchObject({ attempts: 1, hedged: false });
  });

  test("the first request may still win, and the second is left", async () => {
    const data = layer();
    await warmUp(data, get);
    gate.hold(() => true);
    const read = get(data);
    const [first, second] = [await gate.next(), await gate.next()];
    await first.release();
    expect(await read).toMatchObject({ data: { name: "n1" } });
    await until(() => second.isLeft);
    expect(first.isLeft).toBe(false);
    expect(gate.requests).toHaveLength(2);
  });

  test("a read is sent twice at most, however late it is", async () => {
    const data = layer();
    await warmUp(data, get);
    gate.hold(() => true);
    const read = get(data);
    const [first] = [await gate.next(), await gate.next()];
    await sleep(100);
    expect(gate.requests).toHaveLength(2);
    await first.release();
    await read;
  });

  test("nothing else is sent twice: writes, transactions, scans", async () => {
    const data = layer();
    const name = { name: "new" };
    const others: [string, (id: string) => Promise<unknown>][] = [
      ["PutItem", (id) => data.project.create({ userId: id, data: name })],
      ["UpdateItem", (id) => data.project.update(keyOf(id), { name: "n1" })],
      ["DeleteItem", (id) => data.project.delete({ userId: id, projectId: "other" })],
      [
        "BatchWriteItem",
        (id) => data.project.batchPut([{ userId: id, projectId: "other", data: name }]),
      ],
      [
        "Scan",
        (id) =>
          data.project.entity.scan.where(({ userId: of }, { eq }) => eq(of, `USER#${id}`)).go(),
      ],
    ];
    if (table.data.engine.capabilities.transactions) {
      others.push(
        ["TransactGetItems", (id) => data.transaction.get((tx) => [tx.project.get(keyOf(id))])],
        [
          "TransactWriteItems",
          (id) =>
            data.transaction.write((tx) => [
              tx.project.delete({ userId: id, projectId: "another" }),
            ]),
        ],
      );
    }
    // Were they hedged, enough of their times would be known.
    for (let n = 0; n < 3; n += 1) for (const [, call] of others) await call(before);
    await warmUp(data, get);
    gate.hold(() => true);
    const calls = others.map(([, call]) => call(userId));
    await until(() => gate.held.length === others.length);
    // A read that came later is late by now, so that each of these is as well.
    const read = get(data);
    await until(() => gate.requests.length === others.length + 2);
    await sleep(50);
    const names = others.map(([operation]) => operation);
    expect([...gate.requests].sort()).toEqual([...names, "GetItem", "GetItem"].sort());
    await gate.clear();
    await Promise.all([...calls, read]);
  });

  test("off, and until enough answers were seen, nothing is sent twice", async () => {
    for (const data of [
      layer({ hedgedReads: false }),
      layer({ hedgedReads: undefined }),
      layer({ hedgedReads: true }),
    ]) {
      await warmUp(data, get, 18);
      gate.hold((_, index) => index === 0);
      const read = get(data);
      const first = await gate.next();
      await sleep(100);
      expect(gate.requests).toHaveLength(1);
      await first.release();
      await read;
      expect(events).toMatchObject([{ attempts: 1, hedged: false }]);
      await warmUp(data, get, 1);
    }
    // The last of them has seen 20 answers now.
    const [data] = layers.slice(-1) as [DataLayer];
    gate.hold((_, index) => index === 0);
    await get(data);
    expect(gate.requests).toHaveLength(2);
    // Not by a retry, once the first request's time is over.
    expect(events).toMatchObject([{ attempts: 2, hedged: true }]);
  });

  test("an outage in which every answer is late meets 5 % more reads at most", async () => {
    const data = layer({ hedgedReads: true, coalesce: false });
    // 3 for the reads before, 5 for these.
    const most = 108 - (await warmUp(data, get, 60));
    gate.hold(() => true);
    const all = Array.from({ length: 100 }, () => get(data));
    await until(() => gate.requests.length === most);
    await sleep(300);
    expect(gate.requests).toHaveLength(most);
    await gate.clear();
    expect(await Promise.all(all)).toHaveLength(100);
  });

  test("a storm's reads are hedged within the retry budget", async () => {
    const budget = { capacity: 1, refillPerSecond: 0 };
    const data = layer({ coalesce: false, retry: { budget } });
    await warmUp(data, get);
    gate.hold(() => true);
    const all = Array.from({ length: 30 }, () => get(data));
    await until(() => gate.requests.length === 31);
    await sleep(100);
    expect(gate.requests).toHaveLength(31);
    await gate.clear();
    await Promise.all(all);
  });

  const throttle = JSON.stringify({
    __type: "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    message: "slower",
  });
  const denial = JSON.stringify({
    __type: "com.amazonaws.dynamodb.v20120810#AccessDeniedException",
    message: "no",
  });

  type Break = (one: Awaited<ReturnType<Gate["next"]>>) => void;
  const failures: [string, Break][] = [
    ["a throttle", (one) => one.answer(400, throttle)],
    ["a 500", (one) => one.answer(500, "{}")],
    ["garbage", (one) => one.answer(200, "<html>")],
    ["an answer that is cut off", (one) => one.cut()],
  ];
  for (const [which, other] of [
    ["first", "second"],
    ["second", "first"],
  ] as const) {
    test.each(failures)(
      `where the ${which} request meets %s, the ${other} one's answer counts, and none is sent again`,
      async (_, fail) => {
        const data = layer();
        await warmUp(data, get);
        gate.hold(() => true);
        const read = get(data);
        const both = { first: await gate.next(), second: await gate.next() };
        fail(both[which]);
        await sleep(20);
        expect(gate.requests).toHaveLength(2);
        await both[other].release();
        expect(await read).toMatchObject({ data: { name: "n1" } });
        expect(events).toMatchObject([{ attempts: 2, hedged: true, error: undefined }]);
      },
    );
  }

  test("where both fail the read is retried, and the retry is not hedged", async () => {
    const data = layer();
    await warmUp(data, get);
    gate.hold(() => true);
    const read = get(data);
    for (const one of [await gate.next(), await gate.next()]) one.answer(400, throttle);
    const third = await gate.next();
    await sleep(100);
    expect(gate.requests).toHaveLength(3);
    await third.release();
    expect(await read).toMatchObject({ data: { name: "n1" } });
    expect(events).toMatchObject([{ attempts: 3, hedged: true, error: undefined }]);
  });

  test("a failure that no retry helps ends the read at once, and the other request", async () => {
    const data = layer();
    await warmUp(data, get);
    gate.hold(() => true);
    const read = failureOf(get(data), DynamoDBError);
    const [first, second] = [await gate.next(), await gate.next()];
    second.answer(400, denial);
    expect(await read).toMatchObject({ code: "AccessDeniedException", mayHaveBeenDone: false });
    await until(() => first.isLeft);
    expect(gate.requests).toHaveLength(2);
  });

  const reason = new Error("enough");
  const ends: [
    string,
    (data: DataLayer) => [Promise<unknown>, () => unknown],
    new (...args: never[]) => Error,
  ][] = [
    [
      "an abort",
      (data) => {
        const controller = new AbortController();
        const { signal } = controller;
        return [data.project.get(key, { signal }), () => controller.abort(reason)];
      },
      AbortedError,
    ],
    [
      "the call's timeoutMs",
      (data) => [data.project.get(key, { timeoutMs: 1_000 }), () => undefined],
      TimeoutError,
    ],
    ["close", (data) => [data.project.get(key), () => data.close()], AbortedError],
  ];
  test.each(ends)("%s ends both requests, and nothing is left", async (_, begin, type) => {
    const data = layer();
    await warmUp(data, get);
    gate.hold(() => true);
    const [read, end] = begin(data);
    const failed = failureOf(read, type);
    const both = [await gate.next(), await gate.next()];
    await end();
    await failed;
    await until(() => both.every(({ isLeft }) => isLeft));
    await data.close();
    await until(() => gate.open === 0);
    expect(gate.requests).toHaveLength(2);
  });

  test("the request that lost gives its socket back", async () => {
    const requestHandler = new OrderlyHandler({ httpAgent: { maxSockets: 2 } });
    const data = layer({ requestHandler, coalesce: false });
    await warmUp(data, get);
    for (let round = 0; round < 3; round += 1) {
      gate.hold((_, index) => index === 0);
      await get(data);
      await gate.next();
    }
    // Two answers that are held at the same time take a socket each.
    gate.hold((_, index) => index < 2);
    const both = [get(data), get(data)];
    const held = [await gate.next(), await gate.next()];
    expect(requestHandler.waiting).toBeLessThanOrEqual(2);
    await Promise.all(held.map((one) => one.release()));
    await Promise.all(both);
    await data.close();
    await until(() => gate.open === 0);
  });

  test("close ends both requests of a client of the application's, which it leaves open", async () => {
    const { region, credentials } = table.data.engine;
    const client = new DynamoDBClient({ region, credentials, endpoint: gate.endpoint });
    const { tableName, environment } = table.data.configuration;
    const data = createDataLayer({ environment, tableName, client, hedgedReads: eager });
    await warmUp(data, get);
    gate.hold(() => true);
    const read = failureOf(get(data), AbortedError);
    const both = [await gate.next(), await gate.next()];
    await data.close();
    await read;
    await until(() => both.every(({ isLeft }) => isLeft));
    client.destroy();
  });

  test.each([
    ["DynamoDBClient", (client: DynamoDBClient) => client],
    ["document client", (client: DynamoDBClient) => DynamoDBDocumentClient.from(client)],
  ])(
    "a %s of the application's hedges as well, and is left by the request that lost",
    async (_, of) => {
      const { region, credentials } = table.data.engine;
      const plain = new DynamoDBClient({ region, credentials, endpoint: gate.endpoint });
      const { tableName, environment } = table.data.configuration;
      const data = createDataLayer({
        environment,
        tableName,
        client: of(plain),
        hedgedReads: eager,
      });
      layers.push(data);
      await warmUp(data, get);
      gate.hold((_, index) => index === 0);
      expect(await get(data)).toMatchObject({ data: { name: "n1" } });
      const first = await gate.next();
      await until(() => first.isLeft);
      plain.destroy();
    },
  );
});
