import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Entity } from "electrodb";
import { type CallOptions, perform } from "../../src/call/call.js";
import { createClients } from "../../src/client/client.js";
import { resolveConfiguration } from "../../src/client/config.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { endOf } from "../../src/errors/notes.js";
import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { TimeoutError } from "../../src/errors/timeout-error.js";
import type { Logger, RequestEvent } from "../../src/transport/events.js";
import type { TransportOptions } from "../../src/transport/options.js";
import type { RetryOptions } from "../../src/transport/retry.js";
import { createTransport, type Transport } from "../../src/transport/transport.js";

const quick: RetryOptions = { initialDelayMs: 1, jitter: false };
const call = { context: { operation: "get", entity: "Project", key: "userId=u1" } };
const get = { TableName: "Table", Key: { PK: "USER#u1", SK: "PROJECT#p1" } };

/** An answer as it goes over the wire. `reset` tears the connection, `silence` never answers. */
type WireAnswer = { status: number; body: object } | "reset" | "silence";

interface WireRequest {
  readonly operation: string;
  readonly input: Record<string, unknown>;
}

/** An engine that answers as it is told, and counts what reaches it. */
async function startWire(answer: (request: WireRequest, index: number) => WireAnswer) {
  const requests: WireRequest[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const operation = String(request.headers["x-amz-target"]).replace(/^.*\./, "");
      const received = { operation, input: JSON.parse(Buffer.concat(chunks).toString()) };
      requests.push(received);
      const answered = answer(received, requests.length - 1);
      if (answered === "reset") request.socket.destroy();
      else if (answered !== "silence") {
        response.writeHead(answered.status, {
          "Content-Type": "application/x-amz-json-1.0",
          "x-amzn-RequestId": `R${requests.length}`,
        });
        response.end(JSON.stringify(answered.body));
      }
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { endpoint: `http://127.0.0.1:${port}`, requests, stop };
}

type Wire = Awaited<ReturnType<typeof startWire>>;

const ok = (body: object = {}): WireAnswer => ({ status: 200, body });
const refuse = (name: string, status = 400, more: object = {}): WireAnswer => ({
  status,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: `${name}!`, ...more },
});
const throttle = () => refuse("ProvisionedThroughputExceededException");

let wire: Wire | undefined;

afterEach(async () => {
  await wire?.stop();
  wire = undefined;
});

/** A transport over a wire that answers as it is told. */
async function overWire(
  answer: (request: WireRequest, index: number) => WireAnswer,
  options: Partial<TransportOptions> = {},
  requestHandler?: object,
): Promise<{ transport: Transport; requests: WireRequest[] }> {
  wire = await startWire(answer);
  const configuration = resolveConfiguration({ environment: "local", endpoint: wire.endpoint }, {});
  const client = createClients(configuration, requestHandler as never).documentClient;
  return {
    transport: createTransport({ client, retry: quick, ...options }),
    requests: wire.requests,
  };
}

/** Resolves when the engine has a request. */
async function arrived(requests: readonly WireRequest[]): Promise<void> {
  while (requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
}

const failure = (promise: Promise<unknown>): Promise<Error & Record<string, unknown>> =>
  promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error) => error,
  );

/** A call of the facade: with limits, and with its errors mapped. */
const performed = (transport: Transport, options: CallOptions) =>
  perform(call.context, options, (limited) => transport.send("Get", get, limited));

const collectEvents = () => {
  const events: RequestEvent[] = [];
  return { events, listen: (event: RequestEvent) => void events.push(event) };
};

