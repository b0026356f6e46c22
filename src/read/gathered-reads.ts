/** Single reads of the same turn of the event loop are sent together. */
import timers from "node:timers";
import type { Call } from "../call/call.js";
import type { ReadOptions } from "../entity/projection.js";
import { AbortedError } from "../errors/aborted-error.js";
import type { CallContext } from "../errors/context.js";
import { Bag, type Member } from "../runtime/bag.js";
import { lastOf, orAborted } from "../runtime/signals.js";
import { limits, type RawItem, type RawKey } from "../table/table.js";
import { ownItem } from "./own-item.js";
import {
  keyId,
  keysById,
  leftUnprocessed,
  type Reader,
  readMany,
  readOne,
  type Table,
} from "./reader.js";

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
  readonly callers: OneOrMore<Caller>;
}

type OneOrMore<T> = [T, ...T[]];

/** The reads of a turn that have the same options. Once the first request is sent, none is added. */
class Gathering implements Member {
  place = -1;
  readonly options: ReadOptions;
  /** The options' projection as a text. */
  readonly projected: string;
  /** The reads of the request that takes the next key. */
  #filling: OneOrMore<Read> | undefined;
  /** All reads by {@link keyId}; most turns have only one. */
  #byId: Map<string, Read> | undefined;

  constructor(options: ReadOptions, projected: string) {
    this.options = options;
    this.projected = projected;
  }

  /** @returns the reads of a request, if this key is the first of them */
  add(key: RawKey, caller: Caller): OneOrMore<Read> | undefined {
    const read: Read = { key, callers: [caller] };
    if (this.#filling === undefined) return this.#begin(read);
    const [first] = this.#filling;
    this.#byId ??= new Map([[keyId(first.key), first]]);
    const id = keyId(key);
    const known = this.#byId.get(id);
    if (known !== undefined) {
      known.callers.push(caller);
      return undefined;
    }
    this.#byId.set(id, read);
    if (this.#filling.length === limits.batchGetKeys) return this.#begin(read);
    this.#filling.push(read);
    return undefined;
  }

  #begin(read: Read): OneOrMore<Read> {
    this.#filling = [read];
    return this.#filling;
  }
}

/** Reads single items for the stores of one data layer, all of a turn together. */
export class GatheredReads implements Reader {
  readonly #table: Table;
  readonly #gatherings = new Bag<Gathering>();

  constructor(table: Table) {
    this.#table = table;
  }

  read(key: RawKey, options: ReadOptions, call: Call): Promise<RawItem | undefined> {
    const item = new Promise<RawItem | undefined>((resolve, reject) => {
      const gathering = this.#gatheringFor(options);
      const reads = gathering.add(key, { call, resolve, reject });
      // Each request is sent in the asynchronous context of its first caller.
      if (reads !== undefined) afterThisTurn(() => this.#send(gathering, reads));
    });
    return call.signal === undefined ? item : orAborted(item, call.signal);
  }

  #gatheringFor(options: ReadOptions): Gathering {
    const { consistent, projection } = options;
    const projected = projection === undefined ? "" : JSON.stringify(projection);
    const known = this.#gatherings.find(
      (one) => one.options.consistent === consistent && one.projected === projected,
    );
    if (known !== undefined) return known;
    const made = new Gathering(options, projected);
    this.#gatherings.add(made);
    return made;
  }

  /** What is gathered is read only once, so no call ever gets the result of an earlier read. */
  #send(gathering: Gathering, reads: OneOrMore<Read>): Promise<void> {
    this.#gatherings.delete(gathering);
    const { options } = gathering;
    const [read, another] = reads;
    const [{ call }, other] = read.callers;
    // Most turns have one get, by one caller.
    const isShared = another !== undefined || other !== undefined || call.signal !== undefined;
    return isShared ? this.#sendShared(reads, options) : this.#sendOne(read, options, call);
  }

  async #sendShared(reads: OneOrMore<Read>, options: ReadOptions): Promise<void> {
    const calls = reads.flatMap(({ callers }) => callers.map(({ call }) => call));
    // The request is aborted once all the calls that wait for it have been aborted.
    const left = lastOf(calls.map(({ signal }) => signal));
    const call = { context: contextOf(calls), signal: left?.signal };
    const [read, another] = reads;
    if (another === undefined) await this.#sendOne(read, options, call);
    else await this.#sendMany(reads, options, call);
    left?.release();
  }

  #sendOne(read: Read, options: ReadOptions, call: Call): Promise<void> {
    return readOne(this.#table, read.key, call, options).then(
      (item) => give(read, item),
      (error: unknown) => refuse(read, error),
    );
  }

  async #sendMany(reads: readonly Read[], options: ReadOptions, call: Call): Promise<void> {
    const keys = keysById(reads.map(({ key }) => key));
    const waiting = new Map(reads.map((read) => [keyId(read.key), read]));
    /** Nobody waits for a key that was read because others were not. */
    const giveEarly = (ids: readonly string[], items: ReadonlyMap<string, RawItem>) => {
      for (const id of ids) {
        const read = waiting.get(id);
        if (read !== undefined) give(read, items.get(id));
        waiting.delete(id);
      }
    };
    try {
      const { items, left, why, cause } = await readMany(
        this.#table,
        keys,
        call,
        options,
        giveEarly,
      );
      for (const [id, read] of waiting) {
        if (left.has(id)) refuse(read, cause ?? leftUnprocessed(why));
        else give(read, items.get(id));
      }
    } catch (error) {
      for (const read of waiting.values()) refuse(read, error);
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

function refuse({ callers }: Read, error: unknown): void {
  for (const { reject } of callers) reject(ownOf(error));
}

/** An abort's error of one caller's own, because the call is noted on it. The SDK's errors are wrapped for each call. */
function ownOf(error: unknown): unknown {
  return error instanceof AbortedError ? new AbortedError(error.message, error.cause) : error;
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
