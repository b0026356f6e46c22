/**
 * The keys of queries, from the model: the store, then the item or the list and its index. They are JSON, and the
 * same in a browser and on the server.
 */
import { callKey } from "../browser/call-key.js";
import { sentWhereOf } from "../browser/sent-where.js";

/**
 * The key of a query: `["data", "savedContent", "item", { contentId: "c1" }, …]`, or
 * `["data", "savedContent", "list", "createdAt", …]`. Its beginning selects queries, as everywhere in TanStack
 * Query: `["data", "savedContent"]` those of a store.
 */
export type DataKey = readonly ["data", store: string, ...place: unknown[]];

/** The members of arguments that are no part of what is asked for. */
type Options = Readonly<Record<string, unknown>>;

export function itemKey(store: string, call: string, key: unknown, options: unknown): DataKey {
  return ["data", store, "item", ...encoded(store, call, [key]), ...tail(store, call, options)];
}

export function itemsKey(store: string, call: string, keys: unknown, options: unknown): DataKey {
  return ["data", store, "items", ...encoded(store, call, [keys]), ...tail(store, call, options)];
}

/** The key of a list. @param by `key`, `createdAt`, or the name of an index */
export function listKey(
  store: string,
  call: string,
  { by, parts, options }: { by: unknown; parts: unknown; options: unknown },
): DataKey {
  return [
    "data",
    store,
    "list",
    ...encoded(store, call, [by, parts]),
    ...tail(store, call, options),
  ];
}

/** The key of a use case or a collection, with its arguments. */
export function groupKey(store: string, call: string, input: readonly unknown[]): DataKey {
  return ["data", store, call, ...encoded(store, call, input)];
}

/** The call, and its options if it has any. */
function tail(store: string, call: string, options: unknown): unknown[] {
  if (typeof options !== "object" || options === null) return [call];
  const { where, ...rest } = options as Options;
  // A callback is a function; what it builds is data.
  const condition = typeof where === "function" ? sentWhereOf(where as never) : where;
  const [own = {}] = encoded(store, call, [{ ...rest, where: condition }]);
  return Object.keys(own as object).length === 0 ? [call] : [call, own];
}

function encoded(store: string, call: string, input: readonly unknown[]): unknown[] {
  const [, , ...parts] = callKey(store, call, input);
  return parts;
}
