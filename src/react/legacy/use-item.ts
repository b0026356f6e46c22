/** One item by its raw key. */
import { type UseQueryResult as Result, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { membersOf } from "../members.js";
import { isItem } from "../shown-items.js";
import { idOf, itemPlace } from "./place.js";
import { type LegacyData, type QueryObject, useLegacyData } from "./provider.js";
import {
  type LegacyPayload,
  timesOf,
  type UseItemOptions,
  type UseItemResult,
  type WithId,
} from "./types.js";

type Key = string | null | undefined;

/**
 * One item of the user who is signed in, by its raw key; it waits while a key is `null`. Keys and options need
 * not be memoised.
 * @example
 * const { data, isLoading } = useItem<AgentProfile>(`USER#${userId}`, "AGENT#main", { enablePolling: true });
 */
export function useItem<T = LegacyPayload>(
  pk: Key,
  sk: Key,
  given: UseItemOptions = {},
): UseItemResult<T> {
  const legacy = useLegacyData("useItem");
  const options = membersOf("useItem", "options", given);
  const { fetchOnMount = true } = options;
  const isKey = Boolean(pk) && Boolean(sk);
  const found = useQuery({
    ...queryOf(legacy, pk, sk),
    ...timesOf(options),
    enabled: isKey && fetchOnMount,
  } as never) as Result<unknown>;
  const { data: item, error, isLoading, refetch: again } = found;
  const data = useMemo(
    // The call site says which payload it is, as it always did.
    () => (isItem(item) ? ({ ...item.data, id: idOf(sk ?? "") } as WithId<T>) : null),
    [item, sk],
  );
  const refetch = useCallback(async () => {
    if (isKey) await again();
  }, [isKey, again]);
  return { data, error, isLoading, refetch };
}

function queryOf({ userId, queries }: LegacyData, pk: Key, sk: Key): QueryObject {
  if (!pk || !sk) return { queryKey: ["data", "none"], queryFn: () => null };
  try {
    const { store = "", part, id } = itemPlace(userId, pk, sk);
    const query = queries[store]?.get?.(part === undefined ? {} : { [part]: id });
    return query ?? failing(new Error("no such store"), pk, sk);
  } catch (error) {
    // A hook returns its errors.
    return failing(error, pk, sk);
  }
}

/** A query that fails. Keys that are no texts, which only JavaScript can give, go by their type. */
export function failing(error: unknown, ...keys: readonly unknown[]): QueryObject {
  return {
    queryKey: ["data", "none", ...keys.map((key) => (typeof key === "string" ? key : typeof key))],
    queryFn: () => Promise.reject(error),
    retry: false,
    initialPageParam: null,
    getNextPageParam: () => null,
  };
}
