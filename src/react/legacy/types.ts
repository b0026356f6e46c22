/** What the hooks of the earlier data layer take and return. */
import { longestTimerMs } from "../../runtime/signals.js";
import type { FilterConfig } from "./filter.js";

/** A payload with the item's id: what follows the first `#` of its sort key. */
export type WithId<T> = T & { id: string };

/** A payload of which a call site has not named the type. */
export interface LegacyPayload {
  readonly [field: string]: unknown;
}

export interface UseItemOptions {
  /** Reads it again and again. @default false */
  readonly enablePolling?: boolean | undefined;
  /** In ms. @default 5000 */
  readonly pollingInterval?: number | undefined;
  /** `false` waits for `refetch`. @default true */
  readonly fetchOnMount?: boolean | undefined;
  /** Whether what was read is shown again without a request. @default true */
  readonly enableCache?: boolean | undefined;
  /** For how long, in ms. @default 30000 */
  readonly cacheTTL?: number | undefined;
}

export interface UseQueryConfig extends UseItemOptions, FilterConfig {
  /** The most items of a page. @default as many as the handler gives */
  readonly limit?: number | undefined;
  /** `false` for the descending order of keys. @default true */
  readonly scanIndexForward?: boolean | undefined;
  /** Reads all pages, one after the other. @default false */
  readonly autoLoadAll?: boolean | undefined;
}

export interface UseItemResult<T> {
  /** `null` while there is none, and if the item does not exist. */
  readonly data: WithId<T> | null;
  /** Whether it is read for the first time. */
  readonly isLoading: boolean;
  readonly error: Error | null;
  readonly refetch: () => Promise<void>;
}

export interface UseQueryResult<T> extends Omit<UseItemResult<T>, "data"> {
  /** `null` until the first page is there. */
  readonly data: WithId<T>[] | null;
  readonly hasMore: boolean;
  /** Reads the next page; nothing if there is none. */
  readonly loadMore: () => Promise<void>;
}

/** How long what was read is shown again, and how often it is read. */
export function timesOf({
  enablePolling = false,
  pollingInterval = 5_000,
  enableCache = true,
  cacheTTL = 30_000,
}: UseItemOptions): object {
  return {
    staleTime: enableCache ? cacheTTL : 0,
    refetchOnMount: enableCache ? true : "always",
    // With a longer one, a timer fires at once.
    refetchInterval: enablePolling ? Math.min(pollingInterval, longestTimerMs) : false,
  };
}
