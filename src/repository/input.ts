/** Checks what callers give the generic repository, before anything is sent. */
import { reading } from "../call/call.js";
import { type OptionNames, unknownOptions } from "../call/options.js";
import type { GivenExpression } from "../conditions/free-placeholders.js";
import { refuseIssues } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { invalid, type ValidationIssue } from "../errors/validation-error.js";
import { keyLengthRule, keyPartRule, keyText, shown } from "../keys/template.js";
import { attribute, limits, type RawKey } from "../table/table.js";
import { checkValue, mostBytes, mostIssues } from "../values/payload.js";
import {
  type ExpressionAttributes,
  type IndexKeys,
  indexKeyNames,
  type QueryOptions,
  queryOptionNames,
} from "./types.js";

/**
 * Placeholders of one call: each is in an expression, or DynamoDB refuses it, and takes a few bytes
 * of it.
 */
const mostPlaceholders = limits.expressionBytes / 2;

/** The level of a payload's fields: the item is level 1, its attributes are level 2. */
const payloadLevel = 2;

/** A call on one item: what it is about, and the item's checked key. */
export interface ItemCall {
  readonly context: CallContext;
  readonly key: RawKey;
}

/** Checks the key of a single item. @throws ValidationError */
export function itemCall(operation: string, pk: unknown, sk: unknown, entity?: unknown): ItemCall {
  const context: CallContext = {
    operation,
    ...(typeof entity === "string" && entity !== "" && { entity: shown(entity) }),
  };
  refuseIssues(context, [
    ...keyIssues("partition", pk, attribute.partitionKey),
    ...keyIssues("sort", sk, attribute.sortKey),
  ]);
  const key = rawKeyOf(pk, sk);
  return { context: { ...context, key: keyText(key) }, key };
}

/** Checked values as a key. */
function rawKeyOf(pk: unknown, sk: unknown): RawKey {
  return { [attribute.partitionKey]: pk as string, [attribute.sortKey]: sk as string };
}

function keyIssues(kind: "partition" | "sort", value: unknown, path: string): ValidationIssue[] {
  const message = keyPartRule(value) ?? keyLengthRule(kind, value as string);
  return message === undefined ? [] : [{ path, message }];
}

/** Checks a list of keys; of each, only the key itself is used. @throws ValidationError */
export function checkedKeys(context: CallContext, keys: unknown, path: string): RawKey[] {
  return checkedList(context, keys, path, (given) => {
    const key = keyOf(given);
    const issues = [
      ...keyIssues("partition", key[attribute.partitionKey], attribute.partitionKey),
      ...keyIssues("sort", key[attribute.sortKey], attribute.sortKey),
    ];
    return { value: key, issues };
  });
}

/** The key of an item, or of something with one. */
export function keyOf(item: Readonly<Record<string, unknown>>): RawKey {
  return rawKeyOf(item[attribute.partitionKey], item[attribute.sortKey]);
}

/** Checks a list of items. @throws ValidationError */
export function checkedItems(
  context: CallContext,
  items: unknown,
  path: string,
): Record<string, unknown>[] {
  return checkedList(context, items, path, readItem);
}

/** What was checked: a copy, read once, and what is wrong with it. */
interface Checked<T> {
  readonly value: T;
  readonly issues: readonly ValidationIssue[];
}

/** Every element of a list, if all of them are well. */
function checkedList<T>(
  context: CallContext,
  list: unknown,
  path: string,
  check: (element: Record<string, unknown>) => Checked<T>,
): T[] {
  return reading(context, () => {
    if (!Array.isArray(list)) throw invalid(context, [{ path, message: "must be an array" }]);
    const issues: ValidationIssue[] = [];
    const values: T[] = [];
    // By position: a hole is an element that is missing.
    for (let index = 0; index < list.length && issues.length < mostIssues; index += 1) {
      const element: unknown = list[index];
      const at = `${path}[${index}]`;
      if (isRecord(element)) {
        const { value, issues: found } = check(element);
        values.push(value);
        for (const issue of found) {
          issues.push({ ...issue, path: issue.path === "" ? at : `${at}.${issue.path}` });
        }
      } else issues.push({ path: at, message: "must be an object" });
    }
    refuseIssues(context, issues);
    return values;
  });
}

/** A copy of an item, its keys, every value in it and its size checked. @throws ValidationError */
export function checkItem(
  context: CallContext,
  item: Record<string, unknown>,
): Record<string, unknown> {
  const { value, issues } = readItem(item);
  refuseIssues(context, issues);
  return value;
}

