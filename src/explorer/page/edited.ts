/** What a write changes on the screens that are shown already, without reading them again. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import type { BrowsePage, EditResult, SentItem } from "../protocol.js";

type Key = SentItem["key"];

interface Pages {
  readonly pages: readonly BrowsePage[];
}

const isSame = (one: Key, other: Key): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Puts the item in place of what is shown of it; `null` takes it away. */
function showWritten(queries: QueryClient, store: string, key: Key, result: EditResult): void {
  const { item, keys } = result;
  queries.setQueryData(
    ["item", store, key],
    item === null
      ? null
      : (before: object | undefined) => ({ ...before, item, ...(keys && { keys }) }),
  );
  queries.removeQueries({ queryKey: ["raw", store, key] });
  queries.setQueriesData<Pages>({ queryKey: ["browse"] }, (found) => {
    if (found === undefined) return found;
    const pages = found.pages.map((page) => ({
      ...page,
      items: page.items.flatMap((one) => {
        if (one.store !== store || !isSame(one.key, key)) return [one];
        return item === null ? [] : [item];
      }),
    }));
    return { ...found, pages };
  });
  void queries.invalidateQueries({ queryKey: ["user"], refetchType: "none" });
}

/** A write that can be taken back. */
export interface Notice {
  readonly text: string;
  readonly store: string;
  readonly key: Key;
  readonly undo?: string;
}

let notice: Notice | undefined;
const listeners = new Set<() => void>();

export function tell(next: Notice | undefined): void {
  notice = next;
  for (const listener of listeners) listener();
}

export function useNotice(): Notice | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => notice,
  );
}

/** Shows what was written, and that it can be taken back. */
export function useWritten(): (store: string, key: Key, text: string, result: EditResult) => void {
  const queries = useQueryClient();
  return (store, key, text, result) => {
    showWritten(queries, store, key, result);
    const { undo } = result;
    tell({ text, store, key, ...(undo !== undefined && { undo }) });
  };
}
