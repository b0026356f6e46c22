/** The error of a call that is wrong, and of each finding in it. */
import { brand } from "./brand.js";
import { type CallContext, describe, withContext } from "./context.js";
import { DynamoDBError } from "./dynamodb-error.js";

/** One finding of a check: where, and which rule. It never holds the value. */
export interface ValidationIssue {
  /** Path from the call's argument, for instance `data.author.name`. */
  readonly path: string;
  /** The rule that was broken. */
  readonly message: string;
}

/** The call is wrong: `issues` names each field and rule. Nothing of it was stored. */
export class ValidationError extends DynamoDBError {
  static {
    brand(ValidationError, "ValidationError");
  }

  readonly issues: readonly ValidationIssue[];

  constructor(message: string, originalError?: unknown, issues: readonly ValidationIssue[] = []) {
    super(message, "ValidationException", 400, false, originalError);
    this.name = "ValidationError";
    this.issues = issues;
  }
}

/** A ValidationError for one call, whose message lists every issue. */
export function invalid(
  context: CallContext,
  issues: readonly ValidationIssue[],
  cause?: unknown,
): ValidationError {
  const rules = issues.map(({ path, message }) => (path === "" ? message : `${path} ${message}`));
  const error = new ValidationError(describe(context, rules.join("; ")), cause, issues);
  return withContext(error, context);
}
