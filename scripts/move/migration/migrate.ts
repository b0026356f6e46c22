/**
 * Moves the documents of an export into the table: units in parallel, none of them lost or written
 * twice.
 */
import { randomUUID } from "node:crypto";
import type { DataLayer } from "../../../src/index.js";
import { keyId } from "../../../src/read/reader.js";
import { limits } from "../../../src/table/table.js";
import { settled } from "../../run/account.js";
import { openRun, StateError, takeLock } from "../../run/run-state.js";
import { ExportError } from "../firestore/json-file.js";
import type { FirestoreExport } from "../firestore/read-export.js";
import { type Document, documentsOf, stampOf } from "./documents.js";
import type { ItemTable } from "./item-table.js";
import { type DoneRecord, Journal, journalFile, type PutsRecord, readJournal } from "./journal.js";
import { RejectedList } from "./rejected-list.js";
import { ConflictError, type ConflictMode, type SettleOptions, settle } from "./settle.js";
import { addUnit, type Totals } from "./totals.js";

/** The state of `migrate`, beside which `rollback` must not run. */
export const migrateCommand = "migrate";

export interface MigrateOptions {
  readonly data: DataLayer;
  readonly table: ItemTable;
  /** The table and where it is, for people. */
  readonly place: string;
  readonly source: FirestoreExport;
  readonly mode: ConflictMode;
  readonly dryRun: boolean;
  /** Units in flight. */
  readonly concurrency: number;
  readonly stateFolder: string;
  readonly restart: boolean;
  /** Where rejected documents are listed; an older list is replaced. */
  readonly rejectedFile: string;
  /** What else decides the outcome, for the checkpoint's fingerprint. */
  readonly createdAt: number | undefined;
  readonly signal: AbortSignal;
  /** Grows while documents are dealt with, and holds after a failure too. */
  readonly totals: Totals;
  /** Called with how many more documents have been dealt with; those of an earlier run at once. */
  readonly onProgress: (documents: number) => void;
}

/** What a checkpoint holds; the rest is in the journal. */
interface MigrateState {
  readonly run: string;
  /** Where the run begins in the journal, in bytes. */
  readonly journalFrom: number;
  /** For people. */
  readonly documents: number;
}

/** How often a checkpoint is saved, in ms. */
const checkpointMs = 1_000;

/** A unit is closed when its items pass this, so that units of large items do not fill the memory. */
const unitBytes = 1024 * 1024;

/**
 * Writes the documents. After a failure everything that was written is in the journal, and the same
 * call continues from there.
 * @throws ExportError if a file is broken; the documents before that are written
 * @throws ConflictError in mode `fail`
 * @throws StateError if another run is in progress or state cannot be kept
 * @throws AccountError if a document that was read has no outcome, or two
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const { stateFolder, dryRun } = options;
  if (dryRun) {
    const lock = await takeLock(stateFolder, migrateCommand);
    try {
      await moveDocuments(options, new DryLedger(options));
    } finally {
      await lock.release();
    }
    return;
  }
  const { source, place, mode, createdAt, restart } = options;
  const date = createdAt === undefined ? "" : `, created-at ${createdAt}`;
  const run = await openRun<MigrateState>({
    command: migrateCommand,
    folder: stateFolder,
    fingerprint: `migrate ${await stampOf(source, options.signal)} to ${place}, on-conflict ${mode}${date}`,
    restart,
  });
  try {
    const ledger = await KeptLedger.open(options, run);
    try {
      await moveDocuments(options, ledger);
      await run.finish();
    } catch (error) {
      // Resuming would end at the same document again; a new run reads what is there, and continues.
      if (error instanceof ExportError || error instanceof ConflictError) await run.finish();
      throw error;
    } finally {
      ledger.close();
    }
  } finally {
    await run.release();
  }
}

/** Remembers what was done. */
interface Ledger extends Pick<SettleOptions, "onPuts" | "inDoubt"> {
  /** Whether an earlier run has dealt with a document. */
  isDone(ordinal: number): boolean;
  /** Work on a unit is about to begin. */
  begin(): Promise<void>;
  done(record: DoneRecord): Promise<void>;
  /** All that was done so far is safe. */
  save(): Promise<void>;
}

async function moveDocuments(options: MigrateOptions, ledger: Ledger): Promise<void> {
  const { table, mode, dryRun, concurrency, signal } = options;
  const pool = new Pool(concurrency);
  const work = async (documents: readonly Document[]): Promise<void> => {
    await ledger.begin();
    const { onPuts, inDoubt } = ledger;
    const record = await settle(
      { documents },
      { table, mode, dryRun, now: Date.now, onPuts, inDoubt },
    );
    await ledger.done(record);
    options.onProgress(addUnit(options.totals, record));
  };
  let read = 0;
  const onRead = (ordinal: number) => {
    read = ordinal + 1;
  };
  try {
    for await (const unit of unitsOf(options, ledger, onRead)) {
      signal.throwIfAborted();
      await pool.run(() => work(unit));
    }
    signal.throwIfAborted();
  } finally {
    // Whatever ended the reading, the work in progress is finished and remembered.
    try {
      await pool.end();
    } finally {
      await ledger.save();
    }
  }
  const { written, identical, kept, rejected } = options.totals.all;
  const outcomes = { written, identical, kept, rejected };
  settled("documents", read, outcomes, "migrate again with --restart, which writes nothing twice");
}

