/** A response against its request: it must hold what was requested, and no more. */
import { isDeepStrictEqual } from "node:util";
import { unreadableAnswer } from "../errors/unreadable-answer.js";
import { attribute } from "../table/table.js";
import { isAbsent, isEmpty, isKnown, isMap, type Values } from "./answer-members.js";
import { areWritten } from "./answer-written.js";

/**
 * Checks a response against its request: it must hold what was requested, and no more. An item
 * without a key, or with another one, would pass for a missing item or for the requested one.
 * @param input as `values` are: both native, or both in DynamoDB's own form
 * @throws UnreadableAnswer
 */
export function checkAsked(operation: string, input: object, values: Values): void {
  const fault = faultsOf.get(operation)?.(input as Values, values);
  if (fault !== undefined) throw unreadableAnswer(fault);
}

/** The operations that have an error; any of them may have the others. */
const operationsOfErrors: ReadonlyMap<unknown, readonly string[]> = new Map([
  ["ConditionalCheckFailedException", ["PutItem", "UpdateItem", "DeleteItem"]],
  ["TransactionCanceledException", ["TransactWriteItems", "TransactGetItems"]],
]);

/**
 * Checks a refusal against the request: an operation has its own errors only, and a condition is refused
 * because of the item at its key, and of no other one.
 * @param input in either form
 * @param refusal the error, with what it met in DynamoDB's own form
 * @throws UnreadableAnswer
 */
export function checkMet(
  operation: string,
  input: object,
  { name, $metadata, Item, CancellationReasons }: Values,
): void {
  // PartiQL's operations have the errors of those that they stand for.
  if (operationsOfErrors.get(name)?.includes(operation) === false && isKnown(operation)) {
    const { httpStatusCode } = ($metadata ?? {}) as { readonly httpStatusCode?: number };
    const what = "it refuses with an error that the operation does not have";
    throw unreadableAnswer(what, httpStatusCode);
  }
  const { TransactItems } = input as Values;
  const met =
    Array.isArray(TransactItems) && Array.isArray(CancellationReasons)
      ? CancellationReasons.map((reason, index): [unknown, unknown] => [
          Object.values((TransactItems[index] ?? {}) as Values)[0],
          (reason as Values | undefined)?.Item,
        ])
      : [[input, Item] as const];
  if (met.some(([write, item]) => isForeign(write, item))) {
    throw unreadableAnswer("it refuses with an item that has another key");
  }
}

/** Whether an item has another key than the one that is written. */
function isForeign(write: unknown, item: unknown): boolean {
  if (!isMap(write) || !isMap(item) || isEmpty(item)) return false;
  const { Key, Item } = write;
  const names = isMap(Key) ? Object.keys(Key) : keyNames;
  const own = isMap(Key) ? Key : Item;
  // A put into a table with keys of other names.
  if (!isMap(own) || names.some((name) => own[name] === undefined)) return false;
  return names.some((name) => textOf(storedForm(own[name])) !== textOf(item[name]));
}

const otherKey = "it has an item with another key, or with none";

/** What is wrong with a response to a request, by operation. */
const faultsOf: ReadonlyMap<string, (input: Values, values: Values) => string | undefined> =
  new Map([
    ["GetItem", (input, { Item }) => (isOf(Item, input) ? undefined : otherKey)],
    ["PutItem", faultOfWrite],
    ["UpdateItem", faultOfWrite],
    ["DeleteItem", faultOfWrite],
    ["Query", faultOfPage],
    ["Scan", faultOfPage],
    ["BatchGetItem", faultOfBatchGet],
    ["BatchWriteItem", faultOfBatchWrite],
    ["TransactGetItems", faultOfTransactGet],
  ]);

/**
 * An update that sets a path of names first. Of a position beyond the end of a list, DynamoDB Local and
 * dynalite return no new value.
 */
const setsName = /^\s*SET\s+#?\w+(?:\.#?\w+)*\s*=/i;

/**
 * An update that requested the new values must return some, which `{}` does not, and those that it
 * assigned. A returned item must be the one that was written, and there is none if none was requested.
 */
