/**
 * The limits of a DynamoDB expression. The engines used in the tests accept expressions beyond them.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import { limits } from "../table/table.js";

/** Operators and functions as DynamoDB counts them; the AND of a BETWEEN is not counted. */
const operators = /\b(?:AND|OR|NOT|BETWEEN|IN)\b|<>|<=|>=|[<>=]|[a-z_]+\(/g;

export function operatorsIn(condition: string): number {
  let count = 0;
  for (const [operator] of condition.matchAll(operators)) count += operator === "BETWEEN" ? 0 : 1;
  return count;
}

/**
 * Refuses a condition or filter that DynamoDB would not accept.
 * @param path the argument that the condition comes from
 * @throws ValidationError
 */
export function refuseLongCondition(context: CallContext, path: string, condition: string): void {
  const count = operatorsIn(condition);
  if (count > limits.expressionOperators) {
    const message = `makes a condition of ${count} operators: DynamoDB takes at most ${limits.expressionOperators}`;
    throw invalidAt(context, path, message);
  }
  refuseLong(context, path, condition);
}

/**
 * @throws ValidationError if the expression has too many bytes. It is ASCII, so characters are bytes
 */
export function refuseLong(context: CallContext, path: string, { length }: string): void {
  if (length <= limits.expressionBytes) return;
  const message = `makes an expression of ${length} bytes: DynamoDB takes at most ${limits.expressionBytes}`;
  throw invalidAt(context, path, message);
}
