/** Answers that stall, drip or are none: each ends within its limit, and keeps no socket. */
import { once } from "node:events";
import { Agent } from "node:http";
import { createServer as createHttpsServer, Agent as TlsAgent } from "node:https";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { createPatientTransport } from "../../scripts/raw/patient-transport.js";
import { createClients } from "../../src/client/client.js";
import { resolveConfiguration } from "../../src/client/config.js";
import { createDataLayer, type DataLayer } from "../../src/data-layer.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { wrapDynamoDBError } from "../../src/errors/wrap.js";
import { DynamoDBRepository } from "../../src/repository/repository.js";
import { createTransport } from "../../src/transport/transport.js";
import { OrderlyHandler } from "../../src/wire/request-handler.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { answered, lost, Recorder, refused } from "../services/recorder.js";

const key = { userId: "u1", projectId: "p1" };
const body = JSON.stringify({ Item: { PK: { S: "USER#u1" }, SK: { S: "PROJECT#p1" } } });
const head = `HTTP/1.1 200 OK\r\nx-amzn-requestid: r\r\ncontent-length: ${body.length}\r\n\r\n`;

/** A server of bytes: what it does with a connection once a request is there. */
let server: Server | undefined;
const sockets = new Set<Socket>();
async function serve(answer: (socket: Socket) => void): Promise<string> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    socket.on("data", () => answer(socket));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Begins what others wait for. */
let beginning = (): void => undefined;
beforeAll(() => beginning());

let data: DataLayer | undefined;
afterEach(async () => {
  await data?.close();
  data = undefined;
  for (const socket of sockets) socket.destroy();
  server?.close();
});

function layer(endpoint: string, limits: { idleMs: number; wholeMs: number }, maxRetries = 0) {
  const requestHandler = new OrderlyHandler({ httpAgent: { maxSockets: 2 } }, limits);
  data = createDataLayer({
    environment: "development",
    endpoint,
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    requestHandler,
    retry: { maxRetries, initialDelayMs: 1 },
  });
  return data;
}

const short = { idleMs: 500, wholeMs: 60_000 };
const stalls: [string, (socket: Socket) => void][] = [
  ["before its body", (socket) => socket.write(head)],
  ["within its body", (socket) => socket.write(`${head}${body.slice(0, 10)}`)],
  ["before its last byte", (socket) => socket.write(`${head}${body.slice(0, -1)}`)],
];

test.each(stalls)(
  "an answer that stalls %s is given up without timeoutMs, and sent again",
  async (_, stall) => {
    let requests = 0;
    const endpoint = await serve((socket) => {
      requests += 1;
      if (requests === 1) stall(socket);
      else socket.write(`${head}${body}`);
    });
    expect(await layer(endpoint, short, 1).project.get(key)).toBeNull();
    expect(requests).toBe(2);
  },
);

test("stalled answers give their sockets back: those that wait for one are sent", async () => {
  let requests = 0;
  const endpoint = await serve((socket) => {
    requests += 1;
    socket.write(head);
  });
  const { project } = layer(endpoint, short);
  const wanted = Array.from({ length: 6 }, (_, n) =>
    project.update({ ...key, projectId: `p${n}` }, { name: "n" }),
  );
  const outcomes = await Promise.allSettled(wanted);
  expect(outcomes.map(({ status }) => status)).toEqual(Array(6).fill("rejected"));
  expect(outcomes[0]).toMatchObject({ reason: { name: "TimeoutError", mayHaveBeenDone: true } });
  expect(requests).toBe(6);
  // The server hears of the end of a connection a turn or two later.
  for (let turn = 0; turn < 500 && sockets.size > 0; turn += 1) await sleep(10);
  expect(sockets.size).toBe(0);
});

test("an answer that drips is ended by the limit of a whole one", async () => {
  const endpoint = await serve((socket) => {
    let sent = 0;
    socket.write(head);
    const drip = setInterval(() => {
      sent += 1;
      if (sent < body.length) socket.write(body[sent] ?? "");
    }, 50);
    socket.on("close", () => clearInterval(drip));
  });
  const error = await failureOf(
    layer(endpoint, { idleMs: 60_000, wholeMs: 1_000 }).project.get(key),
    DynamoDBError,
  );
  // The end of the SDK's message was advice to look at a field that this error does not have.
  expect(error.message).toMatch(/: the response took longer than 1000 ms$/);
  expect(error).toMatchObject({ code: "TimeoutError", retryable: true });
});

