/** Records how the secrets of an item are stored, and why one of them could not be opened. */
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
  readonly unreadable: readonly UnreadableField[];
}

/** Kept outside the items, so that none of it is ever stored or shown. */
const known = new WeakMap<object, Known>();

export function noteSecrets(
  item: object,
  stored: Readonly<Record<string, unknown>>,
  unreadable: readonly UnreadableField[],
): void {
  known.set(item, { stored, unreadable });
}

/** Whether an item was already opened. A mock or a caching client may return the same object again. */
export function isOpened(item: object): boolean {
  return known.has(item);
}

/** Records for a copy what is known about the item. */
export function noteCopy(item: object, copy: object): void {
  const of = known.get(item);
  if (of !== undefined) known.set(copy, of);
}

/** A payload field as the table contains it, which is what a condition compares with. */
export function storedValueOf(item: RawItem, field: string): unknown {
  return known.get(item)?.stored[field] ?? item.Data?.[field];
}

/** The first secret of an item, or of some of its fields, that could not be opened. */
export function unreadableOf(
  item: object,
  fields?: readonly string[],
): UnreadableField | undefined {
  return known
    .get(item)
    ?.unreadable.find(({ field }) => fields === undefined || fields.includes(field));
}
