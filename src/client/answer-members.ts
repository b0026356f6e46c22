/**
 * What a response of DynamoDB's holds, by operation. A box in between may respond with JSON of its own, or
 * with `{}`: by these rules that is not a response.
 */
import { unreadableAnswer } from "../errors/unreadable-answer.js";

interface Members {
  /** What each response of the operation has. */
  readonly always: readonly string[];
  /** What it may have instead of nothing at all. */
  readonly sometimes: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

const capacity = ["ConsumedCapacity", "ItemCollectionMetrics"];
const ofOne: Members = { always: [], sometimes: ["Item", "Attributes", ...capacity] };
const ofMany: Members = { always: ["Count", "ScannedCount"], sometimes: [] };

const membersOf: ReadonlyMap<string, Members> = new Map([
  ["GetItem", ofOne],
  ["PutItem", ofOne],
  ["UpdateItem", ofOne],
  ["DeleteItem", ofOne],
  ["Query", ofMany],
  ["Scan", ofMany],
  ["BatchGetItem", { always: ["Responses"], sometimes: [] }],
  ["BatchWriteItem", { always: ["UnprocessedItems"], sometimes: [] }],
  ["TransactGetItems", { always: ["Responses"], sometimes: [] }],
  ["TransactWriteItems", { always: [], sometimes: capacity }],
  ["CreateTable", { always: ["TableDescription"], sometimes: [] }],
  ["DeleteTable", { always: ["TableDescription"], sometimes: [] }],
  ["UpdateTable", { always: ["TableDescription"], sometimes: [] }],
  ["DescribeTable", { always: ["Table"], sometimes: [] }],
  ["DescribeTimeToLive", { always: ["TimeToLiveDescription"], sometimes: [] }],
  ["UpdateTimeToLive", { always: ["TimeToLiveSpecification"], sometimes: [] }],
]);

function isMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOfMaps(value: unknown): boolean {
  return Array.isArray(value) && value.every(isMap);
}

function isMapOfLists(value: unknown): boolean {
  return isMap(value) && Object.values(value as object).every(isListOfMaps);
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

/** What the members are, whatever operation has them: some box's own JSON may spell one alike. */
const rules: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ["Item", isMap],
  ["Attributes", isMap],
  ["Items", isListOfMaps],
  ["Count", isCount],
  ["ScannedCount", isCount],
  ["LastEvaluatedKey", isMap],
  // A map of each table's items, or a transaction's list.
  ["Responses", (value) => isMapOfLists(value) || isListOfMaps(value)],
  ["UnprocessedItems", isMapOfLists],
  ["UnprocessedKeys", isMap],
]);

const isAbsent = (value: unknown): value is null | undefined =>
  value === undefined || value === null;

/**
 * Checks the members of a response. One without any is known by its request id alone: `{}` from anyone
 * acknowledges no write.
 * @param operation as DynamoDB names it, such as `GetItem`; of another one any member is right
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
    if (!isAbsent(value) && !isRight(value)) {
      throw unreadable(`its ${name} is not what DynamoDB's is`);
    }
  }
  const { Items: items, Count: many } = values;
  if (Array.isArray(items) && !isAbsent(many) && items.length !== many) {
    throw unreadable(`it has ${items.length} of its ${String(many).slice(0, 20)} items`);
  }
  if (members === undefined || members.always.length > 0) return;
  if (members.sometimes.some((name) => !isAbsent(values[name]))) return;
  if (Object.values(values).some((value) => !isAbsent(value))) {
    throw unreadable("it has none of the members it should have");
  }
  if (!requestId) throw unreadable(`it is empty and has no ${requestIdHeader}`);
}

/**
 * Checks what the request asked for: a page has its items unless it was asked for a count, and an update
 * that was asked for what it wrote gives it, which `{}` from anyone does not.
 * @throws UnreadableAnswer
 */
export function checkAsked(input: object, values: Values): void {
  const { Select, ReturnValues, UpdateExpression } = input as Values;
  if (values.Items === undefined && values.Count !== undefined && Select === undefined) {
    throw unreadableAnswer("it has no Items");
  }
  const sets = /^\s*SET\s/i.test(String(UpdateExpression));
  const returnsNew = ReturnValues === "ALL_NEW" || (ReturnValues === "UPDATED_NEW" && sets);
  if (returnsNew && UpdateExpression !== undefined && values.Attributes === undefined) {
    throw unreadableAnswer("it has no Attributes");
  }
}

export const requestIdHeader = "x-amzn-requestid";
