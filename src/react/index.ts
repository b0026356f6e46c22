/** The door `bayon-coagent-data/react`: queries and mutations for TanStack Query. */

export { hydrationDefaults } from "./hydration.js";
export type { DataKey } from "./keys.js";
export { type LiveQueryOptions, useLive } from "./live.js";
export { createQueries } from "./queries.js";
export type {
  ChangeOptions,
  DataMutation,
  DataPages,
  DataQuery,
  MutationError,
  PageCursor,
  Queries,
  StoreQueries,
  UseCaseQueries,
} from "./query-types.js";
