/** A query that is kept up to date. */
import {
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { wrongCall } from "../browser/errors.js";
import { longestTimerMs } from "../runtime/signals.js";
import type { QueryPage } from "../store/store-types.js";
import { listen, type Opened } from "./listening.js";
import { membersOf } from "./members.js";
import { type AnyQuery, apiIn } from "./query-api.js";
import type { DataPages, DataQuery, PageCursor } from "./query-types.js";
import { renderedAt } from "./rendered.js";

export interface LiveQueryOptions {
  /** How often a query is read where the handler tells no changes, in ms, 1 to 2147483647. @default 5000 */
  readonly pollMs?: number | undefined;
}

/**
 * Like `useInfiniteQuery`, and keeps the pages up to date: what changes is read again, as the handler tells it;
 * without a connection the pages are read every `pollMs`.
 */
export function useLive<Item>(
  query: DataPages<Item>,
  options?: LiveQueryOptions,
): UseInfiniteQueryResult<InfiniteData<QueryPage<Item>, PageCursor>, Error>;
/**
 * Like `useQuery`, and keeps the result up to date: what changes is read again, as the handler tells it; without
 * a connection it is read every `pollMs`. All hooks of a page share one connection.
 * @example
 * const { data } = useLive(q.savedContent.query({ limit: 20 }));
 */
export function useLive<T>(
  query: DataQuery<T>,
  options?: LiveQueryOptions,
): UseQueryResult<T, Error>;
export function useLive(query: object, options: LiveQueryOptions = {}): unknown {
  const given = membersOf("useLive", "query", query) as AnyQuery;
  if (!Array.isArray(given.queryKey)) {
    throw wrongCall("useLive", "query", "must be one that createQueries has made");
  }
  const { pollMs = 5_000, ...rest } = membersOf("useLive", "options", options);
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw wrongCall("useLive", unknown, "is not an option: there is pollMs");
  if (!(pollMs >= 1 && pollMs <= longestTimerMs)) {
    throw wrongCall("useLive", "pollMs", `must be a number of ms from 1 to ${longestTimerMs}`);
  }
  const opened = useOpened(given);
  const polled = { ...given, refetchInterval: opened === undefined ? pollMs : false };
  // A call site has pages or a result, and never changes between them.
  const isPages = "initialPageParam" in given;
  const useAny = (isPages ? useInfiniteQuery : useQuery) as (options: object) => unknown;
  return useAny(polled);
}

/** The connection, once it is open. What may have changed before it is read again. */
function useOpened(query: AnyQuery): Opened | undefined {
  const client = useQueryClient();
  const [opened, setOpened] = useState<Opened>();
  const api = apiIn(query);
  const hash = JSON.stringify(query.queryKey);
  useEffect(() => (api === undefined ? undefined : listen(client, api, setOpened)), [client, api]);
  useEffect(() => {
    const queryKey = JSON.parse(hash) as readonly unknown[];
    const { data, dataUpdatedAt = 0 } = client.getQueryState(queryKey) ?? {};
    if (opened === undefined || dataUpdatedAt === 0) return;
    const rendered = renderedAt(data);
    const isTold =
      rendered !== undefined && opened.since !== undefined
        ? rendered >= opened.since
        : dataUpdatedAt >= opened.at;
    if (!isTold) void client.invalidateQueries({ queryKey, exact: true });
  }, [client, hash, opened]);
  return opened;
}
