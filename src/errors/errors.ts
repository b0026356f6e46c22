/** The error classes, what is worth a retry, and the one function that maps anything into them. */
import { isError, isNativeError } from "../runtime/realms.js";
import type { RawItem } from "../table/table.js";

/** What a call was doing when it failed. */
export interface CallContext {
  /** The method that was called, for instance `update`. */
  readonly operation?: string | undefined;
  /** The entity's name, for instance `SavedContent`. */
  readonly entity?: string | undefined;
  /** The key's parts as text, for instance `userId=u1, contentId=c9`. */
  readonly key?: string | undefined;
}

/** One finding of a check: where, and which rule. It never holds the value. */
export interface ValidationIssue {
  /** Path from the call's argument, for instance `data.author.name`. */
  readonly path: string;
  /** The rule that was broken. */
  readonly message: string;
}

/**
 * Where the prototype of each class says which one it is. Another copy of this package has other
 * classes: an application that loads its CommonJS and its ES module form has two, and so has a
 * monorepo with two versions. What tells them is a name and not a class, nor a class's name, which
 * bundlers change.
 */
const kindKey = Symbol.for("bayon-coagent-data.errorKind");

/** Names a class, and lets `instanceof` know the errors of other copies by that name. */
function brand({ prototype }: { readonly prototype: object }, kind: string): void {
  hide(prototype, kindKey, kind);
}

/**
 * `instanceof` of the classes below: their own instances, and those of the same class, or of one below
 * it, in another copy. A class of the application's has no name here and knows its own alone.
 */
function isInstance(this: unknown, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
  const prototype: unknown = (this as { readonly prototype?: unknown } | undefined)?.prototype;
  const kind = isObject(prototype) ? kindOf(prototype) : undefined;
  return kind !== undefined && isNativeError(value) && hasKind(value, kind);
}

function kindOf(prototype: object): unknown {
  return Object.getOwnPropertyDescriptor(prototype, kindKey)?.value;
}

