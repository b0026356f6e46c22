/** A client in a page, a handler behind real HTTP, and a table on a real engine. */
import { createDataClient } from "../../src/browser/index.js";
import {
  AbortedError,
  ConditionalCheckFailedError,
  ConfigurationError,
  DynamoDBError,
  ItemNotFoundError,
  isExactNumber,
  TimeoutError,
  ValidationError,
} from "../../src/index.js";
import { engines } from "../engines.js";
import { failureOf } from "../open.js";
import { losing, serveTable } from "./serving.js";

describe.each(engines)("a client of a server on $name", ({ engine }) => {
  const served = serveTable(engine, { maxLimit: 3 });
  const api = (...given: Parameters<typeof served.client>) => served.client(...given);
  beforeEach(() => {
    served.seen();
    served.table.data.wire.clear();
  });

  test("makes every kind of call as data.forUser does", async () => {
    const { competitor, project, profiles, collections, dashboard, oauth } = api();
    const created = await project.create({ projectId: "p1", data: { name: "Spring" } });
    const scope = served.table.data.forUser("me");
    expect(created).toEqual(await scope.project.get({ projectId: "p1" }));
    expect(await project.get({ projectId: "p1" })).toEqual(created);
    expect(await project.get({ projectId: "none" })).toBeNull();
    const updated = await project.update(
      { projectId: "p1" },
      { name: "May" },
      { ifUpdatedAt: created.updatedAt },
    );
    expect(updated).toEqual(await scope.project.get({ projectId: "p1" }));
    expect(await competitor.batchPut([{ competitorId: "c1", data: { name: "x" } }])).toEqual({
      written: 1,
    });
    expect(await competitor.batchGet([{ competitorId: "c1" }, { competitorId: "c2" }])).toEqual([
      await scope.competitor.get({ competitorId: "c1" }),
      null,
    ]);
    expect(await project.count({})).toBe(1);
    expect(await project.query({}, { by: "createdAt", order: "desc" })).toMatchObject({
      items: [{ projectId: "p1" }],
      cursor: null,
    });
    await profiles.save({}, { email: "ana@example.com" });
    expect((await collections.workspace()).userProfile).toHaveLength(1);
    expect((await dashboard()).competitors).toHaveLength(1);
    expect(await oauth.isConnected("google")).toBe(false);
    expect(await project.delete({ projectId: "p1" })).toEqual(updated);
    expect(await project.delete({ projectId: "p1" })).toBeNull();
  });

  test("lists all pages, and no more than its limit, one page at a time", async () => {
    const { trainingProgress } = api({ user: "lists" });
    const scope = served.table.data.forUser("lists");
    const ids = Array.from({ length: 8 }, (_, index) => `m${index}`);
    for (const moduleId of ids)
      await scope.trainingProgress.put({ moduleId, data: { completed: false } });
    const listed = async (options?: object) => {
      const found: string[] = [];
      for await (const { moduleId } of trainingProgress.list({}, options)) found.push(moduleId);
      return found;
    };
    served.seen();
    expect(await listed()).toEqual(ids);
    expect(served.seen()).toHaveLength(3);
    expect(await listed({ limit: 4 })).toEqual(ids.slice(0, 4));
    expect(await listed({ order: "desc", limit: 2 })).toEqual(["m7", "m6"]);
    served.seen();
    for await (const _ of trainingProgress.list({})) break;
    expect(served.seen()).toHaveLength(1);
  });

  test("sends the calls of one tick as one request, each with its own outcome", async () => {
    const { project, dashboard } = api();
    const outcomes = await Promise.allSettled([
      project.get({ projectId: "none" }),
      project.getOrThrow({ projectId: "none" }),
      dashboard(),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(served.seen().map(({ method, calls }) => [method, calls.length])).toEqual([["GET", 3]]);
    const many = Array.from({ length: 45 }, (_, n) => project.get({ projectId: `${n}` }));
    await Promise.all(many);
    expect(served.seen().map(({ calls }) => calls.length)).toEqual([20, 20, 5]);
    // What does not fit into an address is posted.
    await project.get({ projectId: "x".repeat(900) });
    await project.query({}, { where: { name: "x".repeat(3_000) } });
    expect(served.seen().map(({ method }) => method)).toEqual(["GET", "POST"]);
  });

  test("a where callback is called in the page, and selects what it selects on the server", async () => {
    const { competitor } = api({ user: "conditions" });
    const scope = served.table.data.forUser("conditions");
    const rows = [
      { name: "alpha", reviewCount: 1 },
      { name: "beta", reviewCount: 5 },
      { name: "gamma", reviewCount: 9, note: { deep: ["x"] } },
    ];
    for (const [index, data] of rows.entries()) {
      await scope.competitor.put({ competitorId: `c${index}`, data } as never);
    }
    type Options = NonNullable<Parameters<typeof competitor.query>[1]>;
    const wheres: Options["where"][] = [
      { name: "beta" },
      (data, { eq }) => eq(data.name, "beta"),
      (data, { gt, lt }) => `${gt(data.reviewCount, 1)} AND ${lt(data.reviewCount, 9)}`,
      (data, { eq, between }) =>
        `NOT (${eq(data.name, "alpha")}) AND ${between(data.reviewCount, 2, 9)}`,
      (data, { in: isIn }) => isIn(data.name, ["alpha", "gamma"]),
      (data, { gte, size }) => gte(size(data.name), 5),
      (_, { exists, path }) => exists(path("note", "deep", 0)),
      (data, { begins, contains, notExists, path }) =>
        `(${begins(data.name, "a")} OR ${contains(data.name, "mm")}) AND ${notExists(path("none"))}`,
    ];
    for (const where of wheres) {
      const expected = await scope.competitor.query({}, { where });
      expect(expected.items.length).toBeGreaterThan(0);
      expect((await competitor.query({}, { where })).items).toEqual(expected.items);
      expect(await competitor.count({}, { where })).toBe(expected.items.length);
    }
    const held = competitor.update(
      { competitorId: "c0" },
      { name: "other" },
      { where: (data, { eq }) => eq(data.name, "beta") },
    );
    await failureOf(held, ConditionalCheckFailedError);
    const half = competitor.query({}, { where: (_, { eq, path }) => eq(path("a"), 1).slice(1) });
    expect((await failureOf(half, ValidationError)).issues[0]?.path).toBe("where");
  });

  test("rejects with the package's errors, and their items, issues and fields", async () => {
    const { project } = api();
    const item = await project.put({ projectId: "held", data: { name: "x" } });
    const conflict = await failureOf(
      project.update({ projectId: "held" }, { name: "y" }, { ifUpdatedAt: 1 }),
      ConditionalCheckFailedError,
    );
    expect(conflict).toBeInstanceOf(DynamoDBError);
    expect(conflict).not.toBeInstanceOf(ValidationError);
    expect(conflict.item).toEqual(item);
    expect(JSON.stringify(conflict)).not.toContain('"data"');
    const { name, code, statusCode, retryable, operation, entity, key } = conflict;
    expect({ name, code, statusCode, retryable, operation, entity, key }).toEqual({
      name: "ConditionalCheckFailedError",
      code: "ConditionalCheckFailedException",
      statusCode: 409,
      retryable: false,
      operation: "update",
      entity: "Project",
      key: { projectId: "held" },
    });
    const missing = await failureOf(project.getOrThrow({ projectId: "none" }), ItemNotFoundError);
    expect(missing.message).toBe("getOrThrow Project (projectId=none): no such item");
    const wrong = project.create({ projectId: "p", data: { name: 7 } } as never);
    const { issues } = await failureOf(wrong, ValidationError);
    expect(issues.map(({ path }) => path)).toEqual(["data.name"]);
    const nobody = await failureOf(api({ headers: {} }).project.query({}), DynamoDBError);
    expect([nobody.code, nobody.statusCode]).toEqual(["MissingAuthenticationToken", 401]);
  });

  test("carries values of every kind there and back", async () => {
    const data = {
      name: "x",
      bytes: Uint8Array.from([0, 127, 255]),
      texts: new Set(["a", "b"]),
      numbers: new Set([1, 2]),
      big: 2n ** 70n,
      negative: -0.5,
      nothing: null,
      list: [1, "two", { three: [3] }],
      $: "set",
      constructor: "c",
      nested: { $: "map", v: [], toString: "t" },
    };
    const stored = await api().project.put({ projectId: "values", data } as never);
    expect({ ...(stored.data as object), id: undefined }).toEqual({ ...data, id: undefined });
    await served.table.raw.put({
      PK: "USER#me",
      SK: "PROJECT#exact",
      EntityType: "Project",
      CreatedAt: 1,
      UpdatedAt: 1,
      Data: { name: "x", bytes: Uint8Array.from([1]) },
    });
    const exact = await served.table.data.project.update({ userId: "me", projectId: "exact" }, {
      size: 1,
    } as never);
    expect(exact.data.name).toBe("x");
  });

  test("an exact number is one for every copy of the package, and is written back unchanged", async () => {
    const { ExactNumber } = await import("../../src/index.js");
    const size = ExactNumber.from("12345678901234567890.5");
    const { project } = api();
    await project.put({ projectId: "exact", data: { name: "x", size } } as never);
    const item = await project.getOrThrow({ projectId: "exact" });
    const received = (item.data as unknown as { size: object }).size;
    expect(isExactNumber(received)).toBe(true);
    expect([String(received), JSON.stringify(received)]).toEqual([size.text, `"${size.text}"`]);
    const again = await project.update({ projectId: "exact" }, { copy: received } as never);
    expect(String((again.data as unknown as { copy: object }).copy)).toBe(size.text);
  });

  test.each([
    [() => 1, "function"],
    [Symbol("x"), "symbol"],
    [Number.NaN, "finite"],
    [Number.POSITIVE_INFINITY, "finite"],
    [new Date(Number.NaN), "valid date"],
    [new Map(), "instance of a class"],
    [/x/, "instance of a class"],
  ])("refuses %p before anything is sent", async (value, rule) => {
    const call = api().project.update({ projectId: "p" }, { name: value } as never);
    const { message } = await failureOf(call, ValidationError);
    expect(message).toContain("project.update: input.1.name must be");
    expect(message).toContain(rule);
    expect(served.seen()).toEqual([]);
  });

  test("refuses a list in itself", async () => {
    const list: unknown[] = [];
    list.push(list);
    const call = api().project.update({ projectId: "p" }, { list } as never);
    expect((await failureOf(call, ValidationError)).message).toContain("in itself");
  });

  test("a read without a response is sent again, for as long as it is told", async () => {
    const { project } = api({ fetch: losing(2, "request") });
    expect(await project.get({ projectId: "none" })).toBeNull();
    expect(served.seen()).toHaveLength(3);
    const offline = api({ fetch: losing(100, "request"), retryMs: 300 });
    const { code, retryable } = await failureOf(offline.project.query({}), DynamoDBError);
    expect([code, retryable]).toEqual(["NetworkingError", true]);
  });

  test("a mutation whose response is lost is sent again with its id, and carried out once", async () => {
    const { competitor } = api({ fetch: losing(2, "answer") });
    await served.table.data.competitor.put({
      userId: "me",
      competitorId: "lost",
      data: { name: "x", reviewCount: 1 },
    });
    const item = await competitor.update({ competitorId: "lost" }, {}, { add: { reviewCount: 1 } });
    expect(item.data.reviewCount).toBe(2);
    const ids = served.seen().map(({ method, calls }) => [method, calls[0]?.id]);
    expect(ids).toHaveLength(3);
    expect(new Set(ids.map(String)).size).toBe(1);
    expect(ids[0]?.[1]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
  });

  test("a response that is cut off is asked for again (a mutation was said not to be done)", async () => {
    let cut = 2;
    const cutting: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const text = await response.text();
      cut -= 1;
      return new Response(cut < 0 ? text : text.slice(0, 20), response);
    };
    const { project } = api({ fetch: cutting });
    await project.create({ projectId: "cut", data: { name: "once" } });
    expect(served.seen()).toHaveLength(3);
    const giving = api({ fetch: async () => new Response("{", { status: 200 }), retryMs: 300 });
    const { code, mayHaveBeenDone } = await failureOf(
      giving.project.create({ projectId: "cut2", data: { name: "x" } }),
      DynamoDBError,
    );
    expect([code, mayHaveBeenDone]).toEqual(["AnswerLost", true]);
  });

  test("a mutation that is still under way is waited for by those behind it (they overtook it)", async () => {
    await served.table.data
      .forUser("me")
      .project.create({ projectId: "order", data: { name: "0" } });
    let lose = true;
    const losingFirst: typeof fetch = async (input, init) => {
      if (!lose) return fetch(input, init);
      lose = false;
      // The server goes on with the first; the page has lost the connection.
      void fetch(input, init).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
      throw new TypeError("fetch failed");
    };
    const { project } = api({ fetch: losingFirst });
    served.table.data.wire.inject({ fault: "slow", operation: "PutItem", delayMs: 1_500 });
    const first = project.update({ projectId: "order" }, { name: "1" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = project.update({ projectId: "order" }, { name: "2" });
    await Promise.all([first, second]);
    expect((await project.getOrThrow({ projectId: "order" })).data.name).toBe("2");
  });

  test("mutations of one tick that are too large together are sent by themselves", async () => {
    const { project } = api();
    const name = "n".repeat(300_000);
    const ids = ["l1", "l2", "l3", "l4", "l5"];
    const all = ids.map((projectId) => project.put({ projectId, data: { name } }));
    for (const { data } of await Promise.all(all)) expect(data.name).toBe(name);
    const sent = served.seen();
    expect(sent.length).toBeGreaterThan(1);
    expect(new Set(sent.flatMap(({ calls }) => calls.map(({ id }) => id))).size).toBe(5);
  });

  test("mutations without a network wait, and are sent once, in their order", async () => {
    const { project } = api({ fetch: losing(1, "request") });
    const names = ["one", "two", "three", "four"];
    const all = names.map((name, index) =>
      index === 0
        ? project.create({ projectId: "queue", data: { name } })
        : project.update({ projectId: "queue" }, { name }),
    );
    await Promise.resolve();
    const late = project.update({ projectId: "queue" }, { name: "five" });
    const results = await Promise.all([...all, late]);
    expect(results.map(({ data }) => data.name)).toEqual([...names, "five"]);
    const sent = served.seen().flatMap(({ calls }) => calls.map(({ id }) => id));
    expect(new Set(sent).size).toBe(5);
    expect((await project.getOrThrow({ projectId: "queue" })).data.name).toBe("five");
  });

  test("a mutation waits for the one before it, though it is made in another tick", async () => {
    const { project } = api();
    const first = project.put({ projectId: "turn", data: { name: "first" } });
    await new Promise(setImmediate);
    const second = project.update({ projectId: "turn" }, { name: "second" });
    expect((await Promise.all([first, second])).map(({ data }) => data.name)).toEqual([
      "first",
      "second",
    ]);
  });

  test("a mutation that nobody answered says that it may be done", async () => {
    const { project } = api({ fetch: losing(100, "answer"), keepMs: 500 });
    const call = project.create({ projectId: "unknown", data: { name: "x" } });
    const { code, mayHaveBeenDone } = await failureOf(call, DynamoDBError);
    expect([code, mayHaveBeenDone]).toEqual(["AnswerLost", true]);
    expect(await api().project.get({ projectId: "unknown" })).not.toBeNull();
  });

  test("an abort ends a call at once, takes it out of the queue, and ends its request", async () => {
    const aborting = new AbortController();
    const { project } = api();
    served.table.data.wire.inject({ fault: "slow", operation: "Query", delayMs: 2_000 });
    const read = project.query({}, { signal: aborting.signal });
    while (served.table.data.wire.requests.length === 0) await new Promise(setImmediate);
    aborting.abort("enough");
    const { cause, mayHaveBeenDone } = await failureOf(read, AbortedError);
    expect([cause, mayHaveBeenDone]).toEqual(["enough", false]);
    const before = project.put(
      { projectId: "never", data: { name: "x" } },
      { signal: AbortSignal.abort() },
    );
    await failureOf(before, AbortedError);
    expect(await project.get({ projectId: "never" })).toBeNull();
    served.table.data.wire.clear();
  });

  test.each([[new AbortController()], [null], [{}], ["x"], [{ aborted: true }]])(
    "a signal that is none is refused, and nothing is sent: %p (it was a TypeError)",
    async (signal) => {
      const { project } = api();
      const options = { signal } as never;
      const error = await failureOf(project.query({}, options), ValidationError);
      expect(error.issues).toEqual([{ path: "signal", message: "must be an AbortSignal" }]);
      await failureOf(project.create({ data: { name: "x" } }, options), ValidationError);
      expect(served.seen()).toEqual([]);
    },
  );

  test("answers that are no handler's end a call, and are repeated where they may pass", async () => {
    const page = (status: number) => async () => new Response("<html>", { status });
    const foreign = api({ fetch: page(404) });
    expect((await failureOf(foreign.project.query({}), DynamoDBError)).statusCode).toBe(404);
    const broken = api({ fetch: page(200), retryMs: 300 });
    expect((await failureOf(broken.project.query({}), DynamoDBError)).statusCode).toBe(200);
    const odd = async () => Response.json({ v: 1, results: [null] });
    const never = api({ fetch: odd, retryMs: 300 });
    expect((await failureOf(never.project.query({}), DynamoDBError)).retryable).toBe(true);
    // A call waited for ever, or failed with an error of JavaScript's.
    for (const result of [{ error: null }, {}, { error: "x" }, []]) {
      const fetch = async () => Response.json({ v: 1, results: [result] });
      const client = api({ fetch, retryMs: 0 });
      const read = await failureOf(client.project.query({}), DynamoDBError);
      expect([read.statusCode, read.message]).toEqual([200, "the response cannot be read"]);
      const written = await failureOf(
        client.project.create({ data: { name: "x" } }),
        DynamoDBError,
      );
      expect([written.code, written.mayHaveBeenDone]).toEqual(["AnswerLost", true]);
    }
    const deep = `{"v":1,"results":[{"value":${"[".repeat(1e5)}${"]".repeat(1e5)}}]}`;
    const nested = api({ fetch: async () => new Response(deep), retryMs: 0 });
    expect((await failureOf(nested.project.query({}), DynamoDBError)).message).toMatch(/be read/);
    const gateway = api({ fetch: page(502), retryMs: 300 });
    await failureOf(gateway.project.query({}), DynamoDBError);
    expect(served.seen().length).toBeGreaterThan(2);
  });

  test("a request ends in its time, though what sends it knows no signal (it never ended)", async () => {
    const never = () => new Promise<never>(() => undefined);
    for (const options of [{ fetch: never }, { headers: never }]) {
      const client = api({ ...options, timeoutMs: 20, retryMs: 0 });
      await failureOf(client.project.query({}), TimeoutError);
    }
  });

  test("its calls are the same functions each time, and it is no promise", async () => {
    const client = api();
    expect(client.project.get).toBe(client.project.get);
    expect(client.dashboard).toBe(client.dashboard);
    expect(await client).toBe(client);
    expect((client as unknown as { then?: unknown }).then).toBeUndefined();
    const unknown = (client.project as unknown as { purge(): Promise<unknown> }).purge();
    await failureOf(unknown, ValidationError);
    expect(served.seen()).toEqual([]);
  });
});

test.each([
  [{}, /url must be/],
  [{ url: "" }, /url must be/],
  [{ url: "/x", uri: "/y" }, /"uri" is not an option/],
  [{ url: "/x", fetch: 1 }, /fetch must be a function/],
  [{ url: "/x", credentials: "omitt" }, /credentials must be "same-origin", "include" or "omit"/],
  [{ url: "/x", timeoutMs: "1s" }, /timeoutMs must be a number/],
  [{ url: "/x", timeoutMs: 0 }, /timeoutMs must be a number of milliseconds from 1/],
  [{ url: "/x", timeoutMs: Number.POSITIVE_INFINITY }, /timeoutMs must be a number/],
  [{ url: "/x", timeoutMs: 2 ** 31 }, /timeoutMs must be a number/],
  [{ url: "/x", retryMs: Number.NaN }, /retryMs must be a number/],
  [{ url: "/x", keepMs: -1 }, /keepMs must be a number of milliseconds from 0/],
  [undefined, /options must be an object/],
  [null, /options must be an object/],
])("createDataClient(%j) is refused", (options, message) => {
  expect(() => createDataClient(options as never)).toThrow(ConfigurationError);
  expect(() => createDataClient(options as never)).toThrow(message);
});
