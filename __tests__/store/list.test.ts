import { createDataLayer } from "../../src/data-layer.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { engines } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";

const text = "x".repeat(300_000);

describe.each(engines)("list on $name", (engine) => {
  const table = openTable(engine, { retry: { initialDelayMs: 1, maxDelayMs: 2 } });
  const store = () => table.data.savedContent;
  const partition = { userId: "u1" };

  beforeAll(async () => {
    // Four items fill a page of 1 MB.
    await store().batchPut(
      Array.from({ length: 16 }, (_, index) => ({
        ...partition,
        contentId: `c${String(index).padStart(2, "0")}`,
        createdAt: 1_000 - index,
        data: { type: "Blog", content: text, status: index === 13 ? "rare" : "usual" },
      })),
    );
  });
  beforeEach(() => table.data.wire.clear());
  afterEach(() => table.data.wire.clear());

  const turns = () => new Promise((resolve) => setTimeout(resolve, 60));

  async function idsOf(iterable: AsyncIterable<{ contentId: string }>): Promise<string[]> {
    const ids: string[] = [];
    for await (const item of iterable) ids.push(item.contentId);
    return ids;
  }

  test("sends nothing before it is read", async () => {
    store().list(partition);
    await turns();
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("hands out all pages in order, in both orders and indexes", async () => {
    const all = Array.from({ length: 16 }, (_, index) => `c${String(index).padStart(2, "0")}`);
    expect(await idsOf(store().list(partition))).toEqual(all);
    expect(requestsOf(table.data).length).toBeGreaterThanOrEqual(4);
    expect(await idsOf(store().list(partition, { order: "desc" }))).toEqual([...all].reverse());
    expect(await idsOf(store().list(partition, { by: "createdAt" }))).toEqual([...all].reverse());
  });

  test("gives the first item after one request, and reads one page ahead at most", async () => {
    const iterator = store().list(partition)[Symbol.asyncIterator]();
    const first = await iterator.next();
    expect(first.value).toMatchObject({ contentId: "c00" });
    await turns();
    const ahead = table.data.wire.requests.length;
    expect(ahead).toBeLessThanOrEqual(2);
    await turns();
    expect(table.data.wire.requests).toHaveLength(ahead);
    await iterator.return?.();
  });

  test("a slow reader has one page ahead of the one it reads, and never two", async () => {
    const { requests } = table.data.wire;
    /** Pages that were asked for and begin after the item. */
    const pagesAfter = (id: string) =>
      requests.filter(({ input }) => {
        const start = (input as { ExclusiveStartKey?: { SK: { S: string } } }).ExclusiveStartKey;
        return start !== undefined && start.SK.S >= `CONTENT#${id}`;
      }).length;
    const ahead: number[] = [];
    for await (const { contentId } of store().list(partition)) {
      await turns();
      ahead.push(pagesAfter(contentId));
    }
    expect(ahead).toHaveLength(16);
    // Nothing is ahead of the last page, unless the engine answers with an empty one at the end.
    expect(ahead.slice(0, 8)).toEqual(Array(8).fill(1));
    expect(Math.max(...ahead)).toBe(1);
  });

  test("stops when its reader stops", async () => {
    for await (const item of store().list(partition)) if (item.contentId === "c01") break;
    await turns();
    const sent = requestsOf(table.data).length;
    expect(sent).toBeLessThanOrEqual(2);
    await turns();
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("a page that fails after its reader stopped hurts nobody", async () => {
    table.data.wire.inject({ fault: "throttle", after: 1, times: Number.POSITIVE_INFINITY });
    for await (const _ of store().list(partition)) break;
    await turns();
    expect(requestsOf(table.data).length).toBeGreaterThan(0);
  });

  test("limit counts what matches, over any number of pages", async () => {
    const where = { status: "rare" };
    expect(await idsOf(store().list(partition, { where, limit: 1 }))).toEqual(["c13"]);
    expect(await idsOf(store().list(partition, { where: { status: "none" } }))).toEqual([]);
    expect(await idsOf(store().list(partition, { limit: 6 }))).toHaveLength(6);
    table.data.wire.clear();
    expect(await idsOf(store().list(partition, { limit: 2 }))).toEqual(["c00", "c01"]);
    expect(requestsOf(table.data)).toEqual(["Query"]);
  });

  test("goes on after a cursor of query", async () => {
    const { cursor } = await store().query(partition, { limit: 14 });
    expect(await idsOf(store().list(partition, { cursor }))).toEqual(["c14", "c15"]);
  });

  test("takes fields and a range", async () => {
    const found = store().list(partition, { from: 998, to: 999, fields: ["status"] });
    for await (const item of found) expect(item.data).toEqual({ status: "usual" });
    expect(await idsOf(store().list(partition, { from: 998, to: 999 }))).toEqual(["c02", "c01"]);
  });

  test("what it cannot read it throws, after what it could", async () => {
    table.data.wire.inject({ fault: "throttle", after: 2, times: Number.POSITIVE_INFINITY });
    const ids: string[] = [];
    const reading = (async () => {
      for await (const item of store().list(partition)) ids.push(item.contentId);
    })();
    const error = await failureOf(reading, ThroughputExceededError);
    expect(error.message).toMatch(/^list SavedContent \(userId=u1\): /);
    expect(ids.length).toBeGreaterThanOrEqual(4);
    expect(ids).toEqual([...ids].sort());
  });

  test("a throttled page is read again, the pages before it are not", async () => {
    table.data.wire.inject({ fault: "throttle", after: 2, times: 2 });
    expect(await idsOf(store().list(partition))).toHaveLength(16);
    const pages = requestsOf(table.data).length - 2;
    expect(await idsOf(store().list(partition))).toHaveLength(16);
    expect(requestsOf(table.data)).toHaveLength(pages);
  });

  test("an abort ends it", async () => {
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _ of store().list(partition, { signal: controller.signal })) {
        controller.abort(new Error("enough"));
      }
    })();
    expect(await failureOf(reading, AbortedError)).toMatchObject({ cause: { message: "enough" } });
  });

  test("an abort inside a page ends it at the next item (the rest of the page was delivered)", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const ids: string[] = [];
    // One page holds them all.
    const options = { fields: ["status"], limit: 3, signal: controller.signal } as const;
    const reading = (async () => {
      for await (const { contentId } of store().list(partition, options)) {
        ids.push(contentId);
        if (ids.length === 2) controller.abort(reason);
      }
    })();
    const error = await failureOf(reading, AbortedError);
    expect(error).toMatchObject({ cause: reason, entity: "SavedContent", operation: "list" });
    expect(ids).toEqual(["c00", "c01"]);
    expect(requestsOf(table.data)).toEqual(["Query"]);
  });

  test("a close inside a page ends it at the next item too", async () => {
    const { endpoint, region, credentials } = table.data.engine;
    const { tableName } = table.data.configuration;
    const place = { environment: "development", endpoint, region, credentials, tableName } as const;
    const own = createDataLayer(place);
    const ids: string[] = [];
    const reading = (async () => {
      for await (const { contentId } of own.savedContent.list(partition, { limit: 3 })) {
        ids.push(contentId);
        if (ids.length === 2) await own.close();
      }
    })();
    expect((await failureOf(reading, AbortedError)).message).toContain("the data layer is closed");
    expect(ids).toHaveLength(2);
  });

  test("bad input is refused when it is called", () => {
    expect(() => store().list({ userId: "" })).toThrow(ValidationError);
    expect(() => store().list(partition, { where: "x" as never })).toThrow(
      "list SavedContent (userId=u1): where must be an object of fields or a callback",
    );
    expect(requestsOf(table.data)).toEqual([]);
  });
});
