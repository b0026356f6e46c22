/** A byte-level proxy between a client and a DynamoDB engine, which injects faults on the wire. */
import { createServer, type Server, type Socket } from "node:net";
import { optionNames, settingsOf } from "../call/options.js";
import { parsedUrl } from "../client/config.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { loopback } from "./engines/ports.js";
import { reset, type WireFault, whole, wireKinds, write } from "./wire/kinds.js";
import { headerOf, type Message, MessageReader, messageOf, unchunked } from "./wire/messages.js";
import {
  checkWireFaults,
  countedWireRule,
  type RandomWireFaults,
  randomWireRule,
  type WireCall,
  type WireDecision,
  type WireHit,
  type WireRule,
} from "./wire/rules.js";
import { Upstream } from "./wire/upstream.js";

export type { WireFault } from "./wire/kinds.js";
export type { RandomWireFaults, WireAnswer, WireCall, WireRule } from "./wire/rules.js";

/** What `startFaultProxy` takes. */
export interface FaultProxyOptions {
  /** The engine's endpoint, an http URL: `engine.endpoint`. */
  readonly target: string;
}

/** A request that was forwarded to the engine, with times as `performance.now()` gives them. */
export interface WireForward {
  readonly sentAt: number;
  /** When the engine's response arrived; `undefined` until then, and if none arrived. */
  readonly answeredAt: number | undefined;
  /** Whether the engine answered with status 200. */
  readonly carriedOut: boolean;
}

/** A request as it came over the wire. */
export interface WireRequest {
  readonly operation: string;
  /** The fault that hit it; `own` for a custom `answer`. */
  readonly fault: WireFault | "own" | undefined;
  /** How many times it has been forwarded to the engine so far. */
  readonly forwarded: number;
  /** How many times the engine has responded to it with status 200 so far. */
  readonly carriedOut: number;
  /**
   * Those of the forwards for which nobody was waiting any more: the client's connection was closed
   * when the engine's response arrived, or the request was forwarded after the client had left or had
   * received a response. Their changes may come after the call has ended, and may undo what was
   * written since.
   */
  readonly abandoned: readonly WireForward[];
  /** What was sent, with DynamoDB's attribute values. Not enumerable. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** Totals of requests. */
export interface WireCount {
  readonly requests: number;
  /** The requests that were forwarded to the engine at least once. */
  readonly forwarded: number;
  /** The requests to which the engine responded with status 200 at least once. */
  readonly carriedOut: number;
}

/** A running proxy. Without rules it forwards every byte. */
export interface FaultProxy {
  /** The URL for clients, as in `createDataLayer({ endpoint })`. */
  readonly url: string;
  /** Every request since the start or the last `clear()`, in order of arrival. */
  readonly requests: WireRequest[];
  /** The requests of each fault that hit any, by its name; `none` for those that no fault hit. */
  readonly counts: Readonly<Record<string, WireCount>>;
  /**
   * Adds a fault. The first rule that matches a request hits it.
   * @throws ConfigurationError for a rule that could hit nothing
   */
  inject(rule: WireRule): FaultProxy;
  /**
   * Adds faults that hit a share of the requests. Which fault, if any, hits the n-th request that no
   * earlier rule hits depends only on the seed and n.
   * @throws ConfigurationError for a rule that could hit nothing
   */
  random(faults: RandomWireFaults): FaultProxy;
  /** Removes all faults and forgets the requests. Connections that are stalled stay stalled. */
  clear(): FaultProxy;
  /**
   * Resolves when nothing is on its way to the engine: no request that a client sent before it left,
   * no request without a response from the engine, and nothing that is held for later.
   */
  settled(): Promise<void>;
  /** Ends all connections and frees the port. Requests that are held for later are not carried out. */
  close(): Promise<void>;
  /** The same as `close()`; `await using` calls it. */
  [Symbol.asyncDispose](): Promise<void>;
}

const proxyOptionNames = optionNames<FaultProxyOptions>({ target: true });

/**
 * Starts a proxy on a free port of the loopback interface. It handles HTTP/1.1 as bytes, so that a
 * client meets what can happen on a network: stalls at every stage, cuts, garbage, responses from
 * another server, late duplicates, an engine that is down. It does not keep the process alive.
 *
 * ```ts
 * await using engine = await startEngine();
 * await using proxy = await startFaultProxy({ target: engine.endpoint });
 * proxy.inject({ fault: "cutInBody", operation: "PutItem" });
 * const data = createDataLayer({ environment: "local", endpoint: proxy.url });
 * ```
 * @throws ConfigurationError if an option is wrong
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { target } = settingsOf("startFaultProxy", options, proxyOptionNames);
  const url = typeof target === "string" ? parsedUrl(target) : undefined;
  if (url?.protocol !== "http:") {
    throw new ConfigurationError("startFaultProxy: `target` must be the http URL of an engine");
  }
  const proxy = new RunningProxy(url.hostname.replace(/^\[(.*)\]$/, "$1"), Number(url.port || 80));
  await proxy.listen();
  return proxy;
}

type Changing<T> = { -readonly [Key in keyof T]: T[Key] };

/** A request and its outcome so far. */
type Noted = Changing<Omit<WireRequest, "abandoned">> & { readonly abandoned: WireForward[] };

/** One end of a connection, and the reader of what the other end sends. */
interface Door {
  readonly socket: Socket;
  readonly reader: MessageReader;
}

/** Turns of the event loop in which the last bytes of a disconnected client arrive, plus a margin. */
const quietTurns = 4;

class RunningProxy implements FaultProxy {
  readonly requests: Noted[] = [];
  readonly #upstream: Upstream;
  readonly #sockets = new Set<Socket>();
  /** What is on its way to the engine, or held for later. */
  readonly #work = new Set<Promise<void>>();
  readonly #timers = new Map<NodeJS.Timeout, () => void>();
  #rules: WireDecision[] = [];
  #server: Server | undefined;
  #port = 0;
  /** The number of requests that have arrived. */
  #came = 0;
  #closed: Promise<void> | undefined;

