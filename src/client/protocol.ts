/** The SDK's protocol with bodies of its own, and the responses that it reads. */
import { Readable } from "node:stream";
import zlib from "node:zlib";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { noteUnwritable } from "../errors/notes.js";
import { unreadableAnswer, unreadableValue } from "../errors/unreadable-answer.js";
import { mostAnswerBytes, sizeOf, tooLarge } from "../wire/answer-size.js";
import { requestIdHeader } from "../wire/repeated-answers.js";
import { checkMembers } from "./answer-members.js";
import { knownOperation, type Operation, withToken } from "./operations.js";
import { checkRefusedItems } from "./refused-items.js";
import { type BodyShape, bodyOf, nativeAnswer, storedAnswer, storedText } from "./wire-format.js";

/**
 * The part of the SDK's protocol that is used. It is an extension point of the SDK's clients
 * (`protocol`).
 */
export interface Protocol {
  serializeRequest(
    operation: Operation,
    input: object,
    context: object,
  ): Promise<{ body: unknown }>;
  deserializeResponse(
    operation: Operation,
    context: ResponseContext,
    response: Response,
  ): Promise<object>;
  deserializeMetadata(response: Response): object;
}

export interface ResponseContext {
  streamCollector(body: unknown): Promise<Uint8Array>;
}

export interface Response {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

/** The form of the values in requests and responses. */
export interface ValueForm {
  textOf(input: object, shape: BodyShape): string;
  read(answer: Record<string, unknown>): object;
}

export const nativeForm: ValueForm = { textOf: nativeText, read: nativeAnswer };
export const storedForm: ValueForm = { textOf: storedText, read: storedAnswer };

/** @throws what the caller's values are refused with, or what their getters throw */
function nativeText(input: object, shape: BodyShape): string {
  try {
    return bodyOf(input, shape);
  } catch (thrown) {
    throw noteUnwritable(thrown);
  }
}

/**
 * Whether the SDK's client has its protocol as an object, which can then be given bodies that are
 * already JSON. Older releases have none (none in 3.922, there in 3.931), and some runtimes bring
 * them. With those, the stock document client is used.
 */
export function hasProtocol(client: DynamoDBClient): boolean {
  const { protocol } = client.config as unknown as { readonly protocol?: Partial<Protocol> };
  return (
    typeof protocol?.serializeRequest === "function" &&
    typeof protocol.deserializeResponse === "function" &&
    typeof protocol.deserializeMetadata === "function"
  );
}

/** The text of a body. The SDK's own way goes through another stream. */
function textOf(body: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    body.setEncoding("utf8");
    body.on("data", (part: string) => {
      text += part;
      if (text.length > mostAnswerBytes) body.destroy(tooLarge());
    });
    body.on("error", reject);
    body.once("close", () => {
      if (body.readableEnded) return;
      reject(Object.assign(new Error("the response was cut off"), { code: "ECONNRESET" }));
    });
    body.once("end", () => resolve(text));
  });
}

/** The text of a response's body, of whatever form its handler gives it. */
export function readText(context: ResponseContext, body: unknown): Promise<string> {
  return body instanceof Readable ? textOf(body) : collectedText(context, body);
}

/** The text of a body that is not a Node stream, as custom handlers and those over fetch give it. */
async function collectedText(context: ResponseContext, body: unknown): Promise<string> {
  if (typeof body === "string") return body;
  if (isIterable(body)) {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of body) {
      bytes += sizeOf(part);
      if (bytes > mostAnswerBytes) throw tooLarge();
      parts.push(typeof part === "string" ? Buffer.from(part) : part);
    }
    return Buffer.concat(parts).toString();
  }
  const bytes = isBuffer(body) ? new Uint8Array(body) : body;
  const view = ArrayBuffer.isView(bytes) ? bytes : await context.streamCollector(bytes);
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString();
}

/** A web stream is async iterable too. */
function isIterable(body: unknown): body is AsyncIterable<Uint8Array | string> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

function isBuffer(body: unknown): body is ArrayBuffer {
  return Object.prototype.toString.call(body) === "[object ArrayBuffer]";
}

