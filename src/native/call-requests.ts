/** What became of the requests of one native call: several for pages and batches. */
import { leavesOpen } from "../errors/left-open.js";
import { isOpen } from "../errors/notes.js";
import { saysAborted } from "./electro.js";

/** What is noted on the options of a call that is sent: its requests. */
export const callRequests = Symbol("requests");

/** Options of one call, as ElectroDB hands them from method to method. */
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

  /** @param isOurs whether the transport of this package sends it, which knows what becomes of it */
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
   * Whether the call may have been carried out, wholly or in part. A call ends with its first request that
   * fails, so that each other one was answered or is under way.
   * @param failure what that request failed with; `undefined` if none did
   */
  mayHaveBeenDone(failure: object | undefined): boolean {
    if (!this.#isWrite || !this.areSent) return false;
    if (failure === undefined || this.#begun > 1 || saysAborted(failure)) return true;
    return this.#isOurs ? isOpen(failure) : leavesOpen(failure);
  }
}
