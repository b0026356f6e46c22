import { spawnSync } from "node:child_process";
import { createRandom } from "../../../scripts/seed/random.js";
import { type LateWrite, lateWrites } from "../../../scripts/soak/late.js";
import { Ledger } from "../../../scripts/soak/ledger.js";
import { missingAtTheEnd } from "../../../scripts/soak/settle.js";
import { memoryGrowth, type Sample } from "../../../scripts/soak/watch.js";
import { createWorker, type Shared, sharedUser } from "../../../scripts/soak/worker.js";
import { DynamoDBError } from "../../../src/errors/dynamodb-error.js";
import { UnprocessedItemsError } from "../../../src/errors/unprocessed-items-error.js";
import { ValidationError } from "../../../src/errors/validation-error.js";
import { createDataLayer, type DataLayer } from "../../../src/index.js";
import { type FaultProxy, startEngine, startFaultProxy } from "../../../src/testing/index.js";
import { built } from "../../built.js";

const open = () =>
  Object.assign(new DynamoDBError("lost", "ECONNRESET", undefined, true), {
    mayHaveBeenDone: true,
  });
const refused = () => new DynamoDBError("throttled", "ThrottlingException", 400, true);

describe("what must be there", () => {
  const place = "u1/content/c1";

  test("is what was acknowledged: anything else that is read is a violation", async () => {
    const ledger = new Ledger();
    ledger.saw(place, null, "get");
    await ledger.write([{ place, mark: "m1" }], async () => "done");
    ledger.saw(place, "m1", "get");
    expect(ledger.violations).toBe(0);
    ledger.saw(place, null, "get");
    expect(ledger.findings).toEqual(["get of u1/content/c1 found null, and not m1"]);
  });

  test("is one of two after a write that may have been carried out, until it is read", async () => {
    const ledger = new Ledger();
    ledger.wrote(place, "m1");
    await ledger.write([{ place, mark: "m2" }], () => Promise.reject(open()));
    expect([...ledger.possible(place)]).toEqual(["m1", "m2"]);
    ledger.saw(place, "m2", "get");
    expect(ledger.violations).toBe(0);
    ledger.saw(place, "m1", "get");
    expect(ledger.violations).toBe(1);
  });

  test("is what was there after a write that was not carried out", async () => {
    const ledger = new Ledger();
    ledger.wrote(place, "m1");
    await ledger.write([{ place, mark: "m2" }], () => Promise.reject(refused()));
    expect([...ledger.possible(place)]).toEqual(["m1"]);
  });

  test("is open for what a batch names, and written for what it does not", async () => {
    const ledger = new Ledger();
    const [first, second] = [{ id: 1 }, { id: 2 }];
    const writes = [
      { place: "a", mark: "m1", input: first },
      { place: "b", mark: "m2", input: second },
    ];
    await ledger.write(writes, () => Promise.reject(new UnprocessedItemsError("", [second], 1)));
    expect([...ledger.possible("a")]).toEqual(["m1"]);
    expect([...ledger.possible("b")]).toEqual([null, "m2"]);
  });

  test("an error that nothing explains is a violation", () => {
    const ledger = new Ledger();
    ledger.failed(refused());
    ledger.failed(open());
    ledger.failed(new ValidationError("expected"), ["ValidationError"]);
    expect(ledger.violations).toBe(0);
    ledger.failed(new ValidationError("wrong"));
    ledger.failed(new TypeError("no error of this package"));
    expect(ledger.violations).toBe(2);
  });
});

describe("a write that came late", () => {
  const place = "u1/content/c1";
  /** A ledger whose m1 was written and deleted, and the late writes that the wire tells of. */
  async function deleted() {
    const late: LateWrite[] = [];
    const ledger = new Ledger(() => late);
    await ledger.write([{ place, mark: "m1" }], async () => "done");
    await ledger.write([{ place, mark: null }], async () => "done");
    return { ledger, late, now: performance.now() };
  }

  test("is forgiven, once it is seen for what was there", async () => {
    const { ledger, late, now } = await deleted();
    late.push({ place, mark: "m1", before: now + 1 });
    ledger.saw(place, "m1", "get");
    ledger.saw(place, "m1", "get");
    expect(ledger).toMatchObject({ violations: 0, forgiven: 1 });
    ledger.saw(place, "m2", "get");
    expect(ledger.violations).toBe(1);
  });

  const others: [string, (now: number) => LateWrite][] = [
    ["at another place", (now) => ({ place: "u1/content/c2", mark: "m1", before: now + 1 })],
    ["of another mark", (now) => ({ place, mark: "m2", before: now + 1 })],
    ["that the delete came after", () => ({ place, mark: "m1", before: 1 })],
  ];
  test.each(others)("is not forgiven for one %s", async (_, other) => {
    const { ledger, late, now } = await deleted();
    late.push(other(now));
    ledger.saw(place, "m1", "get");
    expect(ledger.findings).toEqual(["get of u1/content/c1 found m1, and not null"]);
  });

  test("is not forgiven where its call said that it was not carried out", async () => {
    const { ledger, late, now } = await deleted();
    await ledger.write([{ place, mark: "m3" }], () => Promise.reject(refused()));
    late.push({ place, mark: "m3", before: now + 1_000 });
    ledger.saw(place, "m3", "get");
    expect(ledger.violations).toBe(1);
  });

  test("is possible after the settling too, until a call tells what is there", async () => {
    const { ledger, late, now } = await deleted();
    late.push({ place, mark: "m1", before: now + 1 });
    ledger.settle();
    late.length = 0;
    expect([...ledger.possible(place)]).toEqual([null, "m1"]);
    ledger.saw(place, null, "get");
    ledger.saw(place, "m1", "get");
    expect(ledger.violations).toBe(1);
  });
});

