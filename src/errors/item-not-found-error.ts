/** The error of an item that is not there. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";

/** The item that the caller asked for is not there. */
export class ItemNotFoundError extends DynamoDBError {
  static {
    brand(ItemNotFoundError, "ItemNotFoundError");
  }

  constructor(
    pk: string,
    sk: string,
    message = `Item not found: PK=${pk}, SK=${sk}`,
    originalError?: unknown,
  ) {
    super(message, "ItemNotFound", 404, false, originalError);
    this.name = "ItemNotFoundError";
  }
}
