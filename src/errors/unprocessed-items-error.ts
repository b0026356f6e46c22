/** The error of a batch of which some inputs were not processed. */
import { brand } from "./brand.js";
import { asCode } from "./codes.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { hide } from "./hidden.js";
import { type CommonErrorOptions, optionsOf } from "./options.js";
import { isRetryableError } from "./retryable.js";
import { nameOf } from "./words.js";

export interface UnprocessedItemsErrorOptions extends CommonErrorOptions {
  readonly message: string;
  /** @default [] */
  readonly items?: readonly unknown[] | undefined;
  /** @default 0 */
  readonly written?: number | undefined;
}

/**
 * A part of a batch was not processed, also after all retries. `items` contains exactly those inputs,
 * in the order they were given: pass them to the same call again. The code is that of the `cause`, or
 * `UnprocessedItems` if there is none. Retryable unless the cause is not.
 */
export class UnprocessedItemsError extends DynamoDBError {
  static {
    brand(UnprocessedItemsError, "UnprocessedItemsError");
  }

  /** The inputs that were not processed. Not enumerable, so that no log contains them. */
  declare readonly items: readonly unknown[];
  /** How many inputs were not processed. */
  readonly unprocessed: number;
  /** How many were written. */
  readonly written: number;

  constructor(options: UnprocessedItemsErrorOptions);
  constructor(message: string, options: Omit<UnprocessedItemsErrorOptions, "message">);
  constructor(
    message: string,
    items?: readonly unknown[],
    written?: number,
    originalError?: unknown,
  );
  constructor(...given: readonly unknown[]) {
    const options = optionsOf<UnprocessedItemsErrorOptions>(
      given,
      "message",
      "items",
      "written",
      "cause",
    );
    const { cause, items = [], written = 0 } = options;
    const code = asCode(nameOf(cause)) ?? "UnprocessedItems";
    super({ ...options, code, retryable: cause === undefined || isRetryableError(cause) });
    this.name = "UnprocessedItemsError";
    this.unprocessed = items.length;
    this.written = written;
    hide(this, "items", items);
  }
}
