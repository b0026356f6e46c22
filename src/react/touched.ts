/** Which queries a write has put out of date: those of the item, of its lists, and of the use cases that read it. */
import { useCaseStores } from "../call/use-case-stores.js";
import { isUseCase } from "./invoke.js";

/** A write, as far as it says what was written. */
export interface Write {
  readonly store: string;
  /** The items that were written, or their keys; `undefined` if it is not known which. */
  readonly items: readonly object[] | undefined;
}

/** A query in a cache. */
export interface CachedQuery {
  readonly queryKey: readonly unknown[];
  readonly data: unknown;
}

type Members = Readonly<Record<string, unknown>>;

/** Whether a query shows what was written, or may have to. */
export function isTouched({ queryKey, data }: CachedQuery, { store, items }: Write): boolean {
  const [root, own, kind, place, parts] = queryKey;
  if (root !== "data" || typeof own !== "string") return false;
  if (isUseCase(own)) return readsOf(own, String(kind), data)?.includes(store) ?? true;
  if (own !== store) return false;
  if (items === undefined) return true;
  switch (kind) {
    case "item":
      return items.some((item) => isSame(place, item) && !isShown(data, item));
    case "items":
      return (place as unknown[]).some((key) => items.some((item) => isSame(key, item)));
    default:
      return items.some((item) => isSame(parts, fieldsOf(item)) || holds(data, item));
  }
}

/** The stores that a use case reads; `undefined` if it is not known. */
function readsOf(group: string, call: string, data: unknown): readonly string[] | undefined {
  const stores: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> =
    useCaseStores;
  if (group !== "collections") return stores[group]?.[call];
  // A collection has a list for each store in it, `recent` one for all.
  return isObject(data) && !Array.isArray(data) && !Array.isArray(data.pages)
    ? Object.keys(data)
    : undefined;
}

/** What is no part of a key, though it is a member of an item. */
const notKeys: readonly string[] = ["data", "updatedAt"];

/**
 * Whether two keys, or items, name the same item: nothing that both have differs. One of them may lack what a
 * user's scope fixes.
 */
export function isSame(one: unknown, other: unknown): boolean {
  if (!isObject(one) || !isObject(other)) return false;
  const shared = Object.keys(one).filter((name) => !notKeys.includes(name) && name in other);
  return shared.every((name) => String(one[name]) === String(other[name]));
}

/** Whether what was written, or a later version of it, is there already. */
function isShown(data: unknown, item: object): boolean {
  const { updatedAt } = item as Members;
  return isObject(data) && typeof updatedAt === "number" && Number(data.updatedAt) >= updatedAt;
}

/** An item's members, and the fields of its payload, of which the keys of indexes are made. */
function fieldsOf(item: object): Members {
  const { data } = item as Members;
  return { ...(isObject(data) ? data : {}), ...item };
}

/** Whether a list that was read has the item. */
function holds(data: unknown, item: object): boolean {
  return itemsIn(data).some((one) => isSame(one, item));
}

/** The items of a page, or of the pages of a list. */
export function itemsIn(data: unknown): readonly unknown[] {
  if (!isObject(data)) return [];
  const { pages, items } = data;
  if (Array.isArray(pages)) return pages.flatMap(itemsIn);
  return Array.isArray(items) ? items : [];
}

export function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null;
}
