/** The outcome of the requests of one native call, which sends several for pages and batches. */
import { leavesOpen } from "../errors/left-open.js";
import { isOpen } from "../errors/notes.js";
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

export class CallRequests {
  readonly #isWrite: boolean;
  #begun = 0;
  #isOurs = false;

  /** @param method ElectroDB's name of the request, for instance `batchWrite` */
  constructor(method: string) {
    this.#isWrite = !reads.has(method);
  }

  /** @param isOurs whether this package's transport sends it, and therefore knows its outcome */
  begin(isOurs: boolean): void {
    this.#begun += 1;
    this.#isOurs = isOurs;
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
    return this.#isOurs ? isOpen(failure) : leavesOpen(failure);
  }
}
