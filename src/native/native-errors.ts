/** What a native chain throws, as one of the package's errors, with ElectroDB's own as the cause. */
import { UnstorableValue } from "../client/marshalling.js";
import { AbortedError } from "../errors/aborted-error.js";
import { ConditionalCheckFailedError } from "../errors/conditional-check-failed-error.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { type CallContext, describe, withContext } from "../errors/context.js";
import { DynamoDBError, isDynamoDBError } from "../errors/dynamodb-error.js";
import { hide, hidePayload } from "../errors/hidden.js";
import { asOpen } from "../errors/left-open.js";
import { isCredentialsFailure, isUnwritable } from "../errors/notes.js";
import { setProgress } from "../errors/progress.js";
import { invalid, invalidAt, type ValidationIssue } from "../errors/validation-error.js";
import { messageOf } from "../errors/words.js";
import { wrapDynamoDBError } from "../errors/wrap.js";
import { convertItem } from "../transport/failed-items.js";
import type { CallRequests } from "./call-requests.js";
import { isElectroError, isRequestFailure, saysAborted, saysSetup } from "./electro.js";

/** What is known about the call that threw. */
export interface NativeCall {
  readonly context: CallContext;
  /** The call's own `abortSignal`. */
  readonly signal?: AbortSignal | undefined;
  /** Its requests, if any was sent. */
  readonly requests?: CallRequests | undefined;
  /** What a batch was given, one for each item. */
  readonly inputs?: readonly unknown[] | undefined;
  /** Formats a stored item as ElectroDB returns it. */
  readonly format?: ((item: object) => unknown) | undefined;
}

/** Maps what a native call threw, once. */
export function nativeError(thrown: unknown, call: NativeCall): DynamoDBError {
  const { context, requests, inputs } = call;
  const failure = requestFailureOf(thrown);
  const error = withContext(mapped(thrown, failure, call), context);
  const progress = inputs && requests?.progressOf(inputs);
  if (progress !== undefined) setProgress(error, progress);
  return requests?.mayHaveBeenDone(failure) ? asOpen(error) : error;
}

function mapped(thrown: unknown, failure: object | undefined, call: NativeCall): DynamoDBError {
  if (isDynamoDBError(thrown)) return thrown;
  const { context, signal, requests } = call;
  if (saysAborted(failure ?? thrown)) return aborted(thrown, context, signal);
  if (failure !== undefined) return failed(thrown, failure, call);
  if (!requests?.areSent) return refused(thrown, context);
  const rule = `ElectroDB cannot turn the response into a result: ${textOf(thrown)}`;
  return new DynamoDBError(describe(context, rule), { code: "ResultNotMade", cause: thrown });
}

/** The error of the request that made a call fail, if it was a request. */
function requestFailureOf(thrown: unknown): object | undefined {
  for (const error of [thrown, (thrown as { cause?: unknown } | undefined)?.cause]) {
    if (typeof error === "object" && error !== null && isRequestFailure(error)) return error;
  }
  return undefined;
}

function aborted(
  thrown: unknown,
  context: CallContext,
  signal: AbortSignal | undefined,
): AbortedError {
  // ElectroDB's error does not contain the reason.
  if (isElectroError(thrown)) thrown.cause ??= signal?.reason;
  return new AbortedError(describe(context, "aborted"), thrown);
}

/** A request failed: the SDK's error says why, and ElectroDB's error about it is the cause. */
function failed(
  thrown: unknown,
  failure: { readonly cause?: unknown },
  { context, requests, format }: NativeCall,
): DynamoDBError {
  // The transport gives ElectroDB a separate error to write on. The SDK's error is its cause.
  const source = requests?.isOurs ? failure.cause : failure;
  const [item] = convertItem(source);
  hidePayload(failure);
  // A credentials provider may throw an error of this package too, from a call of its own.
  if (isDynamoDBError(source) && !isCredentialsFailure(source)) {
    return named(source, context);
  }
  const unstorable = unstorableRule(source);
  if (unstorable !== undefined) {
    return invalidAt(context, "", unstorable, thrown);
  }
  const error = wrapDynamoDBError(source, context);
  if (error instanceof ConditionalCheckFailedError && item !== undefined) {
    hide(error, "item", format?.(item) ?? item);
  }
  hide(error, "cause", thrown);
  hide(error, "originalError", thrown);
  return error;
}