function hasKind(error: object, kind: unknown): boolean {
  let prototype: object | null = Object.getPrototypeOf(error);
  while (prototype !== null && kindOf(prototype) !== kind) {
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype !== null;
}

/**
 * The base of every error of this package. `instanceof` of this class, and of each below it, holds for
 * errors of other copies of the package too.
 *
 * `cause` (also `originalError`) is what was thrown below. No message and no other property holds
 * values of a payload.
 */
export class DynamoDBError extends Error {
  static {
    brand(DynamoDBError, "DynamoDBError");
    hide(DynamoDBError, Symbol.hasInstance, isInstance);
  }

  /** The AWS name of the error, a Node code such as `ECONNRESET`, or a name of this package. */
  readonly code: string | undefined;
  /** HTTP status, where there was an answer. */
  readonly statusCode: number | undefined;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** AWS request id, where there was an answer. */
  readonly requestId: string | undefined;
  /** The method that failed. */
  operation: string | undefined;
  /** The entity it was called for. */
  entity: string | undefined;
  /**
   * Whether the call may have been carried out all the same, wholly or in part: it writes, and the
   * answer to a request of it was lost, or it ended between two writes. Where it is false the call
   * has changed nothing but what the error names as written.
   *
   * @default false
   */
  mayHaveBeenDone: boolean;
  declare readonly originalError: unknown;

  constructor(
    message: string,
    code?: string,
    statusCode?: number,
    retryable = false,
    originalError?: unknown,
  ) {
    const cause = legible(originalError);
    super(message, cause === undefined ? undefined : { cause });
    this.name = "DynamoDBError";
    this.code = code;
    this.statusCode = statusCode;
    this.retryable = retryable;
    this.requestId = metadataOf(cause)?.requestId;
    this.operation = undefined;
    this.entity = undefined;
    this.mayHaveBeenDone = false;
    hide(this, "originalError", cause);
    hide(this, Symbol.for("nodejs.util.inspect.custom"), inspected);
    hidePayload(cause);
  }

  /** What a log may hold: no cause, no item. */
  toJSON(): Record<string, unknown> {
    return { ...(this as object), name: this.name, message: this.message };
  }
}

/** What a console shows: stack and fields, and of the cause its stack alone, whatever it holds. */
function inspected(
  this: DynamoDBError,
  _depth: number,
  options: object,
  inspect: (value: unknown, options: object) => string,
): string {
  const { name: _name, message: _message, ...fields } = this.toJSON();
  const { cause } = this;
  if (cause instanceof DynamoDBError) fields.cause = cause;
  else if (isError(cause)) fields.cause = verbatim(cause.stack ?? cause.message);
  else if (cause !== undefined) fields.cause = verbatim(nameOf(cause) ?? typeof cause);
  return `${this.stack ?? this.message} ${inspect(fields, options)}`;
}

/** A text that a console shows without quotes. */
function verbatim(text: string): object {
  return { [Symbol.for("nodejs.util.inspect.custom")]: () => text.replaceAll("\n", "\n  ") };
}

/** The item that the caller asked for is not there. */
export class ItemNotFoundError extends DynamoDBError {
  static {
    brand(ItemNotFoundError, "ItemNotFoundError");
  }

  constructor(
    pk: string,
    sk: string,
    message = `Item not found: PK=${pk}, SK=${sk}`,
    originalError?: unknown,
  ) {
    super(message, "ItemNotFound", 404, false, originalError);
    this.name = "ItemNotFoundError";
  }
}

/** A condition did not hold; `item` is what was there, `null` where nothing was. */
export class ConditionalCheckFailedError extends DynamoDBError {
  static {
    brand(ConditionalCheckFailedError, "ConditionalCheckFailedError");
  }

  /** What was there. Not enumerable, so that it reaches no log. */
  declare readonly item: unknown;

  constructor(message = "Conditional check failed", originalError?: unknown, item: unknown = null) {
    super(message, "ConditionalCheckFailedException", 400, false, originalError);
    this.name = "ConditionalCheckFailedError";
    hide(this, "item", item);
  }
}

/** DynamoDB throttled the request, and still did after the last retry. */
export class ThroughputExceededError extends DynamoDBError {
  static {
    brand(ThroughputExceededError, "ThroughputExceededError");
  }

  constructor(
    message = "Throughput exceeded",
    originalError?: unknown,
    code = "ProvisionedThroughputExceededException",
  ) {
    const status = metadataOf(legible(originalError))?.httpStatusCode ?? 400;
    super(message, code, status, true, originalError);
    this.name = "ThroughputExceededError";
  }
}

/** The call is wrong: `issues` names each field and rule. Nothing of it was stored. */
export class ValidationError extends DynamoDBError {
  static {
    brand(ValidationError, "ValidationError");
  }

  readonly issues: readonly ValidationIssue[];

  constructor(message: string, originalError?: unknown, issues: readonly ValidationIssue[] = []) {
    super(message, "ValidationException", 400, false, originalError);
    this.name = "ValidationError";
    this.issues = issues;
  }
}

/** Why one operation stopped a transaction. */
export interface CancellationReason {
  /** Position in the list that was given. */
  readonly index: number;
  readonly operation: string;
  readonly entity: string;
  readonly key: string;
  /** DynamoDB's code: ConditionalCheckFailed, TransactionConflict, ValidationError, … */
  readonly code: string;
  readonly message: string;
  /** What was there. Not enumerable. */
  readonly item?: unknown;
}

/** A transaction was cancelled as a whole; `reasons` names the operations that stopped it. */
export class TransactionCanceledError extends DynamoDBError {
  static {
    brand(TransactionCanceledError, "TransactionCanceledError");
  }

  readonly reasons: readonly CancellationReason[];

  constructor(
    message = "Transaction cancelled",
    originalError?: unknown,
    reasons: readonly CancellationReason[] = [],
    retryable = false,
  ) {
    super(message, "TransactionCanceledException", 400, retryable, originalError);
    this.name = "TransactionCanceledError";
    this.reasons = reasons;
  }
}

/** Some of a batch was not processed; `items` holds exactly those inputs, in the order given. */
export class UnprocessedItemsError extends DynamoDBError {
  static {
    brand(UnprocessedItemsError, "UnprocessedItemsError");
  }

  /** The inputs that were not processed. Not enumerable, so that it reaches no log. */
  declare readonly items: readonly unknown[];
  /** How many they are. */
  readonly unprocessed: number;
  /** How many were written. */
  readonly written: number;

  constructor(
    message: string,
    items: readonly unknown[] = [],
    written = 0,
    originalError?: unknown,
  ) {
    const retryable = originalError === undefined || isRetryableError(originalError);
    super(
      message,
      nameOf(originalError) ?? "UnprocessedItems",
      undefined,
      retryable,
      originalError,
    );
    this.name = "UnprocessedItemsError";
    this.unprocessed = items.length;
    this.written = written;
    hide(this, "items", items);
  }
}

/** A setting is missing or wrong; the message names the variable or option. */
export class ConfigurationError extends DynamoDBError {
  static {
    brand(ConfigurationError, "ConfigurationError");
  }

  constructor(message: string, originalError?: unknown, retryable = false) {
    super(message, "ConfigurationError", undefined, retryable, originalError);
    this.name = "ConfigurationError";
  }
}

/**
 * A stored secret cannot be given: its key is not there or is another, it was changed or moved, or
 * it is in clear text where that is refused.
 */
export class DecryptionError extends DynamoDBError {
  static {
    brand(DecryptionError, "DecryptionError");
  }

  /** The payload's field. */
  readonly field: string;
  /** The id of the key that the text names; `undefined` for clear text. */
  readonly keyId: string | undefined;

  constructor(message: string, field: string, keyId?: string, originalError?: unknown) {
    const retryable = originalError !== undefined && isRetryableError(originalError);
    super(message, "DecryptionError", undefined, retryable, originalError);
    this.name = "DecryptionError";
    this.field = field;
    this.keyId = keyId;
  }
}

/**
 * No answer within the call's `timeoutMs`, or within the request timeout on every attempt. Of a batch
 * call it says how far that came, as an UnprocessedItemsError does.
 */
export class TimeoutError extends DynamoDBError {
  static {
    brand(TimeoutError, "TimeoutError");
  }

  /** The inputs of a batch that were not processed. Not enumerable, so that it reaches no log. */
  declare readonly items: readonly unknown[] | undefined;
  /** How many they are. */
  declare readonly unprocessed: number | undefined;
  /** How many of a batch were written. */
  declare readonly written: number | undefined;

  constructor(message = "Timed out", originalError?: unknown) {
    super(message, "TimeoutError", undefined, true, originalError);
    this.name = "TimeoutError";
  }
}

/**
 * The caller's signal was aborted; `cause` is the signal's reason. Of a batch call it says how far that
 * came, as an UnprocessedItemsError does.
 */
export class AbortedError extends DynamoDBError {
  static {
    brand(AbortedError, "AbortedError");
  }

  /** The inputs of a batch that were not processed. Not enumerable, so that it reaches no log. */
  declare readonly items: readonly unknown[] | undefined;
  /** How many they are. */
  declare readonly unprocessed: number | undefined;
  /** How many of a batch were written. */
  declare readonly written: number | undefined;

  constructor(message = "Aborted", originalError?: unknown) {
    super(message, "AbortError", undefined, false, originalError);
    this.name = "AbortedError";
  }
}

/** The code of every answer that is not DynamoDB's, or not whole. */
const unreadableCode = "UnreadableAnswer";

const throttlingNames: ReadonlySet<string> = new Set([
  "ProvisionedThroughputExceededException",
  "ProvisionedThroughputExceeded",
  "ThrottlingException",
  "Throttling",
  "ThrottlingError",
  "ThrottledException",
  "RequestThrottled",
  "RequestThrottledException",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "BandwidthLimitExceeded",
  "SlowDown",
  "PriorRequestNotComplete",
  "LimitExceededException",
]);

const transientNames: ReadonlySet<string> = new Set([
  "InternalServerError",
  "InternalServerErrorException",
  "InternalFailure",
  "InternalError",
  "ServiceUnavailable",
  "ServiceUnavailableException",
  "RequestTimeout",
  "RequestTimeoutException",
  "TransactionConflictException",
  "TransactionConflict",
  "TransactionInProgressException",
  "ReplicatedWriteConflictException",
  "TimeoutError",
  "NetworkingError",
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_SOCKET",
  unreadableCode,
]);

/** Refusals of a signature, which may be for its time alone. */
const signatureNames: ReadonlySet<string> = new Set([
  "InvalidSignatureException",
  "RequestExpired",
  "RequestInTheFuture",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
]);

/** The SDK's own names for credentials that are missing or cannot be had. */
const credentialsNames: ReadonlySet<string> = new Set([
  "CredentialsProviderError",
  "TokenProviderError",
]);

/**
 * DynamoDB's refusals: a request that one of them answers was not carried out. The list is closed,
 * because a gateway in between has 4xx of its own, with names of the same form, also for requests that
 * it has handed on. TransactionInProgressException is none: what it refuses is being carried out.
 */
const refusalNames: ReadonlySet<string> = new Set([
  ...throttlingNames,
  ...signatureNames,
  "AccessDenied",
  "AccessDeniedException",
  "ConditionalCheckFailedException",
  "DuplicateItemException",
  "ExpiredToken",
  "ExpiredTokenException",
  "IdempotentParameterMismatchException",
  "IncompleteSignature",
  "IncompleteSignatureException",
  "InvalidAction",
  "InvalidClientTokenId",
  "InvalidEndpointException",
  "ItemCollectionSizeLimitExceededException",
  "MissingAuthenticationToken",
  "MissingAuthenticationTokenException",
  "NotAuthorized",
  "OptInRequired",
  "ReplicatedWriteConflictException",
  "ResourceInUseException",
  "ResourceNotFoundException",
  "SerializationException",
  "TableInUseException",
  "TableNotFoundException",
  "TransactionCanceledException",
  "TransactionConflictException",
  "UnknownOperationException",
  "UnrecognizedClientException",
  "ValidationException",
]);

/** Node's names for a host that was never reached. */
const unreachedNames: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
]);

