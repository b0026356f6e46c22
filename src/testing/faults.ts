/** Faults between the SDK and the engine, at the level of HTTP, for any data layer. */

import { Readable } from "node:stream";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { ConfigurationError } from "../errors.js";

/** What can go wrong. */
export type Fault =
  /** DynamoDB answers 400 ProvisionedThroughputExceededException. */
  | "throttle"
  /** No answer comes: the request times out. */
  | "timeout"
  /** The connection is reset before the engine sees the request. */
  | "connectionReset"
  /** DynamoDB answers 500 InternalServerError. */
  | "serverError"
  /** Half of a batch (rounded up, at least one) comes back unprocessed; other requests pass. */
  | "partialUnprocessed";

/** DynamoDB's operations that a data layer sends. */
const operations = [
  "GetItem",
  "PutItem",
  "UpdateItem",
  "DeleteItem",
  "Query",
  "Scan",
  "BatchGetItem",
  "BatchWriteItem",
  "TransactGetItems",
  "TransactWriteItems",
  "CreateTable",
  "DescribeTable",
  "DeleteTable",
  "UpdateTimeToLive",
] as const;

/** A fault, for which requests, and how often. */
export interface FaultRule {
  readonly fault: Fault;
  /** DynamoDB's operation. @default all that the fault can hit */
  readonly operation?: (typeof operations)[number] | undefined;
  /** How many requests it hits; `Infinity` for all. @default 1 */
  readonly times?: number | undefined;
  /** How many matching requests pass before. @default 0 */
  readonly after?: number | undefined;
}

/** A request as it reached the handler. */
export interface ObservedRequest {
  readonly operation: string;
  /** The fault that hit it. */
  readonly fault: Fault | undefined;
  /**
   * What was sent, with DynamoDB's attribute values (`{ S: "USER#u1" }`). Not enumerable, so that a
   * list of requests compares by operation and fault.
   */
  readonly input: Readonly<Record<string, unknown>>;
}

const kinds: readonly Fault[] = [
  "throttle",
  "timeout",
  "connectionReset",
  "serverError",
  "partialUnprocessed",
];

/** Where the answer to a batch names what was left. */
const unprocessedField: Readonly<Record<string, string>> = {
  BatchGetItem: "UnprocessedKeys",
  BatchWriteItem: "UnprocessedItems",
};

type HandlerRequest = Parameters<NodeHttpHandler["handle"]>[0];
type HandlerAnswer = Awaited<ReturnType<NodeHttpHandler["handle"]>>;

/**
 * A request handler that fails on demand: give it to `createDataLayer({ requestHandler })`. Every
 * HTTP request is in `requests`, so it counts them too.
 */
export class FaultyRequestHandler {
  /** Every HTTP request since the start or the last `clear()`. */
  readonly requests: ObservedRequest[] = [];
  readonly metadata = { handlerProtocol: "http/1.1" };
  private rules: { rule: FaultRule; passed: number; hits: number }[] = [];
  private readonly inner: NodeHttpHandler;

  constructor(inner: NodeHttpHandler = new NodeHttpHandler({ httpAgent: { maxSockets: 128 } })) {
    this.inner = inner;
  }

  /** The names of `requests`, in order: `expect(wire.operations).toEqual(["Query"])`. */
  get operations(): string[] {
    return this.requests.map(({ operation }) => operation);
  }

  /**
   * Adds a fault. The first rule that matches a request hits it.
   * @throws ConfigurationError for a rule that could hit nothing
   */
  inject(rule: FaultRule): this {
    const { fault, operation, times = 1, after = 0 } = rule;
    if (!kinds.includes(fault)) {
      throw new ConfigurationError(`fault must be one of ${kinds.join(", ")}`);
    }
    const possible = fault === "partialUnprocessed" ? Object.keys(unprocessedField) : operations;
    if (operation !== undefined && !possible.includes(operation)) {
      throw new ConfigurationError(`operation of ${fault} must be one of ${possible.join(", ")}`);
    }
    if (!((Number.isInteger(times) && times >= 1) || times === Number.POSITIVE_INFINITY)) {
      throw new ConfigurationError("times must be an integer from 1, or Infinity");
    }
    if (!(Number.isInteger(after) && after >= 0)) {
      throw new ConfigurationError("after must be an integer from 0");
    }
    this.rules.push({ rule, passed: 0, hits: 0 });
    return this;
  }

  /** Takes all faults away and forgets the requests. */
  clear(): this {
    this.rules = [];
    this.requests.length = 0;
    return this;
  }

  async handle(
    request: HandlerRequest,
    options?: Parameters<NodeHttpHandler["handle"]>[1],
  ): Promise<HandlerAnswer> {
    const target = request.headers["x-amz-target"] ?? "";
    const operation = target.slice(target.lastIndexOf(".") + 1);
    const fault = this.faultFor(operation);
    this.requests.push(observed(operation, fault, request));
    switch (fault) {
      case "throttle":
        return failure(
          400,
          "ProvisionedThroughputExceededException",
          "The level of configured provisioned throughput was exceeded",
        );
      case "serverError":
        return failure(500, "InternalServerError", "Internal server error");
      case "timeout":
        throw Object.assign(new Error("socket hang up: no answer in time"), {
          name: "TimeoutError",
          code: "ETIMEDOUT",
        });
      case "connectionReset":
        throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
      case "partialUnprocessed":
        return this.partially(request, operation, options);
      default:
        return this.inner.handle(request, options);
    }
  }

