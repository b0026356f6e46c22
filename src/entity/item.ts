/** Converts stored items to the items that callers get. */
import { isDeepStrictEqual } from "node:util";
import { hasForm } from "../keys/part-forms.js";
import { isKeyOf, keyPartsOf } from "../keys/template.js";
import { showsMasked } from "../secrets/masking.js";
import { refuseUnreadable } from "../secrets/unreadable.js";
import { createdAtDigits, type RawItem } from "../table/table.js";
import { checkValue } from "../values/payload.js";
import { epochMsOf, isTime } from "../values/timestamps.js";
import { isExpired } from "./expiry.js";
import { type EntityModel, haveForms, partValue } from "./model.js";
import { type FieldPath, picked } from "./projection.js";
import { isOlder, upgradedData } from "./versions.js";

/** An item as callers get it. It also has the parts of its key. */
export interface AnyItem {
  readonly data: Record<string, unknown>;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly [keyPart: string]: unknown;
}

/**
 * How to treat a secret that could not be opened: throw, throw after a write that was carried out,
 * or leave it as it is stored because the call does not depend on it. An older payload that cannot be
 * upgraded is treated in the same way.
 */
export type IfUnreadable = "refuse" | "refuseWritten" | "leave";

/**
 * The item for callers, made from a stored one. Its ids come from the raw keys, because items of
 * earlier writers have them nowhere else, and so does a creation time that is a part of the key. An item
 * without `Data` gets `data: {}`. A time is 0 if it was never stored, or if the stored value is not a
 * time: nanoseconds, for instance.
 * @param operation the call that gets the item, if it may share the request with other calls
 * @param fields the fields of the payload that the call asked for, if all of them were read
 * @throws DecryptionError if a secret could not be opened
 * @throws DynamoDBError `UpgradeFailed` if a payload of an older version could not be upgraded
 */
export function itemOf(
  model: EntityModel,
  raw: RawItem,
  ifUnreadable: IfUnreadable = "refuse",
  operation?: string,
  fields?: readonly FieldPath[],
): AnyItem {
  const item: Record<string, unknown> = keyPartsOf(model, raw);
  if (model.numbered) {
    for (const name in model.forms) item[name] = partValue(model, name, item[name] as string);
  }
  const { UpdatedAt } = raw;
  item.data = raw.Data ?? {};
  if (isOlder(model, raw)) item.data = upgradedOr(model, raw, ifUnreadable, operation);
  else if (model.secrets.length > 0 && ifUnreadable !== "leave") {
    const written = ifUnreadable === "refuseWritten";
    const names = fields?.map(([name]) => name as string);
    refuseUnreadable(model, raw, written, operation, names);
  }
  if (fields !== undefined) item.data = picked(item.data, fields);
  if (model.secrets.length > 0) item.data = showsMasked(model.secrets, item.data);
  item.createdAt = createdAtOf(raw, model.timed ? String(item.createdAt) : "");
  item.updatedAt = isTime(UpdatedAt) ? UpdatedAt : 0;
  return item as AnyItem;
}

/**
 * When an item was created. A time in its key is the one that counts, whatever an earlier writer stored
 * beside it: the item names its own key.
 */
function createdAtOf({ CreatedAt }: RawItem, inKey: string): unknown {
  if (hasForm(createdAtDigits, inKey)) return Number(inKey);
  return isTime(CreatedAt) ? CreatedAt : (epochMsOf(CreatedAt) ?? 0);
}

/** The payload of an older version as one of the current version, or as it is stored if need be. */
function upgradedOr(
  model: EntityModel,
  raw: RawItem,
  ifUnreadable: IfUnreadable,
  operation: string | undefined,
): unknown {
  try {
    return upgradedData(model, raw, operation);
  } catch (error) {
    if (ifUnreadable === "leave") return raw.Data;
    throw error;
  }
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
