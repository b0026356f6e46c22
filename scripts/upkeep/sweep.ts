/**
 * A sweep over a whole table, beside whoever else reads and writes it: page by page in parallel segments,
 * with a checkpoint to continue from, a file of what was left, and an account of every item.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { attribute, type RawKey } from "../../src/table/table.js";
import { inParallel } from "../../src/transport/parallel.js";
import { type Item, projectionOf, type RawTable, type WriteOutcome } from "../raw/raw-table.js";
import { atStart, type Position, scanSegments } from "../raw/scan.js";
import { type Account, type Outcomes, settled } from "../run/account.js";
import { openFindings } from "../run/findings-file.js";
import type { Run } from "../run/run-state.js";

/** Something that was left as it is. */
export interface Left<Kind extends string> {
  readonly kind: Kind;
  readonly key: string;
  /** Names fields and keys by their ids, never a value. */
  readonly rule: string;
}

/** What became of one page's items: counted once all of them are dealt with. */
export interface SweepTally<Kind extends string> {
  readonly left: Left<Kind>[];
  /** Writes that found the item changed and looked at it again. */
  lostRaces: number;
  /** Deleted by others between the scan and the write. */
  gone: number;
}

/** What was found and done so far. */
export interface SweepReport<Kind extends string> {
  items: number;
  readonly left: Partial<Record<Kind, number>>;
  lostRaces: number;
  gone: number;
}

/** What a checkpoint holds. */
export interface SweepState<Report> {
  readonly positions: readonly Position[];
  readonly report: Report;
  readonly findingsBytes: number;
}

