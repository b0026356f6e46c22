/** Aborts and deadlines of every public call, wherever it waits, under a clock that the test moves. */
import { createDataLayer, type DataLayer } from "../../src/data-layer.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { TimeoutError } from "../../src/errors/timeout-error.js";
import type { CallOptions } from "../../src/index.js";
import { make, type TestDataLayer } from "../../src/testing/index.js";
import { withRetry } from "../../src/transport/retry.js";
import { failureOf } from "../open.js";
import { inputOf, keyOf, registry, storeOf } from "../registry.js";

type Run = (data: DataLayer, options: CallOptions) => Promise<unknown>;
type Answer = object | "hang" | "throttle";

async function all(list: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of list) items.push(item);
  return items;
}

/** The calls of every store. */
const storeCalls: [string, Run][] = registry.flatMap((row) => {
  const input = inputOf(row, "u1", "i1");
  const key = keyOf(row, input);
  const partition = { [row.owner]: "u1" };
  const [field = ""] = Object.keys(input.data);
  const changes = { [field]: input.data[field] };
  const calls: Record<
    string,
    (store: ReturnType<typeof storeOf>, options: CallOptions) => unknown
  > = {
    get: (store, options) => store.get(key, options),
    getOrThrow: (store, options) => store.getOrThrow(key, options),
    query: (store, options) => store.query(partition, options),
    list: (store, options) => all(store.list(partition, options)),
    count: (store, options) => store.count(partition, options),
    scan: (store, options) => all(store.scan({ segments: 1, ...options })),
    // Of the twelve, only the review is in an index that is read by its name.
    ...(row.name === "review" && {
      queryBy: (store, options) => store.queryBy("byReviewId", { reviewId: "r1" }, options),
      listBy: (store, options) => all(store.listBy("byReviewId", { reviewId: "r1" }, options)),
      countBy: (store, options) => store.countBy("byReviewId", { reviewId: "r1" }, options),
    }),
    create: (store, options) => store.create(input, options),
    put: (store, options) => store.put(input, options),
    update: (store, options) => store.update(key, changes, options),
    upsert: (store, options) => store.upsert(input, options),
    delete: (store, options) => store.delete(key, options),
    batchGet: (store, options) => store.batchGet([key], options),
    batchPut: (store, options) => store.batchPut([input], options),
    batchDelete: (store, options) => store.batchDelete([key], options),
  };
  return Object.entries(calls).map(([name, call]): [string, Run] => [
    `${row.name}.${name}`,
    async (data, options) => call(storeOf(data as TestDataLayer, row), options),
  ]);
});

const user = { userId: "u1" };
const both = { userId: "u1", agentId: "u1" };
const token = { accessToken: "a", refreshToken: "r", expiryDate: 0 };
const refresh = async () => ({ accessToken: "b", expiryDate: Number.MAX_SAFE_INTEGER });