/**
 * DynamoDB sends a checksum of each response's bytes, which tells a changed one; the SDK does not look at it.
 * @throws UnreadableAnswer
 */
function checkSum(body: string | Buffer, { statusCode, headers }: Response): void {
  const sum = headers["x-amz-crc32"];
  // Node 20.15 and 22.2 brought the function. Of a compressed body the text is not what was summed up.
  if (sum === undefined || headers["content-encoding"] !== undefined || !zlib.crc32) return;
  if (zlib.crc32(body) !== Number(sum)) {
    throw unreadableAnswer("its bytes do not match its checksum (x-amz-crc32)", statusCode);
  }
}

/** @throws UnreadableAnswer for a response that is not DynamoDB's, or is incomplete */
function checkedAnswer(
  { name }: Operation,
  text: string,
  { statusCode, headers }: Response,
): Record<string, unknown> {
  const answer = parsedObject(text);
  if (answer === undefined) {
    const what = text === "" ? "it is empty" : "it is cut off or corrupt, or not a JSON object";
    throw unreadableAnswer(what, statusCode);
  }
  checkMembers(name, answer, { statusCode, requestId: headers[requestIdHeader] });
  return answer;
}

/** @throws UnreadableAnswer for an error status from a proxy or a gateway: DynamoDB names its errors */
function checkIsRefusal(text: string, { statusCode, headers }: Response): void {
  const refusal = parsedObject(text);
  const name = refusal?.__type ?? refusal?.code ?? headers["x-amzn-errortype"];
  if (typeof name !== "string" || name === "") {
    throw unreadableAnswer(`HTTP ${statusCode} without a DynamoDB error`, statusCode);
  }
  checkRefusedItems(refusal ?? {}, statusCode);
}

/**
 * @throws UnreadableAnswer for values that DynamoDB does not have; the reader's message may quote
 * them
 */
function readBy(form: ValueForm, answer: Record<string, unknown>, statusCode: number): object {
  try {
    return form.read(answer);
  } catch {
    throw unreadableValue(statusCode);
  }
}

function parsedObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Text that is not JSON is not an object either; the parser's error would quote it.
    return undefined;
  }
}

/** Whether a response holds what was asked for, and no error. */
export function isAnswer({ statusCode }: Pick<Response, "statusCode">): boolean {
  return statusCode < 300;
}

/** Headers with the names that Node's client gives them: a handler may leave them as they were sent. */
export function lowerNamed(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const named = { ...headers };
  for (const [name, value] of Object.entries(headers)) named[name.toLowerCase()] = value;
  return named;
}

/**
 * The output of an operation by the body of its response.
 * @throws UnreadableAnswer
 */
export function answerOf(
  stock: Pick<Protocol, "deserializeMetadata">,
  form: ValueForm,
  operation: Operation,
  body: string | Buffer,
  response: Response,
): object {
  checkSum(body, response);
  const answer = checkedAnswer(operation, body.toString(), response);
  return Object.assign(readBy(form, answer, response.statusCode), {
    $metadata: stock.deserializeMetadata(response),
  });
}

/**
 * The SDK's protocol with a body of its own. The SDK builds the rest of a request, and reads errors.
 */
export function protocolWith(stock: Protocol, form: ValueForm): Protocol {
  const native: Pick<Protocol, "serializeRequest" | "deserializeResponse"> = {
    async serializeRequest(operation, input, context) {
      const request = await stock.serializeRequest(operation, {}, context);
      request.body = form.textOf(withToken(operation, input), knownOperation(operation).shape);
      return request;
    },
    async deserializeResponse(operation, context, given) {
      const response = { ...given, headers: lowerNamed(given.headers) };
      const text = await readText(context, response.body);
      if (isAnswer(response)) return answerOf(stock, form, operation, text, response);
      checkSum(text, response);
      checkIsRefusal(text, response);
      // Bytes of this realm: in jsdom, the SDK does not recognise a Buffer.
      const whole = { ...response, body: new Uint8Array(Buffer.from(text)) };
      return stock.deserializeResponse(operation, context, whole);
    },
  };
  // Everything else is done by the stock protocol.
  return Object.assign(Object.create(stock) as Protocol, native);
}
