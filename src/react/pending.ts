/**
 * The writes that are on their way, per cache. While there are any, each query's result is kept as it was read,
 * and is shown with their changes: so a page shows neither a state before them nor, if one fails, a wrong one.
 */
import type { Query, QueryClient } from "@tanstack/react-query";
import type { Change, Item } from "./change.js";
import { isItem, type Replace, withItems } from "./shown-items.js";
import { isObject, isSame } from "./touched.js";

/** A write that is on its way. */
export interface PendingWrite {
  /** The stores that it writes to. */
  readonly stores: readonly string[];
  /** The item's key, or an item. */
  readonly key: unknown;
  /** How the item is shown meanwhile. */
  readonly change: Change | undefined;
  /** Why it is not to be sent: the item is no longer what the change was made on. */
  overtaken?: unknown;
}

export interface Writes {
  /** In the order in which they were made. */
  readonly pending: Set<PendingWrite>;
  /** Results as they were read, by their queries and pages. */
  readonly read: Map<string, unknown>;
  /** How many writes to each store have ended. */
  readonly ended: Map<string, number>;
}

const all = new WeakMap<QueryClient, Writes>();

export function writesOf(client: QueryClient): Writes {
  let writes = all.get(client);
  if (writes === undefined) {
    writes = { pending: new Set(), read: new Map(), ended: new Map() };
    all.set(client, writes);
  }
  return writes;
}

/** Shows a change at once. */
export function begin(client: QueryClient, write: PendingWrite): void {
  writesOf(client).pending.add(write);
  if (write.change !== undefined) show(client);
}

/**
 * Takes a write that has ended off, and shows the item as it is now.
 * @param now the item as it is stored; `null` if it is gone, `undefined` if it is not known
 */
export function end(client: QueryClient, write: PendingWrite, now: unknown): void {
  const { pending, read, ended } = writesOf(client);
  const known = isItem(now) || now === null ? now : undefined;
  for (const store of write.stores) ended.set(store, (ended.get(store) ?? 0) + 1);
  pending.delete(write);
  show(
    client,
    known === undefined ? undefined : { ...write, key: known ?? write.key, item: known },
  );
  if (pending.size === 0) read.clear();
}

/**
 * Reads for a query: again, if a write to the store has ended meanwhile, since the response may be older, and
 * with the changes that are on their way.
 */
export async function readThrough(
  client: QueryClient,
  { queryKey, queryHash, pageParam }: ReadPlace,
  read: () => Promise<unknown>,
): Promise<unknown> {
  const writes = writesOf(client);
  const [, store] = queryKey;
  const endedNow = () => writes.ended.get(String(store)) ?? 0;
  let result: unknown;
  let before: number;
  let tries = 0;
  do {
    before = endedNow();
    result = await read();
    tries += 1;
  } while (before !== endedNow() && tries < mostTries);
  if (writes.pending.size === 0) return result;
  writes.read.set(placeOf(queryHash, pageParam), result);
  return withChanges(client, queryKey, result);
}

const mostTries = 3;

interface ReadPlace {
  readonly queryKey: readonly unknown[];
  readonly queryHash: string;
  /** Of a page of a list. */
  readonly pageParam: unknown;
}

function placeOf(queryHash: string, pageParam: unknown): string {
  return JSON.stringify([queryHash, pageParam ?? null]);
}

/** The version of an item that a cache has read last; `undefined` if it has none. */
export function lastRead(client: QueryClient, store: string, key: unknown): Item | undefined {
  let last: Item | undefined;
  const look: Replace = (item) => {
    const isLater = last === undefined || Number(item.updatedAt) > Number(last.updatedAt);
    if (isSame(key, item) && isLater) last = item;
    return item;
  };
  for (const query of dataQueries(client)) {
    for (const { result } of partsOf(client, query)) withItems(query.queryKey, result, store, look);
  }
  return last;
}

/** A result, or a page of one, as it was read. */
interface ReadPart {
  readonly place: string;
  readonly result: unknown;
}

function partsOf(client: QueryClient, { queryHash, state: { data } }: Query): readonly ReadPart[] {
  const { read } = writesOf(client);
  const part = (result: unknown, pageParam?: unknown): ReadPart => {
    const place = placeOf(queryHash, pageParam);
    return { place, result: read.has(place) ? read.get(place) : result };
  };
  if (!isPages(data)) return [part(data)];
  return data.pages.map((page, index) => part(page, data.pageParams[index]));
}

interface Pages {
  readonly pages: readonly unknown[];
  readonly pageParams: readonly unknown[];
}

function isPages(data: unknown): data is Pages {
  return isObject(data) && Array.isArray(data.pages) && Array.isArray(data.pageParams);
}

/** Shows every query as it was read, with the changes that are on their way. */
function show(
  client: QueryClient,
  now?: Pick<PendingWrite, "stores" | "key"> & { readonly item: Item | null },
): void {
  const { read } = writesOf(client);
  for (const query of dataQueries(client)) {
    const { queryKey, state } = query;
    const shown = partsOf(client, query).map(({ place, result }) => {
      const current = now === undefined ? result : withCurrent(queryKey, result, now);
      read.set(place, current);
      return withChanges(client, queryKey, current);
    });
    const before = isPages(state.data) ? state.data.pages : [state.data];
    if (shown.every((one, index) => one === before[index])) continue;
    const data = isPages(state.data) ? { ...state.data, pages: shown } : shown[0];
    const { isInvalidated, dataUpdatedAt: updatedAt } = state;
    client.setQueryData(queryKey, data, { updatedAt });
    // What is shown is no newer than before.
    if (isInvalidated) query.invalidate();
  }
}

function withCurrent(
  queryKey: readonly unknown[],
  result: unknown,
  { stores, key, item }: Pick<PendingWrite, "stores" | "key"> & { readonly item: Item | null },
): unknown {
  const [, own, kind, place] = queryKey;
  const isItsOwn = kind === "item" && stores.includes(String(own)) && isSame(place, key);
  // Until now there was none.
  if (isItsOwn && result === null && item !== null) return item;
  return stores.reduce(
    (found, store) =>
      withItems(queryKey, found, store, (one) => {
        if (!isSame(key, one)) return one;
        // A later version may have been read meanwhile.
        return item !== null && Number(item.updatedAt) < Number(one.updatedAt)
          ? one
          : marked(one, item);
      }),
    result,
  );
}

/** The item in a place where it may have a mark beside its members, as in `recent`. */
function marked(one: Item, item: Item | null): Item | null {
  return item === null || one.entity === undefined ? item : { ...item, entity: one.entity };
}

function withChanges(client: QueryClient, queryKey: readonly unknown[], result: unknown): unknown {
  let shown = result;
  for (const { stores, key, change } of writesOf(client).pending) {
    if (change === undefined) continue;
    for (const store of stores) {
      shown = withItems(queryKey, shown, store, (item) =>
        isSame(key, item) ? change(item) : item,
      );
    }
  }
  return shown;
}

/** The queries of this package that have a result. */
function dataQueries(client: QueryClient): Query[] {
  return client
    .getQueryCache()
    .findAll({ queryKey: ["data"] })
    .filter(({ state }) => state.data !== undefined);
}
