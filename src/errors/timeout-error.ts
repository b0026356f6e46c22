/** The error of a call that got no response in time. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { type CommonErrorOptions, optionsOf } from "./options.js";
import { type BatchProgress, setProgress } from "./progress.js";

export interface TimeoutErrorOptions extends CommonErrorOptions, BatchProgress {
  /** @default "Timed out" */
  readonly message?: string | undefined;
}

/**
 * There was no response within the call's `timeoutMs`, or none to any attempt within the time limit of a
 * request. For a batch it reports the progress, as an UnprocessedItemsError does. Code `TimeoutError`,
 * retryable; for a write look at `mayHaveBeenDone` first.
 */
export class TimeoutError extends DynamoDBError {
  static {
    brand(TimeoutError, "TimeoutError");
  }

  declare readonly code: "TimeoutError";
  /** The inputs of a batch that were not processed. Not enumerable, so that no log contains them. */
  declare readonly items: readonly unknown[] | undefined;
  /** How many inputs of a batch were not processed. */
  declare readonly unprocessed: number | undefined;
  /** How many of a batch were written. */
  declare readonly written: number | undefined;

  constructor(options?: TimeoutErrorOptions);
  constructor(message: string, options: Omit<TimeoutErrorOptions, "message">);
  constructor(message?: string, originalError?: unknown);
  constructor(...given: readonly unknown[]) {
    const options = optionsOf<TimeoutErrorOptions>(given, "message", "cause", "items", "written");
    const { message = "Timed out" } = options;
    super({ ...options, message, code: "TimeoutError", retryable: true });
    this.name = "TimeoutError";
    setProgress(this, options);
  }
}
