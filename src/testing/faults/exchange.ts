/** A request and its answer as a request handler of the SDK sees them, and answers made by hand. */
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import type { NodeHttpHandler } from "@smithy/node-http-handler";

export type HandlerRequest = Parameters<NodeHttpHandler["handle"]>[0];
export type HandlerAnswer = Awaited<ReturnType<NodeHttpHandler["handle"]>>;

/** One request that a fault hits. */
export interface Exchange {
  /** DynamoDB's operation. */
  readonly operation: string;
  readonly request: HandlerRequest;
  /** How late a slow answer is, in ms. */
  readonly delayMs: number;
  readonly signal: AbortSignal | undefined;
  /** Has the engine carry it out. */
  send(request: HandlerRequest): Promise<HandlerAnswer>;
}

/** The body as text. The SDK's own is bytes that warn on the console when one takes them for text. */
export function textOf({ body }: HandlerRequest): string {
  return typeof body === "string" ? body : new TextDecoder().decode(body as Uint8Array);
}

/** The same request with another body. A copy keeps the class's methods; no engine checks signatures. */
export function withBody(request: HandlerRequest, text: string): HandlerRequest {
  return Object.assign(Object.create(Object.getPrototypeOf(request)), request, {
    body: text,
    headers: { ...request.headers, "content-length": String(Buffer.byteLength(text)) },
  }) as HandlerRequest;
}

/** Status, headers and whole body of an answer. */
export interface WholeAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Reads an answer to its end, so that its socket is free again. */
export async function wholeAnswer({ response }: HandlerAnswer): Promise<WholeAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response.body as Readable) chunks.push(Buffer.from(chunk as Buffer));
  const { statusCode, headers } = response;
  return { statusCode, headers, body: Buffer.concat(chunks) };
}

/** What DynamoDB answers with, the checksum of the body included. */
export function jsonAnswer(
  statusCode: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): HandlerAnswer {
  const bytes = Buffer.from(JSON.stringify(body));
  return answerOf(statusCode, Readable.from([bytes]), {
    "content-type": "application/x-amz-json-1.0",
    "content-length": String(bytes.length),
    "x-amz-crc32": String(crc32(bytes)),
    ...headers,
  });
}

/** An error of DynamoDB's. */
export function failure(
  statusCode: number,
  name: string,
  message: string,
  more: { readonly fields?: object; readonly headers?: Readonly<Record<string, string>> } = {},
): HandlerAnswer {
  const body = {
    __type: `com.amazonaws.dynamodb.v20120810#${name}`,
    message,
    ...more.fields,
  };
  return jsonAnswer(statusCode, body, more.headers);
}

export function answerOf(
  statusCode: number,
  body: Readable,
  headers: Readonly<Record<string, string>>,
): HandlerAnswer {
  const response = { statusCode, headers: { ...headers }, body };
  // The SDK asks of a response what it has, not which class it is.
  return { response: response as HandlerAnswer["response"] };
}

/** An error as Node's sockets throw it. */
export function socketError(message: string, code: string, name = "Error"): Error {
  return Object.assign(new Error(message), { name, code });
}
