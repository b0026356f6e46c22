/**
 * Which requests go without the SDK's pipeline, and that they are the SDK's requests: the same endpoint,
 * headers and signature, by the credentials and the clock that the SDK has at that moment.
 */
import http, { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Duplex, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { createClients } from "../../src/client/client.js";
import { resolveConfiguration } from "../../src/client/config.js";
import { NativeDocumentClient } from "../../src/client/native-client.js";
import { createDataLayer } from "../../src/data-layer.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { isUnsent } from "../../src/errors/notes.js";
import { failureOf } from "../open.js";

interface Sent {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly headers: Record<string, string>;
}

interface Reply {
  readonly statusCode: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

const found: Reply = { statusCode: 200, body: '{"Item":{"PK":{"S":"a"}}}' };
let ids = 0;

/** Keeps the requests, and answers each with the next reply. */
class Wire {
  readonly metadata = { handlerProtocol: "http/1.1" };
  readonly requests: Sent[] = [];
  readonly replies: Reply[] = [];

  async handle(request: Sent) {
    this.requests.push(request);
    const { statusCode, body, headers } = this.replies.shift() ?? found;
    ids += 1;
    const all = { "x-amzn-requestid": `request-${ids}`, ...headers };
    return { response: { statusCode, headers: all, body: Readable.from([Buffer.from(body)]) } };
  }

  destroy(): void {}
}

const place: DynamoDBClientConfig = {
  region: "us-east-1",
  endpoint: "http://127.0.0.1:1",
  credentials: { accessKeyId: "ID", secretAccessKey: "s", sessionToken: "token" },
  maxAttempts: 1,
  retryStrategy: { retry: (next, args) => next(args) },
};

function open(config: DynamoDBClientConfig = place) {
  const wires = { stock: new Wire(), native: new Wire() };
  const own = { ...config, requestHandler: wires.native as never };
  return {
    wires,
    stock: DynamoDBDocumentClient.from(
      new DynamoDBClient({ ...config, requestHandler: wires.stock as never }),
    ),
    native: new NativeDocumentClient(new DynamoDBClient(own), own, {}),
  };
}

const get = (TableName = "table") => new GetCommand({ TableName, Key: { PK: "a" } });

afterEach(() => jest.restoreAllMocks());

describe("a request that goes directly", () => {
  const { endpoint: _, ...regional } = place;
  const accountId = "123456789012";
  const key = { accessKeyId: "ID", secretAccessKey: "s" };
  const configs: [string, DynamoDBClientConfig, "direct" | "sdk"][] = [
    ["of a region", regional, "direct"],
    ["of one's own", place, "direct"],
    ["of one's own over TLS", { ...place, endpoint: "https://dynamodb.example:8443" }, "direct"],
    ["at an IPv6 address", { ...place, endpoint: "http://[::1]:8000" }, "direct"],
    ["for FIPS", { ...regional, useFipsEndpoint: true }, "direct"],
    ["for IPv6 as well", { ...regional, useDualstackEndpoint: true }, "direct"],
    ["in China", { ...regional, region: "cn-north-1" }, "direct"],
    ["of the region named local", { ...regional, region: "local" }, "direct"],
    [
      "of an account",
      { ...regional, credentials: { ...key, accountId }, accountIdEndpointMode: "required" },
      "direct",
    ],
    ["with a path", { ...place, endpoint: "http://localhost:4566/base" }, "sdk"],
    [
      "with a user, which the SDK drops",
      { ...place, endpoint: "http://a:b@localhost:4566" },
      "direct",
    ],
  ];

  test.each(configs)(
    "to an endpoint %s is the SDK's own, byte by byte",
    async (_name, config, way) => {
      jest.spyOn(Date, "now").mockReturnValue(Date.UTC(2026, 5, 1, 12));
      const { native, stock, wires } = open(config);
      for (let n = 0; n < 3; n += 1) {
        expect(await native.send(get())).toEqual({
          ...(await stock.send(get())),
          $metadata: expect.anything(),
        });
      }
      const seen = (wire: Wire) =>
        wire.requests.map(({ protocol, hostname, port, headers }) => {
          // lib-dynamodb says in it that it is a document client.
          const { "user-agent": agent, ...rest } = headers;
          return { protocol, hostname, port, headers: rest, agent: agent?.split(" ")[0] };
        });
      expect(seen(wires.native)).toEqual(seen(wires.stock));
      const [first, ...later] = wires.native.requests.map(({ headers }) => headers["user-agent"]);
      expect(new Set(later)).toEqual(new Set([first]));
      expect(native.sent).toEqual(way === "direct" ? { direct: 2, sdk: 1 } : { direct: 0, sdk: 3 });
    },
  );

  test("is never like one that named its table by an ARN, whose host is that of an account", async () => {
    const { native, stock, wires } = open({ ...regional, accountIdEndpointMode: "preferred" });
    const arn = `arn:aws:dynamodb:us-east-1:${accountId}:table/x`;
    for (const client of [native, stock]) {
      await client.send(get(arn));
      for (let n = 0; n < 3; n += 1) await client.send(get());
    }
    const hosts = ({ requests }: Wire) => requests.map(({ hostname }) => hostname);
    expect(new Set(hosts(wires.stock)).size).toBe(2);
    expect(hosts(wires.native)).toEqual(hosts(wires.stock));
    expect(native.sent).toEqual({ direct: 2, sdk: 2 });
  });

  test("never names a table by its ARN", async () => {
    const { native } = open(regional);
    for (let n = 0; n < 3; n += 1) {
      await native.send(get());
      await native.send(get(`arn:aws:dynamodb:us-east-1:${accountId}:table/x`));
    }
    expect(native.sent).toEqual({ direct: 2, sdk: 4 });
  });
});

describe("credentials", () => {
  const pair = (n: number, more: object = {}) => ({
    ...{ accessKeyId: `ID${n}`, secretAccessKey: `secret ${n}` },
    ...more,
  });
  const usedIn = ({ requests }: Wire) =>
    requests.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? "")?.[1]);

  test("that expire are asked for again, and the first request with new ones is the SDK's", async () => {
    let asked = 0;
    const now = jest.spyOn(Date, "now").mockReturnValue(0);
    const credentials = async () => {
      asked += 1;
      return pair(asked, { expiration: new Date(Date.now() + 3_600_000) });
    };
    const { native, wires } = open({ ...place, credentials });
    for (let n = 0; n < 3; n += 1) await native.send(get());
    const before = asked;
    expect(native.sent).toEqual({ direct: 2, sdk: 1 });
    // The SDK renews them five minutes before they expire.
    now.mockReturnValue(3_600_000 - 299_000);
    for (let n = 0; n < 3; n += 1) await native.send(get());
    expect(native.sent).toEqual({ direct: 4, sdk: 2 });
    expect(asked).toBeGreaterThan(before);
    const used = usedIn(wires.native);
    expect(new Set(used.slice(0, 3)).size).toBe(1);
    expect(new Set(used.slice(3)).size).toBe(1);
    expect(used[3]).not.toBe(used[0]);
  });

  test("that a provider renews in the object that it returned before are noticed", async () => {
    const identity = { accessKeyId: "ID1", secretAccessKey: "secret 1" };
    const credentials = Object.assign(async () => identity, { memoized: true });
    const { native, stock, wires } = open({ ...place, credentials });
    jest.spyOn(Date, "now").mockReturnValue(Date.UTC(2026, 5, 1, 12));
    for (const keys of [1, 2, 2, 3]) {
      identity.accessKeyId = `ID${keys}`;
      identity.secretAccessKey = `secret ${keys}`;
      for (const client of [native, stock]) await client.send(get());
    }
    const signatures = ({ requests }: Wire) => requests.map(({ headers }) => headers.authorization);
    expect(signatures(wires.native)).toEqual(signatures(wires.stock));
  });

  test.each<[string, () => Promise<never>]>([
    [
      "fail",
      async () => {
        throw Object.assign(new Error("closed"), { name: "CredentialsProviderError" });
      },
    ],
    ["do not come", () => new Promise<never>(() => {})],
  ])(
    "that %s while a refusal is read are not needed: the error is the stock client's",
    async (_, later) => {
      const expiration = new Date(Date.now() + 3_600_000);
      let isLater = false;
      const credentials = async () => (isLater ? later() : pair(1, { expiration }));
      const { native, stock, wires } = open({ ...place, credentials });
      const reply = { statusCode: 400, body: '{"__type":"AccessDeniedException","message":"no"}' };
      const headers = { "x-amzn-requestid": "denied" };
      wires.stock.replies.push({ ...reply, headers });
      const expected = await failureOf(stock.send(get()), Error);
      for (let n = 0; n < 2; n += 1) await native.send(get());
      const handle = wires.native.handle.bind(wires.native);
      wires.native.handle = async (request) => {
        // From here on they have expired.
        isLater = true;
        jest.spyOn(Date, "now").mockReturnValue(expiration.getTime());
        return handle(request);
      };
      wires.native.replies.push({ ...reply, headers });
      const error = await failureOf(native.send(get()), Error);
      expect(native.sent).toEqual({ direct: 2, sdk: 1 });
      expect({ ...error, name: error.name, message: error.message }).toEqual({
        ...expected,
        name: "AccessDeniedException",
        message: "no",
      });
      expect(isUnsent(error)).toBe(false);
    },
  );

  test("that fail are told, and nothing is sent", async () => {
    let fails = false;
    const now = jest.spyOn(Date, "now").mockReturnValue(0);
    const { native, wires } = open({
      ...place,
      credentials: async () => {
        if (fails) throw new Error("the vault is closed");
        return pair(1, { expiration: new Date(Date.now() + 3_600_000) });
      },
    });
    for (let n = 0; n < 2; n += 1) await native.send(get());
    expect(native.sent).toEqual({ direct: 1, sdk: 1 });
    fails = true;
    now.mockReturnValue(3_600_000);
    const error = await failureOf(native.send(get()), Error);
    expect(error.message).toBe("the vault is closed");
    expect(isUnsent(error)).toBe(true);
    expect(wires.native.requests).toHaveLength(2);
    fails = false;
    await native.send(get());
    expect(wires.native.requests).toHaveLength(3);
  });
});

