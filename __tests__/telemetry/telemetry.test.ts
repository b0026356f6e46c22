/** Spans and metrics, as OpenTelemetry's own SDK exports them. */
import { channel } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import { trace } from "@opentelemetry/api";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { channelNames } from "../../src/call/tracing.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { DataLayerInstrumentation } from "../../src/telemetry/index.js";
import { createTestDataLayer, type TestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf } from "../open.js";
import { startOtel } from "./otel.js";

const canary = "canary-of-a-user";
const key = { userId: canary, projectId: "p1" };
const payload = { name: "canary-of-a-payload" };

describe.each(engines)("on $name", ({ engine }) => {
  let otel: ReturnType<typeof startOtel>;
  let data: TestDataLayer;
  let instrumentation: DataLayerInstrumentation;
  let table: string;

  beforeAll(async () => {
    data = await createTestDataLayer({ engine, retry: { initialDelayMs: 1 } });
    table = data.configuration.tableName;
    otel = startOtel();
    instrumentation = new DataLayerInstrumentation();
    registerInstrumentations({
      instrumentations: [instrumentation],
      tracerProvider: otel.tracerProvider,
      meterProvider: otel.meterProvider,
    });
  });
  afterAll(async () => {
    instrumentation.disable();
    await otel.stop();
    await data.close();
  });
  beforeEach(() => {
    data.wire.clear();
    otel.spans();
  });

  test("a call is a span, its request is one below it, and both are below the caller's", async () => {
    await otel.tracerProvider.getTracer("app").startActiveSpan("page", async (span) => {
      await data.project.create({ ...key, data: payload });
      span.end();
    });
    const [request, call, page] = otel.spans();
    expect(page).toMatchObject({ name: "page", parent: undefined });
    expect(call).toEqual({
      name: "create Project",
      parent: "page",
      attributes: { "bayon.entity": "Project", "bayon.operation": "create" },
      status: undefined,
    });
    expect(request).toEqual({
      name: `PutItem ${table}`,
      parent: "create Project",
      attributes: {
        "db.system.name": "aws.dynamodb",
        "db.operation.name": "PutItem",
        "db.collection.name": table,
        "db.query.summary": "create Project",
        "bayon.entity": "Project",
        "bayon.operation": "create",
        "bayon.retries": 0,
        "bayon.throttles": 0,
        "bayon.hedged": false,
        "bayon.budget_spent": false,
        "bayon.consumed_capacity": expect.any(Number),
      },
      status: undefined,
    });
  });

  test("a query says its index, and a batch how many items it names", async () => {
    await data.savedContent.query({ userId: canary }, { by: "createdAt", limit: 5 });
    const [query] = otel.spans();
    expect(query?.attributes).toMatchObject({
      "db.operation.name": "Query",
      "db.query.summary": "query SavedContent by GSI1",
      "aws.dynamodb.index_name": "GSI1",
    });
    await data.project.batchGet([key, { ...key, projectId: "p2" }]);
    const [batch] = otel.spans();
    expect(batch?.name).toBe(`BatchGetItem ${table}`);
    expect(batch?.attributes["db.operation.batch.size"]).toBe(2);
  });

  test("retries and throttles are counted in the span of their request", async () => {
    data.wire.inject({ fault: "throttle", operation: "GetItem", times: 2 });
    data.wire.inject({ fault: "serverError", operation: "GetItem" });
    await data.project.get(key);
    const [request, call] = otel.spans();
    expect(request?.attributes).toMatchObject({ "bayon.retries": 3, "bayon.throttles": 2 });
    expect(call?.status).toBeUndefined();
  });

  test("a failure has the error's code in both spans, and no message", async () => {
    await data.project.put({ ...key, data: payload });
    otel.spans();
    await failureOf(data.project.create({ ...key, data: payload }), DynamoDBError);
    const [request, call] = otel.spans();
    const status = "ConditionalCheckFailedException";
    expect(request).toMatchObject({ status, attributes: { "error.type": status } });
    expect(call).toMatchObject({ status, attributes: { "error.type": status } });
    // What is refused before a call begins has no span.
    await failureOf(data.project.get({ userId: "" } as never), DynamoDBError);
    expect(otel.spans()).toEqual([]);
  });

  test("no span and no metric holds a key or a value", async () => {
    await data.project.put({ ...key, data: payload });
    await data.project.query({ userId: canary }, { where: { name: payload.name } });
    await data.project.update(key, payload);
    await data.project.batchPut([{ ...key, data: payload }]);
    data.wire.inject({ fault: "serverErrorAfter", times: 99 });
    await failureOf(data.project.delete(key), DynamoDBError);
    data.wire.clear();
    const told = JSON.stringify([otel.spans(), await otel.metrics()]);
    expect(told).toContain("delete Project");
    expect(told).not.toMatch(/canary|USER#|PROJECT#/);
  });

  test("within a request other tracers make no span, unless they are to", async () => {
    const tracer = otel.tracerProvider.getTracer("http");
    const { handle } = data.wire;
    const spy = jest.spyOn(data.wire, "handle").mockImplementation((...given) => {
      tracer.startSpan("inner").end();
      return handle.apply(data.wire, given);
    });
    try {
      await data.project.get(key);
      expect(otel.spans().map(({ name }) => name)).toEqual([`GetItem ${table}`, "get Project"]);
      instrumentation.setConfig({ suppressInternalInstrumentation: false });
      await data.project.get(key);
      const [inner] = otel.spans();
      expect(inner).toBeDefined();
      await data.project.query({ userId: canary });
      expect(otel.spans().map(({ name, parent }) => [name, parent])).toEqual([
        ["inner", `Query ${table}`],
        [`Query ${table}`, "query Project"],
        ["query Project", undefined],
      ]);
    } finally {
      instrumentation.setConfig({});
      spy.mockRestore();
    }
  });

  test("a native chain's request has a span without a call", async () => {
    await data.project.entity.get(key).go();
    const spans = otel.spans();
    expect(spans.map(({ name, parent }) => [name, parent])).toEqual([
      [`GetItem ${table}`, undefined],
    ]);
  });

  test("metrics count calls, requests, attempts, throttles, capacity and reads that went together", async () => {
    const own = startOtel();
    instrumentation.setMeterProvider(own.meterProvider);
    try {
      await Promise.all(
        ["a", "b", "c"].map((projectId) => data.project.get({ ...key, projectId })),
      );
      data.wire.inject({ fault: "throttle", operation: "PutItem" });
      await data.project.create({ ...key, projectId: "metric", data: payload });
      await failureOf(
        data.project.create({ ...key, projectId: "metric", data: payload }),
        DynamoDBError,
      );
      const found = await own.metrics();
      const sums = Object.fromEntries(
        Object.entries(found).map(([name, points]) => [
          name,
          points.reduce((sum, { value }) => sum + value, 0),
        ]),
      );
      expect(sums).toEqual({
        "bayon.call.duration": 5,
        "db.client.operation.duration": 3,
        "bayon.request.attempts": 4,
        "bayon.request.throttles": 1,
        "bayon.consumed_capacity": expect.any(Number),
        "bayon.coalesced_reads": 2,
      });
      expect(found["bayon.call.duration"]?.map(({ attributes }) => attributes)).toContainEqual({
        "bayon.entity": "Project",
        "bayon.operation": "create",
        "error.type": "ConditionalCheckFailedException",
      });
    } finally {
      instrumentation.setMeterProvider(otel.meterProvider);
      await own.stop();
      otel.tracerProvider.register();
    }
  });

  test("once it is disabled there are no spans, and no request asks for its capacity", async () => {
    instrumentation.disable();
    instrumentation.disable();
    await data.project.get(key);
    expect(otel.spans()).toEqual([]);
    expect(data.wire.requests.at(-1)?.input).not.toHaveProperty("ReturnConsumedCapacity");
    instrumentation.enable();
    instrumentation.enable();
    await data.project.query({ userId: canary });
    expect(otel.spans()).toHaveLength(2);
    expect(data.wire.requests.at(-1)?.input).toHaveProperty("ReturnConsumedCapacity", "TOTAL");
  });

  test("a call that is under way when it is enabled or disabled is carried out", async () => {
    instrumentation.disable();
    await data.project.put({ ...key, data: payload });
    data.wire.inject({ fault: "slow", delayMs: 30 });
    const before = data.project.get(key);
    instrumentation.enable();
    expect((await before)?.projectId).toBe("p1");
    data.wire.inject({ fault: "slow", delayMs: 30 });
    const after = data.project.get(key);
    instrumentation.disable();
    expect((await after)?.projectId).toBe("p1");
    instrumentation.enable();
  });
});

describe("diagnostics channels", () => {
  const events: unknown[] = [];
  const note = (message: unknown, name: string | symbol) => {
    const { around: _, ...rest } = message as Record<string, unknown>;
    events.push([String(name).replace(/^.*[.:](\w+):(\w+)$/, "$1 $2"), { ...rest }]);
  };
  const names = ["start", "asyncEnd", "error"];
  const all = Object.values(channelNames).flatMap((one) =>
    names.map((name) => channel(`tracing:${one}:${name}`)),
  );

  beforeEach(() => {
    events.length = 0;
    for (const one of all) one.subscribe(note);
  });
  afterEach(() => {
    for (const one of all) one.unsubscribe(note);
  });

  test("tell of calls and requests without payloads and keys", async () => {
    const data = await createTestDataLayer();
    events.length = 0;
    await data.project.create({ ...key, data: payload });
    await failureOf(data.project.create({ ...key, data: payload }), DynamoDBError);
    const about = { operation: "create", entity: "Project" };
    const request = {
      ...about,
      request: "Put",
      table: data.configuration.tableName,
      index: undefined,
      batchSize: undefined,
    };
    const event = {
      ...request,
      attempts: 1,
      throttles: 0,
      hedged: false,
      durationMs: expect.any(Number),
      consumedCapacity: expect.any(Number),
      error: undefined,
      budgetSpent: false,
    };
    const error = "ConditionalCheckFailedException";
    const refused = { ...request, error, event: { ...event, error, consumedCapacity: undefined } };
    expect(events).toEqual([
      ["call start", { ...about, error: undefined }],
      ["request start", { ...request, error: undefined, event: undefined }],
      ["request asyncEnd", { ...request, error: undefined, event }],
      ["call asyncEnd", { ...about, error: undefined }],
      ["call start", { ...about, error: undefined }],
      ["request start", { ...request, error: undefined, event: undefined }],
      ["request error", refused],
      ["request asyncEnd", refused],
      ["call error", { ...about, error }],
      ["call asyncEnd", { ...about, error }],
    ]);
    expect(JSON.stringify(events)).not.toMatch(/canary|USER#/);
    await data.close();
  });
});

test("an option that is not known, or no boolean, is refused", () => {
  const make = (config: object) => () => new DataLayerInstrumentation(config as never);
  expect(make({ enable: false })).toThrow(/did you mean "enabled"/);
  expect(make({ enabled: "no" })).toThrow(ConfigurationError);
  expect(make({ suppressInternalInstrumentation: 1 })).toThrow(
    "DataLayerInstrumentation: suppressInternalInstrumentation must be true or false",
  );
});

test("the instrumentation says the package's version", () => {
  const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
  const made = new DataLayerInstrumentation({ enabled: false });
  expect([made.instrumentationName, made.instrumentationVersion]).toEqual([name, version]);
  expect(made.getConfig()).toEqual({ enabled: false });
  expect(trace.getActiveSpan()).toBeUndefined();
});
