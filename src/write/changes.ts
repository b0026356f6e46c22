/** An update's changes inside a payload, as assignments or as a whole new payload. */
import { type PathSegments, Placeholders } from "../conditions/placeholders.js";
import { expiryAttribute, timeToLiveOf } from "../entity/expiry.js";
import type { UpdatePlan } from "../entity/input.js";
import type { EntityModel } from "../entity/model.js";
import { upgradedData } from "../entity/versions.js";
import type { CallContext } from "../errors/context.js";
import { invalid, invalidAt, type ValidationIssue } from "../errors/validation-error.js";
import { storedValueOf } from "../secrets/opened.js";
import { fieldValue, payloadValue } from "../secrets/secret-value.js";
import { attribute, limits, type RawItem, type RawKey } from "../table/table.js";
import { pathText } from "../values/payload.js";
import { applyChanges } from "./apply-changes.js";
import { assigned } from "./expressions.js";
import { inData, wrongKind } from "./operators.js";
import { isContainer, valueAt } from "./paths.js";
import { storedVersionOf } from "./stored-item.js";

/** The assignments for changes inside a payload. */
export function dataSets(
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
 * The assignment of the whole payload, if there was none or the changes do not fit into an
 * expression. Every change is then at the top level; otherwise its parent would be missing.
 * @param item the item whose payload is kept where nothing changes it
 */
export function newData(
  own: Placeholders,
  model: EntityModel,
  key: RawKey,
  plan: UpdatePlan,
  item: RawItem | undefined,
): string {
  const { changes, removals, fromKey } = inData(item?.Data, plan);
  const changed = Object.fromEntries(changes.map(({ path, value }) => [path[0], value]));
  const given = payloadValue(
    model,
    key,
    item === undefined ? { ...fromKey(), ...changed } : changed,
  );
  const gone = new Set(removals.map(([field]) => field));
  const kept = Object.keys(item?.[attribute.data] ?? {})
    .filter((field) => !gone.has(field))
    // A kept secret is not sealed again, because it may be one that could not be opened.
    .map((field) => [field, storedValueOf(item as RawItem, field)]);
  return assigned(own, attribute.data, { ...Object.fromEntries(kept), ...given });
}

/**
 * The payload of an item of an older version as the current version has it, with the changes in it.
 * @throws DynamoDBError `UpgradeFailed`
 * @throws ValidationError for a change at a place that the upgraded payload does not have
 */
export function upgradedWith(
  model: EntityModel,
  context: CallContext,
  item: RawItem,
  plan: UpdatePlan,
): Record<string, unknown> {
  const data = upgradedData(model, item, context.operation);
  const wrong = wrongPlace(data, plan) ?? wrongKind(data, plan);
  if (wrong !== undefined) throw invalid(context, [wrong]);
  return applyChanges(data, inData(data, plan));
}

/** The assignment of the version that a whole new payload has. */
export function versionSets(own: Placeholders, model: EntityModel): string[] {
  return Object.entries(storedVersionOf(model)).map(([name, value]) => assigned(own, name, value));
}

/** What an update makes of the time at which the item expires. */
export interface ExpiryChange {
  /** The new `TTL`; `undefined` if the item then does not expire. */
  readonly at: number | undefined;
}

/** The expiry of an item whose payload is replaced as a whole. */
export function expiryOf(
  model: EntityModel,
  data: Readonly<Record<string, unknown>>,
): ExpiryChange | undefined {
  if (model.expires === undefined) return undefined;
  return { at: expiryAttribute(model, data)[attribute.timeToLive] };
}

/** The change of an item's expiry; `undefined` if the update leaves it as it is. */
export function expiryChange(
  { expires }: EntityModel,
  { changes, removals }: UpdatePlan,
): ExpiryChange | undefined {
  if (expires === undefined) return undefined;
  const isIt = (path: PathSegments) => path.length === 1 && path[0] === expires;
  const change = changes.find(({ path }) => isIt(path));
  if (change !== undefined) return { at: timeToLiveOf(change.value) };
  return removals.some(isIt) ? { at: undefined } : undefined;
}

/** An expression always has room for this many path segments. */
const fewSegments = 100;

/** The most bytes that the rest of an update takes: its times, the key parts and the mark. */
const restBytes = 200;

/** The most bytes that an index key takes. */
const indexKeyBytes = 14;

/** The most bytes that a computed change takes besides its path, twice. */
const computedBytes = " = list_append(if_not_exists(, :000), :000)".length;

/**
 * Whether the changes do not fit into an update expression. The payload is then read, merged and
 * replaced.
 * @param indexKeys how many index keys the update changes, too
 * @throws ValidationError if one of them is inside a payload field: such changes are made in place
 */
export function isTooLong(context: CallContext, plan: UpdatePlan, indexKeys = 0): boolean {
  const { changes, computed } = plan;
  const paths = pathsOf(plan);
  if (paths.reduce((sum, { length }) => sum + length, 0) <= fewSegments) return false;
  const own = new Placeholders();
  let bytes = restBytes + indexKeys * indexKeyBytes;
  for (const [index, path] of paths.entries()) {
    const text = own.path(path);
    bytes += index < changes.length ? `${text} = ${own.value(0)}, `.length : `${text}, `.length;
    const isComputed = index >= changes.length && index < changes.length + computed.length;
    if (isComputed) bytes += text.length + computedBytes;
    if (bytes > limits.expressionBytes) break;
  }
  if (bytes <= limits.expressionBytes) return false;
  const inside = paths.findIndex(({ length }) => length > 1);
  if (inside === -1) return true;
  const most = limits.expressionBytes;
  const message = `makes an expression of more than ${most} bytes: DynamoDB takes at most ${most}`;
  const { operator } = computed[inside - changes.length] ?? { operator: "remove" };
  throw invalidAt(context, inside < changes.length ? "set" : operator, message);
}

/** Every place that an update changes. */
function pathsOf({ changes, computed, removals }: UpdatePlan): PathSegments[] {
  return [...[...changes, ...computed].map(({ path }) => path), ...removals];
}

/** The containers that must exist for the nested changes. */
export function parentsOf(plan: UpdatePlan): PathSegments[] {
  const parents = new Map<string, PathSegments>();
  for (const path of pathsOf(plan)) {
    if (path.length > 1) parents.set(JSON.stringify(path.slice(0, -1)), path.slice(0, -1));
  }
  return [...parents.values()];
}

/** What is said of a container that a nested change does not find. */
export function missingIssue(parent: PathSegments): ValidationIssue {
  const message = "does not exist: nothing can be set or removed inside it";
  return { path: pathText(["data", ...parent]), message };
}

/** The first change whose place is not there: its container, or a name in a map, a position in a list. */
function wrongPlace(data: unknown, plan: UpdatePlan): ValidationIssue | undefined {
  for (const path of pathsOf(plan)) {
    if (path.length === 1) continue;
    const parent = path.slice(0, -1);
    const container = valueAt(data, parent);
    if (!isContainer(container)) return missingIssue(parent);
    if (Array.isArray(container) !== (typeof path.at(-1) === "number")) {
      const message = Array.isArray(container)
        ? "is in a list, whose elements are named by their positions"
        : "is in a map, whose fields are named by texts";
      return { path: pathText(["data", ...path]), message };
    }
  }
  return undefined;
}

/** The first of the containers that is missing in a payload. */
export function missingParent(
  data: unknown,
  parents: readonly PathSegments[],
): PathSegments | undefined {
  return parents.find((parent) => !isContainer(valueAt(data, parent)));
}
