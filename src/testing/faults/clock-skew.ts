/** A service whose clock differs from the caller's. */
import { Readable } from "node:stream";
import { answerOf, type Exchange, failure, type HandlerAnswer, wholeAnswer } from "./exchange.js";

/** How far the service's clock is ahead, in ms. */
const aheadMs = 10 * 60_000;

/** How far a signature's time may differ, in ms. */
const toleratedMs = 5 * 60_000;

/**
 * Refuses a signature that is more than five minutes old, and returns the service's time. A signature
 * with the service's time passes. See "Troubleshooting AWS Signature Version 4" in the IAM user
 * guide.
 */
export async function skewed({ request, send }: Exchange): Promise<HandlerAnswer> {
  const serviceTime = Date.now() + aheadMs;
  const date = new Date(serviceTime).toUTCString();
  const signed = request.headers["x-amz-date"] ?? "";
  if (Math.abs(timeOf(signed) - serviceTime) <= toleratedMs) {
    const { statusCode, headers, body } = await wholeAnswer(await send(request));
    return answerOf(statusCode, Readable.from([body]), { ...headers, date });
  }
  const oldest = basic(serviceTime - toleratedMs);
  return failure(
    400,
    "InvalidSignatureException",
    `Signature expired: ${signed} is now earlier than ${oldest} (${basic(serviceTime)} - 5 min.)`,
    { headers: { date } },
  );
}

/** Parses the form of times in signatures: `20261125T091500Z`. */
function basic(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");
}

function timeOf(text: string): number {
  return Date.parse(
    text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"),
  );
}