describe("a ledger beside an engine", () => {
  let engine: Awaited<ReturnType<typeof startEngine>>;
  let proxy: FaultProxy;
  let data: DataLayer;
  let steady: DataLayer;
  beforeAll(async () => {
    engine = await startEngine();
    proxy = await startFaultProxy({ target: engine.endpoint });
    const { endpoint, region, credentials } = engine;
    const place = { environment: "development", region, credentials, tableName: "soak" } as const;
    steady = createDataLayer({ ...place, endpoint });
    data = createDataLayer({ ...place, endpoint: proxy.url, retry: { initialDelayMs: 1 } });
    await steady.table.create();
  });
  afterEach(() => proxy.clear());
  afterAll(async () => {
    await data.close();
    await steady.close();
    await proxy.close();
    await engine.close();
  });

  let users = 0;
  /** One item that is written, by a ledger that knows what the proxy saw. */
  function oneItem() {
    users += 1;
    const [userId, contentId] = [`u${users}`, "c1"];
    const ledger = new Ledger(() => lateWrites(proxy.requests));
    const place = `${userId}/content/${contentId}`;
    const key = { userId, contentId };
    const { savedContent } = data;
    const put = (mark: string) =>
      ledger.write([{ place, mark }], () =>
        savedContent.put({ ...key, data: { type: "Soak", content: mark } }),
      );
    const remove = () => ledger.write([{ place, mark: null }], () => savedContent.delete(key));
    const read = async () => {
      const since = performance.now();
      const item = await steady.savedContent.get(key, { consistent: true });
      ledger.saw(place, item?.data.content, "get", since);
    };
    const shared: Shared = { counters: new Map(), pairs: [], openCreates: new Set() };
    const atTheEnd = () => missingAtTheEnd(steady, ledger, shared, [userId]);
    return { ledger, key, put, remove, read, atTheEnd };
  }

  test("forgives a put that was given up and came when the item was deleted", async () => {
    const { ledger, put, remove, read, atTheEnd } = oneItem();
    proxy.inject({ fault: "lateRequest", operation: "UpdateItem", delayMs: 300 });
    expect(await put("m1")).toBeDefined();
    await remove();
    await read();
    await proxy.settled();
    // The precondition: it did come back.
    expect(proxy.counts.lateRequest).toMatchObject({ forwarded: 1, carriedOut: 1 });
    await read();
    expect(ledger).toMatchObject({ findings: [], forgiven: 1 });
    ledger.settle();
    expect(await atTheEnd()).toEqual([]);
  });

  test("forgives a delete that was given up and came when the item was written anew", async () => {
    const { ledger, put, remove, read } = oneItem();
    await put("m1");
    proxy.inject({ fault: "lateRequest", operation: "DeleteItem", delayMs: 300 });
    await remove();
    await put("m2");
    await proxy.settled();
    await read();
    expect(ledger).toMatchObject({ findings: [], forgiven: 1 });
  });

  test("finds a write that was acknowledged and lost", async () => {
    const { ledger, key, put, atTheEnd } = oneItem();
    // The engine says that it is done, and forgets it.
    proxy.inject({
      operation: "UpdateItem",
      answer: async ({ forward }) => {
        const answer = await forward();
        await steady.savedContent.delete(key);
        return answer;
      },
    });
    await put("m1");
    ledger.settle();
    expect(await atTheEnd()).toEqual([
      `at the end ${key.userId}/content/c1 holds null, and not m1`,
    ]);
  });

  test("finds a write that was done twice, though another was late", async () => {
    const { ledger, key, put, remove, read } = oneItem();
    let again = async () => {};
    proxy.inject({ fault: "lateRequest", operation: "UpdateItem", delayMs: 1 });
    proxy.inject({
      operation: "UpdateItem",
      answer: async ({ input, forward }) => {
        again = async () => {
          const target = "DynamoDB_20120810.UpdateItem";
          const authorization = "AWS4-HMAC-SHA256 Credential=a/20200101/r/dynamodb/aws4_request";
          const headers = {
            "x-amz-target": target,
            "content-type": "application/x-amz-json-1.0",
            authorization: `${authorization}, SignedHeaders=host, Signature=0`,
            "x-amz-date": "20200101T000000Z",
          };
          const body = JSON.stringify(input);
          const { status } = await fetch(proxy.url, { method: "POST", headers, body });
          expect(status).toBe(200);
        };
        return forward();
      },
    });
    await put("m1");
    await proxy.settled();
    await remove();
    await read();
    expect(ledger.violations).toBe(0);
    // A layer that sends it once more, and waits for the answer.
    await again();
    await read();
    expect(ledger.findings).toEqual([`get of ${key.userId}/content/c1 found m1, and not null`]);
    expect(ledger.forgiven).toBe(0);
  });

  test("workers under faults on the wire find writes that are lost", async () => {
    const userId = "worker-1";
    const counters = new Map([["counter", { acknowledged: 0, open: 0 }]]);
    const counter = { userId: sharedUser, projectId: "counter" };
    await steady.project.put({ ...counter, data: { name: "0" } });
    const ledger = new Ledger(() => lateWrites(proxy.requests));
    const run = createWorker({
      ...{ data, ledger, userId, transactions: engine.capabilities.transactions },
      shared: { counters, pairs: ["pair"], openCreates: new Set() },
      random: createRandom(7),
      signal: new AbortController().signal,
    });
    let lost = 0;
    proxy.random({ seed: 7, rate: 0.05, faults: ["cutInBody", "reset", "html403"] });
    proxy.inject({
      operation: "UpdateItem",
      ...{ every: 10, times: Number.POSITIVE_INFINITY },
      answer: async ({ input, forward }) => {
        const { PK, SK } = (input.Key ?? {}) as Record<string, { S: string }>;
        if (PK?.S !== `USER#${userId}` || !SK?.S.startsWith("CONTENT#")) return undefined;
        const answer = await forward();
        if (answer.status !== 200) return undefined;
        await steady.savedContent.delete({ userId, contentId: SK.S.slice("CONTENT#".length) });
        lost += 1;
        return answer;
      },
    });
    const until = performance.now() + 15_000;
    while (ledger.violations === 0 && performance.now() < until) await run();
    expect(lost).toBeGreaterThan(0);
    expect(ledger.findings[0]).toMatch(/found null, and not m|missed the item/);
  });
});

