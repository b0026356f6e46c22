/** The items of a partition by the beginning of their raw sort keys. */
import {
  type InfiniteData,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
} from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { wrongCall } from "../../browser/errors.js";
import type { Item } from "../change.js";
import { invoke, sourceOf } from "../invoke.js";
import { membersOf } from "../members.js";
import { isItem } from "../shown-items.js";
import { whereOf } from "./filter.js";
import { idOf, listPlace, sortKeyOf } from "./place.js";
import { type LegacyData, type QueryObject, useLegacyData } from "./provider.js";
import {
  type LegacyPayload,
  timesOf,
  type UseQueryConfig,
  type UseQueryResult,
  type WithId,
} from "./types.js";
import { failing } from "./use-item.js";

type Key = string | null | undefined;

/** An item with its raw sort key. */
interface Found {
  readonly sk: string;
  readonly item: Item;
}

interface Page {
  readonly items: readonly unknown[];
  readonly cursor: string | null;
}

/**
 * The items of a partition of the user who is signed in, whose raw sort keys begin with a text; it waits while
 * the partition is `null`. Keys and configuration need not be memoised. Without a text it reads everything of
 * the partition at once.
 * @example
 * const { data, hasMore, loadMore } = useQuery<SavedContent>(`USER#${userId}`, "CONTENT#", { limit: 20 });
 */
export function useQuery<T = LegacyPayload>(
  pk: Key,
  skPrefix?: Key,
  given: UseQueryConfig = {},
): UseQueryResult<T> {
  const legacy = useLegacyData("useQuery");
  const config = membersOf("useQuery", "options", given);
  const { fetchOnMount = true, autoLoadAll = false } = config;
  const isKey = Boolean(pk);
  const found = useInfiniteQuery({
    ...listOf(legacy, pk ?? "", skPrefix ?? "", config),
    ...timesOf(config),
    enabled: isKey && fetchOnMount,
  } as never) as UseInfiniteQueryResult<InfiniteData<Page>>;
  const { data: pages, error, isLoading, isFetching, hasNextPage: hasMore } = found;
  const { refetch: again, fetchNextPage } = found;
  const data = useMemo(
    () =>
      pages?.pages.flatMap(({ items }) =>
        // The call site says which payload it is, as it always did.
        items.filter(isFound).map(({ sk, item }) => ({ ...item.data, id: idOf(sk) }) as WithId<T>),
      ) ?? null,
    [pages],
  );
  const refetch = useCallback(async () => {
    if (isKey) await again();
  }, [isKey, again]);
  const loadMore = useCallback(async () => {
    if (hasMore) await fetchNextPage();
  }, [hasMore, fetchNextPage]);
  useEffect(() => {
    if (autoLoadAll && hasMore && !isFetching && error === null) void fetchNextPage();
  }, [autoLoadAll, hasMore, isFetching, error, fetchNextPage]);
  return { data, error, isLoading, refetch, hasMore, loadMore };
}

function isFound(value: unknown): value is Found {
  return typeof value === "object" && value !== null && "sk" in value;
}

function listOf(
  { api, userId, queries }: LegacyData,
  pk: string,
  skPrefix: string,
  config: UseQueryConfig,
): QueryObject {
  if (pk === "") return failing(new Error("waits"), pk, skPrefix);
  try {
    const { store, part, id } = listPlace(userId, pk, skPrefix);
    if (store === undefined) return everything(api, skPrefix, config);
    const { limit, scanIndexForward = true } = config;
    const options = {
      ...(limit !== undefined && { limit }),
      ...(part !== undefined && id !== "" && { startsWith: id }),
      ...(!scanIndexForward && { order: "desc" }),
      where: whereOf(config),
    };
    const list = queries[store]?.list?.(options);
    return { ...list, queryKey: list?.queryKey ?? [], select: withKeys(store) };
  } catch (error) {
    // A hook returns its errors.
    return failing(error, pk, skPrefix);
  }
}

/** Pages with the raw sort keys of their items. */
function withKeys(store: string) {
  return (data: InfiniteData<Page>): InfiniteData<Page> => ({
    ...data,
    pages: data.pages.map((page) => ({
      ...page,
      items: page.items.filter(isItem).map((item) => ({ item, sk: sortKeyOf(store, item) })),
    })),
  });
}

/** Everything in the user's partition, as one page: it is read by a collection, which has no pages. */
function everything(api: object, skPrefix: string, config: UseQueryConfig): QueryObject {
  if (config.filterExpression !== undefined) {
    throw wrongCall(
      "useQuery",
      "filterExpression",
      "needs the whole prefix of an entity's sort keys",
    );
  }
  const source = sourceOf(api, "collections", "workspace");
  const isDescending = config.scanIndexForward === false;
  return {
    queryKey: ["data", "collections", "workspace", "pages", skPrefix, isDescending],
    retry: false,
    initialPageParam: null,
    getNextPageParam: () => null,
    queryFn: async ({ signal }: { readonly signal: AbortSignal }): Promise<Page> => {
      const stores = Object.entries((await invoke(source, [{ signal }])) as Collection);
      const found = stores.flatMap(([store, items]) =>
        items.map((item): Found => ({ item, sk: sortKeyOf(store, item) })),
      );
      const sorted = found
        .filter(({ sk }) => sk.startsWith(skPrefix))
        .sort((one, other) => (one.sk < other.sk ? -1 : 1));
      return { items: isDescending ? sorted.reverse() : sorted, cursor: null };
    },
  };
}

type Collection = Readonly<Record<string, readonly Item[]>>;
