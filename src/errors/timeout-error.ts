/** The error of a call that got no answer in time. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";

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
