/** The error of a request that DynamoDB throttled. */
import { brand } from "./brand.js";
import type { ThrottlingCode, UnlistedCode } from "./codes.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { type CommonErrorOptions, optionsOf } from "./options.js";
import { legible, metadataOf } from "./thrown.js";

export interface ThroughputExceededErrorOptions extends CommonErrorOptions {
  /** @default "Throughput exceeded" */
  readonly message?: string | undefined;
  /** @default "ProvisionedThroughputExceededException" */
  readonly code?: ThrottlingCode | UnlistedCode | undefined;
}

/**
 * DynamoDB throttled a request, and still did after the last retry. `code` is the name it gave, for
 * instance `ProvisionedThroughputExceededException`. Retryable.
 */
export class ThroughputExceededError extends DynamoDBError {
  static {
    brand(ThroughputExceededError, "ThroughputExceededError");
  }

  declare readonly code: ThrottlingCode | UnlistedCode;

  constructor(options?: ThroughputExceededErrorOptions);
  constructor(message: string, options: Omit<ThroughputExceededErrorOptions, "message">);
  constructor(message?: string, originalError?: unknown, code?: string);
  constructor(...given: readonly unknown[]) {
    const options = optionsOf<ThroughputExceededErrorOptions>(given, "message", "cause", "code");
    const { message = "Throughput exceeded", code = "ProvisionedThroughputExceededException" } =
      options;
    const statusCode = metadataOf(legible(options.cause))?.httpStatusCode ?? 400;
    super({ ...options, message, code, statusCode, retryable: true });
    this.name = "ThroughputExceededError";
  }
}
