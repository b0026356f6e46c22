/** Faults between the SDK and the engine, at the level of HTTP, for any data layer. */
import type { NodeHttpHandler } from "@smithy/node-http-handler";
import { OrderlyHandler } from "../wire/request-handler.js";
import { type HandlerAnswer, type HandlerRequest, textOf } from "./faults/exchange.js";
import { type Fault, kinds } from "./faults/kinds.js";
import {
  countedRule,
  type FaultRule,
  type RandomFaults,
  type Rule,
  randomRule,
} from "./faults/rules.js";

export type { Fault } from "./faults/kinds.js";
export type { FaultRule, RandomFaults } from "./faults/rules.js";

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

type HandlerOptions = Parameters<NodeHttpHandler["handle"]>[1];

/**
 * A request handler that fails on demand, for `createDataLayer({ requestHandler })`. `requests` holds
 * every HTTP request, so it can also be used to count them.
 */
export class FaultyRequestHandler {
  /** Every HTTP request since the start or the last `clear()`. */
  readonly requests: ObservedRequest[] = [];
  readonly metadata = { handlerProtocol: "http/1.1" };
  private rules: Rule[] = [];
  private readonly given: NodeHttpHandler | undefined;
  private inner: NodeHttpHandler;

  constructor(inner?: NodeHttpHandler) {
    this.given = inner;
    this.inner = inner ?? ownHandler();
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
    this.rules.push(countedRule(rule));
    return this;
  }

  /**
   * Adds faults that hit a share of the requests. Which fault, if any, hits the n-th request that no
   * earlier rule hits depends only on the seed: a run that sends the same requests in the same order
   * meets the same faults.
   * @throws ConfigurationError for a rule that could hit nothing
   */
  random(faults: RandomFaults): this {
    this.rules.push(randomRule(faults));
    return this;
  }

  /** Removes all faults and forgets the requests. */
  clear(): this {
    this.rules = [];
    this.requests.length = 0;
    return this;
  }

  async handle(request: HandlerRequest, options?: HandlerOptions): Promise<HandlerAnswer> {
    const target = request.headers["x-amz-target"] ?? "";
    const operation = target.slice(target.lastIndexOf(".") + 1);
    const hit = this.hitOf(operation);
    this.requests.push(observed(operation, hit?.fault, request));
    const send = (sent: HandlerRequest) => this.inner.handle(sent, options);
    if (hit === undefined) return send(request);
    // The SDK's type also allows a signal of its own, from before AbortSignal existed.
    const signal = options?.abortSignal as AbortSignal | undefined;
    return kinds[hit.fault].answer({ operation, request, delayMs: hit.delayMs, signal, send });
  }

  /**
   * Ends the requests in progress. Data layers may share a handler: for the others it keeps working.
   */
  destroy(): void {
    this.inner.destroy();
    this.inner = this.given ?? ownHandler();
  }

  updateHttpClientConfig(...change: Parameters<NodeHttpHandler["updateHttpClientConfig"]>): void {
    this.inner.updateHttpClientConfig(...change);
  }

  httpHandlerConfigs(): ReturnType<NodeHttpHandler["httpHandlerConfigs"]> {
    return this.inner.httpHandlerConfigs();
  }

  private hitOf(operation: string): ReturnType<Rule> {
    for (const rule of this.rules) {
      const hit = rule(operation);
      if (hit !== undefined) return hit;
    }
    return undefined;
  }
}

function ownHandler(): NodeHttpHandler {
  return new OrderlyHandler({ httpAgent: { maxSockets: 128 } });
}

function observed(
  operation: string,
  fault: Fault | undefined,
  request: HandlerRequest,
): ObservedRequest {
  let input: Record<string, unknown> | undefined;
  // Decoded on first access, because most tests only count.
  const get = () => {
    input ??= JSON.parse(textOf(request)) as Record<string, unknown>;
    return input;
  };
  return Object.defineProperty({ operation, fault }, "input", { get }) as ObservedRequest;
}

/** A request handler with faults: `createTestDataLayer({ requestHandler: faults({ fault: "throttle" }) })`. */
export function faults(...rules: readonly FaultRule[]): FaultyRequestHandler {
  const handler = new FaultyRequestHandler();
  for (const rule of rules) handler.inject(rule);
  return handler;
}

/** A request handler with a seeded share of faults: `faults.random({ seed: 1, rate: 0.05 })`. */
faults.random = (random: RandomFaults): FaultyRequestHandler =>
  new FaultyRequestHandler().random(random);
