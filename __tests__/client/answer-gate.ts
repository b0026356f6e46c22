/**
 * An HTTP server before an engine that holds answers back until a test lets them go: what comes before
 * what is then the test's decision, and no race.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

/** A request whose answer is held. */
export interface Held {
  readonly operation: string;
  readonly body: string;
  /** Whether the client has left: its connection is closed. */
  readonly isLeft: boolean;
  /** Asks the engine and hands its answer on. */
  release(): Promise<void>;
  /** Refuses it as DynamoDB does, or answers anything else in its place. */
  answer(status: number, body: string): void;
  /** Closes the connection in the middle of an answer. */
  cut(): void;
}

export interface Gate {
  readonly endpoint: string;
  /** The operations of all requests that are about the gate's matter, since the last `clear`. */
  readonly requests: readonly string[];
  /** What is held and was not yet asked for by `next`. */
  readonly held: readonly Held[];
  /** Connections that are open. */
  readonly open: number;
  /** Says of each request to come whether its answer is held. @param holds given its number of these, from 0 */
  hold(holds: (operation: string, index: number) => boolean): void;
  /** The next request that is held, as soon as it is there. */
  next(): Promise<Held>;
  /** Holds nothing any more, lets go what is held, and forgets the requests. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** An id is given once: an answer whose id its connection gave before is asked for again. */
const headers = () => ({
  "content-type": "application/x-amz-json-1.0",
  "x-amzn-requestid": randomUUID(),
});

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(2);
}

async function passed(request: IncomingMessage, body: string, engine: string) {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    const isHops = ["host", "connection", "content-length", "expect"].includes(name);
    if (typeof value === "string" && !isHops) own[name] = value;
  }
  const answer = await fetch(engine, { method: "POST", headers: own, body });
  return { status: answer.status, body: await answer.text() };
}

/**
 * @param engine the endpoint of the engine
 * @param about a text: requests without it are passed on and not counted
 */
export async function openGate(engine: string, about: string): Promise<Gate> {
  const requests: string[] = [];
  const held: Held[] = [];
  const sockets = new Set<Socket>();
  let isHeld: (operation: string, index: number) => boolean = () => false;
  let counted = 0;

  const pass = async (request: IncomingMessage, body: string, response: ServerResponse) => {
    const answer = await passed(request, body, engine);
    response.writeHead(answer.status, headers()).end(answer.body);
  };
  const server = createServer(async (request, response) => {
    const target = String(request.headers["x-amz-target"]);
    const operation = target.slice(target.lastIndexOf(".") + 1);
    const body = await text(request).catch(() => undefined);
    // The client left before it was there.
    if (body === undefined) return;
    const isMeant = body.includes(about);
    if (isMeant) requests.push(operation);
    const hold = isMeant && isHeld(operation, counted);
    if (isMeant) counted += 1;
    if (!hold) return void (await pass(request, body, response));
    let isLeft = false;
    response.once("close", () => {
      isLeft = !response.writableFinished;
    });
    held.push({
      operation,
      body,
      get isLeft() {
        return isLeft;
      },
      release: () => pass(request, body, response),
      answer: (status, text) => void response.writeHead(status, headers()).end(text),
      cut: () => {
        response.writeHead(200, { ...headers(), "content-length": 1_000 });
        response.write('{"Item":{', () => response.destroy());
      },
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    held,
    get open() {
      return sockets.size;
    },
    hold: (holds) => {
      counted = 0;
      isHeld = holds;
    },
    next: async () => {
      await until(() => held.length > 0);
      return held.shift() as Held;
    },
    clear: async () => {
      isHeld = () => false;
      await Promise.all(held.splice(0).map((one) => one.release()));
      requests.length = 0;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
