/** Writes of new items, which must not exist yet. */
import { Placeholders } from "../conditions/placeholders.js";
import type { Draft } from "../entity/input.js";
import { type AnyItem, isStoredAlike, itemOf } from "../entity/item.js";
import { type EntityModel, keyValues, rawKeyOf } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { itemValue } from "../secrets/secret-value.js";
import type { RawItem, RawKey } from "../table/table.js";
import { conditional } from "./expressions.js";
import { ghostOf, isThatGhost, isVacant, occupantOf } from "./occupant.js";
import type { Seen, Target, Write } from "./plan.js";
import { conditionFailed, foreignFailed } from "./refusals.js";
import { rawItemOf } from "./stored-item.js";

/** An item that is to be created. */
interface NewItem<Result> {
  readonly tableName: string;
  readonly context: CallContext;
  readonly key: RawKey;
  readonly bytes?: number;
  /** The entity of the item, if any. An entity's item may replace a ghost. */
  readonly model?: EntityModel;
  /** Makes the item as it is stored, once for each request, with the current time. */
  stored(): RawItem;
  result(stored: RawItem): Result;
}

/**
 * Writes an item that must not exist yet; one request, in place of an item that has expired too; two if
 * it replaces a ghost.
 */
export function createWrite<Result>(item: NewItem<Result>): Write<Result> {
  const { tableName, context, key, bytes = 0, model } = item;
  let stored: RawItem | undefined;
  let ghost: RawItem | undefined;
  const refused = (seen: Seen) => {
    const rule = "the item is already there";
    if (model === undefined) return conditionFailed(context, rule, seen);
    const occupant = occupantOf(model, seen.item);
    // It has expired since.
    if (occupant === "expired") return "again";
    // If nothing is there now, the ghost that the last request expected has been deleted.
    if (occupant === "ghost" || (occupant === "nothing" && ghost !== undefined)) return "again";
    return foreignFailed(context, seen, model) ?? conditionFailed(context, rule, seen, model);
  };
  return {
    context,
    key,
    bytes,
    request: (seen) => {
      ghost = model && ghostOf(model, seen?.item);
      stored = item.stored();
      const own = new Placeholders();
      const condition = ghost === undefined ? isVacant(own, model) : isThatGhost(own, ghost);
      const Item = model === undefined ? { ...stored } : itemValue(model, stored);
      const input = { TableName: tableName, Item, ...conditional(own, condition.text) };
      return { kind: "Put", input };
    },
    refusedByItem: false,
    refused,
    isDone: (found) => isStoredAlike(found, stored),
    result: () => item.result(stored as RawItem),
  };
}

/** Creates an item of an entity. */
export function createItem(target: Target, draft: Draft): Write<AnyItem> {
  const { model, tableName, clock, operation = "create" } = target;
  return createWrite({
    tableName,
    context: { operation, entity: model.name, key: keyValues(model, draft.parts) },
    key: rawKeyOf(model, draft.parts),
    bytes: draft.bytes,
    model,
    stored: () => {
      const now = clock.now();
      return rawItemOf(model, { ...draft, createdAt: draft.createdAt ?? now }, now);
    },
    result: (stored) => itemOf(model, stored),
  });
}
