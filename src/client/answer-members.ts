/**
 * The members of a response of DynamoDB, by operation. A device in between may respond with JSON of
 * its own, or with `{}`. By these rules that is not a response of DynamoDB.
 */
import { unreadableAnswer } from "../errors/unreadable-answer.js";
import { requestIdHeader } from "../wire/repeated-answers.js";

interface Members {
  /** The members of every response of the operation. */
  readonly always: readonly string[];
  /** The members that it may have; without any, only the request id shows that it is DynamoDB's. */
  readonly sometimes: readonly string[];
}

export type Values = Readonly<Record<string, unknown>>;

/**
 * The members that any response may have if they were requested; they do not acknowledge anything.
 * `ConsumedCapacityUnits` is the name of DynamoDB's first API, which moto sends with each delete.
 */
const capacity = ["ConsumedCapacity", "ConsumedCapacityUnits", "ItemCollectionMetrics"];
const read: Members = { always: [], sometimes: ["Item"] };
const written: Members = { always: [], sometimes: ["Attributes"] };
const ofMany: Members = { always: ["Count", "ScannedCount"], sometimes: [] };

const membersOf: ReadonlyMap<string, Members> = new Map([
  ["GetItem", read],
  ["PutItem", written],
  ["UpdateItem", written],
  ["DeleteItem", written],
  ["Query", ofMany],
  ["Scan", ofMany],
  ["BatchGetItem", { always: ["Responses", "UnprocessedKeys"], sometimes: [] }],
  ["BatchWriteItem", { always: ["UnprocessedItems"], sometimes: [] }],
  ["TransactGetItems", { always: ["Responses"], sometimes: [] }],
  ["TransactWriteItems", { always: [], sometimes: [] }],
]);

/** Whether it is an operation on items, whose responses and errors are known. */
export function isKnown(operation: string): boolean {
  return membersOf.has(operation);
}

export function isEmpty(value: object): boolean {
  for (const _name in value) return false;
  return true;
}

export function isMap(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOfMaps(value: unknown): value is readonly Values[] {
  return Array.isArray(value) && value.every(isMap);
}

function isMapOf(value: unknown, isRight: (member: unknown) => boolean): boolean {
  return isMap(value) && Object.values(value).every(isRight);
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isKey(value: unknown): boolean {
  return isMap(value) && !isEmpty(value);
}

/** What a transaction read: nothing if there is no item. */
function isListOfItems(value: unknown): boolean {
  return isListOfMaps(value) && value.every(({ Item }) => isAbsent(Item) || isMap(Item));
}

/** A put or a delete that a batch left unprocessed. */
function isWrite(value: unknown): boolean {
  const { PutRequest, DeleteRequest } = value as Record<string, Values | null | undefined>;
  return isKey(PutRequest?.Item) || isKey(DeleteRequest?.Key);
}

type Rule = (value: unknown, operation: string) => boolean;

/** The types of the members, whatever the operation: a device's own JSON may use the same names. */
const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["Item", isMap],
  ["Attributes", isMap],
  ["Items", isListOfMaps],
  ["Count", isCount],
  ["ScannedCount", isCount],
  ["LastEvaluatedKey", isKey],
  [
    "Responses",
    (value, operation) =>
      operation === "TransactGetItems" ? isListOfItems(value) : isMapOf(value, isListOfMaps),
  ],
  [
    "UnprocessedItems",
    (value) => isMapOf(value, (left) => isListOfMaps(left) && left.every(isWrite)),
  ],
  ["UnprocessedKeys", (value) => isMapOf(value, (left) => isMap(left) && isListOfMaps(left.Keys))],
  ["ConsumedCapacity", (value) => isMap(value) || isListOfMaps(value)],
  ["ItemCollectionMetrics", isMap],
]);

export const isAbsent = (value: unknown): value is null | undefined =>
  value === undefined || value === null;

/**
 * Checks the members of a response. One without any is recognised by its request id alone: `{}` from
 * another sender acknowledges no write.
 * @param operation as DynamoDB names it, such as `GetItem`; for an unknown one, every member is
 * accepted
 * @throws UnreadableAnswer
 */
export function checkMembers(
  operation: string,
  values: Values,
  {
    statusCode,
    requestId,
  }: { readonly statusCode: number; readonly requestId: string | undefined },
): void {
  const members = membersOf.get(operation);
  if (members === undefined) return;
  const unreadable = (what: string) => unreadableAnswer(what, statusCode);
  const missing = members.always.find((name) => isAbsent(values[name]));
  if (missing !== undefined) throw unreadable(`it has no ${missing}`);
  for (const [name, isRight] of rules) {
    const value = values[name];
    if (!isAbsent(value) && !isRight(value, operation)) {
      throw unreadable(`its ${name} is not what DynamoDB sends`);
    }
  }
  const { Items: items, Count: many } = values;
  if (Array.isArray(items) && !isAbsent(many) && items.length !== many) {
    throw unreadable(`it has ${items.length} items, and a Count of ${String(many).slice(0, 20)}`);
  }
  if (members.always.length > 0) return;
  if (members.sometimes.some((name) => !isAbsent(values[name]))) return;
  const others = Object.keys(values).filter((name) => !capacity.includes(name));
  if (others.some((name) => !isAbsent(values[name]))) {
    throw unreadable("it has none of the members it should have");
  }
  if (!requestId) throw unreadable(`it acknowledges nothing and has no ${requestIdHeader}`);
}