/** Everything else that takes limits. */
const otherCalls: [string, Run][] = [
  ["collections.workspace", (data, options) => data.collections.workspace(user, options)],
  [
    "collections.recent",
    (data, options) => data.collections.recent({ ...user, limit: 3, ...options }),
  ],
  [
    "transaction.write",
    (data, options) =>
      data.transaction.write((tx) => [tx.project.delete({ ...user, projectId: "p" })], options),
  ],
  [
    "transaction.get",
    (data, options) =>
      data.transaction.get((tx) => [tx.project.get({ ...user, projectId: "p" })], options),
  ],
  ["dashboard", (data, options) => data.dashboard(both, options)],
  ["brandAuditPage", (data, options) => data.brandAuditPage(both, options)],
  ["projects.listWithContent", (data, options) => data.projects.listWithContent(user, options)],
  [
    "projects.deleteAndUnfile",
    (data, options) => data.projects.deleteAndUnfile({ ...user, projectId: "p" }, options),
  ],
  ["profiles.save", (data, options) => data.profiles.save(user, { name: "N" }, options)],
  [
    "profiles.setPhoto",
    (data, options) => data.profiles.setPhoto(user, "https://x.test/p", options),
  ],
  ["reviews.byId", (data, options) => data.reviews.byId("r1", options)],
  ["reviews.deleteById", (data, options) => data.reviews.deleteById("r1", options)],
  ["reviews.newest", (data, options) => data.reviews.newest("u1", 3, options)],
  ["reviews.ofAgents", (data, options) => data.reviews.ofAgents(["u1", "u2"], options)],
  ["oauth.store", (data, options) => data.oauth.store("u1", undefined, token, options)],
  ["oauth.get", (data, options) => data.oauth.get("u1", undefined, options)],
  ["oauth.isConnected", (data, options) => data.oauth.isConnected("u1", undefined, options)],
  [
    "oauth.validToken",
    (data, options) => data.oauth.validToken("u1", undefined, { refresh, ...options }),
  ],
  ["oauth.remove", (data, options) => data.oauth.remove("u1", undefined, options)],
  ["user().export", (data, options) => all(data.user("u1").export(options))],
  ["user().erase", (data, options) => data.user("u1").erase(options)],
  ["table.create", (data, options) => data.table.create(options)],
  ["table.describe", (data, options) => data.table.describe(options)],
  ["table.delete", (data, options) => data.table.delete(options)],
  ["table.wait", (data, options) => data.table.wait(options)],
];

const calls = [...storeCalls, ...otherCalls];

/** A client that answers as it is told: with the n-th answer, and the last one from then on. */
function answering(...answers: readonly Answer[]) {
  const sent: string[] = [];
  const client = {
    send: (command: { constructor: { name: string } }): Promise<unknown> => {
      const answer = answers[sent.length] ?? answers.at(-1);
      sent.push(command.constructor.name.replace(/Command$/, ""));
      if (answer === "hang") return new Promise(() => undefined);
      if (answer !== "throttle") {
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      }
      return Promise.reject(Object.assign(new Error("later"), { name: "ThrottlingException" }));
    },
  };
  const retry = { initialDelayMs: 60_000, maxDelayMs: 60_000 };
  const data = createDataLayer({ environment: "local", client: client as never, retry });
  return { data, sent };
}

/** Lets everything go on that waits for no timer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Whether anything is sent later on, or waits for it. */
async function expectSilence(sent: readonly string[]): Promise<void> {
  const count = sent.length;
  await settle();
  await jest.advanceTimersByTimeAsync(600_000);
  expect(sent.slice(count)).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
}

const reason = new Error("changed my mind");

beforeEach(() => jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] }));
afterEach(() => jest.useRealTimers());

/** The calls of an index, which most of the twelve are not in. */
const ofIndexes = ["queryBy", "listBy", "countBy"];

/** The calls of everything that is stored of a user. */
const ofUser = (data: DataLayer) =>
  Object.entries(data.user("u1")).flatMap(([name, value]) =>
    typeof value === "function" ? [`user().${name}`] : [],
  );

test("the table below names every call that takes limits", () => {
  const { data } = answering("hang");
  const named = new Set(calls.map(([name]) => name));
  const without = new Set(["forUser", "scope", "close", "configuration", "service", "stats"]);
  const found: string[] = [];
  for (const [name, value] of Object.entries(data)) {
    if (without.has(name)) continue;
    if (name === "user") found.push(...ofUser(data));
    else if (typeof value === "function") found.push(name);
    else {
      const store = registry.some((row) => row.name === name);
      const methods = store
        ? Object.getOwnPropertyNames(Object.getPrototypeOf(value))
        : Object.keys(value as object);
      for (const method of methods) {
        const member: unknown = Reflect.get(value as object, method);
        // A check sends nothing.
        const isLeftOut = ["constructor", "check", ...(name === "review" ? [] : ofIndexes)];
        if (typeof member === "function" && !isLeftOut.includes(method)) {
          found.push(`${name}.${method}`);
        }
      }
    }
  }
  expect(found.sort()).toEqual([...named].sort());
});

