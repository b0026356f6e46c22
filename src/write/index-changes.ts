/** The index keys that an update changes: those that a changed or removed field is in. */
import { atom, type Compiled } from "../conditions/condition-logic.js";
import type { Placeholders } from "../conditions/placeholders.js";
import { type IndexKey, indexIssues, isAbsent, keysOfUpgrade, textOf } from "../entity/indexes.js";
import type { UpdatePlan } from "../entity/input.js";
import { isStoredAlike } from "../entity/item.js";
import type { EntityModel } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { invalid } from "../errors/validation-error.js";
import { attribute, type RawItem } from "../table/table.js";
import { epochMsOf, isTime } from "../values/timestamps.js";
import { assigned, isStill } from "./expressions.js";
import { isMap } from "./paths.js";

type Fields = Readonly<Record<string, unknown>>;

/** What is known of an update's index keys before the item is. */
export interface IndexChanges {
  /** The changed fields; a removed one is `undefined`. */
  readonly changed: Fields;
  readonly keys: readonly IndexKey[];
  /** The other fields that these keys are made of, which only the item tells. */
  readonly others: readonly string[];
  /** Whether the creation time is in one of them. */
  readonly timed: boolean;
}

/**
 * The keys that an update changes; `undefined` if none.
 * @throws ValidationError for a value that cannot be in a key
 */
export function indexChangesOf(
  model: EntityModel,
  context: CallContext,
  { parts, changes, removals }: UpdatePlan,
): IndexChanges | undefined {
  const { fieldKeys } = model;
  if (fieldKeys.length === 0) return undefined;
  const whole = changes.filter(({ path }) => path.length === 1);
  const changed: Record<string, unknown> = {};
  for (const { path, value } of whole) changed[String(path[0])] = value;
  for (const [field, ...inside] of removals) {
    if (inside.length === 0) changed[String(field)] = undefined;
  }
  const isGiven = (field: string) => Object.hasOwn(changed, field);
  const keys = fieldKeys.filter(({ fields }) => fields.some(isGiven));
  if (keys.length === 0) return undefined;
  // A key that lacks one of its fields is removed, whatever the others are.
  const wanted = keys.filter(({ fields }) =>
    fields.every((field) => !isGiven(field) || !isAbsent(changed[field])),
  );
  const all = new Set(wanted.flatMap(({ fields }) => fields));
  const index = {
    changed,
    keys,
    others: [...all].filter((field) => !isGiven(field)),
    timed: wanted.some((key) => key.timed),
  };
  refuseWrong(model, context, parts, changed, index);
  return index;
}

/**
 * The same for a payload that is created, or upgraded and replaced, as a whole: all keys that fields are in,
 * and those that the item lacks, because the index is newer than the item.
 * @param changed the fields that are not as the item has them; a removed one is `undefined`
 */
export function ofWholePayload(
  model: EntityModel,
  changed: Fields,
  item: RawItem,
): IndexChanges | undefined {
  const keys = keysOfUpgrade(model, item, timeOf(item) !== undefined);
  if (keys.length === 0) return undefined;
  const all = new Set(keys.flatMap(({ fields }) => fields));
  return {
    changed,
    keys,
    others: [...all].filter((field) => !Object.hasOwn(changed, field)),
    timed: keys.some((key) => key.timed),
  };
}

/** Whether the item must be known before its keys are. */
export function needsItem(index: IndexChanges | undefined): boolean {
  return index !== undefined && (index.others.length > 0 || index.timed);
}

/** The assignments and removals of an update. */
export interface IndexExpressions {
  readonly sets: readonly string[];
  readonly removes: readonly string[];
}

const none: IndexExpressions = { sets: [], removes: [] };

/**
 * The assignments and removals of the keys that an update changes.
 * @param item the item, if it has to be known
 * @throws ValidationError if a key becomes too long with what the item has
 */
export function indexExpressions(
  own: Placeholders,
  model: EntityModel,
  context: CallContext,
  index: IndexChanges | undefined,
  { parts }: UpdatePlan,
  item: RawItem | undefined,
): IndexExpressions {
  if (index === undefined) return none;
  const data = { ...othersOf(index, item), ...index.changed };
  refuseWrong(model, context, parts, data, index);
  const createdAt = model.timed ? Number(parts.createdAt) : createdAtOf(item);
  const sets: string[] = [];
  const removes: string[] = [];
  for (const key of index.keys) {
    const text = textOf(key, { ...parts, createdAt }, data);
    if (text === undefined) removes.push(own.name(key.attribute));
    else sets.push(assigned(own, key.attribute, text));
  }
  return { sets, removes };
}

/** Only what the caller gave is refused: what is stored already does not hinder an update. */
function refuseWrong(
  model: EntityModel,
  context: CallContext,
  parts: Readonly<Record<string, string>>,
  data: Fields,
  { changed }: IndexChanges,
): void {
  const issues = indexIssues(model, parts, data).filter(({ path }) =>
    Object.hasOwn(changed, path.slice("data.".length)),
  );
  if (issues.length > 0) throw invalid(context, issues);
}

/** As readers see it. */
function createdAtOf(item: RawItem | undefined): number {
  return timeOf(item) ?? 0;
}

function timeOf(item: RawItem | undefined): number | undefined {
  const stored: unknown = item?.[attribute.createdAt];
  return isTime(stored) ? stored : epochMsOf(stored);
}

function othersOf({ others }: IndexChanges, item: RawItem | undefined): Record<string, unknown> {
  const data: unknown = item?.[attribute.data];
  if (!isMap(data)) return {};
  return Object.fromEntries(
    others.filter((field) => Object.hasOwn(data, field)).map((field) => [field, data[field]]),
  );
}

/** The conditions that what the keys are made of is still as it was read. */
export function isAsRead(
  own: Placeholders,
  index: IndexChanges | undefined,
  item: RawItem | undefined,
): Compiled[] {
  if (index === undefined) return [];
  const data = othersOf(index, item);
  const conditions = index.others.map((field) => {
    const path = own.path([field]);
    return atom(
      data[field] === undefined
        ? `attribute_not_exists(${path})`
        : `${path} = ${own.value(data[field])}`,
    );
  });
  return index.timed ? [...conditions, isStill(own, attribute.createdAt, item)] : conditions;
}

/** Whether what the keys are made of is the same in both items. */
export function isSameIn(
  index: IndexChanges | undefined,
  one: RawItem | undefined,
  other: RawItem,
): boolean {
  if (index === undefined) return true;
  const isSameTime = !index.timed || isStoredAlike(one?.CreatedAt, other.CreatedAt);
  return isSameTime && isStoredAlike(othersOf(index, one), othersOf(index, other));
}
