/** Rounds of a write: each knows what the one before saw. */
import { type CallContext, describe } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";

/** More of them mean that others write all the time. */
export const mostRounds = 8;

/** What a round says that another one may succeed. */
export const again: unique symbol = Symbol("again");

/**
 * Runs round after round, until one gives a result or throws.
 * @param contention the error where none does
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

/** The error of a write that others were in the way of in each round. Nothing was written. */
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
