/** The item that a write stores, and the item after the write. */
import { expiryAttribute } from "../entity/expiry.js";
import { indexKeyOf } from "../entity/indexes.js";
import type { Draft } from "../entity/input.js";
import { type AnyItem, itemOf } from "../entity/item.js";
import { type EntityModel, rawKeyOf, storedParts } from "../entity/model.js";
import { noteCopy } from "../secrets/opened.js";
import { attribute, type RawItem, type RawKey } from "../table/table.js";

/** The stored form of an item. */
export function rawItemOf(
  model: EntityModel,
  { parts, data, createdAt = 0 }: Draft,
  updatedAt: number,
): RawItem {
  const stored = storedParts(model, parts);
  const keys = indexKeyOf(model, parts, createdAt, data);
  const item = Object.assign(rawKeyOf(model, parts), keys, stored, {
    [attribute.entityType]: model.name,
    [attribute.data]: data,
    [attribute.createdAt]: createdAt,
    [attribute.updatedAt]: updatedAt,
    ...storedVersionOf(model),
  });
  return model.expires === undefined ? item : Object.assign(item, expiryAttribute(model, data));
}

/** The version of a payload as an item has it: version 1 is not stored. */
export function storedVersionOf({ versions }: Pick<EntityModel, "versions">): Partial<RawItem> {
  const current = versions?.current ?? 1;
  return current > 1 ? { [attribute.dataVersion]: current } : {};
}

/** The item after a write, from the attributes in the response. */
export function writtenItemOf(
  model: EntityModel,
  key: RawKey,
  attributes: RawItem | undefined,
): AnyItem {
  return itemOf(model, withKey(key, attributes), "refuseWritten");
}

/** The attributes of a response, which mostly have the key: a copy of them costs as much as all else here. */
function withKey(key: RawKey, attributes: RawItem | undefined): RawItem {
  if (attributes?.PK === key.PK && attributes.SK === key.SK) return attributes;
  const item = { ...key, ...attributes };
  if (attributes !== undefined) noteCopy(attributes, item);
  return item;
}
