/**
 * A proxy on a real wire between a client and an engine, which fails as each test's plan says. Requests
 * are told apart by the id of their test, which stands in their keys: many tests run at the same time,
 * whatever client sends for them.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What an attempt is answered. */
export type Reply =
  /** What the engine says. */
  | "answer"
  /** Nothing: the connection is torn. */
  | "reset"
  /** A head that announces more than comes. */
  | "cut"
  /** Nothing: the test ends the call in its own way. */
  | "end"
  /** Bytes that are no HTTP. */
  | { readonly raw: string }
  | {
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** What befalls one attempt. */
export interface Step {
  /**
   * Whether the engine gets the request: before the reply, never, or once the call has ended, as one
   * that was stuck on its way. Of a batch `half` carries out one half and leaves the other unprocessed.
   */
  readonly carry: "now" | "never" | "late" | "half";
  readonly reply: Reply;
}

/** The steps of a call's attempts; those after the last one are answered as that is. */
export type Plan = readonly [Step, ...Step[]];

interface Armed {
  readonly plan: Plan;
  readonly onEnd: () => void;
  readonly late: (() => Promise<unknown>)[];
  attempts: number;
}

export class FaultProxy {
  readonly #engine: string;
  readonly #server: Server;
  readonly #armed = new Map<string, Armed>();

  private constructor(engine: string) {
    this.#engine = engine;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  static async start(engine: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(engine);
    // A connection that ends for want of use, just as it is used, is a fault that no plan knows.
    proxy.#server.keepAliveTimeout = 0;
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** @param onEnd called where a step's reply is `end`, each time */
  arm(id: string, plan: Plan, onEnd: () => void): void {
    this.#armed.set(id, { plan, onEnd, late: [], attempts: 0 });
  }

  /** Lets what was stuck arrive. @returns how many attempts there were */
  async settle(id: string): Promise<number> {
    const armed = this.#armed.get(id);
    for (const arrive of armed?.late ?? []) await arrive();
    return armed?.attempts ?? 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const target = String(request.headers["x-amz-target"] ?? "");
    // Reads are not what is judged, and a faulty one ends nothing that was written.
    const isRead = /\.(GetItem|BatchGetItem|Query|Scan|DescribeTable|TransactGetItems)$/.test(
      target,
    );
    const armed = this.#armed.get(/case-\d+x/.exec(body)?.[0] ?? "");
    if (armed === undefined || isRead) {
      const { status, text } = await this.#forward(target, body);
      answer(response, status, text);
      return;
    }
    const step = armed.plan[Math.min(armed.attempts, armed.plan.length - 1)] as Step;
    armed.attempts += 1;
    const carried = await this.#carry(step, target, body, armed);
    if (step.reply === "answer") answer(response, carried.status, carried.text);
    else if (step.reply === "reset") response.destroy();
    else if (step.reply === "end") armed.onEnd();
    else if (step.reply === "cut") {
      response.writeHead(200, { "content-length": 1_000, "x-amzn-requestid": randomUUID() });
      response.write('{"Attributes":');
      setImmediate(() => response.destroy());
    } else if ("raw" in step.reply) {
      request.socket.end(step.reply.raw);
    } else {
      const { status, body: text, headers = {} } = step.reply;
      // An id is given once: an answer that a connection gave before is no answer.
      const own = "x-amzn-requestid" in headers ? { "x-amzn-requestid": randomUUID() } : {};
      const length = { "content-length": Buffer.byteLength(text) };
      response.writeHead(status, { ...length, ...headers, ...own });
      response.end(text);
    }
  }

  async #carry(
    { carry }: Step,
    target: string,
    body: string,
    armed: Armed,
  ): Promise<{ status: number; text: string }> {
    if (carry === "now") return this.#forward(target, body);
    if (carry === "late") armed.late.push(() => this.#forward(target, body));
    if (carry !== "half") return { status: 500, text: "{}" };
    const input = JSON.parse(body) as { RequestItems: Record<string, unknown[]> };
    const [table, requests] = Object.entries(input.RequestItems)[0] as [string, unknown[]];
    const taken = Math.ceil(requests.length / 2);
    const half = { ...input, RequestItems: { [table]: requests.slice(0, taken) } };
    const { status, text } = await this.#forward(target, JSON.stringify(half));
    const left = requests.slice(taken);
    const answered = JSON.parse(text) as object;
    const UnprocessedItems = left.length === 0 ? {} : { [table]: left };
    return { status, text: JSON.stringify({ ...answered, UnprocessedItems }) };
  }

  async #forward(target: string, body: string): Promise<{ status: number; text: string }> {
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": target,
      "x-amz-date": "20260101T000000Z",
      authorization:
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
    };
    const response = await fetch(this.#engine, { method: "POST", headers, body });
    return { status: response.status, text: await response.text() };
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    "content-type": "application/x-amz-json-1.0",
    "content-length": Buffer.byteLength(text),
    "x-amzn-requestid": randomUUID(),
  });
  response.end(text);
}
