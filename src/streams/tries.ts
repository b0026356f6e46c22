/** Counts how often records have failed in this process. */

/** Lambda hands on at most this many records at a time. */
const mostRecords = 10_000;

/** The failures of records, by their sequence numbers. Those that never come back are forgotten. */
export class Tries {
  readonly #failures = new Map<string, number>();

  /** Counts one more failure of a record. @returns how often it has failed */
  count(id: string): number {
    const failures = (this.#failures.get(id) ?? 0) + 1;
    // At the end again: the first one is the one that failed longest ago.
    this.#failures.delete(id);
    this.#failures.set(id, failures);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > mostRecords && oldest !== undefined) this.forget(oldest);
    return failures;
  }

  forget(id: string): void {
    this.#failures.delete(id);
  }
}
