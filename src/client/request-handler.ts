/** The SDK's request handler, with its faults under load and at its end mended. */
import { type AgentOptions, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { Readable } from "node:stream";
import { NodeHttpHandler, type NodeHttpHandlerOptions } from "@smithy/node-http-handler";
import { optionNames } from "../call/options.js";
import { unreadableAnswer } from "../errors/unreadable-answer.js";
import { messageOf } from "../errors/words.js";
import { orAborted } from "../runtime/signals.js";
import { requestIdHeader } from "./answer-members.js";
import { limitSize } from "./answer-size.js";
import { type AnswerLimits, AnswerWatch } from "./answer-watch.js";
import { limitingConnect } from "./connect-limit.js";

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

/** A request that waits for a socket. */
interface Turn {
  readonly go: () => void;
  readonly refuse: (error: Error) => void;
}

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

function abortError(): Error {
  return Object.assign(new Error("the client is destroyed"), { name: "AbortError" });
}

/**
 * Refuses a response that its connection gave before. A middle box that sends one twice shifts all
 * that come after by one: each call would get the response of another, an item that is not its own.
 *
 * Servers that give all responses one id (a stub, an engine's emulation) are recognised by the refused
 * id, which another connection gives too: from then on nothing of theirs is refused.
 */
class RepeatedAnswers {
  /** The id of the last response of each connection. */
  readonly #last = new WeakMap<object, string>();
  #refused: string | undefined;
  #areIdsAlike = false;

  /** @throws UnreadableAnswer; the connection is destroyed */
  refuse(body: Readable, headers: Readonly<Record<string, string>>): void {
    const { socket } = body as { readonly socket?: object | null };
    const id = headers[requestIdHeader];
    if (!socket || id === undefined || this.#areIdsAlike) return;
    if (id === this.#refused) this.#areIdsAlike = true;
    else if (this.#last.get(socket) === id) {
      this.#refused = id;
      body.once("error", unset).destroy();
      throw unreadableAnswer("its connection already returned it for another request");
    }
    this.#last.set(socket, id);
  }
}

function unset(): void {
  // A placeholder, and a listener for an error that is thrown anyway.
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
 * Requests wait for a socket here, not in the SDK's handler (4.14). That one counts the waiting towards
 * the connection's time-out, so that the requests of a busy client failed and were sent again. And when
 * it is destroyed, it sends the waiting requests on new sockets and leaves their timers running.
 */
export class OrderlyHandler extends NodeHttpHandler {
  readonly #waiting = new Set<Turn>();
  /** The requests under way that came without a signal. */
  readonly #unsignalled = new Set<AbortHandle>();
  readonly #watch: AnswerWatch;
  readonly #repeated = new RepeatedAnswers();
  readonly #connectMs: number;
  #destroyed = false;
  #free: number;

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
    const { connectionTimeout } = options;
    const limited = (agent: HttpAgent | HttpsAgent) =>
      connectionTimeout > 0 ? limitingConnect(agent, connectionTimeout) : agent;
    super({
      ...options,
      // Limited by the agents, which know of a connection when it can be used.
      connectionTimeout: 0,
      httpAgent: limited(agentOf(options.httpAgent, HttpAgent)) as HttpAgent,
      httpsAgent: limited(agentOf(options.httpsAgent, HttpsAgent)) as HttpsAgent,
    });
    this.#connectMs = connectionTimeout;
    this.#watch = new AnswerWatch({ idleMs: options.requestTimeout, wholeMs, ...limits });
    const agent = given.httpsAgent ?? given.httpAgent ?? defaultOptions.httpsAgent;
    this.#free = agent.maxSockets ?? defaultSockets;
  }

  override httpHandlerConfigs(): ReturnType<NodeHttpHandler["httpHandlerConfigs"]> {
    return { ...super.httpHandlerConfigs(), connectionTimeout: this.#connectMs };
  }

  /** How many requests wait for a socket. @internal */
  get waiting(): number {
    return this.#waiting.size;
  }

  override async handle(
    ...[request, options]: Parameters<NodeHttpHandler["handle"]>
  ): ReturnType<NodeHttpHandler["handle"]> {
    // A given signal is the transport's, which aborts it before it closes the client.
    const given = options?.abortSignal as AbortSignal | undefined;
    if (this.#destroyed) throw abortError();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(given);
    const ownHandle: AbortHandle | undefined = given
      ? undefined
      : { aborted: false, onabort: null };
    if (ownHandle !== undefined) this.#unsignalled.add(ownHandle);
    const watched = this.#watch.begin();
    const end = () => {
      this.#watch.end(watched);
      if (ownHandle !== undefined) this.#unsignalled.delete(ownHandle);
      this.#release();
    };
    try {
      const abortSignal = given ?? (ownHandle as unknown as AbortSignal);
      const answer = await super.handle(request, { ...options, abortSignal });
      const body: unknown = answer.response.body;
      // The socket is in use until the body has been read.
      if (body instanceof Readable) {
        const { headers } = answer.response;
        this.#repeated.refuse(body, headers);
        limitSize(body, headers, true);
        body.once("close", end);
        this.#watch.watch(watched, body);
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
    for (const { refuse } of this.#waiting) refuse(abortError());
    this.#waiting.clear();
    super.destroy();
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    let turn: Turn = { go: unset, refuse: unset };
    const granted = new Promise<void>((go, refuse) => {
      turn = { go, refuse };
    });
    this.#waiting.add(turn);
    try {
      await orAborted(granted, signal);
    } catch (error) {
      // Its turn may have come at the same moment.
      if (!this.#waiting.delete(turn) && !this.#destroyed) this.#release();
      throw error;
    }
  }

  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else {
      this.#waiting.delete(next);
      next.go();
    }
  }
}
