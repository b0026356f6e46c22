/** Engines that are not there, not the right ones, or die: typed errors, and nothing lost in silence. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createDataLayer, type DataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { TimeoutError } from "../../src/errors/timeout-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { createTestDataLayer, FaultyRequestHandler, startEngine } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";

const retry = { initialDelayMs: 1, maxDelayMs: 2 };
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const key = { userId: "u1", contentId: "c1" };
const content = { type: "Blog Post", content: "canary-9d1e" };

/** Every call of a store, and of what spans stores. */
const calls: Readonly<Record<string, (data: DataLayer) => Promise<unknown>>> = {
  get: (data) => data.savedContent.get(key),
  getOrThrow: (data) => data.savedContent.getOrThrow(key),
  query: (data) => data.savedContent.query({ userId: "u1" }),
  list: async (data) => {
    for await (const _ of data.savedContent.list({ userId: "u1" })) return;
  },
  create: (data) => data.savedContent.create({ ...key, data: content }),
  put: (data) => data.savedContent.put({ ...key, data: content }),
  update: (data) => data.savedContent.update(key, { title: "t" }),
  delete: (data) => data.savedContent.delete(key),
  batchGet: (data) => data.savedContent.batchGet([key]),
  batchPut: (data) => data.savedContent.batchPut([{ ...key, data: content }]),
  batchDelete: (data) => data.savedContent.batchDelete([key]),
  "collections.workspace": (data) => data.collections.workspace({ userId: "u1" }),
};
const names = Object.keys(calls);

const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

function layer(options: DataLayerOptions): DataLayer {
  const data = createDataLayer({
    environment: "development",
    region: "us-east-1",
    credentials,
    retry,
    ...options,
  });
  opened.push(data);
  return data;
}

async function failureOfCall(name: string, data: DataLayer): Promise<DynamoDBError> {
  const error = await failureOf(calls[name]?.(data) ?? Promise.resolve(), DynamoDBError);
  expect(error.message).toMatch(new RegExp(`^${name}( SavedContent)?[: ]`));
  expect(error.operation).toBe(name);
  expect(error.cause).toHaveProperty("message");
  expect(error.originalError).toBe(error.cause);
  expect(JSON.stringify(error)).not.toContain("canary-9d1e");
  return error;
}

describe.each(engines)("a table that does not exist on $name", (engine) => {
  const table = openTable(engine);

  test.each(names)("%s says so after one request", async (name) => {
    const { endpoint } = table.data.engine;
    const wire = new FaultyRequestHandler();
    const data = layer({ endpoint, tableName: "no-such-table", requestHandler: wire });
    const error = await failureOfCall(name, data);
    expect(error).toMatchObject({ code: "ResourceNotFoundException", retryable: false });
    expect(wire.requests).toHaveLength(1);
    if (name.startsWith("batch") && name !== "batchGet") {
      expect(error).toBeInstanceOf(UnprocessedItemsError);
      expect(error).toMatchObject({ unprocessed: 1, written: 0 });
    } else {
      expect(error.statusCode).toBe(404);
      expect(error.requestId).toEqual(expect.any(String));
    }
  });
});

/** Answers every request as DynamoDB answers it where something is wrong. */
class Refusing extends FaultyRequestHandler {
  readonly hosts: string[] = [];

  private readonly refusal: { status: number; name: string } | { code: string };

  constructor(refusal: { status: number; name: string } | { code: string }) {
    super();
    this.refusal = refusal;
  }

  override async handle(
    ...[request]: Parameters<FaultyRequestHandler["handle"]>
  ): ReturnType<FaultyRequestHandler["handle"]> {
    this.hosts.push(request.hostname);
    const { refusal } = this;
    if ("code" in refusal) {
      throw Object.assign(new Error(`getaddrinfo ${refusal.code} ${request.hostname}`), refusal);
    }
    const body = { __type: `com.amazon.coral.service#${refusal.name}`, message: "refused" };
    const response = {
      statusCode: refusal.status,
      headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "request-7" },
      body: Readable.from([Buffer.from(JSON.stringify(body))]),
    };
    return { response } as Awaited<ReturnType<FaultyRequestHandler["handle"]>>;
  }
}

