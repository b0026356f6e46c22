/** The error of a call that its caller ended. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { type CommonErrorOptions, optionsOf } from "./options.js";
import { type BatchProgress, setProgress } from "./progress.js";

export interface AbortedErrorOptions extends CommonErrorOptions, BatchProgress {
  /** @default "Aborted" */
  readonly message?: string | undefined;
}

/**
 * The caller's signal was aborted, and `cause` is its reason; or the data layer was closed. For a batch
 * it reports the progress, as an UnprocessedItemsError does. Code `AbortError`, not retryable; for a
 * write look at `mayHaveBeenDone`.
 */
export class AbortedError extends DynamoDBError {
  static {
    brand(AbortedError, "AbortedError");
  }

  declare readonly code: "AbortError";
  /** The inputs of a batch that were not processed. Not enumerable, so that no log contains them. */
  declare readonly items: readonly unknown[] | undefined;
  /** How many inputs of a batch were not processed. */
  declare readonly unprocessed: number | undefined;
  /** How many of a batch were written. */
  declare readonly written: number | undefined;

  constructor(options?: AbortedErrorOptions);
  constructor(message: string, options: Omit<AbortedErrorOptions, "message">);
  constructor(message?: string, originalError?: unknown);
  constructor(...given: readonly unknown[]) {
    const options = optionsOf<AbortedErrorOptions>(given, "message", "cause", "items", "written");
    const { message = "Aborted" } = options;
    super({ ...options, message, code: "AbortError", retryable: false });
    this.name = "AbortedError";
    setProgress(this, options);
  }
}
