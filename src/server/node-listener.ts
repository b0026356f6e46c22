/** A handler for `node:http`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { optionNames, settingsOf } from "../call/options.js";
import { nameOf } from "../errors/words.js";
import type { DataHandler } from "./handler.js";
import { writeStream } from "./node-answer.js";

export interface NodeListenerOptions {
  /**
   * The server's own origin, such as `https://app.example.com`.
   * @default `http://` and the request's host
   */
  readonly origin?: string | undefined;
}

const listenerOptionNames = optionNames<NodeListenerOptions>({ origin: true });

/** The methods that a `Request` refuses to have. */
const unknownToFetch = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * A listener for `createServer` of `node:http` or `node:https`, and for frameworks that take one. A request
 * that the handler rejects, because `authenticate` threw, is answered with status 500, and ends in an `error`
 * event of its response; if nobody listens to that, in a warning of the process.
 * @example
 * createServer(toNodeListener(createDataHandler({ data, authenticate, expose }))).listen(3000);
 */
export function toNodeListener(
  handler: DataHandler<unknown>,
  given: NodeListenerOptions = {},
): (message: IncomingMessage, response: ServerResponse) => void {
  const { origin } = settingsOf("toNodeListener", given, listenerOptionNames);
  return (message, response) => {
    if (unknownToFetch.has(message.method ?? "")) {
      response.writeHead(405, { allow: "GET, POST, OPTIONS", "cache-control": "no-store" }).end();
      return;
    }
    respond(handler, origin, message, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { "cache-control": "no-store" });
      response.end();
      // Without a listener the event would end the process, for whoever can make it occur.
      if (response.listenerCount("error") > 0) response.emit("error", error);
      else process.emitWarning(`toNodeListener: a request failed: ${nameOf(error) ?? "Error"}`);
    });
  };
}

async function respond(
  handler: DataHandler<unknown>,
  origin: string | undefined,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  const request = requestOf(message, origin, gone.signal);
  const route = request.method === "OPTIONS" ? handler.OPTIONS : handler.POST;
  const answer = await route(request);
  // The rest of a body that was refused is not waited for.
  const headers = Object.fromEntries(answer.headers);
  const isWhole = message.complete;
  response.writeHead(answer.status, isWhole ? headers : { ...headers, connection: "close" });
  const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream");
  if (isStream && answer.body !== null) await writeStream(response, answer.body, gone.signal);
  else response.end(Buffer.from(await answer.arrayBuffer()));
}

function requestOf(
  message: IncomingMessage,
  origin: string | undefined,
  signal: AbortSignal,
): Request {
  const { method = "GET", url = "/", headers } = message;
  // HTTP/2 has the method and the address among its headers, which are none for the Fetch API.
  const given = Object.entries(headers)
    .filter(([name]) => !name.startsWith(":"))
    .flatMap(([name, value]) => [value ?? []].flat().map((one): [string, string] => [name, one]));
  const hasBody = method !== "GET" && method !== "HEAD";
  const init = {
    method,
    headers: given,
    signal,
    ...(hasBody && { body: Readable.toWeb(message) as ReadableStream, duplex: "half" as const }),
  };
  return new Request(addressOf(url, origin ?? `http://${headers.host}`), init);
}

/** The address of a request. A target of any other form than a path is no reason for another origin. */
function addressOf(url: string, origin: string): URL {
  const base = URL.canParse(origin) ? new URL(origin) : new URL("http://localhost");
  const path = url.startsWith("/") ? url : "/";
  const address = new URL(base.origin);
  const [pathname = "/", ...query] = path.split("?");
  address.pathname = pathname;
  address.search = query.join("?");
  return address;
}
