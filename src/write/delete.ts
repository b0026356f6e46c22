/** The delete of one item. */
import { type Compiled, joined } from "../conditions/condition-logic.js";
import { Placeholders } from "../conditions/placeholders.js";
import { type AnyItem, isOf, itemOf } from "../entity/item.js";
import { type EntityModel, type KeyParts, keyValues, rawKeyOf } from "../entity/model.js";
import { isOwn } from "../entity/own-items.js";
import type { CallContext } from "../errors/context.js";
import type { RawItem } from "../table/table.js";
import { absenceCheck } from "./check.js";
import { conditional } from "./expressions.js";
import { ghostOf, isStoredOrNothing, isThatGhost, occupantOf } from "./occupant.js";
import type { Target, Write } from "./plan.js";
import { conditionFailed } from "./refusals.js";
import { isUnchanged, updatedAtOf } from "./updated-at.js";
import { isKnownVersion, newerFailed } from "./version-conditions.js";

/**
 * Deletes an item and returns it; one request, two if there is a ghost, which is deleted too. An
 * expired item is deleted and not returned. A foreign item is kept, and counts as a missing one.
 */
export function deleteWrite(
  { model, tableName, operation = "delete" }: Target,
  parts: KeyParts,
  ifUpdatedAt: number | undefined,
): Write<AnyItem | null> {
  const context: CallContext = { operation, entity: model.name, key: keyValues(model, parts) };
  const key = rawKeyOf(model, parts);
  return {
    context,
    key,
    bytes: 0,
    request: (seen) => {
      if (ifUpdatedAt === undefined && occupantOf(model, seen?.item) === "foreign") {
        return absenceCheck(model, tableName, key);
      }
      const own = new Placeholders();
      const condition = conditionOf(own, model, ifUpdatedAt, seen?.item);
      return {
        kind: "Delete",
        input: {
          TableName: tableName,
          Key: { ...key },
          ReturnValues: "ALL_OLD",
          ...conditional(own, condition.text),
        },
      };
    },
    // A delete without a lock can only be refused because of an item that is not the entity's.
    refusedByItem: ifUpdatedAt === undefined,
    refused: (seen) => {
      const occupant = occupantOf(model, seen.item);
      if (ifUpdatedAt === undefined) return occupant === "foreign" ? "nothing" : "again";
      const newer = newerFailed(context, model, seen);
      if (newer !== undefined) return newer;
      const { item } = seen;
      const isThere = item !== null && occupant === "own";
      if (isThere && updatedAtOf(item) === ifUpdatedAt) return "again";
      const rule = isThere ? "the item was changed since it was read" : "the item is gone";
      return conditionFailed(context, `${rule} (ifUpdatedAt)`, seen, model);
    },
    isDone: (item) => item === null || !isOf(model, item),
    result: (attributes) =>
      attributes === undefined || !isOf(model, attributes)
        ? null
        : // A secret that cannot be opened stays sealed, and a payload that cannot be upgraded as it is,
          // so that the item can be deleted, too.
          itemOf(model, attributes, "leave"),
  };
}

/**
 * A lock needs the entity's own item as it was read, of a version that this code knows; without one, what
 * is not the entity's is kept.
 */
function conditionOf(
  own: Placeholders,
  model: EntityModel,
  ifUpdatedAt: number | undefined,
  item: RawItem | null | undefined,
): Compiled {
  if (ifUpdatedAt !== undefined) {
    const unchanged = [isOwn(own, model), isUnchanged(own, ifUpdatedAt, item)];
    return joined("AND", [...unchanged, ...isKnownVersion(own, model)]);
  }
  const ghost = ghostOf(model, item);
  return ghost === undefined ? isStoredOrNothing(own, model) : isThatGhost(own, ghost);
}
