/** Queries and mutations for TanStack Query, made of the calls of an API. */
import { reading, wrongCall } from "../browser/errors.js";
import { named } from "../browser/named.js";
import { sourceOf } from "./invoke.js";
import { withApi } from "./query-api.js";
import type { ChangeOptions, Queries } from "./query-types.js";
import { readOptions } from "./reads.js";
import { writeOptions } from "./writes.js";

/**
 * Makes the queries and mutations of an API, under the names of its calls. Nothing is sent, and nothing is kept
 * beside the cache of TanStack Query. On the server it takes `data.forUser(userId)`: the keys are the same.
 * @throws ValidationError for anything but an object of calls; the queries, for a call that there is not
 * @example
 * const q = createQueries(api);
 * const { data } = useQuery(q.savedContent.get({ contentId }));
 * const save = useMutation(q.savedContent.update({ optimistic: true }));
 * save.mutate([{ contentId }, { title: "Spring" }]);
 */
export function createQueries<Api extends object & { readonly forUser?: never }>(
  api: Api,
): Queries<Api> {
  // What a whole data layer reads would go to the browser with its secrets.
  const isLayer = () => Object.hasOwn(api, "forUser");
  if (Object(api) !== api || reading("createQueries", isLayer))
    throw wrongCall("createQueries", "api", "must be a client, or a user's scope");
  const optionsOf = (store: string, call: string, given: readonly unknown[]) =>
    reading(`${store}.${call}`, () => {
      const source = sourceOf(api, store, call);
      return source.rule.outcome === undefined
        ? withApi(readOptions(source, given), api)
        : writeOptions(source, given[0] as ChangeOptions | undefined);
    });
  // The types say which members there are.
  return named((store) =>
    named(
      (call) =>
        (...given: unknown[]) =>
          optionsOf(store, call, given),
      (...given) => optionsOf(store, store, given),
    ),
  ) as Queries<Api>;
}
