/** Which rows are selected, by their ids: an item that was changed stays selected. */
import { useMemo, useState } from "react";
import type { SentItem } from "../protocol.js";

export interface Selection {
  /** The ids of rows that are selected, which may be of items that are not shown any more. */
  readonly ids: ReadonlySet<string>;
  /** Those that are shown and selected, in their order. */
  readonly items: readonly SentItem[];
  toggle(item: SentItem): void;
  /** Selects all items that were read so far, or if they are selected, none. */
  toggleAll(): void;
}

const none: ReadonlySet<string> = new Set();

export function useSelection(items: readonly SentItem[]): Selection {
  const [ids, setIds] = useState(none);
  const selected = useMemo(
    () => (ids.size === 0 ? [] : items.filter((item) => ids.has(rowId(item)))),
    [ids, items],
  );
  const toggle = (item: SentItem) => {
    const next = new Set(ids);
    const id = rowId(item);
    if (!next.delete(id)) next.add(id);
    setIds(next);
  };
  const toggleAll = () =>
    setIds(selected.length === items.length ? none : new Set(items.map(rowId)));
  return { ids, items: selected, toggle, toggleAll };
}

const known = new WeakMap<SentItem, string>();

/** The id of a row, which is made once. */
export function rowId(item: SentItem): string {
  let id = known.get(item);
  if (id === undefined) {
    id = JSON.stringify(item.key);
    known.set(item, id);
  }
  return id;
}
