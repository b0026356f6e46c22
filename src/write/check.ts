/** The conditions on items that a transaction does not write. */
import { joined } from "../conditions/condition-logic.js";
import type { ReadWhere } from "../conditions/conditions.js";
import { refuseLongCondition } from "../conditions/expression.js";
import { Placeholders } from "../conditions/placeholders.js";
import { type EntityModel, type KeyParts, keyValues, rawKeyOf } from "../entity/model.js";
import { isOwn } from "../entity/own-items.js";
import type { CallContext } from "../errors/context.js";
import type { RawKey } from "../table/table.js";
import { conditional } from "./expressions.js";
import { isNotOwn, occupantOf } from "./occupant.js";
import type { Target, Write, WriteRequest } from "./plan.js";
import { conditionFailed, notFound } from "./refusals.js";
import { hasOddTime, isUnchanged } from "./updated-at.js";

/** A checked condition. */
export interface CheckPlan {
  readonly parts: KeyParts;
  /** Whether the item must exist, or must not. */
  readonly exists: boolean;
  readonly ifUpdatedAt: number | undefined;
  readonly where: ReadWhere | undefined;
}

/** A condition on an item that a transaction does not write. */
export function checkWrite({ model, tableName }: Target, plan: CheckPlan): Write<undefined> {
  const context: CallContext = {
    operation: "check",
    entity: model.name,
    key: keyValues(model, plan.parts),
  };
  const key = rawKeyOf(model, plan.parts);
  let knowsOddTime = false;
  return {
    context,
    key,
    bytes: 0,
    request: (seen) => {
      knowsOddTime = hasOddTime(seen?.item);
      if (!plan.exists) return absenceCheck(model, tableName, key);
      const own = new Placeholders();
      const conditions = [isOwn(own, model)];
      if (plan.ifUpdatedAt !== undefined) {
        conditions.push(isUnchanged(own, plan.ifUpdatedAt, seen?.item));
      }
      if (plan.where !== undefined) conditions.push(plan.where(own));
      const condition = joined("AND", conditions).text;
      refuseLongCondition(context, "where", condition);
      return checkRequest(tableName, key, own, condition);
    },
    refusedByItem: false,
    refused: (seen) => {
      if (plan.exists && occupantOf(model, seen.item) !== "own")
        return notFound(context, seen.cause);
      if (plan.ifUpdatedAt === 0 && hasOddTime(seen.item) && !knowsOddTime) return "again";
      // It has expired since.
      if (!plan.exists && occupantOf(model, seen.item) === "expired") return "again";
      const rule = plan.exists ? "the condition does not hold" : "the item is there";
      return conditionFailed(context, rule, seen, model);
    },
    result: () => undefined,
  };
}

function checkRequest(
  tableName: string,
  key: RawKey,
  own: Placeholders,
  condition: string,
): WriteRequest {
  const input = { TableName: tableName, Key: { ...key }, ...conditional(own, condition) };
  return { kind: "ConditionCheck", input };
}

/** A condition that there is no item of the entity. Any other item at the key is ignored. */
export function absenceCheck(model: EntityModel, tableName: string, key: RawKey): WriteRequest {
  const own = new Placeholders();
  return checkRequest(tableName, key, own, isNotOwn(own, model).text);
}
