/** Notices keys that come round again: whoever followed them would read the same pages without end. */
import { isDeepStrictEqual } from "node:util";

/**
 * Compares each key with one that came before, which is replaced ever more rarely (Brent's algorithm): a
 * cycle is found within three rounds of it, whatever its length, and one key is kept in memory.
 */
export class KeyCycle {
  #kept: unknown;
  #since = 0;
  #until = 1;

  /** @returns whether the key closes a cycle */
  isClosedBy(key: unknown): boolean {
    if (this.#kept !== undefined && isDeepStrictEqual(key, this.#kept)) return true;
    this.#since += 1;
    if (this.#since === this.#until) {
      this.#kept = key;
      this.#since = 0;
      this.#until *= 2;
    }
    return false;
  }
}
