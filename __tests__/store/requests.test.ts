/** HTTP requests of each call, counted at the wire: well, throttled, and as its documentation says. */
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { TimeoutError } from "../../src/errors/timeout-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { createTestDataLayer, type Fault, type TestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";

const content = { type: "Blog Post", content: "Text" };

interface Call {
  readonly name: string;
  /** The requests that it takes where all is well. */
  readonly requests: readonly string[];
  run(data: TestDataLayer, id: string): Promise<unknown>;
}

const calls: readonly Call[] = [
  {
    name: "get",
    requests: ["GetItem"],
    run: ({ savedContent }, contentId) => savedContent.get({ userId: "u1", contentId }),
  },
  {
    name: "getOrThrow",
    requests: ["GetItem"],
    run: ({ savedContent }, contentId) => savedContent.getOrThrow({ userId: "u1", contentId }),
  },
  {
    name: "query",
    requests: ["Query"],
    run: ({ savedContent }) => savedContent.query({ userId: "u1" }, { limit: 1 }),
  },
  {
    name: "list",
    requests: ["Query"],
    run: async ({ savedContent }) => {
      for await (const _ of savedContent.list({ userId: "u1" }, { limit: 1 }));
    },
  },
  {
    name: "scan",
    requests: ["Scan"],
    run: async ({ savedContent }) => {
      for await (const _ of savedContent.scan({ segments: 1 }));
    },
  },
  {
    name: "create",
    requests: ["PutItem"],
    run: ({ savedContent }) => savedContent.create({ userId: "u1", data: content }),
  },
  {
    name: "put",
    requests: ["UpdateItem"],
    run: ({ savedContent }, contentId) =>
      savedContent.put({ userId: "u1", contentId, data: content }),
  },
  {
    name: "update",
    requests: ["UpdateItem"],
    run: ({ savedContent }, contentId) =>
      savedContent.update({ userId: "u1", contentId }, { title: "t" }),
  },
  {
    name: "delete",
    requests: ["DeleteItem"],
    run: ({ savedContent }, contentId) => savedContent.delete({ userId: "u1", contentId }),
  },
  {
    name: "batchGet",
    requests: ["BatchGetItem"],
    run: ({ savedContent }, contentId) => savedContent.batchGet([{ userId: "u1", contentId }]),
  },
  {
    name: "batchPut",
    requests: ["BatchWriteItem"],
    run: ({ savedContent }, contentId) =>
      savedContent.batchPut([{ userId: "u1", contentId, data: content }]),
  },
  {
    name: "batchDelete",
    requests: ["BatchWriteItem"],
    run: ({ savedContent }, contentId) => savedContent.batchDelete([{ userId: "u1", contentId }]),
  },
  {
    name: "collections.workspace",
    requests: ["Query"],
    run: ({ collections }) => collections.workspace({ userId: "u1" }),
  },
];

const faults: readonly { fault: Fault; type: typeof DynamoDBError; code: string }[] = [
  {
    fault: "throttle",
    type: ThroughputExceededError,
    code: "ProvisionedThroughputExceededException",
  },
  { fault: "serverError", type: DynamoDBError, code: "InternalServerError" },
  { fault: "connectionReset", type: DynamoDBError, code: "ECONNRESET" },
  { fault: "timeout", type: TimeoutError, code: "TimeoutError" },
] as never;

