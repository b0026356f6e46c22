/** The update of one item: what changes inside its payload, and under which conditions. */
import { randomBytes } from "node:crypto";
import { atom, type Compiled, joined } from "../conditions/condition-logic.js";
import { type PathSegments, Placeholders } from "../conditions/conditions.js";
import { refuseLongCondition } from "../conditions/expression.js";
import type { UpdatePlan } from "../entity/input.js";
import { type AnyItem, isOf, isStoredAlike } from "../entity/item.js";
import { type EntityModel, rawKeyOf } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { invalid } from "../errors/validation-error.js";
import { keyText } from "../keys/template.js";
import { storedValueOf } from "../secrets/opened.js";
import { fieldValue, payloadValue } from "../secrets/secret-value.js";
import { attribute, limits, type RawItem, type RawKey } from "../table/table.js";
import { pathText } from "../values/payload.js";
import { isOwn } from "./occupant.js";
import {
  assigned,
  conditionFailed,
  hasOddTime,
  isAhead,
  isOlder,
  isUnchanged,
  later,
  notFound,
  type Seen,
  storedTime,
  type Target,
  updatedAtOf,
  type Write,
  type WriteRequest,
  writtenAt,
  writtenItemOf,
} from "./write.js";

/**
 * Changes an item that must be there: one request, two where it has no `Data`, or where the stored
 * UpdatedAt is not older than the clock and there is no lock.
 */
export function updateWrite(target: Target, plan: UpdatePlan): Write<AnyItem> {
  const { model, tableName, clock } = target;
  const context: CallContext = {
    operation: target.operation ?? "update",
    entity: model.name,
    key: keyText(plan.parts),
  };
  const key = rawKeyOf(model, plan.parts);
  const whole = isTooLong(context, plan);
  const parents = parentsOf(plan);
  const positions = [...plan.changes.map(({ path }) => path), ...plan.removals].some(isPosition);
  // What a condition that is too long is blamed on: parents that must be there take one, too.
  const isNested = plan.changes.some(({ path }) => path.length > 1);
  const longest = plan.where !== undefined ? "where" : isNested ? "set" : "remove";
  const once = positions || plan.ifUpdatedAt !== undefined || plan.where !== undefined;
  // Such an update must not be done twice, so it never merely adds to the time. Content and time do
  // not tell two callers apart that change the same in one millisecond; a mark does.
  const mark = once ? randomBytes(9).toString("base64url") : undefined;
  /** What the stored time had to be before; nothing, where it is added to. */
  let now = 0;
  let madeAnew = false;
  let knowsOddTime = false;
  /** The item whose payload the last request replaces. */
  let merged: RawItem | undefined;
  const request = (seen: Seen | undefined): WriteRequest => {
    const item = seen?.item ?? undefined;
    const ahead = !once && isAhead(clock, item);
    // A lock tells the stored time beforehand.
    const time = Math.max(later(clock, item), (plan.ifUpdatedAt ?? -1) + 1);
    now = ahead ? Number.POSITIVE_INFINITY : time;
    knowsOddTime = hasOddTime(item);
    madeAnew = seen?.item != null && !isMap(seen.item[attribute.data]);
    merged = whole && !madeAnew ? item : undefined;
    const replaced = madeAnew || whole;
    const own = new Placeholders();
    const sets = [
      writtenAt(own, time, ahead),
      // What an item of an earlier writer lacks.
      ...Object.entries(plan.parts).map(([name, value]) => assigned(own, name, value)),
      ...(mark === undefined ? [] : [assigned(own, attribute.writeMark, mark)]),
      ...(replaced ? [newData(own, model, key, plan, merged)] : dataSets(own, model, key, plan)),
    ];
    const removes = replaced ? [] : plan.removals.map((path) => own.path(path));
    const conditions = [isOwn(own, model), isOlder(own, time, ahead, item)];
    const isData = (path: PathSegments, type: string) =>
      atom(`attribute_type(${own.path(path)}, ${own.value(type)})`);
    conditions.push(madeAnew ? atom(`NOT ${isData([], "M").text}`) : isData([], "M"));
    for (const parent of parents)
      conditions.push(joined("OR", [isData(parent, "M"), isData(parent, "L")]));
    if (plan.ifUpdatedAt !== undefined) {
      conditions.push(isUnchanged(own, plan.ifUpdatedAt, item));
    }
    if (whole && !madeAnew) conditions.push(isStillSeen(own, merged));
    if (plan.where !== undefined) conditions.push(plan.where(own));
    const condition = joined("AND", conditions).text;
    refuseLongCondition(context, longest, condition);
    return {
      kind: "Update",
      input: {
        TableName: tableName,
        Key: { ...key },
        UpdateExpression: `SET ${sets.join(", ")}${removes.length === 0 ? "" : ` REMOVE ${removes.join(", ")}`}`,
        ConditionExpression: condition,
        ExpressionAttributeNames: own.names,
        ExpressionAttributeValues: own.values,
        ReturnValues: "ALL_NEW",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      },
    };
  };
  return {
    context,
    key,
    bytes: plan.bytes,
    request,
    readsFirst: whole,
    // Whoever has read the item knows that it was there.
    refusedByItem: whole,
    refused: (seen) => {
      const { item, cause } = seen;
      if (item === null || !isOf(model, item)) return notFound(context, cause);
      if (plan.ifUpdatedAt !== undefined && updatedAtOf(item) !== plan.ifUpdatedAt) {
        return conditionFailed(
          context,
          "the item was changed since it was read (ifUpdatedAt)",
          model,
          seen,
        );
      }
      const data = item[attribute.data];
      const missing = parents.find((parent) => !isContainer(valueAt(data, parent)));
      if (missing !== undefined) {
        const path = pathText(["data", ...missing]);
        return invalid(
          context,
          [{ path, message: "is not there: nothing can be set or removed inside it" }],
          cause,
        );
      }
      if ((storedTime(item) ?? -1) >= now || isMap(data) === madeAnew) return "again";
      if (hasOddTime(item) && !knowsOddTime) return "again";
      const isSeen = merged === undefined || isStoredAlike(item.UpdatedAt, merged.UpdatedAt);
      if (plan.where === undefined || !isSeen) return "again";
      return conditionFailed(context, "the condition does not hold (where)", model, seen);
    },
    // A `where` may hold again over what another wrote since.
    once: positions || plan.where !== undefined,
    // Without a mark it may be done again: that changes nothing.
    isDone: (item) => mark !== undefined && item?.[attribute.writeMark] === mark,
    result: (attributes) => writtenItemOf(model, key, attributes),
  };
}

