/** The SDK's request handler, mended where it matters under load and at the end. */
import { setMaxListeners } from "node:events";
import { Readable } from "node:stream";
import { NodeHttpHandler, type NodeHttpHandlerOptions } from "@smithy/node-http-handler";
import { orAborted } from "./signals.js";

/** The SDK's own number of sockets. */
const defaultSockets = 50;

/**
 * Requests wait for a socket here, not in the SDK's handler (4.14): its time-out for a connection
 * counts the waiting, so that requests failed, and were sent again, of a client that was only busy.
 * And when it is destroyed it sends those that wait, on new sockets, and leaves their timers.
 */
export class OrderlyHandler extends NodeHttpHandler {
  readonly #closing = new AbortController();
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(options: NodeHttpHandlerOptions) {
    super(options);
    this.#free = options.httpsAgent?.maxSockets ?? options.httpAgent?.maxSockets ?? defaultSockets;
    // Each request that is under way listens.
    setMaxListeners(0, this.#closing.signal);
  }

  /** How many requests wait for a socket. @internal */
  get waiting(): number {
    return this.#waiting.size;
  }

  override async handle(
    ...[request, options]: Parameters<NodeHttpHandler["handle"]>
  ): ReturnType<NodeHttpHandler["handle"]> {
    // A signal that comes along is the transport's, which aborts it before it closes the client.
    const abortSignal = options?.abortSignal ?? this.#closing.signal;
    if (this.#free > 0) this.#free -= 1;
    // The SDK's type also knows a signal of its own, from before there were any.
    else await this.#turn(abortSignal as AbortSignal);
    try {
      const answer = await super.handle(request, { ...options, abortSignal });
      const body: unknown = answer.response.body;
      // The socket is in use until the body is read.
      if (body instanceof Readable) body.once("close", () => this.#release());
      else this.#release();
      return answer;
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /** Ends every request, those that wait too, and refuses what comes after. */
  override destroy(): void {
    this.#closing.abort();
    super.destroy();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    let go = () => {
      // Replaced at once.
    };
    const turn = new Promise<void>((resolve) => {
      go = resolve;
    });
    this.#waiting.add(go);
    try {
      await orAborted(turn, signal);
    } catch (error) {
      // Its turn may have come in the same moment.
      if (!this.#waiting.delete(go)) this.#release();
      throw error;
    }
  }

  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}