describe("wrong credentials", () => {
  test.each([
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "ExpiredTokenException",
    "AccessDeniedException",
    "IncompleteSignatureException",
  ])("%s is not tried again, in any call", async (code) => {
    for (const name of names) {
      const requestHandler = new Refusing({ status: 400, name: code });
      const error = await failureOfCall(name, layer({ requestHandler }));
      expect(error).toMatchObject({ code, retryable: false });
      expect(error.message).toContain("refused");
      expect(requestHandler.hosts).toHaveLength(1);
    }
  });

  test("a request's id is kept", async () => {
    const requestHandler = new Refusing({ status: 400, name: "AccessDeniedException" });
    const error = await failureOfCall("put", layer({ requestHandler }));
    expect(error).toMatchObject({ requestId: "request-7", statusCode: 400 });
  });

  test("none at all is a ConfigurationError", async () => {
    const none = Object.assign(new Error("Could not load credentials"), {
      name: "CredentialsProviderError",
    });
    const requestHandler = new Refusing({ status: 400, name: "AccessDeniedException" });
    const data = layer({ requestHandler, credentials: () => Promise.reject(none) });
    for (const name of names) {
      const error = await failureOfCall(name, data);
      if (error instanceof UnprocessedItemsError)
        expect(error.code).toBe("CredentialsProviderError");
      else expect(error).toBeInstanceOf(ConfigurationError);
      expect(error.retryable).toBe(false);
    }
    expect(requestHandler.hosts).toEqual([]);
  });
});

describe("wrong region", () => {
  test("one that is none is refused when the data layer is made", () => {
    expect(() => createDataLayer({ region: "nowhere" })).toThrow(ConfigurationError);
    expect(() => createDataLayer({ region: "" })).toThrow("region");
  });

  test("one that has no DynamoDB names the host that is not found, after its retries", async () => {
    const requestHandler = new Refusing({ code: "ENOTFOUND" });
    const data = layer({ region: "xx-nowhere-9", requestHandler });
    const error = await failureOfCall("get", data);
    expect(error).toMatchObject({ code: "ENOTFOUND", retryable: true });
    expect(error.message).toContain("dynamodb.xx-nowhere-9.amazonaws.com");
    expect(requestHandler.hosts).toEqual(Array(4).fill("dynamodb.xx-nowhere-9.amazonaws.com"));
  });
});