function faultOfWrite(input: Values, { Attributes }: Values): string | undefined {
  const { Key, ReturnValues = "NONE", UpdateExpression } = input;
  const isThere = !isAbsent(Attributes) && !isEmpty(Attributes);
  if (ReturnValues === "NONE") return isThere ? "it has Attributes of its own" : undefined;
  const sets = ReturnValues === "UPDATED_NEW" && setsName.test(String(UpdateExpression));
  const returnsNew = UpdateExpression !== undefined && (ReturnValues === "ALL_NEW" || sets);
  if (returnsNew && !isThere) return "it has no Attributes";
  // An update cannot write a key, so that an item with one is not what was written.
  const written = ReturnValues === "UPDATED_NEW" ? Object.keys((Attributes ?? {}) as Values) : [];
  const isForeign = written.some((name) => name in ((Key ?? {}) as Values));
  if (isForeign || (returnsNew && !areWritten(input, Attributes as Values))) {
    return "its Attributes are not those that were written";
  }
  const isWhole = ReturnValues === "ALL_NEW" || ReturnValues === "ALL_OLD";
  return isWhole && !isOf(Attributes, { Key }) ? otherKey : undefined;
}

/**
 * A page has its items, and of the partition that a query names, unless only a count was requested; the
 * next page begins after it.
 */
function faultOfPage(input: Values, { Items, LastEvaluatedKey }: Values): string | undefined {
  const { Select, ProjectionExpression, AttributesToGet, ExclusiveStartKey } = input;
  if (isAbsent(Items) && Select !== "COUNT") return "it has no Items";
  const items = (Items ?? []) as readonly Values[];
  const isWhole = ProjectionExpression === undefined && AttributesToGet === undefined;
  if (isWhole && items.some(isEmpty)) return otherKey;
  const [name, value] = partitionOf(input);
  // What was not projected is not there to be compared.
  const isForeign = (item: Values) => !isAbsent(item[name]) && !isSameText(item[name], value);
  if (value !== undefined && items.some(isForeign)) return "it has an item from another partition";
  if (isAbsent(LastEvaluatedKey)) return undefined;
  // Following it would request the same page forever.
  return isDeepStrictEqual(LastEvaluatedKey, ExclusiveStartKey)
    ? "it ends at the key that the request started from"
    : undefined;
}