  constructor(host: string, port: number) {
    this.#upstream = new Upstream(host, port);
  }

  get url(): string {
    return `http://${loopback}:${this.#port}`;
  }

  get counts(): Readonly<Record<string, WireCount>> {
    const counts: Record<string, { requests: number; forwarded: number; carriedOut: number }> = {};
    for (const { fault = "none", forwarded, carriedOut } of this.requests) {
      counts[fault] ??= { requests: 0, forwarded: 0, carriedOut: 0 };
      counts[fault].requests += 1;
      if (forwarded > 0) counts[fault].forwarded += 1;
      if (carriedOut > 0) counts[fault].carriedOut += 1;
    }
    return counts;
  }

  inject(rule: WireRule): this {
    this.#rules.push(countedWireRule(rule));
    return this;
  }

  random(faults: RandomWireFaults): this {
    this.#rules.push(randomWireRule(faults));
    return this;
  }

  clear(): this {
    this.#rules = [];
    this.requests.length = 0;
    return this;
  }

  async settled(): Promise<void> {
    for (let turn = 0; turn < quietTurns; turn += 1) {
      const came = this.#came;
      await Promise.all(this.#work);
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#work.size > 0 || this.#came !== came) turn = -1;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true }, (socket) => void this.#serve(socket));
      server.once("error", reject);
      server.listen({ port: this.#port, host: loopback, exclusive: true }, () => {
        server.removeAllListeners("error");
        this.#server = server.unref();
        this.#port = (server.address() as { port: number }).port;
        resolve();
      });
    });
  }

  async #end(): Promise<void> {
    for (const [timer, done] of this.#timers) {
      clearTimeout(timer);
      done();
    }
    this.#timers.clear();
    await this.#stop();
    this.#upstream.close();
  }

