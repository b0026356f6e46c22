/** The single-item writes but the update: create, put, delete, and a transaction's condition. */
import { atom, type Compiled, joined } from "../conditions/condition-logic.js";
import { Placeholders, type ReadWhere } from "../conditions/conditions.js";
import { refuseLongCondition } from "../conditions/expression.js";
import type { Draft } from "../entity/input.js";
import { type AnyItem, isOf, isStoredAlike, itemOf } from "../entity/item.js";
import { type EntityModel, type KeyParts, rawKeyOf } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { keyText } from "../keys/template.js";
import { itemValue } from "../secrets/secret-value.js";
import { attribute, type RawItem, type RawKey } from "../table/table.js";
import { isExactNumber } from "../values/exact-number.js";
import { epochMsOf, lastMs } from "../values/timestamps.js";
import { isNotOwn, isOwn, isOwnOrNothing, isThatGhost, occupantOf } from "./occupant.js";
import {
  assigned,
  type ConditionCheckInput,
  conditionFailed,
  foreignFailed,
  hasOddTime,
  isAhead,
  isOlder,
  isUnchanged,
  later,
  notFound,
  rawItemOf,
  type Seen,
  type Target,
  updatedAtOf,
  type Write,
  writtenAt,
  writtenItemOf,
} from "./write.js";

/**
 * Writes an item that must not be there yet: one request, two where it takes the place of a ghost.
 */
