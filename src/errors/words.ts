/** A failure in words: its name, its message, and why a part of a batch was not processed. */
import { isObject } from "../runtime/objects.js";
import { isOwnError } from "./brand.js";
import { withoutValues } from "./hidden.js";
import { credentialsText, lacksCredentials, lacksRegion, regionText } from "./missing-setup.js";
import { adviceOf, endOf, isBudgetSpent, isCredentialsFailure } from "./notes.js";
import { legible, namesOf, specificOf } from "./thrown.js";

/** The AWS name, Node.js code or class name of anything thrown; `undefined` if it has none. */
export function nameOf(thrown: unknown): string | undefined {
  const error = legible(thrown);
  if (isOwnError(error)) return error.code;
  if (!isObject(error)) return undefined;
  const name = specificOf(namesOf(error));
  const isOwn = lacksRegion(error) || isCredentialsFailure(error);
  return isOwn && (name === undefined || name === "Error") ? "ConfigurationError" : name;
}

/** What a message says if there was no retry because the retry budget is spent. */
export const budgetSpentText = "not sent again: the retry budget is spent";

/** The message of a failure, with what is known about it and what to do. */
export function messageOf(error: unknown): string {
  const spent = isBudgetSpent(error) ? ` (${budgetSpentText})` : "";
  const what = adviceOf(error);
  return `${ownMessageOf(error)}${spent}${what === undefined ? "" : `: ${what}`}`;
}

function ownMessageOf(error: unknown): string {
  if (lacksRegion(error)) return regionText;
  const text = thrownMessageOf(error);
  if (isCredentialsFailure(error)) {
    return `the credentials provider failed: ${text}`;
  }
  return lacksCredentials(error) ? `no credentials were found (${text}): ${credentialsText}` : text;
}

function thrownMessageOf(error: unknown): string {
  if (isObject(error) && typeof error.message === "string" && error.message !== "") {
    return withoutValues(error.message);
  }
  const name = nameOf(error);
  return name === undefined || name === "Error" ? "Unknown DynamoDB error" : name;
}

/** Why a response left a part of a batch unprocessed, as the end of a message. */
export function whyLeft(answer: object): string {
  const end = endOf(answer);
  if (end !== undefined) return `: ${messageOf(end)}`;
  return isBudgetSpent(answer) ? `, ${budgetSpentText}` : " after all retries";
}