describe("HTTP attempts, counted at the wire", () => {
  test.each([
    [undefined, 4],
    [0, 1],
    [1, 2],
    [5, 6],
  ])("under constant throttling with maxRetries %p are %i", async (maxRetries, expected) => {
    const { transport, requests } = await overWire(throttle, { retry: { ...quick, maxRetries } });
    const error = await failure(perform({}, {}, (one) => transport.send("Get", get, one)));
    expect(error).toBeInstanceOf(ThroughputExceededError);
    expect(error.requestId).toBe(`R${expected}`);
    expect(requests).toHaveLength(expected);
  });

  test("are as many through ElectroDB", async () => {
    const { transport, requests } = await overWire(throttle);
    const error = await failure(projects(transport).get({ id: "p1" }).go());
    expect(error).toHaveProperty("cause.name", "ProvisionedThroughputExceededException");
    expect(requests).toHaveLength(4);
  });

  test.each([
    ["ThrottlingException", 400],
    ["RequestLimitExceeded", 400],
    ["InternalServerError", 500],
    ["ServiceUnavailable", 503],
    ["TransactionConflictException", 400],
    ["SomethingNew", 502],
  ])("are repeated for %s", async (name, status) => {
    const { transport, requests } = await overWire((_, index) =>
      index < 2
        ? refuse(name, status)
        : ok({ Item: { PK: { S: "USER#u1" }, SK: { S: "PROJECT#p1" } } }),
    );
    const answer = await transport.send("Get", get, call);
    expect(answer.Item).toEqual({ PK: "USER#u1", SK: "PROJECT#p1" });
    expect(requests).toHaveLength(3);
  });

  test.each([
    ["ValidationException"],
    ["ConditionalCheckFailedException"],
    ["AccessDeniedException"],
    ["ResourceNotFoundException"],
    ["UnrecognizedClientException"],
  ])("are one for %s", async (name) => {
    const { transport, requests } = await overWire(() => refuse(name));
    const put = { TableName: "Table", Item: { PK: "USER#u1", SK: "PROJECT#p1" } };
    expect(await failure(transport.send("Put", put, call))).toHaveProperty("name", name);
    expect(requests).toHaveLength(1);
  });

  test("are repeated when the connection is reset, and the code is kept at the end", async () => {
    const { transport, requests } = await overWire((_, index) => (index < 2 ? "reset" : ok()));
    await transport.send("Get", get, call);
    expect(requests).toHaveLength(3);
    await wire?.stop();

    const always = await overWire(() => "reset");
    const error = await failure(performed(always.transport, {}));
    expect(error.code).toBe("ECONNRESET");
    expect(error.retryable).toBe(true);
    expect(always.requests).toHaveLength(4);
  });

  test("are repeated where nobody listens, and the code is kept", async () => {
    const { transport } = await overWire(() => ok());
    await wire?.stop();
    const error = await failure(performed(transport, {}));
    expect(error.code).toBe("ECONNREFUSED");
  });

  test("are given up and repeated when no answer comes", async () => {
    const { transport, requests } = await overWire(
      (_, index) => (index === 0 ? "silence" : ok()),
      {},
      { requestTimeout: 50, throwOnRequestTimeout: true },
    );
    await transport.send("Get", get, call);
    expect(requests).toHaveLength(2);
    await wire?.stop();

    const silent = await overWire(
      () => "silence",
      { retry: { ...quick, maxRetries: 1 } },
      { requestTimeout: 50, throwOnRequestTimeout: true },
    );
    const error = await failure(performed(silent.transport, {}));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(silent.requests).toHaveLength(2);
  });
});

