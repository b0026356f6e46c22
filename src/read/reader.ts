/** Reads single items; reads in the same turn of the event loop are sent together. */
import timers from "node:timers";
import DataLoader from "dataloader";
import type { Call } from "../call/call.js";
import type { ReadOptions } from "../entity/projection.js";
import type { CallContext } from "../errors/context.js";
import { whyLeft } from "../errors/words.js";
import { lastOf, orAborted } from "../runtime/signals.js";
import { noteCopy } from "../secrets/opened.js";
import { limits, type RawItem, type RawKey } from "../table/table.js";
import { batchesInFlight, chunksOf, inParallel } from "../transport/parallel.js";
import type { Transport } from "../transport/transport.js";
import { copyOf } from "../values/copy.js";

/** A table, and the transport that sends requests to it. */
export interface Table {
  readonly transport: Transport;
  readonly tableName: string;
}

/** The result of reading many keys. */
export interface ManyRead {
  /** The items by {@link keyId}. */
  readonly items: Map<string, RawItem>;
  /** The ids of the keys that were not read. */
  readonly left: Set<string>;
  /** Why some keys were not read, as the end of a message. */
  readonly why: string;
}

/** A text that identifies a key. */
export function keyId({ PK, SK }: RawKey): string {
  // The length shows where the partition key ends and the sort key begins.
  return `${PK.length}:${PK}${SK}`;
}

/**
 * Gives each caller its own item. If an item was already returned to another caller, it is copied,
 * so that one caller's changes to a payload do not reach another.
 */
export function itemsApart(): (item: RawItem | undefined) => RawItem | undefined {
  const handedOut = new WeakSet<RawItem>();
  return (item) => {
    if (item === undefined) return undefined;
    if (handedOut.has(item)) {
      const copy = copyOf(item);
      noteCopy(item, copy);
      return copy;
    }
    handedOut.add(item);
    return item;
  };
}

/**
 * Runs a callback after this turn of the event loop. DataLoader's own scheduler calls
 * `process.nextTick` at each dispatch. Jest's fake timers replace it, so that a mocked get would
 * never settle; they do not replace the functions of node:timers.
 */
const { setImmediate: afterThisTurn } = timers;

/** The reads of one dispatch, and the calls that wait for each key, by {@link keyId}. */
interface Loader {
  readonly dataLoader: DataLoader<RawKey, RawItem | undefined, string>;
  readonly askers: Map<string, Call[]>;
}

/**
 * The context of a request for several calls, for events: all operations and entities, in the order
 * of the calls.
 */
function contextOf(calls: readonly Call[]): CallContext {
  const operation = joined(calls.map(({ context }) => context.operation));
  const entity = joined(calls.map(({ context }) => context.entity));
  return { ...(operation && { operation }), ...(entity && { entity }) };
}

/** Joins the different names, as events join the names of several tables. */
function joined(names: readonly (string | undefined)[]): string {
  return [...new Set(names.filter((name) => name !== undefined))].join(",");
}

/** Not yet one of this package's errors. Each caller wraps it in its own, which names the call. */
function leftUnprocessed(why: string): Error {
  const error = new Error(`DynamoDB left the key unprocessed${why}`);
  error.name = "ProvisionedThroughputExceededException";
  return error;
}

const asItIs: ReadOptions = { consistent: false, projection: undefined };

/** The whole item as it is now, including every successful write. */
export const asItIsNow: ReadOptions = { consistent: true, projection: undefined };

/** The read options as `Get` and each table of a `BatchGet` expect them. */
function readRequest({ projection, consistent }: ReadOptions) {
  return { ...projection, ...(consistent && { ConsistentRead: true }) };
}

/** Reads one item; `undefined` if there is none. */
export async function readOne(
  { transport, tableName }: Table,
  { PK, SK }: RawKey,
  call: Call,
  options = asItIs,
): Promise<RawItem | undefined> {
  const input = { TableName: tableName, Key: { PK, SK }, ...readRequest(options) };
  const answer = await transport.send("Get", input, call);
  return answer.Item as RawItem | undefined;
}

