/** The rounds of a write. Each knows what the one before it found. */
import { type CallContext, describe } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";

/** If a write needs more rounds than this, other writers are writing all the time. */
export const mostRounds = 8;

/** Returned by a round if another one may succeed. */
export const again: unique symbol = Symbol("again");

/**
 * Runs rounds until one returns a result or throws.
 * @param contention makes the error if no round does
 */
export async function inRounds<R>(
  round: () => Promise<R | typeof again>,
  contention: () => Error,
): Promise<R> {
  for (let rounds = 0; rounds < mostRounds; rounds += 1) {
    const result = await round();
    if (result !== again) return result as R;
  }
  throw contention();
}

/** The error of a write that other writers prevented in each round. Nothing was written. */
export function contentionError(
  context: CallContext,
  rule: string,
  cause?: unknown,
): DynamoDBError {
  return new DynamoDBError({
    message: describe(context, rule),
    code: "WriteContention",
    retryable: true,
    cause,
  });
}
