import { Readable } from "node:stream";
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
  /** Texts of the engine's answers, in the order of their arrival. */
  readonly answers: string[] = [];
  /** Asked for each request; what it returns is the answer. */
  intercept: Intercept = () => undefined;

  override clear(): this {
    this.intercept = () => undefined;
    this.answers.length = 0;
    return super.clear();
  }

  override async handle(...given: Parameters<Handle>): ReturnType<Handle> {
    const count = this.requests.length;
    const target = given[0].headers["x-amz-target"] ?? "";
    const passing = {
      operation: target.slice(target.lastIndexOf(".") + 1),
      input: JSON.parse(new TextDecoder().decode(Buffer.from(given[0].body))) as Json,
      send: () => this.recorded(given),
    };
    const answer = this.intercept(passing) ?? passing.send();
    // One that was answered here counts as well.
    if (this.requests.length === count) {
      const { operation, input } = passing;
      this.requests.push(Object.defineProperty({ operation, fault: undefined, input }, "input", { enumerable: false }));
    }
    return answer;
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
    headers: { "content-type": "application/x-amz-json-1.0" },
    body: Readable.from([Buffer.from(JSON.stringify(body))]),
  };
  // The SDK asks of a response what it has, not which class it is.
  return { response: response as unknown as Answer["response"] };
}

/** DynamoDB refuses a request. */
export function refused(name: string, message = "refused", body: object = {}): Promise<Answer> {
  return answered(400, { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message, ...body });
}

/** A transaction that is cancelled for these reasons, in the order of its operations. */
export function cancelled(...codes: readonly string[]): Promise<Answer> {
  const reasons = codes.map((Code) => (Code === "None" ? { Code } : { Code, Message: `met ${Code}` }));
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(", ")}]`;
  return refused("TransactionCanceledException", message, { Message: message, CancellationReasons: reasons });
}

/** The engine has done it, and its answer is lost on the way. */
export async function lost({ send }: Passing): Promise<Answer> {
  await send();
  throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
}
