/** What tells one write of the soak from every other. */

/** What an item's place may hold: one write's mark, or nothing. */
export type Mark = string | null;

/** Marks as a finding names them. */
export function inWords(possible: ReadonlySet<Mark>): string {
  return [...possible].map(String).join(" or ");
}
