/** The errors of refused writes. */
import { type AnyItem, isOf, itemOf } from "../entity/item.js";
import type { EntityModel } from "../entity/model.js";
import { ConditionalCheckFailedError } from "../errors/conditional-check-failed-error.js";
import { type CallContext, describe, withContext } from "../errors/context.js";
import { ItemNotFoundError } from "../errors/item-not-found-error.js";
import { withMaskedSecrets } from "../secrets/masking.js";
import type { RawItem } from "../table/table.js";
import { foreignRule, occupantOf } from "./occupant.js";
import type { Seen } from "./plan.js";

/** The error `no such item`, for calls that require the item. */
export function notFound(context: CallContext, cause?: unknown): ItemNotFoundError {
  return withContext(
    new ItemNotFoundError({ message: describe(context, "no such item"), cause }),
    context,
  );
}

/**
 * @param model the entity whose item the error shows; without one, it shows any item as it is stored
 */
export function conditionFailed(
  context: CallContext,
  rule: string,
  { item, cause }: Seen,
  model?: EntityModel,
): ConditionalCheckFailedError {
  const was = model === undefined ? item : shownItem(model, item);
  return withContext(
    new ConditionalCheckFailedError({ message: describe(context, rule), cause, item: was }),
    context,
  );
}

/** The entity's item as errors show it. Its secrets are masked, so that they reach no log. */
export function shownItem(model: EntityModel, item: RawItem | null): AnyItem | null {
  if (item === null || !isOf(model, item)) return null;
  return withMaskedSecrets(model.secrets, itemOf(model, item, "leave"));
}

/** The error of a write that was refused because of a foreign item; `undefined` if there is none. */
export function foreignFailed(
  context: CallContext,
  seen: Seen,
  model: EntityModel,
): ConditionalCheckFailedError | undefined {
  if (seen.item === null || occupantOf(model, seen.item) !== "foreign") return undefined;
  return conditionFailed(context, foreignRule(seen.item), seen, model);
}
