/** The queries of calls that read. */
import { hashKey, type QueryClient } from "@tanstack/react-query";
import { wrongCall } from "../browser/errors.js";
import { invoke, isUseCase, type Source } from "./invoke.js";
import { type DataKey, groupKey, itemKey, itemsKey, listKey } from "./keys.js";
import { readThrough } from "./pending.js";
import type { PageCursor } from "./query-types.js";

type Options = Readonly<Record<string, unknown>>;

/** A read: its key, and how it is carried out. */
interface Read {
  readonly queryKey: DataKey;
  /** The call that is made, if it has another name. */
  readonly as?: string;
  /** Its arguments before the options. */
  readonly before: readonly unknown[];
  readonly options: Options;
}

/** What TanStack Query gives a query's function. */
interface Context {
  readonly client: QueryClient;
  readonly queryKey: readonly unknown[];
  readonly signal: AbortSignal;
  readonly pageParam?: unknown;
}

interface Page {
  readonly cursor: PageCursor;
  readonly previous: PageCursor;
}

/** The options of a query, or of the pages of a list. */
export function readOptions(source: Source, given: readonly unknown[]): object {
  const { store, call, rule } = source;
  const isPages = (call === "list" || call === "listBy") && !isUseCase(store);
  const read = readOf(source, given);
  const run = { ...source, call: read.as ?? call };
  const shared = {
    queryKey: read.queryKey,
    // The client, and on the server the data layer, have sent it again already.
    retry: false,
  };
  const carryOut = ({ client, queryKey, signal, pageParam }: Context, options: Options) =>
    readThrough(client, { queryKey, queryHash: hashKey(queryKey), pageParam }, () =>
      invoke(run, [...read.before, { ...options, signal }]),
    );
  if (!isPages)
    return { ...shared, queryFn: (context: Context) => carryOut(context, read.options) };
  if (rule.limit === "option" && read.options.cursor !== undefined) {
    throw wrongCall(`${store}.${call}`, "cursor", "is set by the pages: use query for one of them");
  }
  return {
    ...shared,
    queryFn: (context: Context) =>
      carryOut(context, { ...read.options, cursor: context.pageParam }),
    initialPageParam: null,
    getNextPageParam: ({ cursor }: Page) => cursor,
    getPreviousPageParam: ({ previous }: Page) => previous,
  };
}

function readOf(source: Source, given: readonly unknown[]): Read {
  const { store, call } = source;
  if (isUseCase(store)) return ofUseCase(source, given);
  switch (call) {
    case "query":
    case "list":
    case "count": {
      // A user's scope fixes the partition.
      const options = optionsIn(source, given, 0);
      const { by = "key", ...rest } = options;
      const queryKey = listKey(store, call, { by, parts: {}, options: rest });
      return { queryKey, before: [{}], options, ...(call === "list" && { as: "query" }) };
    }
    case "queryBy":
    case "listBy":
    case "countBy": {
      const options = optionsIn(source, given, 2);
      const [by, parts] = given;
      const queryKey = listKey(store, call, { by, parts, options });
      return {
        queryKey,
        before: [by, parts],
        options,
        ...(call === "listBy" && { as: "queryBy" }),
      };
    }
    default: {
      const options = optionsIn(source, given, 1);
      const keyOf = call === "batchGet" ? itemsKey : itemKey;
      return {
        queryKey: keyOf(store, call, given[0], options),
        before: given.slice(0, 1),
        options,
      };
    }
  }
}

function ofUseCase(source: Source, given: readonly unknown[]): Read {
  const { store, call, rule } = source;
  const options = optionsIn(source, given, rule.before);
  const before = Array.from({ length: rule.before }, (_, index) => given[index]);
  const own = Object.keys(options).length === 0 ? [] : [options];
  const queryKey = groupKey(store, call, [...before, ...own]);
  return { queryKey, before, options };
}

/** @throws ValidationError for options that a query sets itself, and for further arguments */
function optionsIn({ store, call }: Source, given: readonly unknown[], before: number): Options {
  const refuse = (path: string, message: string) => wrongCall(`${store}.${call}`, path, message);
  if (given.length > before + 1) {
    throw refuse("input", `has more than ${before + 1} arguments, options included`);
  }
  const options = given[before] ?? {};
  if (typeof options !== "object") throw refuse("options", "must be an object");
  if ("signal" in options)
    throw refuse("signal", "is set by the query: it ends with its last observer");
  return options as Options;
}