/** The documents that are still to be dealt with, in the units that every run divides them into. */
async function* unitsOf(
  { data, source, mode }: MigrateOptions,
  ledger: Ledger,
  onRead: (ordinal: number) => void,
): AsyncGenerator<Document[]> {
  const most = mode === "overwrite" ? limits.batchWriteItems : limits.batchGetKeys;
  let unit: Document[] = [];
  let bytes = 0;
  const close = () => {
    const closed = unit;
    unit = [];
    bytes = 0;
    return closed;
  };
  try {
    const isDone = (ordinal: number) => {
      onRead(ordinal);
      return ledger.isDone(ordinal);
    };
    for await (const document of documentsOf(data, source, isDone)) {
      const last = unit.at(-1);
      if (last !== undefined && last.ordinal + 1 !== document.ordinal) yield close();
      unit.push(document);
      bytes += document.item?.bytes ?? 0;
      if (unit.length === most || bytes >= unitBytes) yield close();
    }
  } catch (error) {
    // The documents before the break are good.
    if (error instanceof ExportError && unit.length > 0) yield close();
    throw error;
  }
  if (unit.length > 0) yield close();
}

/** Runs a number of tasks at a time. After a failure none is begun, and those in progress are awaited. */
class Pool {
  readonly #most: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Begins a task, as soon as there is room for it. @throws what an earlier task threw */
  async run(task: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#most) await Promise.race(this.#running);
    this.#throwFailure();
    const running: Promise<void> = task()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async end(): Promise<void> {
    await Promise.all(this.#running);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** Remembers nothing. */
class DryLedger implements Ledger {
  readonly #rejected: RejectedList;

  constructor({ rejectedFile }: MigrateOptions) {
    this.#rejected = new RejectedList(rejectedFile);
  }

  isDone = () => false;
  inDoubt = () => [];
  onPuts = () => undefined;
  begin = async () => undefined;
  save = async () => undefined;
  done = async ({ rejected }: DoneRecord) => this.#rejected.add(rejected);
}

type Run = Awaited<ReturnType<typeof openRun<MigrateState>>>;

/** Remembers everything: each put before it is sent, each unit when it is done. */
class KeptLedger implements Ledger {
  readonly #options: MigrateOptions;
  readonly #run: Run;
  readonly #journal: Journal;
  readonly #rejected: RejectedList;
  /** First ordinal of each unit that is done, and the ordinal after its last. */
  readonly #done = new Map<number, number>();
  readonly #inDoubt = new Map<string, number[]>();
  #state: MigrateState | undefined;
  #began: Promise<void> | undefined;
  #saving: Promise<void> | undefined;
  #savedAt = 0;
  /** The end of the last finished unit that was passed. */
  #doneUntil = 0;

  private constructor(options: MigrateOptions, run: Run, journal: Journal) {
    this.#options = options;
    this.#run = run;
    this.#journal = journal;
    this.#rejected = new RejectedList(options.rejectedFile);
    this.#state = run.state;
  }

  static async open(options: MigrateOptions, run: Run): Promise<KeptLedger> {
    const journal = new Journal(journalFile(options.stateFolder));
    try {
      const ledger = new KeptLedger(options, run, journal);
      if (run.state !== undefined) await ledger.#recall(run.state);
      return ledger;
    } catch (error) {
      journal.close();
      throw error;
    }
  }

  /** Takes up what an earlier run left in the journal. */
  async #recall({ run, journalFrom }: MigrateState): Promise<void> {
    const { file } = this.#journal;
    const lost = `${file} does not have the run that the checkpoint belongs to: start over with --restart`;
    const began = new Map<number, PutsRecord["puts"][number][]>();
    let known = false;
    for await (const { record } of readJournal(file, journalFrom)) {
      if ("run" in record) {
        if (record.run !== run) throw new StateError(lost);
        known = true;
      } else if ("puts" in record) {
        began.set(record.unit, [...(began.get(record.unit) ?? []), ...record.puts]);
      } else if ("to" in record) {
        this.#done.set(record.unit, record.to);
        began.delete(record.unit);
        this.#rejected.add(record.rejected);
        this.#options.onProgress(addUnit(this.#options.totals, record));
      }
    }
    if (!known) throw new StateError(lost);
    for (const [pk, sk, updatedAt] of [...began.values()].flat()) {
      const id = keyId({ PK: pk, SK: sk });
      this.#inDoubt.set(id, [...(this.#inDoubt.get(id) ?? []), updatedAt]);
    }
  }

  isDone(ordinal: number): boolean {
    const end = this.#done.get(ordinal);
    if (end !== undefined) this.#doneUntil = end;
    return ordinal < this.#doneUntil;
  }

  inDoubt = (id: string): readonly number[] => this.#inDoubt.get(id) ?? [];

  onPuts: SettleOptions["onPuts"] = (record) => this.#journal.append(record);

  /** The first unit begins the run: before it there is nothing to remember. */
  begin(): Promise<void> {
    this.#began ??= this.#begin();
    return this.#began;
  }

  async #begin(): Promise<void> {
    if (this.#state !== undefined) return;
    const { place, source, mode } = this.#options;
    const run = randomUUID();
    const journalFrom = this.#journal.size;
    this.#journal.append({
      run,
      place,
      source: source.folder,
      mode,
      at: new Date().toISOString(),
    });
    this.#state = { run, journalFrom, documents: 0 };
    await this.save();
  }

  async done(record: DoneRecord): Promise<void> {
    this.#journal.append(record);
    this.#rejected.add(record.rejected);
    if (Date.now() - this.#savedAt < checkpointMs || this.#saving !== undefined) return;
    this.#saving = this.save().finally(() => {
      this.#saving = undefined;
    });
    await this.#saving;
  }

  async save(): Promise<void> {
    if (this.#state === undefined) return;
    this.#savedAt = Date.now();
    this.#state = { ...this.#state, documents: this.#options.totals.documents };
    await this.#journal.sync();
    await this.#run.save(this.#state);
  }

  close(): void {
    this.#journal.close();
  }
}
