/** Stored items to the items that callers get. */
import type { EntityModel } from "./entity-model.js";
import type { RawItem } from "./table.js";
import { epochMsOf } from "./timestamps.js";

/** An item as callers get it, with its key's parts beside these. */
export interface AnyItem {
  readonly data: Record<string, unknown>;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly [keyPart: string]: unknown;
}

/**
 * The item of a stored one. Its ids come from the raw keys: items of earlier writers hold them
 * nowhere else. An item without `Data` has `data: {}`; a time that was never stored is 0,
 * and so is an UpdatedAt that is no number.
 */
export function itemOf(model: EntityModel, raw: RawItem): AnyItem {
  const item: Record<string, unknown> = keyPartsOf(model, raw);
  const { CreatedAt, UpdatedAt } = raw;
  item.data = raw.Data ?? {};
  item.createdAt = typeof CreatedAt === "number" ? CreatedAt : (epochMsOf(CreatedAt) ?? 0);
  item.updatedAt = typeof UpdatedAt === "number" ? UpdatedAt : 0;
  return item as AnyItem;
}

/** The key's parts of a stored item, read from its keys by prefix. */
export function keyPartsOf(
  model: EntityModel,
  raw: Pick<RawItem, "PK" | "SK">,
): Record<string, string> {
  const parts: Record<string, string> = {};
  for (const name of model.pk.parts) parts[name] = raw.PK.slice(model.pk.prefix.length);
  for (const name of model.sk.parts) parts[name] = raw.SK.slice(model.sk.prefix.length);
  return parts;
}

/** Whether a stored item is one of the entity's. */
export function isOf(model: EntityModel, raw: RawItem): boolean {
  return raw.EntityType === model.name && raw.SK.startsWith(model.sk.prefix);
}

/** A copy of a stored value, of the realm that this code runs in (under Jest, structuredClone's is another). */
export function copyOf<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (value instanceof Set) return new Set([...value].map(copyOf)) as T;
  if (value instanceof Uint8Array) return value.slice() as T;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, copyOf(member)]),
  ) as T;
}
