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

/** In seconds. */
function retryAfter(status: number): Headers {
  return status === 503 ? { "retry-after": "1" } : {};
}

/** What a browser asks before a page of a listed origin sends JSON. */
export function preflightResponse(origin: string | undefined): Response {
  const allowed: Headers =
    origin === undefined
      ? {}
      : {
          "access-control-allow-methods": "GET, POST",
          "access-control-allow-headers": "content-type",
          "access-control-max-age": "600",
        };
  const headers = { allow: "GET, POST, OPTIONS", ...readableFor(origin), ...allowed };
  return new Response(null, { status: 204, headers });
}
