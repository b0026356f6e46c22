/**
 * What may lie at an entity's key: nothing, an item of the entity, a ghost, or something foreign.
 *
 * Reads see an item of the entity and nothing else, and every write agrees with them. A ghost holds
 * nothing that could be lost, so writes take its place. A foreign item is another writer's data: no
 * single-item write of the entity changes or removes it.
 */
import { atom, type Compiled, joined } from "../conditions/condition-logic.js";
import type { Placeholders } from "../conditions/placeholders.js";
import { isOf } from "../entity/item.js";
import type { EntityModel } from "../entity/model.js";
import { shown } from "../keys/template.js";
import { attribute, type RawItem } from "../table/table.js";
import { isStill } from "./expressions.js";

export type Occupant = "nothing" | "own" | "ghost" | "foreign";

/** All that a ghost has: the earlier layer's `update({})` of a missing item left its key and a time. */
const ghostAttributes: ReadonlySet<string> = new Set([
  attribute.partitionKey,
  attribute.sortKey,
  attribute.createdAt,
  attribute.updatedAt,
]);

/** Whether an item has a key, times perhaps, and nothing else. */
export function isGhost(item: object): boolean {
  return Object.keys(item).every((name) => ghostAttributes.has(name));
}

export function occupantOf(model: EntityModel, item: RawItem | null | undefined): Occupant {
  if (item === null || item === undefined) return "nothing";
  if (isOf(model, item)) return "own";
  return isGhost(item) ? "ghost" : "foreign";
}

/** What a foreign item is, in words. */
export function foreignRule(item: RawItem): string {
  const type: unknown = item[attribute.entityType];
  const kind =
    type === undefined ? `no ${attribute.entityType}` : `${attribute.entityType} ${shown(type)}`;
  return `another item is at this key (${kind})`;
}

/** An item of the entity is there. */
export function isOwn(own: Placeholders, { name }: EntityModel): Compiled {
  return atom(`${own.name(attribute.entityType)} = ${own.value(name)}`);
}

/** No item of the entity is there: nothing, or what no read of the entity sees. */
export function isNotOwn(own: Placeholders, { name }: EntityModel): Compiled {
  const type = own.name(attribute.entityType);
  return joined("OR", [
    atom(`attribute_not_exists(${type})`),
    atom(`${type} <> ${own.value(name)}`),
  ]);
}

/** Nothing is there, or an item of the entity. */
export function isOwnOrNothing(own: Placeholders, model: EntityModel): Compiled {
  return joined("OR", [isNothing(own), isOwn(own, model)]);
}

/** Nothing is there. */
export function isNothing(own: Placeholders): Compiled {
  return atom(`attribute_not_exists(${own.name(attribute.partitionKey)})`);
}

/** Something is there. */
export function isSomething(own: Placeholders): Compiled {
  return atom(`attribute_exists(${own.name(attribute.partitionKey)})`);
}

/** The ghost that was seen is there, as it was: no kind and no payload, and written by nobody since. */
export function isThatGhost(own: Placeholders, ghost: RawItem): Compiled {
  return joined("AND", [
    isStill(own, attribute.entityType, undefined),
    isStill(own, attribute.data, undefined),
    isStill(own, attribute.createdAt, ghost),
    isStill(own, attribute.updatedAt, ghost),
  ]);
}

/** The ghost that a refused request showed. */
export function ghostOf(model: EntityModel, item: RawItem | null | undefined): RawItem | undefined {
  return item != null && occupantOf(model, item) === "ghost" ? item : undefined;
}
