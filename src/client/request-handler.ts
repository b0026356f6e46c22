/** The SDK's request handler, mended where it matters under load and at the end. */
import { Readable } from "node:stream";
import { NodeHttpHandler, type NodeHttpHandlerOptions } from "@smithy/node-http-handler";
import { optionNames } from "../call/options.js";
import { unreadableAnswer } from "../errors/unreadable-answer.js";
import { orAborted } from "../runtime/signals.js";
import { type AnswerLimits, AnswerWatch } from "./answer-watch.js";

/**
 * Sockets for the layer's own parallelism and for many callers at once; 3 s to connect, 15 s to the
 * head of an answer and between two bytes of it.
 */
const defaultOptions = {
  connectionTimeout: 3_000,
  requestTimeout: 15_000,
  throwOnRequestTimeout: true,
  httpAgent: { keepAlive: true, maxSockets: 128 },
  httpsAgent: { keepAlive: true, maxSockets: 128 },
} satisfies NodeHttpHandlerOptions;

/** The SDK's own number of sockets, where an agent names none. */
const defaultSockets = 50;

/** A whole answer has so long, in ms: 16 MB at 2 Mbit/s. */
export const wholeAnswerMs = 60_000;

/** A request that waits for a socket. */
interface Turn {
  readonly go: () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * What the SDK's handler takes in place of an AbortSignal: its form from before there were any. It is
 * of no realm, and costs no listener: a controller made by jsdom or happy-dom is none of Node's.
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
    const id = headers["x-amzn-requestid"];
    if (!socket || id === undefined || this.#areIdsAlike) return;
    if (id === this.#refused) this.#areIdsAlike = true;
    else if (this.#last.get(socket) === id) {
      this.#refused = id;
      body.once("error", unset).destroy();
      throw unreadableAnswer("its connection gave it before, to another request");
    }
    this.#last.set(socket, id);
  }
}

function unset(): void {
  // Replaced at once.
}

/** The options of a handler that the layer makes. */
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
 * Requests wait for a socket here, not in the SDK's handler (4.14): its time-out for a connection
 * counts the waiting, so that requests failed, and were sent again, of a client that was only busy.
 * And when it is destroyed it sends those that wait, on new sockets, and leaves their timers.
 */
export class OrderlyHandler extends NodeHttpHandler {
  readonly #waiting = new Set<Turn>();
  /** Requests under way that came without a signal. */
  readonly #unsignalled = new Set<AbortHandle>();
  readonly #watch: AnswerWatch;
  readonly #repeated = new RepeatedAnswers();
  #destroyed = false;
  #free: number;

  /** @param given what it leaves out has this package's defaults, not the SDK's */
  constructor(given: NodeHttpHandlerOptions = {}, limits: Partial<AnswerLimits> = {}) {
    const { wholeMs = wholeAnswerMs } = limits;
    const options = { ...defaultOptions, ...defined(given) };
    // The SDK's words for no limit to the head, and for a warning in its place: the socket of an
    // answer that never comes would be in use until the client is closed.
    if (!options.requestTimeout || !options.throwOnRequestTimeout) {
      Object.assign(options, { requestTimeout: wholeMs, throwOnRequestTimeout: true });
    }
    super(options);
    this.#watch = new AnswerWatch({ idleMs: options.requestTimeout, wholeMs, ...limits });
    const agent = given.httpsAgent ?? given.httpAgent ?? defaultOptions.httpsAgent;
    this.#free = agent.maxSockets ?? defaultSockets;
  }

  /** How many requests wait for a socket. @internal */
  get waiting(): number {
    return this.#waiting.size;
  }

  override async handle(
    ...[request, options]: Parameters<NodeHttpHandler["handle"]>
  ): ReturnType<NodeHttpHandler["handle"]> {
    // A signal that comes along is the transport's, which aborts it before it closes the client.
    const given = options?.abortSignal as AbortSignal | undefined;
    if (this.#destroyed) throw abortError();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(given);
    const ownHandle: AbortHandle | undefined = given
      ? undefined
      : { aborted: false, onabort: null };
    if (ownHandle !== undefined) this.#unsignalled.add(ownHandle);
    const end = () => {
      if (ownHandle !== undefined) this.#unsignalled.delete(ownHandle);
      this.#release();
    };
    try {
      const abortSignal = given ?? (ownHandle as unknown as AbortSignal);
      const answer = await super.handle(request, { ...options, abortSignal });
      const body: unknown = answer.response.body;
      // The socket is in use until the body is read.
      if (body instanceof Readable) {
        this.#repeated.refuse(body, answer.response.headers);
        body.once("close", end);
        this.#watch.watch(body);
      } else end();
      return answer;
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Ends every request, those that wait too, and refuses what comes after. */
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
      // Its turn may have come in the same moment.
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