/** Codes of a cancelled transaction's reasons that a retry may cure. */
const retryableReasons: ReadonlySet<string> = new Set([
  "None",
  "TransactionConflict",
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
]);

/** Whether a retry may cure this reason of a cancelled transaction, by its code. */
export function isRetryableReason(code: string): boolean {
  return retryableReasons.has(code);
}

/**
 * Whether the same request may succeed when it is sent again: throttling under all its names, 5xx,
 * connection resets, time-outs, transaction conflicts, answers that are cut or corrupt, and a
 * signature by the wrong time once the SDK knows the service's. Never validation, conditions, access
 * or aborts. Takes anything that can be thrown.
 */
export function isRetryableError(thrown: unknown): boolean {
  const error = legible(thrown);
  if (error instanceof DynamoDBError) return error.retryable;
  if (!isObject(error)) return false;
  const names = namesOf(error);
  if (names.includes("TransactionCanceledException")) {
    const codes = cancellationReasonsOf(error).map((reason) => reason.Code ?? "None");
    return codes.length > 0 && codes.every((code) => retryableReasons.has(code));
  }
  if (names.some((name) => throttlingNames.has(name) || transientNames.has(name))) return true;
  if (isObject(error.$retryable)) return true;
  if (names.some((name) => signatureNames.has(name))) {
    // Expired on its way (a process that was frozen between signing and sending), or corrected.
    const expired = /^Signature expired/.test(messageOf(error));
    return expired || metadataOf(error)?.clockSkewCorrected === true;
  }
  const status = metadataOf(error)?.httpStatusCode;
  if (status !== undefined) return status >= 500 || status === 429;
  return isElectroError(error) && isRetryableError(error.cause);
}

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
  if (typeof response?.statusCode !== "number") return unwrapped(error);
  const isNamed = name !== "Unknown" && name !== "UnknownError" && error.$fault !== undefined;
  const isKnown = namesOf(error).some((one) => transientNames.has(one) || throttlingNames.has(one));
  return isNamed || isKnown ? error : unreadableAnswer("it is not DynamoDB's", response.statusCode);
}

