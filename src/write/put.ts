/** The write of a whole item, which may or may not exist. */
import { randomBytes } from "node:crypto";
import type { UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { atom, type Compiled, joined } from "../conditions/condition-logic.js";
import { Placeholders } from "../conditions/placeholders.js";
import type { Draft } from "../entity/input.js";
import { type AnyItem, itemOf } from "../entity/item.js";
import { type EntityModel, keyValues, rawKeyOf } from "../entity/model.js";
import { itemValue } from "../secrets/secret-value.js";
import { attribute, type RawItem } from "../table/table.js";
import { isExactNumber } from "../values/exact-number.js";
import { epochMsOf, lastMs } from "../values/timestamps.js";
import { type Both, beforeIsLost, bothOf, grownFrom } from "./before.js";
import { assigned, conditional, isStill } from "./expressions.js";
import {
  ghostOf,
  isNothing,
  isOwnExpired,
  isOwnOrNothing,
  isThatGhost,
  occupantOf,
} from "./occupant.js";
import type { Seen, Target, Write, WriteRequest } from "./plan.js";
import { foreignFailed } from "./refusals.js";
import { rawItemOf, writtenItemOf } from "./stored-item.js";
import { type Growth, growthOf, isOlder, writtenAt } from "./updated-at.js";
import { isKnownVersion, newerFailed } from "./version-conditions.js";

/**
 * Creates or replaces an item; one request, two if an index key is made of its creation time and is missing
 * or has fields in it, if the stored UpdatedAt is not older than the clock, or if there is a ghost or an
 * expired item. CreatedAt and the places in the indexes are kept, but for those that fields give it and
 * those of an expired item. An item whose payload lacks such a field loses the keys that are made of it.
 */
export function putWrite(target: Target, draft: Draft, returning?: "both"): Write<AnyItem | Both> {
  const { model } = target;
  const context = { operation: "put", entity: model.name, key: keyValues(model, draft.parts) };
  const key = rawKeyOf(model, draft.parts);
  // Only what was there before is in the response alone.
  const mark = returning === undefined ? undefined : randomBytes(9).toString("base64url");
  let sent: SentPut | undefined;
  return {
    context,
    key,
    bytes: draft.bytes,
    request: (seen) => {
      const isExpired = occupantOf(model, seen?.item) === "expired";
      sent = isExpired
        ? replaceExpired(target, draft, seen, mark)
        : putRequest(target, draft, seen, mark);
      return sent.request;
    },
    refusedByItem: true,
    // All the other conditions are met by a request that knows the item.
    refused: (seen) =>
      foreignFailed(context, seen, model) ?? newerFailed(context, model, seen) ?? "again",
    isDone: (item) => mark !== undefined && item?.[attribute.writeMark] === mark,
    ...(mark !== undefined && {
      found: () => {
        throw beforeIsLost(context);
      },
    }),
    result: (attributes) => {
      const { left, isWhole } = sent as SentPut;
      if (mark !== undefined) return bothOf(model, key, attributes, left);
      return isWhole ? itemOf(model, left(undefined)) : writtenItemOf(model, key, attributes);
    },
  };
}

/** A put's last request. */
interface SentPut {
  readonly request: WriteRequest;
  /** What it makes of the item before it. */
  readonly left: (before: RawItem | undefined) => RawItem;
  /** Whether nothing of that item is kept. */
  readonly isWhole: boolean;
}

/** Puts a new item in place of one that has expired, of which nothing is kept, not even CreatedAt. */
function replaceExpired(
  { model, tableName, clock }: Target,
  draft: Draft,
  seen: Seen | undefined,
  mark: string | undefined,
): SentPut {
  // Whoever holds a lock on the expired item must not hold one on this item.
  const { at } = growthOf(clock, seen?.item ?? undefined, "never");
  const stored = {
    ...rawItemOf(model, { ...draft, createdAt: draft.createdAt ?? at }, at),
    ...(mark !== undefined && { [attribute.writeMark]: mark }),
  };
  const own = new Placeholders();
  const condition = isOwnExpired(own, model).text;
  const Item = itemValue(model, stored);
  const input = { TableName: tableName, Item, ...conditional(own, condition) };
  return { request: { kind: "Put", input }, left: () => stored, isWhole: true };
}

/** No existing value is kept. */
const keptNot: ReadonlySet<string> = new Set();

/** What a put knows of the index keys that the creation time is in. */
interface TimedKeys {
  /** Those that are kept, because nothing changes what they are made of. */
  readonly kept: readonly string[];
  /** Whether there are others, which fields are in: they can only be made of a known creation time. */
  readonly mixed: boolean;
  /** The attributes whose existing values are kept. */
  readonly keeps: ReadonlySet<string>;
  /** The expressions of the last first request. */
  last?: Remembered;
}

/** What two first requests of one entity have in common if they store the same attributes. */
interface Remembered {
  readonly names: readonly string[];
  readonly expressions: Expressions;
  /** The values by their placeholders: those of the item are still missing. */
  readonly values: readonly (readonly [placeholder: string, value: unknown])[];
}

type Expressions = Pick<UpdateCommandInput, "UpdateExpression"> & ReturnType<typeof conditional>;

type Attributes = Readonly<Record<string, unknown>>;

/** Stands for the value of an attribute. */
class Slot {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

const timedKeys = new WeakMap<EntityModel["indexKeys"], TimedKeys>();

function timedKeysOf({ indexKeys }: EntityModel): TimedKeys {
  let known = timedKeys.get(indexKeys);
  if (known === undefined) {
    const timed = indexKeys.filter((key) => key.timed);
    const kept = timed.filter(({ fields }) => fields.length === 0).map((key) => key.attribute);
    const mixed = kept.length < timed.length;
    known = { kept, mixed, keeps: new Set([attribute.createdAt, ...kept]) };
    timedKeys.set(indexKeys, known);
  }
  return known;
}

/** Whether an item's index keys have to be made again of its creation time. */
function isUnplaced({ kept, mixed }: TimedKeys, item: RawItem | undefined): item is RawItem {
  return item !== undefined && (mixed || kept.some((name) => item[name] === undefined));
}

function putRequest(
  target: Target,
  draft: Draft,
  seen: Seen | undefined,
  mark: string | undefined,
): SentPut {
  const { model, tableName, clock } = target;
  const ghost = ghostOf(model, seen?.item);
  // A ghost was never created as an item, and no reader has seen it, so its times do not count.
  const item = ghost === undefined ? (seen?.item ?? undefined) : undefined;
  const growth = growthOf(clock, item, mark === undefined ? "ahead" : "never");
  const timed = timedKeysOf(model);
  const unindexed = isUnplaced(timed, item);
  const undated = item !== undefined && isBeyondTime(item[attribute.createdAt]);
  const createdAt =
    (unindexed ? epochMsOf(item[attribute.createdAt]) : undefined) ?? draft.createdAt ?? growth.at;
  const kept = unindexed || undated || ghost ? keptNot : timed.keeps;
  const stored = rawItemOf(model, { ...draft, createdAt }, growth.at);
  const { PK, SK, ...attributes } = itemValue(model, stored);
  const basis = { model, timed, mark, item, ghost, unindexed, undated, kept };
  // The time is in the conditions of an entity that expires, and what was seen in those of later requests.
  const isPlain = seen === undefined && mark === undefined && model.expires === undefined;
  const request = {
    kind: "Update",
    input: {
      TableName: tableName,
      Key: { PK, SK },
      ...(isPlain ? rememberedFor(basis, attributes) : expressionsOf(basis, attributes, growth)),
      ReturnValues: mark === undefined ? "ALL_NEW" : "ALL_OLD",
    },
  } as const;
  const left = (before: RawItem | undefined) => ({
    ...stored,
    [attribute.createdAt]:
      (kept.has(attribute.createdAt) ? before?.[attribute.createdAt] : undefined) ?? createdAt,
    [attribute.updatedAt]: grownFrom(before, growth),
  });
  return { request, left, isWhole: false };
}

/** What the expressions of a put depend on, besides the values that it stores. */
interface Basis {
  readonly model: EntityModel;
  readonly timed: TimedKeys;
  readonly mark: string | undefined;
  /** The item that a refused request found. */
  readonly item: RawItem | undefined;
  readonly ghost: RawItem | undefined;
  /** Whether the index keys of that item are made again. */
  readonly unindexed: boolean;
  /** Whether its CreatedAt is no time. */
  readonly undated: boolean;
  /** The attributes whose existing values are kept. */
  readonly kept: ReadonlySet<string>;
}

function expressionsOf(
  { model, timed, mark, item, ghost, unindexed, undated, kept }: Basis,
  written: Attributes,
  growth: Growth,
): Expressions {
  const own = new Placeholders();
  const sets = Object.entries(written).map(([name, value]) =>
    name === attribute.updatedAt
      ? writtenAt(own, growth)
      : assigned(own, name, value, kept.has(name)),
  );
  if (mark !== undefined) sets.push(assigned(own, attribute.writeMark, mark));
  const isEndless = model.expires !== undefined && !(attribute.timeToLive in written);
  const gone = model.fieldKeys.map((key) => key.attribute).filter((name) => !(name in written));
  const removes = isEndless ? [...gone, attribute.timeToLive] : gone;
  const removal = removes.map((name) => own.name(name)).join(", ");
  const conditions = ghost
    ? [isThatGhost(own, ghost)]
    : [isOwnOrNothing(own, model), isOlder(own, growth, item), ...isKnownVersion(own, model)];
  if ((timed.mixed || timed.kept.length > 0) && !ghost) {
    conditions.push(unindexed && item ? isUnindexed(own, timed, item) : isIndexed(own, timed));
  }
  if (!ghost) {
    conditions.push(undated ? isStill(own, attribute.createdAt, item) : isCreatedInTime(own));
  }
  return {
    UpdateExpression: `SET ${sets.join(", ")}${removal && ` REMOVE ${removal}`}`,
    ...conditional(own, joined("AND", conditions).text),
  };
}

/**
 * The expressions of an entity's first requests differ in values alone, as long as the attributes are the
 * same. They are made once, of what stands for the values.
 */
function rememberedFor(basis: Basis, attributes: Attributes): Expressions {
  const { timed } = basis;
  const names = Object.keys(attributes);
  let { last } = timed;
  if (last?.names.length !== names.length || names.some((name, at) => name !== last?.names[at])) {
    const slots = Object.fromEntries(names.map((name) => [name, new Slot(name)]));
    const at = new Slot(attribute.updatedAt) as unknown as number;
    const expressions = expressionsOf(basis, slots, { at, step: undefined });
    last = {
      names,
      expressions,
      values: Object.entries(expressions.ExpressionAttributeValues ?? {}),
    };
    timed.last = last;
  }
  const ExpressionAttributeValues: Record<string, unknown> = {};
  for (const [placeholder, value] of last.values) {
    ExpressionAttributeValues[placeholder] = value instanceof Slot ? attributes[value.name] : value;
  }
  // A client of the application's may add to both.
  const ExpressionAttributeNames = { ...last.expressions.ExpressionAttributeNames };
  return { ...last.expressions, ExpressionAttributeNames, ExpressionAttributeValues };
}

/**
 * A condition that there is nothing, or an item with a place in each index, which is then kept. A place that
 * is made of fields, too, cannot be kept.
 */
function isIndexed(own: Placeholders, { kept, mixed }: TimedKeys): Compiled {
  if (mixed) return isNothing(own);
  const all = kept.map((name) => atom(`attribute_exists(${own.name(name)})`));
  return joined("OR", [isNothing(own), joined("AND", all)]);
}

/** Whether a number is too large to be a time, as nanoseconds are. */
function isBeyondTime(value: unknown): boolean {
  if (isExactNumber(value)) return value.toNumber() > lastMs;
  return (typeof value === "bigint" || typeof value === "number") && value > lastMs;
}

/** A condition that a stored CreatedAt is not too large to be a time. It is then kept. */
function isCreatedInTime(own: Placeholders): Compiled {
  return atom(`NOT ${own.name(attribute.createdAt)} > ${own.value(lastMs)}`);
}

/**
 * A condition that an item is still as it was seen, of which an index key is made again: due to an earlier
 * writer it has none, or fields are in it.
 */
function isUnindexed(own: Placeholders, { kept }: TimedKeys, seen: RawItem): Compiled {
  const missing = kept.filter((name) => seen[name] === undefined);
  return joined("AND", [
    ...missing.map((name) => isStill(own, name, undefined)),
    isStill(own, attribute.createdAt, seen),
  ]);
}
