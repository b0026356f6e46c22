/** Which API a query is one of. */

/** The property of a query that has its API. TanStack Query sends no such property with a page. */
const apiKey: unique symbol = Symbol.for("bayon-coagent-data.api");

/** A query, of whatever result. */
export interface AnyQuery {
  readonly queryKey: readonly unknown[];
  readonly [apiKey]?: object;
}

export function withApi<Q extends object>(query: Q, api: object): Q & { [apiKey]: object } {
  return { ...query, [apiKey]: api };
}

/** @returns `undefined` for a query that was not made by `createQueries` */
export function apiIn(query: AnyQuery): object | undefined {
  return query[apiKey];
}
