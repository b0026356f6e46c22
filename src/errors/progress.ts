/** How far the batch of a call came that was ended. */
import type { AbortedError } from "./aborted-error.js";
import { hide } from "./hidden.js";
import type { TimeoutError } from "./timeout-error.js";
import { UnprocessedItemsError } from "./unprocessed-items-error.js";

/** Says on the error of a call that was ended how far its batch came. */
export function withProgress<E extends AbortedError | TimeoutError>(error: E, below: unknown): E {
  if (!(below instanceof UnprocessedItemsError)) return error;
  const { items, unprocessed, written } = below;
  hide(error, "items", items);
  return Object.assign(error, { unprocessed, written });
}
