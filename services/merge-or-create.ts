/** Merges into an item that may not be there, or creates it. */

import type { Call } from "../src/call/call.js";
import type { AnyItem } from "../src/entity/item.js";
import { ConditionalCheckFailedError } from "../src/errors/conditional-check-failed-error.js";
import { ItemNotFoundError } from "../src/errors/item-not-found-error.js";
import type { Write } from "../src/write/plan.js";
import { isForeignFailure } from "../src/write/refusals.js";
import { again, contentionError, inRounds } from "../src/write/rounds.js";

/** The two writes of which one is carried out. */
interface MergeOrCreate {
  merge(): Write<AnyItem>;
  create(): Write<AnyItem>;
  /** Carries a write out. */
  run(write: Write<AnyItem>): Promise<AnyItem>;
  /** What others did, if each round finds the item gone and then there. */
  readonly contention: string;
}

/**
 * One request if the item is there, two if it is not. An item of another kind is neither merged into
 * nor replaced, in any round.
 */
export function mergeOrCreate(
  { context }: Call,
  { merge, create, run, contention }: MergeOrCreate,
): Promise<AnyItem> {
  const unlessRefused = async (
    write: Write<AnyItem>,
    refusal: typeof ItemNotFoundError | typeof ConditionalCheckFailedError,
  ) => {
    try {
      return await run(write);
    } catch (error) {
      if (error instanceof refusal && !isForeignFailure(error)) return again;
      throw error;
    }
  };
  const round = async () => {
    const merged = await unlessRefused(merge(), ItemNotFoundError);
    return merged === again ? unlessRefused(create(), ConditionalCheckFailedError) : merged;
  };
  return inRounds<AnyItem>(round, () => contentionError(context, contention));
}
