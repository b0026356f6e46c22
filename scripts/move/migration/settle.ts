/** The decisions of a migration: what to do with the documents of one unit. */
import { keyId } from "../../../src/read/reader.js";
import { attribute, type RawItem } from "../../../src/table/table.js";
import { inParallel } from "../../../src/transport/parallel.js";
import { isGhost } from "../../../src/write/occupant.js";
import { isSame } from "./compare.js";
import { type Candidate, type Document, storedAt } from "./documents.js";
import { type Condition, type ItemTable, itemAt } from "./item-table.js";
import {
  type Counts,
  type DoneRecord,
  noCounts,
  type Outcome,
  type PutsRecord,
} from "./journal.js";

/** What to do if another item has the key: see the command's help. */
export const conflictModes = ["skip", "overwrite", "newer", "fail"] as const;

export type ConflictMode = (typeof conflictModes)[number];

/** Documents that are read and written together. */
export interface Unit {
  readonly documents: readonly Document[];
}

/** The table holds something else where a document belongs, and the mode is `fail`. */
export class ConflictError extends Error {
  constructor(path: string) {
    super(
      `${path}: the table holds another item at its key, and --on-conflict is fail. ` +
        "What was written before stays; the other modes go on",
    );
    this.name = "ConflictError";
  }
}

export interface SettleOptions {
  readonly table: ItemTable;
  readonly mode: ConflictMode;
  readonly dryRun: boolean;
  /** Epoch ms. */
  readonly now: () => number;
  /** Called with what is about to be written, before anything of it is sent. */
  readonly onPuts: (record: PutsRecord) => void;
  /** The times at which an interrupted run may have written an item. */
  readonly inDoubt: (id: string) => readonly number[];
}

/** How many single puts of one unit are in flight at once. */
const putsAtOnce = 8;

type Settled = Map<Document, Outcome | { readonly invalid: string }>;

/** A document with an item. */
type Writable = Document & { readonly item: Candidate };

/** Deals with the documents of a unit; each has exactly one outcome. */
export async function settle(unit: Unit, options: SettleOptions): Promise<DoneRecord> {
  const writable = unit.documents.filter((document) => document.item !== undefined) as Writable[];
  const outcomes: Settled = new Map();
  const notPut: [string, string][] = [];
  if (options.mode === "overwrite") await overwrite(unit, writable, outcomes, notPut, options);
  else await writeWhereDue(unit, writable, outcomes, notPut, options);
  return doneRecord(unit, outcomes, notPut);
}

async function overwrite(
  unit: Unit,
  documents: readonly Writable[],
  outcomes: Settled,
  notPut: [string, string][],
  { table, dryRun, now, onPuts }: SettleOptions,
): Promise<void> {
  const time = now();
  const items = documents.map(({ item }) => storedAt(item, time));
  if (items.length === 0) return;
  if (!dryRun) onPuts(putsRecord(unit, items));
  const results = dryRun ? items.map(() => "written" as const) : await table.putAll(items);
  documents.forEach((document, at) => {
    const result = results[at];
    const refused = typeof result === "object";
    outcomes.set(document, refused ? result : "written");
    if (refused) notPut.push([document.item.stored.PK, document.item.stored.SK]);
  });
}

