/** Notices keys that come round again: whoever followed them would read the same pages without end. */
import { isDeepStrictEqual } from "node:util";
import { unreadableAnswer } from "../errors/unreadable-answer.js";

/**
 * Compares each key with one that came before, which is replaced ever more rarely (Brent's algorithm). A
 * round is noticed after at most three times the pages that were read before it and in it; one key is kept
 * in memory. DynamoDB's own keys only move on.
 */
export class KeyCycle {
  #kept: unknown;
  #since = 0;
  #until = 1;

  /** @throws UnreadableAnswer if the key of the next page was met before */
  refuseRepeated(key: unknown): void {
    if (this.#kept !== undefined && isDeepStrictEqual(key, this.#kept)) {
      throw unreadableAnswer("its next page was read before");
    }
    this.#since += 1;
    if (this.#since < this.#until) return;
    this.#kept = key;
    this.#since = 0;
    this.#until *= 2;
  }
}
