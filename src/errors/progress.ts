/** How much of a batch was done when the call was ended. */
import { hide } from "./hidden.js";

/** The progress of a batch, where an error reports it. */
export interface BatchProgress {
  /** The inputs that were not processed. */
  readonly items?: readonly unknown[] | undefined;
  /** How many were written. */
  readonly written?: number | undefined;
}

/** Reports on an error how much of its batch was done; `items` reaches no log. */
export function setProgress(error: object, { items, written }: BatchProgress): void {
  if (items === undefined) return;
  hide(error, "items", items);
  Object.assign(error, { unprocessed: items.length, written: written ?? 0 });
}