export function createWrite(target: Target, draft: Draft): Write<AnyItem> {
  const { model, tableName, clock } = target;
  const context: CallContext = {
    operation: target.operation ?? "create",
    entity: model.name,
    key: keyText(draft.parts),
  };
  let stored: RawItem | undefined;
  let ghost: RawItem | undefined;
  return {
    context,
    key: rawKeyOf(model, draft.parts),
    bytes: draft.bytes,
    request: (seen) => {
      ghost = ghostOf(model, seen);
      const now = clock.now();
      stored = rawItemOf(model, { ...draft, createdAt: draft.createdAt ?? now }, now);
      const own = new Placeholders();
      return {
        kind: "Put",
        input: {
          TableName: tableName,
          Item: itemValue(model, stored),
          ...(ghost === undefined
            ? { ConditionExpression: `attribute_not_exists(${own.name(attribute.partitionKey)})` }
            : { ConditionExpression: isThatGhost(own, ghost).text }),
          ExpressionAttributeNames: own.names,
          ...(Object.keys(own.values).length > 0 && { ExpressionAttributeValues: own.values }),
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      };
    },
    refusedByItem: false,
    refused: (seen) => {
      const occupant = occupantOf(model, seen.item);
      // Where nothing is there any more, the ghost of the last request is gone.
      if (occupant === "ghost" || (occupant === "nothing" && ghost !== undefined)) return "again";
      return (
        foreignFailed(context, model, seen) ??
        conditionFailed(context, "the item is already there", model, seen)
      );
    },
    isDone: (item) => isStoredAlike(item, stored),
    result: () => itemOf(model, stored as RawItem),
  };
}

/**
 * Creates or replaces an item: one request, two where a dated item is not yet in the index, the
 * stored UpdatedAt is not older than the clock, or a ghost is there. CreatedAt and the place in the
 * index stay.
 */
export function putWrite({ model, tableName, clock }: Target, draft: Draft): Write<AnyItem> {
  const context: CallContext = { operation: "put", entity: model.name, key: keyText(draft.parts) };
  const key = rawKeyOf(model, draft.parts);
  const keptNot = new Set<string>();
  const keptAlways = new Set<string>([attribute.createdAt]);
  const keptInIndex = new Set<string>([attribute.createdAt, attribute.indexSortKey]);
  return {
    context,
    key,
    bytes: draft.bytes,
    request: (seen) => {
      const ghost = ghostOf(model, seen);
      // A ghost was never created, nor seen by anybody: its times do not count.
      const item = ghost === undefined ? (seen?.item ?? undefined) : undefined;
      const ahead = isAhead(clock, item);
      const now = later(clock, item);
      const unindexed =
        model.dated && item !== undefined && item[attribute.indexSortKey] === undefined;
      const undated = item !== undefined && isBeyondTime(item[attribute.createdAt]);
      const createdAt =
        (unindexed ? epochMsOf(item[attribute.createdAt]) : undefined) ?? draft.createdAt ?? now;
      const kept = unindexed || undated || ghost ? keptNot : model.dated ? keptInIndex : keptAlways;
      const own = new Placeholders();
      const {
        PK: _pk,
        SK: _sk,
        ...attributes
      } = itemValue(model, rawItemOf(model, { ...draft, createdAt }, now));
      const sets = Object.entries(attributes).map(([name, value]) =>
        name === attribute.updatedAt
          ? writtenAt(own, now, ahead)
          : assigned(own, name, value, kept.has(name)),
      );
      const conditions = ghost
        ? [isThatGhost(own, ghost)]
        : [isOwnOrNothing(own, model), isOlder(own, now, ahead, item)];
      if (model.dated && !ghost)
        conditions.push(unindexed ? isUnindexed(own, item) : isIndexed(own));
      if (!ghost) conditions.push(undated ? isCreatedAt(own, item) : isCreatedInTime(own));
      return {
        kind: "Update",
        input: {
          TableName: tableName,
          Key: { ...key },
          UpdateExpression: `SET ${sets.join(", ")}`,
          ConditionExpression: joined("AND", conditions).text,
          ExpressionAttributeNames: own.names,
          ExpressionAttributeValues: own.values,
          ReturnValues: "ALL_NEW",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      };
    },
    refusedByItem: true,
    // Each other condition is one that knowing the item satisfies.
    refused: (seen) => foreignFailed(context, model, seen) ?? "again",
    result: (attributes) => writtenItemOf(model, key, attributes),
  };
}

/** Nothing is there, or it has its place in the index, which then stays. */
function isIndexed(own: Placeholders): Compiled {
  return joined("OR", [
    atom(`attribute_not_exists(${own.name(attribute.partitionKey)})`),
    atom(`attribute_exists(${own.name(attribute.indexSortKey)})`),
  ]);
}

/** A number that is no time, as nanoseconds are. */
function isBeyondTime(value: unknown): boolean {
  if (isExactNumber(value)) return value.toNumber() > lastMs;
  return (typeof value === "bigint" || typeof value === "number") && value > lastMs;
}

/** What is there, if anything, has no number as its CreatedAt that is no time: it then stays. */
function isCreatedInTime(own: Placeholders): Compiled {
  return atom(`NOT ${own.name(attribute.createdAt)} > ${own.value(lastMs)}`);
}

/** The item has the CreatedAt that was seen. */
function isCreatedAt(own: Placeholders, seen: RawItem): Compiled {
  return atom(`${own.name(attribute.createdAt)} = ${own.value(seen[attribute.createdAt])}`);
}

/** The item that an earlier writer left out of the index is still as it was seen. */
function isUnindexed(own: Placeholders, seen: RawItem): Compiled {
  const createdAt = own.name(attribute.createdAt);
  const seenAt = seen[attribute.createdAt];
  return joined("AND", [
    atom(`attribute_not_exists(${own.name(attribute.indexSortKey)})`),
    atom(
      seenAt === undefined
        ? `attribute_not_exists(${createdAt})`
        : `${createdAt} = ${own.value(seenAt)}`,
    ),
  ]);
}

/** The ghost that a refused request showed. */
function ghostOf(model: EntityModel, seen: Seen | undefined): RawItem | undefined {
  const item = seen?.item;
  return item != null && occupantOf(model, item) === "ghost" ? item : undefined;
}

/**
 * Deletes an item and returns it; one request, two where a ghost is there, which goes too. What is
 * foreign stays: to this entity nothing is there.
 */
export function deleteWrite(
  { model, tableName, operation = "delete" }: Target,
  parts: KeyParts,
  ifUpdatedAt: number | undefined,
): Write<AnyItem | null> {
  const context: CallContext = { operation, entity: model.name, key: keyText(parts) };
  const key = rawKeyOf(model, parts);
  return {
    context,
    key,
    bytes: 0,
    request: (seen) => {
      if (ifUpdatedAt === undefined && occupantOf(model, seen?.item) === "foreign") {
        return { kind: "ConditionCheck", input: absenceCheck({ model, tableName }, key) };
      }
      const own = new Placeholders();
      const ghost = ghostOf(model, seen);
      const condition =
        ifUpdatedAt !== undefined
          ? joined("AND", [isOwn(own, model), isUnchanged(own, ifUpdatedAt, seen?.item)])
          : ghost === undefined
            ? isOwnOrNothing(own, model)
            : isThatGhost(own, ghost);
      return {
        kind: "Delete",
        input: {
          TableName: tableName,
          Key: { ...key },
          ReturnValues: "ALL_OLD",
          ConditionExpression: condition.text,
          ExpressionAttributeNames: own.names,
          ...(Object.keys(own.values).length > 0 && { ExpressionAttributeValues: own.values }),
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      };
    },
    // A delete without a lock is refused by what is no item of the entity's, and by nothing else.
    refusedByItem: ifUpdatedAt === undefined,
    refused: (seen) => {
      const occupant = occupantOf(model, seen.item);
      if (ifUpdatedAt === undefined) return occupant === "foreign" ? "nothing" : "again";
      const { item } = seen;
      const isThere = item !== null && occupant === "own";
      if (isThere && updatedAtOf(item) === ifUpdatedAt) return "again";
      const rule = isThere ? "the item was changed since it was read" : "the item is gone";
      return conditionFailed(context, `${rule} (ifUpdatedAt)`, model, seen);
    },
    isDone: (item) => item === null || !isOf(model, item),
    result: (attributes) =>
      attributes === undefined || !isOf(model, attributes)
        ? null
        : // A secret that cannot be opened stays sealed in it: such an item can be got rid of too.
          itemOf(model, attributes, "leave"),
  };
}

/** A checked condition. */
export interface CheckPlan {
  readonly parts: KeyParts;
  /** Whether the item must be there, or must not. */
  readonly exists: boolean;
  readonly ifUpdatedAt: number | undefined;
  readonly where: ReadWhere | undefined;
}

/** A condition on an item that a transaction does not write. */
export function checkWrite({ model, tableName }: Target, plan: CheckPlan): Write<undefined> {
  const context: CallContext = { operation: "check", entity: model.name, key: keyText(plan.parts) };
  const key = rawKeyOf(model, plan.parts);
  let knowsOddTime = false;
  return {
    context,
    key,
    bytes: 0,
    request: (seen) => {
      knowsOddTime = hasOddTime(seen?.item);
      if (!plan.exists) {
        return { kind: "ConditionCheck", input: absenceCheck({ model, tableName }, key) };
      }
      const own = new Placeholders();
      const conditions = [isOwn(own, model)];
      if (plan.ifUpdatedAt !== undefined) {
        conditions.push(isUnchanged(own, plan.ifUpdatedAt, seen?.item));
      }
      if (plan.where !== undefined) conditions.push(plan.where(own));
      const condition = joined("AND", conditions).text;
      refuseLongCondition(context, "where", condition);
      const input: ConditionCheckInput = {
        TableName: tableName,
        Key: { ...key },
        ConditionExpression: condition,
        ExpressionAttributeNames: own.names,
        ExpressionAttributeValues: own.values,
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      };
      return { kind: "ConditionCheck", input };
    },
    refusedByItem: false,
    refused: (seen) => {
      if (plan.exists && occupantOf(model, seen.item) !== "own")
        return notFound(context, seen.cause);
      if (plan.ifUpdatedAt === 0 && hasOddTime(seen.item) && !knowsOddTime) return "again";
      const rule = plan.exists ? "the condition does not hold" : "the item is there";
      return conditionFailed(context, rule, model, seen);
    },
    result: () => undefined,
  };
}

/** A condition that no item of the entity is there: what is no item of its is not there to it. */
function absenceCheck(
  { model, tableName }: Pick<Target, "model" | "tableName">,
  key: RawKey,
): ConditionCheckInput {
  const own = new Placeholders();
  return {
    TableName: tableName,
    Key: { ...key },
    ConditionExpression: isNotOwn(own, model).text,
    ExpressionAttributeNames: own.names,
    ExpressionAttributeValues: own.values,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}
