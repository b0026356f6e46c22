/** Items in the results of queries, replaced by what they are to be shown as. */

import type { Item } from "./change.js";
import { isUseCase } from "./invoke.js";
import { isObject } from "./touched.js";

/** What to show in place of an item; `null` for nothing. The same item if nothing changes. */
export type Replace = (item: Item) => Item | null;

/**
 * The result of a query with each item of a store replaced. The results of use cases are shown as they were
 * read: only their code knows what a change means for them.
 */
export function withItems(
  queryKey: readonly unknown[],
  data: unknown,
  store: string,
  replace: Replace,
): unknown {
  const [, own, kind] = queryKey;
  if (own === "collections") return inCollection(data, store, replace);
  if (own !== store || isUseCase(store)) return data;
  if (kind === "items") return inList(data, (one) => replaced(one, replace));
  return kind === "item" ? replaced(data, replace) : inPages(data, replace);
}

function replaced(item: unknown, replace: Replace): unknown {
  return isItem(item) ? replace(item) : item;
}

function inPages(data: unknown, replace: Replace): unknown {
  if (!isObject(data)) return data;
  if (Array.isArray(data.pages)) {
    return withMember(
      data,
      "pages",
      inList(data.pages, (page) => inPages(page, replace)),
    );
  }
  return Array.isArray(data.items) ? withMember(data, "items", inItems(data.items, replace)) : data;
}

function inCollection(data: unknown, store: string, replace: Replace): unknown {
  if (Array.isArray(data)) {
    return inItems(data, (item) => (item.entity === store ? replace(item) : item));
  }
  if (!isObject(data) || !Array.isArray(data[store])) return data;
  return withMember(data, store, inItems(data[store], replace));
}

/** Items without those that are not shown any more. */
function inItems(items: readonly unknown[], replace: Replace): unknown {
  const shown = items.map((item) => replaced(item, replace));
  const isSame = shown.every((item, index) => item === items[index]);
  return isSame ? items : shown.filter((item) => item !== null);
}

function inList(list: unknown, make: (one: unknown) => unknown): unknown {
  if (!Array.isArray(list)) return list;
  const made = list.map(make);
  return made.every((one, index) => one === list[index]) ? list : made;
}

function withMember(value: object, name: string, member: unknown): object {
  return Reflect.get(value, name) === member ? value : { ...value, [name]: member };
}

export function isItem(value: unknown): value is Item {
  return isObject(value) && isObject(value.data);
}
