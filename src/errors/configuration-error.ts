/** The error of a setting that is missing or wrong. */
import { brand } from "./brand.js";
import { DynamoDBError, isDynamoDBError } from "./dynamodb-error.js";
import { type CommonErrorOptions, optionsOf } from "./options.js";

export interface ConfigurationErrorOptions extends CommonErrorOptions {
  readonly message: string;
  /** @default false */
  readonly retryable?: boolean | undefined;
}

/**
 * A variable or an option is missing or wrong, which the message names; or there is no region, there
 * are no credentials, or their provider failed. Nothing was sent. Code `ConfigurationError`; retryable
 * only if the failure of a provider is.
 */
export class ConfigurationError extends DynamoDBError {
  static {
    brand(ConfigurationError, "ConfigurationError");
  }

  declare readonly code: "ConfigurationError";

  constructor(options: ConfigurationErrorOptions);
  constructor(message: string, options: Omit<ConfigurationErrorOptions, "message">);
  constructor(message: string, originalError?: unknown, retryable?: boolean);
  constructor(...given: readonly unknown[]) {
    const options = optionsOf<ConfigurationErrorOptions>(given, "message", "cause", "retryable");
    super({ ...options, code: "ConfigurationError" });
    this.name = "ConfigurationError";
  }
}

/**
 * Reads settings that a caller gave. A getter or a proxy among them may throw anything.
 * @throws ConfigurationError if one did
 */
export function readSettings<R>(name: string, read: () => R): R {
  try {
    return read();
  } catch (error) {
    if (isDynamoDBError(error)) throw error;
    throw new ConfigurationError({ message: `${name} cannot be read`, cause: error });
  }
}
