/** The error of a stored secret that cannot be decrypted. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { type CommonErrorOptions, optionsOf } from "./options.js";
import { isRetryableError } from "./retryable.js";

export interface DecryptionErrorOptions extends CommonErrorOptions {
  readonly message: string;
  readonly field: string;
  readonly keyId?: string | undefined;
}

/**
 * A stored secret cannot be decrypted: its key is missing or a different one, the text was changed or
 * moved, or it is in clear text where that is refused. Code `DecryptionError`; retryable only if the
 * failure of a key provider is.
 */
export class DecryptionError extends DynamoDBError {
  static {
    brand(DecryptionError, "DecryptionError");
  }

  declare readonly code: "DecryptionError";
  /** The field of the payload. */
  readonly field: string;
  /** The id of the key that the stored text names; `undefined` for clear text. */
  readonly keyId: string | undefined;

  constructor(options: DecryptionErrorOptions);
  constructor(message: string, options: Omit<DecryptionErrorOptions, "message">);
  constructor(message: string, field: string, keyId?: string, originalError?: unknown);
  constructor(...given: readonly unknown[]) {
    const options = optionsOf<DecryptionErrorOptions>(given, "message", "field", "keyId", "cause");
    const { cause } = options;
    const retryable = cause !== undefined && isRetryableError(cause);
    super({ ...options, code: "DecryptionError", retryable });
    this.name = "DecryptionError";
    this.field = options.field;
    this.keyId = options.keyId;
  }
}
