/** The mutations of calls that write. */
import type { QueryClient } from "@tanstack/react-query";
import { wrongCall } from "../browser/errors.js";
import { useCaseStores } from "../call/use-case-stores.js";
import { changeOf } from "./change.js";
import { invoke, isUseCase, type Source } from "./invoke.js";
import { begin, end, lastRead, type PendingWrite, writesOf } from "./pending.js";
import type { ChangeOptions } from "./query-types.js";
import { isItem } from "./shown-items.js";
import { isObject, isSame, isTouched, type Write } from "./touched.js";

interface Context {
  readonly client: QueryClient;
}

/** The calls that show their change. */
const changes: readonly string[] = ["update", "delete"];

/**
 * The options of a mutation.
 * @throws ValidationError for an option that the call does not have
 */
export function writeOptions(source: Source, options: ChangeOptions = {}): object {
  const { store, call } = source;
  const { optimistic = false, ...rest } = options;
  const refuse = (path: string, message: string) => wrongCall(`${store}.${call}`, path, message);
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw refuse(unknown, "is not an option: there is optimistic");
  if (typeof optimistic !== "boolean") throw refuse("optimistic", "must be true or false");
  if (optimistic && !(changes.includes(call) && !isUseCase(store))) {
    throw refuse("optimistic", "is of update and delete");
  }
  return {
    mutationKey: ["data", store, call],
    // The client sends it again itself, in its order, and keeps it while there is no network.
    networkMode: "always",
    retry: false,
    mutationFn: (variables: unknown, { client }: Context) =>
      carryOut(client, source, argumentsIn(source, variables), optimistic),
  };
}

/** A mutation's variables are the arguments of its call, or the only one that it needs. */
function argumentsIn({ rule }: Source, variables: unknown): readonly unknown[] {
  return Array.isArray(variables) && rule.list !== true ? variables : [variables];
}

async function carryOut(
  client: QueryClient,
  source: Source,
  input: readonly unknown[],
  optimistic: boolean,
): Promise<unknown> {
  const stores = storesOf(source);
  const change = optimistic ? changeOf(source.call, input) : undefined;
  const write: PendingWrite = { stores, key: input[0], change };
  const before = change === undefined ? [] : sameItem(client, write);
  const done = noted(write);
  begin(client, write);
  try {
    // The version that a change is made on is known when those before it have ended.
    for (const one of before) await endOf.get(one);
    if (write.overtaken !== undefined) throw write.overtaken;
    const sent = change === undefined ? input : withLock(client, source, input);
    const result = await invoke(source, sent);
    end(client, write, nowOf(source, result));
    const fresh = invalidate(client, writtenBy(source, input, result));
    // What shows its change already does not wait for what else is read.
    if (!optimistic) await fresh;
    return result;
  } catch (error) {
    fail(client, write, error);
    if (!isUnsent(error)) void invalidate(client, writtenBy(source, input, undefined));
    throw error;
  } finally {
    done();
  }
}

/** The ends of writes that others wait for. */
const endOf = new WeakMap<PendingWrite, Promise<void>>();

function noted(write: PendingWrite): () => void {
  let done: () => void = () => undefined;
  endOf.set(
    write,
    new Promise((resolve) => {
      done = resolve;
    }),
  );
  return () => done();
}

/** The writes on their way that change the same item. */
function sameItem(client: QueryClient, { stores, key }: PendingWrite): PendingWrite[] {
  return [...writesOf(client).pending].filter(
    (one) =>
      one.change !== undefined &&
      one.stores.some((store) => stores.includes(store)) &&
      isSame(one.key, key),
  );
}

/** The arguments, bound to the version of the item that was read last. */
function withLock(
  client: QueryClient,
  { store, call, rule }: Source,
  input: readonly unknown[],
): readonly unknown[] {
  const { before } = rule;
  const options = input[before];
  const last = lastRead(client, store, input[0]);
  if (last === undefined || (isObject(options) && "ifUpdatedAt" in options)) return input;
  const lock = { ifUpdatedAt: last.updatedAt };
  const first = call === "update" ? [input[0], input[1] ?? {}] : [input[0]];
  return [...first, { ...(isObject(options) ? options : {}), ...lock }];
}

/** Takes a change back; those that were made on top of it are not sent if somebody else has changed the item. */
function fail(client: QueryClient, write: PendingWrite, error: unknown): void {
  const { name, item } = (isObject(error) ? error : {}) as { name?: unknown; item?: unknown };
  const isConflict = name === "ConditionalCheckFailedError" || name === "ItemNotFoundError";
  if (isConflict && write.change !== undefined) {
    for (const one of sameItem(client, write)) one.overtaken ??= error;
  }
  end(client, write, name === "ItemNotFoundError" ? null : isConflict ? item : undefined);
}

/** The item as it is stored after a call. */
function nowOf({ store, call }: Source, result: unknown): unknown {
  if (isUseCase(store)) return undefined;
  if (call === "delete") return null;
  return isItem(result) ? result : isObject(result) ? result.item : undefined;
}

type Table = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

function storesOf({ store, call }: Source): readonly string[] {
  const table: Table = useCaseStores;
  return isUseCase(store) ? (table[store]?.[call] ?? []) : [store];
}

/** Whether `profiles.save` writes to a store: its key shows which of the two profiles is meant. */
function isOfKey(store: string, key: unknown): boolean {
  return (store === "realEstateAgentProfile") === "agentProfileId" in Object(key);
}

/** What a call wrote. */
function writtenBy(source: Source, input: readonly unknown[], result: unknown): readonly Write[] {
  const { store, call } = source;
  const [first] = input;
  if (isUseCase(store)) {
    const items = isItem(result) ? [result] : undefined;
    return storesOf(source)
      .filter((one) => call !== "save" || isOfKey(one, first))
      .map((one) => ({ store: one, items }));
  }
  if (Array.isArray(first)) return [{ store, items: first.filter(isObject) }];
  // An id may have been made on the server, and fields may be in the keys of an index.
  const now = nowOf(source, result);
  return [{ store, items: [isObject(now) ? now : first].filter(isObject) }];
}

/** Whether nothing was sent: the arguments are wrong. */
function isUnsent(error: unknown): boolean {
  return isObject(error) && error.name === "ValidationError";
}

/** What is out of date once the last of the writes has ended. */
const outdated = new WeakMap<QueryClient, Write[]>();

/**
 * Reads again what writes have put out of date, once for all that are on their way.
 * @returns when it has been read
 */
async function invalidate(client: QueryClient, writes: readonly Write[]): Promise<void> {
  const left = [...(outdated.get(client) ?? []), ...writes];
  outdated.set(client, left);
  if (writesOf(client).pending.size > 0) return;
  outdated.delete(client);
  await client.invalidateQueries({
    predicate: ({ queryKey, state: { data } }) =>
      left.some((write) => isTouched({ queryKey, data }, write)),
  });
}
