/** What is noted on a failure by those who know, for those who report it: never on the error itself. */
import { isObject } from "../runtime/objects.js";

/** Failures of requests that were not sent at all. */
export const unsent = new WeakSet<object>();

/** Of these, what a provider of credentials threw. */
export const credentialsFailures = new WeakSet<object>();

/**
 * Notes on what a request threw whether it had been handed to the request handler. The same error may
 * come a second time.
 * @returns what was thrown, or an error in place of what nothing can be noted on
 */
export function noteSending(thrown: unknown, begun: boolean): unknown {
  if (begun) {
    if (isObject(thrown)) unsent.delete(thrown);
    return thrown;
  }
  const error = isObject(thrown) ? thrown : new Error("no error was thrown", { cause: thrown });
  unsent.add(error);
  return error;
}

/** Notes on what a provider of credentials threw where it comes from. @returns as `noteSending` */
export function noteCredentialsFailure(thrown: unknown): unknown {
  const error = noteSending(thrown, false) as object;
  credentialsFailures.add(error);
  return error;
}

/** Failures of native writes that may have been carried out all the same. */
const openFailures = new WeakSet<object>();

/** What `noteOpen` noted. */
export function isOpen(error: unknown): boolean {
  return isObject(error) && openFailures.has(error);
}

/** Notes that on what a native write threw: who wraps it, ElectroDB's error around it too, says so. */
export function noteOpen(error: object): void {
  openFailures.add(error);
}

/** What to do about a failure, as the end of its message. */
const advice = new WeakMap<object, string>();

/** Notes on a failure what a person can do about it. */
export function noteAdvice(error: unknown, text: string | undefined): void {
  if (isObject(error) && text !== undefined) advice.set(error, text);
}

/** What `noteAdvice` noted. */
export function adviceOf(error: unknown): string | undefined {
  return isObject(error) ? advice.get(error) : undefined;
}

/** Failures that were not tried again although that might have cured them. */
const unrepeated = new WeakSet<object>();

/** Notes on a failure, or on what is left of a batch, that the retry budget is spent. */
export function noteBudgetSpent(outcome: unknown): void {
  if (isObject(outcome)) unrepeated.add(outcome);
}

/** Whether the retry budget was spent when this might have been tried again. */
export function isBudgetSpent(outcome: unknown): boolean {
  return isObject(outcome) && unrepeated.has(outcome);
}

/** What ended a batch of which a part was answered. */
const endedBy = new WeakMap<object, unknown>();

/** Notes on the answered part of a batch what became of the rest, where that was more than "later". */
export function noteEnd(answer: object, error: unknown): void {
  endedBy.set(answer, error);
}

/** What `noteEnd` noted. */
export function endOf(answer: object): unknown {
  return endedBy.get(answer);
}
