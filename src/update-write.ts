/** The update of one item: what changes inside its payload, and under which conditions. */
import { randomBytes } from "node:crypto";
import { atom, joined } from "./condition-logic.js";
import { type PathSegments, Placeholders, type ReadWhere } from "./conditions.js";
import { type EntityModel, type KeyParts, keyText, rawKeyOf } from "./entity-model.js";
import { type CallContext, invalid } from "./errors.js";
import { type AnyItem, isOf } from "./item.js";
import { isOwn } from "./occupant.js";
import { type Change, pathText } from "./payload.js";
import { fieldValue, payloadValue } from "./secret-value.js";
import { attribute, type RawKey } from "./table.js";
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

/** A checked update. */
export interface UpdatePlan {
  readonly parts: KeyParts;
  readonly changes: readonly Change[];
  readonly removals: readonly PathSegments[];
  readonly ifUpdatedAt: number | undefined;
  readonly where: ReadWhere | undefined;
  /** What a payload that is made anew gets beside the changes: the ids that come from the key. */
  readonly fromKey: Readonly<Record<string, unknown>>;
  /** The size of what is stored anew. */
  readonly bytes: number;
}

/**
 * Changes an item that must be there: one request, two where it has no `Data`, or where the stored
 * UpdatedAt is not older than the clock and there is no lock.
 */
export function updateWrite({ model, tableName, clock }: Target, plan: UpdatePlan): Write<AnyItem> {
  const context: CallContext = {
    operation: "update",
    entity: model.name,
    key: keyText(plan.parts),
  };
  const key = rawKeyOf(model, plan.parts);
  const parents = parentsOf(plan);
  const positions = [...plan.changes.map(({ path }) => path), ...plan.removals].some(isPosition);
  const once = positions || plan.ifUpdatedAt !== undefined || plan.where !== undefined;
  // Such an update must not be done twice, so it never merely adds to the time. Content and time do
  // not tell two callers apart that change the same in one millisecond; a mark does.
  const mark = once ? randomBytes(9).toString("base64url") : undefined;
  /** What the stored time had to be before; nothing, where it is added to. */
  let now = 0;
  let madeAnew = false;
  let knowsOddTime = false;
  const request = (seen: Seen | undefined): WriteRequest => {
    const item = seen?.item ?? undefined;
    const ahead = !once && isAhead(clock, item);
    // A lock tells the stored time beforehand.
    const time = Math.max(later(clock, item), (plan.ifUpdatedAt ?? -1) + 1);
    now = ahead ? Number.POSITIVE_INFINITY : time;
    knowsOddTime = hasOddTime(item);
    madeAnew = seen?.item != null && !isMap(seen.item[attribute.data]);
    const own = new Placeholders();
    const sets = [
      writtenAt(own, time, ahead),
      // What an item of an earlier writer lacks.
      ...Object.entries(plan.parts).map(([name, value]) => assigned(own, name, value)),
      ...(mark === undefined ? [] : [assigned(own, attribute.writeMark, mark)]),
      ...(madeAnew ? [newData(own, model, key, plan)] : dataSets(own, model, key, plan)),
    ];
    const removes = madeAnew ? [] : plan.removals.map((path) => own.path(path));
    const conditions = [isOwn(own, model), isOlder(own, time, ahead)];
    const isData = (path: PathSegments, type: string) =>
      atom(`attribute_type(${own.path(path)}, ${own.value(type)})`);
    conditions.push(madeAnew ? atom(`NOT ${isData([], "M").text}`) : isData([], "M"));
    for (const parent of parents)
      conditions.push(joined("OR", [isData(parent, "M"), isData(parent, "L")]));
    if (plan.ifUpdatedAt !== undefined) {
      conditions.push(isUnchanged(own, plan.ifUpdatedAt, item));
    }
    if (plan.where !== undefined) conditions.push(plan.where(own));
    return {
      kind: "Update",
      input: {
        TableName: tableName,
        Key: { ...key },
        UpdateExpression: `SET ${sets.join(", ")}${removes.length === 0 ? "" : ` REMOVE ${removes.join(", ")}`}`,
        ConditionExpression: joined("AND", conditions).text,
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
    refusedByItem: false,
    refused: (seen) => {
      const { item, cause } = seen;
      if (item === null || !isOf(model, item)) return notFound(context, key, cause);
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
      if (plan.ifUpdatedAt === 0 && hasOddTime(item) && !knowsOddTime) return "again";
      if (plan.where === undefined) return "again";
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

/** The whole payload where none was: every change then stands at the top, or its parent is missing. */
function newData(
  own: Placeholders,
  model: EntityModel,
  key: RawKey,
  { changes, fromKey }: UpdatePlan,
): string {
  const data = {
    ...fromKey,
    ...Object.fromEntries(changes.map(({ path, value }) => [path[0], value])),
  };
  return assigned(own, attribute.data, payloadValue(model, key, data));
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
  return (
    typeof value === "object" &&
    value !== null &&
    Object.prototype.toString.call(value) === "[object Object]"
  );
}