describe("a response", () => {
  test("that is a refusal stays one, whoever replaces the client's send while it is under way", async () => {
    const { native, wires } = open();
    for (let n = 0; n < 2; n += 1) await native.send(get());
    const handle = wires.native.handle.bind(wires.native);
    wires.native.handle = async (request) => {
      jest.spyOn(DynamoDBClient.prototype, "send").mockImplementation(async () => ({}));
      return handle(request);
    };
    wires.native.replies.push({ statusCode: 400, body: '{"__type":"ValidationException"}' });
    await expect(native.send(get())).rejects.toMatchObject({ name: "ValidationException" });
  });

  test("that refuses with another item says so", async () => {
    const { native, wires } = open();
    const remove = () => new DeleteCommand({ TableName: "table", Key: { PK: "a" } });
    for (let n = 0; n < 2; n += 1) {
      wires.native.replies.push({ statusCode: 200, body: "{}" });
      await native.send(remove());
    }
    const body = '{"__type":"ConditionalCheckFailedException","Item":{"PK":{"S":"b"}}}';
    wires.native.replies.push({ statusCode: 400, body });
    await expect(native.send(remove())).rejects.toThrow("an item that has another key");
    expect(native.sent).toEqual({ direct: 2, sdk: 1 });
  });

  test.each([
    ["SET n = :v", "refused"],
    ["SET #d.#v = :v", "refused"],
    ["SET #d.#v.w = :v, l[5] = :w", "refused"],
    // Of a position beyond the end of a list, some engines return no new value.
    ["SET l[5] = :v", "taken"],
    ["SET #d.l[5] = :v", "taken"],
    ["REMOVE n", "taken"],
  ])("to %s that has no new value is %s", async (UpdateExpression, fate) => {
    const { native, wires } = open();
    const update = new UpdateCommand({
      ...{ TableName: "table", Key: { PK: "a" }, UpdateExpression, ReturnValues: "UPDATED_NEW" },
    });
    const full = { statusCode: 200, body: '{"Attributes":{"other":{"S":"x"}}}' };
    wires.native.replies.push(full, { statusCode: 200, body: "{}" });
    const first = await native.send(update).catch((error: unknown) => error);
    const outcome = await native.send(update).catch((error: unknown) => error);
    expect(first).toBeDefined();
    if (fate === "taken") expect(outcome).not.toBeInstanceOf(Error);
    else expect(outcome).toMatchObject({ name: "UnreadableAnswer" });
  });

  test("without headers is read by its body, and frozen ones are left", async () => {
    const { native, wires } = open();
    for (let n = 0; n < 2; n += 1) await native.send(get());
    const body = () => Readable.from([Buffer.from(found.body)]);
    for (const headers of [undefined, Object.freeze({ "X-Amzn-RequestId": "r" })]) {
      wires.native.handle = async () => ({
        response: { statusCode: 200, headers: headers as never, body: body() },
      });
      expect((await native.send(get())).Item).toEqual({ PK: "a" });
    }
  });

  test("whose date is no service's stops no later request", async () => {
    const { native, wires } = open();
    for (let n = 0; n < 2; n += 1) await native.send(get());
    const date = "Sat, 13 Sep 275760 00:00:00 GMT";
    wires.native.replies.push({ ...found, headers: { date } });
    for (let n = 0; n < 3; n += 1) await native.send(get());
    expect(native.sent).toEqual({ direct: 4, sdk: 1 });
  });
});

