/** The error of a call that needs an item where there is none. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { type CommonErrorOptions, optionsOf } from "./options.js";

/** It needs a message, or the key that its message then names. */
export type ItemNotFoundErrorOptions = CommonErrorOptions &
  (
    | { readonly message: string }
    | { readonly message?: undefined; readonly pk: string; readonly sk: string }
  );

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
  constructor(message: string, options: CommonErrorOptions);
  constructor(pk: string, sk: string, message?: string, originalError?: unknown);
  constructor(...given: readonly unknown[]) {
    const options = optionsOf<CommonErrorOptions & { message?: string; pk?: string; sk?: string }>(
      given,
      "pk",
      "sk",
      "message",
      "cause",
    );
    const { message = `Item not found: PK=${options.pk}, SK=${options.sk}` } = options;
    const { pk: PK, sk: SK } = options;
    const { key = PK === undefined ? undefined : { PK, SK: SK as string } } = options;
    super({ ...options, key, message, code: "ItemNotFound", statusCode: 404, retryable: false });
    this.name = "ItemNotFoundError";
  }
}
