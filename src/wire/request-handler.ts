/** The SDK's request handler, with its faults under load and at its end mended. */
import { type AgentOptions, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { Readable } from "node:stream";
import { NodeHttpHandler, type NodeHttpHandlerOptions } from "@smithy/node-http-handler";
import { optionNames } from "../call/options.js";
import { messageOf } from "../errors/words.js";
import { limitSize } from "./answer-size.js";
import { type AnswerLimits, AnswerWatch } from "./answer-watch.js";
import { limitingConnect } from "./connect-limit.js";
import { type Answer, exchange, type Line, type Post, turnsFor } from "./exchange.js";
import { RepeatedAnswers } from "./repeated-answers.js";
import { Turns } from "./turns.js";

/**
 * Enough sockets for the layer's own parallelism and for many callers; 3 s to connect, and 15 s to the
 * head of a response and between two bytes of it.
 */
const defaultOptions = {
  connectionTimeout: 3_000,
  requestTimeout: 15_000,
  throwOnRequestTimeout: true,
  httpAgent: { keepAlive: true, maxSockets: 128 },
  httpsAgent: { keepAlive: true, maxSockets: 128 },
} satisfies NodeHttpHandlerOptions;

/** The SDK's own number of sockets, for an agent that does not set it. */
const defaultSockets = 50;

/** The longest time from a request to the end of its response, in ms: 16 MB at 2 Mbit/s. */
export const wholeAnswerMs = 60_000;

/**
 * The form that the SDK's handler took before there were AbortSignals, and still takes. It belongs to
 * no realm (a controller of jsdom's or happy-dom's is not Node's), and costs no listener.
 */
interface AbortHandle {
  aborted: boolean;
  onabort: (() => void) | null;
}

function defined<T extends object>(options: T): T {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as T;
}

/** An agent that was given, or one that is made of its options as the SDK would. */
function agentOf<A extends HttpAgent>(given: object, Agent: new (options: AgentOptions) => A): A {
  if (typeof (given as Partial<A>).destroy === "function") return given as A;
  return new Agent({ keepAlive: true, maxSockets: defaultSockets, ...given });
}

/** How many sockets an agent opens to one host. */
function socketsOf({ maxSockets = defaultSockets, maxTotalSockets = Infinity }: HttpAgent): number {
  return Math.min(maxSockets, maxTotalSockets);
}

function abortError(): Error {
  return Object.assign(new Error("the client is destroyed"), { name: "AbortError" });
}

/** How the SDK's handler (4.14) reports its limits: with its own name, and a setting's. */
const sdkLimit = /^@smithy\/node-http-handler - .* (\d+) ms (?:requestTimeout|of inactivity)/;

/** The same error; if it is a limit of the SDK's handler, its message says what happened. */
function inPlainWords(error: unknown): unknown {
  const [, ms] = sdkLimit.exec(messageOf(error)) ?? [];
  if (ms === undefined) return error;
  return Object.assign(error as object, { message: `no response within ${ms} ms` });
}

/** The option names of a handler that the layer makes. */
export const handlerOptionNames = optionNames<NodeHttpHandlerOptions>({
  connectionTimeout: true,
  requestTimeout: true,
  throwOnRequestTimeout: true,
  socketTimeout: true,
  socketAcquisitionWarningTimeout: true,
  httpAgent: true,
  httpsAgent: true,
  logger: true,
});

/**
 * Sends the SDK's requests by the SDK's handler, and those of the direct path by Node's client. Both use
 * the same sockets, of which each request takes one while it is under way.
 */
export class OrderlyHandler extends NodeHttpHandler {
  /** The requests under way that came from the SDK without a signal. */
  readonly #unsignalled = new Set<AbortHandle>();
  readonly #line: Line;
  #destroyed = false;

  /** @param given options; the defaults are this package's, not the SDK's */
  constructor(given: NodeHttpHandlerOptions = {}, limits: Partial<AnswerLimits> = {}) {
    const { wholeMs = wholeAnswerMs } = limits;
    const options = { ...defaultOptions, ...defined(given) };
    // For the SDK, 0 means no limit, and `false` means a warning instead of an error. An answer that
    // never comes would keep its socket until the client is closed.
    const { requestTimeout, throwOnRequestTimeout } = options;
    if (!requestTimeout || !throwOnRequestTimeout || requestTimeout > wholeMs) {
      Object.assign(options, { requestTimeout: wholeMs, throwOnRequestTimeout: true });
    }
    const { connectionTimeout: connectMs } = options;
    const httpAgent = agentOf(options.httpAgent, HttpAgent);
    const httpsAgent = agentOf(options.httpsAgent, HttpsAgent);
    const limited = (agent: HttpAgent | HttpsAgent) =>
      connectMs > 0 ? limitingConnect(agent, connectMs) : agent;
    super({
      ...options,
      // Limited by the agents, which know of a connection when it can be used.
      connectionTimeout: 0,
      httpAgent: limited(httpAgent) as HttpAgent,
      httpsAgent: limited(httpsAgent) as HttpsAgent,
    });
    const idleMs = Math.min(options.requestTimeout, options.socketTimeout || Infinity);
    this.#line = {
      httpAgent,
      httpsAgent,
      connectMs,
      turns: { http: new Turns(socketsOf(httpAgent)), https: new Turns(socketsOf(httpsAgent)) },
      watch: new AnswerWatch({ idleMs, wholeMs, ...limits }),
      repeated: new RepeatedAnswers(),
    };
  }

  override httpHandlerConfigs(): ReturnType<NodeHttpHandler["httpHandlerConfigs"]> {
    return { ...super.httpHandlerConfigs(), connectionTimeout: this.#line.connectMs };
  }

  /** How many requests wait for a socket. @internal */
  get waiting(): number {
    const { http, https } = this.#line.turns;
    return http.waiting + https.waiting;
  }

  /** Sends a request without the SDK's handler. @internal */
  post(post: Post, signal: AbortSignal | undefined): Promise<Answer> {
    if (this.#destroyed) return Promise.reject(abortError());
    return exchange(this.#line, post, signal);
  }

  override async handle(
    ...[request, options]: Parameters<NodeHttpHandler["handle"]>
  ): ReturnType<NodeHttpHandler["handle"]> {
    const { watch, repeated } = this.#line;
    const turns = turnsFor(this.#line.turns, request.protocol);
    // A given signal is the transport's, which aborts it before it closes the client.
    const given = options?.abortSignal as AbortSignal | undefined;
    if (this.#destroyed) throw abortError();
    const turn = turns.take(given);
    if (turn !== undefined) await turn;
    turns.throwIfEnded();
    const ownHandle: AbortHandle | undefined = given
      ? undefined
      : { aborted: false, onabort: null };
    if (ownHandle !== undefined) this.#unsignalled.add(ownHandle);
    const watched = watch.begin();
    const end = () => {
      watch.end(watched);
      if (ownHandle !== undefined) this.#unsignalled.delete(ownHandle);
      turns.release();
    };
    try {
      const abortSignal = given ?? (ownHandle as unknown as AbortSignal);
      const answer = await super.handle(request, { ...options, abortSignal });
      const body: unknown = answer.response.body;
      // The socket is in use until the body has been read.
      if (body instanceof Readable) {
        const { headers } = answer.response;
        repeated.refuse(body, headers);
        limitSize(body, headers, true);
        body.once("close", end);
        watch.watch(watched, body);
      } else end();
      return answer;
    } catch (error) {
      end();
      throw inPlainWords(error);
    }
  }

  /** Ends all requests, including those that wait for a socket, and refuses later ones. */
  override destroy(): void {
    this.#destroyed = true;
    for (const handle of this.#unsignalled) {
      handle.aborted = true;
      handle.onabort?.();
    }
    this.#unsignalled.clear();
    this.#line.turns.http.end(abortError);
    this.#line.turns.https.end(abortError);
    this.#line.watch.failAll(abortError);
    super.destroy();
  }
}