/** Reads any number of items, with ⌈different keys/100⌉ requests in parallel. */
export async function readMany(
  { transport, tableName }: Table,
  keys: readonly RawKey[],
  call: Call,
  options = asItIs,
): Promise<ManyRead> {
  const different = new Map(keys.map((key) => [keyId(key), key]));
  const items = new Map<string, RawItem>();
  const left = new Set<string>();
  let why = "";
  const read = async (chunk: readonly RawKey[]) => {
    const Keys = chunk.map(({ PK, SK }) => ({ PK, SK }));
    const input = { RequestItems: { [tableName]: { Keys, ...readRequest(options) } } };
    const answer = await transport.send("BatchGet", input, call);
    const found = (answer.Responses?.[tableName] ?? []) as RawItem[];
    for (const item of found) items.set(keyId(item), item);
    const unread = (answer.UnprocessedKeys?.[tableName]?.Keys ?? []) as RawKey[];
    for (const key of unread) left.add(keyId(key));
    if (unread.length > 0) why = whyLeft(answer);
  };
  await inParallel(chunksOf([...different.values()], limits.batchGetKeys), batchesInFlight, read);
  return { items, left, why };
}

/** Reads single items for the stores of one data layer. */
export class Reader {
  readonly #table: Table;
  readonly #coalesce: boolean;
  readonly #loaders = new Map<string, Loader>();
  readonly #apart = itemsApart();

  /** @param coalesce whether reads in the same turn of the event loop are sent together */
  constructor(table: Table, coalesce: boolean) {
    this.#table = table;
    this.#coalesce = coalesce;
  }

  /** Reads one item; `undefined` if there is none. */
  read(key: RawKey, options: ReadOptions, call: Call): Promise<RawItem | undefined> {
    if (!this.#coalesce) return readOne(this.#table, key, call, options);
    const { dataLoader, askers } = this.#loaderFor(options);
    const id = keyId(key);
    const calls = askers.get(id);
    if (calls === undefined) askers.set(id, [call]);
    else calls.push(call);
    return orAborted(dataLoader.load(key).then(this.#apart), call.signal);
  }

  /** A loader is used for one dispatch only, so no call ever gets the result of an earlier read. */
  #loaderFor(options: ReadOptions): Loader {
    const kind = JSON.stringify(options);
    const existing = this.#loaders.get(kind);
    if (existing !== undefined) return existing;
    const askers: Loader["askers"] = new Map();
    const dispatch = async (keys: readonly RawKey[]) => {
      this.#loaders.delete(kind);
      const calls: Call[] = [];
      for (const key of keys) calls.push(...(askers.get(keyId(key)) ?? []));
      // The request is aborted once all the calls that wait for it have been aborted.
      const left = lastOf(calls.map(({ signal }) => signal));
      try {
        const call = { context: contextOf(calls), signal: left?.signal };
        return await this.#load(keys, options, call);
      } finally {
        left?.release();
      }
    };
    const dataLoader = new DataLoader<RawKey, RawItem | undefined, string>(dispatch, {
      maxBatchSize: limits.batchGetKeys,
      cacheKeyFn: keyId,
      batchScheduleFn: (dispatch) => afterThisTurn(dispatch),
    });
    const loader = { dataLoader, askers };
    this.#loaders.set(kind, loader);
    return loader;
  }

  async #load(keys: readonly RawKey[], options: ReadOptions, call: Call) {
    const [first] = keys;
    if (first !== undefined && keys.length === 1) {
      return [await readOne(this.#table, first, call, options)];
    }
    const { items, left, why } = await readMany(this.#table, keys, call, options);
    return keys.map(keyId).map((id) => (left.has(id) ? leftUnprocessed(why) : items.get(id)));
  }
}
