/** One HTTP request with calls in it, and the results in its response. */
import type { ClientSettings } from "./client-options.js";
import { errorOf } from "./errors.js";
import type { PendingCall } from "./pending.js";
import { parameter, version, type WireResponse, type WireResult } from "./protocol.js";
import { receivedError } from "./received-error.js";

/** The longest address of a GET: longer ones are refused by some servers on the way. */
const mostAddress = 2_000;

/** Statuses of what stands between the page and the handler, or of a handler that is not up. */
const passing = [408, 425, 429, 500, 502, 503, 504];

/** Why there are no results, and whether the same request may have some later. */
export class NoResults {
  readonly error: Error;
  readonly isPassing: boolean;
  /** Whether no server was reached. */
  readonly isOffline: boolean;

  constructor(error: Error, isPassing: boolean, isOffline = false) {
    this.error = error;
    this.isPassing = isPassing;
    this.isOffline = isOffline;
  }
}

/**
 * Sends calls. Reads go by GET where they fit into an address.
 * @param signal ends the request
 * @throws NoResults
 */
export async function exchange(
  settings: ClientSettings,
  calls: readonly PendingCall[],
  signal: AbortSignal,
): Promise<readonly WireResult[]> {
  const { url, fetch, headers, credentials, timeoutMs } = settings;
  const text = JSON.stringify({ v: version, calls: calls.map(({ wire }) => wire) });
  const isRead = calls.every(({ wire }) => wire.id === undefined);
  const address = `${url}${url.includes("?") ? "&" : "?"}${parameter}=${encodeURIComponent(text)}`;
  const isGet = isRead && address.length <= mostAddress;
  const limit = new AbortController();
  const abort = () => limit.abort();
  const timer = setTimeout(abort, timeoutMs);
  signal.addEventListener("abort", abort);
  for (const call of calls) call.isSent = true;
  let status = 0;
  const send = async () => {
    const own = typeof headers === "function" ? await headers() : headers;
    const response = await fetch(isGet ? address : url, {
      method: isGet ? "GET" : "POST",
      credentials,
      signal: limit.signal,
      headers: { ...own, ...(!isGet && { "content-type": "application/json" }) },
      ...(!isGet && { body: text }),
    });
    status = response.status;
    return resultsIn((await response.json()) as WireResponse, calls);
  };
  // A function of the page's may ignore its signal, or never return.
  const ended = new Promise<never>((_, reject) => {
    limit.signal.addEventListener("abort", () => reject(limit.signal.reason));
  });
  try {
    return await Promise.race([send(), ended]);
  } catch (error) {
    if (error instanceof NoResults) throw error;
    throw noAnswer(error, status, limit.signal.aborted);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

function resultsIn(body: WireResponse, calls: readonly PendingCall[]): readonly WireResult[] {
  if ("error" in body) throw new NoResults(receivedError(body.error, []), false);
  const { v, results } = body;
  const isWhole = results.length === calls.length && results.every(isResult);
  if (v === version && isWhole) return results;
  throw new Error("the response is none of a handler of this version");
}

function isResult(one: WireResult): boolean {
  const { error } = Object(one) as { readonly error?: unknown };
  return Object(error) === error || (Object(one) === one && "value" in one);
}

/** Whether a request was refused as a whole for what one of its calls may be the reason of. */
export function isForOne(failure: unknown): boolean {
  const { statusCode } = (failure instanceof NoResults ? failure.error : {}) as {
    readonly statusCode?: number;
  };
  return statusCode === 400 || statusCode === 413;
}

/** No response, or one that is not the handler's. */
function noAnswer(cause: unknown, status: number, isLate: boolean): NoResults {
  if (isLate) {
    const error = errorOf("TimeoutError", "TimeoutError", "no response in time", {
      cause,
      retryable: true,
    });
    return new NoResults(error, true);
  }
  // One of status 200 that cannot be read was cut off: what it answers may have been carried out.
  const isPassing = status === 0 || status === 200 || passing.includes(status);
  const message =
    status === 0
      ? "the server was not reached"
      : status === 200
        ? "the response cannot be read"
        : `the response has status ${status}`;
  const error = errorOf("DynamoDBError", status === 0 ? "NetworkingError" : undefined, message, {
    cause,
    retryable: isPassing,
    ...(status !== 0 && { statusCode: status }),
  });
  return new NoResults(error, isPassing, status === 0);
}