describe("what only a caller of the document client can give", () => {
  test("is taken as the stock client takes it: no signal, and a batch of nothing", async () => {
    const { native, stock, wires } = open();
    const none = new BatchGetCommand({ RequestItems: null as never });
    for (let n = 0; n < 3; n += 1) {
      for (const client of [native, stock]) {
        await client.send(get(), { abortSignal: null as never });
        await client.send(none).catch(() => undefined);
      }
    }
    expect(wires.native.requests).toHaveLength(wires.stock.requests.length);
    expect(native.sent.direct).toBeGreaterThan(1);
  });

  test("what a handler writes into a request is in no later one", async () => {
    const { native, wires } = open();
    const queries: unknown[] = [];
    const handle = wires.native.handle.bind(wires.native);
    wires.native.handle = async (request) => {
      const { query } = request as unknown as { query: Record<string, string> };
      queries.push({ ...query });
      query.written = String(queries.length);
      return handle(request);
    };
    for (let n = 0; n < 4; n += 1) await native.send(get());
    expect(queries).toEqual([{}, {}, {}, {}]);
  });
});

describe("the service's clock", () => {
  const hour = 3_600_000;
  const dateOf = ({ requests }: Wire, index: number) => requests.at(index)?.headers["x-amz-date"];

  test.each([
    ["told by a response", found],
    [
      "told by a refusal",
      { statusCode: 400, body: '{"__type":"InvalidSignatureException","message":"expired"}' },
    ],
  ])("%s is learnt by the SDK, and is used", async (_, reply) => {
    jest.spyOn(Date, "now").mockReturnValue(Date.UTC(2026, 0, 1, 12));
    const headers = { date: new Date(Date.UTC(2026, 0, 1, 12) + hour).toUTCString() };
    const { native, wires } = open();
    for (let n = 0; n < 2; n += 1) await native.send(get());
    wires.native.replies.push({ ...reply, headers }, { ...found, headers }, { ...found, headers });
    const outcome = await native.send(get()).catch((error: unknown) => error);
    expect(native.sent.direct).toBe(2);
    if (reply !== found) {
      expect(outcome).toMatchObject({
        name: "InvalidSignatureException",
        $metadata: { httpStatusCode: 400, clockSkewCorrected: true },
      });
    }
    for (let n = 0; n < 3; n += 1) await native.send(get());
    expect(dateOf(wires.native, 1)).toBe("20260101T120000Z");
    expect(dateOf(wires.native, -1)).toBe("20260101T130000Z");
    expect(native.sent.direct).toBeGreaterThanOrEqual(4);
  });
});