/**
 * Whether a request that failed so may have been carried out all the same. This alone decides it: a
 * request that was never sent was not carried out, nor was one that DynamoDB itself refused, by a 4xx
 * and a name of its own. Everything else leaves it open.
 * @param signal what may have ended the request: its reason is the caller's, and says nothing about the
 * request, whatever it looks like
 */
export function leavesOpen(thrown: unknown, signal?: AbortSignal): boolean {
  if (signal?.aborted === true && thrown === signal.reason) return true;
  const error = legible(thrown);
  if (!isObject(error)) return true;
  if (unsent.has(error) || lacksRegion(error)) return false;
  // An error of this package's is no answer, whoever threw it.
  if (error instanceof DynamoDBError) return true;
  const { attempts = 1, httpStatusCode: status } = metadataOf(error) ?? {};
  // The client below sent it before, by a retry of its own: nobody knows what became of that attempt.
  if (attempts > 1) return true;
  const names = namesOf(error);
  if (status === undefined && isUnreached(error, names)) return false;
  if (status !== undefined && (status < 400 || status >= 500)) return true;
  return !names.some((name) => refusalNames.has(name));
}

/** Whether the request found no host, or no credentials. A connection that stood is lost in other calls. */
function isUnreached({ syscall }: Record<string, unknown>, names: readonly string[]): boolean {
  if (syscall === "read" || syscall === "write") return false;
  return names.some((name) => unreachedNames.has(name) || credentialsNames.has(name));
}