describe("wrong endpoint", () => {
  async function serve(answer: RequestListener): Promise<{ endpoint: string; requests: number }> {
    const state = { endpoint: "", requests: 0 };
    const server: Server = createServer((request, response) => {
      state.requests += 1;
      request.resume();
      request.on("end", () => answer(request, response));
      request.on("error", () => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    state.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    opened.push({ close });
    return state;
  }

  test.each(names)("where nothing listens %s says so after its retries", async (name) => {
    // A port that was free a moment ago.
    const { endpoint } = await serve(() => {});
    await opened.pop()?.close();
    const error = await failureOfCall(name, layer({ endpoint }));
    expect(error).toMatchObject({ code: "ECONNREFUSED", retryable: true });
  });

  test.each<[string, RequestListener]>([
    ["a page of HTML", (_, response) => response.end("<html>hello</html>")],
    ["a page that is not found", (_, response) => response.writeHead(404).end("<html>none</html>")],
    ["half an answer", (_, response) => response.end('{"Item":{"PK":')],
    ["a redirect", (_, response) => response.writeHead(301, { location: "/" }).end()],
    ["an error without a name", (_, response) => response.writeHead(400).end("{}")],
  ])("%s is a DynamoDBError", async (_, answer) => {
    const { endpoint } = await serve(answer);
    const error = await failureOfCall("get", layer({ endpoint }));
    expect(error.entity).toBe("SavedContent");
  });

  test.each<[string, RequestListener]>([
    ["hangs up before it answers", (request) => request.socket.destroy()],
    [
      "hangs up within its answer",
      (_, response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write('{"Item":');
        setImmediate(() => response.destroy());
      },
    ],
    ["answers 500 without a body", (_, response) => response.writeHead(500).end()],
    ["answers 503 with a page of HTML", (_, response) => response.writeHead(503).end("<html>")],
  ])("one that %s is asked again, and then told", async (_, answer) => {
    const server = await serve(answer);
    const error = await failureOfCall("get", layer({ endpoint: server.endpoint }));
    expect(error.retryable).toBe(true);
    expect(server.requests).toBe(4);
  });

  test("one that never answers is a TimeoutError after the call's time", async () => {
    const { endpoint } = await serve(() => {});
    const data = layer({ endpoint });
    await failureOf(
      data.savedContent.put({ ...key, data: content }, { timeoutMs: 50 }),
      TimeoutError,
    );
  });

  test("one that never answers is a TimeoutError after every attempt's own", async () => {
    const server = await serve(() => {});
    const { endpoint } = server;
    const requestHandler = { requestTimeout: 250, throwOnRequestTimeout: true };
    const error = await failureOf(
      layer({ endpoint, requestHandler }).savedContent.get(key),
      TimeoutError,
    );
    expect(error.message).toMatch(/^get SavedContent /);
    expect(server.requests).toBe(4);
  });
});

describe("an engine that dies", () => {
  const creates = (data: DataLayer, count: number, from = 0) =>
    Array.from({ length: count }, (_, index) =>
      data.savedContent.create({ userId: "u1", contentId: `c${from + index}`, data: content }),
    );

  // dynalite is in this process: it cannot die alone.
  const mortal = engines.some(({ name }) => name === "dynoxide") ? test : test.skip;

  mortal(
    "in mid-call leaves no call without an answer",
    async () => {
      const engine = await startEngine({ engine: "dynoxide" });
      const data = await createTestDataLayer({ engine, retry });
      const running = creates(data, 100);
      await running[0];
      const closing = engine.close();
      running.push(...creates(data, 100, 100));
      await closing;
      running.push(...creates(data, 10, 200));
      const outcomes = await Promise.allSettled(running);
      const failed = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
      expect(outcomes.slice(200).every((one) => one.status === "rejected")).toBe(true);
      for (const error of failed) {
        expect(error).toBeInstanceOf(DynamoDBError);
        expect(error).toMatchObject({
          retryable: true,
          operation: "create",
          entity: "SavedContent",
        });
      }
      // The table went with the engine, so `close` cannot delete it.
      await failureOf(data.close(), DynamoDBError);
    },
    20_000,
  );

  mortal(
    "and comes back: what was acknowledged is there, and calls that could wait for it succeed",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "engine-dies-"));
      const path = join(folder, "table.db");
      let engine = await startEngine({ engine: "dynoxide", path });
      const port = Number(new URL(engine.endpoint).port);
      try {
        const data = await createTestDataLayer({
          engine,
          // 200 calls that all wait for it are more than a budget of retries lets wait.
          retry: { maxRetries: 30, initialDelayMs: 20, maxDelayMs: 200, budget: false },
        });
        const running = [...creates(data, 200)];
        await running[0];
        await engine.close();
        const late = creates(data, 5, 200);
        engine = await startEngine({ engine: "dynoxide", path, port });
        const outcomes = await Promise.allSettled([...running, ...late]);
        for (const [index, outcome] of outcomes.entries()) {
          const item = await data.savedContent.get(
            { userId: "u1", contentId: `c${index}` },
            { consistent: true },
          );
          if (outcome.status === "fulfilled") {
            expect(item).toStrictEqual(outcome.value);
            continue;
          }
          // Executed, but the answer was lost with the engine: the item is in the error.
          expect(outcome.reason).toBeInstanceOf(ConditionalCheckFailedError);
          expect(outcome.reason.item).toStrictEqual(item);
        }
        expect(outcomes.slice(200).map((one) => one.status)).toEqual(Array(5).fill("fulfilled"));
        await data.close();
      } finally {
        await engine.close();
        await rm(folder, { recursive: true, force: true });
      }
    },
    20_000,
  );
});

test("a throttle keeps the name that DynamoDB gave it", async () => {
  for (const code of [
    "ThrottlingException",
    "RequestLimitExceeded",
    "ProvisionedThroughputExceededException",
  ]) {
    const requestHandler = new Refusing({ status: 400, name: code });
    const error = await failureOf(
      calls.put?.(layer({ requestHandler })) ?? Promise.resolve(),
      ThroughputExceededError,
    );
    expect(error).toMatchObject({ code, retryable: true, requestId: "request-7" });
    expect(requestHandler.hosts).toHaveLength(4);
  }
});
