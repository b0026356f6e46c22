/** Maps anything that can be thrown to an error of this package, once. */
import { isObject } from "../runtime/objects.js";
import type { RawItem } from "../table/table.js";
import { AbortedError } from "./aborted-error.js";
import { throttlingNames } from "./codes.js";
import { ConditionalCheckFailedError } from "./conditional-check-failed-error.js";
import { ConfigurationError } from "./configuration-error.js";
import { type CallContext, describe, withContext } from "./context.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { asOpen } from "./left-open.js";
import { lacksCredentials, lacksRegion } from "./missing-setup.js";
import { credentialsFailures, isOpen } from "./notes.js";
import { isRetryableError } from "./retryable.js";
import { ThroughputExceededError } from "./throughput-exceeded-error.js";
import { isElectroError, legible, metadataOf, namesOf, specificOf } from "./thrown.js";
import { TimeoutError } from "./timeout-error.js";
import { TransactionCanceledError } from "./transaction-canceled-error.js";
import { ValidationError } from "./validation-error.js";
import { messageOf } from "./words.js";

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
  return isOpen(error) ? asOpen(wrapped) : wrapped;
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
