/** The generic repository's conditional writes: create and update. */
import type { UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { refuseLong } from "../conditions/expression.js";
import { FreePlaceholders, type GivenExpression } from "../conditions/free-placeholders.js";
import { isStoredAlike } from "../entity/item.js";
import { ConditionalCheckFailedError } from "../errors/conditional-check-failed-error.js";
import { type CallContext, describe, withContext } from "../errors/context.js";
import type { DynamoDBError } from "../errors/dynamodb-error.js";
import { invalid } from "../errors/validation-error.js";
import { nameOf } from "../errors/words.js";
import { attribute, limits, type RawItem, type RawKey } from "../table/table.js";
import { isTime, lastMs } from "../values/timestamps.js";
import { isGhost } from "../write/occupant.js";
import { hasOddTime, notFound, type Seen, type Write, type WriteRequest } from "../write/write.js";

/** Puts an item that must not be there yet; one request. */
export function createWrite(
  tableName: string,
  context: CallContext,
  key: RawKey,
  item: Readonly<Record<string, unknown>>,
): Write<void> {
  return {
    context,
    key,
    request: () => {
      const own = new FreePlaceholders({ text: undefined, names: undefined, values: undefined });
      const pk = own.name("pk", attribute.partitionKey);
      return {
        kind: "Put",
        input: {
          TableName: tableName,
          Item: { ...item },
          ConditionExpression: `attribute_not_exists(${pk})`,
          ExpressionAttributeNames: own.names,
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      };
    },
    refusedByItem: false,
    refused: (seen) => conditionFailed(context, "the item is already there", seen),
    isDone: (seen) => isStoredAlike(seen, item),
    result: () => undefined,
  };
}

/** A checked update: fields of the payload and their new values. */
export interface UpdateRequest {
  readonly tableName: string;
  readonly context: CallContext;
  readonly key: RawKey;
  readonly changes: readonly (readonly [name: string, value: unknown])[];
}

/**
 * Changes an item that must be there; one request, two where it has no `Data` or its UpdatedAt is
 * not older than the clock. UpdatedAt strictly grows.
 */
export function updateWrite(update: UpdateRequest, given: GivenExpression): Write<void> {
  const { context, key } = update;
  return {
    context,
    key,
    request: (seen) => {
      const own = new FreePlaceholders(given);
      const pk = own.name("pk", attribute.partitionKey);
      const makesData = seen?.item != null && !hasData(seen.item);
      const time = makesData || seen?.item == null ? later(own, seen) : grown(own, seen.item);
      const assigned = assignments(own, update, time, makesData);
      const data = makesData
        ? isMissing(own, assigned.data)
        : `attribute_type(${assigned.data}, ${own.value("map", "M")})`;
      const condition = `attribute_exists(${pk}) AND ${time.condition} AND ${data}`;
      return request(update, own, assigned, condition);
    },
    // An engine that does not show the item is asked for it: each condition but the first is ours.
    refusedByItem: true,
    refused: (seen) => {
      // A ghost, what the earlier layer's update of nothing left, is no item to any call.
      if (seen.item === null || isGhost(seen.item)) return notFound(context, seen.cause);
      return hasData(seen.item) && !isMap(seen.item.Data) ? noMap(context, seen) : "again";
    },
    result: () => undefined,
  };
}

/**
 * Changes an item under a condition of the caller's, which is sent exactly as given; one request.
 *
 * UpdatedAt is then the time now: nothing can be added to the condition that would make it grow.
 * It never becomes a number that the condition is compared with, so of several writers that hold
 * the same `UpdatedAt` as a lock one gets through.
 */
export function updateWriteIf(update: UpdateRequest, given: GivenExpression): Write<void> {
  const { context } = update;
  let sentAt: number | undefined;
  return {
    ...updateWrite(update, given),
    request: () => {
      const own = new FreePlaceholders(given);
      const time = beyond(own, given);
      sentAt = time.at;
      const assigned = assignments(own, update, time, false);
      return request(update, own, assigned, given.text);
    },
    refusedByItem: false,
    refused: (seen) => conditionFailed(context, "the condition does not hold", seen),
    isDone: (item) => holds(item, update, sentAt),
  };
}

/** The same for an item without `Data`, which the first one cannot reach into: one request more. */
export function makeDataIf(update: UpdateRequest, given: GivenExpression): Write<void> {
  const { context } = update;
  let sentAt: number | undefined;
  return {
    ...updateWrite(update, given),
    request: () => {
      const own = new FreePlaceholders(given);
      const pk = own.name("pk", attribute.partitionKey);
      const time = beyond(own, given);
      sentAt = time.at;
      const assigned = assignments(own, update, time, true);
      const missing = isMissing(own, assigned.data);
      const condition = `(${given.text}) AND attribute_exists(${pk}) AND ${missing}`;
      return request(update, own, assigned, condition);
    },
    refused: (seen) => {
      if (seen.item === null) return notFound(context, seen.cause);
      if (hasData(seen.item)) return noMap(context, seen);
      return conditionFailed(context, "the condition does not hold", seen);
    },
    isDone: (item) => holds(item, update, sentAt),
  };
}

/** Whether an item is as an update of this time leaves it. */
function holds(
  item: RawItem | null,
  { changes }: UpdateRequest,
  sentAt: number | undefined,
): boolean {
  if (item === null || item[attribute.updatedAt] !== sentAt) return false;
  const data: unknown = item[attribute.data];
  return (
    isMap(data) &&
    changes.every(([name, value]) => isStoredAlike((data as Record<string, unknown>)[name], value))
  );
}

/** Whether DynamoDB found no map where the update reaches into one. */
export function hasNoPath(error: unknown): boolean {
  const message = (error as { readonly message?: unknown } | null | undefined)?.message;
  return (
    nameOf(error) === "ValidationException" &&
    typeof message === "string" &&
    /document path/i.test(message)
  );
}

/** How UpdatedAt is set. */
interface Time {
  readonly assignment: string;
  /** Holds where the assignment makes it grow. */
  readonly condition: string;
  /** The time that is stored, where it is known. */
  readonly at?: number;
}

/** The time now, or a millisecond after the stored item's. */
function later(own: FreePlaceholders, seen: Seen | undefined): Time {
  const stored: unknown = seen?.item?.[attribute.updatedAt];
  const now = Math.max(Date.now(), isTime(stored) ? stored + 1 : 0);
  const updatedAt = own.name("updatedAt", attribute.updatedAt);
  const time = own.value("updatedAt", now);
  const beyond = own.value("beyond", lastMs);
  // A fraction that no number holds is no time either, however late.
  const odd = hasOddTime(seen?.item)
    ? ` OR ${updatedAt} = ${own.value("odd", seen.item.UpdatedAt)}`
    : "";
  return {
    assignment: `${updatedAt} = ${time}`,
    // "not newer" rather than "older": it holds for a time that is missing or no number, too. What
    // is beyond all times, as nanoseconds are, is no time.
    condition: `(NOT ${updatedAt} >= ${time} OR ${updatedAt} > ${beyond}${odd})`,
  };
}

/**
 * A step from whatever is stored, for an item whose time was not older. Nobody who writes the item
 * at the same moment can come in between.
 */
function grown(own: FreePlaceholders, item: RawItem): Time {
  const stored: unknown = item[attribute.updatedAt];
  if (!isTime(stored)) return later(own, { item });
  const updatedAt = own.name("updatedAt", attribute.updatedAt);
  const step = own.value("step", Math.max(1, Date.now() - stored));
  return {
    assignment: `${updatedAt} = ${updatedAt} + ${step}`,
    condition: `attribute_type(${updatedAt}, ${own.value("number", "N")})`,
  };
}

/** A number of a condition up to so many ms ahead is taken for a lock on UpdatedAt. */
const clockSkewMs = 60_000;

/** The time now, or a millisecond after the latest that the caller's condition may be a lock on. */
function beyond(own: FreePlaceholders, { values = {} }: GivenExpression): Time {
  const now = Date.now();
  const locks = Object.values(values).filter(
    (value): value is number =>
      typeof value === "number" && value >= now && value < now + clockSkewMs,
  );
  const time = Math.max(now, ...locks.map((lock) => Math.floor(lock) + 1));
  const updatedAt = own.name("updatedAt", attribute.updatedAt);
  return { assignment: `${updatedAt} = ${own.value("updatedAt", time)}`, condition: "", at: time };
}

/** Fields of an update, more than any expression holds: each takes more than 20 bytes of it. */
const mostFields = limits.expressionBytes / 20;

/** Told before an expression is made of them, which takes long where they are many. */
function tooManyFields(context: CallContext, count: number): DynamoDBError {
  const message = `make an expression of ${count} assignments: DynamoDB takes at most ${limits.expressionBytes} bytes, some 145 of them`;
  return invalid(context, [{ path: "updates", message }]);
}

interface Assignments {
  readonly expression: string;
  /** Placeholder of the payload. */
  readonly data: string;
}

function assignments(
  own: FreePlaceholders,
  { context, changes }: UpdateRequest,
  time: Time,
  makesData: boolean,
): Assignments {
  const data = own.name("data", attribute.data);
  const parts: string[] = [];
  if (makesData) parts.push(`${data} = ${own.value("data", Object.fromEntries(changes))}`);
  else if (changes.length > mostFields) throw tooManyFields(context, changes.length);
  else {
    for (const [index, [name, value]] of changes.entries()) {
      const field = `data_${index}`;
      parts.push(`${data}.${own.name(field, name)} = ${own.value(field, value)}`);
    }
  }
  return { expression: `SET ${[time.assignment, ...parts].join(", ")}`, data };
}

function request(
  { tableName, context, key }: UpdateRequest,
  own: FreePlaceholders,
  { expression }: Assignments,
  condition: string | undefined,
): WriteRequest {
  refuseLong(context, "updates", expression);
  const input: UpdateCommandInput = {
    TableName: tableName,
    Key: { ...key },
    UpdateExpression: expression,
    ConditionExpression: condition,
    ExpressionAttributeNames: own.names,
    ExpressionAttributeValues: own.values,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
  return { kind: "Update", input };
}

function isMissing(own: FreePlaceholders, data: string): string {
  return `(attribute_not_exists(${data}) OR attribute_type(${data}, ${own.value("null", "NULL")}))`;
}

function hasData(item: RawItem): boolean {
  return item.Data !== undefined && item.Data !== null;
}

function isMap(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object Object]";
}

function conditionFailed(context: CallContext, rule: string, { item, cause }: Seen): DynamoDBError {
  const error = new ConditionalCheckFailedError({ message: describe(context, rule), cause, item });
  return withContext(error, context);
}

function noMap(context: CallContext, { cause }: Seen): DynamoDBError {
  const message = "of the stored item is no map: there are no fields to change";
  return invalid(context, [{ path: attribute.data, message }], cause);
}