async function writeWhereDue(
  unit: Unit,
  documents: readonly Writable[],
  outcomes: Settled,
  notPut: [string, string][],
  options: SettleOptions,
): Promise<void> {
  const { table, mode, dryRun, now, onPuts } = options;
  if (documents.length === 0) return;
  const there = await table.read(documents.map(({ item }) => item.stored));
  const due: { document: Writable; item: RawItem; condition: Condition }[] = [];
  for (const document of documents) {
    const stored = itemAt(there, document.item.stored);
    const decision = decide(document, stored, options);
    if (decision !== "write") outcomes.set(document, decision);
    else {
      const { changedAt } = document.item;
      // The time of a replaced item may only grow, even if a clock is slow.
      const isNew = stored === undefined || isGhost(stored);
      const time = isNew ? now() : Math.max(now(), changedAt);
      due.push({
        document,
        item: storedAt(document.item, time),
        condition: conditionOf(stored, mode, changedAt),
      });
    }
  }
  if (due.length === 0) return;
  if (dryRun) {
    for (const { document } of due) outcomes.set(document, "written");
    return;
  }
  onPuts(
    putsRecord(
      unit,
      due.map(({ item }) => item),
    ),
  );
  await inParallel(due, putsAtOnce, async ({ document, item, condition }) => {
    let outcome: Outcome | { readonly invalid: string };
    const result = await table.put(item, condition);
    if (result !== "refused") outcome = result;
    else outcome = await afterRefusal(document, item, options);
    outcomes.set(document, outcome);
    if (outcome !== "written") notPut.push([item.PK, item.SK]);
  });
}

/** What must still be true of the old item when the new one is put. */
function conditionOf(
  stored: RawItem | undefined,
  mode: ConflictMode,
  changedAt: number,
): Condition {
  if (stored !== undefined && isGhost(stored)) return { kind: "ghost", ghost: stored };
  return stored === undefined || mode !== "newer"
    ? { kind: "absent" }
    : { kind: "olderThan", time: changedAt };
}

/** A condition failed: somebody was quicker, or this very put arrived twice. */
async function afterRefusal(
  document: Writable,
  item: RawItem,
  options: SettleOptions,
): Promise<Outcome | { readonly invalid: string }> {
  const stored = itemAt(await options.table.read([item]), item);
  const own = item[attribute.updatedAt];
  if (stored !== undefined && stored[attribute.updatedAt] === own && isSame(item, stored)) {
    return "written";
  }
  const decision = decide(document, stored, options);
  // Deleted or changed again meanwhile: somebody is working on it, and keeps it.
  return decision === "write" ? "kept" : decision;
}

/** What to do with a document, given what is there. @throws ConflictError */
function decide(
  { item, path }: Writable,
  stored: RawItem | undefined,
  { mode, inDoubt }: SettleOptions,
): "write" | "identical" | "written" | "kept" {
  // No call sees a ghost as an item: a document that it blocked would be lost.
  if (stored === undefined || isGhost(stored)) return "write";
  const updatedAt = stored[attribute.updatedAt];
  if (isSame(item.stored, stored)) {
    const own = updatedAt !== undefined && inDoubt(keyId(stored)).includes(updatedAt);
    return own ? "written" : "identical";
  }
  if (mode === "fail") throw new ConflictError(path);
  return mode === "newer" && item.changedAt > (updatedAt ?? 0) ? "write" : "kept";
}

function putsRecord({ documents }: Unit, items: readonly RawItem[]): PutsRecord {
  return {
    unit: documents[0]?.ordinal ?? 0,
    puts: items.map((item) => [item.PK, item.SK, item[attribute.updatedAt] ?? 0]),
  };
}

function doneRecord(
  { documents }: Unit,
  outcomes: Settled,
  notPut: readonly [string, string][],
): DoneRecord {
  const counts: Record<string, Counts> = {};
  const rejected: { path: string; reasons: readonly string[] }[] = [];
  for (const document of documents) {
    const { facade, path } = document;
    const outcome = outcomes.get(document);
    const reasons = typeof outcome === "object" ? [outcome.invalid] : document.reasons;
    const kind = typeof outcome === "string" ? outcome : "rejected";
    counts[facade] ??= noCounts();
    counts[facade][kind] += 1;
    if (kind === "rejected") rejected.push({ path, reasons });
  }
  return {
    unit: documents[0]?.ordinal ?? 0,
    to: (documents.at(-1)?.ordinal ?? -1) + 1,
    counts,
    rejected,
    notPut,
  };
}