function isPosition(path: PathSegments): boolean {
  return typeof path.at(-1) === "number";
}

function dataSets(
  own: Placeholders,
  model: EntityModel,
  key: RawKey,
  { changes }: UpdatePlan,
): string[] {
  return changes.map(({ path, value }) => {
    const [field] = path;
    const whole = path.length === 1 && typeof field === "string";
    const stored = whole ? fieldValue(model, key, field, value) : value;
    return `${own.path(path)} = ${own.value(stored)}`;
  });
}

/**
 * The whole payload, where none was or where the changes are more than an expression holds. Every
 * change then stands at the top, or its parent is missing.
 * @param item whose payload stays where nothing changes it
 */
function newData(
  own: Placeholders,
  model: EntityModel,
  key: RawKey,
  { changes, removals, fromKey }: UpdatePlan,
  item: RawItem | undefined,
): string {
  const changed = Object.fromEntries(changes.map(({ path, value }) => [path[0], value]));
  const given = payloadValue(model, key, item === undefined ? { ...fromKey, ...changed } : changed);
  const gone = new Set(removals.map(([field]) => field));
  const kept = Object.keys(item?.[attribute.data] ?? {})
    .filter((field) => !gone.has(field))
    // A secret that stays is not sealed anew: it may be one that could not be opened.
    .map((field) => [field, storedValueOf(item as RawItem, field)]);
  return assigned(own, attribute.data, { ...Object.fromEntries(kept), ...given });
}

/** Nobody has written the item since it was read, or since it was found to be missing. */
function isStillSeen(own: Placeholders, item: RawItem | undefined): Compiled {
  const updatedAt = own.name(attribute.updatedAt);
  const UpdatedAt = item?.[attribute.updatedAt];
  return atom(
    UpdatedAt === undefined
      ? `attribute_not_exists(${updatedAt})`
      : `${updatedAt} = ${own.value(UpdatedAt)}`,
  );
}

/** Segments of paths of which an expression holds so many, whatever they are. */
const fewSegments = 100;

/** Bytes that the rest of an update takes at most: its times, the key's parts, the mark. */
const restBytes = 200;

/**
 * Whether the changes are more than an update expression holds. The payload is then read, merged and
 * replaced.
 * @throws ValidationError where they reach inside the payload's fields: those are changed in place
 */
function isTooLong(context: CallContext, { changes, removals }: UpdatePlan): boolean {
  const paths = [...changes.map(({ path }) => path), ...removals];
  if (paths.reduce((sum, { length }) => sum + length, 0) <= fewSegments) return false;
  const own = new Placeholders();
  let bytes = restBytes;
  for (const [index, path] of paths.entries()) {
    const text = own.path(path);
    bytes += index < changes.length ? `${text} = ${own.value(0)}, `.length : `${text}, `.length;
    if (bytes > limits.expressionBytes) break;
  }
  if (bytes <= limits.expressionBytes) return false;
  const inside = paths.findIndex(({ length }) => length > 1);
  if (inside === -1) return true;
  const most = limits.expressionBytes;
  const message = `makes an expression of more than ${most} bytes: DynamoDB takes at most ${most}`;
  throw invalid(context, [{ path: inside < changes.length ? "set" : "remove", message }]);
}

/** The containers that nested changes need to be there. */
function parentsOf({ changes, removals }: UpdatePlan): PathSegments[] {
  const parents = new Map<string, PathSegments>();
  for (const path of [...changes.map((change) => change.path), ...removals]) {
    if (path.length > 1) parents.set(JSON.stringify(path.slice(0, -1)), path.slice(0, -1));
  }
  return [...parents.values()];
}

function valueAt(value: unknown, path: PathSegments): unknown {
  let found = value;
  for (const segment of path) {
    if (!isContainer(found) || !Object.hasOwn(found, segment)) return undefined;
    found = (found as Record<string | number, unknown>)[segment];
  }
  return found;
}

function isContainer(value: unknown): value is object {
  return Array.isArray(value) || isMap(value);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === "[object Object]";
}