describe("memory", () => {
  const mb = 1024 * 1024;
  /** Samples of a run with so many requests a window and so many bytes more in each. */
  const samples = (requests: number, bytes: number, noise = 0): Sample[] =>
    Array.from({ length: 25 }, (_, n) => ({
      requests: n * requests,
      heapBytes: 20 * mb + n * bytes + (n % 2) * noise,
      timers: 0,
      connections: 0,
    }));
  const isFlat = (given: Sample[]) => {
    const { bytes, most } = memoryGrowth(given);
    return bytes <= most;
  };

  test("is flat where it only goes up and down", () => {
    expect(isFlat(samples(1_000, 0, 2.5 * mb))).toBe(true);
  });

  test("is not where each window keeps something", () => {
    expect(isFlat(samples(1_000, 0.5 * mb))).toBe(false);
    // 80 bytes for each of very many requests.
    expect(isFlat(samples(10_000, 800_000))).toBe(false);
  });

  test("the first windows are left out: code is compiled and pools fill", () => {
    const given = samples(1_000, 0).map((one, n) => (n < 5 ? { ...one, heapBytes: n * mb } : one));
    expect(isFlat(given)).toBe(true);
  });
});

test.each([
  ["in the SDK's handler", []],
  ["on the wire", ["--wire"]],
])(
  "a soak with faults %s ends well, and tells what it did",
  (_, more) => {
    const given = ["--seconds", "5", "--rate", "0.1", "--workers", "16", ...more];
    const { status, stdout } = spawnSync(
      process.execPath,
      ["--expose-gc", built("scripts/soak/run.ts"), ...given],
      { encoding: "utf8" },
    );
    expect(stdout).toContain("nothing lost, nothing twice: 0 violations");
    expect(stdout).toMatch(/operations +[1-9]/);
    expect(stdout).toMatch(/faults +[1-9]/);
    expect(status).toBe(0);
  },
  60_000,
);
