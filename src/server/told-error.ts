/** What a browser is told of an error: its class, its code, its rule. Nothing of its cause, and no secret. */
import type { WireError } from "../browser/protocol.js";
import { ConditionalCheckFailedError } from "../errors/conditional-check-failed-error.js";
import { describe } from "../errors/context.js";
import { DynamoDBError, isDynamoDBError } from "../errors/dynamodb-error.js";
import { ItemNotFoundError } from "../errors/item-not-found-error.js";
import { type ErrorKey, keyText } from "../errors/key-text.js";
import { ThroughputExceededError } from "../errors/throughput-exceeded-error.js";
import {
  type CancellationReason,
  TransactionCanceledError,
} from "../errors/transaction-canceled-error.js";
import { UnprocessedItemsError } from "../errors/unprocessed-items-error.js";
import { invalid, ValidationError } from "../errors/validation-error.js";
import { encode } from "./wire-values.js";

/** The HTTP status and the rule of errors whose own messages may quote AWS or this process. */
const known: Readonly<Record<string, readonly [status: number, rule: string]>> = {
  ValidationException: [400, "the request is not valid"],
  MissingAuthenticationToken: [401, "nobody is signed in"],
  AccessDenied: [403, "this is not allowed"],
  ItemNotFound: [404, "no such item"],
  UnknownOperationException: [404, "there is no such call"],
  ConditionalCheckFailedException: [409, "the condition of the write does not hold"],
  TransactionCanceledException: [409, "the transaction was cancelled"],
  TooManyReads: [422, "reads more than a call may: narrow it, or read it in pages"],
  TransactionInProgressException: [409, "the same mutation is being carried out"],
  IdempotentParameterMismatchException: [409, "another mutation had this id"],
  NewerVersion: [409, "the stored payload is of a newer version"],
  AbortError: [499, "aborted"],
  AnswerLost: [500, "it is not known whether it was carried out"],
  UnprocessedItems: [503, "a part of the batch was not processed"],
  TimeoutError: [504, "no response in time"],
};

const unexpected = [500, "failed"] as const;

/** Errors whose rules are this package's own words, and name no more than the caller's key. */
const plain = [ConditionalCheckFailedError, ItemNotFoundError];

/** What an error of a call is told with. */
export interface Telling {
  /** The parts of keys that name the user, which stay on the server. */
  readonly owner: readonly string[];
  /** Takes the secrets off an item that an error carries. */
  clean(item: unknown): unknown;
  /** The arguments of the call: what is left of a batch is told by positions in them. */
  readonly input: readonly unknown[];
}

const nothing: Telling = { owner: [], clean: () => null, input: [] };

/** The error as it is sent. */
export function toldError(error: unknown, telling: Telling = nothing): WireError {
  if (!isDynamoDBError(error)) {
    const [status, message] = unexpected;
    return { name: "DynamoDBError", code: null, message, status, retryable: false };
  }
  const { code = null, retryable, operation, entity, mayHaveBeenDone } = error;
  const [status, general] = ruleOf(error);
  const key = withoutOwner(error.key, telling.owner);
  const context = { operation, entity, key };
  const issues = error instanceof ValidationError ? error.issues : [];
  const rule = plain.some((type) => error instanceof type) ? ownRule(error, general) : general;
  const message = issues.length > 0 ? invalid(context, issues).message : describe(context, rule);
  const more = moreOf(error, telling);
  return {
    name: error.name,
    code,
    message,
    status,
    retryable,
    ...(issues.length > 0 && { issues }),
    ...(operation !== undefined && { operation }),
    ...(entity !== undefined && { entity }),
    ...(key !== undefined && { key }),
    ...(mayHaveBeenDone && { mayHaveBeenDone }),
    ...(more !== undefined && { more: encode(more, operation ?? "", "error") }),
  };
}

function ruleOf(error: DynamoDBError): readonly [status: number, rule: string] {
  if (error instanceof ThroughputExceededError) return [503, "the table is busy"];
  const { code } = error;
  if (code !== undefined && Object.hasOwn(known, code)) return known[code] ?? unexpected;
  return error.retryable ? [503, "the table cannot be reached at this moment"] : unexpected;
}

/** The rule in an error's message, without the call that the message names first. */
function ownRule(error: DynamoDBError, general: string): string {
  const { operation, entity, key } = error;
  const beginning = describe({ operation, entity, key }, "");
  return beginning !== "" && error.message.startsWith(beginning)
    ? error.message.slice(beginning.length)
    : general;
}

function withoutOwner(key: ErrorKey | undefined, owner: readonly string[]): ErrorKey | undefined {
  const parts = Object.entries(key ?? {}).filter(([part]) => !owner.includes(part));
  return parts.length === 0 ? undefined : Object.fromEntries(parts);
}

/** The members that an error's class has besides. */
function moreOf(error: DynamoDBError, { owner, clean, input }: Telling): object | undefined {
  if (error instanceof ConditionalCheckFailedError) return { item: clean(error.item) };
  if (error instanceof UnprocessedItemsError) {
    const [given] = input;
    const left = error.items.map((item) => (Array.isArray(given) ? given.indexOf(item) : -1));
    return { left: left.filter((index) => index >= 0), written: error.written };
  }
  if (!(error instanceof TransactionCanceledError)) return undefined;
  return { reasons: error.reasons.map((reason) => toldReason(reason, owner)) };
}

function toldReason(
  { index, operation, entity, parts, code }: CancellationReason,
  owner: readonly string[],
): CancellationReason {
  const own = withoutOwner(parts, owner);
  const [, message] = known[code] ?? [500, code];
  return { index, operation, entity, key: keyText(own ?? {}), parts: own, code, message };
}

/** An error of the handler's own, for a request or a call that it does not take. */
export function refusal(
  code: keyof typeof known,
  options: {
    readonly operation?: string;
    readonly retryable?: boolean;
    readonly mayHaveBeenDone?: boolean;
  } = {},
): DynamoDBError {
  const [statusCode, rule] = known[code] ?? unexpected;
  const message = describe({ operation: options.operation }, rule);
  return new DynamoDBError({
    ...options,
    message,
    code: code as DynamoDBError["code"],
    statusCode,
  });
}
