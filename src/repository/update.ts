/** The generic repository's update: fields of a payload, with or without a condition of the caller. */
import type { Call } from "../call/call.js";
import { atom, type Compiled, joined, parenthesised } from "../conditions/condition-logic.js";
import { refuseLong } from "../conditions/expression.js";
import { type GivenExpression, Placeholders } from "../conditions/placeholders.js";
import { isStoredAlike } from "../entity/item.js";
import type { CallContext } from "../errors/context.js";
import type { DynamoDBError } from "../errors/dynamodb-error.js";
import { invalidAt } from "../errors/validation-error.js";
import { nameOf } from "../errors/words.js";
import type { Table } from "../read/reader.js";
import { systemClock } from "../runtime/clock.js";
import { attribute, limits, type RawItem, type RawKey } from "../table/table.js";
import { assigned, conditional } from "../write/expressions.js";
import { isGhost, isSomething } from "../write/occupant.js";
import { isMap } from "../write/paths.js";
import type { Seen, Write, WriteRequest } from "../write/plan.js";
import { conditionFailed, notFound } from "../write/refusals.js";
import { runWrite } from "../write/run.js";
import { type Growth, growthOf, isOlder, writtenAt } from "../write/updated-at.js";

/** A checked update: fields of the payload and their new values. */
export interface Update {
  readonly context: CallContext;
  readonly key: RawKey;
  readonly changes: readonly (readonly [name: string, value: unknown])[];
  /** The caller's condition, if its text is set, and the placeholders that were given with it. */
  readonly given: GivenExpression;
}

/**
 * Carries out an update. One request; two if the item has no `Data` or, without a condition of the
 * caller, if its UpdatedAt is not older than the clock.
 */
export async function runUpdate(table: Table, update: Update, call: Call): Promise<void> {
  const { tableName } = table;
  const { text } = update.given;
  try {
    await runWrite(table, plannedUpdate(tableName, update), call);
  } catch (error) {
    if (text === undefined || !hasNoPath(error)) throw error;
    await runWrite(table, updateIfWrite(tableName, update, text, true), call);
  }
}

/** An update as one write, for a transaction too. */
export function plannedUpdate(tableName: string, update: Update): Write<void> {
  const { text } = update.given;
  return text === undefined
    ? updateWrite(tableName, update)
    : updateIfWrite(tableName, update, text);
}

/** Changes an item that must exist. UpdatedAt strictly grows. */
function updateWrite(tableName: string, update: Update): Write<void> {
  const { context, key } = update;
  return {
    context,
    key,
    request: (seen) => {
      const own = new Placeholders(update.given);
      const item = seen?.item ?? undefined;
      const makesData = item !== undefined && !hasData(item);
      // An item that refused the first request because of its time was not older: that time is
      // increased.
      const growth = growthOf(systemClock, item, makesData ? "never" : "always");
      const data = own.name(attribute.data);
      const isReady = makesData
        ? isMissing(own)
        : atom(`attribute_type(${data}, ${own.value("M")})`);
      const conditions = [isSomething(own), isOlder(own, growth, item), isReady];
      const condition = joined("AND", conditions).text;
      return requestOf(tableName, update, own, growth, makesData, condition);
    },
    // If the engine does not return the item, it is read: all conditions but the first are the
    // package's own.
    refusedByItem: true,
    refused: (seen) => {
      // A ghost is left by an update of a missing item in the earlier layer. No call treats it as an
      // item.
      if (seen.item === null || isGhost(seen.item)) return notFound(context, seen.cause);
      return hasData(seen.item) && !isMap(seen.item.Data) ? noMap(context, seen) : "again";
    },
    result: () => undefined,
  };
}

/**
 * Changes an item under a condition of the caller, which is sent exactly as given.
 *
 * UpdatedAt then becomes the current time, because nothing can be added to the condition that would
 * make it grow. It never becomes a number that the condition is compared with. So of several writers
 * that hold the same `UpdatedAt` as a lock, only one succeeds.
 * @param makesData for an item without `Data`, in which an update of fields has no map to write to
 */
