/**
 * What a single-item write is: how its request is built, and what a refused one means.
 *
 * DynamoDB says only that a condition failed. Each write asks for the item that was there and tells
 * from it whether to write again, knowing more, or which error it is.
 */
import type {
  DeleteCommandInput,
  PutCommandInput,
  UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import { atom, type Compiled, joined } from "../conditions/condition-logic.js";
import type { Placeholders } from "../conditions/conditions.js";
import type { Draft } from "../entity/input.js";
import { type AnyItem, isOf, itemOf } from "../entity/item.js";
import { type EntityModel, indexKeyOf, rawKeyOf } from "../entity/model.js";
import { ConditionalCheckFailedError } from "../errors/conditional-check-failed-error.js";
import { type CallContext, describe, withContext } from "../errors/context.js";
import type { DynamoDBError } from "../errors/dynamodb-error.js";
import { ItemNotFoundError } from "../errors/item-not-found-error.js";
import type { Clock } from "../runtime/clock.js";
import { withMaskedSecrets } from "../secrets/masking.js";
import { noteCopy } from "../secrets/opened.js";
import { attribute, type RawItem, type RawKey } from "../table/table.js";
import { isExactNumber } from "../values/exact-number.js";
import { isTime, lastMs } from "../values/timestamps.js";
import { foreignRule, occupantOf } from "./occupant.js";

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
  /** Whether its first request needs to know what is there: the item is then read first. */
  readonly readsFirst?: boolean;
  /** Whether a failed condition shows that an item is there. */
  readonly refusedByItem: boolean;
  /**
   * What a failed condition means: write again; or nothing is left to do, since no item of the entity
   * is there; or this error. In a transaction the next request then holds as long as that is so.
   */
  refused(seen: Seen): DynamoDBError | "again" | "nothing";
  /** Whether what is there is what the last request would have left, had it been carried out. */
  isDone?(item: RawItem | null): boolean;
  /** Whether it must not be carried out twice, although nothing else forbids it. */
  readonly once?: boolean;
  /** What the call returns, from the attributes that the request asked back. */
  result(attributes: RawItem | undefined): Result;
}

