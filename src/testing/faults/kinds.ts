/** What can go wrong, and how. */
import { alteredBody, corruptBody, cutBody, silentlyCutBody } from "./bodies.js";
import { skewed } from "./clock-skew.js";
import {
  type Exchange,
  failure,
  type HandlerAnswer,
  socketError,
  type WholeAnswer,
  wholeAnswer,
} from "./exchange.js";
import { batchOperations, halfOfBatch } from "./partial-batch.js";
import {
  cancelledByThrottle,
  conflict,
  conflictOperations,
  transactionOperations,
} from "./transactions.js";

/** What can go wrong. */
export type Fault =
  // ---- The engine never sees the request.
  /** DynamoDB answers 400 ProvisionedThroughputExceededException. */
  | "throttle"
  /** DynamoDB answers 400 ThrottlingException: the table's or the account's control plane. */
  | "throttlingException"
  /** DynamoDB answers 400 RequestLimitExceeded: the account's limit. */
  | "requestLimitExceeded"
  /**
   * A transaction is cancelled because items are throttled: ThrottlingError,
   * ProvisionedThroughputExceeded.
   */
  | "transactionThrottle"
  /**
   * Another transaction holds an item: a reason in a transaction, TransactionConflictException for a
   * write.
   */
  | "transactionConflict"
  /** No response arrives: the request times out. */
  | "timeout"
  /** The connection is reset. */
  | "connectionReset"
  /** The host's name is not found: ENOTFOUND. */
  | "dnsFailure"
  /** The name server does not answer: EAI_AGAIN. */
  | "dnsTimeout"
  /** DynamoDB answers 500 InternalServerError. */
  | "serverError"
  /** DynamoDB answers 503 ServiceUnavailable. */
  | "serviceUnavailable"
  /**
   * The service's clock is ten minutes ahead. It refuses a signature with another time with
   * InvalidSignatureException and reports its own time; a signature with that time passes.
   */
  | "clockSkew"
  // ---- The engine has carried the request out.
  /** Half of a batch (rounded up, at least one) comes back unprocessed; other requests pass. */
  | "partialUnprocessed"
  /** The response arrives `delayMs` late. */
  | "slow"
  /** The connection is reset before the response arrives. */
  | "answerLost"
  /** DynamoDB answers 500 InternalServerError all the same. */
  | "serverErrorAfter"
  /** The connection is closed in the middle of a response with an announced length. */
  | "bodyCut"
  /** The same without an announced length: half a response that looks complete. */
  | "bodyCutSilently"
  /** A byte of the response is changed, and it is no longer JSON. */
  | "bodyCorrupt"
  /**
   * A byte of the response is changed. It is still JSON, and only the `x-amz-crc32` header shows the
   * change. The AWS SDK for JavaScript (3.1162) does not check it, and neither does this package,
   * because TLS does. Not among the random faults.
   */
  | "bodyAltered";

interface Kind {
  /** The operations that it can hit. @default all */
  readonly operations?: readonly string[];
  answer(exchange: Exchange): HandlerAnswer | Promise<HandlerAnswer>;
}

const throttled = "The level of configured provisioned throughput was exceeded";
const serverError = () => failure(500, "InternalServerError", "Internal server error");
const reset = () => socketError("read ECONNRESET", "ECONNRESET");

export const kinds: Readonly<Record<Fault, Kind>> = {
  throttle: {
    answer: () => failure(400, "ProvisionedThroughputExceededException", throttled),
  },
  throttlingException: {
    answer: () => failure(400, "ThrottlingException", "Rate of requests exceeds the allowed one"),
  },
  requestLimitExceeded: {
    answer: () =>
      failure(400, "RequestLimitExceeded", "Throughput exceeds the limit of your account"),
  },
  transactionThrottle: { operations: transactionOperations, answer: cancelledByThrottle },
  transactionConflict: { operations: conflictOperations, answer: conflict },
  timeout: {
    answer: () => {
      throw socketError("socket hang up: no answer in time", "ETIMEDOUT", "TimeoutError");
    },
  },
  connectionReset: {
    answer: () => {
      throw reset();
    },
  },
  dnsFailure: {
    answer: () => {
      throw socketError("getaddrinfo ENOTFOUND", "ENOTFOUND");
    },
  },
  dnsTimeout: {
    answer: () => {
      throw socketError("getaddrinfo EAI_AGAIN", "EAI_AGAIN");
    },
  },
  serverError: { answer: serverError },
  serviceUnavailable: {
    answer: () => failure(503, "ServiceUnavailable", "Service is unavailable, try again later"),
  },
  clockSkew: { answer: skewed },
  partialUnprocessed: { operations: batchOperations, answer: halfOfBatch },
  slow: {
    answer: async (exchange) => {
      const answer = await exchange.send(exchange.request);
      await delay(exchange);
      return answer;
    },
  },
  answerLost: {
    answer: async (exchange) => {
      await carriedOut(exchange);
      throw reset();
    },
  },
  serverErrorAfter: {
    answer: async (exchange) => {
      await carriedOut(exchange);
      return serverError();
    },
  },
  bodyCut: { answer: async (exchange) => cutBody(await carriedOut(exchange)) },
  bodyCutSilently: { answer: async (exchange) => silentlyCutBody(await carriedOut(exchange)) },
  bodyCorrupt: { answer: async (exchange) => corruptBody(await carriedOut(exchange)) },
  bodyAltered: { answer: async (exchange) => alteredBody(await carriedOut(exchange)) },
};

/** Every fault. */
export const faultNames = Object.keys(kinds) as Fault[];

async function carriedOut({ request, send }: Exchange): Promise<WholeAnswer> {
  return wholeAnswer(await send(request));
}

/** Waits, or throws as the SDK's handler does if the call is aborted. */
function delay({ delayMs, signal }: Exchange): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(Object.assign(new Error("Request aborted"), { name: "AbortError" }));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, delayMs);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}