describe("a call that is aborted", () => {
  test.each(calls)("%s, before it is made, sends nothing", async (_, run) => {
    const { data, sent } = answering("hang");
    const error = await failureOf(run(data, { signal: AbortSignal.abort(reason) }), AbortedError);
    expect(error.cause).toBe(reason);
    expect(sent).toEqual([]);
    await expectSilence(sent);
  });

  test.each(calls)("%s, while its first request hangs", async (_, run) => {
    const { data, sent } = answering("hang");
    const controller = new AbortController();
    const failed = failureOf(run(data, { signal: controller.signal }), AbortedError);
    await settle();
    expect(sent).not.toEqual([]);
    controller.abort(reason);
    expect((await failed).cause).toBe(reason);
    await expectSilence(sent);
  });

  test.each(calls)("%s, while it waits for a retry", async (_, run) => {
    const { data, sent } = answering("throttle");
    const controller = new AbortController();
    const failed = failureOf(run(data, { signal: controller.signal }), AbortedError);
    await settle();
    expect(sent).not.toEqual([]);
    expect(jest.getTimerCount()).toBeGreaterThan(0);
    controller.abort(reason);
    expect((await failed).cause).toBe(reason);
    await expectSilence(sent);
  });
});

describe("a call with a deadline", () => {
  test.each(calls)("%s, while its first request hangs", async (_, run) => {
    const { data, sent } = answering("hang");
    const failed = failureOf(run(data, { timeoutMs: 1_000 }), TimeoutError);
    await jest.advanceTimersByTimeAsync(999);
    let ended = false;
    void failed.finally(() => {
      ended = true;
    });
    await settle();
    expect(sent).not.toEqual([]);
    expect(ended).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect((await failed).message).toContain("no response within 1000 ms");
    await expectSilence(sent);
  });

  test.each(calls)("%s, while it waits for a retry", async (_, run) => {
    const { data, sent } = answering("throttle");
    const failed = failureOf(run(data, { timeoutMs: 1_000 }), TimeoutError);
    await settle();
    expect(sent).not.toEqual([]);
    await jest.advanceTimersByTimeAsync(1_000);
    await failed;
    await expectSilence(sent);
  });
});

describe("a data layer that is closed", () => {
  test.each(calls)("ends %s while its first request hangs", async (_, run) => {
    const { data, sent } = answering("hang");
    const failed = failureOf(run(data, {}), DynamoDBError);
    await settle();
    expect(sent).not.toEqual([]);
    await data.close();
    expect((await failed).message).toContain("the data layer is closed");
    await expectSilence(sent);
  });

  test.each(calls)("ends %s while it waits for a retry, and refuses the next", async (_, run) => {
    const { data, sent } = answering("throttle");
    const failed = failureOf(run(data, {}), DynamoDBError);
    await settle();
    expect(sent).not.toEqual([]);
    await data.close();
    expect((await failed).message).toContain("the data layer is closed");
    await expectSilence(sent);
    const count = sent.length;
    const refused = await failureOf(run(data, {}), DynamoDBError);
    expect(refused.message).toContain("the data layer is closed");
    expect(sent).toHaveLength(count);
    await data.close();
  });
});

