/** The door `bayon-coagent-data/react/legacy`: the hooks of the earlier data layer, by raw keys. */

export type { FilterConfig } from "./filter.js";
export { LegacyDataProvider, type LegacyDataProviderProps } from "./provider.js";
export type {
  LegacyPayload,
  UseItemOptions,
  UseItemResult,
  UseQueryConfig,
  UseQueryResult,
  WithId,
} from "./types.js";
export { useItem } from "./use-item.js";
export { useQuery } from "./use-query.js";
