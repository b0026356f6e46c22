/** Upgrades the items of an earlier writer in place, beside whoever else reads and writes them. */
import { setTimeout as sleep } from "node:timers/promises";
import { attribute } from "../../src/table/table.js";
import { inParallel } from "../../src/write/batch.js";
import {
  isProblem,
  type Placed,
  type ProblemKind,
  placementOf,
  placementPaths,
  rawKeyText,
} from "../move/placement.js";
import { attributeText } from "../raw/line.js";
import { type Item, projectionOf, type RawTable, type WriteOutcome } from "../raw/raw-table.js";
import { atStart, type Position, scanSegments } from "../raw/scan.js";
import { type Account, settled } from "../run/account.js";
import { openFindings } from "../run/findings-file.js";
import type { Run } from "../run/run-state.js";

/** Why an item was left as it is. */
export type LeftKind = ProblemKind | "contended";

export interface EntityCounts {
  /** Given what they lacked, or would be. */
  adopted: number;
  /** Lacked nothing. */
  complete: number;
}

/** What was found and done so far. */
export interface AdoptionReport {
  items: number;
  readonly entities: Record<string, EntityCounts>;
  /** Attributes that were added, or would be. */
  readonly added: Record<string, number>;
  readonly left: Partial<Record<LeftKind, number>>;
  /** Writes that found the item changed or gone and looked at it again. */
  lostRaces: number;
  /** Deleted by others between the scan and the write. */
  gone: number;
}

export interface AdoptionState {
  readonly positions: readonly Position[];
  readonly report: AdoptionReport;
  readonly findingsBytes: number;
}

export interface AdoptionOptions {
  readonly segments: number;
  readonly dryRun?: boolean | undefined;
  /** The checkpoint; a dry run keeps none. */
  readonly run?: Run<AdoptionState> | undefined;
  /** Gets a line per item that was left, with its key. */
  readonly findingsPath: string;
  readonly now?: () => number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (items: number) => void;
}

export interface Adoption {
  readonly report: AdoptionReport;
  /** Every item that was read, and what became of it. */
  readonly account: Account;
  /** The first items that were left. */
  readonly examples: readonly {
    readonly kind: LeftKind;
    readonly key: string;
    readonly rule: string;
  }[];
}

/** Items of one page that are written at once. */
const writesInFlight = 16;
/** Others may write an item all the time: it is tried so often, then it is reported. */
const mostTries = 20;
/** A checkpoint comes no more often, in ms. */
const checkpointMs = 500;
const mostExamples = 20;

/**
 * Adopts every item that lacks something. Each write is conditional on the item being as it was
 * read, and adds only what is missing: `Data` and `UpdatedAt` stay, because nothing that a reader
 * sees has changed and whoever holds a lock on `UpdatedAt` must not lose it.
 * @throws what a request threw; the checkpoint then holds what was done
 * @throws AccountError where an item that was read has no outcome, or two
 */
