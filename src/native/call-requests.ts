/** The outcome of the requests of one native call, which sends several for pages and batches. */
import { leavesOpen } from "../errors/left-open.js";
import { isOpen } from "../errors/notes.js";
import type { BatchProgress } from "../errors/progress.js";
import { attribute } from "../table/table.js";
import { saysAborted } from "./electro.js";

/** The key under which a call's requests are noted in its options. */
export const callRequests = Symbol("requests");

/** Options of one call, as ElectroDB passes them from method to method. */
export interface CallConfig {
  readonly abortSignal?: AbortSignal | undefined;
  readonly client?: unknown;
  [callRequests]?: CallRequests;
}

const reads: ReadonlySet<string> = new Set(["get", "batchGet", "query", "scan", "transactGet"]);

const batches: ReadonlySet<string> = new Set(["batchGet", "batchWrite"]);

/** One request of a batch: the place of its first input among all of the call, and its keys in order. */
interface Part {
  readonly first: number;
  readonly keys: readonly string[];
}

export class CallRequests {
  readonly #isWrite: boolean;
  /** The requests of a batch, by the parameters that ElectroDB sends. */
  readonly #parts = new Map<unknown, Part>();
  /** The places of the inputs that a response says were read or written. */
  readonly #confirmed = new Set<number>();
  #size = 0;
  #begun = 0;
  #isOurs = false;

  /**
   * @param method ElectroDB's name of the request, for instance `batchWrite`
   * @param parameters of a batch, those of all its requests
   */
  constructor(method: string, parameters: unknown) {
    this.#isWrite = !reads.has(method);
    if (!batches.has(method) || !Array.isArray(parameters)) return;
    for (const one of parameters as readonly BatchParameters[]) {
      const keys = keysIn(one.RequestItems);
      this.#parts.set(one, { first: this.#size, keys });
      this.#size += keys.length;
    }
  }

  /** @param isOurs whether this package's transport sends it, and therefore knows its outcome */
  begin(isOurs: boolean): void {
    this.#begun += 1;
    this.#isOurs = isOurs;
  }

  /** Notes what a request of a batch has done: all but what its response says was left. */
  answered(parameters: unknown, response: unknown): void {
    const part = this.#parts.get(parameters);
    if (part === undefined) return;
    const { UnprocessedItems, UnprocessedKeys } = (response ?? {}) as BatchResponse;
    const left = new Set(keysIn(UnprocessedItems ?? UnprocessedKeys));
    part.keys.forEach((key, at) => {
      if (!left.has(key)) this.#confirmed.add(part.first + at);
    });
  }

  /**
   * How much of a batch is known to be done now; `undefined` if this is none, or nothing was sent. What
   * is in a request still in progress is not known to be.
   * @param inputs as the caller gave them, one for each key
   */
  progressOf(inputs: readonly unknown[]): BatchProgress | undefined {
    if (!this.areSent || this.#size === 0 || this.#size !== inputs.length) return undefined;
    // Of a read that failed the caller has nothing, so that all of it is to be read again.
    if (!this.#isWrite) return { items: inputs, written: 0 };
    const items = inputs.filter((_, at) => !this.#confirmed.has(at));
    return { items, written: inputs.length - items.length };
  }

  get isBatch(): boolean {
    return this.#parts.size > 0;
  }

  get isOurs(): boolean {
    return this.#isOurs;
  }

  get areSent(): boolean {
    return this.#begun > 0;
  }

  /**
   * Whether the call may have been carried out, wholly or in part. A call ends with the first of its
   * requests that fails, so each other one was answered or is in progress.
   * @param failure the error of that request; `undefined` if none failed
   */
  mayHaveBeenDone(failure: object | undefined): boolean {
    if (!this.#isWrite || !this.areSent) return false;
    if (failure === undefined || this.#begun > 1 || saysAborted(failure)) return true;
    if (this.#confirmed.size > 0) return true;
    return this.#isOurs ? isOpen(failure) : leavesOpen(failure);
  }
}

interface BatchParameters {
  readonly RequestItems?: Tables;
}

interface BatchResponse {
  readonly UnprocessedItems?: Tables;
  readonly UnprocessedKeys?: Tables;
}

type Fields = Readonly<Record<string, unknown>>;

interface BatchEntry {
  readonly PutRequest?: { readonly Item: Fields };
  readonly DeleteRequest?: { readonly Key: Fields };
}

/** What a request or a response has of each table: writes, or keys to read. */
type Tables = Readonly<
  Record<string, readonly BatchEntry[] | { readonly Keys: readonly Fields[] }>
>;

/** The keys in a batch as texts, in their order. */
function keysIn(tables: Tables = {}): string[] {
  return Object.values(tables).flatMap((one) => {
    const keys =
      "Keys" in one
        ? one.Keys
        : one.map(({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key);
    return keys.map((key) =>
      JSON.stringify([key?.[attribute.partitionKey], key?.[attribute.sortKey]]),
    );
  });
}
