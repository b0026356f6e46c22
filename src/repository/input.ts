/** Checks callers' arguments to the generic repository, before anything is sent. */
import { types } from "node:util";
import { type OptionNames, unknownOptions } from "../call/options.js";
import { readEach } from "../entity/each.js";
import { refuseIssues } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { shown } from "../errors/key-text.js";
import { invalid, invalidAt, type ValidationIssue } from "../errors/validation-error.js";
import { keyLengthRule, keyPartRule } from "../keys/template.js";
import { isObject } from "../runtime/objects.js";
import { attribute, indexKeysOf, indexNames, limits, type RawKey } from "../table/table.js";
import { checkValue, mostBytes, mostIssues } from "../values/payload.js";

/**
 * The level at which a payload's fields are nested: the item is level 1, its attributes are level 2.
 */
export const payloadLevel = 2;

/** A call on one item: its context, and the item's checked key. */
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
  return { context: { ...context, key: { ...key } }, key };
}

/** Checked values as a key. */
function rawKeyOf(pk: unknown, sk: unknown): RawKey {
  return { [attribute.partitionKey]: pk as string, [attribute.sortKey]: sk as string };
}

export function keyIssues(
  kind: "partition" | "sort",
  value: unknown,
  path: string,
): ValidationIssue[] {
  const message = keyPartRule(value) ?? keyLengthRule(kind, value as string);
  return message === undefined ? [] : [{ path, message }];
}

/** Checks a list of keys; only the key itself is used of each. @throws ValidationError */
export function checkedKeys(context: CallContext, keys: unknown, path: string): RawKey[] {
  return readEach(keys as unknown[], path, context, (given) => {
    const key = keyOf(recordOf(context, given));
    refuseIssues(context, [
      ...keyIssues("partition", key[attribute.partitionKey], attribute.partitionKey),
      ...keyIssues("sort", key[attribute.sortKey], attribute.sortKey),
    ]);
    return key;
  });
}

/** The key of an item, or of any object that has one. */
export function keyOf(item: Readonly<Record<string, unknown>>): RawKey {
  return rawKeyOf(item[attribute.partitionKey], item[attribute.sortKey]);
}

/**
 * Checks a list of items.
 * @param prepare makes the item that is stored of the one that was given
 * @throws ValidationError
 */
export function checkedItems(
  context: CallContext,
  items: unknown,
  path: string,
  prepare: (item: Record<string, unknown>) => Readonly<Record<string, unknown>>,
): Record<string, unknown>[] {
  return readEach(items as unknown[], path, context, (given) =>
    checkItem(context, prepare(recordOf(context, given))),
  );
}

/** A member of a list, which must have members of its own. @throws ValidationError */
export function recordOf(context: CallContext, given: unknown): Record<string, unknown> {
  if (isRecord(given)) return given;
  throw invalidAt(context, "", "must be an object");
}

/** The attributes that are keys of an index, and which half of the key each is. */
const indexKeys: ReadonlyMap<string, "partition" | "sort"> = new Map(
  indexNames.map(indexKeysOf).flatMap(({ pk, sk }) => [
    [pk, "partition"],
    [sk, "sort"],
  ]),
);

/** A copy of an item, whose keys, values and size have been checked. @throws ValidationError */
export function checkItem(
  context: CallContext,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return measuredItem(context, given).item;
}

/** The same with its bytes. @throws ValidationError */
export function measuredItem(
  context: CallContext,
  given: Readonly<Record<string, unknown>>,
): { item: Record<string, unknown>; bytes: number } {
  const item = { ...given };
  refuseIssues(context, itemKeyIssues(item));
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
  found.push(...ttlIssues(item[attribute.timeToLive]), ...sizeIssues("", bytes));
  refuseIssues(context, found.slice(0, mostIssues));
  return { item, bytes };
}

/** What is wrong with an item's key, and with its keys in indexes. */
function itemKeyIssues(item: Readonly<Record<string, unknown>>): ValidationIssue[] {
  const issues = [
    ...keyIssues("partition", item[attribute.partitionKey], attribute.partitionKey),
    ...keyIssues("sort", item[attribute.sortKey], attribute.sortKey),
  ];
  for (const [name, value] of Object.entries(item)) {
    const kind = value === undefined ? undefined : indexKeys.get(name);
    if (kind !== undefined) issues.push(...keyIssues(kind, value, name));
  }
  return issues;
}

function sizeIssues(path: string, bytes: number): ValidationIssue[] {
  if (bytes <= limits.itemBytes) return [];
  const size = bytes > mostBytes ? `more than ${mostBytes}` : bytes;
  return [
    { path, message: `makes an item of ${size} bytes: at most ${limits.itemBytes} (400 KB)` },
  ];
}

/** Numbers from this one on are in milliseconds: as seconds they would be in the year 5138 or later. */
const latestSeconds = 1e11;

function ttlIssues(value: unknown): ValidationIssue[] {
  if (value === undefined) return [];
  const isSeconds = Number.isInteger(value) && (value as number) >= 0;
  if (isSeconds && (value as number) < latestSeconds) return [];
  const message = isSeconds
    ? "must be in epoch seconds: this one looks like milliseconds"
    : "must be a time in epoch seconds: an integer from 0";
  return [{ path: attribute.timeToLive, message }];
}

/** Refuses unknown options: ignoring them would change what the call does. @throws ValidationError */
export function refuseUnknownOptions(
  context: CallContext,
  options: unknown,
  known: OptionNames,
): void {
  refuseIssues(context, unknownOptions(options, known));
}

/** Checks that a payload is a map, because nothing else can be updated. @throws ValidationError */
export function checkData(context: CallContext, data: unknown): void {
  if (isRecord(data)) return;
  throw invalidAt(context, attribute.data, "must be an object");
}

/** What the hook `beforePut` returned, if it can be an item. @throws ValidationError */
export function preparedItem(context: CallContext, returned: unknown): Record<string, unknown> {
  const isPromise = types.isPromise(returned);
  // Nobody else waits for it: unhandled, its failure would end the process.
  if (isPromise) returned.catch(() => undefined);
  if (isRecord(returned) && !isPromise) return returned;
  const found = isPromise ? ", not a promise of one" : "";
  throw invalidAt(context, "", `beforePut must return the item${found}`);
}

/** Checks what the hook made of a new item, which was right before. @throws ValidationError */
export function checkCreated(context: CallContext, prepared: Record<string, unknown>): void {
  const { [attribute.partitionKey]: pk, [attribute.sortKey]: sk } = prepared;
  const issues = [
    ...keyIssues("partition", pk, attribute.partitionKey),
    ...keyIssues("sort", sk, attribute.sortKey),
  ];
  if (!isRecord(prepared[attribute.data])) {
    issues.push({ path: attribute.data, message: "must be an object" });
  }
  if (issues.length === 0) return;
  throw invalid(context, [
    { path: "", message: "beforePut must return the whole item" },
    ...issues,
  ]);
}

/** The fields that an update changes; `undefined` means no change. @throws ValidationError */
export function checkedUpdates(context: CallContext, updates: unknown): [string, unknown][] {
  const path = "updates";
  if (!isRecord(updates)) {
    throw invalidAt(context, path, "must be an object");
  }
  const check = checkValue(updates, path, payloadLevel);
  refuseIssues(context, [...check.issues, ...sizeIssues(path, check.bytes)]);
  const changes = Object.entries(check.value as object);
  if (changes.length === 0) {
    const message = "must change something: only undefined was given";
    throw invalidAt(context, path, message);
  }
  return changes;
}

/** Whether its members have names. A list and bytes have positions instead, in any number. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