test("a head that comes late takes of the time of the whole answer", async () => {
  const ended: string[] = [];
  const dripping = (socket: Socket) => drip(socket, head.replace(/th: \d+/, "th: 100000"));
  let requests = 0;
  const endpoint = await serve((socket) => {
    requests += 1;
    if (requests === 1) setTimeout(() => dripping(socket), 2_500);
    else dripping(socket);
  });
  const { project } = layer(endpoint, { idleMs: 60_000, wholeMs: 3_000 });
  const read = async (name: string, projectId: string) => {
    const error = await failureOf(project.get({ ...key, projectId }), DynamoDBError);
    expect(error.message).toContain("the response took longer than 3000 ms");
    ended.push(name);
  };
  const late = read("the one with a late head", "late");
  while (requests < 1) await sleep(10);
  await sleep(1_200);
  await Promise.all([late, read("the one that was sent after it", "after")]);
  expect(requests).toBe(2);
  // By a clock that begins with the head, the other way round.
  expect(ended).toEqual(["the one with a late head", "the one that was sent after it"]);
});

test("the stock client's answers stall no longer either: table calls end", async () => {
  let requests = 0;
  const endpoint = await serve((socket) => {
    requests += 1;
    socket.write(head);
  });
  const error = await failureOf(layer(endpoint, short).table.describe(), DynamoDBError);
  expect(error.code).toBe("TimeoutError");
  expect(requests).toBe(1);
});

const garbage: [string, (socket: Socket) => void][] = [
  [
    "random bytes",
    (socket) => socket.write(Buffer.from([0x16, 0x03, 0x01, 0xff, 0x00, 0x80, 0x01])),
  ],
  [
    "a TLS alert",
    (socket) => socket.write(Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x16])),
  ],
  ["a bad status line", (socket) => socket.write("HTTP/9.9 abc\r\n\r\n")],
  [
    "an overlong header",
    (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}\r\n\r\n`),
  ],
];

test.each(garbage)(
  "%s for an answer is asked for again, with one code, and leaves open what was done",
  async (_, answer) => {
    let requests = 0;
    const endpoint = await serve((socket) => {
      requests += 1;
      answer(socket);
    });
    const error = await failureOf(
      layer(endpoint, short, 2).project.update(key, { name: "secret" }),
      DynamoDBError,
    );
    expect(error).toMatchObject({
      code: "UnreadableAnswer",
      retryable: true,
      mayHaveBeenDone: true,
    });
    expect(requests).toBe(3);
  },
);

test("a client of the application's that never answers is given up at the attempt's limit", async () => {
  server = createServer();
  const transport = createTransport({
    client: { send: () => new Promise(() => undefined) },
    retry: { maxRetries: 0 },
    attemptLimitMs: 1_000,
  });
  const input = { TableName: "t", Key: { PK: "a", SK: "b" } };
  const sent = transport.send("Get", input, { context: {} });
  await expect(sent).rejects.toMatchObject({ name: "TimeoutError" });
  transport.close();
});

/** A server of its own for one cell: it counts requests, and stalls each at the same stage. */
async function stallingServer(stall: (socket: Socket) => void) {
  const open = new Set<Socket>();
  const state = { requests: 0 };
  const own = createServer((socket) => {
    open.add(socket);
    let text = "";
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      if (end < 0 || text.length < end + 4 + length) return;
      text = "";
      state.requests += 1;
      stall(socket);
    });
  });
  await once(own.listen(0, "127.0.0.1"), "listening");
  const allClosed = async () => {
    // Not `once` of node:events: a reset is an end too.
    for (const socket of open) await new Promise((resolve) => socket.once("close", resolve));
  };
  const endpoint = `http://127.0.0.1:${(own.address() as AddressInfo).port}`;
  return { endpoint, state, open, allClosed, close: () => own.close() };
}

