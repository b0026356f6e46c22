/**
 * Single-item writes: how each request is built, and what a refused one means.
 *
 * DynamoDB says only that a condition failed. Each write asks for the item that was there and tells
 * from it whether to write again, knowing more, or which error it is.
 */
import { isDeepStrictEqual } from "node:util";
import type {
  DeleteCommandInput,
  PutCommandInput,
  UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import { atom, type Compiled, joined } from "./condition-logic.js";
import { compileWhere, type PathSegments, Placeholders } from "./conditions.js";
import { type EntityModel, indexKeyOf, type KeyParts, keyText, rawKeyOf } from "./entity-model.js";
import {
  type CallContext,
  ConditionalCheckFailedError,
  type DynamoDBError,
  describe,
  ItemNotFoundError,
  invalid,
  withContext,
} from "./errors.js";
import { type AnyItem, itemOf } from "./item.js";
import { type Change, pathText } from "./payload.js";
import { withMaskedSecrets } from "./secrets.js";
import { attribute, type RawItem, type RawKey } from "./table.js";
import { epochMsOf } from "./timestamps.js";
import type { Clock } from "./transport.js";

export type WriteRequest =
  | { readonly kind: "ConditionCheck"; readonly input: ConditionCheckInput }
  | { readonly kind: "Put"; readonly input: PutCommandInput }
  | { readonly kind: "Update"; readonly input: UpdateCommandInput }
  | { readonly kind: "Delete"; readonly input: DeleteCommandInput };

/** A condition on an item, for transactions only. */
export type ConditionCheckInput = Pick<
  DeleteCommandInput,
  | "TableName"
  | "Key"
  | "ConditionExpression"
  | "ExpressionAttributeNames"
  | "ExpressionAttributeValues"
  | "ReturnValuesOnConditionCheckFailure"
>;

/** What a refused write showed: the item that was there, or that none was. */
export interface Seen {
  readonly item: RawItem | null;
  /** What DynamoDB answered. */
  readonly cause?: unknown;
}

/** One write of one item. */
export interface Write<Result> {
  readonly context: CallContext;
  readonly key: RawKey;
  /** Bytes that it stores at least, where they count. */
  readonly bytes?: number;
  /** The request, given what a refused one showed. */
  request(seen: Seen | undefined): WriteRequest;
  /** Whether a failed condition shows that an item is there. */
  readonly refusedByItem: boolean;
  /** What a failed condition means: write again, or this error. */
  refused(seen: Seen): DynamoDBError | "again";
  /** Whether what is there is what the last request would have left, had it been carried out. */
  isDone?(item: RawItem | null): boolean;
  /** What the call returns, from the attributes that the request asked back. */
  result(attributes: RawItem | undefined): Result;
}

/** What is written to, and where the time comes from. */
export interface Target {
  readonly model: EntityModel;
  readonly tableName: string;
  readonly clock: Clock;
}

/** A checked item on its way in. */
export interface Draft {
  readonly parts: KeyParts;
  readonly data: Record<string, unknown>;
  /** Set where the caller gave it. */
  readonly createdAt: number | undefined;
  /** The size of the item. */
  readonly bytes: number;
}

/** The stored form of an item. */
export function rawItemOf(
  model: EntityModel,
  { parts, data, createdAt = 0 }: Draft,
  updatedAt: number,
): RawItem {
  return Object.assign(rawKeyOf(model, parts), indexKeyOf(model, parts, createdAt), parts, {
    [attribute.entityType]: model.name,
    [attribute.data]: data,
    [attribute.createdAt]: createdAt,
    [attribute.updatedAt]: updatedAt,
  });
}

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
          Item: stored,
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
      const { PK: _pk, SK: _sk, ...attributes } = rawItemOf(model, { ...draft, createdAt }, now);
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
    result: (attributes) => itemOf(model, { ...key, ...attributes }),
  };
}

/** An assignment; one that is kept stays what it is where it is already set. */
function assigned(own: Placeholders, name: string, value: unknown, kept = false): string {
  const path = own.name(name);
  const given = own.value(value);
  return `${path} = ${kept ? `if_not_exists(${path}, ${given})` : given}`;
}

/**
 * Whether the stored time is not older than the clock: it then grows by what is stored. Asked once
 * for a request, whose parts must agree while the clock goes on.
 */
function isAhead(clock: Clock, item: RawItem | undefined): boolean {
  const stored = storedTime(item);
  return stored !== undefined && stored >= clock.now();
}

/**
 * Assigns UpdatedAt; an addition where the stored time is ahead, so that many writers of one item
 * need not see each other's last write: whichever comes next adds to it.
 */