function readItem(given: Record<string, unknown>): Checked<Record<string, unknown>> {
  const item = { ...given };
  const keys: ValidationIssue[] = [];
  for (const [kind, name] of [
    ["partition", attribute.partitionKey],
    ["sort", attribute.sortKey],
    ["partition", attribute.indexPartitionKey],
    ["sort", attribute.indexSortKey],
  ] as const) {
    const ofIndex = name === attribute.indexPartitionKey || name === attribute.indexSortKey;
    if (!ofIndex || item[name] !== undefined) keys.push(...keyIssues(kind, item[name], name));
  }
  if (keys.length > 0) return { value: item, issues: keys };
  const found: ValidationIssue[] = [];
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) {
    if (value === undefined) continue;
    if (found.length >= mostIssues || bytes > mostBytes) break;
    if (name === "__proto__") {
      found.push({ path: name, message: "is not a name that JavaScript can read back" });
    }
    const check = checkValue(value, name, payloadLevel);
    found.push(...check.issues);
    bytes += Buffer.byteLength(name) + check.bytes;
    item[name] = check.value;
  }
  found.push(...ttlIssues(item[attribute.timeToLive]));
  return { value: item, issues: [...found, ...sizeIssues("", bytes)].slice(0, mostIssues) };
}

function sizeIssues(path: string, bytes: number): ValidationIssue[] {
  if (bytes <= limits.itemBytes) return [];
  const size = bytes > mostBytes ? `more than ${mostBytes}` : bytes;
  return [
    { path, message: `makes an item of ${size} bytes: at most ${limits.itemBytes} (400 KB)` },
  ];
}

/** What DynamoDB takes for a time; as milliseconds it would be in the year 5138 at the earliest. */
const latestSeconds = 1e11;

function ttlIssues(value: unknown): ValidationIssue[] {
  if (value === undefined) return [];
  const isSeconds = Number.isInteger(value) && (value as number) >= 0;
  if (isSeconds && (value as number) < latestSeconds) return [];
  const message = isSeconds
    ? "must be in epoch seconds: this one is in milliseconds"
    : "must be a time in epoch seconds: an integer from 0";
  return [{ path: attribute.timeToLive, message }];
}

/** What is said of options that others have and the repository has not. */
const missingOptions: ReadonlyMap<string, string> = new Map([
  [
    "indexName",
    "is not an option: the repository queries the table alone; a store's query by createdAt, collections.recent and reviews.byId read GSI1",
  ],
]);

/** Refuses options that a call does not know: ignored, they would change what it does. @throws ValidationError */
export function refuseUnknownOptions(
  context: CallContext,
  options: unknown,
  known: OptionNames,
): void {
  const issues = unknownOptions(options, known);
  refuseIssues(
    context,
    issues.map(({ path, message }) => ({ path, message: missingOptions.get(path) ?? message })),
  );
}

/**
 * The index keys that an item is created with.
 * @throws ValidationError for keys of an index that the table does not have: they would not be found
 */
export function checkedIndexKeys(context: CallContext, gsi: unknown): IndexKeys {
  if (gsi === undefined || gsi === null) return {};
  if (!isObject(gsi) || Array.isArray(gsi)) {
    throw invalid(context, [{ path: "gsi", message: "must be an object of index keys" }]);
  }
  const message = `is no index key: the table has ${indexKeyNames.join(" and ")}`;
  refuseIssues(
    context,
    unknownOptions(gsi, indexKeyNames).map(({ path }) => ({ path, message })),
  );
  const { GSI1PK, GSI1SK } = gsi as IndexKeys;
  return { GSI1PK, GSI1SK };
}

/** Checks that a payload is a map: nothing else can be updated. @throws ValidationError */
export function checkData(context: CallContext, data: unknown): void {
  if (isRecord(data)) return;
  throw invalid(context, [{ path: attribute.data, message: "must be an object" }]);
}

/** The fields that an update changes; `undefined` is no change. @throws ValidationError */
export function checkedUpdates(context: CallContext, updates: unknown): [string, unknown][] {
  const path = "updates";
  if (!isRecord(updates)) {
    throw invalid(context, [{ path, message: "must be an object" }]);
  }
  const check = checkValue(updates, path, payloadLevel);
  refuseIssues(context, [...check.issues, ...sizeIssues(path, check.bytes)]);
  const changes = Object.entries(check.value as object);
  if (changes.length === 0) {
    const message = "must change something: nothing but undefined was given";
    throw invalid(context, [{ path, message }]);
  }
  return changes;
}