describe.each(engines)("requests on $name", (engine) => {
  const clock = { time: 1_000, now: () => clock.time };
  const table = openTable(engine, { retry: { initialDelayMs: 1, maxDelayMs: 2 }, clock });
  let count = 0;
  /** An item that is older than the clock, as nearly all are. */
  async function stored(): Promise<string> {
    count += 1;
    const contentId = `c${count}`;
    clock.time = 1_000;
    await table.data.savedContent.create({ userId: "u1", contentId, data: content });
    clock.time = 2_000;
    table.data.wire.clear();
    return contentId;
  }
  afterEach(() => table.data.wire.clear());

  test.each(calls)("$name takes one where all is well", async ({ requests, run }) => {
    await run(table.data, await stored());
    expect(requestsOf(table.data)).toEqual(requests);
  });

  describe.each(faults)("$fault", ({ fault, type, code }) => {
    test.each(calls)(
      "$name under a constant one makes maxRetries + 1 attempts (it made 16)",
      async ({ name, requests, run }) => {
        table.data.wire.inject({ fault, times: Number.POSITIVE_INFINITY });
        const error = await failureOf(run(table.data, "none"), DynamoDBError);
        expect(requestsOf(table.data)).toEqual(Array(4).fill(requests[0]));
        const inBatch = name === "batchPut" || name === "batchDelete";
        expect(error).toBeInstanceOf(inBatch ? UnprocessedItemsError : type);
        expect(error).toMatchObject({ code, retryable: true, operation: name });
      },
    );

    test.each(calls)("$name gets through where it passes", async ({ requests, run }) => {
      const contentId = await stored();
      table.data.wire.inject({ fault, times: 3 });
      await run(table.data, contentId);
      expect(requestsOf(table.data)).toEqual(Array(4).fill(requests[0]));
    });
  });

  test.each([0, 1, 5])("maxRetries of %i is counted exactly", async (maxRetries) => {
    const retry = { maxRetries, initialDelayMs: 0, maxDelayMs: 0 };
    const data = await createTestDataLayer({ engine: table.data.engine, retry });
    data.wire.inject({ fault: "throttle", times: Number.POSITIVE_INFINITY });
    for (const { run } of calls) {
      data.wire.requests.splice(0);
      await failureOf(run(data, "none"), DynamoDBError);
      expect(data.wire.requests).toHaveLength(maxRetries + 1);
    }
    await data.close();
  });

  test("maxRetries of undefined is the default (the function was never called)", async () => {
    const retry = { maxRetries: undefined, initialDelayMs: 0, maxDelayMs: 0 };
    const data = await createTestDataLayer({ engine: table.data.engine, retry });
    data.wire.inject({ fault: "throttle", times: Number.POSITIVE_INFINITY });
    const error = await failureOf(
      data.savedContent.get({ userId: "u", contentId: "c" }),
      DynamoDBError,
    );
    expect(error).toBeInstanceOf(ThroughputExceededError);
    expect(data.wire.requests).toHaveLength(4);
    await data.close();
  });

  test("a page is throttled by itself: the pages before it are not read again", async () => {
    const { savedContent } = table.data;
    const text = "x".repeat(300_000);
    await savedContent.batchPut(
      Array.from({ length: 10 }, (_, index) => ({
        userId: "pages",
        contentId: `c${index}`,
        data: { type: "t", content: text },
      })),
    );
    table.data.wire.clear();
    await savedContent.query({ userId: "pages" });
    const pages = requestsOf(table.data).length;
    expect(pages).toBeGreaterThanOrEqual(3);
    table.data.wire.inject({ fault: "throttle", operation: "Query", after: 2, times: 2 });
    expect((await savedContent.query({ userId: "pages" })).items).toHaveLength(10);
    expect(requestsOf(table.data)).toHaveLength(pages + 2);
  });

  test("a write on a clock that stands still learns once what is there", async () => {
    const { savedContent } = table.data;
    const key = { userId: "u1", contentId: await stored() };
    clock.time = 1_000;
    await savedContent.put({ ...key, data: content });
    await savedContent.update(key, { title: "t" });
    await savedContent.delete(key);
    expect(requestsOf(table.data)).toEqual([
      ...["UpdateItem", "UpdateItem"],
      ...["UpdateItem", "UpdateItem"],
      "DeleteItem",
    ]);
  });

  test("nothing is sent when a data layer is made, and by what sends nothing", async () => {
    const data = await createTestDataLayer({ engine: table.data.engine });
    expect(data.savedContent.check({ userId: "u", contentId: "c", data: content })).toEqual([]);
    expect(Object.keys(data)).toContain("savedContent");
    data.savedContent.list({ userId: "u" });
    data.savedContent.scan();
    expect(await data.savedContent.batchGet([])).toEqual([]);
    expect(await data.savedContent.batchPut([])).toEqual({ written: 0 });
    expect(await data.savedContent.batchDelete([])).toEqual({ written: 0 });
    expect(data.wire.requests).toEqual([]);
    await data.close();
  });
});
