/**
 * UpdatedAt: how each write increases it, and how it shows whether an item has changed since a read.
 */
import { atom, type Compiled, joined } from "../conditions/condition-logic.js";
import type { Placeholders } from "../conditions/placeholders.js";
import type { Clock } from "../runtime/clock.js";
import { attribute, type RawItem } from "../table/table.js";
import { isExactNumber } from "../values/exact-number.js";
import { isTime, lastMs } from "../values/timestamps.js";
import { isStill } from "./expressions.js";

/**
 * How one request increases UpdatedAt. Computed once, because its parts must match while time passes.
 */
export interface Growth {
  /**
   * The time that is stored unless another write comes first. It is later than the time that was seen.
   */
  readonly at: number;
  /**
   * The milliseconds that are added to the stored time instead. Many writers of one item then need
   * not know each other's last write, because each adds to the time that it finds.
   */
  readonly step: number | undefined;
}

/**
 * The clock's time, or the stored item's time plus one millisecond if that is later.
 * @param adds when to add to the time of a seen item: only if it is ahead of the clock, always if
 * the item has one, or never
 */
export function growthOf(
  clock: Clock,
  seen: RawItem | undefined,
  adds: "ahead" | "always" | "never",
): Growth {
  const now = clock.now();
  const stored = storedTime(seen);
  if (stored === undefined) return { at: now, step: undefined };
  const isAdded = adds === "always" || (adds === "ahead" && stored >= now);
  return {
    at: Math.max(now, stored + 1),
    step: isAdded ? Math.max(1, now - stored) : undefined,
  };
}

/** Assigns UpdatedAt. */
export function writtenAt(own: Placeholders, { at, step }: Growth): string {
  const path = own.name(attribute.updatedAt);
  return step === undefined
    ? `${path} = ${own.value(at)}`
    : `${path} = ${path} + ${own.value(step)}`;
}

/**
 * A condition that keeps UpdatedAt strictly increasing: the stored time must be older than the new
 * one, or the write adds to it.
 * @param seen what a refused request found. A fraction that no JavaScript number holds is not a
 * time, however late
 */
export function isOlder(
  own: Placeholders,
  { at, step }: Growth,
  seen: RawItem | undefined,
): Compiled {
  const updatedAt = own.name(attribute.updatedAt);
  if (step !== undefined) return atom(`attribute_type(${updatedAt}, ${own.value("N")})`);
  const older = [isUntimed(own), atom(`${updatedAt} < ${own.value(at)}`)];
  if (hasOddTime(seen)) older.push(isStoredAt(own, seen));
  return joined("OR", older);
}

/**
 * A condition that the item has no UpdatedAt, or one that is not a time, as other writers may store.
 */
function isUntimed(own: Placeholders): Compiled {
  const updatedAt = own.name(attribute.updatedAt);
  return joined("OR", [
    atom(`NOT attribute_type(${updatedAt}, ${own.value("N")})`),
    atom(`${updatedAt} > ${own.value(lastMs)}`),
  ]);
}

/**
 * A condition that the item was not written since it was read. An item without a time was read as 0.
 * @param seen what a refused request found. A fraction that no JavaScript number holds is not a time
 */
export function isUnchanged(
  own: Placeholders,
  ifUpdatedAt: number,
  seen: RawItem | null | undefined,
): Compiled {
  const updatedAt = own.name(attribute.updatedAt);
  const same = atom(`${updatedAt} = ${own.value(ifUpdatedAt)}`);
  if (ifUpdatedAt !== 0) return same;
  const untimed = [same, isUntimed(own), atom(`${updatedAt} < ${own.value(0)}`)];
  if (hasOddTime(seen)) untimed.push(isStoredAt(own, seen));
  return joined("OR", untimed);
}

/** A condition that the item still has the UpdatedAt that was seen, or still has none. */
export function isStoredAt(own: Placeholders, seen: RawItem | undefined): Compiled {
  return isStill(own, attribute.updatedAt, seen);
}

/**
 * Whether a condition can refer to the stored time only after it was seen, because no JavaScript
 * number holds it.
 */
export function hasOddTime(item: RawItem | null | undefined): item is RawItem {
  return isExactNumber(item?.[attribute.updatedAt]);
}

export function updatedAtOf(item: RawItem): number {
  return storedTime(item) ?? 0;
}

/** The time of the last write, if the item has a valid one. */
export function storedTime(item: RawItem | undefined): number | undefined {
  const stored: unknown = item?.[attribute.updatedAt];
  return isTime(stored) ? stored : undefined;
}
