/** What distinguishes one write of the soak test from every other. */

/** What an item's place may hold: the mark of one write, or nothing. */
export type Mark = string | null;

/** Marks as the text of a finding. */
export function inWords(possible: ReadonlySet<Mark>): string {
  return [...possible].map(String).join(" or ");
}
