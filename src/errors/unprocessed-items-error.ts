/** The error of a batch of which some was not processed. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { hide } from "./hidden.js";
import { isRetryableError } from "./retryable.js";
import { nameOf } from "./words.js";

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