describe("between two requests of one call", () => {
  const key = { PK: "USER#u1", SK: "CONTENT#c1" };
  const more = { Items: [], LastEvaluatedKey: key };
  const refused = (more: object = {}) =>
    Object.assign(new Error("refused"), { name: "ConditionalCheckFailedException", ...more });
  const lease = {
    Item: {
      PK: "OAUTH#u1",
      SK: "GOOGLE_BUSINESS",
      EntityType: "OAuthToken",
      Data: token,
      CreatedAt: 1,
      UpdatedAt: 1,
    },
  };
  const content = { ...user, contentId: "c1" };
  const found = {
    Items: [
      { ...key, EntityType: "SavedContent", Data: { projectId: "p" }, CreatedAt: 1, UpdatedAt: 1 },
    ],
  };
  const items = Array.from({ length: 600 }, (_, n) =>
    make.savedContent({ ...user, contentId: `c${n}` }),
  );

  // What is answered before the request that hangs, or that is throttled.
  const between: [string, Answer[], Run][] = [
    ["pages of a query", [more], (data, options) => data.savedContent.query(user, options)],
    ["pages of a list", [more], (data, options) => all(data.savedContent.list(user, options))],
    ["pages of a collection", [more], (data, options) => data.collections.workspace(user, options)],
    [
      "rounds of a write",
      [refused()],
      (data, options) =>
        data.savedContent.put({ ...content, data: items[0]?.data as never }, options),
    ],
    [
      "batches of a batchPut",
      Array(5).fill({}),
      (data, options) => data.savedContent.batchPut(items, options),
    ],
    [
      "batches of a batchGet",
      [{ Responses: {} }],
      (data, options) =>
        data.savedContent.batchGet(
          items.map((item) => ({ ...user, contentId: item.contentId })),
          options,
        ),
    ],
    [
      "query and transaction of deleteAndUnfile",
      [found],
      (data, options) => data.projects.deleteAndUnfile({ ...user, projectId: "p" }, options),
    ],
    [
      "update and create of profiles.save",
      [refused()],
      (data, options) => data.profiles.save(user, { name: "N" }, options),
    ],
    [
      "update and create of oauth.store",
      [refused()],
      (data, options) => data.oauth.store("u1", undefined, token, options),
    ],
    [
      "query and delete of reviews.deleteById",
      [
        {
          Items: [
            {
              PK: "REVIEW#a1",
              SK: "REVIEW#r1",
              GSI1PK: "REVIEW#r1",
              GSI1SK: "AGENT#a1",
              EntityType: "Review",
              Data: {},
              CreatedAt: 1,
              UpdatedAt: 1,
            },
          ],
        },
      ],
      (data, options) => data.reviews.deleteById("r1", options),
    ],
    [
      "describes of table.wait",
      [{ Table: { TableStatus: "CREATING" } }],
      (data, options) => data.table.wait(options),
    ],
    [
      "polls of validToken while another holds the lease",
      [lease, refused()],
      (data, options) => data.oauth.validToken("u1", undefined, { refresh, ...options }),
    ],
  ];

  /** Waits until so many requests were answered and the next one is sent; some wait for a poll. */
  async function reached(sent: readonly string[], answered: number): Promise<void> {
    await settle();
    if (sent.length <= answered) await jest.advanceTimersByTimeAsync(250);
    await settle();
    expect(sent.length).toBeGreaterThan(answered);
  }

  describe.each(["hang", "throttle"] as const)("of which the next one is answered: %s", (last) => {
    test.each(between)("%s: an abort ends it", async (_, answers, run) => {
      const { data, sent } = answering(...answers, last);
      const controller = new AbortController();
      const failed = failureOf(run(data, { signal: controller.signal }), AbortedError);
      await reached(sent, answers.length);
      controller.abort(reason);
      expect((await failed).cause).toBe(reason);
      await expectSilence(sent);
    });

    test.each(between)("%s: the deadline of the whole call ends it", async (_, answers, run) => {
      const { data, sent } = answering(...answers, last);
      const failed = failureOf(run(data, { timeoutMs: 1_000 }), TimeoutError);
      await reached(sent, answers.length);
      await jest.advanceTimersByTimeAsync(1_000);
      const error = await failed;
      expect(error.message).toContain("no response within 1000 ms");
      await expectSilence(sent);
    });

    test.each(between)("%s: close ends it", async (_, answers, run) => {
      const { data, sent } = answering(...answers, last);
      const failed = failureOf(run(data, {}), DynamoDBError);
      await reached(sent, answers.length);
      await data.close();
      expect((await failed).message).toContain("the data layer is closed");
      await expectSilence(sent);
    });
  });
});

