import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { settings } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";
import { keysOf, many, type project } from "./projects.js";

const retry = { initialDelayMs: 1, maxDelayMs: 2 };

describe.each(settings)("batchGet on $name", (engine) => {
  const clock = { time: 1_000, now: () => clock.time };
  const table = openTable(engine, { retry, clock });
  const store = () => table.data.project;
  beforeEach(() => table.data.wire.clear());
  afterEach(() => table.data.wire.clear());

  const namesOf = async (items: readonly { userId: string; projectId: string }[]) =>
    (await store().batchGet(keysOf(items))).map((item) => item?.data.name ?? null);

  test.each([
    [0, 0],
    [1, 1],
    [100, 1],
    [101, 2],
  ])("%i keys take %i requests", async (count, requests) => {
    const items = many(`get-${count}`, count);
    await store().batchPut(items);
    table.data.wire.clear();
    const found = await store().batchGet(keysOf(items).reverse());
    expect(requestsOf(table.data)).toEqual(Array(requests).fill("BatchGetItem"));
    expect(found.map((item) => item?.data.name)).toEqual(
      items.map((item) => item.data.name).reverse(),
    );
  });

  // Nothing here is encrypted: with keys, the batches are the same.
  const onPlain = engine.encryption === undefined ? test : test.skip;

  onPlain(
    "3,000 keys with duplicates and misses come in their order (it failed as a whole, in any order)",
    async () => {
      const items = many("get-3000", 150);
      await store().batchPut(items);
      table.data.wire.clear();
      const keys = Array.from({ length: 3_000 }, (_, index) => ({
        userId: "get-3000",
        projectId: `p${String((index * 7) % 300).padStart(5, "0")}`,
      }));
      const found = await store().batchGet(keys);
      expect(requestsOf(table.data)).toHaveLength(3);
      expect(found).toHaveLength(3_000);
      const wrong = found.filter((item, index) => {
        const number = (index * 7) % 300;
        return number < 150 ? item?.projectId !== keys[index]?.projectId : item !== null;
      });
      expect(wrong).toEqual([]);
    },
  );

  test("duplicates are items of their own", async () => {
    const [item] = many("get-twice", 1) as [ReturnType<typeof project>];
    await store().batchPut([item]);
    const [first, second] = await store().batchGet(keysOf([item, item]));
    if (first?.data !== undefined) first.data.name = "changed";
    expect(second?.data.name).toBe("name 0");
  });

  onPlain("3,000 different keys take 30 requests", async () => {
    const keys = keysOf(many("get-none", 3_000));
    const found = await store().batchGet(keys);
    expect(found.every((item) => item === null)).toBe(true);
    expect(found).toHaveLength(3_000);
    expect(requestsOf(table.data)).toEqual(Array(30).fill("BatchGetItem"));
  });

  onPlain("answers over 16 MB come in more requests, with nothing lost", async () => {
    const text = "x".repeat(300_000);
    const { savedContent } = table.data;
    const items = Array.from({ length: 60 }, (_, index) => ({
      userId: "large",
      contentId: `c${index}`,
      data: { type: "Blog", content: `${index}${text}` },
    }));
    await savedContent.batchPut(items);
    table.data.wire.clear();
    const found = await savedContent.batchGet(
      items.map(({ userId, contentId }) => ({ userId, contentId })),
    );
    expect(
      found.map((item) => item?.data.content === `${item?.contentId.slice(1)}${text}`),
    ).toEqual(Array(60).fill(true));
    expect(requestsOf(table.data).length).toBeGreaterThan(1);
  });

  test("asks again for keys that came back unprocessed", async () => {
    const items = many("get-unprocessed", 50);
    await store().batchPut(items);
    table.data.wire.clear();
    table.data.wire.inject({ fault: "partialUnprocessed", operation: "BatchGetItem", times: 3 });
    expect(await namesOf(items)).toEqual(items.map((item) => item.data.name));
    expect(requestsOf(table.data)).toHaveLength(4);
  });

  test("after all retries tells the keys that were not read", async () => {
    const items = many("get-left", 4);
    await store().batchPut(items);
    table.data.wire.clear();
    const partial = { fault: "partialUnprocessed", operation: "BatchGetItem" } as const;
    table.data.wire.inject({ ...partial, times: Number.POSITIVE_INFINITY });
    const keys = keysOf([...items, ...items.slice(3)]);
    const error = await failureOf(store().batchGet(keys), UnprocessedItemsError);
    // Half of what is left is read each time; the last key never is, and it was asked for twice.
    expect(error.items).toEqual([keys[3], keys[4]]);
    expect(error.message).toBe("batchGet Project: 2 of 5 keys were not read after all retries");
    expect(error).toMatchObject({ operation: "batchGet", entity: "Project", retryable: true });
  });

  test("throttled to the end is a ThroughputExceededError, and nothing more is sent", async () => {
    table.data.wire.inject({
      fault: "throttle",
      operation: "BatchGetItem",
      times: Number.POSITIVE_INFINITY,
    });
    const error = await failureOf(
      store().batchGet(keysOf(many("get-throttled", 10_000))),
      ThroughputExceededError,
    );
    expect(error.message).toMatch(/^batchGet Project: /);
    const sent = requestsOf(table.data).length;
    // Eight are under way when the first gives up; the other 92 are never asked for.
    expect(sent).toBeLessThanOrEqual(8 * 4);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(requestsOf(table.data).length).toBeLessThanOrEqual(8 * 4 - sent);
  });
});
