/** The size of items, counted before they are sent. */
import { valueText } from "../client/wire-format.js";
import { mostSealedBytes } from "../secrets/encryption.js";
import { attribute } from "../table/table.js";
import { checkValue, itemBytes } from "../values/payload.js";
import { type IndexKey, indexKeyOf, textOf } from "./indexes.js";
import { type EntityModel, type KeyParts, rawKeyOf } from "./model.js";

/** The size of an entity's items, without the payload. */
export interface ItemSize {
  /** The bytes of an item whose key parts are all empty. */
  readonly withoutParts: number;
  /** How often the item contains each part: once as an attribute, and once in each key made from it. */
  readonly places: Readonly<Record<string, number>>;
}

export function itemSizeOf(model: EntityModel): ItemSize {
  // The creation time is no attribute of its own if it is a part of the key.
  const stored = model.parts.filter((part) => part !== "createdAt");
  const empty = Object.fromEntries(stored.map((part) => [part, ""]));
  const item = {
    ...rawKeyOf(model, { ...empty, createdAt: "" }),
    // Keys that fields are in are counted with the payload.
    ...indexKeyOf(model, empty, 0, {}),
    ...empty,
    [attribute.entityType]: model.name,
    [attribute.data]: "",
    [attribute.createdAt]: 0,
    [attribute.updatedAt]: 0,
    ...((model.versions?.current ?? 1) > 1 && { [attribute.dataVersion]: 0 }),
  };
  const ofIndexes = model.indexKeys.filter(({ fields }) => fields.length === 0);
  const keys = [model.pk, model.sk, ...ofIndexes.map(({ template }) => template)];
  const placesOf = (part: string) =>
    keys.filter((key) => key.parts.includes(part)).length + (stored.includes(part) ? 1 : 0);
  return {
    withoutParts: itemBytes(item, 0),
    places: Object.fromEntries(model.parts.map((part) => [part, placesOf(part)])),
  };
}

/** The bytes of an item with these key parts and a payload of that size. */
export function sizeOf(size: ItemSize, parts: KeyParts, dataBytes: number): number {
  let bytes = size.withoutParts + dataBytes;
  for (const name in parts) {
    bytes += (size.places[name] ?? 0) * Buffer.byteLength(parts[name] as string);
  }
  return bytes;
}

/** The bytes of the index keys that fields are in. */
export function fieldKeyBytes(
  { fieldKeys }: { readonly fieldKeys: readonly IndexKey[] },
  parts: KeyParts,
  data: Readonly<Record<string, unknown>>,
): number {
  let bytes = 0;
  for (const key of fieldKeys) {
    const text = textOf(key, { ...parts, createdAt: 0 }, data);
    if (text !== undefined) bytes += key.attribute.length + Buffer.byteLength(text);
  }
  return bytes;
}

/** The most bytes that encryption adds to a payload. */
export function sealingBytes(
  { encrypted }: EntityModel,
  fields: Readonly<Record<string, unknown>>,
): number {
  let bytes = 0;
  for (const field of encrypted) {
    const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (value === null || value === undefined) continue;
    bytes += mostSealedBytes(Buffer.byteLength(valueText(value))) - checkValue(value, field).bytes;
  }
  return bytes;
}