test("of several requests that are refused for their clock at once, each is worth a retry", async () => {
  const now = Date.UTC(2026, 0, 1, 12);
  jest.spyOn(Date, "now").mockReturnValue(now);
  const { native, wires } = open();
  for (let n = 0; n < 2; n += 1) await native.send(get());
  const headers = { date: new Date(now + 3_600_000).toUTCString() };
  const body = '{"__type":"InvalidSignatureException","message":"expired"}';
  for (let n = 0; n < 5; n += 1) wires.native.replies.push({ statusCode: 400, body, headers });
  const errors = await Promise.all(
    Array.from({ length: 5 }, () => failureOf(native.send(get()), Error)),
  );
  expect(native.sent.direct).toBe(6);
  for (const error of errors) {
    expect(error).toMatchObject({ $metadata: { clockSkewCorrected: true } });
  }
});

describe("whatever is not known goes the SDK's way", () => {
  async function primed() {
    const opened = open();
    for (let n = 0; n < 2; n += 1) await opened.native.send(get());
    expect(opened.native.sent).toEqual({ direct: 1, sdk: 1 });
    return opened;
  }

  test("middleware of the application", async () => {
    const { native, wires } = await primed();
    let seen = 0;
    native.middlewareStack.add(
      (next) => async (args) => {
        seen += 1;
        return next(args);
      },
      { step: "build" },
    );
    for (let n = 0; n < 2; n += 1) await native.send(get());
    expect(seen).toBe(2);
    expect(native.sent.direct).toBe(1);
    expect(wires.native.requests).toHaveLength(4);
  });

  test("instrumentation that replaces the SDK's send, before or after the client was made", async () => {
    const { native } = await primed();
    const spy = jest.spyOn(DynamoDBClient.prototype, "send");
    await native.send(get());
    expect(spy).toHaveBeenCalledTimes(1);
    const later = open().native;
    for (let n = 0; n < 3; n += 1) await later.send(get());
    expect(spy).toHaveBeenCalledTimes(4);
    expect(later.sent).toEqual({ direct: 0, sdk: 3 });
    spy.mockRestore();
    await native.send(get());
    expect(native.sent.direct).toBe(2);
  });

  describe("if it was there before this package was loaded", () => {
    type Sdk = typeof import("@aws-sdk/lib-dynamodb") & typeof import("@aws-sdk/client-dynamodb");

    /** Two reads and two writes of a data layer that is loaded after something else was. */
    async function callsAfter(prepare: (sdk: Sdk) => () => number) {
      const wire = new Wire();
      let seen = 0;
      await jest.isolateModulesAsync(async () => {
        const sdk: Sdk = {
          ...require("@aws-sdk/lib-dynamodb"),
          ...require("@aws-sdk/client-dynamodb"),
        };
        const count = prepare(sdk);
        const own: typeof import("../../src/index.js") = require("../../src/index.js");
        await using data = own.createDataLayer({
          ...{ environment: "development", region: "us-east-1", endpoint: "http://127.0.0.1:1" },
          credentials: { accessKeyId: "a", secretAccessKey: "b" },
          requestHandler: wire as never,
        });
        const key = { userId: "u", competitorId: "c" };
        wire.replies.push(...Array.from({ length: 4 }, () => ({ statusCode: 200, body: "{}" })));
        for (let n = 0; n < 2; n += 1) {
          expect(await data.competitor.get(key)).toBeNull();
          await data.competitor.delete(key);
        }
        seen = count();
      });
      return { seen, sent: wire.requests.length };
    }

    test("a mock of all document clients, whose requests were sent all the same", async () => {
      const calls = await callsAfter((sdk) => {
        const { mockClient }: typeof import("aws-sdk-client-mock") = require("aws-sdk-client-mock");
        const mock = mockClient(sdk.DynamoDBDocumentClient);
        mock.on(sdk.GetCommand).resolves({});
        mock.on(sdk.DeleteCommand).resolves({});
        return () => mock.calls().length;
      });
      expect(calls).toEqual({ seen: 4, sent: 0 });
    });

    test("a tracer of all clients, whatever is in its code", async () => {
      const calls = await callsAfter((sdk) => {
        const base = Object.getPrototypeOf(sdk.DynamoDBClient.prototype) as Record<
          "send",
          (...given: never) => unknown
        >;
        const { send } = base;
        let seen = 0;
        base.send = function traced(this: unknown, ...given: never) {
          seen += 1;
          // The SDK's own method calls resolveMiddleware.
          return send.apply(this, given);
        };
        return () => seen;
      });
      expect(calls).toEqual({ seen: 4, sent: 4 });
    });
  });

  test("a signal from before there were AbortSignals", async () => {
    const { native } = await primed();
    await native.send(get(), { abortSignal: { aborted: false, onabort: null } as never });
    expect(native.sent).toEqual({ direct: 1, sdk: 2 });
  });

  test("a handler of one's own gets options, if only empty ones", async () => {
    const { native, wires } = await primed();
    const handle = jest.spyOn(wires.native, "handle");
    await native.send(get());
    expect(native.sent.direct).toBe(2);
    expect(handle.mock.calls[0]?.slice(1)).toEqual([{}]);
  });

  test("options that the SDK's send has", async () => {
    const { native } = await primed();
    await native.send(get(), { requestTimeout: 5_000 } as never);
    expect(native.sent).toEqual({ direct: 1, sdk: 2 });
  });

  test("endpoints that the SDK asks DynamoDB for from time to time", async () => {
    const { endpoint: _, ...regional } = place;
    const { native, wires } = open({ ...regional, endpointDiscoveryEnabled: true });
    for (let n = 0; n < 3; n += 1) await native.send(get());
    expect(wires.native.requests.length).toBeGreaterThanOrEqual(3);
    expect(native.sent).toEqual({ direct: 0, sdk: 3 });
  });

  test("headers that are not known", async () => {
    const { native, wires } = open({ ...place, retryStrategy: undefined as never });
    // The SDK's own retry gives each request an id, which is signed.
    for (let n = 0; n < 3; n += 1) await native.send(get());
    expect(wires.native.requests[0]?.headers).toHaveProperty("amz-sdk-invocation-id");
    expect(native.sent).toEqual({ direct: 0, sdk: 3 });
  });

  test('the option wire: "sdk", and no other value of it', async () => {
    const requestHandler = new Wire() as never;
    const own = { ...place, requestHandler };
    const client = new NativeDocumentClient(new DynamoDBClient(own), own, {}, "sdk");
    for (let n = 0; n < 3; n += 1) await client.send(get());
    expect(client.sent).toEqual({ direct: 0, sdk: 3 });
    expect(() => createDataLayer({ wire: "http" as never })).toThrow(
      new ConfigurationError('wire must be "direct" or "sdk"'),
    );
    await createDataLayer({ wire: "sdk" }).close();
  });
});