function updateIfWrite(
  tableName: string,
  update: Update,
  text: string,
  makesData = false,
): Write<void> {
  const { context, key, given } = update;
  let sentAt: number | undefined;
  return {
    context,
    key,
    request: () => {
      const own = new Placeholders(given);
      sentAt = beyondLocks(given);
      const growth = { at: sentAt, step: undefined };
      const condition = makesData
        ? `${parenthesised(text.trim())} AND ${joined("AND", [isSomething(own), isMissing(own)]).text}`
        : text;
      return requestOf(tableName, update, own, growth, makesData, condition);
    },
    refusedByItem: makesData,
    refused: (seen) => {
      if (makesData && seen.item === null) return notFound(context, seen.cause);
      if (makesData && seen.item !== null && hasData(seen.item)) return noMap(context, seen);
      return conditionFailed(context, "the condition does not hold", seen);
    },
    isDone: (item) => holds(item, update, sentAt),
    result: () => undefined,
  };
}

/** Whether an item is as an update at this time leaves it. */
function holds(item: RawItem | null, { changes }: Update, sentAt: number | undefined): boolean {
  if (item === null || item[attribute.updatedAt] !== sentAt) return false;
  const data: unknown = item[attribute.data];
  return isMap(data) && changes.every(([name, value]) => isStoredAlike(data[name], value));
}

/** Whether DynamoDB found no map on the update's path. */
function hasNoPath(error: unknown): boolean {
  const message = (error as { readonly message?: unknown } | null | undefined)?.message;
  return (
    nameOf(error) === "ValidationException" &&
    typeof message === "string" &&
    /document path/i.test(message)
  );
}

/**
 * A number in a condition counts as a lock on UpdatedAt if it is at most this many ms in the future.
 */
const clockSkewMs = 60_000;

/**
 * The current time, or one millisecond after the latest number in the condition that may be a lock on
 * UpdatedAt.
 */
function beyondLocks({ values }: GivenExpression): number {
  const now = systemClock.now();
  const locks = Object.values(values).filter(
    (value): value is number =>
      typeof value === "number" && value >= now && value < now + clockSkewMs,
  );
  return Math.max(now, ...locks.map((lock) => Math.floor(lock) + 1));
}

/** More fields than any expression holds: each takes at least 12 bytes of it. */
const mostFields = limits.expressionBytes / 12;

function requestOf(
  tableName: string,
  { context, key, changes }: Update,
  own: Placeholders,
  growth: Growth,
  makesData: boolean,
  condition: string,
): WriteRequest {
  // Reported before an expression is built, which takes long for so many fields.
  if (!makesData && changes.length > mostFields) throw tooManyFields(context, changes.length);
  const sets = makesData
    ? [assigned(own, attribute.data, Object.fromEntries(changes))]
    : changes.map(([name, value]) => `${own.path([name])} = ${own.value(value)}`);
  const expression = `SET ${[writtenAt(own, growth), ...sets].join(", ")}`;
  refuseLong(context, "updates", expression);
  return {
    kind: "Update",
    input: {
      TableName: tableName,
      Key: { ...key },
      UpdateExpression: expression,
      ...conditional(own, condition),
      // What was written comes back: a response without it is no acknowledgement.
      ReturnValues: "UPDATED_NEW",
    },
  };
}

function tooManyFields(context: CallContext, count: number): DynamoDBError {
  const message = `make an expression of ${count} assignments: DynamoDB takes at most ${limits.expressionBytes} bytes, some 290 of them`;
  return invalidAt(context, "updates", message);
}

/** Whether the item has no payload, or `null` in its place. */
function isMissing(own: Placeholders): Compiled {
  const data = own.name(attribute.data);
  return joined("OR", [
    atom(`attribute_not_exists(${data})`),
    atom(`attribute_type(${data}, ${own.value("NULL")})`),
  ]);
}

function hasData(item: RawItem): boolean {
  return item.Data !== undefined && item.Data !== null;
}

function noMap(context: CallContext, { cause }: Seen): DynamoDBError {
  const message = "of the stored item is not a map: there are no fields to change";
  return invalidAt(context, attribute.data, message, cause);
}
