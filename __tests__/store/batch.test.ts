import { Readable } from "node:stream";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { FaultyRequestHandler } from "../../src/testing/index.js";
import { settings } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";
import { keysOf, many, project } from "./projects.js";

const retry = { initialDelayMs: 1, maxDelayMs: 2 };

type Handle = FaultyRequestHandler["handle"];

/** An engine that refuses what no check of the layer finds: one item takes its whole batch with it. */
class RefusesPoison extends FaultyRequestHandler {
  override async handle(...[request, options]: Parameters<Handle>): ReturnType<Handle> {
    const { body } = request;
    const text = typeof body === "string" ? body : new TextDecoder().decode(body as Uint8Array);
    if (!text.includes("poison")) return super.handle(request, options);
    const answer = { __type: "com.amazon.coral.validate#ValidationException", message: "refused" };
    const response = {
      statusCode: 400,
      headers: { "content-type": "application/x-amz-json-1.0" },
      body: Readable.from([Buffer.from(JSON.stringify(answer))]),
    };
    return { response: response as Awaited<ReturnType<Handle>>["response"] };
  }
}

describe.each(settings)("batches on $name", (engine) => {
  const clock = { time: 1_000, now: () => clock.time };
  const table = openTable(engine, { retry, clock });
  const store = () => table.data.project;
  beforeEach(() => table.data.wire.clear());
  afterEach(() => table.data.wire.clear());

  const namesOf = async (items: readonly { userId: string; projectId: string }[]) =>
    (await store().batchGet(keysOf(items))).map((item) => item?.data.name ?? null);

  describe("batchPut and batchDelete", () => {
    test.each([
      [0, 0],
      [1, 1],
      [25, 1],
      [26, 2],
      [1_000, 40],
    ])("%i items take %i requests", async (count, requests) => {
      const items = many(`put-${count}`, count);
      expect(await store().batchPut(items)).toEqual({ written: count });
      expect(requestsOf(table.data)).toEqual(Array(requests).fill("BatchWriteItem"));
      expect((await store().query({ userId: `put-${count}` })).items).toHaveLength(count);
      table.data.wire.clear();
      expect(await store().batchDelete(keysOf(items))).toEqual({ written: count });
      expect(requestsOf(table.data)).toEqual(Array(requests).fill("BatchWriteItem"));
      expect((await store().query({ userId: `put-${count}` })).items).toEqual([]);
    });

    test("of duplicates the last wins, and each is counted once", async () => {
      const items = [...many("twice", 30), ...many("twice", 30)].map((item, index) => ({
        ...item,
        data: { name: `written ${index}` },
      }));
      expect(await store().batchPut(items)).toEqual({ written: 30 });
      expect(await namesOf(items.slice(0, 30))).toEqual(
        items.slice(30).map((item) => item.data.name),
      );
      const keys = keysOf([...items, ...items]);
      expect(await store().batchDelete(keys)).toEqual({ written: 30 });
      expect(await namesOf(items.slice(0, 30))).toEqual(Array(30).fill(null));
    });

    test("replaces whole, createdAt included: the given one, else now", async () => {
      const [item] = many("whole", 1) as [ReturnType<typeof project>];
      const key = keysOf([item])[0] ?? item;
      await store().create({ ...item, createdAt: 5, data: { name: "old", extra: 1 } as never });
      clock.time = 2_000;
      await store().batchPut([item]);
      expect(await store().get(key)).toStrictEqual({
        ...key,
        data: { id: key.projectId, name: "name 0" },
        createdAt: 2_000,
        updatedAt: 2_000,
      });
      await store().batchPut([{ ...item, createdAt: 7 }]);
      expect(await store().get(key)).toMatchObject({ createdAt: 7, updatedAt: 2_000 });
      const { items } = await store().query({ userId: "whole" }, { from: 7, to: 7 });
      expect(items).toHaveLength(1);
    });

    test("finds every wrong item, and writes none", async () => {
      const items = [
        project("wrong", 1),
        { ...project("wrong", 2), data: { name: 5 } },
        { ...project("wrong", 3), projectId: "" },
        { ...project("wrong", 4), createdAt: -1 },
      ];
      const error = await failureOf(store().batchPut(items as never), ValidationError);
      expect(error.issues.map((issue) => issue.path)).toEqual([
        "items[1].data.name",
        "items[2].projectId",
        "items[3].createdAt",
      ]);
      expect(requestsOf(table.data)).toEqual([]);
      const keys = [{ userId: "wrong", projectId: "" }, { userId: "wrong" }, undefined];
      const refused = await failureOf(store().batchDelete(keys as never), ValidationError);
      expect(refused.issues.map((issue) => issue.path)).toEqual([
        "keys[0].projectId",
        "keys[1].projectId",
        "keys[2].userId",
        "keys[2].projectId",
      ]);
      expect(requestsOf(table.data)).toEqual([]);
    });

    test.each([
      ["undefined", undefined],
      ["an object", {}],
      ["a text", "abc"],
    ])("refuses %s in place of a list", async (_, list) => {
      for (const call of ["batchPut", "batchDelete", "batchGet"] as const) {
        const error = await failureOf(store()[call](list as never), ValidationError);
        expect(error.message).toBe(
          `${call} Project: ${call === "batchPut" ? "items" : "keys"} must be an array`,
        );
      }
      expect(requestsOf(table.data)).toEqual([]);
    });

    test("allowMissing lets required fields be missing, but not be wrong", async () => {
      const items = [
        { userId: "imported", projectId: "p1", data: { title: "no name" } },
      ] as never[];
      await failureOf(store().batchPut(items), ValidationError);
      expect(await store().batchPut(items, { allowMissing: true })).toEqual({ written: 1 });
      const wrong = [{ userId: "imported", projectId: "p2", data: { name: 5 } }] as never[];
      await failureOf(store().batchPut(wrong, { allowMissing: true }), ValidationError);
    });

    test("sends what came back unprocessed again, until nothing is left", async () => {
      table.data.wire.inject({
        fault: "partialUnprocessed",
        operation: "BatchWriteItem",
        times: 3,
      });
      const items = many("unprocessed", 25);
      expect(await store().batchPut(items)).toEqual({ written: 25 });
      expect(requestsOf(table.data)).toHaveLength(4);
      expect(await namesOf(items)).toEqual(items.map((item) => item.data.name));
      table.data.wire.clear();
      table.data.wire.inject({
        fault: "partialUnprocessed",
        operation: "BatchWriteItem",
        times: 2,
      });
      expect(await store().batchDelete(keysOf(items))).toEqual({ written: 25 });
      expect(await namesOf(items)).toEqual(Array(25).fill(null));
    });

    test("after all retries tells exactly what was not written (it was dropped in silence)", async () => {
      const partial = { fault: "partialUnprocessed", operation: "BatchWriteItem" } as const;
      table.data.wire.inject({ ...partial, times: Number.POSITIVE_INFINITY });
      const items = many("left", 60);
      const error = await failureOf(store().batchPut(items), UnprocessedItemsError);
      // Three batches of four attempts each: 25, 13, 7 and 4 items are asked for, half come back.
      expect(requestsOf(table.data)).toHaveLength(12);
      table.data.wire.clear();
      const stored = await namesOf(items);
      const missing = items.filter((_, index) => stored[index] === null);
      expect(missing.length).toBeGreaterThan(0);
      expect(error.items).toEqual(missing);
      expect(error.items.every((item) => items.includes(item as (typeof items)[0]))).toBe(true);
      expect(error).toMatchObject({
        operation: "batchPut",
        entity: "Project",
        written: 60 - missing.length,
        unprocessed: missing.length,
        retryable: true,
      });
      expect(error.message).toBe(
        `batchPut Project: ${missing.length} of 60 were not written after all retries`,
      );
      expect(await store().batchPut(error.items as typeof items)).toEqual({
        written: missing.length,
      });
      expect(await namesOf(items)).toEqual(items.map((item) => item.data.name));
    });

    test("batchDelete tells the keys that were not deleted", async () => {
      const items = many("undeleted", 30);
      await store().batchPut(items);
      const partial = { fault: "partialUnprocessed", operation: "BatchWriteItem" } as const;
      table.data.wire.inject({ ...partial, times: Number.POSITIVE_INFINITY });
      const error = await failureOf(store().batchDelete(keysOf(items)), UnprocessedItemsError);
      table.data.wire.clear();
      const stored = await namesOf(items);
      expect(error.items).toEqual(keysOf(items.filter((_, index) => stored[index] !== null)));
    });

    test("a batch that is throttled to the end does not stop its neighbours", async () => {
      // Four attempts of one batch, the others pass: eight are in flight, so the first is hit.
      const serial = many("throttled", 25);
      table.data.wire.inject({ fault: "throttle", operation: "BatchWriteItem", times: 4 });
      const error = await failureOf(store().batchPut(serial), UnprocessedItemsError);
      expect(requestsOf(table.data)).toHaveLength(4);
      expect(error.items).toEqual(serial);
      expect(error).toMatchObject({
        code: "ProvisionedThroughputExceededException",
        written: 0,
        retryable: true,
      });
      table.data.wire.clear();
      table.data.wire.inject({ fault: "throttle", operation: "BatchWriteItem", times: 4 * 3 });
      const items = many("throttled-many", 100);
      const outcome = store()
        .batchPut(items)
        .then(
          () => [],
          (failed: UnprocessedItemsError) => failed.items,
        );
      const left = await outcome;
      table.data.wire.clear();
      const stored = await namesOf(items);
      expect(left).toEqual(items.filter((_, index) => stored[index] === null));
    });

    test("keeps at most 8 batches in flight", async () => {
      let inFlight = 0;
      let most = 0;
      const { wire } = table.data;
      const handle = wire.handle.bind(wire);
      const spy = jest.spyOn(wire, "handle").mockImplementation(async (...given) => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        try {
          return await handle(...given);
        } finally {
          inFlight -= 1;
        }
      });
      await store().batchPut(many("in-flight", 500));
      spy.mockRestore();
      expect(most).toBe(8);
    });
  });
});

