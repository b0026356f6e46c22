/** The mutations of calls that write. */
import type { QueryClient } from "@tanstack/react-query";
import { useCaseStores } from "../call/use-case-stores.js";
import { invoke, isUseCase, type Source } from "./invoke.js";
import { isObject, isTouched, type Write } from "./touched.js";

interface Context {
  readonly client: QueryClient;
}

/** The options of a mutation. */
export function writeOptions(source: Source): object {
  const { store, call } = source;
  return {
    mutationKey: ["data", store, call],
    // The client sends it again itself, in its order, and keeps it while there is no network.
    networkMode: "always",
    retry: false,
    mutationFn: async (variables: unknown, { client }: Context) => {
      const input = argumentsIn(source, variables);
      try {
        const result = await invoke(source, input);
        await invalidate(client, writesOf(source, input, result));
        return result;
      } catch (error) {
        // What it was based on is out of date, or it is not known what became of it.
        void invalidate(client, writesOf(source, input, undefined));
        throw error;
      }
    },
  };
}

/** A mutation's variables are the arguments of its call, or the only one that it needs. */
function argumentsIn({ rule }: Source, variables: unknown): readonly unknown[] {
  return Array.isArray(variables) && rule.list !== true ? variables : [variables];
}

/** What a call wrote. */
function writesOf(
  { store, call }: Source,
  input: readonly unknown[],
  result: unknown,
): readonly Write[] {
  if (isUseCase(store)) return ofUseCase(store, call, result);
  const [first] = input;
  if (Array.isArray(first)) return [{ store, items: first.filter(isObject) }];
  // An id may have been made on the server, and fields may be in the keys of an index.
  const written = [result, first].filter(isObject);
  return [{ store, items: written.slice(0, 1) }];
}

function ofUseCase(group: string, call: string, result: unknown): readonly Write[] {
  const stores: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> =
    useCaseStores;
  const items = isObject(result) && isObject(result.data) ? [result] : undefined;
  return (stores[group]?.[call] ?? []).map((store) => ({ store, items }));
}

async function invalidate(client: QueryClient, writes: readonly Write[]): Promise<void> {
  await client.invalidateQueries({
    predicate: ({ queryKey, state: { data } }) =>
      writes.some((write) => isTouched({ queryKey, data }, write)),
  });
}