/**
 * Maps anything that can be thrown to one of this package's errors. An error of this package is
 * returned as it is, so mapping twice changes nothing.
 */
export function wrapDynamoDBError(thrown: unknown, context: CallContext = {}): DynamoDBError {
  const error = legible(thrown);
  // A provider may throw errors of this package too, about a call of its own.
  if (error instanceof DynamoDBError && !credentialsFailures.has(error)) {
    return withContext(error, context);
  }
  if (isElectroError(error) && isObject(error.cause) && namesOf(error.cause).length > 0) {
    return wrapDynamoDBError(error.cause, context);
  }
  const wrapped = withContext(mapped(error, context), context);
  return isObject(error) && openFailures.has(error) ? asOpen(wrapped) : wrapped;
}

function mapped(error: unknown, context: CallContext): DynamoDBError {
  const names = isObject(error) ? namesOf(error) : [];
  const name = specificOf(names);
  const message = describe(context, messageOf(error));
  const status = metadataOf(error)?.httpStatusCode;
  const is = (...candidates: string[]) => candidates.some((candidate) => names.includes(candidate));

  if (lacksCredentials(error) || lacksRegion(error)) {
    return new ConfigurationError(message, error, isRetryableError(error));
  }
  if (is("ConditionalCheckFailedException")) {
    return new ConditionalCheckFailedError(
      message,
      error,
      (error as { Item?: RawItem }).Item ?? null,
    );
  }
  const throttling = names.find((candidate) => throttlingNames.has(candidate));
  if (throttling !== undefined) return new ThroughputExceededError(message, error, throttling);
  if (is("ValidationException", "ItemCollectionSizeLimitExceededException")) {
    return new ValidationError(message, error);
  }
  if (is("TransactionCanceledException")) {
    return new TransactionCanceledError(message, error, [], isRetryableError(error));
  }
  if (is("TimeoutError", "ETIMEDOUT", "RequestTimeout")) return new TimeoutError(message, error);
  if (is("AbortError")) return new AbortedError(message, error);
  if (is("ResourceNotFoundException")) return new DynamoDBError(message, name, 404, false, error);
  return new DynamoDBError(message, name, status, isRetryableError(error), error);
}

/** Builds a message: `update SavedContent (userId=u1, contentId=c9): no such item`. */
export function describe(context: CallContext, rule: string): string {
  const call = [context.operation, context.entity, context.key && `(${context.key})`];
  const where = call.filter(Boolean).join(" ");
  return where === "" ? rule : `${where}: ${rule}`;
}

/** Names the call on an error that does not name one yet. */
export function withContext<E extends DynamoDBError>(error: E, context: CallContext): E {
  error.operation ??= context.operation;
  error.entity ??= context.entity;
  return error;
}

