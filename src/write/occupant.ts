/**
 * What may be stored at an entity's key: nothing, an item of the entity, one that has expired, a ghost,
 * or a foreign item.
 *
 * Reads see only items of the entity, and every write is consistent with that. An expired item and a
 * ghost contain nothing that could be lost, so writes replace them. A foreign item is another writer's
 * data, so no single-item write of the entity changes or removes it.
 */
import { atom, type Compiled, joined } from "../conditions/condition-logic.js";
import type { Placeholders } from "../conditions/placeholders.js";
import { isExpired } from "../entity/expiry.js";
import { isStoredBy } from "../entity/item.js";
import type { EntityModel } from "../entity/model.js";
import { hasExpired, isOwn, isStored } from "../entity/own-items.js";
import { shown } from "../errors/key-text.js";
import { attribute, type RawItem } from "../table/table.js";
import { isStill } from "./expressions.js";

export type Occupant = "nothing" | "own" | "expired" | "ghost" | "foreign";

/**
 * The only attributes of a ghost. The earlier layer's `update({})` of a missing item left a key and
 * a time.
 */
const ghostAttributes: ReadonlySet<string> = new Set([
  attribute.partitionKey,
  attribute.sortKey,
  attribute.createdAt,
  attribute.updatedAt,
]);

/** Whether an item has only a key, and perhaps times. */
export function isGhost(item: object): boolean {
  return Object.keys(item).every((name) => ghostAttributes.has(name));
}

export function occupantOf(model: EntityModel, item: RawItem | null | undefined): Occupant {
  if (item === null || item === undefined) return "nothing";
  if (isStoredBy(model, item)) return isExpired(model, item) ? "expired" : "own";
  return isGhost(item) ? "ghost" : "foreign";
}

/** The message about a foreign item. */
export function foreignRule(item: RawItem): string {
  const type: unknown = item[attribute.entityType];
  const kind =
    type === undefined ? `no ${attribute.entityType}` : `${attribute.entityType} ${shown(type)}`;
  return `another item is at this key (${kind})`;
}

/** A condition that there is an item of the entity that has expired. */
export function isOwnExpired(own: Placeholders, model: EntityModel): Compiled {
  return joined("AND", [isStored(own, model), atom(hasExpired(own, model))]);
}

/**
 * A condition that no item of the entity exists: nothing, or an item that the entity's reads ignore.
 */
export function isNotOwn(own: Placeholders, model: EntityModel): Compiled {
  const type = own.name(attribute.entityType);
  return joined("OR", [
    atom(`attribute_not_exists(${type})`),
    atom(`${type} <> ${own.value(model.name)}`),
    ...(model.expires === undefined ? [] : [atom(hasExpired(own, model))]),
  ]);
}

/** A condition that there is nothing, or an item of the entity. */
export function isOwnOrNothing(own: Placeholders, model: EntityModel): Compiled {
  return joined("OR", [isNothing(own), isOwn(own, model)]);
}

/** The same, or one of its items that has expired. */
export function isStoredOrNothing(own: Placeholders, model: EntityModel): Compiled {
  return joined("OR", [isNothing(own), isStored(own, model)]);
}

/** A condition that there is nothing, or an item of the entity that has expired. */
export function isVacant(own: Placeholders, model: EntityModel | undefined): Compiled {
  if (model?.expires === undefined) return isNothing(own);
  return joined("OR", [isNothing(own), isOwnExpired(own, model)]);
}

/** A condition that there is nothing. */
export function isNothing(own: Placeholders): Compiled {
  return atom(`attribute_not_exists(${own.name(attribute.partitionKey)})`);
}

/** A condition that there is any item. */
export function isSomething(own: Placeholders): Compiled {
  return atom(`attribute_exists(${own.name(attribute.partitionKey)})`);
}

/**
 * A condition that the ghost is still as it was seen: no entity type, no payload, and the same times.
 */
export function isThatGhost(own: Placeholders, ghost: RawItem): Compiled {
  return joined("AND", [
    isStill(own, attribute.entityType, undefined),
    isStill(own, attribute.data, undefined),
    isStill(own, attribute.createdAt, ghost),
    isStill(own, attribute.updatedAt, ghost),
  ]);
}

/** The ghost that a refused request found; `undefined` for any other item. */
export function ghostOf(model: EntityModel, item: RawItem | null | undefined): RawItem | undefined {
  return item != null && occupantOf(model, item) === "ghost" ? item : undefined;
}
