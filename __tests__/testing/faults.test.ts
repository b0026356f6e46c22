import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { inspect } from "node:util";
import { crc32 } from "node:zlib";
import { createDataLayer, type DataLayer } from "../../src/data-layer.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { TimeoutError } from "../../src/errors/timeout-error.js";
import { TransactionCanceledError } from "../../src/errors/transaction-canceled-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { drawn } from "../../src/testing/faults/rules.js";
import {
  type FaultRule,
  FaultyRequestHandler,
  faults,
  type RandomFaults,
} from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf, type Opened, openTable } from "../open.js";

function placeOf({ data }: Opened) {
  const { endpoint, region, credentials } = data.engine;
  const { tableName } = data.configuration;
  return { environment: "development", endpoint, region, credentials, tableName } as const;
}

/** Keeps the answers as the SDK gets them. */
class ReadingHandler extends FaultyRequestHandler {
  readonly answers: { readonly headers: Record<string, string>; readonly body: Buffer }[] = [];

  override async handle(
    ...given: Parameters<FaultyRequestHandler["handle"]>
  ): ReturnType<FaultyRequestHandler["handle"]> {
    const { response } = await super.handle(...given);
    const chunks: Buffer[] = [];
    for await (const chunk of response.body as Readable) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    this.answers.push({ headers: response.headers, body });
    response.body = Readable.from([body]);
    return { response };
  }
}