/** Says on an error that the call may have been carried out all the same. */
export function asOpen<E extends DynamoDBError>(error: E): E {
  if (error.mayHaveBeenDone) return error;
  error.mayHaveBeenDone = true;
  error.message += "; it may have been carried out all the same";
  return error;
}

/** Says on the error of a call that was ended how far its batch came. */
export function withProgress<E extends AbortedError | TimeoutError>(error: E, below: unknown): E {
  if (!(below instanceof UnprocessedItemsError)) return error;
  const { items, unprocessed, written } = below;
  hide(error, "items", items);
  return Object.assign(error, { unprocessed, written });
}

/** A ValidationError for one call, whose message lists every issue. */
export function invalid(
  context: CallContext,
  issues: readonly ValidationIssue[],
  cause?: unknown,
): ValidationError {
  const rules = issues.map(({ path, message }) => (path === "" ? message : `${path} ${message}`));
  const error = new ValidationError(describe(context, rules.join("; ")), cause, issues);
  return withContext(error, context);
}

/**
 * Reads settings that a caller gave. A getter or a proxy of theirs may throw anything.
 * @throws ConfigurationError where it did
 */
export function readSettings<R>(name: string, read: () => R): R {
  try {
    return read();
  } catch (error) {
    if (isDynamoDBError(error)) throw error;
    throw new ConfigurationError(`${name} cannot be read`, error);
  }
}

/** The reasons of a cancelled transaction as the SDK gives them. */
export function cancellationReasonsOf(
  error: unknown,
): readonly { readonly Code?: string; readonly Message?: string; readonly Item?: RawItem }[] {
  const reasons = isObject(error) ? error.CancellationReasons : undefined;
  return Array.isArray(reasons) ? Array.from(reasons, (one: unknown) => one ?? {}) : [];
}

/** The AWS name, the Node code or the class name of anything thrown; `undefined` where it has none. */
export function nameOf(thrown: unknown): string | undefined {
  const error = legible(thrown);
  if (error instanceof DynamoDBError) return error.code;
  if (!isObject(error)) return undefined;
  const name = specificOf(namesOf(error));
  const isOwn = lacksRegion(error) || credentialsFailures.has(error);
  return isOwn && (name === undefined || name === "Error") ? "ConfigurationError" : name;
}

/**
 * Whether it is one of this package's errors, of this copy or another. Takes anything, and never
 * throws: a proxy cannot always be asked.
 */
export function isDynamoDBError(value: unknown): value is DynamoDBError {
  return legible(value) === value && value instanceof DynamoDBError;
}

const fieldsOfErrors = ["name", "message", "stack", "code", "Code", "cause", "$retryable"];

/** What was thrown, or what stands for it: anything can be thrown, a proxy that throws itself too. */
function legible(thrown: unknown): unknown {
  if ((typeof thrown !== "object" && typeof thrown !== "function") || thrown === null)
    return thrown;
  try {
    if (thrown instanceof DynamoDBError) return thrown;
    for (const field of fieldsOfErrors) Reflect.get(thrown, field);
    for (const part of [metadataOf(thrown), ...cancellationReasonsOf(thrown)]) {
      Object.entries(part ?? {});
    }
    return thrown;
  } catch {
    return new Error("what was thrown cannot be read");
  }
}

/** `name` and `code`, in that order. Node's own errors are all named "Error"; their code tells. */
function namesOf(error: Record<string, unknown>): string[] {
  const names = [error.name, error.code, error.Code].filter(
    (name): name is string => typeof name === "string" && name !== "",
  );
  // The SDK's handler names a torn connection "TimeoutError" and leaves Node's code on it.
  const torn = names.find((name) => name === "ECONNRESET" || name === "EPIPE");
  return torn === undefined ? names : [torn];
}

/**
 * The name that says most. Node's own errors are all named "Error", and "AggregateError" where a host
 * has several addresses: their code says what happened.
 */
function specificOf(names: readonly string[]): string | undefined {
  return names.find((name) => name !== "Error" && name !== "AggregateError") ?? names[0];
}

/** Failures of requests that were not sent at all. */
const unsent = new WeakSet<object>();

