/** One HTTP request over Node's own client, and the whole of its response. */
import http, { type Agent, type ClientRequest, type IncomingMessage } from "node:http";
import https from "node:https";
import { whenAborted } from "../runtime/signals.js";
import { mostAnswerBytes, tooLarge } from "./answer-size.js";
import type { AnswerWatch, Watched } from "./answer-watch.js";
import { limitConnect } from "./connect-limit.js";
import type { RepeatedAnswers } from "./repeated-answers.js";
import type { Turns } from "./turns.js";

/** A POST to `/`, with all of its headers. */
export interface Post {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** A text, which Node's client sends in one piece with the headers; bytes would be a second one. */
  readonly body: string;
}

/** A response, read to its end. */
export interface Answer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

export interface TurnsByProtocol {
  readonly http: Turns;
  readonly https: Turns;
}

/** The turns that a request takes part in. */
export function turnsFor(turns: TurnsByProtocol, protocol: string): Turns {
  return protocol === "https:" ? turns.https : turns.http;
}

/** What all requests of one handler share. */
export interface Line {
  readonly httpAgent: Agent;
  readonly httpsAgent: Agent;
  /** How long a connection may take, in ms; 0 for no limit. */
  readonly connectMs: number;
  /** The turns for the sockets of each agent. */
  readonly turns: TurnsByProtocol;
  readonly watch: AnswerWatch;
  readonly repeated: RepeatedAnswers;
}

/**
 * Sends one request, once a socket is free.
 * @throws what Node's client threw, under the names that the SDK's handler gives; an AbortError; a
 * TimeoutError; an UnreadableAnswer
 */
export function exchange(line: Line, post: Post, signal: AbortSignal | undefined): Promise<Answer> {
  if (signal?.aborted) return Promise.reject(abortedBy(signal));
  const turns = turnsFor(line.turns, post.protocol);
  const turn = turns.take(signal);
  if (turn === undefined) return begun(line, turns, post, signal);
  return turn.then(() => begun(line, turns, post, signal));
}

function begun(
  line: Line,
  turns: Turns,
  post: Post,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    new Exchange(line, turns, resolve, reject).begin(post, signal);
  });
}

/** One request that has its turn, which it gives back at its end. */
class Exchange {
  readonly #line: Line;
  readonly #turns: Turns;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #watched: Watched;
  #request: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #unlisten: (() => void) | undefined;
  #isOver = false;

  constructor(
    line: Line,
    turns: Turns,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#line = line;
    this.#turns = turns;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#watched = line.watch.begin((error) => this.#fail(error));
  }

  begin(post: Post, signal: AbortSignal | undefined): void {
    try {
      if (signal?.aborted) throw abortedBy(signal);
      this.#turns.throwIfEnded();
      this.#send(post, signal);
    } catch (error) {
      // An agent of the application's may throw.
      this.#fail(error);
    }
  }

  #send({ protocol, hostname, port, headers, body }: Post, signal: AbortSignal | undefined): void {
    const { httpAgent, httpsAgent, connectMs } = this.#line;
    const isSecure = protocol === "https:";
    // Read from its module at each call: that is where instrumentation and test tools replace it.
    const send = isSecure ? https.request : http.request;
    const agent = isSecure ? httpsAgent : httpAgent;
    const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
    if (signal !== undefined) {
      this.#unlisten = whenAborted(signal, () => this.#fail(abortedBy(signal)));
    }
    const request = send({ host, port, method: "POST", path: "/", headers, agent });
    this.#request = request;
    request.once("response", (response: IncomingMessage) => this.#read(response));
    request.on("error", (error) => {
      // What follows a complete response on its connection is none of it.
      if (this.#response?.complete !== true) this.#fail(sdkNamed(error));
    });
    // A connection that was kept has connected. A tool that responds in the server's place brings an agent of
    // its own, and never connects.
    const { agent: used = agent } = request as { readonly agent?: unknown };
    const connects = !request.reusedSocket && used === agent;
    if (connectMs > 0 && connects) limitConnect(request, connectMs);
    request.end(body);
  }

  #read(response: IncomingMessage): void {
    const { repeated, watch } = this.#line;
    this.#response = response;
    const headers = response.headers as Record<string, string>;
    response.on("error", (error) => this.#fail(error));
    try {
      repeated.refuse(response, headers);
    } catch (error) {
      return this.#fail(error);
    }
    if (Number(headers["content-length"]) > mostAnswerBytes) return this.#fail(tooLarge());
    watch.watch(this.#watched, response);
    const parts: Buffer[] = [];
    let bytes = 0;
    response.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > mostAnswerBytes) return this.#fail(tooLarge());
      parts.push(part);
    });
    response.once("end", () => {
      const [first] = parts;
      const body = parts.length === 1 && first ? first : Buffer.concat(parts, bytes);
      this.#end();
      this.#resolve({ statusCode: response.statusCode ?? -1, headers, body });
    });
    response.once("close", () => {
      if (!response.readableEnded) this.#fail(cutOff());
    });
  }

  /** Its first failure counts; a response that is there keeps it from any. */
  #fail(error: unknown): void {
    this.#end();
    const response = this.#watched.body as IncomingMessage | undefined;
    this.#reject(response ? ofResponse(error, response.statusCode) : error);
    this.#request?.destroy();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#line.watch.end(this.#watched);
    this.#unlisten?.();
    this.#turns.release();
  }
}

function cutOff(): Error {
  return Object.assign(new Error("the response was cut off"), { code: "ECONNRESET" });
}

/**
 * The same error with the response that it ended, where the SDK puts it: such an error says that the
 * response could not be read, and not that there was none.
 */
export function ofResponse(error: unknown, statusCode: number | undefined): unknown {
  if (typeof error !== "object" || error === null || !Object.isExtensible(error)) return error;
  return Object.defineProperty(error, "$response", { value: { statusCode }, configurable: true });
}

/** The codes of errors that the SDK's handler (4.14) names TimeoutError. */
const timeoutCodes = ["ECONNRESET", "EPIPE", "ETIMEDOUT"];

function sdkNamed(error: Error & { readonly code?: string }): Error {
  const isTimeout = timeoutCodes.includes(error.code ?? "");
  return isTimeout ? Object.assign(error, { name: "TimeoutError" }) : error;
}

/** The error of the SDK's handler for a request that its caller has given up. */
function abortedBy({ reason }: AbortSignal): Error {
  const isError = reason instanceof Error;
  const message = isError || !reason ? "Request aborted" : String(reason);
  const error = Object.assign(new Error(message), { name: "AbortError" });
  return isError ? Object.assign(error, { cause: reason }) : error;
}