describe.each(settings)("a batch of which the engine refuses an item, on $name", (engine) => {
  const table = openTable(engine, { retry, requestHandler: new RefusesPoison() });

  test.each([
    ["the first", [0]],
    ["the last", [24]],
    ["two in one batch", [3, 17]],
    ["one in each batch", [0, 25, 50, 99]],
    ["a whole batch", Array.from({ length: 25 }, (_, index) => 25 + index)],
  ])(
    "loses no neighbour: %s (3 refused items took their whole batches with them)",
    async (title, poisoned) => {
      const userId = `user of ${title}`;
      const items = Array.from({ length: 100 }, (_, index) =>
        project(userId, index, poisoned.includes(index) ? "poison" : "well"),
      );
      const error = await failureOf(table.data.project.batchPut(items), UnprocessedItemsError);
      expect(error.items).toEqual(items.filter((item) => item.data.name === "poison"));
      expect(error).toMatchObject({ code: "ValidationException", retryable: false });
      expect(error).toMatchObject({ written: 100 - poisoned.length, unprocessed: poisoned.length });
      const { items: stored } = await table.data.project.query({ userId });
      expect(stored.map((item) => item.projectId)).toEqual(
        items.filter((item) => item.data.name === "well").map((item) => item.projectId),
      );
    },
  );
});
