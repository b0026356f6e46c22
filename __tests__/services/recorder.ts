import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { textOf } from "../../src/testing/faults/exchange.js";
import { FaultyRequestHandler } from "../../src/testing/index.js";

type Handle = FaultyRequestHandler["handle"];
type Answer = Awaited<ReturnType<Handle>>;
type Json = Readonly<Record<string, unknown>>;

/** A request in the middle of its way: what was asked, and the engine that would answer. */
export interface Passing {
  readonly operation: string;
  readonly input: Json;
  /** Sends it on, once. */
  send(): Promise<Answer>;
}

type Intercept = (request: Passing) => Promise<Answer> | undefined;

/** What crossed the wire in both directions, and a place to answer instead of the engine. */
export class Recorder extends FaultyRequestHandler {
  /** Every HTTP request with what it asked, also those that never reached the engine. */
  readonly asked: { readonly operation: string; readonly input: Json }[] = [];
  /** Texts of the engine's answers, in the order of their arrival. */
  readonly answers: string[] = [];
  /** Asked for each request; what it returns is the answer. */
  intercept: Intercept = () => undefined;

  override clear(): this {
    this.intercept = () => undefined;
    this.asked.length = 0;
    this.answers.length = 0;
    return super.clear();
  }

  /** The next request, or the next of a name, is carried out, then other things happen, and its answer is lost. */
  loseNext(meanwhile?: () => unknown, operation?: string): void {
    this.intercept = (request) => {
      if (operation !== undefined && request.operation !== operation) return undefined;
      this.intercept = () => undefined;
      return lost(request, meanwhile);
    };
  }

  /** The names of the requests since the start or the last `clear()`. */
  get names(): string[] {
    return this.asked.map(({ operation }) => operation);
  }

  override async handle(...given: Parameters<Handle>): ReturnType<Handle> {
    const target = given[0].headers["x-amz-target"] ?? "";
    const operation = target.slice(target.lastIndexOf(".") + 1);
    const input = JSON.parse(textOf(given[0])) as Json;
    this.asked.push({ operation, input });
    const send = () => this.recorded(given);
    return this.intercept({ operation, input, send }) ?? send();
  }

  private async recorded(given: Parameters<Handle>): Promise<Answer> {
    const { response } = await super.handle(...given);
    const chunks: Buffer[] = [];
    for await (const chunk of response.body as Readable) chunks.push(Buffer.from(chunk as Buffer));
    const text = Buffer.concat(chunks).toString();
    this.answers.push(text);
    response.body = Readable.from([Buffer.from(text)]);
    return { response };
  }
}

/** An answer of DynamoDB's that no engine gives on demand. */
export async function answered(statusCode: number, body: object): Promise<Answer> {
  const response = {
    statusCode,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "recorded" },
    body: Readable.from([Buffer.from(JSON.stringify(body))]),
  };
  // The SDK asks of a response what it has, not which class it is.
  return { response: response as unknown as Answer["response"] };
}

/** DynamoDB refuses a request. */
export function refused(name: string, message = "refused", body: object = {}): Promise<Answer> {
  return answered(400, { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message, ...body });
}

/** A 200 with a request id that somebody else made, without asking the engine. */
export function acknowledged(body: string): Promise<Answer> {
  return answered(200, JSON.parse(body) as object);
}

/** A transaction that is cancelled for these reasons, in the order of its operations. */
export function cancelled(...codes: readonly string[]): Promise<Answer> {
  const reasons = codes.map((Code) =>
    Code === "None" ? { Code } : { Code, Message: `met ${Code}` },
  );
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(", ")}]`;
  return refused("TransactionCanceledException", message, {
    Message: message,
    CancellationReasons: reasons,
  });
}

/** The engine has done it, other things happen, and its answer is lost on the way. */
export async function lost({ send }: Passing, meanwhile?: () => unknown): Promise<Answer> {
  await send();
  await meanwhile?.();
  throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
}

/**
 * Counts the requests that a call sends before it has any answer: answers are held back until no
 * further request has come for a while.
 */
export async function firstWave(wire: Recorder, call: () => Promise<unknown>): Promise<number> {
  const before = wire.asked.length;
  const started = () => wire.asked.length - before;
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  wire.intercept = ({ send }) => send().then((answer) => held.then(() => answer));
  const done = call();
  let count: number;
  do {
    count = started();
    await sleep(50);
  } while (count === 0 || started() > count);
  wire.intercept = () => undefined;
  release();
  await done;
  return count;
}
