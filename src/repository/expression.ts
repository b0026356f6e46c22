/** Expressions that a caller writes, with their placeholders. */
import type { GivenExpression } from "../conditions/placeholders.js";
import { refuseIssues } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import type { ValidationIssue } from "../errors/validation-error.js";
import { limits } from "../table/table.js";
import { checkValue, mostIssues } from "../values/payload.js";
import { isRecord, payloadLevel } from "./input.js";
import type { ExpressionAttributes } from "./types.js";

/**
 * The most placeholders that one call can use: DynamoDB refuses one that is in no expression, and
 * each takes a few bytes of it.
 */
const mostPlaceholders = limits.expressionBytes / 2;

/** A caller's expression and its placeholders, after the check. @throws ValidationError */
export function checkedExpression(
  context: CallContext,
  expression: unknown,
  path: string,
  attributes: ExpressionAttributes,
): GivenExpression {
  const { expressionAttributeNames: names = {}, expressionAttributeValues: values = {} } =
    attributes;
  const issues: ValidationIssue[] = [...expressionIssues(expression, path)];
  const ownNames = placeholdersOf(names, "expressionAttributeNames", issues);
  const ownValues = placeholdersOf(values, "expressionAttributeValues", issues);
  let bytes = 0;
  const refuseLongest = (path: string): void => {
    const message = `take more than ${limits.expressionValueBytes} bytes: DynamoDB takes no more`;
    issues.push({ path, message });
  };
  for (const [placeholder, name] of ownNames) {
    if (issues.length >= mostIssues) break;
    if (typeof name === "string" && name !== "") {
      bytes += name.length;
      if (bytes > limits.expressionValueBytes) {
        refuseLongest("expressionAttributeNames");
        break;
      }
      continue;
    }
    const at = `expressionAttributeNames.${placeholder}`;
    issues.push({ path: at, message: "must be an attribute's name" });
  }
  for (const own of ownValues) {
    if (issues.length >= mostIssues) break;
    const check = checkValue(own[1], `expressionAttributeValues.${own[0]}`, payloadLevel);
    issues.push(...check.issues);
    own[1] = check.value;
    bytes += check.bytes;
    if (bytes <= limits.expressionValueBytes) continue;
    refuseLongest("expressionAttributeValues");
    break;
  }
  refuseIssues(context, issues.slice(0, mostIssues));
  return {
    text: expression as string | undefined,
    names: Object.fromEntries(ownNames) as Record<string, string>,
    values: Object.fromEntries(ownValues),
  };
}

function* expressionIssues(expression: unknown, path: string): Generator<ValidationIssue> {
  if (expression === undefined) return;
  if (typeof expression !== "string" || expression.trim() === "") {
    yield { path, message: "must be an expression: a non-empty string" };
  } else if (isTooLong(expression)) {
    const message = `is an expression of more than ${limits.expressionBytes} bytes, DynamoDB's limit`;
    yield { path, message };
  }
}

function isTooLong(expression: string): boolean {
  const most = limits.expressionBytes;
  return expression.length > most || Buffer.byteLength(expression) > most;
}

/**
 * Placeholders and what they stand for, each read once. Whatever is wrong with them is added to the
 * issues.
 */
function placeholdersOf(
  given: unknown,
  path: string,
  issues: ValidationIssue[],
): [placeholder: string, own: unknown][] {
  if (!isRecord(given)) {
    issues.push({ path, message: "must be an object" });
    return [];
  }
  const placeholders = Object.keys(given);
  if (placeholders.length > mostPlaceholders) {
    issues.push({ path, message: `must have at most ${mostPlaceholders} placeholders` });
    return [];
  }
  return placeholders.map((placeholder) => [placeholder, given[placeholder]]);
}