/** Of these, what a provider of credentials threw. */
const credentialsFailures = new WeakSet<object>();

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

function lacksCredentials(error: unknown): boolean {
  if (!isObject(error)) return false;
  return (
    credentialsFailures.has(error) || namesOf(error).some((name) => credentialsNames.has(name))
  );
}

/** The SDK's words where no region is known; its errors have no names (@smithy/core 3.38). */
const regionRule = /^Region is missing|Missing Region$|^expected `region` to be configured/;

function lacksRegion(error: unknown): boolean {
  if (!isObject(error) || error instanceof DynamoDBError) return false;
  return regionRule.test(String(error.message)) && metadataOf(error)?.httpStatusCode === undefined;
}

/** Failures of native writes that may have been carried out all the same. */
const openFailures = new WeakSet<object>();

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

/** Whether the message of a failure says what to do about it. */
export function isAdvised(error: unknown): boolean {
  return (isObject(error) && advice.has(error)) || lacksCredentials(error) || lacksRegion(error);
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

/** What a message says where the retry budget ended a request. */
export const budgetSpentText = "not sent again: the retry budget is spent";

/** Why a batch's answer left something, as the end of a message. */
export function whyLeft(answer: object): string {
  const end = endOf(answer);
  if (end !== undefined) return `: ${messageOf(end)}`;
  return isBudgetSpent(answer) ? `, ${budgetSpentText}` : " after all retries";
}

/** A failure in words, for a message of this package. */
export function messageOf(error: unknown): string {
  const spent = isBudgetSpent(error) ? ` (${budgetSpentText})` : "";
  const what = isObject(error) ? advice.get(error) : undefined;
  return `${ownMessageOf(error)}${spent}${what === undefined ? "" : `: ${what}`}`;
}

const regionText =
  "no AWS region is set: set AWS_REGION or the option region (the SDK reads no AWS_DEFAULT_REGION)";
const credentialsText =
  "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE or a role, or give credentials";

function ownMessageOf(error: unknown): string {
  if (lacksRegion(error)) return regionText;
  const text = thrownMessageOf(error);
  if (isObject(error) && credentialsFailures.has(error)) {
    return `the provider of credentials failed: ${text}`;
  }
  return lacksCredentials(error) ? `no credentials were found (${text}): ${credentialsText}` : text;
}

function thrownMessageOf(error: unknown): string {
  if (isObject(error) && typeof error.message === "string" && error.message !== "") {
    return error.message;
  }
  const name = nameOf(error);
  return name === undefined || name === "Error" ? "Unknown DynamoDB error" : name;
}

interface ResponseMetadata {
  readonly requestId?: string;
  readonly httpStatusCode?: number;
  /** HTTP attempts that the SDK's own retry made. */
  readonly attempts?: number;
  /** The SDK's signer has taken over the service's time from the answer. */
  readonly clockSkewCorrected?: boolean;
}

function metadataOf(error: unknown): ResponseMetadata | undefined {
  if (error instanceof DynamoDBError) {
    return {
      ...(error.requestId !== undefined && { requestId: error.requestId }),
      ...(error.statusCode !== undefined && { httpStatusCode: error.statusCode }),
    };
  }
  const metadata = isObject(error) ? error.$metadata : undefined;
  return isObject(metadata) ? (metadata as ResponseMetadata) : undefined;
}

function isElectroError(error: unknown): error is Error & { cause?: unknown } {
  return isObject(error) && error.name === "ElectroError";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function hide(target: object, property: PropertyKey, value: unknown): void {
  Object.defineProperty(target, property, {
    value,
    enumerable: false,
    configurable: true,
    writable: true,
  });
}

/** The SDK puts the stored item on its errors; there it would reach every log that prints a cause. */
function hidePayload(error: unknown): void {
  if (!isObject(error)) return;
  try {
    for (const property of ["Item", "CancellationReasons"]) {
      const descriptor = Object.getOwnPropertyDescriptor(error, property);
      if (descriptor?.enumerable && descriptor.configurable) hide(error, property, error[property]);
    }
  } catch {
    // A proxy that lets nothing be looked at: no log sees it either.
  }
}