const drip = (socket: Socket, first: string) => {
  socket.write(first);
  const dripping = setInterval(() => socket.write(" "), 50);
  socket.on("close", () => clearInterval(dripping));
};
const unending = "HTTP/1.1 200 OK\r\nx-amzn-requestid: r\r\ntransfer-encoding: chunked\r\n\r\n";
const stages: Record<string, (socket: Socket) => void> = {
  "no byte": () => undefined,
  "in the status line": (socket) => socket.write("HTTP/1.1 2"),
  "in the headers": (socket) => socket.write(head.slice(0, 30)),
  "after the headers": (socket) => socket.write(head),
  "in the body": (socket) => socket.write(`${head}${body.slice(0, 10)}`),
  "the last byte": (socket) => socket.write(`${head}${body.slice(0, -1)}`),
  "chunks without end": (socket) => socket.write(`${unending}2\r\n{}\r\n`),
  "a drip in the headers": (socket) => drip(socket, `${head.slice(0, -2)}x:`),
  "a drip in the body": (socket) => drip(socket, head.replace(/th: \d+/, "th: 100000")),
};

/** The client of the process, which the repository takes. */
let processWide: unknown;
jest.mock("../../src/client/client.js", () => ({
  ...jest.requireActual<object>("../../src/client/client.js"),
  getDocumentClient: () => processWide,
}));

/** A door as it is opened: one call, how often it was tried, and what closes it. */
interface Door {
  call(): Promise<unknown>;
  attempts(): number;
  close(): unknown;
}
/**
 * One retry, and how many attempts there were. The server does not see each: on a busy machine one may
 * be given up before it has been read.
 */
function onceMore() {
  let made = 1;
  const onRetry = () => {
    made += 1;
  };
  return { retry: { maxRetries: 1, initialDelayMs: 1, onRetry }, attempts: () => made };
}
const credentials = { accessKeyId: "a", secretAccessKey: "b" };
const place = (endpoint: string) =>
  ({ environment: "development", region: "us-east-1", endpoint, credentials }) as const;
const limited = (wholeMs: number) =>
  new OrderlyHandler({ requestTimeout: 500 }, { idleMs: wholeMs > 500 ? 500 : 60_000, wholeMs });
const ofLayer =
  (call: (data: DataLayer) => Promise<unknown>) =>
  (endpoint: string, requestHandler: OrderlyHandler): Door => {
    const { retry, attempts } = onceMore();
    const one = createDataLayer({ ...place(endpoint), requestHandler, retry });
    return { call: () => call(one), attempts, close: () => one.close() };
  };
const get = { TableName: "t", Key: { PK: "a", SK: "b" } };

const doors: Record<
  string,
  { attempts: number; open(endpoint: string, handler: OrderlyHandler): Door }
> = {
  "a store's read": { attempts: 2, open: ofLayer((one) => one.project.get(key)) },
  "a store's write": {
    attempts: 2,
    open: ofLayer((one) => one.project.update(key, { name: "n" })),
  },
  "a native chain": {
    attempts: 2,
    open: ofLayer((one) => one.service.collections.workspace({ userId: "u1" }).go()),
  },
  "a collection": {
    attempts: 2,
    open: ofLayer((one) => one.collections.workspace({ userId: "u1" })),
  },
  "a transaction": {
    attempts: 2,
    open: ofLayer((one) => one.transaction.write((tx) => [tx.project.delete(key)])),
  },
  "the table's calls": { attempts: 2, open: ofLayer((one) => one.table.describe()) },
  "the repository": {
    attempts: 2,
    open: (endpoint, handler) => {
      const made = createClients(resolveConfiguration(place(endpoint)), handler);
      const { retry, attempts } = onceMore();
      // Its own is the process-wide one, with the limits that nobody waits for in a test.
      processWide = made.documentClient;
      const repository = new DynamoDBRepository(retry);
      const close = () => made.client.destroy();
      return { call: () => repository.get("a", "b"), attempts, close };
    },
  },
  "the stock client's path": {
    attempts: 2,
    open: (endpoint, handler) => {
      const made = createClients(resolveConfiguration(place(endpoint)), handler);
      made.documentClient.middlewareStack.add((next) => (args) => next(args), { step: "build" });
      const { retry, attempts } = onceMore();
      const transport = createTransport({ client: made.documentClient, retry });
      return {
        call: () => transport.send("Get", get, { context: {} }),
        attempts,
        close: () => made.client.destroy(),
      };
    },
  },
  "the commands": {
    attempts: 7,
    open: (endpoint, handler) => {
      const configuration = resolveConfiguration(place(endpoint));
      const made = createClients(configuration, handler);
      const traffic = { requests: 0, throttles: 0 };
      const options = { traffic, initialDelayMs: 1, place: configuration };
      const transport = createPatientTransport(made.documentClient, options);
      return {
        call: () => transport.send("Get", get, { context: {} }),
        attempts: () => traffic.requests,
        close: () => made.client.destroy(),
      };
    },
  },
  "an application's client without limits": {
    attempts: 2,
    open: (endpoint) => {
      const { region } = place(endpoint);
      const client = new DynamoDBClient({ endpoint, region, credentials, maxAttempts: 1 });
      const document = DynamoDBDocumentClient.from(client);
      const { retry, attempts } = onceMore();
      const transport = createTransport({
        client: document,
        retry,
        attemptLimitMs: 1_000,
      });
      // The client is the application's: it stays open, and its sockets are free all the same.
      return {
        call: () => transport.send("Get", get, { context: {} }),
        attempts,
        close: () => transport.close(),
      };
    },
  },
};

