import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { OrderlyHandler } from "../../src/wire/request-handler.js";

const options = { connectionTimeout: 150, httpAgent: { keepAlive: true, maxSockets: 2 } };

/** A server that answers late, and counts what reaches it. */
async function startSlowly(delayMs: number) {
  const seen = { requests: 0, now: 0, most: 0 };
  const server = createServer((request, response) => {
    seen.requests += 1;
    seen.now += 1;
    seen.most = Math.max(seen.most, seen.now);
    request.resume();
    setTimeout(() => {
      seen.now -= 1;
      response.end("answer");
    }, delayMs);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port, seen, stop };
}

let server: Awaited<ReturnType<typeof startSlowly>>;
const handlers: NodeHttpHandler[] = [];
beforeEach(async () => {
  server = await startSlowly(60);
});
afterEach(() => {
  for (const handler of handlers.splice(0)) handler.destroy();
  server.stop();
});

function opened<H extends NodeHttpHandler>(handler: H): H {
  handlers.push(handler);
  return handler;
}

async function ask(handler: NodeHttpHandler, abortSignal?: AbortSignal): Promise<string> {
  const { port } = server;
  // What a handler reads of the SDK's request.
  const request = { protocol: "http:", hostname: "127.0.0.1", port, path: "/", headers: {} };
  const { response } = await handler.handle(request as never, abortSignal && { abortSignal });
  return text(response.body);
}

const askTen = (handler: NodeHttpHandler) =>
  Promise.allSettled(Array.from({ length: 10 }, () => ask(handler)));
const statuses = (outcomes: PromiseSettledResult<unknown>[]) =>
  new Set(outcomes.map(({ status }) => status));

test("a client that is busy for longer than the time-out of a connection fails nobody", async () => {
  // The SDK's own does: the waiting for a socket counts as connecting.
  const stock = await askTen(opened(new NodeHttpHandler(options)));
  expect(statuses(stock)).toEqual(new Set(["fulfilled", "rejected"]));

  const outcomes = await askTen(opened(new OrderlyHandler(options)));
  expect(statuses(outcomes)).toEqual(new Set(["fulfilled"]));
  expect(server.seen.most).toBeLessThanOrEqual(2);
});

test("who leaves while it waits is not sent, and takes no socket with it", async () => {
  const handler = opened(new OrderlyHandler(options));
  const controller = new AbortController();
  const first = [ask(handler), ask(handler)];
  const leaving = Array.from({ length: 8 }, () => ask(handler, controller.signal));
  const outcomes = Promise.allSettled(leaving);
  controller.abort();
  expect(statuses(await outcomes)).toEqual(new Set(["rejected"]));
  expect(await Promise.all(first)).toEqual(["answer", "answer"]);
  expect(server.seen.requests).toBe(2);
  expect(statuses(await askTen(handler))).toEqual(new Set(["fulfilled"]));
  expect(server.seen.most).toBe(2);
});

test("a request that fails gives its socket to the next", async () => {
  const handler = opened(new OrderlyHandler(options));
  const controllers = Array.from({ length: 6 }, () => new AbortController());
  const failing = controllers.map(({ signal }) => ask(handler, signal));
  const outcomes = Promise.allSettled(failing);
  while (server.seen.requests < 2) await new Promise((resolve) => setImmediate(resolve));
  for (const controller of controllers) controller.abort();
  expect(statuses(await outcomes)).toEqual(new Set(["rejected"]));
  expect(statuses(await askTen(handler))).toEqual(new Set(["fulfilled"]));
});

test("a handler that is destroyed ends those that wait, and sends nothing more", async () => {
  const handler = new OrderlyHandler(options);
  const outcomes = askTen(handler);
  while (server.seen.requests < 2) await new Promise((resolve) => setImmediate(resolve));
  handler.destroy();
  expect(statuses(await outcomes)).toEqual(new Set(["rejected"]));
  await expect(ask(handler)).rejects.toHaveProperty("name", "AbortError");
  expect(server.seen.requests).toBe(2);
});

test.each([
  ["requestTimeout", { requestTimeout: 20 }],
  ["socketTimeout", { socketTimeout: 20 }],
])("the limit %s is told in plain words (the SDK's handler named itself)", async (_, limit) => {
  server.stop();
  server = await startSlowly(500);
  const handler = opened(new OrderlyHandler({ ...options, ...limit }));
  await expect(ask(handler)).rejects.toMatchObject({
    name: "TimeoutError",
    message: "no response within 20 ms",
  });
});
