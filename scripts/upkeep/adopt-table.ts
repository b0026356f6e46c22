/** Upgrades the items of an earlier writer in place, beside whoever else reads and writes them. */
import { attribute, receiptRow } from "../../src/table/table.js";
import {
  isProblem,
  isReceipt,
  type Placed,
  type ProblemKind,
  placementOf,
  placementPaths,
  rawKeyText,
} from "../move/placement.js";
import { attributeText } from "../raw/line.js";
import { type Item, projectionOf, type RawTable, type WriteOutcome } from "../raw/raw-table.js";
import type { Outcomes } from "../run/account.js";
import {
  changeItem,
  emptyReport,
  emptyTally,
  type SweepOptions,
  type SweepReport,
  type SweepState,
  type SweepTally,
  type Swept,
  sweepTable,
} from "./sweep.js";

/** Why an item was left as it is. */
export type LeftKind = ProblemKind | "contended";

export interface EntityCounts {
  /** Given what they lacked, or would be. */
  adopted: number;
  /** Lacked nothing. */
  complete: number;
}

/** What was found and done so far. */
export interface AdoptionReport extends SweepReport<LeftKind> {
  readonly entities: Record<string, EntityCounts>;
  /** Attributes that were added, or would be. */
  readonly added: Record<string, number>;
}

export type AdoptionState = SweepState<AdoptionReport>;
export type AdoptionOptions = SweepOptions<AdoptionState>;
export type Adoption = Swept<LeftKind, AdoptionReport>;

interface Tally extends SweepTally<LeftKind> {
  readonly adopted: { readonly name: string; readonly missing: readonly string[] }[];
  readonly complete: string[];
}

/**
 * Adopts every item that lacks something. Each write is conditional on the item being as it was
 * read, and adds only what is missing: `Data` and `UpdatedAt` stay, because nothing that a reader
 * sees has changed and whoever holds a lock on `UpdatedAt` must not lose it.
 * @throws what a request threw; the checkpoint then holds what was done
 * @throws AccountError if an item that was read has no outcome, or two
 */
export async function adoptTable(table: RawTable, options: AdoptionOptions): Promise<Adoption> {
  const { dryRun = false, run, now = Date.now } = options;
  const saved = run?.state;
  const report: AdoptionReport =
    saved === undefined
      ? { ...emptyReport(), entities: {}, added: {} }
      : structuredClone(saved.report);

  const deal = async (scanned: Item, tally: Tally): Promise<void> => {
    const leave = (item: Item, kind: LeftKind, rule: string): void => {
      tally.left.push({ kind, key: rawKeyText(item), rule });
    };
    const Key = keyOf(scanned);
    const read = () => table.get({ Key, ConsistentRead: true, ...projectionOf(placementPaths()) });
    await changeItem(scanned, tally, read, async (item) => {
      if (isReceipt(item)) {
        tally.complete.push(receiptRow.entityType);
        return null;
      }
      const placement = placementOf(item, now());
      if (isProblem(placement)) {
        leave(item, placement.kind, placement.rule);
        return null;
      }
      const missing = Object.keys(placement.lacks);
      const { name } = placement.entity.model;
      if (missing.length === 0) {
        tally.complete.push(name);
        return null;
      }
      return {
        write: () => (dryRun ? Promise.resolve("done") : supplied(table, item, placement)),
        isIn: (stored) => holds(stored, placement),
        settle: () => {
          tally.adopted.push({ name, missing });
        },
        leave: (rule) => leave(item, "contended", rule),
      };
    });
  };

  return sweepTable(table, options, saved, {
    paths: placementPaths(),
    report,
    newTally: (): Tally => ({ ...emptyTally(), adopted: [], complete: [] }),
    deal,
    add: (tally) => addTo(report, tally),
    outcomes: () => outcomesOf(report),
    hint: "adopt again with --restart",
  });
}

function outcomesOf({ entities, left, gone }: AdoptionReport): Outcomes {
  const sum = (of: "adopted" | "complete") =>
    Object.values(entities).reduce((total, each) => total + each[of], 0);
  return {
    adopted: sum("adopted"),
    complete: sum("complete"),
    left: Object.values(left).reduce((total, one) => total + one, 0),
    "gone meanwhile": gone,
  };
}

/** Whether an item has been given what it lacked. */
function holds(item: Item, { lacks }: Placed): boolean {
  return Object.entries(lacks).every(([name, value]) => {
    const held = item[name];
    return held !== undefined && attributeText(held) === attributeText(value);
  });
}

/** Adds what the item lacks, if it is still as it was read. */
function supplied(table: RawTable, item: Item, { lacks }: Placed): Promise<WriteOutcome> {
  const names: Record<string, string> = {};
  const values: Item = {};
  const sets: string[] = [];
  const conditions: string[] = [];
  // The item must still be the one that was read: a writer that replaces it changes one of these.
  for (const name of [attribute.entityType, attribute.createdAt, attribute.updatedAt]) {
    const at = `#s${conditions.length}`;
    const held = item[name];
    names[at] = name;
    if (held === undefined) conditions.push(`attribute_not_exists(${at})`);
    else {
      values[`:s${conditions.length}`] = held;
      conditions.push(`${at} = :s${conditions.length}`);
    }
  }
  for (const [name, value] of Object.entries(lacks)) {
    const at = `a${sets.length}`;
    names[`#${at}`] = name;
    values[`:${at}`] = value;
    sets.push(`#${at} = :${at}`);
    conditions.push(`attribute_not_exists(#${at})`);
  }
  return table.update({
    Key: keyOf(item),
    UpdateExpression: `SET ${sets.join(", ")}`,
    ConditionExpression: conditions.join(" AND "),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  });
}

function keyOf(item: Item): Item {
  const key: Item = {};
  for (const name of [attribute.partitionKey, attribute.sortKey]) {
    const value = item[name];
    if (value !== undefined) key[name] = value;
  }
  return key;
}

function addTo(report: AdoptionReport, { adopted, complete }: Tally): void {
  const countsOf = (name: string): EntityCounts => {
    const counts = report.entities[name] ?? { adopted: 0, complete: 0 };
    report.entities[name] = counts;
    return counts;
  };
  for (const name of complete) countsOf(name).complete += 1;
  for (const { name, missing } of adopted) {
    countsOf(name).adopted += 1;
    for (const one of missing) report.added[one] = (report.added[one] ?? 0) + 1;
  }
}
