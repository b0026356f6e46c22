/** Single reads of the same turn of the event loop are sent together. */
import timers from "node:timers";
import type { Call } from "../call/call.js";
import type { ReadOptions } from "../entity/projection.js";
import type { CallContext } from "../errors/context.js";
import { lastOf, orAborted } from "../runtime/signals.js";
import { limits, type RawItem, type RawKey } from "../table/table.js";
import { ownItem } from "./own-item.js";
import { keyId, type Reader, readMany, readOne, type Table } from "./reader.js";

// Node's own, so that fake timers do not keep a mocked get waiting for ever.
const { setImmediate: afterThisTurn } = timers;

/** A call that waits for an item. */
interface Caller {
  readonly call: Call;
  readonly resolve: (item: RawItem | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** A key, and all calls of the turn that wait for its item. */
interface Read {
  readonly key: RawKey;
  readonly callers: Caller[];
}

/** The reads of a turn that have the same options. Once the first request is sent, none is added. */
class Gathering {
  readonly options: ReadOptions;
  /** The options' projection as a text. */
  readonly projected: string;
  /** The reads of the request that takes the next key. */
  #filling: Read[] = [];
  /** All reads by {@link keyId}; most turns have only one. */
  #byId: Map<string, Read> | undefined;

  constructor(options: ReadOptions, projected: string) {
    this.options = options;
    this.projected = projected;
  }

  /** @returns the reads of a request, if this key is the first of them */
  add(key: RawKey, caller: Caller): Read[] | undefined {
    const [first] = this.#filling;
    if (first === undefined) return this.#begin({ key, callers: [caller] });
    this.#byId ??= new Map([[keyId(first.key), first]]);
    const id = keyId(key);
    const known = this.#byId.get(id);
    if (known !== undefined) {
      known.callers.push(caller);
      return undefined;
    }
    const read = { key, callers: [caller] };
    this.#byId.set(id, read);
    if (this.#filling.length === limits.batchGetKeys) return this.#begin(read);
    this.#filling.push(read);
    return undefined;
  }

  #begin(read: Read): Read[] {
    this.#filling = [read];
    return this.#filling;
  }
}

/** Reads single items for the stores of one data layer, all of a turn together. */
export class GatheredReads implements Reader {
  readonly #table: Table;
  readonly #gatherings: Gathering[] = [];

  constructor(table: Table) {
    this.#table = table;
  }

  read(key: RawKey, options: ReadOptions, call: Call): Promise<RawItem | undefined> {
    const item = new Promise<RawItem | undefined>((resolve, reject) => {
      const gathering = this.#gatheringFor(options);
      const reads = gathering.add(key, { call, resolve, reject });
      // One for each request: it is sent in the asynchronous context of its first caller.
      if (reads !== undefined) afterThisTurn(() => this.#send(gathering, reads));
    });
    return call.signal === undefined ? item : orAborted(item, call.signal);
  }

  #gatheringFor(options: ReadOptions): Gathering {
    const { consistent, projection } = options;
    const projected = projection === undefined ? "" : JSON.stringify(projection);
    for (const gathering of this.#gatherings) {
      const isSame = gathering.options.consistent === consistent;
      if (isSame && gathering.projected === projected) return gathering;
    }
    const made = new Gathering(options, projected);
    this.#gatherings.push(made);
    return made;
  }

  /** What is gathered is read only once, so no call ever gets the result of an earlier read. */
  async #send(gathering: Gathering, reads: readonly Read[]): Promise<void> {
    const at = this.#gatherings.indexOf(gathering);
    if (at !== -1) this.#gatherings.splice(at, 1);
    const callers = reads.flatMap((read) => read.callers);
    const { call, release } = callFor(callers.map((caller) => caller.call));
    try {
      await this.#load(reads, gathering.options, call);
    } catch (error) {
      for (const { reject } of callers) reject(error);
    } finally {
      release?.();
    }
  }

  async #load(reads: readonly Read[], options: ReadOptions, call: Call): Promise<void> {
    const [read] = reads;
    if (read !== undefined && reads.length === 1) {
      give(read, await readOne(this.#table, read.key, call, options));
      return;
    }
    const keys = reads.map(({ key }) => key);
    const { items, left, why } = await readMany(this.#table, keys, call, options);
    for (const read of reads) {
      const id = keyId(read.key);
      if (left.has(id)) refuse(read, leftUnprocessed(why));
      else give(read, items.get(id));
    }
  }
}

/** Gives each caller of a key its own item. */
function give({ callers }: Read, item: RawItem | undefined): void {
  for (const { resolve, reject } of callers) {
    try {
      resolve(ownItem(item));
    } catch (error) {
      reject(error);
    }
  }
}

function refuse({ callers }: Read, error: Error): void {
  for (const { reject } of callers) reject(error);
}

/** The call that a request for several calls is sent for. */
function callFor(calls: readonly Call[]): { readonly call: Call; release?(): void } {
  const [alone] = calls;
  if (alone !== undefined && calls.length === 1 && alone.signal === undefined)
    return { call: alone };
  // The request is aborted once all the calls that wait for it have been aborted.
  const left = lastOf(calls.map(({ signal }) => signal));
  const call = { context: contextOf(calls), signal: left?.signal };
  return left === undefined ? { call } : { call, release: left.release };
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
