/** A set of texts that takes 16 bytes each, whatever their length. */
import { createHash } from "node:crypto";

/**
 * Remembers texts by 64 bits of their MD5: a million of them in 32 MB at most. The probability that two
 * of a million different texts are taken for the same one is 1 in 30 million.
 */
export class KeySet {
  #slots = new Uint32Array(2 * 1024);
  #size = 0;

  /** Adds a text. @returns whether it is new */
  add(text: string): boolean {
    // At most half full: otherwise the search for a free slot takes long.
    if (this.#size * 4 >= this.#slots.length) this.#grow();
    const [high, low] = hashOf(text);
    const slot = slotOf(this.#slots, high, low);
    if (this.#slots[slot] !== 0 || this.#slots[slot + 1] !== 0) return false;
    this.#slots[slot] = high;
    this.#slots[slot + 1] = low;
    this.#size += 1;
    return true;
  }

  has(text: string): boolean {
    const [high, low] = hashOf(text);
    const slot = slotOf(this.#slots, high, low);
    return this.#slots[slot] !== 0 || this.#slots[slot + 1] !== 0;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) {
      const [high = 0, low = 0] = [old[at], old[at + 1]];
      if (high === 0 && low === 0) continue;
      const slot = slotOf(slots, high, low);
      slots[slot] = high;
      slots[slot + 1] = low;
    }
    this.#slots = slots;
  }
}

function hashOf(text: string): [number, number] {
  const digest = createHash("md5").update(text).digest();
  // Both 0 means a free slot.
  return [digest.readUInt32LE(0), digest.readUInt32LE(4) || 1];
}

/** The slot that holds the hash, or the free one where it belongs. */
function slotOf(slots: Uint32Array, high: number, low: number): number {
  const last = slots.length - 1;
  let slot = (low * 2) & last & ~1;
  while (
    !(slots[slot] === high && slots[slot + 1] === low) &&
    !(slots[slot] === 0 && slots[slot + 1] === 0)
  ) {
    slot = (slot + 2) & last;
  }
  return slot;
}
