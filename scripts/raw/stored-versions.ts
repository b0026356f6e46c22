/** Payloads as DynamoDB holds them, of whatever version, and as the current version has them. */

import { type AttributeValue, nativeValue, valueText } from "../../src/client/wire-format.js";
import type { EntityModel } from "../../src/entity/model.js";
import { isNewer, isOlder, storedVersion, upgradedData } from "../../src/entity/versions.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { attribute, type RawItem } from "../../src/table/table.js";
import { ruleOf } from "../../src/write/cancelled.js";
import { attributeText, attributeValueOf } from "./line.js";
import type { Item } from "./raw-table.js";

/** What a stored payload's version is to the code that looks at it. */
export type Age = "current" | "older" | "newer" | "none";

/** @returns `none` for an entity without versions, and for an item without a payload to be upgraded */
export function ageOf(model: EntityModel, item: Item): Age {
  const { versions } = model;
  if (versions === undefined) return "none";
  const raw = nativeItemOf(item, {});
  if (isNewer(model, raw)) return "newer";
  if (storedVersion(raw) === versions.current) return "current";
  return isOlder(model, raw) && item[attribute.data]?.M !== undefined ? "older" : "none";
}

/** The version of an item's payload, as people read it. */
export function versionText(item: Item): string {
  const held = item[attribute.dataVersion];
  return held === undefined ? "1" : (held.N ?? "no number");
}

/** The attributes of an item that are not its payload are kept as their texts say. */
function nativeItemOf(item: Item, Data: Record<string, unknown>): RawItem {
  const native = (name: string) => {
    const value = item[name];
    return value === undefined ? undefined : nativeOf(value);
  };
  return {
    PK: String(native(attribute.partitionKey)),
    SK: String(native(attribute.sortKey)),
    [attribute.dataVersion]: native(attribute.dataVersion),
    Data,
  };
}

function nativeOf(value: NonNullable<Item[string]>): unknown {
  return nativeValue(JSON.parse(attributeText(value)) as AttributeValue);
}

/** An upgraded payload, or the rule that its upgrade broke. */
export type Upgraded =
  | { readonly data: Record<string, unknown> }
  | { readonly rule: string; readonly cause?: unknown };

/**
 * The payload of an item of an older version as the current version has it.
 * @param open the item with its secrets decrypted
 */
export function upgradedOf(model: EntityModel, open: Item): Upgraded {
  const payload = open[attribute.data];
  const stored = payload === undefined ? {} : (nativeOf(payload) as Record<string, unknown>);
  try {
    return { data: upgradedData(model, nativeItemOf(open, stored)) };
  } catch (error) {
    if (!(error instanceof DynamoDBError)) throw error;
    return { rule: ruleOf(error, { entity: model.name, key: error.key }), cause: error.cause };
  }
}

/** A payload as a request of the raw table takes it. */
export function payloadValueOf(data: Readonly<Record<string, unknown>>): NonNullable<Item[string]> {
  return attributeValueOf(JSON.parse(valueText(data)), attribute.data);
}