describe("limits of a call", () => {
  test("an abort while waiting for an answer ends the call with the signal's reason", async () => {
    const { transport, requests } = await overWire(() => "silence");
    const controller = new AbortController();
    const failed = failure(performed(transport, { signal: controller.signal }));
    await arrived(requests);
    controller.abort("the user left");
    const error = await failed;
    expect(error).toBeInstanceOf(AbortedError);
    expect(error.cause).toBe("the user left");
    expect(error.message).toBe("get Project (userId=u1): aborted");
    expect(requests).toHaveLength(1);
  });

  test("an abort while waiting for a retry ends the waiting", async () => {
    const { transport, requests } = await overWire(throttle, {
      retry: { initialDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    const controller = new AbortController();
    const failed = failure(performed(transport, { signal: controller.signal }));
    await arrived(requests);
    controller.abort();
    const error = await failed;
    expect(error).toBeInstanceOf(AbortedError);
    expect(requests).toHaveLength(1);
  });

  test("a signal that was aborted before sends nothing", async () => {
    const { transport, requests } = await overWire(() => ok());
    const reason = new Error("before");
    const error = await failure(performed(transport, { signal: AbortSignal.abort(reason) }));
    expect(error).toBeInstanceOf(AbortedError);
    expect(error.cause).toBe(reason);
    expect(requests).toHaveLength(0);
  });

  test("a deadline covers answers that do not come", async () => {
    const { transport } = await overWire(() => "silence");
    const error = await failure(performed(transport, { timeoutMs: 40 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.message).toBe("get Project (userId=u1): no response within 40 ms");
  });

  test("a deadline covers the waiting between retries", async () => {
    const { transport, requests } = await overWire(throttle, {
      retry: { initialDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    const error = await failure(performed(transport, { timeoutMs: 60 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(requests).toHaveLength(1);
  });

  test("a client that knows no signal is left behind", async () => {
    const transport = createTransport({ client: { send: () => new Promise(() => {}) } });
    expect(await failure(performed(transport, { timeoutMs: 20 }))).toBeInstanceOf(TimeoutError);
  });

  test.each([
    [{ timeoutMs: 0 }, "timeoutMs must be a number of milliseconds > 0"],
    [{ timeoutMs: Number.NaN }, "timeoutMs must be a number of milliseconds > 0"],
    [{ signal: {} as AbortSignal }, "signal must be an AbortSignal"],
  ])("%p is refused before anything is sent", async (options, rule) => {
    const send = jest.fn();
    const error = await failure(performed(createTransport({ client: { send } }), options));
    expect(error.message).toBe(`get Project (userId=u1): ${rule}`);
    expect(send).not.toHaveBeenCalled();
  });

  test("a call that ended leaves no listener on the caller's signal", async () => {
    const { transport } = await overWire(() => ok());
    const controller = new AbortController();
    const add = jest.spyOn(controller.signal, "addEventListener");
    const remove = jest.spyOn(controller.signal, "removeEventListener");
    for (let n = 0; n < 3; n += 1) await performed(transport, { signal: controller.signal });
    expect(remove.mock.calls.length).toBe(add.mock.calls.length);
  });
});

describe("unprocessed parts of a batch", () => {
  const keys = ["C#1", "C#2", "C#3"].map((SK) => ({ PK: { S: "USER#u1" }, SK: { S: SK } }));
  const batchGet = {
    RequestItems: { Table: { Keys: ["C#1", "C#2", "C#3"].map((SK) => ({ PK: "USER#u1", SK })) } },
  };
  const writes = ["C#1", "C#2"].map((SK) => ({
    PutRequest: { Item: { PK: "USER#u1", SK, Data: { n: 1 } } },
  }));
  const batchWrite = { RequestItems: { Table: writes } };
  const left = (count: number) => ({
    UnprocessedItems: {
      Table: writes.slice(-count).map(({ PutRequest: { Item } }) => ({
        PutRequest: {
          Item: { PK: { S: Item.PK }, SK: { S: Item.SK }, Data: { M: { n: { N: "1" } } } },
        },
      })),
    },
  });

  test("of a read are read at once as long as there is progress, and joined", async () => {
    const { transport, requests } = await overWire(
      (_, index) =>
        ok({
          Responses: { Table: [keys[index]] },
          UnprocessedKeys: index === 2 ? {} : { Table: { Keys: keys.slice(index + 1) } },
        }),
      { retry: { maxRetries: 0 } },
    );
    const answer = await transport.send("BatchGet", batchGet, call);
    expect(answer.Responses?.Table?.map((item) => item.SK)).toEqual(["C#1", "C#2", "C#3"]);
    expect(answer.UnprocessedKeys).toEqual({});
    expect(requests.map(({ input }) => JSON.stringify(input).match(/C#/g)?.length)).toEqual([
      3, 2, 1,
    ]);
  });

  test("of a read without progress are retried, and handed back after the last retry", async () => {
    const { transport, requests } = await overWire(() =>
      ok({ Responses: { Table: [] }, UnprocessedKeys: { Table: { Keys: keys } } }),
    );
    const answer = await transport.send("BatchGet", batchGet, call);
    expect(answer.UnprocessedKeys?.Table?.Keys).toHaveLength(3);
    expect(requests).toHaveLength(4);
  });

  test("of a write are sent again after a delay, and only they", async () => {
    const retries: number[] = [];
    const { transport, requests } = await overWire(
      (_, index) => ok(index === 0 ? left(1) : { UnprocessedItems: {} }),
      { retry: { ...quick, onRetry: ({ attempt }) => retries.push(attempt) } },
    );
    const answer = await transport.send("BatchWrite", batchWrite, call);
    expect(answer.UnprocessedItems).toEqual({});
    expect(requests.map(({ input }) => JSON.stringify(input).match(/C#/g)?.length)).toEqual([2, 1]);
    expect(retries).toEqual([1]);
  });

  test("of a write are handed back after the last retry", async () => {
    const { transport, requests } = await overWire(() => ok(left(1)));
    const answer = await transport.send("BatchWrite", batchWrite, call);
    expect(answer.UnprocessedItems?.Table).toEqual([writes[1]]);
    expect(requests).toHaveLength(4);
  });

  test("are known also where their retries are throttled", async () => {
    const { transport } = await overWire((_, index) => (index === 0 ? ok(left(1)) : throttle()));
    const answer = await transport.send("BatchWrite", batchWrite, call);
    expect(answer.UnprocessedItems?.Table).toEqual([writes[1]]);
    expect(endOf(answer)).toHaveProperty("name", "ProvisionedThroughputExceededException");
  });

  test("are read as they were asked for, whatever a response says of it", async () => {
    const how = { ConsistentRead: true, ProjectionExpression: "SK" };
    const other = { ConsistentRead: false, ProjectionExpression: "PK, #d" };
    const { transport, requests } = await overWire((_, index) =>
      ok({
        Responses: { Table: [] },
        UnprocessedKeys: index === 0 ? { Table: { Keys: keys.slice(1), ...other } } : {},
      }),
    );
    const { Keys } = batchGet.RequestItems.Table;
    await transport.send("BatchGet", { RequestItems: { Table: { Keys, ...how } } }, call);
    expect(requests.map(({ input }) => (input as Record<string, unknown>).RequestItems)).toEqual([
      { Table: { Keys: expect.any(Array), ...how } },
      { Table: { Keys: keys.slice(1), ...how } },
    ]);
  });

  test.each([
    ["numbers", 12345678901234567890n, { N: "12345678901234567890" }],
    ["binary", new Uint8Array([1]), { B: "AQ==" }],
  ])("of a table whose keys are %s are written as the response has them", async (_, PK, stored) => {
    const { transport, requests } = await overWire((_request, index) =>
      ok({
        UnprocessedItems:
          index === 0 ? { Table: [{ DeleteRequest: { Key: { PK: stored, SK: stored } } }] } : {},
      }),
    );
    const RequestItems = {
      Table: [
        { DeleteRequest: { Key: { PK, SK: PK } } },
        { DeleteRequest: { Key: { PK, SK: 2 } } },
      ],
    };
    await transport.send("BatchWrite", { RequestItems }, call);
    expect(requests[1]?.input.RequestItems).toEqual({
      Table: [{ DeleteRequest: { Key: { PK: stored, SK: stored } } }],
    });
  });

  test("whose PK and SK are no key of theirs are written as the response has them (another one was)", async () => {
    const put = (id: string) => ({ PutRequest: { Item: { id, PK: "a", SK: "b" } } });
    const stored = { PutRequest: { Item: { id: { S: "1" }, PK: { S: "a" }, SK: { S: "b" } } } };
    const { transport, requests } = await overWire((_, index) =>
      ok({ UnprocessedItems: index === 0 ? { Table: [stored] } : {} }),
    );
    await transport.send("BatchWrite", { RequestItems: { Table: [put("1"), put("2")] } }, call);
    expect(requests[1]?.input.RequestItems).toEqual({ Table: [stored] });
  });

  test("are none where a response lists none of a table (they were asked for four times more)", async () => {
    const read = await overWire(() =>
      ok({ Responses: { Table: keys.slice(1) }, UnprocessedKeys: { Table: { Keys: [] } } }),
    );
    const answer = await read.transport.send("BatchGet", batchGet, call);
    expect(answer.Responses?.Table).toHaveLength(2);
    expect(read.requests).toHaveLength(1);
    const written = await overWire(() => ok({ UnprocessedItems: { Table: [] } }));
    await written.transport.send("BatchWrite", batchWrite, call);
    expect(written.requests).toHaveLength(1);
  });

  test("are known also where their retry is refused for good (the half that was written was lost)", async () => {
    const { transport, requests } = await overWire((_, index) =>
      index === 0 ? ok(left(1)) : refuse("AccessDeniedException"),
    );
    const answer = await transport.send("BatchWrite", batchWrite, call);
    expect(answer.UnprocessedItems?.Table).toEqual([writes[1]]);
    expect(endOf(answer)).toHaveProperty("name", "AccessDeniedException");
    expect(requests).toHaveLength(2);
  });

  test("are an error where nothing was ever answered", async () => {
    const { transport } = await overWire(throttle);
    expect((await failure(transport.send("BatchWrite", batchWrite, call))).name).toBe(
      "ProvisionedThroughputExceededException",
    );
  });

  test("are sent again for ElectroDB, which would not", async () => {
    const { transport, requests } = await overWire((_, index) =>
      ok(index === 0 ? left(1) : { UnprocessedItems: {} }),
    );
    const { unprocessed } = await projects(transport)
      .put([
        { id: "1", name: "a" },
        { id: "2", name: "b" },
      ])
      .go();
    expect(unprocessed).toEqual([]);
    expect(requests).toHaveLength(2);
  });
});

describe("events", () => {
  const secret = { PK: "USER#s3cret", SK: "PROFILE", Data: { token: "s3cret" } };

  test("are one per request, with operation, table, attempts, duration and capacity", async () => {
    const { events, listen } = collectEvents();
    let now = 1_000;
    const { transport, requests } = await overWire(
      (_, index) =>
        index === 0
          ? throttle()
          : ok({ ConsumedCapacity: { TableName: "Table", CapacityUnits: 2.5 } }),
      { events: listen, clock: { now: () => (now += 5) } },
    );
    await transport.send("Put", { TableName: "Table", Item: secret }, call);
    expect(events).toEqual([
      {
        request: "Put",
        operation: "get",
        entity: "Project",
        table: "Table",
        index: undefined,
        batchSize: undefined,
        attempts: 2,
        throttles: 1,
        durationMs: 5,
        consumedCapacity: 2.5,
        error: undefined,
        hedged: false,
        budgetSpent: false,
      },
    ]);
    expect(requests[0]?.input.ReturnConsumedCapacity).toBe("TOTAL");
    expect(JSON.stringify(events)).not.toContain("s3cret");
  });

  test("tell of a failed request, and of a native chain without a name", async () => {
    const { events, listen } = collectEvents();
    const { transport } = await overWire(throttle, { events: listen });
    await failure(projects(transport).get({ id: "p1" }).go());
    expect(events).toEqual([
      expect.objectContaining({
        request: "Get",
        operation: undefined,
        attempts: 4,
        error: "ProvisionedThroughputExceededException",
        consumedCapacity: undefined,
      }),
    ]);
  });

  test("sum the capacity of a batch's rounds and name every table", async () => {
    const { events, listen } = collectEvents();
    const Keys = [{ PK: { S: "a" }, SK: { S: "b" } }];
    const { transport } = await overWire(
      (_, index) =>
        ok({
          Responses: index === 0 ? { A: [], B: [] } : { A: [] },
          UnprocessedKeys: index === 0 ? { A: { Keys } } : {},
          ConsumedCapacity: [{ CapacityUnits: 1 }, { CapacityUnits: 0.5 }],
        }),
      { events: listen },
    );
    const Key = { PK: "a", SK: "b" };
    await transport.send(
      "BatchGet",
      { RequestItems: { A: { Keys: [Key] }, B: { Keys: [Key] } } },
      call,
    );
    expect(events).toEqual([
      expect.objectContaining({ table: "A,B", attempts: 2, consumedCapacity: 3 }),
    ]);
  });

  test("cost nothing where nobody listens: no capacity is asked for", async () => {
    const { transport, requests } = await overWire(() => ok());
    await transport.send("Get", get, call);
    expect(requests[0]?.input).not.toHaveProperty("ReturnConsumedCapacity");
  });

  test("leave the capacity alone that the caller asked for", async () => {
    const { listen } = collectEvents();
    const { transport, requests } = await overWire(() => ok(), { events: listen });
    await transport.send("Get", { ...get, ReturnConsumedCapacity: "INDEXES" }, call);
    expect(requests[0]?.input.ReturnConsumedCapacity).toBe("INDEXES");
  });

  test("hurt no request when the listener throws, which is logged", async () => {
    const logger = { debug: jest.fn(), warn: jest.fn() };
    const { transport } = await overWire(() => ok(), {
      logger,
      events: () => {
        throw new RangeError("listener");
      },
    });
    await transport.send("Get", get, call);
    expect(logger.warn).toHaveBeenCalledWith({ error: "RangeError" }, expect.any(String));
  });
});

describe("the logger", () => {
  test("hears of each request and each retry, and of no payload and no key", async () => {
    const lines: unknown[] = [];
    const logger: Logger = {
      debug: (...line) => lines.push(["debug", ...line]),
      warn: (...line) => lines.push(["warn", ...line]),
    };
    const { transport } = await overWire((_, index) => (index < 2 ? throttle() : ok()), { logger });
    const Item = { PK: "USER#s3cret", SK: "PROFILE", Data: { token: "s3cret" } };
    await transport.send("Put", { TableName: "Table", Item }, call);
    expect(lines).toEqual([
      ["warn", expect.objectContaining({ request: "Put", attempt: 1 }), expect.any(String)],
      ["warn", expect.objectContaining({ request: "Put", attempt: 2 }), expect.any(String)],
      ["debug", expect.objectContaining({ request: "Put", attempts: 3 }), expect.any(String)],
    ]);
    expect(JSON.stringify(lines)).not.toContain("s3cret");
  });

  test("is silent by default", async () => {
    const methods = ["log", "info", "warn", "error", "debug"] as const;
    const spies = methods.map((method) => jest.spyOn(console, method));
    const { transport } = await overWire(throttle);
    await failure(transport.send("Get", get, call));
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });
});

describe("errors", () => {
  const Item = {
    PK: { S: "USER#u1" },
    SK: { S: "PROJECT#p1" },
    UpdatedAt: { N: "5" },
    Data: { M: { ok: { BOOL: true } } },
  };
  const native = { PK: "USER#u1", SK: "PROJECT#p1", UpdatedAt: 5, Data: { ok: true } };

  test("carry the stored item as a document, and in no log", async () => {
    const { transport } = await overWire(() =>
      refuse("ConditionalCheckFailedException", 400, { Item }),
    );
    const error = await failure(transport.send("Delete", get, call));
    expect(error.Item).toEqual(native);
    expect(Object.keys(error)).not.toContain("Item");
  });

  test("carry the items of a cancelled transaction as documents", async () => {
    const { transport } = await overWire(() =>
      refuse("TransactionCanceledException", 400, {
        CancellationReasons: [{ Code: "None" }, { Code: "ConditionalCheckFailed", Item }],
      }),
    );
    const input = { TransactItems: [{ Delete: get }] };
    const error = await failure(transport.send("TransactWrite", input, call));
    expect(error.CancellationReasons).toEqual([
      { Code: "None" },
      expect.objectContaining({ Code: "ConditionalCheckFailed" }),
    ]);
    expect((error.CancellationReasons as { Item?: object }[])[1]?.Item).toEqual(native);
  });

  test("with a document on them already, as a mock's may have, stay as they are", async () => {
    const thrown = Object.freeze({ name: "ConditionalCheckFailedException", Item: native });
    const transport = createTransport({ client: { send: () => Promise.reject(thrown) } });
    expect(await failure(transport.send("Get", get, call))).toBe(thrown);
  });

  test("reach ElectroDB fresh each time, however they were thrown", async () => {
    const once = Object.freeze(
      Object.assign(new Error("no"), {
        name: "ConditionalCheckFailedException",
        $metadata: { requestId: "R1", httpStatusCode: 400 },
        Item,
      }),
    );
    const transport = createTransport({ client: { send: () => Promise.reject(once) } });
    const entity = projects(transport);
    for (let n = 0; n < 2; n += 1) {
      const error = await failure(entity.create({ id: "p1", name: "n" }).go());
      expect(error).toHaveProperty("cause.name", "ConditionalCheckFailedException");
      expect(error).toHaveProperty("cause.$metadata.requestId", "R1");
      expect(error).toHaveProperty("cause.cause", once);
      expect(error).toHaveProperty("cause.Item", Item);
      expect(error.message).not.toContain("redefine");
    }
  });

  test("reach ElectroDB with all that the SDK says of them, and show as much in a log", async () => {
    const facts = {
      name: "TransactionCanceledException",
      code: "a code",
      Code: "another",
      $metadata: { requestId: "R1", httpStatusCode: 400, attempts: 1 },
      $fault: "client",
      $retryable: { throttling: true },
    };
    const CancellationReasons = [{ Code: "ConditionalCheckFailed", Item }];
    const thrown = { ...facts, message: "no", Item, CancellationReasons };
    const transport = createTransport({
      client: { send: () => Promise.reject(Object.freeze(thrown)) },
    });
    const error = await failure(transport.client.get(get).promise());
    expect(error.message).toBe("no");
    expect(error.cause).toBe(thrown);
    expect({ ...error }).toEqual(facts);
    expect(Object.getOwnPropertyDescriptors(error)).toMatchObject({
      Item: { value: Item, enumerable: false, writable: true, configurable: true },
      CancellationReasons: { value: CancellationReasons, enumerable: false },
      $metadata: { enumerable: true, writable: true, configurable: true },
    });
  });

  test.each([null, undefined, "text", { name: "Odd" }])(
    "reach ElectroDB as errors, also %p",
    async (thrown) => {
      const transport = createTransport({ client: { send: () => Promise.reject(thrown) } });
      const error = await failure(transport.client.get(get).promise());
      expect(error).toBeInstanceOf(Error);
      expect(error.cause).toBe(thrown);
    },
  );

  test("let ElectroDB read the item of a failed condition by its own means", async () => {
    const { transport } = await overWire(() =>
      refuse("ConditionalCheckFailedException", 400, {
        Item: {
          PK: { S: "project#p1" },
          SK: { S: "project" },
          id: { S: "p1" },
          name: { S: "old" },
          __edb_e__: { S: "project" },
          __edb_v__: { S: "1" },
        },
      }),
    );
    const result = await projects(transport)
      .create({ id: "p1", name: "new" })
      .go({ returnOnConditionCheckFailure: "all_old" });
    expect(result).toMatchObject({ rejected: true, data: { id: "p1", name: "old" } });
  });
});

describe("transactions", () => {
  const input = { TransactItems: [{ Put: { TableName: "Table", Item: { PK: "a", SK: "b" } } }] };

  test("keep one token over all attempts, so that a retry is the same transaction", async () => {
    const { transport, requests } = await overWire((_, index) => (index < 2 ? throttle() : ok()));
    await transport.send("TransactWrite", input, call);
    await transport.send("TransactWrite", input, call);
    const tokens = requests.map((request) => request.input.ClientRequestToken);
    expect(tokens[0]).toMatch(/^[\da-f-]{36}$/);
    expect(tokens.slice(0, 3)).toEqual([tokens[0], tokens[0], tokens[0]]);
    expect(tokens[3]).not.toBe(tokens[0]);
  });

  test("keep the caller's token", async () => {
    const { transport, requests } = await overWire(() => ok());
    await transport.send("TransactWrite", { ...input, ClientRequestToken: "mine" }, call);
    expect(requests[0]?.input.ClientRequestToken).toBe("mine");
  });

  test("are repeated in a conflict and not where a condition fails", async () => {
    const reasons = (...codes: string[]) =>
      refuse("TransactionCanceledException", 400, {
        CancellationReasons: codes.map((Code) => ({ Code })),
      });
    const conflict = await overWire((_, index) =>
      index === 0 ? reasons("None", "TransactionConflict") : ok(),
    );
    await conflict.transport.send("TransactWrite", input, call);
    expect(conflict.requests).toHaveLength(2);
    await wire?.stop();
    const failed = await overWire(() => reasons("ConditionalCheckFailed", "TransactionConflict"));
    await failure(failed.transport.send("TransactWrite", input, call));
    expect(failed.requests).toHaveLength(1);
  });
});

describe("the client below", () => {
  test("is asked for at each request where it is a function", async () => {
    const first = { send: jest.fn(async () => ({})) };
    const second = { send: jest.fn(async () => ({})) };
    const client = jest.fn().mockReturnValueOnce(first).mockReturnValue(second);
    const transport = createTransport({ client });
    await transport.send("Get", get, call);
    await transport.send("Get", get, call);
    expect(first.send).toHaveBeenCalledTimes(1);
    expect(second.send).toHaveBeenCalledTimes(1);
  });

  test("may answer nothing, as a bare mock does", async () => {
    const transport = createTransport({ client: { send: async () => undefined } });
    expect(await transport.send("Query", { TableName: "Table" }, call)).toEqual({});
  });

  test("may answer null for the capacity, as a mock of a whole response does", async () => {
    const { events, listen } = collectEvents();
    const client = { send: async () => ({ Items: [], ConsumedCapacity: null }) };
    const transport = createTransport({ client: client as never, events: listen });
    expect(await transport.send("Query", { TableName: "Table" }, call)).toMatchObject({
      Items: [],
    });
    expect(events).toEqual([expect.objectContaining({ request: "Query", error: undefined })]);
    expect(events[0]?.consumedCapacity).toBeUndefined();
  });

  test("gets no options where the call has no limits: with any, the SDK drops its cache", async () => {
    const send = jest.fn(async () => ({}));
    await createTransport({ client: { send } }).send("Get", get, call);
    expect(send).toHaveBeenCalledWith(expect.objectContaining({ input: get }));
  });

  test.each([
    ["the call has one", {}, new AbortController().signal],
    ["its handler is not the layer's", { config: { requestHandler: {} } }, undefined],
  ])(
    "gets a signal if %s, so that an attempt that is given up keeps no socket",
    async (_, rest, signal) => {
      const send = jest.fn(async () => ({}));
      await createTransport({ client: { send, ...rest } }).send("Get", get, { ...call, signal });
      const abortSignal = expect.any(AbortSignal);
      expect(send.mock.calls).toEqual([[expect.objectContaining({ input: get }), { abortSignal }]]);
    },
  );
});

describe("close", () => {
  test("refuses what comes after, and sends nothing", async () => {
    const { transport, requests } = await overWire(() => ok());
    transport.close();
    transport.close();
    const error = await failure(transport.send("Get", get, call));
    expect(error).toBeInstanceOf(AbortedError);
    expect(error.message).toBe("the data layer is closed");
    expect(await failure(transport.client.get(get).promise())).toHaveProperty(
      "cause",
      expect.any(AbortedError),
    );
    expect(requests).toHaveLength(0);
  });

  test("ends the waiting for a retry", async () => {
    const { transport } = await overWire(throttle, {
      retry: { initialDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    const pending = failure(transport.send("Get", get, call));
    setTimeout(() => transport.close(), 30);
    expect(await pending).toBeInstanceOf(AbortedError);
  });
});

/** A small ElectroDB entity over the transport. */
function projects(transport: Transport) {
  return new Entity(
    {
      model: { entity: "project", version: "1", service: "test" },
      attributes: { id: { type: "string" }, name: { type: "string" } },
      indexes: {
        primary: {
          pk: { field: "PK", composite: ["id"], template: "PROJECT#${id}" },
          sk: { field: "SK", composite: [], template: "PROJECT" },
        },
      },
    },
    { table: "Table", client: transport.client as never },
  );
}
