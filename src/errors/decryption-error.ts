/** The error of a stored secret that cannot be given. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { isRetryableError } from "./retryable.js";

/**
 * A stored secret cannot be given: its key is not there or is another, it was changed or moved, or
 * it is in clear text where that is refused.
 */
export class DecryptionError extends DynamoDBError {
  static {
    brand(DecryptionError, "DecryptionError");
  }

  /** The payload's field. */
  readonly field: string;
  /** The id of the key that the text names; `undefined` for clear text. */
  readonly keyId: string | undefined;

  constructor(message: string, field: string, keyId?: string, originalError?: unknown) {
    const retryable = originalError !== undefined && isRetryableError(originalError);
    super(message, "DecryptionError", undefined, retryable, originalError);
    this.name = "DecryptionError";
    this.field = field;
    this.keyId = keyId;
  }
}
