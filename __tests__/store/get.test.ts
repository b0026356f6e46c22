import { AbortedError } from "../../src/errors/aborted-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { TimeoutError } from "../../src/errors/timeout-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { HoldingHandler } from "../client/holding-handler.js";
import { settings } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";

const retry = { initialDelayMs: 1, maxDelayMs: 2 };
const content = { type: "Blog Post", content: "Text" };
const many = (userId: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ userId, contentId: `c${index}` }));

describe.each(settings)("get on $name", (engine) => {
  const wire = new HoldingHandler();
  const table = openTable(engine, { retry, requestHandler: wire });
  const store = () => table.data.savedContent;
  beforeEach(() => wire.clear());
  afterEach(() => {
    wire.release();
    wire.clear();
  });

  async function stored(userId: string, count: number) {
    const keys = many(userId, count);
    await store().batchPut(
      keys.map((key) => ({ ...key, data: { ...content, title: key.contentId } })),
    );
    wire.clear();
    return keys;
  }

  describe("coalescing", () => {
    test("one get alone is a GetItem", async () => {
      const [key] = await stored("alone", 1);
      expect(await store().get(key ?? { userId: "", contentId: "" })).toMatchObject(key ?? {});
      expect(requestsOf(table.data)).toEqual(["GetItem"]);
    });

    test.each([
      [2, ["BatchGetItem"]],
      [100, ["BatchGetItem"]],
      [101, ["BatchGetItem", "GetItem"]],
      [250, ["BatchGetItem", "BatchGetItem", "BatchGetItem"]],
    ])("%i at once go out as %j, each with its own item", async (count, requests) => {
      const keys = await stored(`at-once-${count}`, count);
      const found = await Promise.all(keys.map((key) => store().get(key)));
      expect(requestsOf(table.data)).toEqual(requests);
      expect(found.map((item) => item?.data.title)).toEqual(keys.map((key) => key.contentId));
    });

    test("many for one key are one request, and each caller has an item of its own", async () => {
      const [key] = (await stored("same", 1)) as [{ userId: string; contentId: string }];
      const found = await Promise.all(Array.from({ length: 50 }, () => store().get(key)));
      expect(requestsOf(table.data)).toEqual(["GetItem"]);
      expect(found).toEqual(Array(50).fill(found[0]));
      const [first, second] = found;
      if (first?.data !== undefined) first.data.title = "changed by one caller";
      expect(second?.data.title).toBe("c0");
    });

    test("misses and duplicates among them are told apart", async () => {
      const keys = await stored("mixed", 3);
      const missing = { userId: "mixed", contentId: "none" };
      const wanted = [...keys, missing, ...keys, missing];
      const found = await Promise.all(wanted.map((key) => store().get(key)));
      expect(requestsOf(table.data)).toEqual(["BatchGetItem"]);
      expect(found.map((item) => item?.contentId ?? null)).toEqual([
        ...["c0", "c1", "c2", null],
        ...["c0", "c1", "c2", null],
      ]);
    });

    test("stores share a request, and each finds its own entity", async () => {
      const { project, competitor } = table.data;
      const userId = "shared";
      await project.put({ userId, projectId: "p1", data: { name: "project" } });
      await competitor.put({ userId, competitorId: "k1", data: { name: "competitor" } });
      wire.clear();
      const [first, second, none] = await Promise.all([
        project.get({ userId, projectId: "p1" }),
        competitor.get({ userId, competitorId: "k1" }),
        project.getOrThrow({ userId, projectId: "none" }).catch((error: unknown) => error),
      ]);
      expect(first?.data.name).toBe("project");
      expect(second?.data.name).toBe("competitor");
      expect(none).toBeInstanceOf(ItemNotFoundError);
      expect(requestsOf(table.data)).toEqual(["BatchGetItem"]);
    });

    test("consistent and eventual reads stay apart", async () => {
      const keys = await stored("consistent", 4);
      await Promise.all(
        keys.map((key, index) => store().get(key, { consistent: index % 2 === 0 })),
      );
      expect(requestsOf(table.data)).toEqual(["BatchGetItem", "BatchGetItem"]);
    });

    test("projections stay apart", async () => {
      const [key] = (await stored("projected", 1)) as [{ userId: string; contentId: string }];
      const [title, type, all] = await Promise.all([
        store().get(key, { fields: ["title"] }),
        store().get(key, { fields: ["type"] }),
        store().get(key),
      ]);
      expect(title?.data).toEqual({ title: "c0" });
      expect(type?.data).toEqual({ type: "Blog Post" });
      expect(all?.data).toMatchObject({ ...content, title: "c0" });
      expect(requestsOf(table.data)).toEqual(["GetItem", "GetItem", "GetItem"]);
    });

    test("nothing is answered from an earlier read", async () => {
      const [key] = (await stored("fresh", 1)) as [{ userId: string; contentId: string }];
      expect((await store().get(key))?.data.title).toBe("c0");
      await store().update(key, { title: "new" });
      expect((await store().get(key))?.data.title).toBe("new");
      wire.hold();
      const underWay = store().get(key);
      await wire.until(1);
      const later = store().get(key);
      await wire.until(2);
      wire.release();
      await Promise.all([underWay, later]);
    });

    test("a bad key among them fails its caller alone", async () => {
      const keys = await stored("bad-key", 3);
      const outcomes = await Promise.allSettled([
        ...keys.map((key) => store().get(key)),
        store().get({ userId: "bad-key", contentId: "" }),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual([
        ...["fulfilled", "fulfilled", "fulfilled", "rejected"],
      ]);
      expect(requestsOf(table.data)).toEqual(["BatchGetItem"]);
    });

    test("keys that stay unprocessed fail their callers alone", async () => {
      const keys = await stored("unprocessed", 8);
      wire.inject({
        fault: "partialUnprocessed",
        operation: "BatchGetItem",
        times: Number.POSITIVE_INFINITY,
      });
      const outcomes = await Promise.allSettled(keys.map((key) => store().get(key)));
      const failed = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
      const read = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      expect(failed.length).toBeGreaterThan(0);
      expect(read.length).toBeGreaterThan(0);
      expect(read.every((item) => item?.data.type === "Blog Post")).toBe(true);
      for (const error of failed) {
        expect(error).toBeInstanceOf(ThroughputExceededError);
        expect(error.message).toMatch(/^get SavedContent \(userId=unprocessed, contentId=c\d\): /);
      }
    });

    test("a shared request that fails names each caller's own call", async () => {
      const keys = await stored("named", 2);
      wire.inject({ fault: "serverError", times: Number.POSITIVE_INFINITY });
      const outcomes = await Promise.allSettled([
        store().get(keys[0] ?? { userId: "", contentId: "" }),
        table.data.project.get({ userId: "named", projectId: "p1" }),
      ]);
      const errors = outcomes.map((one) => (one.status === "rejected" ? one.reason : undefined));
      for (const error of errors) expect(error).toBeInstanceOf(DynamoDBError);
      expect(errors.map((error) => error?.entity)).toEqual(["SavedContent", "Project"]);
      expect(errors[0]?.message).toMatch(/^get SavedContent \(userId=named, contentId=c0\): /);
      expect(errors[1]?.message).toMatch(/^get Project \(userId=named, projectId=p1\): /);
    });

    test("coalesce: false sends every get by itself", async () => {
      const keys = await stored("single", 10);
      const data = await createTestDataLayer({ engine: table.data.engine, coalesce: false });
      await Promise.all(keys.map((key) => data.savedContent.get(key)));
      expect(requestsOf(data)).toEqual(Array(10).fill("GetItem"));
      await data.close();
    });
  });

  describe("signal and timeoutMs", () => {
    test("one caller's abort fails that caller alone", async () => {
      const [first, second] = await stored("abort", 2);
      const controller = new AbortController();
      wire.hold();
      const aborted = store().get(first as never, { signal: controller.signal });
      const other = store().get(second as never);
      await wire.until(1);
      controller.abort(new Error("no longer wanted"));
      const error = await failureOf(aborted, AbortedError);
      expect(error.message).toBe("get SavedContent (userId=abort, contentId=c0): aborted");
      expect(error.cause).toMatchObject({ message: "no longer wanted" });
      wire.release();
      expect(await other).toMatchObject({ contentId: "c1" });
    });

    test("one caller's deadline fails that caller alone", async () => {
      const [first, second] = await stored("deadline", 2);
      wire.hold();
      const late = store().get(first as never, { timeoutMs: 20 });
      const other = store().get(second as never);
      const error = await failureOf(late, TimeoutError);
      expect(error.message).toBe(
        "get SavedContent (userId=deadline, contentId=c0): no response within 20 ms",
      );
      expect(error).toMatchObject({ operation: "get", entity: "SavedContent", retryable: true });
      wire.release();
      expect(await other).toMatchObject({ contentId: "c1" });
    });

    test("every call takes them, and sends nothing for a signal that is aborted already", async () => {
      const key = { userId: "limits", contentId: "c1" };
      const partition = { userId: "limits" };
      const item = { ...key, data: content };
      const calls: Record<string, (options: object) => Promise<unknown>> = {
        get: (options) => store().get(key, options),
        getOrThrow: (options) => store().getOrThrow(key, options),
        query: (options) => store().query(partition, options),
        list: async (options) => {
          for await (const _ of store().list(partition, options)) return;
        },
        create: (options) => store().create(item, options),
        put: (options) => store().put(item, options),
        update: (options) => store().update(key, { title: "t" }, options),
        delete: (options) => store().delete(key, options),
        batchGet: (options) => store().batchGet([key], options),
        batchPut: (options) => store().batchPut([item], options),
        batchDelete: (options) => store().batchDelete([key], options),
        workspace: (options) => table.data.collections.workspace(partition, options),
        recent: (options) => table.data.collections.recent({ ...partition, limit: 1, ...options }),
      };
      const reason = new Error("given up");
      for (const [name, call] of Object.entries(calls)) {
        for (const wrong of [
          { timeoutMs: 0 },
          { timeoutMs: -1 },
          { timeoutMs: "5" },
          { signal: {} },
        ]) {
          wire.clear();
          const error = await failureOf(call(wrong), ValidationError);
          expect([name, error.issues.map((issue) => issue.path)]).toEqual([
            name,
            Object.keys(wrong),
          ]);
          expect(requestsOf(table.data)).toEqual([]);
        }

        wire.clear();
        const aborted = await failureOf(call({ signal: AbortSignal.abort(reason) }), AbortedError);
        expect([name, aborted.cause, aborted.retryable]).toEqual([name, reason, false]);
        expect([name, ...requestsOf(table.data)]).toEqual([name]);

        wire.hold();
        const controller = new AbortController();
        const underWay = failureOf(call({ signal: controller.signal }), AbortedError);
        const late = failureOf(call({ timeoutMs: 10 }), TimeoutError);
        await wire.until(1);
        controller.abort(reason);
        expect([name, (await underWay).cause]).toEqual([name, reason]);
        expect((await late).message).toContain("no response within 10 ms");
        wire.release();
        await wire.empty();
      }
    });

    test("a deadline ends waiting between retries", async () => {
      const data = await createTestDataLayer({
        engine: table.data.engine,
        retry: { initialDelayMs: 60_000, maxDelayMs: 60_000 },
      });
      data.wire.inject({ fault: "throttle", times: Number.POSITIVE_INFINITY });
      const started = performance.now();
      const key = { userId: "u1", contentId: "c1" };
      await failureOf(data.savedContent.delete(key, { timeoutMs: 30 }), TimeoutError);
      await failureOf(data.savedContent.get(key, { timeoutMs: 30 }), TimeoutError);
      expect(performance.now() - started).toBeLessThan(5_000);
      await data.close();
    });

    test("close() ends what is under way and refuses what comes after", async () => {
      const handler = new HoldingHandler();
      const data = await createTestDataLayer({
        engine: table.data.engine,
        requestHandler: handler,
        retry,
      });
      const key = { userId: "u1", contentId: "c1" };
      handler.inject({ fault: "throttle", times: Number.POSITIVE_INFINITY });
      await failureOf(data.savedContent.get(key), ThroughputExceededError);
      await data.close();
      const after = await failureOf(data.savedContent.get(key), AbortedError);
      expect(after).toMatchObject({ operation: "get", entity: "SavedContent" });
      expect(after.message).toContain("the data layer is closed");
    });
  });

  test("consistent is asked of the engine", async () => {
    const [key] = (await stored("asked", 1)) as [{ userId: string; contentId: string }];
    await store().get(key, { consistent: true });
    await store().get(key);
    await store().batchGet([key], { consistent: true });
    const [first, second, batch] = wire.requests.map((request) => JSON.stringify(request.input));
    expect(first).toContain('"ConsistentRead":true');
    expect(second).not.toContain("ConsistentRead");
    expect(batch).toContain('"ConsistentRead":true');
  });

  describe("fields", () => {
    const list = "must be an array of the payload's field names, and of paths";
    const path = "must be a field's name, or a path: a list of names";
    const inList =
      "leads into a list: a list is read as a whole, because its parts would lose their positions";

    test("a field that is not there is left out, and a dot in a name is only a dot", async () => {
      const key = { userId: "fields", contentId: "c1" };
      const odd = { "a.b": 1, a: { b: 2 }, size: 3, PK: 4, createdAt: "mine" };
      await store().put({ ...key, createdAt: 7, data: { ...content, ...odd } });
      const read = (fields: string[]) => store().get(key, { fields: fields as never[] });
      expect((await read(["a.b", "title"]))?.data).toStrictEqual({ "a.b": 1 });
      expect((await read(["a", "size", "PK", "size"]))?.data).toStrictEqual({
        a: { b: 2 },
        size: 3,
        PK: 4,
      });
      const item = await read(["createdAt"]);
      expect(item).toMatchObject({ ...key, createdAt: 7, data: { createdAt: "mine" } });
      expect((await read(["none"]))?.data).toStrictEqual({});
    });

    test.each([
      ["title", list],
      [{}, list],
      [null, list],
      [[""], path],
      [[5], path],
      [["title", "a\ud800"], path, 1],
      [[[]], path],
      [[["a", ""]], path],
      [[[5, "a"]], path],
      [[["a", 0]], inList],
      [[["a", 0, "b"]], inList],
      [[Array(33).fill("a")], path],
    ])("refuses %j", async (fields, message, at = 0) => {
      const options = { fields } as never;
      const key = { userId: "u1", contentId: "c1" };
      for (const call of [
        store().get(key, options),
        store().batchGet([key], options),
        store().query({ userId: "u1" }, options),
      ]) {
        const error = await failureOf(call, ValidationError);
        const of = message === list ? "fields" : `fields.${at}`;
        expect(error.issues).toEqual([{ path: of, message }]);
      }
      expect(requestsOf(table.data)).toEqual([]);
    });
  });
});
