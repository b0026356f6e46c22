/** What is said of a batch call of which a part was left. */
import { type CallContext, describe, withContext } from "./context.js";
import { UnprocessedItemsError } from "./unprocessed-items-error.js";

/** What a call over any number of items left. */
export interface LeftOver<Input = unknown> {
  /** What was not read or written, as the caller gave it and in that order. */
  readonly items: readonly Input[];
  /** How many it was asked for. */
  readonly of: number;
  /** How many were written. */
  readonly written: number;
  /** The error that ended it, if one did. */
  readonly cause?: unknown;
  /** Why, as the end of a message. */
  readonly why: string;
}

/** @param what for instance `"were not written"` */
export function leftOver(
  context: CallContext,
  what: string,
  { items, of, written, cause, why }: LeftOver,
): UnprocessedItemsError {
  const message = describe(context, `${items.length} of ${of} ${what}${why}`);
  return withContext(new UnprocessedItemsError({ message, items, written, cause }), context);
}
