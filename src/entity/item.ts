/** Converts stored items to the items that callers get. */
import { isDeepStrictEqual, types } from "node:util";
import { isKeyOf, keyPartsOf } from "../keys/template.js";
import { isBytes, ownBytes } from "../runtime/realms.js";
import { showsMasked } from "../secrets/masking.js";
import { refuseUnreadable } from "../secrets/unreadable.js";
import type { RawItem } from "../table/table.js";
import { isExactNumber } from "../values/exact-number.js";
import { checkValue } from "../values/payload.js";
import { epochMsOf, isTime } from "../values/timestamps.js";
import { isExpired } from "./expiry.js";
import { type EntityModel, haveForms, partValue } from "./model.js";

/** An item as callers get it. It also has the parts of its key. */
export interface AnyItem {
  readonly data: Record<string, unknown>;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly [keyPart: string]: unknown;
}

/**
 * How to treat a secret that could not be opened: throw, throw after a write that was carried out,
 * or leave it as it is stored because the call does not depend on it.
 */
export type IfUnreadable = "refuse" | "refuseWritten" | "leave";

/**
 * The item for callers, made from a stored one. Its ids come from the raw keys, because items of
 * earlier writers have them nowhere else. An item without `Data` gets `data: {}`. A time is 0 if it
 * was never stored, or if the stored value is not a time: nanoseconds, for instance.
 * @param operation the call that gets the item, if it may share the request with other calls
 * @throws DecryptionError if a secret could not be opened
 */
export function itemOf(
  model: EntityModel,
  raw: RawItem,
  ifUnreadable: IfUnreadable = "refuse",
  operation?: string,
): AnyItem {
  const item: Record<string, unknown> = keyPartsOf(model, raw);
  if (model.numbered) {
    for (const name in model.forms) item[name] = partValue(model, name, item[name] as string);
  }
  const { CreatedAt, UpdatedAt } = raw;
  item.data = raw.Data ?? {};
  if (model.secrets.length > 0) {
    const written = ifUnreadable === "refuseWritten";
    if (ifUnreadable !== "leave") refuseUnreadable(model, raw, written, operation);
    item.data = showsMasked(model.secrets, item.data);
  }
  item.createdAt = isTime(CreatedAt) ? CreatedAt : (epochMsOf(CreatedAt) ?? 0);
  item.updatedAt = isTime(UpdatedAt) ? UpdatedAt : 0;
  return item as AnyItem;
}

/** Whether a stored item is one of the entity's, as every read sees it: one that has expired is not. */
export function isOf(model: EntityModel, raw: RawItem): boolean {
  return isStoredBy(model, raw) && !isExpired(model, raw);
}

/** Whether a stored item was stored by the entity, even if it has expired. */
export function isStoredBy(model: EntityModel, raw: RawItem): boolean {
  return (
    raw.EntityType === model.name &&
    isKeyOf(model.sk, raw.SK) &&
    (!model.numbered || haveForms(model, keyPartsOf(model, raw)))
  );
}

/**
 * Whether two items or values are stored identically, even if JavaScript distinguishes them: -0 and
 * 0, 1n and 1, a Buffer and a Uint8Array are the same to DynamoDB.
 */
export function isStoredAlike(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(checkValue(one, "", 1).value, checkValue(other, "", 1).value);
}

/**
 * A copy of a stored value, made in the realm of this code. Under Jest, structuredClone copies into
 * another realm.
 */
export function copyOf<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (types.isSet(value)) return new Set([...value].map(copyOf)) as T;
  if (isBytes(value)) return ownBytes(value) as T;
  if (isExactNumber(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, copyOf(member)]),
  ) as T;
}
