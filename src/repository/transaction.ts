/** The generic repository's transaction: up to 100 writes, all or nothing. */
import type { GivenExpression } from "../conditions/placeholders.js";
import { readEach } from "../entity/each.js";
import { type CallContext, keyTextOf } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import { keyId } from "../read/reader.js";
import { attribute, limits, type RawItem, type RawKey } from "../table/table.js";
import { createWrite } from "../write/create.js";
import type { PlannedWrite, Write, WriteRequest } from "../write/plan.js";
import { conditionFailed } from "../write/refusals.js";
import { planned } from "../write/token.js";
import { checkedExpression } from "./expression.js";
import { completed } from "./index-keys.js";
import {
  checkData,
  checkedUpdates,
  isRecord,
  itemCall,
  measuredItem,
  recordOf,
  refuseUnknownOptions,
} from "./input.js";
import { indexKeyNames, type TransactWrite, updateOptionNames } from "./types.js";
import { plannedUpdate } from "./update.js";

type Given = Readonly<Record<string, unknown>>;

/** What the writes of one transaction share. */
export interface Writing {
  readonly tableName: string;
  readonly now: number;
  /** Called with each item that is to be stored; returns the one that is stored. */
  prepare(item: Given): Given;
}

/** What a write does. */
type Kind = "create" | "put" | "update" | "delete" | "check";

/** The members of each kind of write beside the one that names it. */
const membersOf: Readonly<Record<Kind, readonly string[]>> = {
  create: [],
  put: updateOptionNames,
  update: ["updates", ...updateOptionNames],
  delete: updateOptionNames,
  check: updateOptionNames,
};
const kinds = Object.keys(membersOf) as Kind[];

/** Checks the writes of a transaction. @throws ValidationError */
export function plannedWrites(
  context: CallContext,
  given: readonly TransactWrite[],
  writing: Writing,
): PlannedWrite[] {
  const path = "writes";
  const count = Array.isArray(given) ? given.length : 1;
  if (count === 0 || count > limits.transactionOperations) {
    const message = `are ${count}: a transaction takes 1 to ${limits.transactionOperations}`;
    throw invalidAt(context, path, message);
  }
  const writes = readEach<unknown, Write<unknown>>(given, path, context, (one) =>
    plannedWrite(context, recordOf(context, one), writing),
  );
  const ids = writes.map(({ key }) => keyId(key));
  const again = ids.findIndex((id, index) => ids.indexOf(id) !== index);
  const twice = writes[again];
  if (twice !== undefined) {
    const message = `names (${keyTextOf(twice.context)}) again: a transaction takes each item once`;
    throw invalidAt(context, `${path}[${again}]`, message);
  }
  return writes.map((write) => ({ context: write.context, write }));
}

function plannedWrite(context: CallContext, given: Given, writing: Writing): Write<unknown> {
  const named = kinds.filter((kind) => given[kind] !== undefined);
  const [kind] = named;
  if (kind === undefined || named.length > 1) {
    const message = `must have one of ${kinds.join(", ")}`;
    throw invalidAt(context, "", message);
  }
  refuseUnknownOptions(context, given, [kind, ...membersOf[kind]]);
  const subject = given[kind];
  if (!isRecord(subject)) throw invalidAt(context, kind, "must be an object");
  if (kind === "create") return plannedCreate(subject, writing);
  if (kind === "put") return plannedPut(subject, given, writing);
  return plannedChange(kind, subject, given, writing);
}

/** The call on one item, named by its write. @throws ValidationError */
function callOf(kind: Kind, item: Given) {
  const { [attribute.partitionKey]: pk, [attribute.sortKey]: sk } = item;
  return itemCall(kind, pk, sk, item[attribute.entityType]);
}

function plannedCreate(subject: Given, { tableName, now, prepare }: Writing): Write<unknown> {
  const times = { [attribute.createdAt]: now, [attribute.updatedAt]: now };
  const prepared = prepare({ ...subject, ...times });
  const { context, key } = callOf("create", prepared);
  checkData(context, prepared[attribute.data]);
  const type = String(prepared[attribute.entityType]);
  const { item, bytes } = measuredItem(context, completed(type, key, prepared));
  const stored = () => item as RawItem;
  const write = createWrite({ tableName, context, key, bytes, stored, result: () => undefined });
  return planned(write, { item: comparedOf(item) });
}

function plannedPut(subject: Given, given: Given, { tableName, prepare }: Writing): Write<unknown> {
  const prepared = prepare(subject);
  const { context, key } = callOf("put", prepared);
  const { item, bytes } = measuredItem(context, prepared);
  const condition = conditionOf(context, given);
  const write = conditionalWrite(context, key, condition, (members) => ({
    kind: "Put",
    input: { TableName: tableName, Item: { ...item }, ...members },
  }));
  return planned({ ...write, bytes }, { item: comparedOf(item), given: condition });
}

/** What follows from the time of a call, or from other attributes: a call that is made again has others. */
const notCompared: ReadonlySet<string> = new Set([
  attribute.createdAt,
  attribute.updatedAt,
  attribute.timeToLive,
  attribute.transactionMark,
  ...indexKeyNames,
]);

/** What a later call under the same token must have in common with an item of the earlier one. */
function comparedOf(item: Given): Given {
  return Object.fromEntries(
    Object.entries(item).filter(([name, value]) => value !== undefined && !notCompared.has(name)),
  );
}

function plannedChange(
  kind: "update" | "delete" | "check",
  subject: Given,
  given: Given,
  { tableName }: Writing,
): Write<unknown> {
  const { context, key } = callOf(kind, subject);
  const condition = conditionOf(context, given);
  if (kind === "update") {
    const changes = checkedUpdates(context, given.updates);
    const write = plannedUpdate(tableName, { context, key, changes, given: condition });
    const paths = changes.map(([name, value]) => ({ path: [name], value }));
    return planned(write, { changes: paths, given: condition });
  }
  const isCheck = kind === "check";
  if (isCheck && condition.text === undefined) {
    const message = "is missing: a check is of a condition";
    throw invalidAt(context, "conditionExpression", message);
  }
  const write = conditionalWrite(context, key, condition, (members) => {
    const input = { TableName: tableName, Key: { ...key }, ...members };
    return isCheck ? { kind: "ConditionCheck", input } : { kind: "Delete", input };
  });
  return planned(write, { given: condition });
}

function conditionOf(context: CallContext, given: Given) {
  return checkedExpression(context, given.conditionExpression, "conditionExpression", given);
}

/** A write that is carried out if the caller's condition holds, or if there is none. */
function conditionalWrite(
  context: CallContext,
  key: RawKey,
  condition: GivenExpression,
  requestOf: (members: object) => WriteRequest,
): Write<unknown> {
  const request = requestOf(conditionMembers(context, condition));
  return {
    context,
    key,
    request: () => request,
    refusedByItem: false,
    refused: (seen) => conditionFailed(context, "the condition does not hold", seen),
    result: () => undefined,
  };
}

/** A caller's condition in a request, which has no empty maps: DynamoDB refuses them. */
function conditionMembers(context: CallContext, { text, names, values }: GivenExpression): object {
  const isUsed = (all: object) => Object.keys(all).length > 0;
  if (text === undefined && (isUsed(names) || isUsed(values))) {
    const message = "is missing: there are placeholders for it";
    throw invalidAt(context, "conditionExpression", message);
  }
  return {
    ...(text !== undefined && {
      ConditionExpression: text,
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }),
    ...(isUsed(names) && { ExpressionAttributeNames: names }),
    ...(isUsed(values) && { ExpressionAttributeValues: values }),
  };
}