function writtenAt(own: Placeholders, now: number, ahead: boolean): string {
  const path = own.name(attribute.updatedAt);
  return ahead ? `${path} = ${path} + ${own.value(1)}` : `${path} = ${own.value(now)}`;
}

/** UpdatedAt strictly grows: what is there must be older than what is written, or is added to. */
function isOlder(own: Placeholders, now: number, ahead: boolean): Compiled {
  const updatedAt = own.name(attribute.updatedAt);
  if (ahead) return atom(`attribute_type(${updatedAt}, ${own.value("N")})`);
  return joined("OR", [isUntimed(own), atom(`${updatedAt} < ${own.value(now)}`)]);
}

/** The item has no time of its last write; one that is no number, as an earlier writer's may be, is none. */
function isUntimed(own: Placeholders): Compiled {
  return atom(`NOT attribute_type(${own.name(attribute.updatedAt)}, ${own.value("N")})`);
}

/** The item was not written since it was read; one without a time was read as written at 0. */
function isUnchanged(own: Placeholders, ifUpdatedAt: number): Compiled {
  const updatedAt = own.name(attribute.updatedAt);
  const same = atom(`${updatedAt} = ${own.value(ifUpdatedAt)}`);
  return ifUpdatedAt === 0 ? joined("OR", [same, isUntimed(own)]) : same;
}

function updatedAtOf(item: RawItem): number {
  return storedTime(item) ?? 0;
}

