/** The error of a setting that is missing or wrong. */
import { brand } from "./brand.js";
import { DynamoDBError, isDynamoDBError } from "./dynamodb-error.js";

/** A setting is missing or wrong; the message names the variable or option. */
export class ConfigurationError extends DynamoDBError {
  static {
    brand(ConfigurationError, "ConfigurationError");
  }

  constructor(message: string, originalError?: unknown, retryable = false) {
    super(message, "ConfigurationError", undefined, retryable, originalError);
    this.name = "ConfigurationError";
  }
}

/**
 * Reads settings that a caller gave. A getter or a proxy of theirs may throw anything.
 * @throws ConfigurationError where it did
 */
export function readSettings<R>(name: string, read: () => R): R {
  try {
    return read();
  } catch (error) {
    if (isDynamoDBError(error)) throw error;
    throw new ConfigurationError(`${name} cannot be read`, error);
  }
}
