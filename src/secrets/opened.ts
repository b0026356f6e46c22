/** How the secrets of an item that was read are stored, and why one of them could not be opened. */
import type { RawItem } from "../table/table.js";
import type { Unreadable } from "./encryption.js";

/** A secret that could not be opened. The item still holds it as it is stored. */
export interface UnreadableField extends Unreadable {
  readonly field: string;
  /** The call that read it. */
  readonly operation: string | undefined;
}

interface Known {
  /** Values as they are stored, by field. */
  readonly stored: Readonly<Record<string, unknown>>;
  readonly unreadable: UnreadableField | undefined;
}

/** Kept beside the items, so that nothing of it is ever stored or shown. */
const known = new WeakMap<object, Known>();

export function noteSecrets(
  item: object,
  stored: Readonly<Record<string, unknown>>,
  unreadable: UnreadableField | undefined,
): void {
  known.set(item, { stored, unreadable });
}

/** Whether an item was opened before: a mock, or a client with a cache, may return the same one again. */
export function isOpened(item: object): boolean {
  return known.has(item);
}

/** Notes for a copy what is known of the item. */
export function noteCopy(item: object, copy: object): void {
  const of = known.get(item);
  if (of !== undefined) known.set(copy, of);
}

/** A field of the payload as the table holds it, which a condition compares with. */
export function storedValueOf(item: RawItem, field: string): unknown {
  return known.get(item)?.stored[field] ?? item.Data?.[field];
}

/** The first secret of an item that could not be opened. */
export function unreadableOf(item: object): UnreadableField | undefined {
  return known.get(item)?.unreadable;
}
