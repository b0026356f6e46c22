import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { createDataLayer, type DataLayer } from "../../src/data-layer.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import type { TestDataLayer } from "../../src/testing/index.js";
import type { RequestEvent } from "../../src/transport/events.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { inputOf, keyOf, registry, storeOf } from "../registry.js";
import { Recorder, refused } from "./recorder.js";

describe.each(engines)("gets of one turn of the event loop on $name", (engine) => {
  const wire = new Recorder();
  const table = openTable(engine, {
    requestHandler: wire,
    retry: { initialDelayMs: 1, maxRetries: 2 },
  });
  const userId = "u1";
  let data: TestDataLayer;
  const unhandled = jest.fn();
  beforeAll(async () => {
    data = table.data;
    await data.project.batchPut(
      Array.from({ length: 250 }, (_, index) => ({
        userId,
        projectId: `p${index}`,
        data: { name: `${index}` },
      })),
    );
    process.on("unhandledRejection", unhandled);
  });
  beforeEach(() => wire.clear());
  afterAll(async () => {
    await sleep(20);
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  const get = (index: number, options: object = {}) =>
    data.project.get({ userId, projectId: `p${index}` }, options);
  const range = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => from + index);
  const keysAsked = () =>
    wire.asked.map(({ input }) => {
      const [request] = Object.values(
        (input.RequestItems ?? {}) as Record<string, { Keys: unknown[] }>,
      );
      return request?.Keys.length ?? 1;
    });

  test("100 are 1 request, 250 are 3, each answered by its own item", async () => {
    const items = await Promise.all(range(0, 100).map((index) => get(index)));
    expect(wire.names).toEqual(["BatchGetItem"]);
    expect(items.map((item) => item?.data.name)).toEqual(range(0, 100).map(String));
    wire.clear();
    const more = await Promise.all(range(0, 250).map((index) => get(index)));
    expect(keysAsked()).toEqual([100, 100, 50]);
    expect(more.map((item) => item?.data.name)).toEqual(range(0, 250).map(String));
  });

  test("101 of which one comes twice are 1 request", async () => {
    await Promise.all([...range(0, 100), 50].map((index) => get(index)));
    expect(keysAsked()).toEqual([100]);
  });

  test("of all twelve entities are 1 request", async () => {
    for (const row of registry) await storeOf(data, row).put(inputOf(row, "all", "id-1"));
    wire.clear();
    const items = await Promise.all(
      registry.map((row) => storeOf(data, row).get(keyOf(row, inputOf(row, "all", "id-1")))),
    );
    expect(wire.names).toEqual(["BatchGetItem"]);
    expect(items.map((item, index) => item?.[registry[index]?.owner ?? ""])).toEqual(
      Array(12).fill("all"),
    );
  });

  test("that come from awaits of the same turn go together, those of a later turn do not", async () => {
    const deep = async (index: number) => {
      await Promise.resolve();
      await Promise.resolve();
      return get(index);
    };
    await Promise.all([get(1), deep(2), deep(3)]);
    expect(wire.names).toEqual(["BatchGetItem"]);
    wire.clear();
    const first = get(1);
    const later = new Promise((resolve) => setImmediate(() => resolve(get(2))));
    await Promise.all([first, later]);
    expect(wire.names).toEqual(["GetItem", "GetItem"]);
  });

  test("of a scope and of the layer go together", async () => {
    const items = await Promise.all([
      get(1),
      data.forUser(userId).project.get({ projectId: "p2" }),
    ]);
    expect(items.map((item) => item?.data.name)).toEqual(["1", "2"]);
    expect(wire.names).toEqual(["BatchGetItem"]);
  });

  test("consistent ones, and each set of fields, go by themselves", async () => {
    await Promise.all([
      ...[1, 2].map((index) => get(index)),
      ...[3, 4].map((index) => get(index, { consistent: true })),
      ...[5, 6].map((index) => get(index, { fields: ["name"] })),
      ...[7, 8].map((index) => get(index, { fields: ["name", "id"] })),
    ]);
    const requests = wire.asked.map(
      ({ input }) => Object.values(input.RequestItems as object)[0] as Record<string, unknown>,
    );
    expect(keysAsked()).toEqual([2, 2, 2, 2]);
    expect(requests.map((request) => request.ConsistentRead ?? false)).toEqual([
      false,
      true,
      false,
      false,
    ]);
    expect(new Set(requests.map((request) => request.ProjectionExpression)).size).toBe(3);
  });

  test("two data layers share nothing", async () => {
    const { endpoint, region, credentials } = data.engine;
    const other = createDataLayer({
      environment: "development",
      endpoint,
      region,
      credentials,
      tableName: data.configuration.tableName,
      requestHandler: wire,
    });
    await Promise.all([get(1), get(2), other.project.get({ userId, projectId: "p1" })]);
    await other.close();
    expect([...wire.names].sort()).toEqual(["BatchGetItem", "GetItem"]);
  });

  test("a write between two gets of one key is seen by the second", async () => {
    const key = { userId, projectId: "fresh" };
    const both = () => Promise.all([get(1), data.project.get(key)]);
    expect((await both())[1]).toBeNull();
    await data.project.create({ ...key, data: { name: "new" } });
    expect((await both())[1]?.data.name).toBe("new");
  });

  test("each caller may change what it got", async () => {
    const [one, other] = await Promise.all([get(1), get(1)]);
    if (one) one.data.name = "changed";
    expect(other?.data.name).toBe("1");
  });

  test("keys that stay unprocessed fail their callers, and no others", async () => {
    wire.inject({ fault: "partialUnprocessed", times: Number.POSITIVE_INFINITY });
    const outcomes = await Promise.allSettled(range(0, 8).map((index) => get(index)));
    const failed = outcomes.filter((one) => one.status === "rejected") as PromiseRejectedResult[];
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(8);
    for (const { reason } of failed) {
      expect(reason).toBeInstanceOf(ThroughputExceededError);
      expect(reason).toMatchObject({ operation: "get", entity: "Project", retryable: true });
      expect((reason as Error).message).toMatch(/^get Project \(userId=u1, projectId=p\d\): /);
    }
    expect(new Set(failed.map(({ reason }) => reason as unknown)).size).toBe(failed.length);
    outcomes.forEach((one, index) => {
      if (one.status === "fulfilled") expect(one.value?.data.name).toBe(String(index));
    });
  });

  test("a key that is left unprocessed once is read in the end", async () => {
    wire.inject({ fault: "partialUnprocessed", times: 2 });
    const items = await Promise.all(range(0, 8).map((index) => get(index)));
    expect(items.map((item) => item?.data.name)).toEqual(range(0, 8).map(String));
  });

  test("a wrong key fails its caller before anything is sent", async () => {
    const outcomes = await Promise.allSettled([
      get(1),
      data.project.get({ userId, projectId: "" }),
      get(2),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((outcomes[1] as PromiseRejectedResult).reason).toBeInstanceOf(ValidationError);
    expect(keysAsked()).toEqual([2]);
  });

  test("a request that fails whole fails each caller by its own call", async () => {
    wire.intercept = () => refused("AccessDeniedException", "not authorised");
    const calls = [get(1), get(2), data.savedContent.get({ userId, contentId: "c1" })];
    const errors = await Promise.all(calls.map((call) => failureOf(call, DynamoDBError)));
    expect(errors.map(({ message }) => message)).toEqual([
      "get Project (userId=u1, projectId=p1): not authorised",
      "get Project (userId=u1, projectId=p2): not authorised",
      "get SavedContent (userId=u1, contentId=c1): not authorised",
    ]);
    expect(wire.names).toEqual(["BatchGetItem"]);
  });

  test("a request of 100 that fails leaves the next one's callers theirs", async () => {
    wire.intercept = ({ operation, send }) =>
      operation === "GetItem" ? send() : refused("AccessDeniedException", "not authorised");
    const outcomes = await Promise.allSettled(range(0, 101).map((index) => get(index)));
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...Array<string>(100).fill("rejected"),
      "fulfilled",
    ]);
    expect(wire.names).toEqual(["BatchGetItem", "GetItem"]);
  });

  test("each request is sent in the asynchronous context of its first caller", async () => {
    const context = new AsyncLocalStorage<string>();
    const sentIn: (string | undefined)[] = [];
    wire.intercept = ({ send }) => {
      sentIn.push(context.getStore());
      return send();
    };
    const from = (name: string, index: number, options?: object) =>
      context.run(name, () => get(index, options));
    await Promise.all([
      ...range(0, 100).map((index) => from(index === 0 ? "first" : "others", index)),
      from("next", 100),
      from("consistent", 1, { consistent: true }),
      from("others", 2, { consistent: true }),
    ]);
    expect(sentIn.sort()).toEqual(["consistent", "first", "next"]);
  });

  test("a caller that aborts leaves the others theirs", async () => {
    const controller = new AbortController();
    const aborted = get(1, { signal: controller.signal });
    const others = [get(1), get(2), get(3, { timeoutMs: 5_000 })];
    wire.intercept = ({ send }) => {
      controller.abort(new Error("left"));
      return send();
    };
    await failureOf(aborted, AbortedError);
    expect((await Promise.all(others)).map((item) => item?.data.name)).toEqual(["1", "2", "3"]);
    expect(wire.names).toEqual(["BatchGetItem"]);
  });

  test("a request that fails when all its callers have left is no unhandled rejection", async () => {
    wire.intercept = () => sleep(30).then(() => refused("AccessDeniedException"));
    const calls = [1, 2].map((index) => get(index, { timeoutMs: 5 }));
    for (const call of calls) await expect(call).rejects.toMatchObject({ name: "TimeoutError" });
    await sleep(60);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test("coalesce: false sends each by itself", async () => {
    const { endpoint, region, credentials } = data.engine;
    const { tableName } = data.configuration;
    const alone = createDataLayer({
      environment: "development",
      endpoint,
      region,
      credentials,
      tableName,
      requestHandler: wire,
      coalesce: false,
    });
    await Promise.all(
      range(0, 5).map((index) => alone.project.get({ userId, projectId: `p${index}` })),
    );
    await alone.close();
    expect(wire.names).toEqual(Array(5).fill("GetItem"));
  });

  describe("events", () => {
    async function eventsOf(run: (layer: DataLayer) => Promise<unknown>) {
      const events: RequestEvent[] = [];
      const { endpoint, region, credentials } = data.engine;
      const { tableName } = data.configuration;
      const layer = createDataLayer({
        ...{ environment: "development", endpoint, region, credentials, tableName },
        events: (event) => events.push(event),
      });
      await run(layer);
      await layer.close();
      return events.map(({ request, operation, entity }) => ({ request, operation, entity }));
    }
    const key = (index: number) => ({ userId, projectId: `p${index}` });

    test("name the entity and the operation of a get alone (no entity was named)", async () => {
      expect(await eventsOf((layer) => layer.project.get(key(1)))).toEqual([
        { request: "Get", operation: "get", entity: "Project" },
      ]);
      expect(await eventsOf((layer) => layer.project.getOrThrow(key(1)))).toEqual([
        { request: "Get", operation: "getOrThrow", entity: "Project" },
      ]);
    });

    test("name them of gets that go together (getOrThrow was get)", async () => {
      const together = await eventsOf((layer) =>
        Promise.all([1, 2, 2].map((index) => layer.project.getOrThrow(key(index)))),
      );
      expect(together).toEqual([
        { request: "BatchGet", operation: "getOrThrow", entity: "Project" },
      ]);
    });

    test("name each once where several entities and operations go together", async () => {
      const together = await eventsOf((layer) =>
        Promise.all([
          layer.project.getOrThrow(key(1)),
          layer.userProfile.get({ userId }),
          layer.project.get(key(2)),
          layer.competitor.get({ userId, competitorId: "c1" }),
        ]),
      );
      expect(together).toEqual([
        {
          request: "BatchGet",
          operation: "getOrThrow,get",
          entity: "Project,UserProfile,Competitor",
        },
      ]);
    });

    test("name of each batch what is in it", async () => {
      const batches = await eventsOf((layer) =>
        Promise.all([
          ...range(0, 100).map((index) => layer.project.get(key(index))),
          layer.userProfile.get({ userId }),
        ]),
      );
      expect(batches).toEqual(
        expect.arrayContaining([
          { request: "BatchGet", operation: "get", entity: "Project" },
          { request: "Get", operation: "get", entity: "UserProfile" },
        ]),
      );
      expect(batches).toHaveLength(2);
    });
  });
});
