/** A request and its response as a request handler of the SDK sees them, and responses made by hand. */
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
  /** How late a slow response is, in ms. */
  readonly delayMs: number;
  readonly signal: AbortSignal | undefined;
  /** Has the engine carry out the request. */
  send(request: HandlerRequest): Promise<HandlerAnswer>;
}

/**
 * The body as text. The SDK's own bodies are bytes that warn on the console if they are used as text.
 */
export function textOf({ body }: HandlerRequest): string {
  return typeof body === "string" ? body : new TextDecoder().decode(body as Uint8Array);
}

/**
 * The same request with another body. A copy keeps the methods of the class. Engines do not check
 * signatures.
 */
export function withBody(request: HandlerRequest, text: string): HandlerRequest {
  return Object.assign(Object.create(Object.getPrototypeOf(request)), request, {
    body: text,
    headers: { ...request.headers, "content-length": String(Buffer.byteLength(text)) },
  }) as HandlerRequest;
}

/** Status, headers and complete body of a response. */
export interface WholeAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Reads a response to its end, so that its socket is free again. */
export async function wholeAnswer({ response }: HandlerAnswer): Promise<WholeAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response.body as Readable) chunks.push(Buffer.from(chunk as Buffer));
  const { statusCode, headers } = response;
  return { statusCode, headers, body: Buffer.concat(chunks) };
}

/** A response of DynamoDB, with the checksum of the body. */
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

/** An error response of DynamoDB. */
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
  // The SDK checks the members of a response, not its class.
  return { response: response as HandlerAnswer["response"] };
}

/** An error as Node's sockets throw it. */
export function socketError(message: string, code: string, name = "Error"): Error {
  return Object.assign(new Error(message), { name, code });
}
