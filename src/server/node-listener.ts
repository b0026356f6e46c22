/** A handler for `node:http`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { optionNames, settingsOf } from "../call/options.js";
import type { DataHandler } from "./handler.js";

export interface NodeListenerOptions {
  /**
   * The server's own origin, such as `https://app.example.com`.
   * @default `http://` and the request's host
   */
  readonly origin?: string | undefined;
}

const listenerOptionNames = optionNames<NodeListenerOptions>({ origin: true });

/**
 * A listener for `createServer` of `node:http` or `node:https`, and for frameworks that take one. A request
 * that the handler rejects is answered with status 500, and ends in an `error` event of its response.
 * @example
 * createServer(toNodeListener(createDataHandler({ data, authenticate, expose }))).listen(3000);
 */
export function toNodeListener(
  handler: DataHandler<unknown>,
  given: NodeListenerOptions = {},
): (message: IncomingMessage, response: ServerResponse) => void {
  const { origin } = settingsOf("toNodeListener", given, listenerOptionNames);
  return (message, response) => {
    respond(handler, origin, message, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { "cache-control": "no-store" });
      response.end();
      response.emit("error", error);
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
  response.end(Buffer.from(await answer.arrayBuffer()));
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
