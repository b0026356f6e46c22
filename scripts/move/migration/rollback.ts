/** Undoes migrations: deletes what they wrote and nobody has changed since. */
import { attribute, limits, type RawItem, type RawKey } from "../../../src/table/table.js";
import { chunksOf, inParallel } from "../../../src/transport/parallel.js";
import { type Account, settled } from "../../run/account.js";
import { type DeleteOutcome, type ItemTable, itemAt } from "./item-table.js";
import { type Journal, type PutsRecord, type RunRecord, readJournal } from "./journal.js";

/** Why an item that a migration wrote is still there. */
export type LeftReason = "changed since";

export interface RollbackReport {
  deleted: number;
  /** Not there any more. */
  gone: number;
  left: number;
}

export interface RollbackOptions {
  readonly table: ItemTable;
  readonly journal: Journal;
  readonly runs: readonly JournalRun[];
  readonly dryRun: boolean;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly report: RollbackReport;
  /** Called with each item that stays. */
  readonly onLeft: (key: RawKey, reason: LeftReason) => void;
  readonly onProgress: (items: number) => void;
}

/** A migration in the journal. */
export interface JournalRun extends RunRecord {
  /** Its lines, in bytes. */
  readonly from: number;
  to: number;
  /** Puts, including those that were not carried out after all. */
  puts: number;
}

/** The migrations of a place that are not rolled back yet, oldest first; and all other places. */
export async function runsOf(
  file: string,
  place: string,
): Promise<{ runs: JournalRun[]; elsewhere: string[] }> {
  let runs: JournalRun[] = [];
  let current: JournalRun | undefined;
  for await (const { offset, record } of readJournal(file)) {
    if ("run" in record) {
      current = { ...record, from: offset, to: Number.POSITIVE_INFINITY, puts: 0 };
      const before = runs.at(-1);
      if (before !== undefined) before.to = offset;
      runs.push(current);
    } else if ("rolledBack" in record) {
      runs = runs.filter((run) => run.place !== record.rolledBack);
      // What follows belongs to no run.
      if (current !== undefined) current.to = Math.min(current.to, offset);
    } else if ("puts" in record && current !== undefined) current.puts += record.puts.length;
  }
  const elsewhere = new Set(runs.map((run) => run.place).filter((other) => other !== place));
  return { runs: runs.filter((run) => run.place === place), elsewhere: [...elsewhere] };
}

/**
 * Deletes the items of the runs, the newest run first, each only while it is as it was written.
 * @throws AccountError if an item of the journal has no outcome, or two
 */
export async function rollback(options: RollbackOptions): Promise<Account> {
  let read = 0;
  for (const run of options.runs.toReversed()) read += await rollbackRun(run, options);
  const { deleted, gone, left } = options.report;
  return settled("items", read, { deleted, left, "gone before": gone }, "roll back again");
}

/** An item that was put, at one of these times. */
interface Put {
  readonly key: RawKey;
  readonly times: readonly number[];
}

/** @returns how many items the run has in the journal */
async function rollbackRun(run: JournalRun, options: RollbackOptions): Promise<number> {
  const { journal, concurrency, signal } = options;
  let read = 0;
  let waiting: Put[] = [];
  const flush = async (): Promise<void> => {
    const chunks = chunksOf(waiting, limits.batchGetKeys);
    waiting = [];
    await inParallel(chunks, concurrency, (chunk) => deleteUnchanged(chunk, options));
  };
  for await (const puts of putsOf(run, journal.file)) {
    signal.throwIfAborted();
    read += puts.length;
    waiting.push(...puts);
    if (waiting.length >= limits.batchGetKeys * concurrency) await flush();
  }
  signal.throwIfAborted();
  await flush();
  return read;
}

/** The puts of a run, unit by unit, without those that were not done. */
async function* putsOf({ from, to }: JournalRun, file: string): AsyncGenerator<Put[]> {
  const begun = new Map<number, number>();
  const notPut = new Map<number, Set<string>>();
  for await (const { record } of readJournal(file, from, to)) {
    if ("puts" in record) begun.set(record.unit, (begun.get(record.unit) ?? 0) + 1);
    else if ("to" in record && record.notPut.length > 0) {
      notPut.set(record.unit, new Set(record.notPut.map((key) => JSON.stringify(key))));
    }
  }
  // A unit that was interrupted has begun more than once.
  const collected = new Map<number, PutsRecord["puts"][number][]>();
  for await (const { record } of readJournal(file, from, to)) {
    if (!("puts" in record)) continue;
    const { unit } = record;
    const puts = [...(collected.get(unit) ?? []), ...record.puts];
    const left = (begun.get(unit) ?? 1) - 1;
    begun.set(unit, left);
    if (left > 0) collected.set(unit, puts);
    else {
      collected.delete(unit);
      yield mergedPuts(puts, notPut.get(unit));
    }
  }
}

function mergedPuts(puts: PutsRecord["puts"], notPut: ReadonlySet<string> | undefined): Put[] {
  const merged = new Map<string, { key: RawKey; times: number[] }>();
  for (const [PK, SK, updatedAt] of puts) {
    const id = JSON.stringify([PK, SK]);
    if (notPut?.has(id)) continue;
    const known = merged.get(id) ?? { key: { PK, SK }, times: [] };
    merged.set(id, known);
    known.times.push(updatedAt);
  }
  return [...merged.values()];
}

async function deleteUnchanged(puts: readonly Put[], options: RollbackOptions): Promise<void> {
  const { table, dryRun, report, onLeft, onProgress } = options;
  const there = await table.read(puts.map(({ key }) => key));
  await inParallel(puts, 8, async ({ key, times }) => {
    const outcome = await outcomeOf(itemAt(there, key), key, times);
    if (outcome === "changed") {
      report.left += 1;
      onLeft(key, "changed since");
    } else report[outcome] += 1;
    onProgress(1);
  });

  async function outcomeOf(
    stored: RawItem | undefined,
    key: RawKey,
    times: readonly number[],
  ): Promise<DeleteOutcome> {
    if (stored === undefined) return "gone";
    if (!times.includes(stored[attribute.updatedAt] ?? Number.NaN)) return "changed";
    return dryRun ? "deleted" : table.deleteAt(key, times);
  }
}
