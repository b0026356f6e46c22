/**
 * The journal of what migrations wrote to tables: one file of lines that only grows. A migration
 * continues from it, however the last run ended, and `rollback` undoes what it records.
 *
 * A unit's line of puts is written before anything of it is sent, and its line of outcomes after that.
 * If the second line is missing, it is unknown which of the puts arrived, and the table is read.
 */
import {
  appendFileSync,
  closeSync,
  createReadStream,
  fdatasync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { notKept, StateError } from "../../run/run-state.js";

/** Where the journal is in a state folder. */
export function journalFile(folder: string): string {
  return join(folder, "journal.ndjson");
}

/** The beginning of a run. */
export interface RunRecord {
  readonly run: string;
  /** The table and where it is. */
  readonly place: string;
  readonly source: string;
  readonly mode: string;
  readonly at: string;
}

/** What is about to be written: keys, and the UpdatedAt that the items get. */
export interface PutsRecord {
  /** The ordinal of the unit's first document. */
  readonly unit: number;
  readonly puts: readonly (readonly [pk: string, sk: string, updatedAt: number])[];
}

export interface Counts {
  written: number;
  identical: number;
  kept: number;
  rejected: number;
}

export type Outcome = keyof Counts;

export function noCounts(): Counts {
  return { written: 0, identical: 0, kept: 0, rejected: 0 };
}

/** What became of each document of a unit. */
export interface DoneRecord {
  readonly unit: number;
  /** The ordinal after its last document. */
  readonly to: number;
  readonly counts: Readonly<Record<string, Counts>>;
  readonly rejected: readonly { readonly path: string; readonly reasons: readonly string[] }[];
  /** Those of the puts that were not carried out after all. */
  readonly notPut: readonly (readonly [pk: string, sk: string])[];
}

/** All runs above are rolled back at this place. */
export interface RollbackRecord {
  readonly rolledBack: string;
  readonly at: string;
}

export type JournalRecord = RunRecord | PutsRecord | DoneRecord | RollbackRecord;

const flush = promisify(fdatasync);

/**
 * Appends to the journal. What is appended survives the end of this process at once, and of the machine
 * after `sync`.
 */
export class Journal {
  readonly file: string;
  /** Where the next line begins, in bytes. */
  size: number;
  readonly #handle: number;

  /** @throws StateError if the file cannot be written */
  constructor(file: string) {
    this.file = file;
    try {
      mkdirSync(dirname(file), { recursive: true });
      this.#handle = openSync(file, "a+");
      this.size = wholeLines(this.#handle);
    } catch (error) {
      throw notKept(file, error);
    }
  }

  /** @throws StateError for a full disk; nothing more should be written to the table then */
  append(record: JournalRecord): void {
    const line = `${JSON.stringify(record)}\n`;
    try {
      appendFileSync(this.#handle, line);
    } catch (error) {
      throw notKept(this.file, error);
    }
    this.size += Buffer.byteLength(line);
  }

  async sync(): Promise<void> {
    try {
      await flush(this.#handle);
    } catch (error) {
      throw notKept(this.file, error);
    }
  }

  close(): void {
    closeSync(this.#handle);
  }
}

/** Cuts off a last line that a crash left unfinished; returns the size. */
function wholeLines(handle: number): number {
  const { size } = fstatSync(handle);
  const block = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - block.length);
    const read = readSync(handle, block, 0, end - start, start);
    const last = block.subarray(0, read).lastIndexOf("\n");
    if (last >= 0) {
      const kept = start + last + 1;
      if (kept < size) ftruncateSync(handle, kept);
      return kept;
    }
    end = start;
  }
  if (size > 0) ftruncateSync(handle, 0);
  return 0;
}

/** A line of the journal, and where it begins. */
export interface JournalLine {
  readonly offset: number;
  readonly record: JournalRecord;
}

/** Reads the lines from a byte on. @throws StateError if the file cannot be read or is not a journal */
export async function* readJournal(
  file: string,
  from = 0,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<JournalLine> {
  let offset = from;
  for await (const line of linesOf(file, from)) {
    if (offset >= to) return;
    yield { offset, record: recordOf(line, file, offset) };
    offset += line.length + 1;
  }
}

/** The whole lines of a file. Node's readline would end a line at U+2028 too, which ids may hold. */
async function* linesOf(file: string, start: number): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(file, { start }) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        yield Buffer.concat([...rest, chunk.subarray(from, end)]);
        rest = [];
        from = end + 1;
      }
      if (from < chunk.length) rest.push(chunk.subarray(from));
    }
  } catch (error) {
    throw error instanceof StateError ? error : notKept(file, error, "be read");
  }
}

function recordOf(line: Buffer, file: string, offset: number): JournalRecord {
  try {
    const record: unknown = JSON.parse(line.toString());
    if (typeof record === "object" && record !== null) return record as JournalRecord;
  } catch (error) {
    throw new StateError(`${file} is damaged at byte ${offset}`, error);
  }
  throw new StateError(`${file} is damaged at byte ${offset}`);
}