test("a seed draws the numbers of mulberry32: one that was noted gives its faults again in any release", () => {
  const numbers = [0, 1, 2].map((n) => drawn(1, n));
  expect(numbers).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522]);
});

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

  /** Every fault of a single item, what the caller gets when it does not end, and who saw the request. */
  const all = [
    ["throttle", ThroughputExceededError, "ProvisionedThroughputExceededException", "unseen"],
    ["throttlingException", ThroughputExceededError, "ThrottlingException", "unseen"],
    ["requestLimitExceeded", ThroughputExceededError, "RequestLimitExceeded", "unseen"],
    ["transactionConflict", DynamoDBError, "TransactionConflictException", "unseen"],
    ["timeout", TimeoutError, "TimeoutError", "unseen"],
    ["connectionReset", DynamoDBError, "ECONNRESET", "unseen"],
    ["dnsFailure", DynamoDBError, "ENOTFOUND", "unseen"],
    ["dnsTimeout", DynamoDBError, "EAI_AGAIN", "unseen"],
    ["serverError", DynamoDBError, "InternalServerError", "unseen"],
    ["serviceUnavailable", DynamoDBError, "ServiceUnavailable", "unseen"],
    ["answerLost", DynamoDBError, "ECONNRESET", "done"],
    ["serverErrorAfter", DynamoDBError, "InternalServerError", "done"],
    ["bodyCut", DynamoDBError, "UnreadableAnswer", "done"],
    ["bodyCutSilently", DynamoDBError, "UnreadableAnswer", "done"],
    ["bodyCorrupt", DynamoDBError, "UnreadableAnswer", "done"],
  ] as const;

  test.each(all)("%s that does not end reaches the caller as its error", async (...row) => {
    const [fault, type, code, engineHas] = row;
    const id = `endless-${fault}`;
    wire().inject({ fault, times: Number.POSITIVE_INFINITY });
    const write = project().put({ userId: "u1", projectId: id, data: { name: "secret-name" } });
    const error = await failureOf(write, type as typeof DynamoDBError);
    expect(error).toMatchObject({ code, retryable: true, operation: "put", entity: "Project" });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("secret-name");
    expect(wire().requests.slice(0, 4)).toEqual(Array(4).fill({ operation: "UpdateItem", fault }));
    const stored = await table.raw.get("USER#u1", `PROJECT#${id}`);
    expect(stored === undefined ? "unseen" : "done").toBe(engineHas);
  });

  test.each(all)("%s once is healed by a retry", async (fault) => {
    const [id, name] = [`once-${fault}`, `name-${fault}`];
    wire().inject({ fault, operation: "UpdateItem" });
    const written = await project().put({ userId: "u1", projectId: id, data: { name } });
    expect(wire().requests.slice(0, 2)).toEqual([
      { operation: "UpdateItem", fault },
      { operation: "UpdateItem", fault: undefined },
    ]);
    expect(await table.raw.get("USER#u1", `PROJECT#${id}`)).toMatchObject({
      UpdatedAt: written.updatedAt,
      Data: { name },
    });
    if (fault === "transactionConflict") return;
    wire().clear().inject({ fault, operation: "GetItem" });
    expect(await project().get({ userId: "u1", projectId: id })).toEqual(written);
    expect(wire().requests.map((request) => request.fault)).toEqual([fault, undefined]);
  });

  test("clockSkew once is healed by the service's own time", async () => {
    wire().inject({ fault: "clockSkew", times: Number.POSITIVE_INFINITY });
    expect(await project().get(key)).not.toBeNull();
    expect(wire().operations).toEqual(["GetItem", "GetItem"]);
    // The time was learned: no request is refused any more, though the service's clock is still off.
    await project().get(key);
    await project().put({ ...key, data: { name: "n" } });
    expect(wire().operations.slice(2)).toEqual(["GetItem", "UpdateItem"]);
  });

  test("clockSkew refuses many at once, and all are healed", async () => {
    const requestHandler = faults({ fault: "clockSkew", times: Number.POSITIVE_INFINITY });
    const data = createDataLayer({ ...placeOf(table), requestHandler, coalesce: false });
    const found = await Promise.all(Array.from({ length: 8 }, () => data.project.get(key)));
    expect(found.every((item) => item !== null)).toBe(true);
    expect(requestHandler.operations.length).toBeGreaterThan(8);
    await data.close();
  });

  (engine.engine === "dynalite" ? test.skip : test).each([
    ["transactionThrottle", "ThrottlingError", "ProvisionedThroughputExceeded"],
    ["transactionConflict", "TransactionConflict", undefined],
  ] as const)("%s cancels transactions, and once is healed", async (fault, first, last) => {
    const { transaction } = table.data;
    wire().inject({ fault });
    const two = [key, { ...key, projectId: "p2" }];
    const write = () =>
      transaction.write((tx) =>
        two.map((one) => tx.project.put({ ...one, data: { name: fault } })),
      );
    await write();
    expect(wire().operations).toEqual(["TransactWriteItems", "TransactWriteItems"]);
    expect(await project().getOrThrow(key)).toMatchObject({ data: { name: fault } });
    wire().clear().inject({ fault, times: Number.POSITIVE_INFINITY });
    const error = await failureOf(write(), TransactionCanceledError);
    expect(error.retryable).toBe(true);
    expect(error.reasons.map(({ code }) => code)).toEqual([first, last].filter(Boolean));
    await failureOf(
      transaction.get((tx) => two.map((one) => tx.project.get(one))),
      TransactionCanceledError,
    );
    // Other requests pass a transactionThrottle.
    if (fault === "transactionThrottle") expect(await project().get(key)).not.toBeNull();
  });

  test("slow answers late, with the engine done already", async () => {
    wire().inject({ fault: "slow", delayMs: 60_000 });
    const put = project().put(
      { userId: "u1", projectId: "slow", data: { name: "n" } },
      { signal: AbortSignal.timeout(500) },
    );
    await failureOf(put, AbortedError);
    expect(await table.raw.get("USER#u1", "PROJECT#slow")).toBeDefined();
    wire().clear().inject({ fault: "slow", delayMs: 1 });
    expect(await project().get(key)).not.toBeNull();
    expect(wire().requests).toEqual([{ operation: "GetItem", fault: "slow" }]);
  });

  test("bodyAltered is told by the checksum alone, which the layer's client looks at", async () => {
    const requestHandler = new ReadingHandler().inject({ fault: "bodyAltered" });
    const data = createDataLayer({
      ...{ ...placeOf(table), requestHandler },
      retry: { maxRetries: 0 },
    });
    const error = await failureOf(data.project.get(key), DynamoDBError);
    expect(error).toMatchObject({ code: "UnreadableAnswer", retryable: true });
    expect(error.message).toContain("x-amz-crc32");
    await data.project.get(key);
    const [altered, whole] = requestHandler.answers.map(({ headers, body }) => ({
      checksum: headers["x-amz-crc32"],
      actual: String(crc32(body)),
      answer: JSON.parse(body.toString()) as unknown,
    }));
    expect(altered?.answer).not.toEqual(whole?.answer);
    expect(altered?.checksum).not.toBe(altered?.actual);
    expect(requestHandler.operations).toHaveLength(2);
    await data.close();
  });

  test("bodyAltered changes a response without a text too: of a count, of a write, and of nothing found", async () => {
    const altered = { userId: "u1", projectId: "altered", data: { name: "n" } };
    const calls = [
      ({ project }: DataLayer) => project.count({ userId: "u1" }),
      ({ project }: DataLayer) => project.batchPut([altered]),
      ({ project }: DataLayer) => project.get({ userId: "u1", projectId: "none" }),
    ];
    for (const call of calls) {
      const requestHandler = new ReadingHandler().inject({ fault: "bodyAltered" });
      const data = createDataLayer({ ...placeOf(table), requestHandler, retry: { maxRetries: 0 } });
      await failureOf(call(data), DynamoDBError);
      const [answer] = requestHandler.answers;
      const body = answer?.body ?? Buffer.from("");
      expect(() => JSON.parse(body.toString())).not.toThrow();
      expect(answer?.headers["x-amz-crc32"]).not.toBe(String(crc32(body)));
      await data.close();
    }
  });

  test("random faults are the same ones whenever the seed is", async () => {
    const run = async (seed: number) => {
      const requestHandler = faults.random({ seed, rate: 0.3, faults: ["throttle", "answerLost"] });
      const retry = { maxRetries: 20, initialDelayMs: 0, maxDelayMs: 0 };
      const data = createDataLayer({ ...placeOf(table), requestHandler, retry });
      for (let count = 0; count < 40; count += 1) await data.project.get(key);
      await data.close();
      return requestHandler.requests.map((request) => request.fault);
    };
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
    expect(first.filter((fault) => fault === undefined)).toHaveLength(40);
    expect(new Set(first)).toEqual(new Set([undefined, "throttle", "answerLost"]));
  });

  test("a random fault hits only what it can, and a counted rule before it goes first", async () => {
    wire()
      .inject({ fault: "throttle" })
      .random({ seed: 1, rate: 1, faults: ["partialUnprocessed"] });
    await project().get(key);
    await failureOf(project().batchPut(many(2)), UnprocessedItemsError);
    expect(wire().requests.map((request) => request.fault)).toEqual([
      ...["throttle", undefined],
      ...Array(4).fill("partialUnprocessed"),
    ]);
  });

  test("an error's own answer that is cut or corrupt is healed too", async () => {
    const item = { userId: "u1", projectId: "taken", data: { name: "n" } };
    const was = await project().put(item);
    const lock = { ifUpdatedAt: was.updatedAt - 1 };
    for (const fault of ["bodyCut", "bodyCutSilently", "bodyCorrupt"] as const) {
      wire().clear().inject({ fault });
      const refused = project().update(item, { name: "m" }, lock);
      await failureOf(refused, ConditionalCheckFailedError);
      expect(wire().requests.map((request) => request.fault)).toEqual([fault, undefined]);
    }
    expect(await project().get(item)).toEqual(was);
  });

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

  test("go on under the other data layer where one of two that share them is closed", async () => {
    const handler = faults();
    const [one, other] = [1, 2].map(() =>
      createDataLayer({ ...placeOf(table), requestHandler: handler }),
    ) as [DataLayer, DataLayer];
    await one.project.get(key);
    await one.close();
    expect(await other.project.get(key)).not.toBeNull();
    expect(handler.operations).toEqual(["GetItem", "GetItem"]);
    await other.close();
  });

  test("go under any data layer", async () => {
    const handler = faults({ fault: "connectionReset", times: 2 }, { fault: "throttle" });
    const data = createDataLayer({
      ...placeOf(table),
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

describe("a body that is cut", () => {
  /** A server whose answers end in the middle, whether their length was told or not, or before they begin. */
  async function failureBehind(headers: Record<string, string>, text: string, end: boolean) {
    const server = createServer((_, response) => {
      response.writeHead(200, headers);
      if (end) response.end(text);
      else response.write(text, () => response.socket?.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const requestHandler = faults();
    const data = createDataLayer({
      environment: "local",
      endpoint: `http://127.0.0.1:${port}`,
      requestHandler,
      retry: { initialDelayMs: 1, maxDelayMs: 1 },
    });
    const error = await failureOf(
      data.project.get({ userId: "u1", projectId: "p1" }),
      DynamoDBError,
    );
    await data.close();
    server.close();
    return { code: error.code, message: error.message, sent: requestHandler.operations.length };
  }
  const half = '{"Item":{"PK":{"S":"secret';

  test("fails over a real connection as `bodyCut` does", async () => {
    expect(await failureBehind({ "content-length": "100" }, half, false)).toMatchObject({
      code: "UnreadableAnswer",
      sent: 4,
    });
    expect(await failureBehind({ "transfer-encoding": "chunked" }, half, false)).toMatchObject({
      code: "UnreadableAnswer",
      sent: 4,
    });
  });

  test("fails as `bodyCutSilently` does where no length was told, and quotes nothing of it", async () => {
    const { code, message, sent } = await failureBehind({ connection: "close" }, half, true);
    expect([code, sent]).toEqual(["UnreadableAnswer", 4]);
    expect(message).toContain("it is cut off or corrupt");
    expect(message).not.toContain("secret");
  });

  test("is not taken for an item that is not there where nothing of it came", async () => {
    expect(await failureBehind({ connection: "close" }, "", true)).toMatchObject({
      code: "UnreadableAnswer",
      sent: 4,
    });
  });
});

describe("a rule", () => {
  test.each<[string, object, string]>([
    ["no integer as its seed", { seed: 0.5, rate: 0.1 }, "seed must be an integer"],
    ["a rate that is none", { seed: 1, rate: 1.1 }, "rate must be a number from 0 to 1"],
    ["a fault that is none", { seed: 1, rate: 1, faults: ["flood"] }, "faults must be one of"],
    ["no fault", { seed: 1, rate: 1, faults: [] }, "faults must be one of"],
    ["an operation that is none", { seed: 1, rate: 1, operation: "get" }, "operation must be one"],
    ["no delay", { seed: 1, rate: 1, delayMs: -1 }, "delayMs must be a number of milliseconds"],
  ])("with a share and %s is refused", (_, rule, message) => {
    expect(() => faults.random(rule as RandomFaults)).toThrow(ConfigurationError);
    expect(() => faults.random(rule as RandomFaults)).toThrow(message);
  });
});

test.each<[string, object, string]>([
  [
    "a conflict of what is in none",
    { fault: "transactionConflict", operation: "Query" },
    "must be",
  ],
  ["no delay", { fault: "slow", delayMs: Number.NaN }, "delayMs must be a number of milliseconds"],
  ["a fault that is none", { fault: "flood" }, "fault must be one of throttle, "],
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