/**
 * A port that takes no connection: two wait to be accepted, which never happens, and more are not
 * answered. Whoever listens is a thread that sleeps.
 */
async function fullPort() {
  const bell = new SharedArrayBuffer(4);
  const code = `
    const { workerData, parentPort } = require("node:worker_threads");
    const server = require("node:net").createServer();
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(workerData), 0, 0);
    });`;
  const thread = new Worker(code, { eval: true, workerData: bell });
  const [port] = (await once(thread, "message")) as [number];
  const waiting: Socket[] = [];
  for (let isFull = false; !isFull; ) {
    const socket = connect(port, "127.0.0.1");
    waiting.push(socket.on("error", () => undefined));
    const connected = once(socket, "connect").then(() => false);
    isFull = await Promise.race([connected, sleep(1_000, true)]);
  }
  const close = async () => {
    for (const socket of waiting) socket.destroy();
    await thread.terminate();
  };
  return { endpoint: `http://127.0.0.1:${port}`, close };
}

/** A port that takes connections, and never says a word of TLS. */
async function silentPort() {
  const open = new Set<Socket>();
  const own = createServer((socket) => {
    open.add(socket.on("error", () => undefined));
    socket.on("data", () => undefined);
  });
  await once(own.listen(0, "127.0.0.1"), "listening");
  const close = () => {
    for (const socket of open) socket.destroy();
    own.close();
  };
  return { endpoint: `https://127.0.0.1:${(own.address() as AddressInfo).port}`, close };
}

