/** What a client throws of an answer that is not DynamoDB's, and what is told of it. */
import { isObject } from "../runtime/objects.js";
import { throttlingNames, transientNames, unreadableCode } from "./codes.js";
import { credentialsFailures, noteSending, unsent } from "./notes.js";
import { legible, namesOf } from "./thrown.js";
import { messageOf } from "./words.js";

/**
 * How the SDK's own retry strategy (@smithy/core 3.38, `asSdkError`) tells an error of another realm,
 * as all of Node's own are under Jest: in a message of its own, without name and code. A client of
 * this package's own has another strategy; one that is given has this.
 */
const retold = /^AWS SDK error wrapper for (\w+): (.*)$/s;

/** Node's names of what happened to a connection, as its messages have them. */
const codeInMessage = /\bE[A-Z]{4,}\b/;

/** The same error with its name, and its code where the message has it. */
function unwrapped(error: object): object {
  const [, name, message = ""] = retold.exec(messageOf(error)) ?? [];
  if (name === undefined) return error;
  const code = message === "socket hang up" ? "ECONNRESET" : codeInMessage.exec(message)?.[0];
  const same = new Error(message, { cause: error });
  if (unsent.has(error)) unsent.add(same);
  if (credentialsFailures.has(error)) credentialsFailures.add(same);
  return Object.assign(same, { name, ...(code && { code }) });
}

/** Whether an error of another realm is of a body that ended early, by what the SDK adds to its message. */
function isRetoldEndOfBody(error: object): boolean {
  const [, name, message = ""] = retold.exec(messageOf(error)) ?? [];
  return name === "Error" && message.includes("Deserialization error: to see the raw response");
}

const cutOff = (statusCode?: number): Error => unreadableAnswer("it is cut off", statusCode);

/**
 * An answer that cannot be read as one of DynamoDB's: cut off, corrupt, or somebody else's. Nothing
 * follows from it, so the request is sent again, and a write may have been carried out.
 * @param what how it shows; never a piece of the answer, which may hold a payload
 */
export function unreadableAnswer(what: string, statusCode?: number): Error {
  return Object.assign(new Error(`the answer cannot be read: ${what}`), {
    name: unreadableCode,
    $metadata: { httpStatusCode: statusCode },
  });
}

/**
 * What a client threw, fit to be told. What the SDK, or Node's HTTP parser, makes of an answer that is
 * not DynamoDB's has many names, and its message may quote the answer: it goes no further.
 */
export function unquoted(thrown: unknown): unknown {
  const error = legible(thrown);
  if (!isObject(error)) return error;
  const { name, code } = error;
  if (name === "SyntaxError" && unsent.has(error)) {
    const other = new Error("what should be JSON is not");
    if (credentialsFailures.has(error)) credentialsFailures.add(other);
    return noteSending(other, false);
  }
  const response = error.$response as { readonly statusCode?: number } | undefined;
  if (typeof code === "string" && code.startsWith("HPE_")) {
    return unreadableAnswer(`it is no HTTP (${code})`);
  }
  if (name === "SyntaxError") return unreadableAnswer("it is no JSON", response?.statusCode);
  // The SDK leaves the response on what it could not deserialize; an error of DynamoDB's has a name.
  if (typeof response?.statusCode !== "number") {
    return isRetoldEndOfBody(error) ? cutOff() : unwrapped(error);
  }
  const names = namesOf(error);
  // The connection broke after the head of the response.
  if (names.includes("ECONNRESET") || names.includes("EPIPE")) return cutOff(response.statusCode);
  const isNamed = name !== "Unknown" && name !== "UnknownError" && error.$fault !== undefined;
  const isKnown = names.some((one) => transientNames.has(one) || throttlingNames.has(one));
  return isNamed || isKnown ? error : unreadableAnswer("it is not DynamoDB's", response.statusCode);
}
