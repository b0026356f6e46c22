/** Each caller has its own item, whoever else was given the same one. */
import { noteCopy } from "../secrets/opened.js";
import type { RawItem } from "../table/table.js";
import { copyOf } from "../values/copy.js";

/** What a base class returns takes the place of `this`: so the mark is put on the item itself. */
const itemItself = ((item: RawItem) => item) as unknown as new (item: RawItem) => object;

/**
 * Marks items that a caller has. Nobody sees the mark, and no copy has it. In a WeakSet each item would
 * be an entry, which the garbage collector has to look at: 2 µs for each get.
 */
class HandedOut extends itemItself {
  readonly #mark = true;

  static has(item: RawItem): boolean {
    return #mark in item;
  }
}

/**
 * The item for one more caller: a copy if another one has it, so that one caller's changes to a payload do
 * not reach another. Callers of one read share an item, and so do those of a mock or a caching client that
 * returns the same object again.
 */
export function ownItem(item: RawItem | undefined): RawItem | undefined {
  if (item === undefined) return undefined;
  // An item that cannot be marked is no response's.
  if (Object.isExtensible(item) && !HandedOut.has(item)) {
    new HandedOut(item);
    return item;
  }
  const copy = copyOf(item);
  noteCopy(item, copy);
  return copy;
}