/** The time of the last write, where the item has one. */
function storedTime(item: RawItem | undefined): number | undefined {
  const stored: unknown = item?.[attribute.updatedAt];
  return typeof stored === "number" ? stored : undefined;
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

/** A checked update. */
export interface UpdatePlan {
  readonly parts: KeyParts;
  readonly changes: readonly Change[];
  readonly removals: readonly PathSegments[];
  readonly ifUpdatedAt: number | undefined;
  readonly where: unknown;
  /** What a payload that is made anew gets beside the changes: the ids that come from the key. */
  readonly fromKey: Readonly<Record<string, unknown>>;
  /** The size of what is stored anew. */
  readonly bytes: number;
}

/**
 * Changes an item that must be there: one request, two where it has no `Data` or the stored
 * UpdatedAt is not older than the clock.
 */
export function updateWrite({ model, tableName, clock }: Target, plan: UpdatePlan): Write<AnyItem> {
  const context: CallContext = {
    operation: "update",
    entity: model.name,
    key: keyText(plan.parts),
  };
  const key = rawKeyOf(model, plan.parts);
  const parents = parentsOf(plan);
  // What changes positions in a list must not be done twice, so it never merely adds to the time.
  const once = [...plan.changes.map((change) => change.path), ...plan.removals].some(isPosition);
  /** What the stored time had to be before; nothing, where it is added to. */
  let now = 0;
  let madeAnew = false;
  const request = (seen: Seen | undefined): WriteRequest => {
    const item = seen?.item ?? undefined;
    const ahead = !once && isAhead(clock, item);
    const time = later(clock, item);
    now = ahead ? Number.POSITIVE_INFINITY : time;
    madeAnew = seen?.item != null && !isMap(seen.item[attribute.data]);
    const own = new Placeholders();
    const sets = [
      writtenAt(own, time, ahead),
      // What an item of an earlier writer lacks.
      ...Object.entries(plan.parts).map(([name, value]) => assigned(own, name, value)),
      assigned(own, attribute.entityType, model.name),
      ...(madeAnew ? [newData(own, plan)] : dataSets(own, plan)),
    ];
    const removes = madeAnew ? [] : plan.removals.map((path) => own.path(path));
    const exists = atom(`attribute_exists(${own.name(attribute.partitionKey)})`);
    const conditions = [exists, isOlder(own, time, ahead)];
    const isData = (path: PathSegments, type: string) =>
      atom(`attribute_type(${own.path(path)}, ${own.value(type)})`);
    conditions.push(madeAnew ? atom(`NOT ${isData([], "M").text}`) : isData([], "M"));
    for (const parent of parents)
      conditions.push(joined("OR", [isData(parent, "M"), isData(parent, "L")]));
    if (plan.ifUpdatedAt !== undefined) {
      conditions.push(isUnchanged(own, plan.ifUpdatedAt));
    }
    const where = compileWhere(plan.where, own, context);
    if (where !== undefined) conditions.push(where);
    return {
      kind: "Update",
      input: {
        TableName: tableName,
        Key: { ...key },
        UpdateExpression: `SET ${sets.join(", ")}${removes.length === 0 ? "" : ` REMOVE ${removes.join(", ")}`}`,
        ConditionExpression: joined("AND", conditions).text,
        ExpressionAttributeNames: own.names,
        ExpressionAttributeValues: own.values,
        ReturnValues: "ALL_NEW",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      },
    };
  };
  return {
    context,
    key,
    bytes: plan.bytes,
    request,
    refusedByItem: false,
    refused: (seen) => {
      const { item, cause } = seen;
      if (item === null) return notFound(context, key, cause);
      if (plan.ifUpdatedAt !== undefined && updatedAtOf(item) !== plan.ifUpdatedAt) {
        return conditionFailed(
          context,
          "the item was changed since it was read (ifUpdatedAt)",
          model,
          seen,
        );
      }
      const data = item[attribute.data];
      const missing = parents.find((parent) => !isContainer(valueAt(data, parent)));
      if (missing !== undefined) {
        const path = pathText(["data", ...missing]);
        return invalid(
          context,
          [{ path, message: "is not there: nothing can be set or removed inside it" }],
          cause,
        );
      }
      if ((storedTime(item) ?? -1) >= now || isMap(data) === madeAnew) return "again";
      if (plan.where === undefined) return "again";
      return conditionFailed(context, "the condition does not hold (where)", model, seen);
    },
    isDone: (item) =>
      item !== null &&
      (now === Number.POSITIVE_INFINITY || storedTime(item) === now) &&
      holdsChanges(item[attribute.data], plan),
    result: (attributes) => itemOf(model, { ...key, ...attributes }),
  };
}

/** Whether a payload is as the changes leave it, as far as that can be told: positions move. */
function holdsChanges(data: unknown, { changes, removals }: UpdatePlan): boolean {
  return (
    changes.every(
      ({ path, value }) => isPosition(path) || isDeepStrictEqual(valueAt(data, path), value),
    ) && removals.every((path) => isPosition(path) || valueAt(data, path) === undefined)
  );
}

function isPosition(path: PathSegments): boolean {
  return typeof path.at(-1) === "number";
}

function dataSets(own: Placeholders, { changes }: UpdatePlan): string[] {
  return changes.map(({ path, value }) => `${own.path(path)} = ${own.value(value)}`);
}

/** The whole payload where none was: every change then stands at the top, or its parent is missing. */
function newData(own: Placeholders, { changes, fromKey }: UpdatePlan): string {
  const data = {
    ...fromKey,
    ...Object.fromEntries(changes.map(({ path, value }) => [path[0], value])),
  };
  return assigned(own, attribute.data, data);
}

/** The containers that nested changes need to be there. */
function parentsOf({ changes, removals }: UpdatePlan): PathSegments[] {
  const parents = new Map<string, PathSegments>();
  for (const path of [...changes.map((change) => change.path), ...removals]) {
    if (path.length > 1) parents.set(JSON.stringify(path.slice(0, -1)), path.slice(0, -1));
  }
  return [...parents.values()];
}

function valueAt(value: unknown, path: PathSegments): unknown {
  let found = value;
  for (const segment of path) {
    if (!isContainer(found) || !Object.hasOwn(found, segment)) return undefined;
    found = (found as Record<string | number, unknown>)[segment];
  }
  return found;
}

function isContainer(value: unknown): value is object {
  return Array.isArray(value) || isMap(value);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.prototype.toString.call(value) === "[object Object]"
  );
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
    result: (attributes) => (attributes === undefined ? null : itemOf(model, attributes)),
  };
}

/** A checked condition. */
export interface CheckPlan {
  readonly parts: KeyParts;
  /** Whether the item must be there, or must not. */
  readonly exists: boolean;
  readonly ifUpdatedAt: number | undefined;
  readonly where: unknown;
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
      const where = compileWhere(plan.where, own, context);
      if (where !== undefined) conditions.push(where);
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

/** The clock's time, or a millisecond after the stored item's. */
function later(clock: Clock, item: RawItem | undefined): number {
  return Math.max(clock.now(), (storedTime(item) ?? -1) + 1);
}

/** `no such item`, for the calls that want one to be there. */
export function notFound(
  context: CallContext,
  { PK, SK }: RawKey,
  cause?: unknown,
): ItemNotFoundError {
  return withContext(
    new ItemNotFoundError(PK, SK, describe(context, "no such item"), cause),
    context,
  );
}

function conditionFailed(
  context: CallContext,
  rule: string,
  model: EntityModel,
  { item, cause }: Seen,
): ConditionalCheckFailedError {
  const was = item === null ? null : withMaskedSecrets(model.secrets, itemOf(model, item));
  return withContext(new ConditionalCheckFailedError(describe(context, rule), cause, was), context);
}
