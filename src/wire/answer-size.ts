/** The limit of a response's size: one without end would fill the memory of the process. */
import type { Readable } from "node:stream";
import { unreadableAnswer } from "../errors/unreadable-answer.js";

/** DynamoDB's largest response has 16 MB of items; as JSON, with bytes in Base64, it is never this large. */
export const mostAnswerBytes = 128 * 1024 * 1024;

/** The error of a response that nobody needs to read to its end. */
export function tooLarge(): Error {
  return unreadableAnswer(`it has more than ${mostAnswerBytes / 1024 / 1024} MB`);
}

/**
 * Ends a response as soon as it is larger than any of DynamoDB's.
 * @param isExact whether no more comes than its head announces, as Node's client for HTTP/1.1 sees to
 * @throws UnreadableAnswer if its head announces more; the body is destroyed
 */
export function limitSize(
  body: Readable,
  headers: Readonly<Record<string, string>>,
  isExact: boolean,
): void {
  const announced = Number(headers["content-length"] ?? Number.NaN);
  if (announced > mostAnswerBytes) {
    body.once("error", ignore).destroy();
    throw tooLarge();
  }
  if (isExact && announced >= 0) return;
  let bytes = 0;
  const { push } = body;
  // A listener for its data would start the stream before its reader is there.
  body.push = (part: unknown, encoding) => {
    bytes += sizeOf(part);
    if (bytes <= mostAnswerBytes) return push.call(body, part, encoding);
    body.destroy(tooLarge());
    return false;
  };
}

/** The bytes of a part, or at least as many as it has letters. */
export function sizeOf(part: unknown): number {
  if (typeof part === "string") return part.length;
  return ArrayBuffer.isView(part) ? part.byteLength : 0;
}

function ignore(): void {
  // What the stream says of its end; another error is thrown.
}
