/** Maps anything that can be thrown to an error of this package, once. */
import { isObject } from "../runtime/objects.js";
import type { RawItem } from "../table/table.js";
import { AbortedError } from "./aborted-error.js";
import { asCode, type ThrottlingCode, throttlingNames } from "./codes.js";
import { ConditionalCheckFailedError } from "./conditional-check-failed-error.js";
import { ConfigurationError } from "./configuration-error.js";
import { type CallContext, describe, withContext } from "./context.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { asOpen } from "./left-open.js";
import { lacksCredentials, lacksRegion } from "./missing-setup.js";
import { isCredentialsFailure, isOpen } from "./notes.js";
import { isRetryableError } from "./retryable.js";
import { ThroughputExceededError } from "./throughput-exceeded-error.js";
import { isNamedElectroError, legible, metadataOf, namesOf, specificOf } from "./thrown.js";
import { TimeoutError } from "./timeout-error.js";
import { TransactionCanceledError } from "./transaction-canceled-error.js";
import { ValidationError } from "./validation-error.js";
import { messageOf } from "./words.js";

/**
 * Maps anything that can be thrown to an error of this package. An error of this package is returned as
 * it is, so mapping twice changes nothing.
 */
export function wrapDynamoDBError(thrown: unknown, context: CallContext = {}): DynamoDBError {
  const error = legible(thrown);
  // A credentials provider may throw an error of this package too, from a call of its own.
  if (error instanceof DynamoDBError && !isCredentialsFailure(error)) {
    return withContext(error, context);
  }
  if (isNamedElectroError(error) && isObject(error.cause) && namesOf(error.cause).length > 0) {
    return wrapDynamoDBError(error.cause, context);
  }
  const wrapped = withContext(mapped(error, context), context);
  return isOpen(error) ? asOpen(wrapped) : wrapped;
}

function mapped(error: unknown, context: CallContext): DynamoDBError {
  const names = isObject(error) ? namesOf(error) : [];
  const is = (...candidates: string[]) => candidates.some((candidate) => names.includes(candidate));
  const options = { message: describe(context, messageOf(error)), cause: error };
  const retryable = isRetryableError(error);

  if (lacksCredentials(error) || lacksRegion(error)) {
    return new ConfigurationError({ ...options, retryable });
  }
  if (is("ConditionalCheckFailedException")) {
    const { Item } = error as { Item?: RawItem };
    return new ConditionalCheckFailedError({ ...options, item: Item });
  }
  const throttling = names.find((name) => throttlingNames.has(name));
  if (throttling !== undefined) {
    return new ThroughputExceededError({ ...options, code: throttling as ThrottlingCode });
  }
  if (is("ValidationException", "ItemCollectionSizeLimitExceededException")) {
    return new ValidationError(options);
  }
  if (is("TransactionCanceledException")) {
    return new TransactionCanceledError({ ...options, retryable });
  }
  if (is("TimeoutError", "ETIMEDOUT", "RequestTimeout")) return new TimeoutError(options);
  if (is("AbortError")) return new AbortedError(options);
  const code = asCode(specificOf(names));
  // DynamoDB sends it with status 400.
  if (is("ResourceNotFoundException")) {
    return new DynamoDBError({ ...options, code, statusCode: 404 });
  }
  const statusCode = metadataOf(error)?.httpStatusCode;
  return new DynamoDBError({ ...options, code, statusCode, retryable });
}
