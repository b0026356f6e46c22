import { atom, joined } from "../conditions/condition-logic.js";
import { refuseLongCondition } from "../conditions/expression.js";
import { type PathSegments, Placeholders } from "../conditions/placeholders.js";
import type { UpdatePlan } from "../entity/input.js";
import { storedParts } from "../entity/model.js";
import { isOwn } from "../entity/own-items.js";
import type { CallContext } from "../errors/context.js";
import { payloadValue } from "../secrets/secret-value.js";
import { attribute, type RawItem, type RawKey } from "../table/table.js";
import { dataSets, type ExpiryChange, expiryOf, newData, versionSets } from "./changes.js";
import { assigned, conditional } from "./expressions.js";
import { type IndexChanges, indexExpressions, isAsRead } from "./index-changes.js";
import { areOfKind, computedExpressions } from "./operators.js";
import type { Target, WriteRequest } from "./plan.js";
import { type Growth, isOlder, isStoredAt, isUnchanged, writtenAt } from "./updated-at.js";
import { isExpectedVersion } from "./version-conditions.js";
import { isUnsigned, type Signature, signed } from "./writers.js";

/** A checked update, and what its requests have in common. */
export interface Planned {
  readonly target: Target;
  readonly plan: UpdatePlan;
  readonly context: CallContext;
  readonly key: RawKey;
  /** The containers that must exist. */
  readonly parents: readonly PathSegments[];
  /** Whether the changes do not fit into an expression. The payload is then read and replaced. */
  readonly replaces: boolean;
  readonly expiry: ExpiryChange | undefined;
  /**
   * Identifies an update that must not be carried out twice. Such an update never only adds to the
   * stored time. Content and time do not distinguish two callers that make the same change in the
   * same millisecond; a mark does.
   */
  readonly mark: string | undefined;
  /** Identifies an update that counts, when it has been signed. */
  readonly signature: Signature | undefined;
}

/** What an update's last request was based on. */
export interface Sent {
  readonly growth: Growth;
  /** The item that was seen before the request. */
  readonly item: RawItem | undefined;
  /** Whether the payload is created, because the item has none. */
  readonly madeAnew: boolean;
  /** The item whose payload is merged and replaced. */
  readonly merged: RawItem | undefined;
  /** The payload of an older version, upgraded and changed, which then replaces the stored one. */
  readonly upgraded: Record<string, unknown> | undefined;
  /** The index keys that change. */
  readonly index: IndexChanges | undefined;
}

/** Builds the request of one attempt. */
export function updateRequest(planned: Planned, sent: Sent): WriteRequest {
  const { target, plan, context, key, mark, signature } = planned;
  const { model, tableName } = target;
  const replaced = isReplaced(planned, sent);
  const own = new Placeholders();
  const sets = [
    writtenAt(own, sent.growth),
    // The key parts, which items of earlier writers lack.
    ...Object.entries(storedParts(model, plan.parts)).map(([name, value]) =>
      assigned(own, name, value),
    ),
    ...(mark === undefined ? [] : [assigned(own, attribute.writeMark, mark)]),
    ...(signature === undefined ? [] : signed(own, signature)),
    ...(replaced ? wholeData(own, planned, sent) : dataSets(own, model, key, plan)),
  ];
  const removes = replaced ? [] : plan.removals.map((path) => own.path(path));
  const computed = computedExpressions(own, replaced ? { computed: [] } : plan);
  sets.push(...computed.sets);
  // After the fields: their placeholders are then as short as they were counted.
  const keys = indexExpressions(own, model, context, sent.index, plan, currentItem(sent));
  sets.push(...keys.sets);
  removes.push(...keys.removes);
  const expiry = sent.upgraded === undefined ? planned.expiry : expiryOf(model, sent.upgraded);
  if (expiry?.at !== undefined) sets.push(assigned(own, attribute.timeToLive, expiry.at));
  else if (expiry !== undefined) removes.push(own.name(attribute.timeToLive));
  const clauses = [
    clause("SET", sets),
    clause("REMOVE", removes),
    clause("ADD", computed.adds),
    clause("DELETE", computed.deletes),
  ];
  return {
    kind: "Update",
    input: {
      TableName: tableName,
      Key: { ...key },
      UpdateExpression: clauses.filter((text) => text !== "").join(" "),
      ...conditional(own, conditionOf(own, planned, sent)),
      ReturnValues: plan.returning === undefined ? "ALL_NEW" : "ALL_OLD",
    },
  };
}

function clause(name: string, actions: readonly string[]): string {
  return actions.length === 0 ? "" : `${name} ${actions.join(", ")}`;
}

/** Whether the request stores a whole payload, and not changes inside it. */
function isReplaced({ replaces }: Planned, { madeAnew, upgraded }: Sent): boolean {
  return madeAnew || upgraded !== undefined || replaces;
}

/** The assignment of a whole payload. */
function wholeData(own: Placeholders, planned: Planned, sent: Sent): string[] {
  const { target, plan, key } = planned;
  const { madeAnew, merged, upgraded } = sent;
  const { model } = target;
  if (upgraded !== undefined) {
    const data = assigned(own, attribute.data, payloadValue(model, key, upgraded));
    return [data, ...versionSets(own, model)];
  }
  const data = newData(own, model, key, plan, merged);
  return madeAnew ? [data, ...versionSets(own, model)] : [data];
}

function conditionOf(own: Placeholders, planned: Planned, sent: Sent): string {
  const { target, plan, context, parents, replaces, signature } = planned;
  const { growth, item, madeAnew, merged, upgraded, index } = sent;
  const { model } = target;
  const { ifUpdatedAt, where } = plan;
  const conditions = [isOwn(own, model), isOlder(own, growth, item)];
  const isData = (path: PathSegments, type: string) =>
    atom(`attribute_type(${own.path(path)}, ${own.value(type)})`);
  conditions.push(madeAnew ? atom(`NOT ${isData([], "M").text}`) : isData([], "M"));
  // The stored payload of an older version may not have them; the upgraded one was looked at.
  for (const parent of upgraded === undefined ? parents : []) {
    conditions.push(joined("OR", [isData(parent, "M"), isData(parent, "L")]));
  }
  if (!isReplaced(planned, sent)) conditions.push(...areOfKind(own, plan));
  if (signature !== undefined) conditions.push(isUnsigned(own, signature));
  if (ifUpdatedAt !== undefined) conditions.push(isUnchanged(own, ifUpdatedAt, item));
  if (merged !== undefined || (replaces && !madeAnew)) conditions.push(isStoredAt(own, merged));
  conditions.push(...isExpectedVersion(own, model, item));
  conditions.push(...isAsRead(own, index, item));
  if (where !== undefined) conditions.push(where(own));
  const condition = joined("AND", conditions).text;
  refuseLongCondition(context, longestOf(plan), condition);
  return condition;
}

/**
 * The argument that is reported if the condition is too long. Parents that must exist, and values that must
 * be of a kind, need conditions, too.
 */
function longestOf({ where, changes, computed }: UpdatePlan): string {
  if (where !== undefined) return "where";
  const [first] = computed;
  if (first !== undefined) return first.operator;
  return changes.some(({ path }) => path.length > 1) ? "set" : "remove";
}

/** The item that the last request was based on, with its payload as the current version has it. */
function currentItem({ item, upgraded }: Sent): RawItem | undefined {
  return item === undefined || upgraded === undefined ? item : { ...item, Data: upgraded };
}
