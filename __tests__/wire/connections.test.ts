/**
 * Sockets at the default settings, counted on the engine's side: the layer's own parallelism finds
 * enough of them, they are used again, and none is left behind.
 */
import { once } from "node:events";
import { Agent, createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { createDataLayer, type DataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import { fixtures } from "../../src/testing/index.js";
import { OrderlyHandler } from "../../src/wire/request-handler.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";

/** Stands before an engine and counts what connects. */
async function openGate(target: string) {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let connected = 0;
  const server = createServer((socket) => {
    connected += 1;
    open.add(socket);
    const end = () => open.delete(socket);
    const engine = connect(Number(port), hostname);
    socket.once("close", () => engine.destroy()).once("close", end);
    // Either end may go first; the other is closed with it.
    pipeline(socket, engine, socket).catch(() => socket.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connected() {
      return connected;
    },
    get open() {
      return open.size;
    },
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Counts requests that find every socket taken. */
function watchQueues() {
  let waited = 0;
  const { handle } = OrderlyHandler.prototype;
  const spy = jest.spyOn(OrderlyHandler.prototype, "handle").mockImplementation(function (
    this: OrderlyHandler,
    ...given
  ) {
    const before = this.waiting;
    const answer = handle.apply(this, given);
    if (this.waiting > before) waited += 1;
    return answer;
  });
  return { waited: () => waited, stop: () => spy.mockRestore() };
}

describe.each(engines)("the connections to $name", (engine) => {
  const table = openTable(engine);
  let gate: Awaited<ReturnType<typeof openGate>>;
  let queues: ReturnType<typeof watchQueues>;
  const layers: DataLayer[] = [];
  beforeEach(async () => {
    gate = await openGate(table.data.engine.endpoint);
    queues = watchQueues();
  });
  afterEach(async () => {
    for (const data of layers.splice(0)) await data.close();
    queues.stop();
    await gate.close();
  });

  const layer = (options: DataLayerOptions = {}) => {
    const { tableName, environment } = table.data.configuration;
    const { region, credentials } = table.data.engine;
    const { endpoint } = gate;
    const place = { environment, tableName, region, credentials, endpoint };
    const data = createDataLayer({ ...place, ...options });
    layers.push(data);
    return data;
  };

  const userId = "u1";
  const numbers = Array.from({ length: 400 }, (_, index) => `c${index}`);
  const items = numbers.map((contentId) => ({ ...fixtures.savedContent, userId, contentId }));

  /** As much at once as the layer itself begins: batches, a dashboard, gets of one turn. */
  const busy = async (data: DataLayer) => {
    await Promise.all([
      data.savedContent.batchPut(items),
      data.savedContent.batchGet(items),
      data.dashboard({ userId, agentId: userId }),
      data.collections.recent({ userId, limit: 5 }),
      ...numbers.map((contentId) => data.savedContent.get({ userId, contentId })),
    ]);
  };

  test("are enough for the layer's own parallelism: no request waits for one", async () => {
    const narrow = layer({ requestHandler: { httpAgent: { keepAlive: true, maxSockets: 1 } } });
    await busy(narrow);
    expect(queues.waited()).toBeGreaterThan(0);
    expect(gate.connected).toBe(1);

    const before = queues.waited();
    const data = layer();
    await busy(data);
    expect(queues.waited()).toBe(before);
    expect(gate.connected).toBeGreaterThan(8);
  });

  test("are enough for 100 requests at once that share none", async () => {
    const data = layer({ coalesce: false });
    await Promise.all(
      numbers.slice(0, 100).map((contentId) => data.savedContent.get({ userId, contentId })),
    );
    expect(queues.waited()).toBe(0);
    // More than the 50 that the SDK has by default.
    expect(gate.connected).toBeGreaterThan(50);
  });

  test("when all 128 are in use, a request waits in the handler and nowhere else", async () => {
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 128 });
    const data = layer({ coalesce: false, requestHandler: { httpAgent } });
    let inAgent = 0;
    let looks = 0;
    const look = () => {
      looks += 1;
      inAgent = Math.max(inAgent, Object.values(httpAgent.requests).flat().length);
    };
    // An agent queues what finds no socket: here, each request that its handler sends has one.
    const watching = jest.spyOn(httpAgent, "addRequest" as never).mockImplementation(((
      ...given: never[]
    ) => {
      (Agent.prototype as unknown as { addRequest(...of: never[]): void }).addRequest.apply(
        httpAgent,
        given,
      );
      look();
    }) as never);
    await Promise.all(numbers.map((contentId) => data.savedContent.get({ userId, contentId })));
    watching.mockRestore();
    expect(gate.connected).toBe(128);
    expect(queues.waited()).toBeGreaterThanOrEqual(numbers.length - 128);
    expect(looks).toBeGreaterThanOrEqual(numbers.length);
    expect(inAgent).toBe(0);
  });

  test("are used again by what comes later", async () => {
    const data = layer();
    await busy(data);
    const opened = gate.connected;
    expect(opened).toBeGreaterThan(1);
    await data.savedContent.batchPut(items);
    for (const contentId of numbers.slice(0, 20))
      await data.savedContent.get({ userId, contentId });
    for await (const _ of data.savedContent.list({ userId }));
    expect(gate.connected).toBe(opened);
  });

  test("are closed by close", async () => {
    const data = layer();
    await busy(data);
    expect(gate.open).toBeGreaterThan(1);
    await data.close();
    while (gate.open > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(gate.open).toBe(0);
  });

  test.each([
    ["the one of HTTPS has more", { httpAgent: { maxSockets: 2 }, httpsAgent: { maxSockets: 50 } }],
    ["all hosts together have few", { httpAgent: { keepAlive: true, maxTotalSockets: 2 } }],
    ["it is an instance", { httpAgent: new Agent({ maxSockets: 2 }), httpsAgent: {} }],
  ])("a request waits in the handler for the agent's sockets if %s", async (_, requestHandler) => {
    const data = layer({ coalesce: false, requestHandler });
    const before = queues.waited();
    await Promise.all(
      numbers.slice(0, 20).map((contentId) => data.savedContent.get({ userId, contentId })),
    );
    expect(queues.waited() - before).toBeGreaterThan(0);
  });

  test("no limit, as Node's agents understand 0, lets all requests go", async () => {
    const data = layer({ coalesce: false, requestHandler: { httpAgent: { maxSockets: 0 } } });
    for (const contentId of numbers.slice(0, 3)) {
      expect(await data.savedContent.get({ userId, contentId })).not.toBeUndefined();
    }
  });
});

test("close sends nothing whose turn has just come: its socket stayed open for ever", async () => {
  let requests = 0;
  const open = new Set<Socket>();
  const server = createHttpServer((request, response) => {
    requests += 1;
    request.resume();
    // The first one shows what requests are like; the next is held.
    const headers = { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "ONE" };
    if (requests === 1) response.writeHead(200, headers).end("{}");
  });
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const data = createDataLayer({
    environment: "development",
    tableName: "Held",
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    coalesce: false,
    requestHandler: { httpAgent: { keepAlive: true, maxSockets: 1 } },
  });
  const userId = "u1";
  expect(await data.savedContent.get({ userId, contentId: "c0" })).toBeNull();
  // The one with a signal is ended by it, and hands its socket on while the layer closes.
  const { signal } = new AbortController();
  const both = Promise.allSettled([
    data.savedContent.get({ userId, contentId: "c1" }, { signal }),
    data.savedContent.get({ userId, contentId: "c2" }),
  ]);
  while (requests < 2) await new Promise((resolve) => setImmediate(resolve));
  await data.close();
  expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  // What is sent in spite of it arrives at once, or its connection is still open.
  while (open.size > 0 && requests === 2) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  server.closeAllConnections();
  server.close();
  expect({ requests, open: open.size }).toEqual({ requests: 2, open: 0 });
});