describe("in Lambda", () => {
  const variables = { ...process.env };
  const lambda = globalThis as { awslambda?: { InvokeStore?: object | undefined } };
  const before = lambda.awslambda?.InvokeStore;
  afterEach(() => {
    process.env = { ...variables };
    if (lambda.awslambda) lambda.awslambda.InvokeStore = before;
  });

  test("each request has the trace of its invocation", async () => {
    process.env.AWS_LAMBDA_FUNCTION_NAME = "function";
    process.env._X_AMZN_TRACE_ID = "Root=1";
    const { native, wires } = open();
    await native.send(get());
    process.env._X_AMZN_TRACE_ID = "Root=2";
    await native.send(get());
    delete process.env._X_AMZN_TRACE_ID;
    await native.send(get());
    expect(native.sent).toEqual({ direct: 2, sdk: 1 });
    expect(wires.native.requests.map(({ headers }) => headers["X-Amzn-Trace-Id"])).toEqual([
      "Root=1",
      "Root=2",
      undefined,
    ]);
  });

  test("a W3C trace, whose headers are signed, goes the SDK's way", async () => {
    const { native } = open();
    for (let n = 0; n < 2; n += 1) await native.send(get());
    lambda.awslambda = { InvokeStore: { getTraceparent: () => "00-1-2-01" } };
    await native.send(get());
    expect(native.sent).toEqual({ direct: 1, sdk: 2 });
  });
});

