/** UpdatedAt: how each write makes it grow, and what it says of an item that was read. */
import { atom, type Compiled, joined } from "../conditions/condition-logic.js";
import type { Placeholders } from "../conditions/placeholders.js";
import type { Clock } from "../runtime/clock.js";
import { attribute, type RawItem } from "../table/table.js";
import { isExactNumber } from "../values/exact-number.js";
import { isTime, lastMs } from "../values/timestamps.js";
import { isStill } from "./expressions.js";

/** How one request makes UpdatedAt grow. Read once: its parts must agree while the clock goes on. */
export interface Growth {
  /** The time that is stored, unless another writes the item meanwhile: never older than what was seen. */
  readonly at: number;
  /**
   * What is added to the stored time instead. Many writers of one item then need not see each other's
   * last write: whichever comes next adds to it.
   */
  readonly step: number | undefined;
}

/**
 * The clock's time, or a millisecond after the stored item's.
 * @param adds when to add to the time of an item that was seen: where it is ahead of the clock, always
 * where it has one, or never
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
 * UpdatedAt strictly grows: what is there must be older than what is written, or is added to.
 * @param seen what a refused request showed: a fraction that no number holds is no time, however late
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

/** The item has no time of its last write: none, or one that is no time, as other writers' may be. */
function isUntimed(own: Placeholders): Compiled {
  const updatedAt = own.name(attribute.updatedAt);
  return joined("OR", [
    atom(`NOT attribute_type(${updatedAt}, ${own.value("N")})`),
    atom(`${updatedAt} > ${own.value(lastMs)}`),
  ]);
}

/**
 * The item was not written since it was read; one without a time was read as written at 0.
 * @param seen what a refused request showed: a fraction that no number holds is no time either
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

/** The item still has the UpdatedAt that was seen, or still none. */
export function isStoredAt(own: Placeholders, seen: RawItem | undefined): Compiled {
  return isStill(own, attribute.updatedAt, seen);
}

/** Whether the stored time is one that only who has seen it can name in a condition. */
export function hasOddTime(item: RawItem | null | undefined): item is RawItem {
  return isExactNumber(item?.[attribute.updatedAt]);
}

export function updatedAtOf(item: RawItem): number {
  return storedTime(item) ?? 0;
}

/** The time of the last write, if the item has one. */
export function storedTime(item: RawItem | undefined): number | undefined {
  const stored: unknown = item?.[attribute.updatedAt];
  return isTime(stored) ? stored : undefined;
}
