/** dynalite: JavaScript, in this process and in memory, on any machine. */
import { EventEmitter } from "node:events";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigurationError } from "../../errors/configuration-error.js";
import { installed, load } from "../../runtime/installed.js";
import { attribute } from "../../table/table.js";
import { type Engine, engineAt } from "./contract.js";
import { loopback, portError } from "./ports.js";

/** The part of dynalite 4 that is used; dynalite has no types. */
type CreateServer = (options: {
  createTableMs: number;
  deleteTableMs: number;
  updateTableMs: number;
}) => Server;

/** Starts dynalite. Its data is lost at `close()`. */
export async function startDynalite(options: { port?: number }): Promise<Engine> {
  const file = installed("dynalite");
  if (file === null) {
    throw new ConfigurationError(
      "startEngine (dynalite): not installed. `npm install --save-dev dynalite@4`",
    );
  }
  const createServer = load(file) as CreateServer;
  const server = createServer({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  const inWork = survive(server);
  // DynamoDB keeps a connection for longer than Node's five seconds. On a busy machine a request would
  // meet the end of its connection, be sent twice, and be counted twice by a test.
  server.keepAliveTimeout = 0;
  // Lets a script exit even if it forgets to close it.
  server.on("connection", (socket) => socket.unref());
  server.unref();
  const { port } = await listen(server, options.port ?? 0);
  return engineAt(
    "dynalite",
    `http://${loopback}:${port}`,
    {
      transactions: false,
      timeToLive: false,
      streams: false,
      oldItemOnConditionFailure: true,
      durable: false,
    },
    () => stop(server, inWork),
  );
}

function listen(server: Server, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.ref();
    server.once("error", (error) => reject(portError(port, error)));
    server.listen({ port, host: loopback, exclusive: true }, () => {
      server.removeAllListeners("error");
      server.unref();
      resolve(server.address() as AddressInfo);
    });
  });
}

/**
 * The number of checks, and the ms between them, with which a close waits for requests in progress: 2
 * s in all.
 */
const mostLooks = 400;
const lookMs = 5;

/**
 * dynalite closes its database first. A request that is still in progress then throws an uncaught
 * error.
 */
async function stop(server: Server, inWork: ReadonlySet<unknown>): Promise<void> {
  server.closeAllConnections();
  for (let look = 0; inWork.size > 0 && look < mostLooks; look += 1) await sleep(lookMs);
  return new Promise((resolve, reject) => {
    // The event loop must not be empty while somebody awaits this.
    server.ref();
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}

/**
 * Keeps dynalite 4.0.0 from ending its process. It rethrows the error of a client that disconnects
 * while it sends (an abort, a time-out), and some malformed requests make its request handler throw.
 * So it is given complete requests only, and what it throws becomes a response with status 500.
 *
 * It also adds a feature of DynamoDB that dynalite lacks: the item in the response to a failed
 * condition.
 * @returns the requests that have no response yet
 */
function survive(server: Server): ReadonlySet<unknown> {
  const inWork = new Set<ServerResponse>();
  const [handle] = server.listeners("request") as RequestListener[];
  if (handle === undefined) return inWork;
  server.removeAllListeners("request");
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => response.destroy());
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      inWork.add(response);
      const answer = response.end.bind(response) as (...given: unknown[]) => ServerResponse;
      response.end = (...given: unknown[]) => {
        inWork.delete(response);
        return answer(...given);
      };
      try {
        tellOldItem(handle, request, body, response);
        hand(handle, request, request.headers, body, response);
      } catch (error) {
        answerFailure(response, error);
      }
    });
  });
  return inWork;
}

/** Gives dynalite a complete request. It uses no other part of a request than these. */
function hand(
  handle: RequestListener,
  { method, url }: IncomingMessage,
  headers: IncomingMessage["headers"],
  body: Buffer,
  response: object,
): void {
  const whole = Object.assign(new EventEmitter(), { method, url, headers });
  handle(whole as IncomingMessage, response as Parameters<RequestListener>[1]);
  whole.emit("data", body);
  whole.emit("end");
}

/**
 * Adds the item to the response to a failed condition, if `ReturnValuesOnConditionCheckFailure` asks
 * for it.
 */
function tellOldItem(
  handle: RequestListener,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): void {
  if (!body.includes('"ReturnValuesOnConditionCheckFailure":"ALL_OLD"')) return;
  const answer = response.end.bind(response);
  response.end = (text?: unknown) => {
    response.end = answer;
    if (!String(text).includes("ConditionalCheckFailedException")) return answer(text);
    const { TableName, Key, Item } = JSON.parse(body.toString());
    const { partitionKey, sortKey } = attribute;
    const key = Key ?? { [partitionKey]: Item[partitionKey], [sortKey]: Item[sortKey] };
    const headers = { ...request.headers, "x-amz-target": "DynamoDB_20120810.GetItem" };
    const get = Buffer.from(JSON.stringify({ TableName, Key: key, ConsistentRead: true }));
    const collected = {
      setHeader: () => collected,
      removeHeader: () => collected,
      end: (found: unknown) => {
        const whole = JSON.stringify({ ...JSON.parse(String(text)), ...JSON.parse(String(found)) });
        response.removeHeader("x-amz-crc32");
        response.setHeader("Content-Length", Buffer.byteLength(whole));
        answer(whole);
      },
    };
    hand(handle, request, headers, get, collected);
    return response;
  };
}

function answerFailure(response: ServerResponse, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  response.statusCode = 500;
  response.setHeader("Content-Type", "application/x-amz-json-1.0");
  response.end(
    JSON.stringify({
      __type: "com.amazonaws.dynamodb.v20120810#InternalServerError",
      message: `dynalite failed at this request: ${reason}`,
    }),
  );
}