describe("every door at every stage", () => {
  /** Where no connection is made that can be used; the others are stages of an answer. */
  const connecting: Record<string, () => Promise<{ endpoint: string }>> = {
    "no connection": () => full,
    "no TLS handshake": () => silent,
  };
  let full: Promise<Awaited<ReturnType<typeof fullPort>>>;
  let silent: Promise<Awaited<ReturnType<typeof silentPort>>>;
  afterAll(async () => {
    await (await full).close();
    (await silent).close();
  });
  const cells = Object.keys(doors).flatMap((door) =>
    [...Object.keys(connecting), ...Object.keys(stages)].map((stage): [string, string] => [
      door,
      stage,
    ]),
  );
  const outcomes = new Map<string, Promise<void>>();
  /** All at once, and while the tests before run: what takes time is the limits. */
  beginning = () => {
    full = fullPort();
    silent = silentPort();
    for (const [door, stage] of cells) {
      const outcome = stage in connecting ? examineConnecting(door, stage) : examine(door, stage);
      outcome.catch(() => undefined);
      outcomes.set(`${door}, ${stage}`, outcome);
    }
  };

  async function examine(door: string, stage: string): Promise<void> {
    const { attempts, open } = doors[door] as (typeof doors)[string];
    const own = await stallingServer(stages[stage] as (socket: Socket) => void);
    const opened = open(own.endpoint, limited(stage === "a drip in the body" ? 500 : 60_000));
    const error = await failureOf(opened.call(), Error);
    expect(opened.attempts()).toBe(attempts);
    // What a transport throws by itself is the SDK's; each door wraps it so.
    expect(wrapDynamoDBError(error)).toMatchObject({ code: "TimeoutError" });
    await opened.close();
    await own.allClosed();
    expect(own.open.size).toBe(0);
    own.close();
  }

  /** The limit to connect is the package's own where it says 3 s: no test gives it. */
  const connectingMs: Record<string, number> = {
    // They try seven times: by the package's limit it would take half a minute.
    "the commands": 400,
    // Its client has no limit, the transport's own for an attempt counts.
    "an application's client without limits": 1_000,
  };
  async function examineConnecting(door: string, stage: string): Promise<void> {
    const { attempts, open } = doors[door] as (typeof doors)[string];
    const { endpoint } = (await connecting[stage]?.()) ?? { endpoint: "" };
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 2 });
    const httpsAgent = new TlsAgent({ keepAlive: true, maxSockets: 2 });
    const own = door === "the commands" ? { connectionTimeout: connectingMs[door] } : {};
    const opened = open(endpoint, new OrderlyHandler({ httpAgent, httpsAgent, ...own }));
    const begun = performance.now();
    const error = await failureOf(opened.call(), Error);
    expect(opened.attempts()).toBe(attempts);
    const took = performance.now() - begun;
    // Nothing was sent: a write was not done.
    expect(wrapDynamoDBError(error)).toMatchObject({
      code: "TimeoutError",
      mayHaveBeenDone: false,
    });
    expect(took).toBeGreaterThan(attempts * (connectingMs[door] ?? 3_000) - 100);
    // Far from the 15 s of each attempt that an answer has, on however busy a machine.
    expect(took).toBeLessThan(attempts * 12_000);
    // Before it is closed. A socket is the agent's until its end has been told, a turn or two later.
    const inUse = () =>
      [httpAgent, httpsAgent].flatMap((agent) => [
        ...Object.keys(agent.sockets),
        ...Object.keys(agent.requests),
      ]);
    for (let turn = 0; turn < 100 && inUse().length > 0; turn += 1) await sleep(10);
    expect(inUse()).toEqual([]);
    await opened.close();
  }

  test.each(cells)(
    "%s, %s: it ends by itself, and keeps no socket",
    async (door, stage) => {
      await outcomes.get(`${door}, ${stage}`);
    },
    30_000,
  );
});

test("over TLS, the limit to connect ends with the handshake, and leaves an agent as it is", async () => {
  // A shared key takes no certificate.
  const shared = { psk: Buffer.from("0123456789abcdef"), identity: "a" };
  const tls = { ciphers: "PSK", maxVersion: "TLSv1.2" as const };
  const late = createHttpsServer({ ...tls, pskCallback: () => shared.psk }, (request, response) => {
    request.resume();
    const answer = () => response.setHeader("x-amzn-requestid", String(requests)).end(body);
    requests += 1;
    setTimeout(answer, 2_500);
  });
  let requests = 0;
  await once(late.listen(0, "127.0.0.1"), "listening");
  const { port } = late.address() as AddressInfo;
  const httpsAgent = new TlsAgent({
    ...tls,
    keepAlive: true,
    maxSockets: 1,
    pskCallback: () => shared,
    checkServerIdentity: () => undefined,
  });
  const before = Object.getOwnPropertyNames(httpsAgent);
  const one = createDataLayer({
    ...place(`https://127.0.0.1:${port}`),
    requestHandler: { httpsAgent, connectionTimeout: 2_000 },
    retry: { maxRetries: 0 },
  });
  expect(await one.project.get(key)).toBeNull();
  expect(await one.project.get(key)).toBeNull();
  expect(requests).toBe(2);
  expect(Object.keys(httpsAgent.freeSockets)).toHaveLength(1);
  expect(Object.getOwnPropertyNames(httpsAgent)).toEqual(before);
  await one.close();
  late.close();
});

test.each([
  ["requestTimeout: 0", { requestTimeout: 0 }],
  ["requestTimeout: 120_000", { requestTimeout: 120_000 }],
  ["throwOnRequestTimeout: false", { requestTimeout: 400, throwOnRequestTimeout: false }],
])(
  "with %s an answer that never comes keeps its socket no longer than a whole one",
  async (_, no) => {
    const own = await stallingServer(() => undefined);
    const handler = new OrderlyHandler(no, { wholeMs: 1_000 });
    const one = createDataLayer({
      ...place(own.endpoint),
      requestHandler: handler,
      retry: { maxRetries: 0 },
    });
    const begun = performance.now();
    const error = await failureOf(one.project.get(key), DynamoDBError);
    expect(error).toMatchObject({ code: "TimeoutError", retryable: true });
    expect(performance.now() - begun).toBeGreaterThan(900);
    // Before it is closed.
    await own.allClosed();
    await one.close();
    own.close();
  },
);

