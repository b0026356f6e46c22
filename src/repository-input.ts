/** Checks what callers give the generic repository, before anything is sent. */
import { keyText, refuseIssues } from "./entity-model.js";
import { type CallContext, invalid, type ValidationIssue } from "./errors.js";
import { keyLengthRule, keyPartRule } from "./keys.js";
import { checkValue } from "./payload.js";
import type { ExpressionAttributes, QueryOptions } from "./repository-types.js";
import { attribute, limits, type RawKey } from "./table.js";

/** Findings of one call that are told; a list that is wrong everywhere is not told of forever. */
const mostIssues = 20;

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
    ...(typeof entity === "string" && entity !== "" && { entity }),
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
  return checkedList(context, keys, path, (key) => [
    ...keyIssues("partition", key[attribute.partitionKey], attribute.partitionKey),
    ...keyIssues("sort", key[attribute.sortKey], attribute.sortKey),
  ]).map(keyOf);
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
  return checkedList(context, items, path, itemIssues);
}

/** Every element of a list, if all of them are well. */
function checkedList(
  context: CallContext,
  list: unknown,
  path: string,
  issuesOf: (element: Record<string, unknown>) => ValidationIssue[],
): Record<string, unknown>[] {
  if (!Array.isArray(list)) throw invalid(context, [{ path, message: "must be an array" }]);
  const issues: ValidationIssue[] = [];
  list.forEach((element: unknown, index) => {
    if (issues.length >= mostIssues) return;
    const at = `${path}[${index}]`;
    if (isObject(element)) {
      for (const issue of issuesOf(element)) {
        issues.push({ ...issue, path: issue.path === "" ? at : `${at}.${issue.path}` });
      }
    } else issues.push({ path: at, message: "must be an object" });
  });
  refuseIssues(context, issues);
  return list;
}

/** Checks an item: its keys, every value in it, its size. @throws ValidationError */
export function checkItem(context: CallContext, item: Record<string, unknown>): void {
  refuseIssues(context, itemIssues(item));
}

function itemIssues(item: Record<string, unknown>): ValidationIssue[] {
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
  if (keys.length > 0) return keys;
  const found: ValidationIssue[] = [];
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) {
    if (value === undefined) continue;
    const check = checkValue(value, name, payloadLevel);
    found.push(...check.issues);
    bytes += Buffer.byteLength(name) + check.bytes;
  }
  return [...found, ...sizeIssues("", bytes)];
}

function sizeIssues(path: string, bytes: number): ValidationIssue[] {
  if (bytes <= limits.itemBytes) return [];
  return [
    { path, message: `makes an item of ${bytes} bytes: at most ${limits.itemBytes} (400 KB)` },
  ];
}

/** Checks that a payload is a map: nothing else can be updated. @throws ValidationError */
export function checkData(context: CallContext, data: unknown): void {
  if (isObject(data) && !Array.isArray(data)) return;
  throw invalid(context, [{ path: attribute.data, message: "must be an object" }]);
}

/** The fields that an update changes; `undefined` is no change. @throws ValidationError */
export function checkedUpdates(context: CallContext, updates: unknown): [string, unknown][] {
  const path = "updates";
  if (!isObject(updates) || Array.isArray(updates)) {
    throw invalid(context, [{ path, message: "must be an object" }]);
  }
  const check = checkValue(updates, path, payloadLevel);
  refuseIssues(context, [...check.issues, ...sizeIssues(path, check.bytes)]);
  const changes = Object.entries(updates).filter(([, value]) => value !== undefined);
  if (changes.length === 0) {
    const message = "must change something: nothing but undefined was given";
    throw invalid(context, [{ path, message }]);
  }
  return changes;
}

/** Checks an expression of the caller's and its placeholders. @throws ValidationError */
export function checkExpression(
  context: CallContext,
  expression: unknown,
  path: string,
  attributes: ExpressionAttributes,
): void {
  const { expressionAttributeNames: names = {}, expressionAttributeValues: values = {} } =
    attributes;
  const issues: ValidationIssue[] = [];
  if (expression !== undefined && (typeof expression !== "string" || expression.trim() === "")) {
    issues.push({ path, message: "must be an expression: a text that is not empty" });
  }
  if (isObject(names)) {
    for (const [placeholder, name] of Object.entries(names)) {
      if (typeof name === "string" && name !== "") continue;
      const at = `expressionAttributeNames.${placeholder}`;
      issues.push({ path: at, message: "must be an attribute's name" });
    }
  } else issues.push({ path: "expressionAttributeNames", message: "must be an object" });
  if (isObject(values)) {
    for (const [placeholder, value] of Object.entries(values)) {
      const at = `expressionAttributeValues.${placeholder}`;
      issues.push(...checkValue(value, at, payloadLevel).issues);
    }
  } else issues.push({ path: "expressionAttributeValues", message: "must be an object" });
  refuseIssues(context, issues);
}

/** A checked query of one partition. */
export interface CheckedQuery {
  readonly context: CallContext;
  readonly pk: string;
  readonly skPrefix: string | undefined;
  readonly startKey: RawKey | undefined;
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
  const issues = prefix === undefined ? [] : keyIssues("sort", prefix, "skPrefix");
  const { limit, exclusiveStartKey: start } = options;
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    issues.push({ path: "limit", message: "must be an integer > 0" });
  }
  if (start !== undefined && start !== null) {
    const startKey = keyOf(isObject(start) ? start : {});
    const inside =
      startKey[attribute.partitionKey] === pk &&
      keyIssues("sort", startKey[attribute.sortKey], "").length === 0 &&
      startKey[attribute.sortKey].startsWith((prefix as string | undefined) ?? "");
    if (!inside) {
      issues.push({ path: "exclusiveStartKey", message: "must be a key within this query" });
    }
  }
  refuseIssues(context, issues);
  checkExpression(context, options.filterExpression, "filterExpression", options);
  return {
    context,
    pk: pk as string,
    skPrefix: prefix as string | undefined,
    startKey: start === undefined || start === null ? undefined : keyOf({ ...start }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
