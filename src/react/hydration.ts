/** Data on its way from the server's cache to the browser's. */
import type { DefaultOptions } from "@tanstack/react-query";
import { isDynamoDBError } from "../browser/errors.js";
import { decode, encode } from "../browser/values.js";
import { noteRendered } from "./rendered.js";

/**
 * The members of data that was encoded, with the time at which the server handed it over, and of data that has
 * no such form.
 */
type Carried = { readonly encoded: unknown; readonly at: number } | { readonly plain: unknown };

/**
 * Default options for a `QueryClient`, on the server and in the browser: what was read on the server arrives
 * without loss, sets, bytes and exact numbers included, and is not read again for a minute.
 * @example
 * const queryClient = new QueryClient({ defaultOptions: hydrationDefaults });
 */
export const hydrationDefaults: DefaultOptions = {
  queries: { staleTime: 60_000 },
  dehydrate: { serializeData },
  hydrate: { deserializeData },
};

function serializeData(data: unknown): Carried {
  try {
    return { encoded: encode(data, "dehydrate", "data"), at: Date.now() };
  } catch (error) {
    // Of a query that is none of this package's: the application knows how its data travels.
    if (isDynamoDBError(error)) return { plain: data };
    throw error;
  }
}

function deserializeData(carried: Carried): unknown {
  if ("plain" in carried) return carried.plain;
  const data = decode(carried.encoded, "hydrate", "data");
  noteRendered(data, carried.at);
  return data;
}
