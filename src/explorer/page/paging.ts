/** When the page after those that were read is asked for. */
import type { BrowsePage } from "../protocol.js";

/** Rows that are asked for at a time. */
export const pageSize = 200;

/** Fewer rows than this, and more than any window shows: that many have to be scrolled through. */
const enough = pageSize / 2;

/**
 * Whether the next page is read as soon as somebody scrolls to the end of the rows. A page of few rows would be
 * at its end at once, and one of a search that finds little would read the whole table with nobody asking.
 */
export function readsOnByItself(pages: readonly BrowsePage[]): boolean {
  return (pages.at(-1)?.items.length ?? 0) >= enough;
}