  /** Closes all connections, and makes the port refuse new ones. */
  #stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    return new Promise((resolve) => {
      if (server === undefined) resolve();
      else server.close(() => resolve());
      for (const socket of this.#sockets) reset(socket);
    });
  }

  /** Does something later, unless the proxy is closed first. */
  #after(delayMs: number, run: () => Promise<unknown>): void {
    const work = new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        run().then(
          () => resolve(),
          () => resolve(),
        );
      }, delayMs);
      this.#timers.set(timer, resolve);
    });
    this.#during(work);
  }

  /** `settled` waits for it. */
  #during(work: Promise<unknown>): void {
    const ended = () => {
      this.#work.delete(kept);
    };
    const kept: Promise<void> = work.then(ended, ended);
    this.#work.add(kept);
  }

  #outage(ms: number): void {
    if (this.#server === undefined) return;
    const gone = this.#stop();
    this.#after(ms, async () => {
      await gone;
      // Another program may have the port for a moment.
      for (let attempt = 0; this.#closed === undefined && attempt < 100; attempt += 1) {
        try {
          await this.listen();
          break;
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
      if (this.#closed !== undefined) await this.#stop();
    });
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket.unref());
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => undefined);
    const reader = new MessageReader(socket);
    try {
      for (;;) {
        const request = await reader.next(false);
        if (request === undefined) return;
        if ((await this.#exchange({ socket, reader }, request)) === "over") return;
        if (request.isLast) break;
      }
      socket.end();
    } catch {
      // Not HTTP/1.1, or an `answer` that threw: for the client, the connection breaks.
      socket.destroy();
    }
  }

  async #exchange(door: Door, request: Message): Promise<"open" | "over"> {
    const { socket } = door;
    this.#came += 1;
    const target = headerOf(request.head, "x-amz-target") ?? "";
    const operation = target.slice(target.lastIndexOf(".") + 1);
    const hit = this.#hitOf(operation);
    const noted = this.#note(operation, hit, request);
    const forward = (message = request) => this.#forward(door, noted, message);
    let fault = hit?.fault;
    if (hit?.answer !== undefined) {
      const own = await hit.answer(callOf(operation, request, noted, forward));
      if (typeof own === "object")
        return this.#answer(socket, messageOf(own.status, own.body, own.headers));
      if (own !== undefined) checkWireFaults("answer", [own]);
      // If it passes, no fault hit it.
      fault = own;
      noted.fault = own;
    }
    if (hit === undefined || fault === undefined || fault === "own") {
      const answer = await forward();
      if (answer !== undefined) return this.#answer(socket, answer);
      reset(socket);
      return "over";
    }
    const kind = wireKinds[fault];
    const answer = kind.needsAnswer || hit.forward ? await forward() : undefined;
    const exchange = {
      socket,
      delayMs: hit.delayMs,
      drawn: hit.drawn,
      // By then it has a response, or its connection is closed.
      forwardLater: () => this.#after(hit.delayMs, () => this.#forward(undefined, noted, request)),
      outage: (ms: number) => this.#outage(ms),
    };
    return kind.answer(exchange, answer);
  }

  async #answer(socket: Socket, answer: Message): Promise<"open" | "over"> {
    await write(socket, whole(answer));
    if (!answer.isLast) return "open";
    socket.end();
    return "over";
  }

  /** @param door who waits for the response; nobody does if the request is forwarded later */
  #forward(door: Door | undefined, noted: Noted, message: Message): Promise<Message | undefined> {
    const sent = this.#send(door, noted, message);
    this.#during(sent);
    return sent;
  }

  async #send(
    door: Door | undefined,
    noted: Noted,
    message: Message,
  ): Promise<Message | undefined> {
    const sentAt = performance.now();
    const forward: Changing<WireForward> = { sentAt, answeredAt: undefined, carriedOut: false };
    const leave = () => {
      if (!noted.abandoned.includes(forward)) noted.abandoned.push(forward);
    };
    noted.forwarded += 1;
    if (door === undefined || door.reader.isEnded) leave();
    door?.socket.once("close", leave);
    const answer = await this.#upstream.send(message);
    door?.socket.off("close", leave);
    if (door?.reader.isEnded) leave();
    if (answer === undefined) return undefined;
    forward.answeredAt = performance.now();
    forward.carriedOut = statusOf(answer) === 200;
    if (forward.carriedOut) noted.carriedOut += 1;
    return answer;
  }

  #hitOf(operation: string): WireHit | undefined {
    for (const rule of this.#rules) {
      const hit = rule(operation);
      if (hit !== undefined) return hit;
    }
    return undefined;
  }

  #note(operation: string, hit: WireHit | undefined, request: Message): Noted {
    const none: WireForward[] = [];
    const noted = { operation, fault: hit?.fault, forwarded: 0, carriedOut: 0, abandoned: none };
    const text = () => bodyOf(request).toString();
    const get = () => JSON.parse(text()) as Record<string, unknown>;
    Object.defineProperty(noted, "input", { get });
    this.requests.push(noted as Noted);
    return noted as Noted;
  }
}

function statusOf({ head }: Message): number {
  return Number(head.toString("latin1", 9, 12));
}

function bodyOf({ head, body }: Message): Buffer {
  return headerOf(head, "transfer-encoding")?.toLowerCase() === "chunked" ? unchunked(body) : body;
}

function callOf(
  operation: string,
  request: Message,
  { input }: WireRequest,
  send: (message: Message) => Promise<Message | undefined>,
): WireCall {
  return {
    operation,
    input,
    forward: async (other) => {
      const answer = await send(other === undefined ? request : withBody(request, other));
      if (answer === undefined) throw new Error("the engine gave no complete response");
      const headers: Record<string, string> = {};
      for (const line of answer.head.toString("latin1").split("\r\n").slice(1, -2)) {
        const colon = line.indexOf(":");
        const name = line.slice(0, colon).toLowerCase();
        // They describe the length of this body, which may be replaced by another one.
        if (!framing.includes(name)) headers[name] = line.slice(colon + 1).trim();
      }
      return { status: statusOf(answer), headers, body: bodyOf(answer).toString() };
    },
  };
}

const framing = ["content-length", "transfer-encoding", "x-amz-crc32"];

/** The same request with another body. Engines do not check signatures. */
function withBody({ head, isLast }: Message, input: object): Message {
  const body = Buffer.from(JSON.stringify(input));
  const lines = head.toString("latin1").split("\r\n").slice(0, -2);
  const kept = lines.filter((line) => !/^(content-length|transfer-encoding):/i.test(line));
  const text = [...kept, `content-length: ${body.length}`, "", ""].join("\r\n");
  return { head: Buffer.from(text, "latin1"), body, isLast };
}
