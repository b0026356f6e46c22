/** The error of a call that its caller ended. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";

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
