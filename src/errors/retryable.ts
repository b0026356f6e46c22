/** Whether the same request may succeed when it is sent again. */
import { isObject } from "../runtime/objects.js";
import { isOwnError } from "./brand.js";
import { retryableReasons, signatureNames, throttlingNames, transientNames } from "./codes.js";
import {
  cancellationReasonsOf,
  isNamedElectroError,
  legible,
  metadataOf,
  namesOf,
} from "./thrown.js";
import { messageOf } from "./words.js";

/** Whether a retry may cure a reason of a cancelled transaction with this code. */
export function isRetryableReason(code: string): boolean {
  return retryableReasons.has(code);
}

/**
 * Whether the same request may succeed when it is sent again: after throttling, a 5xx, a lost
 * connection, a time-out, a transaction conflict, or a response that is cut off or corrupt; and after a
 * signature with the wrong time, once the SDK knows the service's. Never after a refusal of the input,
 * a condition or the access, or after an abort. Accepts anything that can be thrown.
 */
export function isRetryableError(thrown: unknown): boolean {
  const error = legible(thrown);
  if (isOwnError(error)) return error.retryable;
  if (!isObject(error)) return false;
  const names = namesOf(error);
  if (names.includes("TransactionCanceledException")) {
    const codes = cancellationReasonsOf(error).map((reason) => reason.Code ?? "None");
    return codes.length > 0 && codes.every((code) => retryableReasons.has(code));
  }
  if (names.some((name) => throttlingNames.has(name) || transientNames.has(name))) return true;
  if (isObject(error.$retryable)) return true;
  if (names.some((name) => signatureNames.has(name))) {
    // Expired before it arrived (the process was frozen between signing and sending), or corrected.
    const expired = /^Signature expired/.test(messageOf(error));
    return expired || metadataOf(error)?.clockSkewCorrected === true;
  }
  const status = metadataOf(error)?.httpStatusCode;
  if (status !== undefined) return status >= 500 || status === 429;
  return isNamedElectroError(error) && isRetryableError(error.cause);
}

/** Whether DynamoDB refused a request because of throttling, also one of a transaction's items. */
export function isThrottling(thrown: unknown): boolean {
  const error = legible(thrown);
  if (!isObject(error)) return false;
  const ofItems = cancellationReasonsOf(error).map(({ Code: code = "" }) => code);
  return (
    namesOf(error).some((name) => throttlingNames.has(name)) ||
    ofItems.some((code) => /^Throttling|^ProvisionedThroughput/.test(code))
  );
}
