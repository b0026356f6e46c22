/** An item of an older version as the current version stores it, and the write that replaces it. */
import { expiryAttribute } from "../../src/entity/expiry.js";
import { keysOfUpgrade, textOf } from "../../src/entity/indexes.js";
import type { EntityModel } from "../../src/entity/model.js";
import { keyPartsOf } from "../../src/keys/template.js";
import type { Cipher } from "../../src/secrets/encryption.js";
import { attribute, limits, type RawKey } from "../../src/table/table.js";
import { epochMsOf, isTime } from "../../src/values/timestamps.js";
import { itemSize } from "../raw/item-size.js";
import { attributeText } from "../raw/line.js";
import type { Item, RawTable, WriteOutcome } from "../raw/raw-table.js";
import { hasExpired } from "../raw/stored-expiry.js";
import { sealedValue, secretsOf, withOpenSecrets, withValues } from "../raw/stored-secrets.js";
import { payloadValueOf, upgradedOf } from "../raw/stored-versions.js";
import { attributesOf } from "./sweep.js";

/** Why a payload was left as it is. */
export type LeftKind = "unreadable" | "failed" | "tooLarge" | "contended";

/** Why an item is left. */
export interface Leave {
  readonly kind: LeftKind;
  readonly rule: string;
}

/** What is stored in place of an older payload. */
export interface Fresh {
  readonly data: NonNullable<Item[string]>;
  readonly version: number;
  /** The index keys that are made of its fields, and its expiry; `undefined` if it has one no longer. */
  readonly attributes: Readonly<Record<string, NonNullable<Item[string]> | undefined>>;
}

export async function freshOf(
  model: EntityModel,
  item: Item,
  cipher: Cipher | undefined,
): Promise<Fresh | Leave> {
  const secrets = secretsOf(item, model.secrets);
  if (cipher === undefined && secrets.some(({ keyId }) => keyId !== undefined)) {
    return { kind: "unreadable", rule: "has encrypted secrets, and no keys are configured" };
  }
  const { item: open, unreadable } =
    cipher === undefined ? { item, unreadable: [] } : await withOpenSecrets(item, secrets, cipher);
  if (unreadable.length > 0) return { kind: "unreadable", rule: unreadable.join("; ") };
  const upgraded = upgradedOf(model, open);
  if ("rule" in upgraded) return { kind: "failed", rule: upgraded.rule };
  const { data } = upgraded;
  const clear = { ...item, [attribute.data]: payloadValueOf(data) };
  const stored = await sealedAll(model, clear, cipher);
  const bytes = itemSize(stored);
  if (bytes > limits.itemBytes) {
    return { kind: "tooLarge", rule: `would take ${bytes} bytes: at most ${limits.itemBytes}` };
  }
  const version = model.versions?.current ?? 1;
  return {
    data: stored[attribute.data] as Fresh["data"],
    version,
    attributes: derived(model, item, data),
  };
}

/** The item with all its secrets encrypted anew. */
async function sealedAll(
  model: EntityModel,
  item: Item,
  cipher: Cipher | undefined,
): Promise<Item> {
  if (cipher === undefined) return item;
  const current = await cipher.currentKey();
  const values = new Map<string, NonNullable<Item[string]>>();
  for (const secret of secretsOf(item, model.secrets)) {
    const text = attributeText(secret.value);
    values.set(secret.place.field, await sealedValue(text, secret, cipher, current));
  }
  return withValues(item, values);
}

/** The attributes that follow from a payload's fields. */
function derived(
  model: EntityModel,
  item: Item,
  data: Readonly<Record<string, unknown>>,
): Fresh["attributes"] {
  const attributes: Record<string, NonNullable<Item[string]> | undefined> = {};
  const time = createdAtOf(model, item);
  const keys = keysOfUpgrade(model, item, time !== undefined);
  const parts = { ...keyPartsOf(model, keyOf(item)), createdAt: time ?? 0 };
  for (const key of keys) {
    const text = textOf(key, parts, data);
    attributes[key.attribute] = text === undefined ? undefined : { S: text };
  }
  // An item that has expired is gone for all readers, and an upgrade brings none back.
  if (model.expires !== undefined && !hasExpired(item, Date.now())) {
    const { [attribute.timeToLive]: seconds } = expiryAttribute(model, data);
    const value = seconds === undefined ? undefined : { N: String(seconds) };
    attributes[attribute.timeToLive] = value;
  }
  return attributes;
}

function createdAtOf(model: EntityModel, item: Item): number | undefined {
  if (model.timed) return Number(keyPartsOf(model, keyOf(item)).createdAt);
  const { N } = item[attribute.createdAt] ?? {};
  const time = N === undefined ? Number.NaN : Number(N);
  return isTime(time) ? time : epochMsOf(item[attribute.createdAt]?.S);
}

/** Replaces a payload, if the item is still as it was read. */
export function replaced(table: RawTable, item: Item, fresh: Fresh): Promise<WriteOutcome> {
  const names: Record<string, string> = {
    "#data": attribute.data,
    "#version": attribute.dataVersion,
  };
  const values: Item = { ":data": fresh.data, ":version": { N: String(fresh.version) } };
  const sets = ["#data = :data", "#version = :version"];
  const removes: string[] = [];
  for (const [name, value] of Object.entries(fresh.attributes)) {
    const at = `a${Object.keys(names).length}`;
    names[`#${at}`] = name;
    if (value === undefined) removes.push(`#${at}`);
    else {
      values[`:${at}`] = value;
      sets.push(`#${at} = :${at}`);
    }
  }
  const conditions: string[] = [];
  const seen = [
    attribute.entityType,
    attribute.dataVersion,
    attribute.createdAt,
    attribute.updatedAt,
  ];
  for (const name of seen) {
    const at = `s${conditions.length}`;
    names[`#${at}`] = name;
    const held = item[name];
    if (held === undefined) conditions.push(`attribute_not_exists(#${at})`);
    else {
      values[`:${at}`] = held;
      conditions.push(`#${at} = :${at}`);
    }
  }
  const removal = removes.length === 0 ? "" : ` REMOVE ${removes.join(", ")}`;
  return table.update({
    Key: attributesOf(keyOf(item)),
    UpdateExpression: `SET ${sets.join(", ")}${removal}`,
    ConditionExpression: conditions.join(" AND "),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  });
}

/** Whether an item has the new payload: nobody else makes the same of it and leaves UpdatedAt. */
export function holds(item: Item, { data, version }: Fresh): boolean {
  const held = item[attribute.data];
  const isOfVersion = Number(item[attribute.dataVersion]?.N) === version;
  return isOfVersion && held !== undefined && attributeText(held) === attributeText(data);
}

/** The key of an item. */
export function keyOf(item: Item): RawKey {
  return {
    PK: item[attribute.partitionKey]?.S ?? "",
    SK: item[attribute.sortKey]?.S ?? "",
  };
}
