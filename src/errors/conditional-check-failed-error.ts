/** The error of a condition that did not hold. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { hide } from "./hidden.js";

/** A condition did not hold; `item` is what was there, `null` where nothing was. */
export class ConditionalCheckFailedError extends DynamoDBError {
  static {
    brand(ConditionalCheckFailedError, "ConditionalCheckFailedError");
  }

  /** What was there. Not enumerable, so that it reaches no log. */
  declare readonly item: unknown;

  constructor(message = "Conditional check failed", originalError?: unknown, item: unknown = null) {
    super(message, "ConditionalCheckFailedException", 400, false, originalError);
    this.name = "ConditionalCheckFailedError";
    hide(this, "item", item);
  }
}