test("128 stalled answers are given up, and the 129th call is answered", async () => {
  let requests = 0;
  const own = await stallingServer((socket) => {
    requests += 1;
    socket.write(requests > 128 ? `${head}${body}` : head);
  });
  // No time-out for a head, each of which comes at once however slow the machine is.
  const handler = new OrderlyHandler({}, { idleMs: 500 });
  const retry = { maxRetries: 0 };
  const one = createDataLayer({ ...place(own.endpoint), requestHandler: handler, retry });
  const stalled = Array.from({ length: 128 }, (_, n) =>
    one.project.update({ ...key, projectId: `p${n}` }, { name: "n" }),
  );
  const ends = Promise.allSettled(stalled);
  expect(await one.project.get(key)).toBeNull();
  expect((await ends).filter(({ status }) => status === "rejected")).toHaveLength(128);
  expect(own.state.requests).toBe(129);
  await one.close();
  await own.allClosed();
  own.close();
});

describe.each(engines)("on $name", (engine) => {
  const wire = new Recorder();
  const table = openTable(engine, {
    requestHandler: wire,
    retry: { initialDelayMs: 1, maxRetries: 1 },
  });
  beforeEach(() => wire.clear());

  const reasons: [string, unknown][] = [
    ["one of ours", new DynamoDBError("no", "ValidationException", 400)],
    [
      "what looks like a service error",
      Object.assign(new Error("no"), {
        name: "ConditionalCheckFailedException",
        $metadata: { httpStatusCode: 400 },
      }),
    ],
    ["what looks retryable", Object.assign(new Error("no"), { name: "ThrottlingException" })],
  ];
  test.each(reasons)("an abort with %s says nothing about the write", async (_, reason) => {
    const controller = new AbortController();
    wire.intercept = async ({ send }) => {
      const answer = await send();
      controller.abort(reason);
      return answer;
    };
    const write = table.data.project.put(
      { ...key, data: { name: "n" } },
      { signal: controller.signal },
    );
    const error = await failureOf(write, DynamoDBError);
    expect(error).toMatchObject({ name: "AbortedError", mayHaveBeenDone: true, cause: reason });
    expect(wire.names).toEqual(["UpdateItem"]);
  });

  test("an abort before anything is sent, with an error that says it was done, was not done", async () => {
    const reason = new DynamoDBError("no");
    reason.mayHaveBeenDone = true;
    const signal = AbortSignal.abort(reason);
    const error = await failureOf(
      table.data.project.put({ ...key, data: { name: "n" } }, { signal }),
      DynamoDBError,
    );
    expect(error).toMatchObject({ name: "AbortedError", mayHaveBeenDone: false });
    expect(wire.names).toEqual([]);
  });

  const items = Array.from({ length: 20 }, (_, n) => ({
    userId: "b",
    projectId: `p${n}`,
    data: { name: "n" },
  }));
  /** The engine takes the first ten of a batch, then `next` answers. */
  const half = (next: () => ReturnType<typeof refused>) => {
    let requests = 0;
    wire.intercept = ({ input }) => {
      requests += 1;
      if (requests > 1) return next();
      const [name = "", all = []] =
        Object.entries(input.RequestItems as Record<string, unknown[]>)[0] ?? [];
      return answered(200, { UnprocessedItems: { [name]: all.slice(10) } });
    };
  };

  test("a batch that is refused after its half keeps the half", async () => {
    half(() => refused("AccessDeniedException"));
    const error = await failureOf(table.data.project.batchPut(items), UnprocessedItemsError);
    expect(error).toMatchObject({ written: 10, unprocessed: 10, mayHaveBeenDone: false });
    expect(error.items).toEqual(items.slice(10));
    expect(error.message).toContain("refused");
  });

  test("where the second half's answer is lost, it may have been written", async () => {
    half(() => lost({ operation: "", input: {}, send: () => answered(200, {}) }));
    const error = await failureOf(table.data.project.batchPut(items), UnprocessedItemsError);
    expect(error).toMatchObject({ written: 10, unprocessed: 10, mayHaveBeenDone: true });
  });
});
