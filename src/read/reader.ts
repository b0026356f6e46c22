/** Reads single items; reads of one turn of the event loop go out together. */
import timers from "node:timers";
import DataLoader from "dataloader";
import type { Call } from "../call/call.js";
import type { ReadOptions } from "../entity/input.js";
import { copyOf } from "../entity/item.js";
import type { CallContext } from "../errors/context.js";
import { whyLeft } from "../errors/words.js";
import { lastOf, orAborted } from "../runtime/signals.js";
import { noteCopy } from "../secrets/opened.js";
import { limits, type RawItem, type RawKey } from "../table/table.js";
import type { Transport } from "../transport/transport.js";

export interface Reader {
  /** One item, or `undefined` where none is. */
  read(key: RawKey, options: ReadOptions, call: Call): Promise<RawItem | undefined>;
  /**
   * Up to 100 different items in one request, by {@link keyId}; and the keys that were not read, with
   * the reason as the end of a message.
   */
  readBatch(
    keys: readonly RawKey[],
    options: ReadOptions,
    call: Call,
  ): Promise<{ items: Map<string, RawItem>; unprocessed: RawKey[]; why: string }>;
}

/** A text that is the same for the same key only. */
export function keyId({ PK, SK }: RawKey): string {
  // The length tells where the one ends and the other begins.
  return `${PK.length}:${PK}${SK}`;
}

/**
 * Gives each asker an item of its own: whoever gets one that was handed out before gets a copy, so
 * that what one caller changes in a payload reaches no other.
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
 * Ends a turn of the event loop. DataLoader's own scheduler asks `process.nextTick` at each dispatch,
 * and Jest's fake timers replace that: a mocked get would never settle. Node's module is not faked.
 */
const { setImmediate: afterThisTurn } = timers;

/** Reads of one dispatch, and the calls that asked, by {@link keyId}. */
interface Loader {
  readonly dataLoader: DataLoader<RawKey, RawItem | undefined, string>;
  readonly askers: Map<string, Call[]>;
}

/** What events say of a request for several calls: every operation and entity, in the calls' order. */
function contextOf(calls: readonly Call[]): CallContext {
  const operation = joined(calls.map(({ context }) => context.operation));
  const entity = joined(calls.map(({ context }) => context.entity));
  return { ...(operation && { operation }), ...(entity && { entity }) };
}

/** Different names, as events join the names of several tables. */
function joined(names: readonly (string | undefined)[]): string {
  return [...new Set(names.filter((name) => name !== undefined))].join(",");
}

/** Not one of this package's errors yet: each caller's own says which call it was. */
function leftUnprocessed(why: string): Error {
  const error = new Error(`DynamoDB left the key unprocessed${why}`);
  error.name = "ProvisionedThroughputExceededException";
  return error;
}

export function createReader(transport: Transport, tableName: string, coalesce: boolean): Reader {
  const loaders = new Map<string, Loader>();
  const apart = itemsApart();

  async function readOne(key: RawKey, options: ReadOptions, call: Call) {
    const input = {
      TableName: tableName,
      Key: { PK: key.PK, SK: key.SK },
      ...options.projection,
      ...(options.consistent && { ConsistentRead: true }),
    };
    const answer = await transport.send("Get", input, call);
    return answer.Item as RawItem | undefined;
  }

  async function readBatch(keys: readonly RawKey[], options: ReadOptions, call: Call) {
    const request = {
      Keys: keys.map(({ PK, SK }) => ({ PK, SK })),
      ...options.projection,
      ...(options.consistent && { ConsistentRead: true }),
    };
    const answer = await transport.send(
      "BatchGet",
      { RequestItems: { [tableName]: request } },
      call,
    );
    const items = new Map<string, RawItem>();
    for (const item of (answer.Responses?.[tableName] ?? []) as RawItem[])
      items.set(keyId(item), item);
    const unprocessed = (answer.UnprocessedKeys?.[tableName]?.Keys ?? []) as RawKey[];
    return { items, unprocessed, why: whyLeft(answer) };
  }

  /** A loader lives for one dispatch, so that nothing is ever answered from an earlier read. */
  function loaderFor(options: ReadOptions): Loader {
    const kind = JSON.stringify(options);
    const existing = loaders.get(kind);
    if (existing !== undefined) return existing;
    const askers: Loader["askers"] = new Map();
    const load = async (keys: readonly RawKey[], call: Call) => {
      const [first] = keys;
      if (first !== undefined && keys.length === 1) return [await readOne(first, options, call)];
      const { items, unprocessed, why } = await readBatch(keys, options, call);
      const throttled = new Set(unprocessed.map(keyId));
      return keys.map((key) => {
        const id = keyId(key);
        return throttled.has(id) ? leftUnprocessed(why) : items.get(id);
      });
    };
    const dataLoader = new DataLoader<RawKey, RawItem | undefined, string>(
      async (keys) => {
        loaders.delete(kind);
        const calls = keys.flatMap((key) => askers.get(keyId(key)) ?? []);
        // Nobody waits any more once all who asked for one of the keys have left.
        const left = lastOf(calls.map(({ signal }) => signal));
        try {
          return await load(keys, { context: contextOf(calls), signal: left?.signal });
        } finally {
          left?.release();
        }
      },
      {
        maxBatchSize: limits.batchGetKeys,
        cacheKeyFn: keyId,
        batchScheduleFn: (dispatch) => afterThisTurn(dispatch),
      },
    );
    const loader = { dataLoader, askers };
    loaders.set(kind, loader);
    return loader;
  }

  function readTogether(key: RawKey, options: ReadOptions, call: Call) {
    const { dataLoader, askers } = loaderFor(options);
    const id = keyId(key);
    const calls = askers.get(id);
    if (calls === undefined) askers.set(id, [call]);
    else calls.push(call);
    return orAborted(dataLoader.load(key).then(apart), call.signal);
  }

  return {
    read: (key, options, call) =>
      coalesce ? readTogether(key, options, call) : readOne(key, options, call),
    readBatch,
  };
}
