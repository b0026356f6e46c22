/**
 * The members of a response of DynamoDB, by operation. A device in between may respond with JSON of
 * its own, or with `{}`. By these rules that is not a response of DynamoDB.
 */
import { isDeepStrictEqual } from "node:util";
import { unreadableAnswer } from "../errors/unreadable-answer.js";
import { attribute } from "../table/table.js";

interface Members {
  /** The members of every response of the operation. */
  readonly always: readonly string[];
  /** The members that it may have; without any, only the request id shows that it is DynamoDB's. */
  readonly sometimes: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

/** The members that any response may have if they were requested; they do not acknowledge anything. */
const capacity = ["ConsumedCapacity", "ItemCollectionMetrics"];
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
  ["CreateTable", { always: ["TableDescription"], sometimes: [] }],
  ["DeleteTable", { always: ["TableDescription"], sometimes: [] }],
  ["UpdateTable", { always: ["TableDescription"], sometimes: [] }],
  ["DescribeTable", { always: ["Table"], sometimes: [] }],
  ["DescribeTimeToLive", { always: ["TimeToLiveDescription"], sometimes: [] }],
  ["UpdateTimeToLive", { always: ["TimeToLiveSpecification"], sometimes: [] }],
]);

function isEmpty(value: object): boolean {
  for (const _name in value) return false;
  return true;
}

function isMap(value: unknown): value is Values {
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

const isAbsent = (value: unknown): value is null | undefined =>
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
  const unreadable = (what: string) => unreadableAnswer(what, statusCode);
  const members = membersOf.get(operation);
  const missing = members?.always.find((name) => isAbsent(values[name]));
  if (missing !== undefined) throw unreadable(`it has no ${missing}`);
  for (const [name, isRight] of rules) {
    const value = values[name];
    if (!isAbsent(value) && !isRight(value, operation)) {
      throw unreadable(`its ${name} is not what DynamoDB's is`);
    }
  }
  const { Items: items, Count: many } = values;
  if (Array.isArray(items) && !isAbsent(many) && items.length !== many) {
    throw unreadable(`it has ${items.length} of its ${String(many).slice(0, 20)} items`);
  }
  if (members === undefined || members.always.length > 0) return;
  if (members.sometimes.some((name) => !isAbsent(values[name]))) return;
  const others = Object.keys(values).filter((name) => !capacity.includes(name));
  if (others.some((name) => !isAbsent(values[name]))) {
    throw unreadable("it has none of the members it should have");
  }
  if (!requestId) throw unreadable(`it acknowledges nothing and has no ${requestIdHeader}`);
}

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

const otherKey = "it has an item of another key, or of none";

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
 * An update that requested the new values must return some, which `{}` does not. A returned item must
 * be the one that was written.
 */
function faultOfWrite(
  { Key, ReturnValues, UpdateExpression }: Values,
  { Attributes }: Values,
): string | undefined {
  const sets = ReturnValues === "UPDATED_NEW" && /^\s*SET\s/i.test(String(UpdateExpression));
  const returnsNew = UpdateExpression !== undefined && (ReturnValues === "ALL_NEW" || sets);
  if (returnsNew && (Attributes === undefined || isEmpty(Attributes as Values))) {
    return "it has no Attributes";
  }
  // An update cannot write a key, so that an item with one is not what was written.
  const written = ReturnValues === "UPDATED_NEW" ? Object.keys((Attributes ?? {}) as Values) : [];
  if (written.some((name) => name in ((Key ?? {}) as Values))) {
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
  if (Items === undefined && Select !== "COUNT") return "it has no Items";
  const items = (Items ?? []) as readonly Values[];
  const isWhole = ProjectionExpression === undefined && AttributesToGet === undefined;
  if (isWhole && items.some(isEmpty)) return otherKey;
  const [name, value] = partitionOf(input);
  // What was not projected is not there to be compared.
  const isForeign = (item: Values) => !isAbsent(item[name]) && !isSameText(item[name], value);
  if (value !== undefined && items.some(isForeign)) return "it has an item of another partition";
  if (LastEvaluatedKey === undefined) return undefined;
  // Following it would request the same page forever.
  return isDeepStrictEqual(LastEvaluatedKey, ExclusiveStartKey)
    ? "it ends where it began"
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
  const others = Object.keys({ ...found, ...left }).filter((table) => asked[table] === undefined);
  if (others.length > 0) return "it is about a table that was not asked for";
  for (const [table, one] of Object.entries(asked)) {
    const items = found[table];
    if (items === undefined && left[table] === undefined) return "it has nothing of a table";
    const { Keys = [], ...how } = one as KeysOfTable;
    const many = (items?.length ?? 0) + (left[table]?.Keys.length ?? 0);
    if (many > Keys.length) return "it has more items than were asked for";
    const names = Object.keys(Keys[0] ?? {}).filter((name) => projects(how, name));
    if (items?.some((item) => names.some((name) => item[name] === undefined))) return otherKey;
    const isWhole = names.length === Object.keys(Keys[0] ?? {}).length;
    const seen = [...(isWhole ? (items ?? []) : []), ...(left[table]?.Keys ?? [])];
    if (
      !areAmong(
        seen.map((one) => idOf(one, names)),
        Keys.map((one) => idOf(one, names)),
      )
    ) {
      return otherKey;
    }
  }
  return undefined;
}

/** Whether each of some is among all, and none of them twice. */
function areAmong(some: readonly string[], all: readonly string[]): boolean {
  const rest = new Set(all);
  return some.every((one) => rest.delete(one));
}

/** A key as a text by which two are compared; only texts are. */
function idOf(of: Values, names: readonly string[]): string {
  const texts = names.map((name) => {
    const value = of[name];
    const text = typeof value === "string" ? value : (value as Values | null | undefined)?.S;
    return typeof text === "string" ? text : null;
  });
  return JSON.stringify(texts);
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
  const isMore = left.some(([table, some = []]) => some.length > (asked[table]?.length ?? 0));
  if (isMore) return "it left more undone than was asked for";
  const areOurs = left.every(([table, some = []]) => {
    const ours = (asked[table] ?? []) as readonly Values[];
    return areAmong((some as readonly Values[]).map(writeOf), ours.map(writeOf));
  });
  return areOurs ? undefined : "it left undone what was not asked for";
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
  if (item === undefined || input.Key === undefined) return true;
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

/** Numbers and bytes have several forms, so only strings are compared. */
function isSameText(one: unknown, other: unknown): boolean {
  if (isAbsent(one)) return false;
  if (typeof one === "string" && typeof other === "string") return one === other;
  const [text, otherText] = [one, other].map((value) => (value as Values).S);
  return text === otherText;
}

export const requestIdHeader = "x-amzn-requestid";