/** What is written to, and where the time comes from. */
export interface Target {
  readonly model: EntityModel;
  readonly tableName: string;
  readonly clock: Clock;
  /** The call that writes, if it is not the store's own; errors and events name it. */
  readonly operation?: string | undefined;
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

/** An assignment; one that is kept stays what it is where it is already set. */
export function assigned(own: Placeholders, name: string, value: unknown, kept = false): string {
  const path = own.name(name);
  const given = own.value(value);
  return `${path} = ${kept ? `if_not_exists(${path}, ${given})` : given}`;
}

/**
 * Whether the stored time is not older than the clock: it then grows by what is stored. Asked once
 * for a request, whose parts must agree while the clock goes on.
 */
export function isAhead(clock: Clock, item: RawItem | undefined): boolean {
  const stored = storedTime(item);
  return stored !== undefined && stored >= clock.now();
}

/**
 * Assigns UpdatedAt; an addition where the stored time is ahead, so that many writers of one item
 * need not see each other's last write: whichever comes next adds to it.
 */
export function writtenAt(own: Placeholders, now: number, ahead: boolean): string {
  const path = own.name(attribute.updatedAt);
  return ahead ? `${path} = ${path} + ${own.value(1)}` : `${path} = ${own.value(now)}`;
}

/**
 * UpdatedAt strictly grows: what is there must be older than what is written, or is added to.
 * @param seen what a refused request showed: a fraction that no number holds is no time, however late
 */
export function isOlder(
  own: Placeholders,
  now: number,
  ahead: boolean,
  seen: RawItem | undefined,
): Compiled {
  const updatedAt = own.name(attribute.updatedAt);
  if (ahead) return atom(`attribute_type(${updatedAt}, ${own.value("N")})`);
  const older = [isUntimed(own), atom(`${updatedAt} < ${own.value(now)}`)];
  if (hasOddTime(seen)) older.push(isStoredAt(own, seen));
  return joined("OR", older);
}

/** The item has no time of its last write: none, or one that is no time, as other writers' may be. */
function isUntimed(own: Placeholders): Compiled {
  const updatedAt = own.name(attribute.updatedAt);
  return joined("OR", [
    atom(`NOT attribute_type(${updatedAt}, ${own.value("N")})`),
    atom(`${updatedAt} > ${own.value(lastMs)}`),
  ]);
}

/**
 * The item was not written since it was read; one without a time was read as written at 0.
 * @param seen what a refused request showed: a fraction that no number holds is no time either
 */
export function isUnchanged(
  own: Placeholders,
  ifUpdatedAt: number,
  seen: RawItem | null | undefined,
): Compiled {
  const updatedAt = own.name(attribute.updatedAt);
  const same = atom(`${updatedAt} = ${own.value(ifUpdatedAt)}`);
  if (ifUpdatedAt !== 0) return same;
  const untimed = [same, isUntimed(own), atom(`${updatedAt} < ${own.value(0)}`)];
  if (hasOddTime(seen)) untimed.push(isStoredAt(own, seen));
  return joined("OR", untimed);
}

/** The item still has the UpdatedAt that was seen. */
function isStoredAt(own: Placeholders, { UpdatedAt }: RawItem): Compiled {
  return atom(`${own.name(attribute.updatedAt)} = ${own.value(UpdatedAt)}`);
}

/** Whether the stored time is one that only who has seen it can name in a condition. */
export function hasOddTime(item: RawItem | null | undefined): item is RawItem {
  return isExactNumber(item?.[attribute.updatedAt]);
}

export function updatedAtOf(item: RawItem): number {
  return storedTime(item) ?? 0;
}

/** The time of the last write, if the item has one. */
export function storedTime(item: RawItem | undefined): number | undefined {
  const stored: unknown = item?.[attribute.updatedAt];
  return isTime(stored) ? stored : undefined;
}

/** The clock's time, or a millisecond after the stored item's. */
export function later(clock: Clock, item: RawItem | undefined): number {
  return Math.max(clock.now(), (storedTime(item) ?? -1) + 1);
}

/** The item that a write left, from what the answer tells of it. */
export function writtenItemOf(
  model: EntityModel,
  key: RawKey,
  attributes: RawItem | undefined,
): AnyItem {
  const item = { ...key, ...attributes };
  if (attributes !== undefined) noteCopy(attributes, item);
  return itemOf(model, item, "refuseWritten");
}

/** `no such item`, for the calls that want one to be there. */
export function notFound(context: CallContext, cause?: unknown): ItemNotFoundError {
  return withContext(
    new ItemNotFoundError({ message: describe(context, "no such item"), cause }),
    context,
  );
}

export function conditionFailed(
  context: CallContext,
  rule: string,
  model: EntityModel,
  { item, cause }: Seen,
): ConditionalCheckFailedError {
  const was =
    item !== null && isOf(model, item)
      ? withMaskedSecrets(model.secrets, itemOf(model, item, "leave"))
      : null;
  return withContext(
    new ConditionalCheckFailedError({ message: describe(context, rule), cause, item: was }),
    context,
  );
}

const refusedByForeign = new WeakSet<object>();

/** The refusal of a write by an item that is not the entity's; `undefined` where there is none. */
export function foreignFailed(
  context: CallContext,
  model: EntityModel,
  seen: Seen,
): ConditionalCheckFailedError | undefined {
  if (seen.item === null || occupantOf(model, seen.item) !== "foreign") return undefined;
  const error = conditionFailed(context, foreignRule(seen.item), model, seen);
  noteForeignFailure(error);
  return error;
}

/** Notes that an error, or a reason of a transaction's, tells of such a refusal. */
export function noteForeignFailure(failure: object): void {
  refusedByForeign.add(failure);
}

/** Whether an error or a reason tells of such a refusal: reading again and merging would meet the same item again. */
export function isForeignFailure(failure: unknown): boolean {
  return typeof failure === "object" && failure !== null && refusedByForeign.has(failure);
}
