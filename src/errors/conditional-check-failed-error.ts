/** The error of a write whose condition did not hold. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { hide } from "./hidden.js";
import { type CommonErrorOptions, optionsOf } from "./options.js";

export interface ConditionalCheckFailedErrorOptions extends CommonErrorOptions {
  /** @default "Conditional check failed" */
  readonly message?: string | undefined;
  /** @default null */
  readonly item?: unknown;
}

/**
 * The condition of a write did not hold: `create` found an item, the item has changed since
 * `ifUpdatedAt`, or `where` is false. `item` is the item that was found, `null` if there was none.
 * Code `ConditionalCheckFailedException`, not retryable.
 */
export class ConditionalCheckFailedError extends DynamoDBError {
  static {
    brand(ConditionalCheckFailedError, "ConditionalCheckFailedError");
  }

  declare readonly code: "ConditionalCheckFailedException";
  /** The item that was found. Not enumerable, so that no log contains it. */
  declare readonly item: unknown;

  constructor(options?: ConditionalCheckFailedErrorOptions);
  constructor(message: string, options: Omit<ConditionalCheckFailedErrorOptions, "message">);
  constructor(message?: string, originalError?: unknown, item?: unknown);
  constructor(...given: readonly unknown[]) {
    const options = optionsOf<ConditionalCheckFailedErrorOptions>(
      given,
      "message",
      "cause",
      "item",
    );
    const { message = "Conditional check failed" } = options;
    const code = "ConditionalCheckFailedException";
    super({ ...options, message, code, statusCode: 400, retryable: false });
    this.name = "ConditionalCheckFailedError";
    hide(this, "item", options.item ?? null);
  }
}
