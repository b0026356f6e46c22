/** The single-item writes but the update: create, put, delete, and a transaction's condition. */
import { isDeepStrictEqual } from "node:util";
import { atom, type Compiled, joined } from "./condition-logic.js";
import { Placeholders, type ReadWhere } from "./conditions.js";
import { type KeyParts, keyText, rawKeyOf } from "./entity-model.js";
import type { CallContext } from "./errors.js";
import { type AnyItem, itemOf } from "./item.js";
import { itemValue } from "./secret-value.js";
import { attribute, type RawItem } from "./table.js";
import { epochMsOf } from "./timestamps.js";
import {
  assigned,
  type ConditionCheckInput,
  conditionFailed,
  type Draft,
  isAhead,
  isOlder,
  isUnchanged,
  later,
  notFound,
  rawItemOf,
  type Target,
  updatedAtOf,
  type Write,
  writtenAt,
  writtenItemOf,
} from "./write.js";

/** Writes an item that must not be there yet: one request. */
export function createWrite({ model, tableName, clock }: Target, draft: Draft): Write<AnyItem> {
  const context: CallContext = {
    operation: "create",
    entity: model.name,
    key: keyText(draft.parts),
  };
  let stored: RawItem | undefined;
  return {
    context,
    key: rawKeyOf(model, draft.parts),
    bytes: draft.bytes,
    request: () => {
      const now = clock.now();
      stored = rawItemOf(model, { ...draft, createdAt: draft.createdAt ?? now }, now);
      const own = new Placeholders();
      return {
        kind: "Put",
        input: {
          TableName: tableName,
          Item: itemValue(model, stored),
          ConditionExpression: `attribute_not_exists(${own.name(attribute.partitionKey)})`,
          ExpressionAttributeNames: own.names,
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      };
    },
    refusedByItem: false,
    refused: (seen) => conditionFailed(context, "the item is already there", model, seen),
    isDone: (item) => isDeepStrictEqual(item, stored),
    result: () => itemOf(model, stored as RawItem),
  };
}

/**
 * Creates or replaces an item: one request, two where a dated item is not yet in the index or the
 * stored UpdatedAt is not older than the clock. CreatedAt and the place in the index stay.
 */
export function putWrite({ model, tableName, clock }: Target, draft: Draft): Write<AnyItem> {
  const context: CallContext = { operation: "put", entity: model.name, key: keyText(draft.parts) };
  const key = rawKeyOf(model, draft.parts);
  const keptAlways = new Set<string>([attribute.createdAt]);
  const keptInIndex = new Set<string>([attribute.createdAt, attribute.indexSortKey]);
  return {
    context,
    key,
    bytes: draft.bytes,
    request: (seen) => {
      const item = seen?.item ?? undefined;
      const ahead = isAhead(clock, item);
      const now = later(clock, item);
      const unindexed =
        model.dated && item !== undefined && item[attribute.indexSortKey] === undefined;
      const createdAt =
        (unindexed ? epochMsOf(item[attribute.createdAt]) : undefined) ?? draft.createdAt ?? now;
      const kept = unindexed ? new Set<string>() : model.dated ? keptInIndex : keptAlways;
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
      const conditions = [isOlder(own, now, ahead)];
      if (model.dated) conditions.push(unindexed ? isUnindexed(own, item) : isIndexed(own));
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
    // Each condition is one that knowing the item satisfies.
    refused: () => "again",
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

/** Deletes an item and returns it; one request. */
export function deleteWrite(
  { model, tableName }: Target,
  parts: KeyParts,
  ifUpdatedAt: number | undefined,
): Write<AnyItem | null> {
  const context: CallContext = { operation: "delete", entity: model.name, key: keyText(parts) };
  const key = rawKeyOf(model, parts);
  return {
    context,
    key,
    bytes: 0,
    request: () => {
      const input = { TableName: tableName, Key: { ...key }, ReturnValues: "ALL_OLD" } as const;
      if (ifUpdatedAt === undefined) return { kind: "Delete", input };
      const own = new Placeholders();
      return {
        kind: "Delete",
        input: {
          ...input,
          ConditionExpression: joined("AND", [
            atom(`attribute_exists(${own.name(attribute.partitionKey)})`),
            isUnchanged(own, ifUpdatedAt),
          ]).text,
          ExpressionAttributeNames: own.names,
          ExpressionAttributeValues: own.values,
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      };
    },
    refusedByItem: false,
    refused: (seen) => {
      const { item } = seen;
      if (item !== null && updatedAtOf(item) === ifUpdatedAt) return "again";
      const rule = item === null ? "the item is gone" : "the item was changed since it was read";
      return conditionFailed(context, `${rule} (ifUpdatedAt)`, model, seen);
    },
    isDone: (item) => item === null,
    // A secret that cannot be opened stays sealed in it: such an item can be got rid of too.
    result: (attributes) => (attributes === undefined ? null : itemOf(model, attributes, "leave")),
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
  return {
    context,
    key,
    bytes: 0,
    request: () => {
      const own = new Placeholders();
      const exists = plan.exists ? "attribute_exists" : "attribute_not_exists";
      const conditions = [atom(`${exists}(${own.name(attribute.partitionKey)})`)];
      if (plan.ifUpdatedAt !== undefined) {
        conditions.push(isUnchanged(own, plan.ifUpdatedAt));
      }
      if (plan.where !== undefined) conditions.push(plan.where(own));
      const input: ConditionCheckInput = {
        TableName: tableName,
        Key: { ...key },
        ConditionExpression: joined("AND", conditions).text,
        ExpressionAttributeNames: own.names,
        ...(Object.keys(own.values).length > 0 && { ExpressionAttributeValues: own.values }),
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      };
      return { kind: "ConditionCheck", input };
    },
    refusedByItem: false,
    refused: (seen) => {
      if (seen.item === null) return notFound(context, key, seen.cause);
      const rule = plan.exists ? "the condition does not hold" : "the item is there";
      return conditionFailed(context, rule, model, seen);
    },
    result: () => undefined,
  };
}