/** How the SDK (util-dynamodb 3.996) refuses values before it sends anything, and the rule in words. */
const unstorable: readonly (readonly [RegExp, string])[] = [
  [/^Special numeric value/, "a number is NaN or infinite: DynamoDB has no such number"],
  [
    /^Number .*(?:greater|lesser)/,
    "a number is beyond 2^53: give it as a bigint or an ExactNumber",
  ],
  [/^Pass a non-empty set/, "a set is empty: DynamoDB has no such set"],
  [/^Only Number Set/, "a set holds texts, numbers or binary: DynamoDB has no other set"],
  [/^Unsupported type passed/, "a value is of a type that DynamoDB does not have"],
  [/Symbol/, "a value is a symbol: DynamoDB has no such value"],
  [/call stack|circular/i, "a value contains itself, or is nested too deeply"],
];

/** What is wrong with a value that the SDK could not convert; `undefined` for any other failure. */
function unstorableRule(source: unknown): string | undefined {
  if (source instanceof UnstorableValue) return source.message;
  const isCallers = isUnwritable(source);
  const isPlain = source instanceof Error && !("$metadata" in source) && !("code" in source);
  if (!isCallers && !isPlain) return undefined;
  const rule = unstorable.find(([refusal]) => refusal.test(messageOf(source)))?.[1];
  const isConversion = isCallers || ["TypeError", "RangeError"].includes((source as Error).name);
  return rule ?? (isConversion ? "the request cannot be written from these arguments" : undefined);
}

/** An error of the transport, which did not know the call: its message may name entity and key. */
function named(error: DynamoDBError, context: CallContext): DynamoDBError {
  const { operation, entity, message } = error;
  if (operation !== undefined) return error;
  error.message =
    entity === undefined ? describe(context, message) : `${context.operation} ${message}`;
  return error;
}

/** The call was invalid, and nothing was sent. */
function refused(thrown: unknown, context: CallContext): DynamoDBError {
  if (saysSetup(thrown)) {
    return new ConfigurationError(describe(context, textOf(thrown)), thrown);
  }
  return invalid(context, issuesOf(thrown), thrown);
}

/** How ElectroDB's messages (3.9.3) end. */
const manualLink = / - For more detail on this error reference: \S+$/;

/** How ElectroDB's messages (3.9.3) name what is missing: as one list of quoted names. */
const missingNames =
  /(?:Missing properties: |Without the composite attributes |attributes identified: )((?:"[^"]+"(?:, )?)+)/;

/** How messages about one attribute begin. */
const attributeName = /^(?:Invalid a|A)ttribute "([^"]+)"(?: at path "([^"]+)")?/;

function issuesOf(thrown: unknown): ValidationIssue[] {
  const text = textOf(thrown);
  if (isElectroError(thrown)) {
    const { fields, field } = thrown;
    if (fields !== undefined && fields.length > 0) {
      return fields.map(({ field: path, reason }) => ({ path, message: reason ?? text }));
    }
    if (field !== undefined) return [{ path: field, message: text }];
    const names = missingNames.exec(text)?.[1]?.match(/[^", ]+/g);
    if (names != null) return [...new Set(names)].map((path) => ({ path, message: "is missing" }));
  }
  const [, name, at] = attributeName.exec(text) ?? [];
  return [{ path: at ?? name ?? "", message: text }];
}

/**
 * The text of ElectroDB's error, or of a caller's callback. Other errors may quote values that they
 * could not read.
 */
function textOf(thrown: unknown): string {
  if (isElectroError(thrown)) {
    const text = (thrown._message ?? thrown.message).replace(manualLink, "");
    return text.replace(/^Error thrown by DynamoDB client: /, "");
  }
  const isPlain = thrown instanceof Error && thrown.name === "Error";
  return isPlain ? thrown.message : "an argument cannot be read";
}
