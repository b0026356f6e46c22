/**
 * What is known about a failure but cannot be read from it. Whoever knows notes it here, and whoever
 * reports the failure asks. Nothing is written to the error itself, which may be frozen or foreign.
 */
import { isObject } from "../runtime/objects.js";

/** Failures of requests that were never sent. */
const unsent = new WeakSet<object>();

/** Among these, the failures of credentials providers. */
const credentialsFailures = new WeakSet<object>();

/**
 * Notes whether a request that failed had been handed to the request handler. The same error may come
 * again, from another request.
 * @returns what was thrown; or an error in its place, if nothing can be noted on it
 */
export function noteSending(thrown: unknown, begun: boolean): unknown {
  if (begun) {
    if (isObject(thrown)) unsent.delete(thrown);
    return thrown;
  }
  const error = isObject(thrown)
    ? thrown
    : new Error("what was thrown is not an error", { cause: thrown });
  unsent.add(error);
  return error;
}

/** Notes that a credentials provider threw this. @returns the same as `noteSending` */
export function noteCredentialsFailure(thrown: unknown): unknown {
  const error = noteSending(thrown, false) as object;
  credentialsFailures.add(error);
  return error;
}

/** Among these, the failures to write a request's body. */
const unwritable = new WeakSet<object>();

/** Notes that this was thrown while a request's body was written. @returns the same as `noteSending` */
export function noteUnwritable(thrown: unknown): unknown {
  const error = noteSending(thrown, false) as object;
  unwritable.add(error);
  return error;
}

/** Whether a request's body could not be written because of this. */
export function isUnwritable(error: unknown): boolean {
  return isObject(error) && unwritable.has(error);
}

/** Notes on an error what is noted on the one that it replaces. @returns the new error */
export function copySending(from: object, to: object): object {
  if (unsent.has(from)) unsent.add(to);
  if (credentialsFailures.has(from)) credentialsFailures.add(to);
  return to;
}

/** Whether the request was never sent. */
export function isUnsent(error: object): boolean {
  return unsent.has(error);
}

/** Whether a credentials provider threw it. */
export function isCredentialsFailure(error: unknown): boolean {
  return isObject(error) && credentialsFailures.has(error);
}

/** Failures of native writes that may have been carried out nevertheless. */
const openFailures = new WeakSet<object>();

/** Notes that a native write may have been carried out although it threw this. */
export function noteOpen(error: object): void {
  openFailures.add(error);
}

/** What `noteOpen` noted. */
export function isOpen(error: unknown): boolean {
  return isObject(error) && openFailures.has(error);
}

/** What to do about a failure, as the end of its message. */
const advice = new WeakMap<object, string>();

/** Notes what a person can do about a failure. */
export function noteAdvice(error: unknown, text: string | undefined): void {
  if (isObject(error) && text !== undefined) advice.set(error, text);
}

/** What `noteAdvice` noted. */
export function adviceOf(error: unknown): string | undefined {
  return isObject(error) ? advice.get(error) : undefined;
}

/** Failures that a retry might have cured, if the retry budget had not been spent. */
const unrepeated = new WeakSet<object>();

/** Notes on a failure, or on the rest of a batch, that it was not sent again: the budget is spent. */
export function noteBudgetSpent(outcome: unknown): void {
  if (isObject(outcome)) unrepeated.add(outcome);
}

/** What `noteBudgetSpent` noted. */
export function isBudgetSpent(outcome: unknown): boolean {
  return isObject(outcome) && unrepeated.has(outcome);
}

/** The failures that ended batches after a part had been processed. */
const endedBy = new WeakMap<object, unknown>();

/** Notes on the response to a part of a batch which failure ended the rest. */
export function noteEnd(answer: object, error: unknown): void {
  endedBy.set(answer, error);
}

/** What `noteEnd` noted. */
export function endOf(answer: object): unknown {
  return endedBy.get(answer);
}