describe("calls that wait for something together", () => {
  test("coalesced gets go on for those who stay, and end when the last has left", async () => {
    const { data, sent } = answering("throttle");
    const controllers = [new AbortController(), new AbortController()];
    const [first, second] = controllers.map(({ signal }, n) =>
      failureOf(data.project.get({ ...user, projectId: `p${n}` }, { signal }), AbortedError),
    );
    await settle();
    expect(sent).toEqual(["BatchGet"]);
    controllers[0]?.abort(reason);
    expect((await first)?.cause).toBe(reason);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(sent).toEqual(["BatchGet", "BatchGet"]);
    controllers[1]?.abort(reason);
    expect((await second)?.cause).toBe(reason);
    await expectSilence(sent);
  });

  test("a request of 100 coalesced gets ends when their callers have left, whoever waits for the next", async () => {
    const { data, sent } = answering("throttle", { Item: undefined });
    const controller = new AbortController();
    const leaving = Array.from({ length: 100 }, (_, n) =>
      failureOf(
        data.project.get({ ...user, projectId: `p${n}` }, { signal: controller.signal }),
        AbortedError,
      ),
    );
    const staying = data.project.get({ ...user, projectId: "p100" });
    await settle();
    expect(sent).toEqual(["BatchGet", "Get"]);
    controller.abort(reason);
    await Promise.all(leaving);
    expect(await staying).toBeNull();
    await expectSilence(sent);
  });

  test("a coalesced get without limits is read to the end, whoever leaves", async () => {
    const { data, sent } = answering("throttle", { Item: undefined });
    const controller = new AbortController();
    const key = { ...user, projectId: "p" };
    const leaving = failureOf(data.project.get(key, { signal: controller.signal }), AbortedError);
    const staying = data.project.get(key);
    await settle();
    expect(sent).toEqual(["Get"]);
    controller.abort(reason);
    await leaving;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(await staying).toBeNull();
  });
});

