/** The proxy of bytes: what each fault is to a client, what the engine saw of it, and its counts. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createDataLayer, type DataLayer } from "../../src/data-layer.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { type FaultProxy, startFaultProxy, type WireFault } from "../../src/testing/index.js";
import { wireFaultNames, wireKinds } from "../../src/testing/wire/kinds.js";
import { OrderlyHandler } from "../../src/wire/request-handler.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";

const refusals: [string, () => unknown, string][] = [
  ["a target that is none", () => startFaultProxy({ target: "engine" }), "http URL"],
  ["a target with TLS", () => startFaultProxy({ target: "https://127.0.0.1:1" }), "http URL"],
  ["an unknown option", () => startFaultProxy({ taget: "http://x" } as never), "did you mean"],
];

test.each(refusals)("%s is refused", async (_, start, message) => {
  await expect(start()).rejects.toThrow(message);
  await expect(start()).rejects.toBeInstanceOf(ConfigurationError);
});

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    expect(performance.now()).toBeLessThan(deadline);
    await sleep(5);
  }
}

describe("between a client and a server of HTTP", () => {
  async function serving(answer: RequestListener) {
    const sockets = new Set<Socket>();
    const server = createServer({ keepAliveTimeout: 60_000 }, answer);
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const close = () => {
      server.close();
      server.closeAllConnections();
    };
    return { target, sockets, [Symbol.dispose]: close };
  }
  const asked = async ({ url }: FaultProxy) => {
    const signal = AbortSignal.timeout(5_000);
    const headers = { "x-amz-target": "D.GetItem" };
    const response = await fetch(url, { method: "POST", headers, body: "{}", signal });
    return response.text();
  };

  test("close ends the connections to the server too", async () => {
    using server = await serving((_, response) => response.end("answer"));
    const proxy = await startFaultProxy({ target: server.target });
    expect(await asked(proxy)).toBe("answer");
    // It is kept for the next request.
    expect(server.sockets.size).toBe(1);
    await proxy.close();
    await until(() => server.sockets.size === 0);
  });

  test("what a server resets is reset for the client", async () => {
    using server = await serving(({ socket }) => socket.resetAndDestroy());
    await using proxy = await startFaultProxy({ target: server.target });
    const outcome = await asked(proxy).catch(({ cause }: Error) => cause);
    expect(outcome).toMatchObject({ code: "ECONNRESET" });
  });

  test("a response ends behind its trailers, and the next one begins there", async () => {
    using server = await serving((_, response) => {
      response.writeHead(200, { trailer: "x-one, x-two" });
      response.write("answer");
      response.addTrailers({ "x-one": "1", "x-two": "2" });
      response.end();
    });
    await using proxy = await startFaultProxy({ target: server.target });
    expect(await asked(proxy)).toBe("answer");
    expect(await asked(proxy)).toBe("answer");
    expect(server.sockets.size).toBe(1);
  });
});

describe("a request that nobody waits for", () => {
  const message =
    "POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: D.PutItem\r\ncontent-length: 2\r\n\r\n{}";
  /** An engine that answers when it is told to. */
  async function engineThatWaits(status = 200) {
    const waiting: (() => void)[] = [];
    const server = createServer((_, response) => {
      waiting.push(() => response.writeHead(status).end("{}"));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const asked = (count: number) => until(() => waiting.length >= count);
    const answerAll = () => {
      for (const answer of waiting.splice(0)) answer();
    };
    return { target, asked, answerAll, [Symbol.dispose]: () => server.close() };
  }
  async function clientOf(proxy: FaultProxy) {
    const socket = connect(Number(new URL(proxy.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  }

  test.each([
    ["carried out", 200],
    ["refused", 400],
  ])("is abandoned where its client left before the answer: %s", async (_, status) => {
    using engine = await engineThatWaits(status);
    await using proxy = await startFaultProxy({ target: engine.target });
    const [stays, leaves] = [await clientOf(proxy), await clientOf(proxy)];
    stays.write(message);
    await engine.asked(1);
    leaves.write(message);
    await engine.asked(2);
    const left = performance.now();
    leaves.destroy();
    // It is known before the engine has answered.
    await until(() => proxy.requests[1]?.abandoned.length === 1);
    const [forward] = proxy.requests[1]?.abandoned ?? [];
    expect(forward).toMatchObject({ answeredAt: undefined, carriedOut: false });
    expect(forward?.sentAt).toBeLessThan(left);
    let isSettled = false;
    const settled = proxy.settled().then(() => {
      isSettled = true;
    });
    await sleep(50);
    expect(isSettled).toBe(false);
    const answer = once(stays, "data");
    engine.answerAll();
    await settled;
    expect(forward?.answeredAt).toBeGreaterThan(left);
    expect(forward?.carriedOut).toBe(status === 200);
    expect(proxy.requests.map(({ abandoned }) => abandoned.length)).toEqual([0, 1]);
    await answer;
    stays.destroy();
  });

  test("is abandoned where its client left just before the answer, and the connection is not closed yet", async () => {
    using engine = await engineThatWaits();
    await using proxy = await startFaultProxy({ target: engine.target });
    const client = await clientOf(proxy);
    client.write(message);
    await engine.asked(1);
    // The answer follows the client's end so closely that the proxy learns of both at once.
    client.once("finish", engine.answerAll).end();
    await proxy.settled();
    expect(proxy.requests[0]?.abandoned).toMatchObject([{ carriedOut: true }]);
  });

  test("is abandoned where its client left before it was sent on", async () => {
    using engine = await engineThatWaits();
    await using proxy = await startFaultProxy({ target: engine.target });
    const client = await clientOf(proxy);
    const gone = { at: 0 };
    proxy.inject({
      answer: async ({ forward }) => {
        client.destroy();
        await sleep(20);
        gone.at = performance.now();
        return forward();
      },
    });
    client.write(message);
    await engine.asked(1);
    engine.answerAll();
    await proxy.settled();
    const [forward] = proxy.requests[0]?.abandoned ?? [];
    expect(forward?.sentAt).toBeGreaterThanOrEqual(gone.at);
    expect(forward?.carriedOut).toBe(true);
  });

  test("is waited for by settled, though the proxy has not read it yet", async () => {
    using engine = await engineThatWaits();
    await using proxy = await startFaultProxy({ target: engine.target });
    const client = await clientOf(proxy);
    client.write(message);
    client.destroy();
    const settled = proxy.settled();
    await engine.asked(1);
    engine.answerAll();
    await settled;
    expect(proxy.requests).toMatchObject([{ forwarded: 1, carriedOut: 1 }]);
    expect(proxy.requests[0]?.abandoned).toHaveLength(1);
  });
});

// What becomes of bytes is the same on every engine.
describe.each(engines.slice(0, 1))("on $name", (engine) => {
  const table = openTable(engine);
  let proxy: FaultProxy;
  const open: DataLayer[] = [];
  beforeEach(async () => {
    proxy = await startFaultProxy({ target: table.data.engine.endpoint });
  });
  afterEach(async () => {
    for (const data of open.splice(0)) await data.close();
    await proxy.close();
  });

  function behind(maxRetries: number): DataLayer {
    const { region, credentials } = table.data.engine;
    const { tableName } = table.data.configuration;
    const limits = { idleMs: 400, wholeMs: 4_000 };
    const data = createDataLayer({
      ...{ environment: "development", endpoint: proxy.url, region, credentials, tableName },
      requestHandler: new OrderlyHandler(
        { httpAgent: { maxSockets: 4 }, requestTimeout: 400 },
        limits,
      ),
      retry: { maxRetries, initialDelayMs: 1, maxDelayMs: 100 },
    });
    open.push(data);
    return data;
  }

  let keys = 0;
  const newKey = () => {
    keys += 1;
    return { userId: "u1", projectId: `p${keys}` };
  };
  const data = { name: "n" };
  const harmless: readonly WireFault[] = [
    "drip",
    "dripInBody",
    "slow",
    "duplicateAnswer",
    "lateAnswer",
    "duplicateRequest",
  ];

  test.each(wireFaultNames)("%s: a write of it ends well, and is counted", async (fault) => {
    const key = newKey();
    // A request that comes late must come after the one that is sent again, on a busy machine too.
    const delays: Partial<Record<WireFault, number>> = { outage: 150, lateRequest: 1_000 };
    proxy.inject({ fault, delayMs: delays[fault] ?? 30 });
    const { project } = behind(8);
    await project.put({ ...key, data });
    await proxy.settled();
    expect((await project.get(key, { consistent: true }))?.data).toMatchObject(data);
    const sees = wireKinds[fault].needsAnswer ? 1 : 0;
    expect(proxy.requests[0]).toMatchObject({ operation: "UpdateItem", fault });
    const late = fault === "lateRequest" ? 1 : 0;
    expect(proxy.counts[fault]).toEqual({
      requests: 1,
      forwarded: sees + late,
      // Too late to change anything: the item is there.
      carriedOut: sees,
    });
    if (fault === "duplicateRequest") expect(proxy.requests[0]?.forwarded).toBe(2);
    const isLate = fault === "lateRequest" || fault === "duplicateRequest";
    expect(proxy.requests[0]?.abandoned).toHaveLength(isLate ? 1 : 0);
    // Asked for again where its answer was broken, and only there.
    const sent = proxy.requests.filter(({ operation }) => operation === "UpdateItem");
    expect(sent.length > 1).toBe(!harmless.includes(fault));
  });

  const broken = wireFaultNames.filter((fault) => !harmless.includes(fault));
  test.each(broken)("%s: without a retry the write is an open one", async (fault) => {
    const key = newKey();
    proxy.inject({ fault, delayMs: 30 });
    const { project } = behind(0);
    const error = await failureOf(project.put({ ...key, data }), DynamoDBError);
    expect(error).toMatchObject({ retryable: true, mayHaveBeenDone: true });
  });

  const madeUp = wireFaultNames.filter((fault) => !wireKinds[fault].needsAnswer);
  test.each(madeUp.filter((fault) => fault !== "lateRequest"))(
    "%s: the engine has carried it out where forward says so",
    async (fault) => {
      const key = newKey();
      proxy.inject({ fault, forward: true, delayMs: 30 });
      await failureOf(behind(0).project.put({ ...key, data }), DynamoDBError);
      // The engine may be later than the client's patience.
      while (proxy.counts[fault]?.carriedOut === 0) await sleep(5);
      expect(proxy.counts).toEqual({ [fault]: { requests: 1, forwarded: 1, carriedOut: 1 } });
      expect((await table.data.project.get(key, { consistent: true }))?.data).toMatchObject(data);
    },
  );

  test("an answer that comes again is nobody else's: each call has its own", async () => {
    const { project } = behind(3);
    const [one, two] = [newKey(), newKey()];
    await project.put({ ...one, data: { name: "one" } });
    await project.put({ ...two, data: { name: "two" } });
    for (const fault of ["duplicateAnswer", "lateAnswer"] as const) {
      for (const delayMs of [0, 5]) {
        proxy.inject({ fault, times: 10, delayMs });
        for (let n = 0; n < 5; n += 1) {
          expect((await project.get(one, { consistent: true }))?.data.name).toBe("one");
          expect((await project.get(two, { consistent: true }))?.data.name).toBe("two");
          await new Promise((resolve) => setTimeout(resolve, 2 * delayMs));
        }
      }
    }
  });

  test("a server that gives every response one id is asked once more, and never again", async () => {
    const { project } = behind(3);
    const key = newKey();
    await project.put({ ...key, data: { name: "one" } });
    proxy.inject({
      times: Number.POSITIVE_INFINITY,
      answer: async ({ forward }) => {
        const answer = await forward();
        return { ...answer, headers: { ...answer.headers, "x-amzn-requestid": "stub" } };
      },
    });
    const before = proxy.requests.length;
    for (let n = 0; n < 20; n += 1) {
      expect((await project.get(key, { consistent: true }))?.data.name).toBe("one");
    }
    expect(proxy.requests.length - before).toBe(21);
  });

  test("rules: after, every, times and operations", async () => {
    proxy.inject({ fault: "emptyObject", operation: ["GetItem"], after: 1, every: 2, times: 2 });
    const { project } = behind(0);
    const ends: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      const get = project.get({ userId: "u1", projectId: "none" }, { consistent: true });
      ends.push(
        await get.then(
          () => "well",
          () => "badly",
        ),
      );
    }
    expect(ends).toEqual(["well", "badly", "well", "badly", "well", "well", "well"]);
    expect(proxy.counts.none).toEqual({ requests: 5, forwarded: 5, carriedOut: 5 });
  });

  test("random faults are a function of the seed", async () => {
    const run = async (seed: number) => {
      proxy.clear().random({ seed, rate: 0.5, faults: ["html403", "reset", "cutInBody"] });
      const { project } = behind(0);
      for (let n = 0; n < 20; n += 1) {
        await project.get({ userId: "u1", projectId: "none" }).catch(() => undefined);
      }
      return proxy.requests.map(({ fault, forwarded }) => [fault, forwarded]);
    };
    const first = await run(7);
    expect(new Set(first.map(([fault]) => fault)).size).toBe(4);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
  });

  test("an answer of one's own, with the engine's in it; undefined passes", async () => {
    const key = newKey();
    proxy.inject({
      times: 2,
      answer: async ({ operation, input, forward }) => {
        if (operation !== "GetItem") return undefined;
        expect(input.TableName).toBe(table.data.configuration.tableName);
        const { status, headers, body } = await forward();
        return { status, headers, body: body.replaceAll('"n"', '"other"') };
      },
    });
    const { project } = behind(0);
    expect((await project.put({ ...key, data })).data.name).toBe("n");
    expect((await project.get(key, { consistent: true }))?.data.name).toBe("other");
    expect(proxy.requests.map(({ fault }) => fault)).toEqual([undefined, "own"]);
  });

  test("an answer of one's own may be a fault by its name, or end its connection", async () => {
    const answers = ["reset", "cutInBody", "cut"] as const;
    const cut = { connection: "close", "content-length": "100", "x-amzn-requestid": "r" };
    let asked = 0;
    proxy.inject({
      operation: "UpdateItem",
      times: answers.length,
      answer: async () => {
        const answer = answers[asked];
        asked += 1;
        return answer === "cut" ? { status: 200, headers: cut, body: "{" } : answer;
      },
    });
    const { project } = behind(answers.length);
    expect((await project.put({ ...newKey(), data })).data.name).toBe("n");
    const writes = proxy.requests.filter(({ operation }) => operation === "UpdateItem");
    const noted = writes.map(({ fault, carriedOut }) => [fault, carriedOut]);
    expect(noted.slice(0, 3)).toEqual([
      ["reset", 0],
      ["cutInBody", 1],
      ["own", 0],
    ]);
  });

  test("dripInBody: the headers are there at once, and the body is what takes too long", async () => {
    const key = newKey();
    await table.data.project.put({ ...key, data });
    const { region, credentials } = table.data.engine;
    const { tableName } = table.data.configuration;
    const { project } = open[
      open.push(
        createDataLayer({
          ...{ environment: "development", endpoint: proxy.url, region, credentials, tableName },
          // For the headers it has patience, and between two bytes.
          requestHandler: new OrderlyHandler(
            { requestTimeout: 10_000 },
            { idleMs: 20_000, wholeMs: 500 },
          ),
          retry: { maxRetries: 0 },
        }),
      ) - 1
    ] as DataLayer;
    proxy.inject({ fault: "dripInBody", delayMs: 100_000 });
    const error = await failureOf(project.get(key, { consistent: true }), DynamoDBError);
    expect(String((error.cause as Error).message)).toContain("took longer than 500 ms");
  });

  test("a proxy before a proxy: faults over pages that are small", async () => {
    const { userId } = newKey();
    const ids = ["a", "b", "c", "d", "e"].map((id) => `page-${id}`);
    for (const projectId of ids) await table.data.project.put({ userId, projectId, data });
    const pages = proxy.inject({
      answer: ({ input, forward }) => forward({ ...input, Limit: 2 }),
      operation: "Query",
      times: Number.POSITIVE_INFINITY,
    });
    await using before = await startFaultProxy({ target: pages.url });
    before.inject({ fault: "cutInBody", operation: "Query", after: 1 });
    proxy = before;
    const found = await behind(3).project.query({ userId }, { limit: 100 });
    const own = found.items.map(({ projectId }) => projectId).filter((id) => ids.includes(id));
    expect(own).toEqual(ids);
    expect(before.requests.filter(({ fault }) => fault !== undefined)).toHaveLength(1);
    expect(pages.requests.length).toBeGreaterThan(3);
    expect(pages.counts).toEqual({
      own: expect.objectContaining({ requests: pages.requests.length }),
    });
    proxy = pages;
  });

  const wrong: [string, object, string][] = [
    ["no fault", {}, "either"],
    ["a fault and an answer", { fault: "reset", answer: async () => undefined }, "either"],
    ["an unknown fault", { fault: "rest" }, "fault must be one of"],
    ["an unknown option", { fault: "reset", time: 1 }, "did you mean"],
    ["an unknown operation", { fault: "reset", operation: "Put" }, "operation must be"],
    ["no operations", { fault: "reset", operation: [] }, "operation must be"],
    ["no times", { fault: "reset", times: 0 }, "times must be"],
    ["a part of after", { fault: "reset", after: 0.5 }, "after must be"],
    ["an endless every", { fault: "reset", every: Number.POSITIVE_INFINITY }, "every must be"],
    ["a delay of nothing", { fault: "slow", delayMs: Number.NaN }, "delayMs must be"],
    ["an answer that is none", { answer: "200" }, "answer must be"],
    ["a forward that is none", { fault: "reset", forward: 1 }, "forward must be"],
    ["a forward of the engine's answer", { fault: "slow", forward: true }, "forward is for"],
  ];
  test.each(wrong)("a rule with %s is refused", (_, rule, message) => {
    expect(() => proxy.inject(rule as never)).toThrow(message);
    expect(() => proxy.inject(rule as never)).toThrow(ConfigurationError);
  });

  test("random faults that could hit nothing are refused", () => {
    expect(() => proxy.random({ seed: 0.5, rate: 1 })).toThrow("seed must be");
    expect(() => proxy.random({ seed: 1, rate: 2 })).toThrow("rate must be");
    expect(() => proxy.random({ seed: 1, rate: 1, faults: [] })).toThrow("faults must be");
    expect(() => proxy.random({ seed: 1, rate: 1, times: 1 } as never)).toThrow(ConfigurationError);
  });

  test("requestTimeout408: the connection is closed behind the response", async () => {
    proxy.inject({ fault: "requestTimeout408" });
    const socket = connect(Number(new URL(proxy.url).port), "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    // The client asks for the connection to be kept.
    const head = "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: DynamoDB_20120810.GetItem\r\n";
    socket.write(`${head}content-length: 2\r\n\r\n{}`);
    await once(socket, "end");
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 408 /);
    socket.destroy();
  });

  test("close ends stalled connections, drops what is held, and frees the port", async () => {
    proxy.inject({ fault: "lateRequest", delayMs: 60_000 }).inject({ fault: "noAnswer" });
    const { project } = behind(0);
    await project.put({ ...newKey(), data }).catch(() => undefined);
    const stalled = project.put({ ...newKey(), data }).catch((error: unknown) => error);
    while (proxy.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await proxy.close();
    await proxy.close();
    await proxy.settled();
    expect(await stalled).toBeInstanceOf(DynamoDBError);
    const socket = connect(Number(new URL(proxy.url).port), "127.0.0.1");
    const refusal = await new Promise((resolve) => socket.once("error", resolve));
    expect(refusal).toMatchObject({ code: "ECONNREFUSED" });
  });
});
