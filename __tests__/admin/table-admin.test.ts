/** Table calls whose answers are lost, empty or somebody else's. */
import { DescribeTimeToLiveCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createDataLayer, type DataLayer } from "../../src/data-layer.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { type Engine, startEngine } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf } from "../open.js";
import { answered, lost, type Passing, Recorder } from "../services/recorder.js";

describe.each(engines)("table calls on $name", ({ engine: name }) => {
  const wire = new Recorder();
  let engine: Engine;
  let data: DataLayer;
  let tables = 0;
  beforeAll(async () => {
    engine = await startEngine({ engine: name });
  });
  afterAll(() => engine.close());
  beforeEach(() => {
    wire.clear();
    tables += 1;
    data = createDataLayer({
      ...{ environment: "development", tableName: `admin-${process.pid}-${tables}` },
      ...{ endpoint: engine.endpoint, region: engine.region, credentials: engine.credentials },
      ...{ requestHandler: wire, retry: { initialDelayMs: 1, maxRetries: 2 } },
    });
  });
  afterEach(async () => {
    wire.clear();
    await data.table.delete();
    await data.close();
  });

  /** The first request of an operation meets this. */
  const first = (operation: string, meet: (request: Passing) => ReturnType<typeof lost>) => {
    let met = 0;
    wire.intercept = (request) => {
      if (request.operation !== operation) return undefined;
      met += 1;
      return met === 1 ? meet(request) : undefined;
    };
    return () => met;
  };
  const timeToLive = async () => {
    const { endpoint, region, credentials } = engine;
    const client = new DynamoDBClient({ endpoint, region, credentials });
    const { tableName } = data.configuration;
    const answer = await client.send(new DescribeTimeToLiveCommand({ TableName: tableName }));
    client.destroy();
    return answer.TimeToLiveDescription?.TimeToLiveStatus;
  };

  test("a table whose creation was answered by nobody is this call's work, and gets its TTL", async () => {
    const requests = first("CreateTable", lost);
    expect(await data.table.create()).toEqual({ created: true });
    expect(requests()).toBe(2);
    expect(wire.names).toContain("UpdateTimeToLive");
    if (engine.capabilities.timeToLive) expect(await timeToLive()).toBe("ENABLED");
    expect(await data.table.create()).toEqual({ created: false });
  });

  test.each([
    ["ValidationException", "TimeToLive is already enabled"],
    ["UnknownOperationException", ""],
  ])(
    "a TTL that is refused with %s is no failure: it is on, or the engine has none",
    async (name, message) => {
      const requests = first("UpdateTimeToLive", () => answered(400, { __type: name, message }));
      expect(await data.table.create()).toEqual({ created: true });
      expect(requests()).toBe(1);
    },
  );

  test("a TTL that is refused for another reason fails the call, and the table is there", async () => {
    const refused = { __type: "AccessDeniedException", message: "not authorized" };
    first("UpdateTimeToLive", () => answered(400, refused));
    const error = await failureOf(data.table.create(), DynamoDBError);
    expect(error).toMatchObject({ code: "AccessDeniedException", operation: "table.create" });
    expect(await data.table.create()).toEqual({ created: false });
  });

  test("a table whose deletion was answered by nobody was deleted by this call", async () => {
    await data.table.create();
    first("DeleteTable", lost);
    expect(await data.table.delete()).toEqual({ deleted: true });
    expect(await data.table.describe()).toBeNull();
    expect(await data.table.delete()).toEqual({ deleted: false });
  });

  test("an empty answer to a describe is asked for again", async () => {
    await data.table.create();
    const requests = first("DescribeTable", () => answered(200, {}));
    expect(await data.table.describe()).toMatchObject({ status: "ACTIVE" });
    expect(requests()).toBe(2);
  });

  test.each([
    ["no members", () => ({})],
    ["another table's name", () => ({ TableName: "Other", TableStatus: "ACTIVE" })],
    ["no status", (name: string) => ({ TableName: name })],
    [
      "indexes that are no list",
      (name: string) => ({ TableName: name, TableStatus: "ACTIVE", GlobalSecondaryIndexes: "x" }),
    ],
    [
      "an index that is none",
      (name: string) => ({
        TableName: name,
        TableStatus: "ACTIVE",
        GlobalSecondaryIndexes: [null],
      }),
    ],
  ])("a description with %s is asked for again, and acknowledges nothing", async (_, make) => {
    const description = make(data.configuration.tableName);
    first("CreateTable", () => answered(200, { TableDescription: description }));
    expect(await data.table.create()).toEqual({ created: true });
    const requests = first("DescribeTable", () => answered(200, { Table: description }));
    expect(await data.table.describe()).toMatchObject({ status: "ACTIVE" });
    expect(requests()).toBe(2);
  });

  test("answers that are somebody else's are one error, and say no table is missing", async () => {
    await data.table.create();
    for (const [status, body] of [
      [200, { error: "login required" }],
      [403, { message: "blocked" }],
      [404, {}],
    ] as const) {
      wire.intercept = () => answered(status, body);
      const error = await failureOf(data.table.describe(), DynamoDBError);
      expect(error).toMatchObject({ code: "UnreadableAnswer", retryable: true });
    }
    wire.clear();
  });
});

test("a mocked client needs no more in a description than its test does", async () => {
  const descriptions: object[] = [{}, { Table: { TableStatus: "UPDATING" } }];
  const client = { send: async () => descriptions.shift() ?? {} };
  const data = createDataLayer({ environment: "development", client: client as never });
  expect(await data.table.describe()).toMatchObject({ status: "UNKNOWN" });
  expect(await data.table.describe()).toMatchObject({ status: "UPDATING" });
  await data.close();
});