/** A query's condition begins with its partition: as the stores, ElectroDB and most callers write it. */
const partitionCondition = /^\s*\(?\s*(#?\w+)\s*=\s*(:\w+)/;

/** The attribute of a query's partition key and its value, if it is a text. */
function partitionOf(input: Values): [name: string, value: unknown] {
  const { KeyConditionExpression, ExpressionAttributeNames: names } = input;
  const [, name = "", placeholder = ""] =
    partitionCondition.exec(String(KeyConditionExpression ?? "")) ?? [];
  const value = ((input.ExpressionAttributeValues ?? {}) as Values)[placeholder];
  const isText = typeof value === "string" || typeof (value as Values | undefined)?.S === "string";
  return [
    ((names ?? {}) as Readonly<Record<string, string>>)[name] ?? name,
    isText ? value : undefined,
  ];
}

type Tables<T> = Readonly<Record<string, T | undefined>>;
type KeysOfTable = Values & { readonly Keys: readonly Values[] };

function faultOfBatchGet({ RequestItems }: Values, values: Values): string | undefined {
  const asked = RequestItems as Tables<KeysOfTable>;
  const found = values.Responses as Tables<readonly Values[]>;
  const left = values.UnprocessedKeys as Tables<KeysOfTable>;
  const tables = Object.keys({ ...found, ...left });
  if (!tables.every((table) => Object.hasOwn(asked, table)))
    return "it is about a table that was not asked for";
  for (const [table, one] of Object.entries(asked)) {
    const items = found[table];
    if (items === undefined && left[table] === undefined)
      return "it has nothing for one of the tables";
    const { Keys = [], ...how } = one as KeysOfTable;
    const names = Object.keys(Keys[0] ?? {});
    const shown = names.filter((name) => projects(how, name));
    if (items?.some((item) => shown.some((name) => item[name] === undefined))) return otherKey;
    // Of an item that was asked for without its whole key, nobody can say which one it is.
    const whole = shown.length === names.length ? (items ?? []) : [];
    const returned = [...whole, ...(left[table]?.Keys ?? [])];
    if (!areOf(Keys, returned, names)) return otherKey;
  }
  return undefined;
}

/** Whether each item has one of some keys, and none of them more often than it is there. */
function areOf(
  keys: readonly Values[],
  items: readonly Values[],
  names: readonly string[],
): boolean {
  const [first = {}] = keys;
  const isFirst = (of: Values, name: string) => textOf(of[name]) === textOf(first[name]);
  const shared = names.filter((name) => keys.every((key) => isFirst(key, name)));
  if (items.some((item) => shared.some((name) => !isFirst(item, name)))) return false;
  // Most often one name is left, and what it holds needs no text of its own.
  const others = names.filter((name) => !shared.includes(name));
  const ids = (of: readonly Values[]) => of.map((one) => idOf(one, others));
  return areAmong(ids(items), ids(keys));
}

/** Whether each of some is among all, and none of them more often than there. */
function areAmong<Id>(some: readonly Id[], all: readonly Id[]): boolean {
  const rest = new Map<Id, number>();
  for (const one of all) rest.set(one, (rest.get(one) ?? 0) + 1);
  return some.every((one) => {
    const left = rest.get(one) ?? 0;
    rest.set(one, left - 1);
    return left > 0;
  });
}

/** A key as a text by which two are compared. */
function idOf(of: Values, names: readonly string[]): string | undefined {
  const [only, another] = names;
  if (only !== undefined && another === undefined) return textOf(of[only]);
  let id = "";
  for (const name of names) {
    const text = textOf(of[name]);
    // The length shows where a value ends; what is no text has none.
    id += text === undefined ? "-" : `${text.length}:${text}`;
  }
  return id;
}

/**
 * A text by which two values of the same form are compared. In DynamoDB's own form it has a prefix: a map
 * with a field `S` is no text in the other form. Numbers and bytes have several forms: they are all alike.
 */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const text = (value as Values | null | undefined)?.S;
  return typeof text === "string" ? `S:${text}` : undefined;
}

/** A value in DynamoDB's own form, if it is a text. */
function storedForm(value: unknown): unknown {
  return typeof value === "string" ? { S: value } : value;
}

const keyNames = [attribute.partitionKey, attribute.sortKey];

/** A write of a batch, by what it does and to which key. */
function writeOf({ PutRequest, DeleteRequest }: Values): string {
  const key =
    (DeleteRequest as Values | undefined)?.Key ?? (PutRequest as Values | undefined)?.Item;
  const isDelete = DeleteRequest !== undefined && DeleteRequest !== null;
  return `${isDelete ? "delete" : "put"} ${idOf((key ?? {}) as Values, keyNames)}`;
}

function faultOfBatchWrite(
  { RequestItems }: Values,
  { UnprocessedItems }: Values,
): string | undefined {
  const asked = RequestItems as Tables<readonly unknown[]>;
  const left = Object.entries(UnprocessedItems as Tables<readonly unknown[]>);
  const areOurs = left.every(([table, some = []]) => {
    const ours = (Object.hasOwn(asked, table) ? (asked[table] ?? []) : []) as readonly Values[];
    return areAmong((some as readonly Values[]).map(writeOf), ours.map(writeOf));
  });
  return areOurs ? undefined : "it returns as unprocessed what was not in the request";
}

function faultOfTransactGet({ TransactItems }: Values, { Responses }: Values): string | undefined {
  const asked = TransactItems as readonly { readonly Get: Values }[];
  const found = Responses as readonly Values[];
  if (found.length !== asked.length) return `it has ${found.length} of ${asked.length} items`;
  const isRight = asked.every(({ Get }, at) => isOf(found[at]?.Item, Get));
  return isRight ? undefined : otherKey;
}

/** Whether a returned item, if any, is the one whose key was requested. */
function isOf(item: unknown, input: Values): boolean {
  if (isAbsent(item) || input.Key === undefined) return true;
  const key = Object.entries(input.Key as Values).filter(([name]) => projects(input, name));
  return isMap(item) && hasKey(item, Object.fromEntries(key));
}

/** Whether a request asks for an attribute; without a projection it asks for all. */
function projects(
  { ProjectionExpression, AttributesToGet, ExpressionAttributeNames: names }: Values,
  name: string,
): boolean {
  if (AttributesToGet !== undefined) return (AttributesToGet as readonly string[]).includes(name);
  if (ProjectionExpression === undefined) return true;
  const paths = String(ProjectionExpression).split(",");
  return paths.some((path) => path.trim() === name || (names as Values)?.[path.trim()] === name);
}

function hasKey(item: Values, key: Values): boolean {
  return Object.entries(key).every(([name, value]) => isSameText(item[name], value));
}

/** Only texts are compared. */
function isSameText(one: unknown, other: unknown): boolean {
  return !isAbsent(one) && textOf(one) === textOf(other);
}
