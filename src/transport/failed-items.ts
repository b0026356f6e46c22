/**
 * The items on errors. lib-dynamodb converts responses but leaves these in DynamoDB's own form (3.1162),
 * in which ElectroDB wants them, because it converts them itself.
 */
import { type AttributeValue, nativeCopyOf, unmarshallable } from "../client/wire-format.js";
import type { RawItem } from "../table/table.js";

/**
 * Converts the item that an error or a cancellation reason holds, in place.
 * @returns the item, if there is one
 */
export function convertItem(holder: unknown): RawItem[] {
  const item = (holder as { readonly Item?: unknown } | null | undefined)?.Item;
  if (typeof item !== "object" || item === null) return [];
  if (!isInAttributes(item)) return [item as RawItem];
  const value = nativeCopyOf(item as Record<string, AttributeValue>);
  Reflect.defineProperty(holder as object, "Item", {
    value,
    enumerable: false,
    configurable: true,
    writable: true,
  });
  return [value as RawItem];
}

/** The value of an error's property, in which ElectroDB can convert the items. */
export function electroForm(property: string, value: unknown): unknown {
  if (property === "CancellationReasons" && Array.isArray(value)) {
    return value.map((reason: { readonly Item?: unknown } | null) => {
      const item = electroForm("Item", reason?.Item);
      return item === reason?.Item ? reason : { ...reason, Item: item };
    });
  }
  const isItem = property === "Item" && typeof value === "object" && value !== null;
  return isItem && isInAttributes(value) ? unmarshallable(value) : value;
}

/** Whether an item is in DynamoDB's own form. */
function isInAttributes(item: object): item is Record<string, AttributeValue> {
  return Object.values(item).every(isAttributeValue);
}

function isAttributeValue(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const types = Object.keys(value);
  return types.length === 1 && /^(?:S|N|BOOL|NULL|L|M|B|SS|NS|BS)$/.test(types[0] ?? "");
}