/** What the caller of a sweep decides. */
export interface SweepOptions<State> {
  /** Segments of the table that are read at once. */
  readonly segments: number;
  readonly dryRun?: boolean | undefined;
  /** The checkpoint; a dry run keeps none. */
  readonly run?: Run<State> | undefined;
  /** Gets a line for each thing that was left, with the key of its item. */
  readonly findingsPath: string;
  readonly now?: (() => number) | undefined;
  /** Ends the sweep between two pages; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((items: number) => void) | undefined;
}

/** What a kind of sweep does with the items. */
export interface SweepWork<
  Kind extends string,
  Tally extends SweepTally<Kind>,
  Report extends SweepReport<Kind>,
> {
  /** What is read of each item: attributes or, as lists of names, what is inside them. */
  readonly paths: readonly (string | readonly string[])[];
  /** Begins at zero, or where an interrupted run ended. */
  readonly report: Report;
  readonly newTally: () => Tally;
  readonly deal: (item: Item, tally: Tally) => Promise<void>;
  /** Adds a tally to the report, but for what every report has. */
  readonly add: (tally: Tally) => void;
  /** What a checkpoint holds beside the rest. */
  readonly kept?: () => object;
  /** Runs once every page is dealt with; `take` counts what it did. */
  readonly atEnd?: (take: (tally: Tally) => Promise<void>) => Promise<void>;
  readonly outcomes: () => Outcomes;
  /** What a person can do if the account is not settled. */
  readonly hint: string;
}

export interface Swept<Kind extends string, Report> {
  readonly report: Report;
  /** Every item that was read, and what became of it. */
  readonly account: Account;
  /** The first things that were left. */
  readonly examples: readonly Left<Kind>[];
}

/** Items that are dealt with at once. */
export const itemsInFlight = 16;
/** Others may write an item all the time: it is tried this often, then it is reported. */
const mostTries = 20;
/** The least time between two checkpoints, in ms. */
const checkpointMs = 500;
const mostExamples = 20;

/** What every tally begins with. */
export function emptyTally<Kind extends string>(): SweepTally<Kind> {
  return { left: [], lostRaces: 0, gone: 0 };
}

/** What every report begins with. */
export function emptyReport<Kind extends string>(): SweepReport<Kind> {
  return { items: 0, left: {}, lostRaces: 0, gone: 0 };
}

/**
 * Deals with every item of the table.
 * @throws what a request threw; the checkpoint then holds what was done
 * @throws AccountError if an item that was read has no outcome, or two
 */
export async function sweepTable<
  Kind extends string,
  Tally extends SweepTally<Kind>,
  Report extends SweepReport<Kind>,
  State extends SweepState<Report>,
>(
  table: RawTable,
  { segments, run, findingsPath, signal, onProgress }: SweepOptions<State>,
  saved: State | undefined,
  work: SweepWork<Kind, Tally, Report>,
): Promise<Swept<Kind, Report>> {
  const { report } = work;
  const positions: Position[] = [...(saved?.positions ?? atStart(segments))];
  const findings = await openFindings(findingsPath, saved?.findingsBytes ?? 0);
  const examples: Left<Kind>[] = [];
  let savedAt = performance.now();

  const checkpoint = async (): Promise<void> => {
    savedAt = performance.now();
    const state = { positions: [...positions], report: structuredClone(report), ...work.kept?.() };
    await run?.save({ ...state, findingsBytes: findings.bytes } as unknown as State);
  };
  const take = async (tally: Tally, items: number): Promise<void> => {
    for (const left of tally.left) await findings.add(left);
    examples.push(...tally.left.slice(0, mostExamples - examples.length));
    report.items += items;
    report.lostRaces += tally.lostRaces;
    report.gone += tally.gone;
    for (const { kind } of tally.left) report.left[kind] = (report.left[kind] ?? 0) + 1;
    work.add(tally);
  };
  const commit = oneAtATime();

  // What earlier runs read is in the report already.
  const before = report.items;
  try {
    const read = await scanSegments(table, {
      positions: [...positions],
      signal,
      input: { ...projectionOf(work.paths), ConsistentRead: false },
      onPage: async ({ segment, items, next }) => {
        const tally = work.newTally();
        await inParallel(items, itemsInFlight, (item) => work.deal(item, tally));
        await commit(async () => {
          await take(tally, items.length);
          positions[segment] = next;
          if (performance.now() - savedAt >= checkpointMs) await checkpoint();
        });
        onProgress?.(items.length);
      },
    });
    await work.atEnd?.((tally) => commit(() => take(tally, 0)));
    const account = settled("items", before + read, work.outcomes(), work.hint);
    await run?.finish();
    return { report, account, examples };
  } catch (error) {
    await commit(checkpoint);
    throw error;
  } finally {
    await findings.close();
  }
}

/** Runs steps one after the other: a checkpoint holds whole pages, with their counts and findings. */
function oneAtATime(): (step: () => Promise<void>) => Promise<void> {
  let steps: Promise<void> = Promise.resolve();
  return (step) => {
    const done = steps.then(step);
    steps = done.catch(() => undefined);
    return done;
  };
}

/** A write on the condition that the item is as it was read. */
export interface Change {
  write(): Promise<WriteOutcome>;
  /** Whether an item holds what was to be written. */
  isIn(item: Item): boolean;
  /** Counts it as done. */
  settle(): void;
  /** Counts it as left. */
  leave(rule: string): void;
}

/**
 * Changes an item, and looks at it again as long as others get ahead.
 * @param next what is to be written to the item as it is now; `null` if it is dealt with
 */
export async function changeItem(
  found: Item | undefined,
  tally: SweepTally<string>,
  read: () => Promise<Item | undefined>,
  next: (item: Item) => Promise<Change | null>,
): Promise<void> {
  let item = found;
  for (let attempt = 1; item !== undefined; attempt += 1) {
    const change = await next(item);
    if (change === null) return;
    const outcome = await change.write();
    if (outcome === "done") return change.settle();
    // A random wait, to get out of step with a steady writer.
    if (attempt > 2) await sleep(Math.random() * 5 * attempt);
    item = await read();
    if (outcome === "inDoubt" && item !== undefined && change.isIn(item)) return change.settle();
    tally.lostRaces += 1;
    if (attempt === mostTries) {
      return change.leave(`other callers wrote it ${mostTries} times in a row`);
    }
  }
  tally.gone += 1;
}

/** Reads an item as it is now. */
export function readNow(
  table: RawTable,
  { PK, SK }: RawKey,
  paths: SweepWork<string, SweepTally<string>, SweepReport<string>>["paths"],
): Promise<Item | undefined> {
  return table.get({ Key: attributesOf({ PK, SK }), ConsistentRead: true, ...projectionOf(paths) });
}

/** A key as a request of the raw table takes it. */
export function attributesOf({ PK, SK }: RawKey): Item {
  return { [attribute.partitionKey]: { S: PK }, [attribute.sortKey]: { S: SK } };
}
