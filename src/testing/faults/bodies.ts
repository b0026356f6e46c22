/** Responses whose body is not what the engine sent. */
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { attribute } from "../../table/table.js";
import { answerOf, type HandlerAnswer, socketError, type WholeAnswer } from "./exchange.js";

/** The connection is closed in the middle of the body, which is shorter than the announced length. */
export function cutBody({ statusCode, headers, body }: WholeAnswer): HandlerAnswer {
  const half = body.subarray(0, body.length >> 1);
  const stream = new Readable({
    read() {
      this.push(half);
      // As responses end in Node itself: "aborted", with this code.
      this.destroy(socketError("aborted", "ECONNRESET"));
    },
  });
  const length = { "content-length": String(body.length) };
  return answerOf(statusCode, stream, { ...headers, ...length });
}

/**
 * The connection is closed in the middle of a body without an announced length, so it looks complete.
 */
export function silentlyCutBody({ statusCode, headers, body }: WholeAnswer): HandlerAnswer {
  const { "content-length": _, ...rest } = headers;
  return answerOf(statusCode, Readable.from([body.subarray(0, body.length >> 1)]), rest);
}

/** A byte in the middle is NUL, which JSON never contains. */
export function corruptBody({ statusCode, headers, body }: WholeAnswer): HandlerAnswer {
  const bytes = Buffer.from(body);
  bytes[bytes.length >> 1] = 0;
  return answerOf(statusCode, Readable.from([bytes]), checked(headers, body));
}

/** A text that is not part of a key: the layer knows its keys, so a changed key would be noticed. */
const firstText = new RegExp(
  `(?<!"(?:${attribute.partitionKey}|${attribute.sortKey})":\\{"S"):"[A-Za-z0-9]`,
);

/** A number, in a response without a text: that of a count. */
const firstNumber = /(?<=:)\d/;

/** One value is changed: still JSON, of the same length, but not matching the checksum. */
export function alteredBody({ statusCode, headers, body }: WholeAnswer): HandlerAnswer {
  const text = body.toString();
  let altered = text.replace(firstText, (value) => (value === ':"0' ? ':"1' : ':"0'));
  // No zero, with which no longer number begins.
  if (altered === text) altered = text.replace(firstNumber, (digit) => (digit === "1" ? "2" : "1"));
  // The response to a write has neither.
  if (altered === text) altered = text.replace("{}", "[]");
  return answerOf(statusCode, Readable.from([Buffer.from(altered)]), checked(headers, body));
}

/** Adds the checksum of the body as DynamoDB sent it. */
function checked(headers: WholeAnswer["headers"], body: Buffer): WholeAnswer["headers"] {
  return { ...headers, "x-amz-crc32": String(crc32(body)) };
}
