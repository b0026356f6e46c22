/**
 * Sends requests without the SDK's pipeline, which costs three times what the request itself does. There
 * is one way: the first request of each operation is the SDK's, and shows what its requests are like.
 * Those after it differ in body, time and signature alone, as long as the credentials are the same.
 * Whatever is not known here goes the SDK's way.
 */
import type { Buffer } from "node:buffer";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { ofResponse, type Post } from "../wire/exchange.js";
import { OrderlyHandler } from "../wire/request-handler.js";
import { type Identity, RequestTemplate, type SignedRequest } from "../wire/request-template.js";
import { traceHeaders } from "../wire/trace.js";
import { variables } from "./config.js";
import { namesArn } from "./operations.js";
import { lowerNamed, type Response, type ResponseContext, readText } from "./protocol.js";

/** By how many ms the service's clock may differ before it is learnt again. */
const mostSkewMs = 60_000;

/** From how many ms on, a century, a date that a response had was no service's. */
const mostOffsetMs = 3e12;

/** Whose credentials sign. */
interface Signing {
  readonly credentials: () => Promise<Identity>;
}

/** What is read of the SDK's configuration. */
interface SdkConfig extends ResponseContext {
  /** By how many ms the service's clock is ahead; the SDK learns it. */
  systemClockOffset: number;
  /** Whether the SDK signs by this machine's clock all the same. */
  readonly disableClockSkewCorrection?: () => Promise<boolean | undefined>;
  /** Whether the endpoint was given. */
  readonly isCustomEndpoint?: boolean;
  /** Whether the SDK asks DynamoDB for its endpoint again and again. */
  readonly endpointDiscoveryEnabled?: () => Promise<boolean | undefined>;
}

/** A response, whose body has been read. */
export interface ReadResponse extends Response {
  readonly body: string | Buffer;
}

export class DirectPath {
  readonly #templates = new Map<string, RequestTemplate>();
  readonly #signing: Signing;
  readonly #config: SdkConfig;
  readonly #handler: DynamoDBClient["config"]["requestHandler"];
  readonly #isLambda = Boolean(variables().AWS_LAMBDA_FUNCTION_NAME);
  /** The last date that a response had. It changes once a second. */
  #date: string | undefined;
  #like: SignedRequest | undefined;

  /**
   * @param stock the configuration of the client that signs
   * @param config the configuration of the client that sends
   */
  constructor(stock: DynamoDBClient["config"], config: SdkConfig) {
    this.#signing = stock as unknown as Signing;
    this.#handler = stock.requestHandler;
    this.#config = config;
  }

  /** Whether requests of an operation can be sent. */
  knows(operation: string): boolean {
    return this.#templates.has(operation);
  }

  /** Learns from a request that the SDK has signed. */
  learn(signed: SignedRequest): void {
    const [, operation] = (signed.headers["x-amz-target"] ?? "").split(".");
    if (operation === undefined || this.knows(operation)) return;
    this.#adopt(operation, signed).catch(() => {
      // The SDK has asked for the same before this request, and told what was wrong.
    });
  }

  async #adopt(operation: string, signed: SignedRequest): Promise<void> {
    const { isCustomEndpoint = false, endpointDiscoveryEnabled } = this.#config;
    // As the SDK does: a given endpoint is never asked for, and the setting may have to be read from a file.
    if (!isCustomEndpoint && (await endpointDiscoveryEnabled?.())) return;
    if (await this.#config.disableClockSkewCorrection?.()) return;
    // Its host may be that of another account.
    if (typeof signed.body !== "string" || namesArn(JSON.parse(signed.body) as object)) return;
    const template = RequestTemplate.of(signed, await this.#signing.credentials());
    if (template === undefined) return;
    this.#templates.set(operation, template);
    const prototype = Object.getPrototypeOf(signed) as object;
    this.#like = Object.assign(Object.create(prototype), signed, { headers: {}, body: "" });
  }

  /** Whose signature a request gets. @throws what the credentials provider throws */
  identity(): Promise<Identity> {
    return this.#signing.credentials();
  }

  /**
   * A request, signed for now.
   * @returns `undefined` if the SDK has to send it
   */
  prepare(operation: string, text: string, identity: Identity): Post | undefined {
    const template = this.#templates.get(operation);
    if (template?.isOf(identity) !== true) this.#templates.clear();
    else {
      const trace = traceHeaders(this.#isLambda, variables());
      const { systemClockOffset: offset } = this.#config;
      const now = Date.now() + (Math.abs(offset) < mostOffsetMs ? offset : 0);
      if (trace) return template.fill(text, now, trace);
    }
    return undefined;
  }

  /** @throws what the request handler throws */
  send(post: Post, signal: AbortSignal | undefined): Promise<ReadResponse> {
    return isOwn(this.#handler) ? this.#handler.post(post, signal) : this.#handed(post, signal);
  }

  /** Sends by a handler of the application's. */
  async #handed(post: Post, signal: AbortSignal | undefined): Promise<ReadResponse> {
    const { handle } = this.#handler as Pick<NodeHttpHandler, "handle">;
    const like = this.#like as object;
    // Handlers, and what is around them, recognise a request of the SDK's by its class.
    const request = Object.assign(
      Object.create(Object.getPrototypeOf(like)),
      like,
      { query: {} },
      post,
    );
    const options = signal ? { abortSignal: signal } : {};
    const { response } = await handle.call(this.#handler as NodeHttpHandler, request, options);
    const { statusCode } = response;
    const headers = lowerNamed(response.headers);
    try {
      return { statusCode, headers, body: await readText(this.#config, response.body) };
    } catch (error) {
      throw ofResponse(error, statusCode);
    }
  }

  /**
   * Learns the service's clock from the headers of a response. The SDK does so from each response; here it is
   * learnt once it matters.
   */
  learnClock({ date, age }: Readonly<Record<string, string>>): void {
    if (date === undefined || date === this.#date || age !== undefined) return;
    this.#date = date;
    const offset = Date.parse(date) - Date.now();
    const isOff = Math.abs(offset - this.#config.systemClockOffset) > mostSkewMs;
    if (isOff) this.#config.systemClockOffset = offset;
  }
}

const { handle: ownHandle } = OrderlyHandler.prototype;
const { handle: sdkHandle } = NodeHttpHandler.prototype;

/** Whether it is this package's handler, and neither a class nor a spy changes how it sends. */
function isOwn(handler: object): handler is OrderlyHandler {
  return (
    handler instanceof OrderlyHandler &&
    handler.handle === ownHandle &&
    NodeHttpHandler.prototype.handle === sdkHandle
  );
}
