/** The writes of this explorer, each with the call that takes it back. */
import type { Call } from "./call.js";
import type { SentItem } from "./protocol.js";

export interface Undo {
  readonly id: string;
  readonly store: string;
  readonly key: SentItem["key"];
  /** The write that takes it back, if nobody has written the item since. */
  readonly call: Call;
}

/** Older writes cannot be taken back. */
const mostKept = 100;

export class Undos {
  readonly #kept = new Map<string, Undo>();
  #made = 0;

  /** @returns the id of the write */
  keep(store: string, key: SentItem["key"], call: Call): string {
    this.#made += 1;
    const id = String(this.#made);
    this.#kept.set(id, { id, store, key, call });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
    return id;
  }

  find(id: unknown): Undo | undefined {
    return typeof id === "string" ? this.#kept.get(id) : undefined;
  }

  forget(id: string): void {
    this.#kept.delete(id);
  }
}