  destroy(): void {
    this.inner.destroy();
  }

  updateHttpClientConfig(...change: Parameters<NodeHttpHandler["updateHttpClientConfig"]>): void {
    this.inner.updateHttpClientConfig(...change);
  }

  httpHandlerConfigs(): ReturnType<NodeHttpHandler["httpHandlerConfigs"]> {
    return this.inner.httpHandlerConfigs();
  }

  private faultFor(operation: string): Fault | undefined {
    for (const state of this.rules) {
      const { rule } = state;
      if (rule.operation !== undefined && rule.operation !== operation) continue;
      if (rule.fault === "partialUnprocessed" && !(operation in unprocessedField)) continue;
      if (state.passed < (rule.after ?? 0)) {
        state.passed += 1;
        continue;
      }
      if (state.hits >= (rule.times ?? 1)) continue;
      state.hits += 1;
      return rule.fault;
    }
    return undefined;
  }

  /** Sends the first half of a batch on, and answers with the rest as unprocessed. */
  private async partially(
    request: HandlerRequest,
    operation: string,
    options?: Parameters<NodeHttpHandler["handle"]>[1],
  ): Promise<HandlerAnswer> {
    const field = unprocessedField[operation];
    if (field === undefined) return this.inner.handle(request, options);
    const body = JSON.parse(textOf(request)) as { RequestItems: Record<string, Batch> };
    const sent: Record<string, Batch> = {};
    const kept: Record<string, Batch> = {};
    for (const [table, batch] of Object.entries(body.RequestItems)) {
      const [first, rest] = halves(batch);
      if (sizeOf(first) > 0) sent[table] = first;
      kept[table] = rest;
    }
    if (Object.keys(sent).length === 0) return success({ Responses: {}, [field]: kept });
    const text = JSON.stringify({ ...body, RequestItems: sent });
    // A copy keeps the class's methods; the engines check no signature.
    const half = Object.assign(Object.create(Object.getPrototypeOf(request)), request, {
      body: text,
      headers: { ...request.headers, "content-length": String(Buffer.byteLength(text)) },
    }) as HandlerRequest;
    const { response } = await this.inner.handle(half, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response.body as Readable) chunks.push(Buffer.from(chunk as Buffer));
    const answer = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    if (response.statusCode !== 200) return jsonAnswer(response.statusCode, answer);
    // The engine may have left some too: an answer is cut at 16 MB.
    for (const [table, batch] of Object.entries((answer[field] ?? {}) as Record<string, Batch>)) {
      kept[table] = both(batch, kept[table]);
    }
    return success({ ...answer, [field]: kept });
  }
}

/** The body as text. The SDK's own is bytes that warn on the console when one takes them for text. */
function textOf({ body }: HandlerRequest): string {
  return typeof body === "string" ? body : new TextDecoder().decode(body as Uint8Array);
}

function observed(
  operation: string,
  fault: Fault | undefined,
  request: HandlerRequest,
): ObservedRequest {
  let input: Record<string, unknown> | undefined;
  // Read when it is asked for: most tests count only.
  const get = () => {
    input ??= JSON.parse(textOf(request)) as Record<string, unknown>;
    return input;
  };
  return Object.defineProperty({ operation, fault }, "input", { get }) as ObservedRequest;
}

type Batch = unknown[] | { Keys: unknown[] };

function sizeOf(batch: Batch): number {
  return Array.isArray(batch) ? batch.length : batch.Keys.length;
}

function halves(batch: Batch): [Batch, Batch] {
  const middle = Math.floor(sizeOf(batch) / 2);
  if (Array.isArray(batch)) return [batch.slice(0, middle), batch.slice(middle)];
  return [
    { ...batch, Keys: batch.Keys.slice(0, middle) },
    { ...batch, Keys: batch.Keys.slice(middle) },
  ];
}

function both(batch: Batch, more: Batch | undefined): Batch {
  if (more === undefined) return batch;
  if (Array.isArray(batch)) return Array.isArray(more) ? [...batch, ...more] : batch;
  return Array.isArray(more) ? batch : { ...batch, Keys: [...batch.Keys, ...more.Keys] };
}

function success(body: object): HandlerAnswer {
  return jsonAnswer(200, body);
}

function failure(statusCode: number, name: string, message: string): HandlerAnswer {
  return jsonAnswer(statusCode, { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message });
}

function jsonAnswer(statusCode: number, body: object): HandlerAnswer {
  const response = {
    statusCode,
    headers: { "content-type": "application/x-amz-json-1.0" },
    body: Readable.from([Buffer.from(JSON.stringify(body))]),
  };
  // The SDK asks of a response what it has, not which class it is.
  return { response: response as HandlerAnswer["response"] };
}

/** A request handler with faults: `createTestDataLayer({ requestHandler: faults({ fault: "throttle" }) })`. */
export function faults(...rules: readonly FaultRule[]): FaultyRequestHandler {
  const handler = new FaultyRequestHandler();
  for (const rule of rules) handler.inject(rule);
  return handler;
}