describe("a refresh of a token", () => {
  const stored = {
    Item: {
      PK: "OAUTH#u1",
      SK: "GOOGLE_BUSINESS",
      EntityType: "OAuthToken",
      Data: token,
      CreatedAt: 1,
      UpdatedAt: 1,
    },
  };
  const held = Object.assign(new Error("held"), { name: "ConditionalCheckFailedException" });
  const wanted = (data: DataLayer, options: CallOptions = {}) =>
    data.oauth.validToken("u1", undefined, { refresh, ...options });

  test("is waited for on behalf of those who stay when one leaves", async () => {
    const { data, sent } = answering(stored, held, stored, {});
    const controller = new AbortController();
    const leaving = failureOf(wanted(data, { signal: controller.signal }), AbortedError);
    const staying = wanted(data, { timeoutMs: 60_000 });
    await settle();
    expect(sent).toEqual(["Get", "Update"]);
    controller.abort(reason);
    await leaving;
    await jest.advanceTimersByTimeAsync(200);
    expect(await staying).toMatchObject({ accessToken: "b" });
    expect(sent).toEqual(["Get", "Update", "Get", "Update", "Update"]);
    await expectSilence(sent);
  });

  test("is begun anew by who comes after all have left", async () => {
    const { data, sent } = answering(stored, held, stored, {});
    const controller = new AbortController();
    const leaving = failureOf(wanted(data, { signal: controller.signal }), AbortedError);
    await settle();
    expect(sent).toEqual(["Get", "Update"]);
    controller.abort(reason);
    await leaving;
    expect(await wanted(data)).toMatchObject({ accessToken: "b" });
    await expectSilence(sent);
  });

  test("is stored although all have left: the provider may have taken the old token back", async () => {
    const { data, sent } = answering(stored, {});
    const controller = new AbortController();
    let answer: (token: object) => void = () => undefined;
    const asked = jest.fn(
      () =>
        new Promise<{ accessToken: string }>((resolve) => {
          answer = resolve as (token: object) => void;
        }),
    );
    const options = { refresh: asked, signal: controller.signal };
    const leaving = failureOf(data.oauth.validToken("u1", undefined, options), AbortedError);
    await settle();
    expect(asked).toHaveBeenCalledTimes(1);
    controller.abort(reason);
    await leaving;
    answer({ accessToken: "b" });
    await settle();
    expect(sent).toEqual(["Get", "Update", "Update"]);
    await expectSilence(sent);
  });

  test("has five seconds to be stored after close: what the provider answers then is kept", async () => {
    const { data, sent } = answering(stored, {});
    let answer: (token: object) => void = () => undefined;
    const slow = () =>
      new Promise<never>((resolve) => {
        answer = resolve as (token: object) => void;
      });
    const token = data.oauth.validToken("u1", undefined, { refresh: slow });
    await settle();
    const closed = data.close();
    await jest.advanceTimersByTimeAsync(4_000);
    // No refresh is begun any more.
    await failureOf(data.oauth.validToken("u2", undefined, { refresh }), AbortedError);
    answer({ accessToken: "b", refreshToken: "rotated" });
    expect(await token).toMatchObject({ accessToken: "b", refreshToken: "rotated" });
    await closed;
    expect(sent).toEqual(["Get", "Update", "Update"]);
    await expectSilence(sent);
  });

  test("is ended by close after five seconds, and told so", async () => {
    const { data, sent } = answering(stored, {});
    const signals: AbortSignal[] = [];
    const silent = (_: string, { signal }: { signal: AbortSignal }) => {
      signals.push(signal);
      return new Promise<never>(() => undefined);
    };
    const failed = failureOf(
      data.oauth.validToken("u1", undefined, { refresh: silent }),
      AbortedError,
    );
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    const closed = data.close();
    await jest.advanceTimersByTimeAsync(4_999);
    expect(signals[0]?.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    await closed;
    expect((await failed).message).toContain("the data layer is closed");
    expect(signals[0]?.aborted).toBe(true);
    await expectSilence(sent);
  });
});

describe("what is told of a call that writes in several requests", () => {
  const denied = () =>
    Object.assign(new Error("no"), {
      ...{ name: "AccessDeniedException", $metadata: { httpStatusCode: 400 } },
    });
  const contents = Array.from({ length: 150 }, (_, n) => ({
    ...{ PK: "USER#u1", SK: `CONTENT#c${n}`, EntityType: "SavedContent" },
    ...{ Data: { projectId: "p" }, CreatedAt: 1, UpdatedAt: 1 },
  }));

  test.each([
    ["nothing of it was done", ["throttle"], false],
    ["a part of it was done", [{}, "throttle"], true],
  ] as const)("a batch that is aborted while it waits, when %s", async (_, answers, open) => {
    const { data, sent } = answering(...answers);
    const controller = new AbortController();
    const items = Array.from({ length: 50 }, (_, n) =>
      make.project({ ...user, projectId: `p${n}` }),
    );
    const failed = failureOf(
      data.project.batchPut(items, { signal: controller.signal }),
      AbortedError,
    );
    await settle();
    expect(sent).toEqual(["BatchWrite", "BatchWrite"]);
    controller.abort(reason);
    expect((await failed).mayHaveBeenDone).toBe(open);
  });

  test.each([
    ["nothing of it was done", [{ Items: contents }, denied()], false],
    ["a part of it was done", [{ Items: contents }, {}, denied()], true],
  ] as const)("deleteAndUnfile that is refused when %s", async (_, answers, open) => {
    const { data, sent } = answering(...answers);
    const failed = failureOf(
      data.projects.deleteAndUnfile({ ...user, projectId: "p" }),
      DynamoDBError,
    );
    expect(await failed).toMatchObject({ code: "AccessDeniedException", mayHaveBeenDone: open });
    expect(sent).toEqual(["Query", ...Array(open ? 2 : 1).fill("TransactWrite")]);
  });
});

describe("withRetry", () => {
  test("an abort ends it while an attempt hangs, the first and a later one", async () => {
    for (const failures of [0, 1]) {
      const controller = new AbortController();
      const fn = jest.fn(() => new Promise<never>(() => undefined));
      for (let n = 0; n < failures; n += 1) {
        fn.mockRejectedValueOnce(
          Object.assign(new Error("later"), { name: "ThrottlingException" }),
        );
      }
      const outcome = withRetry(fn, { signal: controller.signal }).catch((error: unknown) => error);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(fn).toHaveBeenCalledTimes(failures + 1);
      controller.abort(reason);
      expect(await outcome).toBe(reason);
      expect(jest.getTimerCount()).toBe(0);
    }
  });
});
