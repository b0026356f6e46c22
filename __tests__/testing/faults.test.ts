import { createDataLayer } from "../../src/data-layer.js";
import {
  ConfigurationError,
  DynamoDBError,
  ThroughputExceededError,
  TimeoutError,
  UnprocessedItemsError,
} from "../../src/errors.js";
import { type FaultRule, FaultyRequestHandler, faults } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";

describe.each(engines)("faults on $name", (engine) => {
  const table = openTable(engine, { retry: { initialDelayMs: 1, maxDelayMs: 2 } });
  const wire = () => table.data.wire;
  const project = () => table.data.project;
  const key = { userId: "u1", projectId: "p1" };
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      userId: "u1",
      projectId: `p${index}`,
      data: { name: "n" },
    }));

  beforeAll(() => project().put({ ...key, data: { name: "n" } }));
  beforeEach(() => wire().clear());
  afterEach(() => wire().clear());

  test("without one every request passes and is told, with what was sent", async () => {
    await project().get(key);
    expect(wire().requests).toEqual([{ operation: "GetItem", fault: undefined }]);
    expect(wire().operations).toEqual(["GetItem"]);
    expect(wire().requests[0]?.input).toMatchObject({
      Key: { PK: { S: "USER#u1" }, SK: { S: "PROJECT#p1" } },
    });
  });

  test.each([
    ["throttle", ThroughputExceededError, "ProvisionedThroughputExceededException"],
    ["serverError", DynamoDBError, "InternalServerError"],
    ["timeout", TimeoutError, "TimeoutError"],
    ["connectionReset", DynamoDBError, "ECONNRESET"],
  ] as const)("%s reaches the caller as its error", async (fault, type, code) => {
    wire().inject({ fault, times: 4 });
    const error = await failureOf(project().get(key), type as typeof DynamoDBError);
    expect(error).toMatchObject({ code, retryable: true });
    expect(wire().requests).toEqual(Array(4).fill({ operation: "GetItem", fault }));
  });

  test.each(["throttle", "serverError", "timeout", "connectionReset"] as const)(
    "a request that %s hits never reaches the engine",
    async (fault) => {
      wire().inject({ fault, times: 4 });
      const id = `never-${fault}`;
      await failureOf(
        project().put({ userId: "u1", projectId: id, data: { name: "n" } }),
        DynamoDBError,
      );
      expect(await table.raw.get("USER#u1", `PROJECT#${id}`)).toBeUndefined();
    },
  );

  test("partialUnprocessed lets the first half of a batch through", async () => {
    wire().inject({ fault: "partialUnprocessed", times: Number.POSITIVE_INFINITY });
    const error = await failureOf(project().batchPut(many(8)), UnprocessedItemsError);
    // Four attempts write 4, 2, 1 and none of what is left.
    expect(error).toMatchObject({ written: 7, unprocessed: 1 });
    expect(error.items).toEqual(many(8).slice(7));
    await failureOf(project().batchGet(many(8)), UnprocessedItemsError);
    // Other requests pass, and use no fault up.
    expect(await project().get(key)).not.toBeNull();
    expect(wire().requests.at(-1)).toEqual({ operation: "GetItem", fault: undefined });
  });

  test("partialUnprocessed once is healed by one request more", async () => {
    wire().inject({ fault: "partialUnprocessed" });
    expect(await project().batchPut(many(25))).toEqual({ written: 25 });
    expect(wire().requests).toEqual([
      { operation: "BatchWriteItem", fault: "partialUnprocessed" },
      { operation: "BatchWriteItem", fault: undefined },
    ]);
    wire().clear().inject({ fault: "partialUnprocessed" });
    expect((await project().batchGet(many(25))).every((item) => item !== null)).toBe(true);
    expect(wire().operations).toEqual(["BatchGetItem", "BatchGetItem"]);
  });

  test("operation, after and times choose the requests", async () => {
    wire().inject({ fault: "throttle", operation: "UpdateItem", after: 1, times: 2 });
    const write = () => project().put({ ...key, data: { name: "n" } });
    await write();
    await project().get(key);
    await write();
    await write();
    const hit = wire().requests.map(({ operation, fault }) => `${operation}${fault ? "!" : ""}`);
    expect(hit.filter((one) => one.startsWith("Update")).slice(0, 4)).toEqual([
      "UpdateItem",
      "UpdateItem!",
      "UpdateItem!",
      "UpdateItem",
    ]);
    expect(hit).toContain("GetItem");
  });

  test("of several rules the first one that matches hits", async () => {
    wire()
      .inject({ fault: "throttle", operation: "GetItem" })
      .inject({ fault: "serverError", times: 2 });
    await project().get(key);
    expect(wire().requests.map((request) => request.fault)).toEqual([
      "throttle",
      "serverError",
      "serverError",
      undefined,
    ]);
  });

  test("clear takes them away and forgets the requests", async () => {
    wire().inject({ fault: "throttle", times: Number.POSITIVE_INFINITY });
    await failureOf(project().get(key), ThroughputExceededError);
    wire().clear();
    expect(wire().requests).toEqual([]);
    expect(await project().get(key)).not.toBeNull();
    expect(wire().requests).toHaveLength(1);
  });

  test("go under any data layer", async () => {
    const { endpoint, region, credentials } = table.data.engine;
    const handler = faults({ fault: "connectionReset", times: 2 }, { fault: "throttle" });
    const data = createDataLayer({
      environment: "development",
      tableName: table.data.configuration.tableName,
      endpoint,
      region,
      credentials,
      requestHandler: handler,
      retry: { initialDelayMs: 1, maxDelayMs: 2 },
    });
    expect(await data.project.get(key)).not.toBeNull();
    expect(handler.requests.map((request) => request.fault)).toEqual([
      ...["connectionReset", "connectionReset", "throttle", undefined],
    ]);
    await data.close();
  });
});

test.each<[string, object, string]>([
  ["a fault that is none", { fault: "flood" }, "fault must be one of throttle, timeout"],
  ["an operation that is none", { fault: "throttle", operation: "get" }, "operation of throttle"],
  [
    "half a batch of what is none",
    { fault: "partialUnprocessed", operation: "GetItem" },
    "BatchGetItem",
  ],
  ["no times", { fault: "throttle", times: 0 }, "times must be an integer from 1, or Infinity"],
  ["half a time", { fault: "throttle", times: 1.5 }, "times must be"],
  ["a negative after", { fault: "throttle", after: -1 }, "after must be an integer from 0"],
])("a rule with %s is refused", (_, rule, message) => {
  expect(() => new FaultyRequestHandler().inject(rule as FaultRule)).toThrow(ConfigurationError);
  expect(() => faults(rule as FaultRule)).toThrow(message);
});
