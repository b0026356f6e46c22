/** The error of a request that was throttled. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { legible, metadataOf } from "./thrown.js";

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
