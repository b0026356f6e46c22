/** What became of the documents so far. */
import { type Counts, type DoneRecord, noCounts } from "./journal.js";

/** How many rejections are shown at once; all of them are in the file. */
const mostShown = 10;

export interface Totals {
  documents: number;
  readonly all: Counts;
  readonly byFacade: Map<string, Counts>;
  /** The first rejected documents. */
  readonly rejected: { readonly path: string; readonly reasons: readonly string[] }[];
}

export function noTotals(): Totals {
  return { documents: 0, all: noCounts(), byFacade: new Map(), rejected: [] };
}

/** Adds a unit; returns how many documents it had. */
export function addUnit(
  totals: Totals,
  { counts, rejected }: Pick<DoneRecord, "counts" | "rejected">,
): number {
  let documents = 0;
  for (const [facade, more] of Object.entries(counts)) {
    const sum = totals.byFacade.get(facade) ?? noCounts();
    totals.byFacade.set(facade, sum);
    for (const kind of ["written", "identical", "kept", "rejected"] as const) {
      sum[kind] += more[kind];
      totals.all[kind] += more[kind];
      documents += more[kind];
    }
  }
  totals.documents += documents;
  totals.rejected.push(...rejected.slice(0, Math.max(0, mostShown - totals.rejected.length)));
  return documents;
}
