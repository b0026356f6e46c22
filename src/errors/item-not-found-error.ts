/** The error of a call that needs an item where there is none. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { type CommonErrorOptions, optionsOf } from "./options.js";

export interface ItemNotFoundErrorOptions extends CommonErrorOptions {
  readonly message: string;
}

/**
 * There is no item at the key. Thrown by calls that need one: `getOrThrow`, `update`, `validToken`.
 * Code `ItemNotFound`, not retryable.
 */
export class ItemNotFoundError extends DynamoDBError {
  static {
    brand(ItemNotFoundError, "ItemNotFoundError");
  }

  declare readonly code: "ItemNotFound";

  constructor(options: ItemNotFoundErrorOptions);
  constructor(message: string, options: Omit<ItemNotFoundErrorOptions, "message">);
  constructor(pk: string, sk: string, message?: string, originalError?: unknown);
  constructor(
    first: string | ItemNotFoundErrorOptions,
    second?: unknown,
    message?: string,
    originalError?: unknown,
  ) {
    const options = optionsOf<ItemNotFoundErrorOptions>(first, second, [], (pk) => ({
      message: message ?? `Item not found: PK=${pk}, SK=${second}`,
      cause: originalError,
    }));
    super({ ...options, code: "ItemNotFound", statusCode: 404, retryable: false });
    this.name = "ItemNotFoundError";
  }
}
