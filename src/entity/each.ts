/** Reads lists that callers pass, element by element. */
import { reading } from "../call/call.js";
import type { CallContext } from "../errors/context.js";
import {
  invalid,
  invalidAt,
  ValidationError,
  type ValidationIssue,
} from "../errors/validation-error.js";
import { mostIssues } from "../values/payload.js";

/**
 * Reads each element of a list.
 * @throws one ValidationError for all elements, whose issue paths include the position in the list
 */
export function readEach<T, R>(
  list: readonly T[],
  name: string,
  context: CallContext,
  read: (element: T) => R,
): R[] {
  const length = reading(context, () => (Array.isArray(list) ? list.length : undefined));
  if (length === undefined) throw invalidAt(context, name, "must be an array");
  const issues: ValidationIssue[] = [];
  const results: R[] = [];
  // By position, because a hole is a missing element, and the elements after it must not move up.
  for (let index = 0; index < length && issues.length < mostIssues; index += 1) {
    try {
      results.push(reading(context, () => read(list[index] as T)));
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      for (const issue of error.issues) {
        const below = issue.path === "" ? "" : `.${issue.path}`;
        issues.push({ path: `${name}[${index}]${below}`, message: issue.message });
      }
    }
  }
  if (issues.length > 0) throw invalid(context, issues);
  return results;
}