export async function adoptTable(table: RawTable, options: AdoptionOptions): Promise<Adoption> {
  const {
    segments,
    dryRun = false,
    run,
    findingsPath,
    signal,
    onProgress,
    now = Date.now,
  } = options;
  const saved = run?.state;
  const report = saved === undefined ? newReport() : structuredClone(saved.report);
  const positions: Position[] = [...(saved?.positions ?? atStart(segments))];
  const findings = await openFindings(findingsPath, saved?.findingsBytes ?? 0);
  const examples: { kind: LeftKind; key: string; rule: string }[] = [];
  let savedAt = performance.now();

  const leave = (to: Tally, item: Item, kind: LeftKind, rule: string): void => {
    to.left.push({ kind, key: rawKeyText(item), rule });
  };

  const handle = async (scanned: Item, to: Tally): Promise<void> => {
    let item: Item | undefined = scanned;
    for (let attempt = 1; item !== undefined; attempt += 1) {
      const placement = placementOf(item, now());
      if (isProblem(placement)) return leave(to, item, placement.kind, placement.rule);
      const missing = Object.keys(placement.lacks);
      const { name } = placement.entity.model;
      if (missing.length === 0) {
        to.complete.push(name);
        return;
      }
      const outcome = dryRun ? "done" : await supplied(table, item, placement);
      if (outcome === "done") {
        to.adopted.push({ name, missing });
        return;
      }
      // Whoever writes it all the time gets out of step.
      if (attempt > 2) await sleep(Math.random() * 5 * attempt);
      const before: Item = item;
      item = await table.get({
        Key: keyOf(before),
        ConsistentRead: true,
        ...projectionOf(placementPaths),
      });
      if (outcome === "inDoubt" && item !== undefined && holds(item, placement)) {
        to.adopted.push({ name, missing });
        return;
      }
      to.lostRaces += 1;
      if (attempt === mostTries) {
        return leave(to, before, "contended", `others wrote it ${mostTries} times in a row`);
      }
    }
    to.gone += 1;
  };

  // One at a time: a checkpoint holds whole pages, with their counts and findings.
  let commits: Promise<void> = Promise.resolve();
  const commit = (step: () => Promise<void>): Promise<void> => {
    const done = commits.then(step);
    commits = done.catch(() => undefined);
    return done;
  };
  const checkpoint = async (): Promise<void> => {
    savedAt = performance.now();
    const state = { positions: [...positions], report: structuredClone(report) };
    await run?.save({ ...state, findingsBytes: findings.bytes });
  };

  // What earlier runs read is in the report already.
  const before = report.items;
  try {
    const read = await scanSegments(table, {
      positions: [...positions],
      signal,
      input: { ...projectionOf(placementPaths), ConsistentRead: false },
      onPage: async ({ segment, items, next }) => {
        const tally = newTally();
        await inParallel(items, writesInFlight, (item) => handle(item, tally));
        await commit(async () => {
          for (const finding of tally.left) await findings.add(finding);
          examples.push(...tally.left.slice(0, mostExamples - examples.length));
          addTo(report, tally, items.length);
          positions[segment] = next;
          if (performance.now() - savedAt >= checkpointMs) await checkpoint();
        });
        onProgress?.(items.length);
      },
    });
    const account = accountOf(before + read, report);
    await run?.finish();
    return { report, account, examples };
  } catch (error) {
    await commit(checkpoint);
    throw error;
  } finally {
    await findings.close();
  }
}

/** @throws AccountError */
function accountOf(read: number, { entities, left, gone }: AdoptionReport): Account {
  const sum = (of: "adopted" | "complete") =>
    Object.values(entities).reduce((total, each) => total + each[of], 0);
  const outcomes = {
    adopted: sum("adopted"),
    complete: sum("complete"),
    left: Object.values(left).reduce((total, one) => total + one, 0),
    "gone meanwhile": gone,
  };
  return settled("items", read, outcomes, "adopt again with --restart");
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
  // What came of it must still hold: a writer that puts the item anew changes one of these.
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

/** What became of one page's items: counted when all of them are dealt with. */
interface Tally {
  readonly adopted: { readonly name: string; readonly missing: readonly string[] }[];
  readonly complete: string[];
  readonly left: { readonly kind: LeftKind; readonly key: string; readonly rule: string }[];
  lostRaces: number;
  gone: number;
}

function newTally(): Tally {
  return { adopted: [], complete: [], left: [], lostRaces: 0, gone: 0 };
}

function newReport(): AdoptionReport {
  return { items: 0, entities: {}, added: {}, left: {}, lostRaces: 0, gone: 0 };
}

function addTo(report: AdoptionReport, tally: Tally, items: number): void {
  const countsOf = (name: string): EntityCounts => {
    const counts = report.entities[name] ?? { adopted: 0, complete: 0 };
    report.entities[name] = counts;
    return counts;
  };
  report.items += items;
  report.lostRaces += tally.lostRaces;
  report.gone += tally.gone;
  for (const name of tally.complete) countsOf(name).complete += 1;
  for (const { name, missing } of tally.adopted) {
    countsOf(name).adopted += 1;
    for (const one of missing) report.added[one] = (report.added[one] ?? 0) + 1;
  }
  for (const { kind } of tally.left) report.left[kind] = (report.left[kind] ?? 0) + 1;
}
