/** Responses that do not come from DynamoDB, and what is reported of them. */
import { isObject } from "../runtime/objects.js";
import { isServiceName, throttlingNames, transientNames, unreadableCode } from "./codes.js";
import { copySending, isUnsent } from "./notes.js";
import { legible, namesOf, specificOf } from "./thrown.js";
import { messageOf } from "./words.js";

/**
 * How the SDK's own retry strategy (@smithy/core 3.38, `asSdkError`) reports an error of another realm,
 * as all of Node's own errors are under Jest: in a message, without the name and the code. The clients
 * that this package makes have another strategy; a client that it is given has this one.
 */
const retold = /^AWS SDK error wrapper for (\w+): (.*)$/s;

/** Node's code for what happened to a connection, as its messages contain it. */
const codeInMessage = /\bE[A-Z]{4,}\b/;

/** The same error with its name, and with its code if the message contains one. */
function unwrapped(error: object): object {
  const [, name, message = ""] = retold.exec(messageOf(error)) ?? [];
  if (name === undefined) return error;
  const code = message === "socket hang up" ? "ECONNRESET" : codeInMessage.exec(message)?.[0];
  const same = new Error(message, { cause: error });
  copySending(error, same);
  return Object.assign(same, { name, ...(code && { code }) });
}

/** Whether an error of another realm reports a body that ended early: the SDK adds this to its message. */
function isRetoldEndOfBody(error: object): boolean {
  const [, name, message = ""] = retold.exec(messageOf(error)) ?? [];
  return name === "Error" && message.includes("Deserialization error: to see the raw response");
}

/** The advice that the SDK (@smithy/core 3.38) appends to a failure while a response was read. */
const sdkAdvice = /\n *Deserialization error: to see the raw response, .*$/s;

/** The same error without that advice: the hidden field that it names is not on this package's errors. */
function withoutAdvice(error: Readonly<Record<string, unknown>>): object {
  const { message } = error;
  if (typeof message === "string" && sdkAdvice.test(message)) {
    Reflect.set(error, "message", message.replace(sdkAdvice, ""));
  }
  return error;
}

const cutOff = (statusCode?: number): Error => unreadableAnswer("it is cut off", statusCode);

/**
 * The error of a response that cannot be read: it is cut off, corrupt, or does not come from DynamoDB.
 * It proves nothing, so the request is sent again, and a write may have been carried out.
 * @param what the evidence; never a piece of the response, which may contain a payload
 */
export function unreadableAnswer(what: string, statusCode?: number): Error {
  return Object.assign(new Error(`the response cannot be read: ${what}`), {
    name: unreadableCode,
    $metadata: { httpStatusCode: statusCode },
  });
}

/** The error for a response with a value that DynamoDB does not have, which the reader's message may quote. */
export const unreadableValue = (statusCode?: number): Error =>
  unreadableAnswer("it holds a value of a type that DynamoDB does not have", statusCode);

/**
 * What a client threw, without quoting the response. The errors that the SDK and Node's HTTP parser
 * throw for a response that does not come from DynamoDB have many names, and their messages may quote
 * it: they are replaced.
 */
export function unquoted(thrown: unknown): unknown {
  const error = legible(thrown);
  if (!isObject(error)) return error;
  const { name, code } = error;
  if (name === "SyntaxError" && isUnsent(error)) {
    return copySending(error, new Error("a text that should be JSON is not JSON"));
  }
  const response = error.$response as { readonly statusCode?: number } | undefined;
  if (typeof code === "string" && code.startsWith("HPE_")) {
    return unreadableAnswer(`it is not HTTP (${code})`);
  }
  if (name === "SyntaxError") return unreadableAnswer("it is not JSON", response?.statusCode);
  // The SDK attaches the response to an error, whether it could read it or not.
  if (typeof response?.statusCode !== "number") {
    return isRetoldEndOfBody(error) ? cutOff() : unwrapped(error);
  }
  const names = namesOf(error);
  // The connection broke after the head of the response.
  if (names.includes("ECONNRESET") || names.includes("EPIPE")) return cutOff(response.statusCode);
  // A credentials provider may ask another service, which has names of its own.
  if (error.$fault !== undefined && isUnsent(error)) return error;
  const isKnown =
    error.$fault === undefined
      ? names.some((one) => transientNames.has(one) || throttlingNames.has(one))
      : isServiceName(specificOf(names) ?? "", error.__type);
  return isKnown
    ? withoutAdvice(error)
    : unreadableAnswer("it does not come from DynamoDB", response.statusCode);
}
