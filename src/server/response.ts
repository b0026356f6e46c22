/** The handler's responses. */
import { version, type WireResponse, type WireResult } from "../browser/protocol.js";
import type { Refused } from "./refused.js";
import { toldError } from "./told-error.js";

type Headers = Readonly<Record<string, string>>;

/** No cache keeps a user's data, no browser takes JSON for a page, and no other site's page embeds it. */
const always: Headers = {
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
};

function respond(body: WireResponse, status: number, headers: Headers): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...always, ...headers } });
}

/** What the pages of a listed origin need to read a response. */
export function readableFor(origin: string | undefined): Headers {
  if (origin === undefined) return { vary: "origin" };
  return {
    vary: "origin",
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
  };
}

/** The results of the calls. The status is that of the error if there is one call, and it failed. */
export function resultsResponse(results: readonly WireResult[], headers: Headers): Response {
  const [first] = results;
  const isOne = results.length === 1 && first !== undefined && "error" in first;
  const status = isOne ? first.error.status : 200;
  return respond({ v: version, results }, status, { ...headers, ...retryAfter(status) });
}

export function refusedResponse(refused: Refused, headers: Headers): Response {
  const { error, status } = refused;
  const own = { ...headers, ...refused.headers };
  return respond({ error: { ...toldError(error), status } }, status, own);
}

/** Something failed that is no call: nothing is told of it. */
export function failedResponse(headers: Headers): Response {
  return respond({ error: toldError(undefined) }, 500, headers);
}

/** A stream of changes. A proxy that gathers or compresses it would hold it back. */
export function streamResponse(stream: ReadableStream<Uint8Array>, headers: Headers): Response {
  const own = {
    ...always,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  };
  return new Response(stream, { status: 200, headers: { ...own, ...headers } });
}

/** In seconds. */
function retryAfter(status: number): Headers {
  return status === 503 ? { "retry-after": "1" } : {};
}

/** The form of a header's name, and the most characters of a list of them that is answered. */
const headerName = /^[\w!#$%&'*+.^`|~-]+$/;
const mostNames = 1_000;

/**
 * What a browser asks before a page of a listed origin sends JSON. Every header that it asks for is allowed:
 * an application may know its users by any of them.
 */
export function preflightResponse(request: Request, origin: string | undefined): Response {
  const asked = request.headers.get("access-control-request-headers") ?? "";
  const names = asked
    .slice(0, mostNames)
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => headerName.test(name));
  const allowed: Headers =
    origin === undefined
      ? {}
      : {
          "access-control-allow-methods": "GET, POST",
          "access-control-allow-headers": [...new Set(["content-type", ...names])].join(", "),
          "access-control-max-age": "600",
        };
  const headers = {
    allow: "GET, POST, OPTIONS",
    ...readableFor(origin),
    ...allowed,
    vary: "origin, access-control-request-headers",
  };
  return new Response(null, { status: 204, headers });
}