/** An expression of the caller's and its placeholders, as they were checked. @throws ValidationError */
export function checkedExpression(
  context: CallContext,
  expression: unknown,
  path: string,
  attributes: ExpressionAttributes,
): GivenExpression {
  const { expressionAttributeNames: names = {}, expressionAttributeValues: values = {} } =
    attributes;
  const issues: ValidationIssue[] = [...expressionIssues(expression, path)];
  const ownNames = placeholdersOf(names, "expressionAttributeNames", issues);
  const ownValues = placeholdersOf(values, "expressionAttributeValues", issues);
  for (const [placeholder, name] of ownNames) {
    if (issues.length >= mostIssues) break;
    if (typeof name === "string" && name !== "") continue;
    const at = `expressionAttributeNames.${placeholder}`;
    issues.push({ path: at, message: "must be an attribute's name" });
  }
  let bytes = 0;
  for (const own of ownValues) {
    if (issues.length >= mostIssues) break;
    const check = checkValue(own[1], `expressionAttributeValues.${own[0]}`, payloadLevel);
    issues.push(...check.issues);
    own[1] = check.value;
    bytes += check.bytes;
    if (bytes <= limits.expressionValueBytes) continue;
    const message = `take more than ${limits.expressionValueBytes} bytes: DynamoDB takes at most so many`;
    issues.push({ path: "expressionAttributeValues", message });
    break;
  }
  refuseIssues(context, issues.slice(0, mostIssues));
  return {
    text: expression as string | undefined,
    names: Object.fromEntries(ownNames) as Record<string, string>,
    values: Object.fromEntries(ownValues),
  };
}

function* expressionIssues(expression: unknown, path: string): Generator<ValidationIssue> {
  if (expression === undefined) return;
  if (typeof expression !== "string" || expression.trim() === "") {
    yield { path, message: "must be an expression: a text that is not empty" };
  } else if (isTooLong(expression)) {
    const message = `is an expression of more than ${limits.expressionBytes} bytes, DynamoDB's limit`;
    yield { path, message };
  }
}

function isTooLong(expression: string): boolean {
  const most = limits.expressionBytes;
  return expression.length > most || Buffer.byteLength(expression) > most;
}

/** Placeholders and what they stand for, each read once; what is wrong with all of them is added. */
function placeholdersOf(
  given: unknown,
  path: string,
  issues: ValidationIssue[],
): [placeholder: string, own: unknown][] {
  if (!isRecord(given)) {
    issues.push({ path, message: "must be an object" });
    return [];
  }
  const placeholders = Object.keys(given);
  if (placeholders.length > mostPlaceholders) {
    issues.push({ path, message: `must have at most ${mostPlaceholders} placeholders` });
    return [];
  }
  return placeholders.map((placeholder) => [placeholder, given[placeholder]]);
}

/** A checked query of one partition. */
export interface CheckedQuery {
  readonly context: CallContext;
  readonly pk: string;
  readonly skPrefix: string | undefined;
  readonly startKey: RawKey | undefined;
  readonly limit: number | undefined;
  readonly forward: boolean;
  readonly filter: GivenExpression;
}

/** Checks a query. @throws ValidationError */
export function checkedQuery(
  operation: string,
  pk: unknown,
  skPrefix: unknown,
  options: QueryOptions,
): CheckedQuery {
  refuseIssues({ operation }, keyIssues("partition", pk, attribute.partitionKey));
  // An empty prefix, like none, is the whole partition.
  const prefix =
    skPrefix === undefined || skPrefix === null || skPrefix === "" ? undefined : skPrefix;
  const key = keyText({
    [attribute.partitionKey]: pk,
    ...(prefix !== undefined && { [attribute.sortKey]: prefix }),
  });
  const context: CallContext = { operation, key };
  refuseUnknownOptions(context, options, queryOptionNames);
  const issues = prefix === undefined ? [] : keyIssues("sort", prefix, "skPrefix");
  const { limit, exclusiveStartKey: start, scanIndexForward, filterExpression } = options ?? {};
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    issues.push({ path: "limit", message: "must be an integer > 0" });
  }
  let startKey: RawKey | undefined;
  if (start !== undefined && start !== null) {
    startKey = keyOf(isObject(start) ? start : {});
    const inside =
      startKey[attribute.partitionKey] === pk &&
      keyIssues("sort", startKey[attribute.sortKey], "").length === 0 &&
      startKey[attribute.sortKey].startsWith((prefix as string | undefined) ?? "");
    if (!inside) {
      issues.push({ path: "exclusiveStartKey", message: "must be a key within this query" });
    }
  }
  const forward: unknown = scanIndexForward ?? true;
  if (typeof forward !== "boolean") {
    issues.push({ path: "scanIndexForward", message: "must be true or false" });
  }
  refuseIssues(context, issues);
  return {
    context,
    pk: pk as string,
    skPrefix: prefix as string | undefined,
    startKey,
    limit,
    forward: forward as boolean,
    filter: checkedExpression(context, filterExpression, "filterExpression", options ?? {}),
  };
}

/** Whether its members have names: a list and bytes have positions, as many as they like. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
