/** The rows of a grid in their order, which many rows get a slice at a time. */
import { useEffect, useMemo, useState } from "react";
import type { SentItem } from "../protocol.js";
import { finished, inSlices } from "./slices.js";
import { type SortedBy, sorting } from "./sorting.js";

/** So many are sorted before the next frame. */
const mostAtOnce = 2_000;

interface Shown {
  readonly rows: readonly SentItem[];
  /** What they were made of. */
  readonly items: readonly SentItem[];
  readonly by: SortedBy | undefined;
}

/** Until many items are sorted, the rows are those before. */
export function useSortedRows(
  items: readonly SentItem[],
  by: SortedBy | undefined,
): { readonly rows: readonly SentItem[]; readonly isSorting: boolean } {
  const atOnce = useMemo(() => {
    if (by === undefined) return items;
    return items.length <= mostAtOnce ? finished(sorting(items, by)) : undefined;
  }, [items, by]);
  const [shown, setShown] = useState<Shown>({ rows: items, items, by: undefined });
  if (atOnce !== undefined && shown.rows !== atOnce) setShown({ rows: atOnce, items, by });
  const isSorting = atOnce === undefined && (shown.items !== items || shown.by !== by);
  useEffect(() => {
    if (!isSorting || by === undefined) return undefined;
    return inSlices(sorting(items, by), (rows) => setShown({ rows, items, by }));
  }, [items, by, isSorting]);
  return { rows: atOnce ?? shown.rows, isSorting };
}