describe("over HTTP", () => {
  type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;
  const sockets = new Set<Socket>();
  /** The connection of the latest request. */
  let latest: Socket | undefined;
  const untilClosed = async () => {
    while (!latest?.destroyed) await new Promise((resolve) => setImmediate(resolve));
  };
  let answer: Answer;
  const ok: Answer = (_, response) => {
    ids += 1;
    response.writeHead(200, { "x-amzn-requestid": `request-${ids}` }).end(found.body);
  };
  const server = createServer(async (request, response) => {
    await text(request);
    latest = request.socket;
    await answer(request, response);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  let clients: ReturnType<typeof createClients>;
  let client: NativeDocumentClient;

  beforeAll((done) => void server.listen(0, "127.0.0.1", done));
  afterAll(() => server.close());
  beforeEach(async () => {
    const { port } = server.address() as AddressInfo;
    const configuration = resolveConfiguration(
      {
        endpoint: `http://127.0.0.1:${port}`,
        credentials: { accessKeyId: "a", secretAccessKey: "b" },
      },
      {},
    );
    const handler = { requestTimeout: 150, httpAgent: { keepAlive: true, maxSockets: 4 } };
    clients = createClients(configuration, handler);
    client = clients.documentClient as NativeDocumentClient;
    answer = ok;
    for (let n = 0; n < 2; n += 1) await client.send(get());
    expect(client.sent).toEqual({ direct: 1, sdk: 1 });
  });
  afterEach(() => clients.client.destroy());

  /** What a direct request ends with. */
  async function failure(options?: object): Promise<Error> {
    const { direct } = client.sent;
    const error = await failureOf(client.send(get(), options), Error);
    expect(client.sent.direct).toBe(direct + 1);
    return error;
  }

  test("bytes behind a complete response are none of it", async () => {
    for (const [status, body] of [
      [200, found.body],
      [400, '{"__type":"ValidationException","message":"no"}'],
    ] as const) {
      answer = (request) => {
        ids += 1;
        const head = `x-amzn-requestid: request-${ids}\r\ncontent-length: ${body.length}`;
        request.socket.write(`HTTP/1.1 ${status} S\r\n${head}\r\n\r\n${body}JUNK`);
      };
      const outcome = await client.send(get()).catch((error: unknown) => error);
      expect(outcome).toMatchObject(
        status === 200 ? { Item: { PK: "a" } } : { name: "ValidationException", message: "no" },
      );
    }
    expect(client.sent).toEqual({ direct: 3, sdk: 1 });
  });

  test("a tool that responds in the server's place has no connection to wait for", async () => {
    class Late extends http.Agent {
      // It never says that it is connected, as msw's does not until it has an answer.
      override createConnection(): Duplex {
        const socket = new Duplex({
          read: () => undefined,
          write: (_chunk, _encoding, done) => {
            done();
            const head = "x-amzn-requestid: late\r\ncontent-length: 2";
            setTimeout(() => socket.push(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n{}`), 1_300);
          },
        });
        const members = ["setTimeout", "setNoDelay", "setKeepAlive", "ref", "unref"];
        const none = Object.fromEntries(members.map((name) => [name, () => socket]));
        return Object.assign(socket, none, { connecting: true });
      }
    }
    const { port } = server.address() as AddressInfo;
    const own = createClients(
      resolveConfiguration(
        {
          endpoint: `http://127.0.0.1:${port}`,
          credentials: { accessKeyId: "a", secretAccessKey: "b" },
        },
        {},
      ),
      { connectionTimeout: 1_000 },
    );
    const direct = own.documentClient as NativeDocumentClient;
    for (let n = 0; n < 2; n += 1) await direct.send(get());
    const { request } = http;
    const agent = new Late();
    jest
      .spyOn(http, "request")
      .mockImplementation(((options: object) => request({ ...options, agent })) as never);
    expect((await direct.send(get())).Item).toBeUndefined();
    expect(direct.sent).toEqual({ direct: 2, sdk: 1 });
    own.client.destroy();
  });

  test("an IPv6 address is reached by each request", async () => {
    const six = createServer((request, response) => {
      request.resume().on("end", () => ok(request, response));
    });
    await new Promise<void>((resolve) => void six.listen(0, "::1", resolve));
    const { port } = six.address() as AddressInfo;
    const credentials = { accessKeyId: "a", secretAccessKey: "b" };
    const configuration = resolveConfiguration(
      { endpoint: `http://[::1]:${port}`, credentials },
      {},
    );
    const own = createClients(configuration);
    const document = own.documentClient as NativeDocumentClient;
    try {
      for (let n = 0; n < 3; n += 1) expect((await document.send(get())).Item).toEqual({ PK: "a" });
    } finally {
      own.client.destroy();
      six.closeAllConnections();
      six.close();
    }
    expect(document.sent).toEqual({ direct: 2, sdk: 1 });
  });

  test("a response in pieces is read whole, within a character too", async () => {
    const body = Buffer.from('{"Item":{"PK":{"S":"a"},"t":{"S":"ä€😀"}}}');
    answer = async (_, response) => {
      response.writeHead(200, { "x-amzn-requestid": "in-pieces" });
      for (const byte of body) {
        response.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    };
    expect((await client.send(get())).Item).toEqual({ PK: "a", t: "ä€😀" });
    expect(client.sent.direct).toBe(2);
  });

  test("a request that is aborted leaves no socket", async () => {
    for (const begin of [false, true]) {
      const controller = new AbortController();
      answer = (_, response) => {
        if (begin) response.writeHead(200, { "content-length": "100" }).write("{");
        setImmediate(() => controller.abort(new Error("no more")));
      };
      const error = await failure({ abortSignal: controller.signal });
      expect(error).toMatchObject({ name: "AbortError", cause: { message: "no more" } });
      await untilClosed();
      answer = ok;
      await client.send(get());
    }
    const ended = AbortSignal.abort();
    expect(await failure({ abortSignal: ended })).toMatchObject({ name: "AbortError" });
  });

  test("a response that does not come, or stalls, ends with a TimeoutError and its socket", async () => {
    answer = () => undefined;
    expect(await failure()).toMatchObject({
      name: "TimeoutError",
      message: "no response within 150 ms",
    });
    await untilClosed();
    answer = (_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{");
    };
    expect(await failure()).toMatchObject({
      name: "TimeoutError",
      message: "the response stalled: no byte for 150 ms",
    });
    await untilClosed();
  });

  test("a connection that was closed while the process stood still fails one request", async () => {
    for (const socket of sockets) socket.destroy();
    // The client has not seen it yet: nothing has run in between.
    // Node's own error, which is of another realm than the test.
    const error: unknown = await client.send(get()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "TimeoutError", code: "ECONNRESET" });
    expect(isUnsent(error as object)).toBe(false);
    expect(client.sent.direct).toBe(2);
    await client.send(get());
  });

  test("a destroyed client ends what is under way, and refuses what comes after", async () => {
    answer = () => undefined;
    const outcomes = Promise.all(
      Array.from({ length: 6 }, () => failureOf(client.send(get()), Error)),
    );
    while (sockets.size < 4) await new Promise((resolve) => setImmediate(resolve));
    clients.client.destroy();
    for (const error of await outcomes) expect(error).toMatchObject({ name: "AbortError" });
    expect(await failureOf(client.send(get()), Error)).toMatchObject({ name: "AbortError" });
  });
});
