/** The error of a call that is wrong in itself, and of each finding in it. */
import { brand } from "./brand.js";
import { type CallContext, describe, withContext } from "./context.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { type CommonErrorOptions, optionsOf } from "./options.js";

/** One finding: where it is, and which rule is broken. It never contains the value. */
export interface ValidationIssue {
  /** The path from the call's argument, for instance `data.author.name`. */
  readonly path: string;
  /** The rule that is broken. */
  readonly message: string;
}

export interface ValidationErrorOptions extends CommonErrorOptions {
  readonly message: string;
  /** @default [] */
  readonly issues?: readonly ValidationIssue[] | undefined;
}

/**
 * A key, a payload or an option is wrong, or DynamoDB refused the request as invalid. `issues` names
 * each field and its rule; it is empty if the refusal is DynamoDB's. Nothing was stored.
 * Code `ValidationException`, not retryable.
 */
export class ValidationError extends DynamoDBError {
  static {
    brand(ValidationError, "ValidationError");
  }

  declare readonly code: "ValidationException";
  readonly issues: readonly ValidationIssue[];

  constructor(options: ValidationErrorOptions);
  constructor(message: string, options: Omit<ValidationErrorOptions, "message">);
  constructor(message: string, originalError?: unknown, issues?: readonly ValidationIssue[]);
  constructor(...given: readonly unknown[]) {
    const options = optionsOf<ValidationErrorOptions>(given, "message", "cause", "issues");
    super({ ...options, code: "ValidationException", statusCode: 400, retryable: false });
    this.name = "ValidationError";
    this.issues = options.issues ?? [];
  }
}

/** A ValidationError for one call. Its message lists every issue. */
export function invalid(
  context: CallContext,
  issues: readonly ValidationIssue[],
  cause?: unknown,
): ValidationError {
  const rules = issues.map(({ path, message }) => (path === "" ? message : `${path} ${message}`));
  const message = describe(context, rules.join("; "));
  return withContext(new ValidationError({ message, issues, cause }), context);
}

/** A ValidationError for one call, with one issue. */
export function invalidAt(
  context: CallContext,
  path: string,
  message: string,
  cause?: unknown,
): ValidationError {
  return invalid(context, [{ path, message }], cause);
}
