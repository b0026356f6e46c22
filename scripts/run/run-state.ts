/**
 * What a long command remembers in a folder of its own: a checkpoint to continue from, however the last
 * run ended, and a lock, so that no two runs do the same work.
 */
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

/** Where state is kept unless a person says otherwise, in the working directory. */
export const defaultStateFolder = ".bayon";

/** State that cannot be read or kept, or that belongs to somebody else. The message names the file. */
export class StateError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "StateError";
  }
}

export interface RunOptions {
  /** Names the files: `migrate` keeps `migrate.json` and `migrate.lock`. */
  readonly command: string;
  /** Made where it is missing. */
  readonly folder: string;
  /** What is done to which table, in words; a checkpoint of anything else is refused. */
  readonly fingerprint: string;
  /** Forgets an existing checkpoint, whatever it is of. @default false */
  readonly restart?: boolean | undefined;
}

/** A run that holds the lock. */
export interface Run<State> {
  /** As it was last saved by a run with the same fingerprint; `undefined` for a fresh one. */
  readonly state: State | undefined;
  /**
   * Keeps the state: it is on the disk when the promise resolves, and a crash leaves the old one or
   * the new one. Saves of one run follow each other.
   * @throws StateError for a full disk or a missing permission; the state before is still there
   */
  save(state: State): Promise<void>;
  /** The work is done: removes the checkpoint. */
  finish(): Promise<void>;
  /** Releases the lock; the checkpoint stays. */
  release(): Promise<void>;
}

interface Checkpoint<State> {
  readonly fingerprint: string;
  readonly state: State;
}

/**
 * Takes the lock of a command in its folder and loads its checkpoint.
 * @throws StateError if another process holds the lock, if the checkpoint is of something else (the
 *   message says how to start over), or if the folder cannot be used
 */
export async function openRun<State>(options: RunOptions): Promise<Run<State>> {
  const { command, folder, fingerprint, restart = false } = options;
  const file = join(folder, `${command}.json`);
  const lock = await takeLock(folder, command);
  try {
    if (restart) await removed(file);
    const checkpoint = await readCheckpoint<State>(file);
    if (checkpoint !== undefined && checkpoint.fingerprint !== fingerprint) {
      throw new StateError(
        `${file} is the checkpoint of another run:\n  ${checkpoint.fingerprint}\nThis one is:\n  ${fingerprint}\n` +
          "Finish that one first, keep this one elsewhere (--state DIR), or start over (--restart): " +
          "what is in the table stays there",
      );
    }
    let saving: Promise<unknown> = Promise.resolve();
    const save = async (state: State): Promise<void> => {
      const text = `${JSON.stringify({ fingerprint, state } satisfies Checkpoint<State>)}\n`;
      await writeWhole(file, text);
    };
    return {
      state: checkpoint?.state,
      save: (state) => {
        const saved = saving.then(() => save(state));
        saving = saved.catch(() => undefined);
        return saved;
      },
      finish: async () => {
        await saving;
        await removed(file);
      },
      release: async () => {
        await saving;
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Forgets a command's checkpoint if its state matches; only the holder of the lock may call it. */
export async function forgetRun<State>(
  folder: string,
  command: string,
  isSuch: (state: State) => boolean,
): Promise<void> {
  const file = join(folder, `${command}.json`);
  const checkpoint = await readCheckpoint<State>(file);
  if (checkpoint !== undefined && isSuch(checkpoint.state)) await removed(file);
}

/** The lock alone, for work without a checkpoint. @throws StateError if another process holds it */
export async function takeLock(
  folder: string,
  command: string,
): Promise<{ release(): Promise<void> }> {
  const file = join(folder, `${command}.lock`);
  const own = `${JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid), host: hostname(), id: randomUUID() })}\n`;
  const temporary = `${file}.${randomUUID()}`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFlushed(temporary, own);
    await acquire(file, temporary);
  } catch (error) {
    throw error instanceof StateError ? error : notKept(file, error);
  } finally {
    await rm(temporary, { force: true }).catch(ignore);
  }
  return {
    release: async () => {
      if ((await textOf(file)) === own) await removed(file);
    },
  };
}

/**
 * Takes the lock file: as a new one, or in place of one whose process is gone. To replace one, a
 * process must first hold a lock named after its contents, so that only one of several succeeds.
 * @param own a file with what the lock is to hold
 * @throws StateError if the process of the lock is still running
 */
async function acquire(file: string, own: string): Promise<void> {
  // A link is created whole or not at all, so nobody ever sees an empty lock.
  while (!(await linked(own, file))) {
    const text = await textOf(file);
    if (text === undefined) continue;
    refuseLiving(file, text);
    const guard = `${file}.${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
    await acquire(guard, own);
    try {
      // Somebody may have had the guard before, and replaced the file.
      if ((await textOf(file)) !== text) continue;
      await link(own, `${own}.new`);
      await rename(`${own}.new`, file);
      return;
    } finally {
      await rm(guard, { force: true });
    }
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function refuseLiving(file: string, text: string): void {
  const holder = holderOf(text);
  if (holder !== undefined && !isAlive(holder)) return;
  const who =
    holder === undefined ? "somebody" : `process ${holder.pid} on ${holder.host ?? "this machine"}`;
  throw new StateError(
    `${who} is already running this (${file}): wait for it to end; if you are sure that it has ended, delete that file`,
  );
}

interface Holder {
  readonly pid: number;
  readonly startedAt?: string;
  readonly host?: string;
}

function holderOf(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    return typeof holder?.pid === "number" ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process of a lock is running. On another machine that cannot be known, and is assumed. */
function isAlive({ pid, startedAt, host }: Holder): boolean {
  if (host !== undefined && host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
  const start = startOf(pid);
  // Another process has this id by now.
  return startedAt === undefined || start === undefined || start === startedAt;
}

/** When a process started, in a form that can only be compared; `undefined` if it is unknown. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name, in brackets, may hold anything; the 20th field after it is the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

async function readCheckpoint<State>(file: string): Promise<Checkpoint<State> | undefined> {
  const text = await textOf(file);
  if (text === undefined) return undefined;
  try {
    const checkpoint = JSON.parse(text) as Partial<Checkpoint<State>> | null;
    if (typeof checkpoint?.fingerprint === "string" && checkpoint.state !== undefined) {
      return checkpoint as Checkpoint<State>;
    }
  } catch (error) {
    throw new StateError(`${file} is not a checkpoint: start over with --restart`, error);
  }
  throw new StateError(`${file} is not a checkpoint: start over with --restart`);
}

/** Writes a file so that it is the old one or the new one, whatever happens. */
async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`;
  try {
    await writeFlushed(temporary, text);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(ignore);
    throw notKept(file, error);
  }
}

async function writeFlushed(file: string, text: string): Promise<void> {
  const handle = await open(file, "w");
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removed(file: string): Promise<void> {
  try {
    await rm(file, { force: true });
  } catch (error) {
    throw notKept(file, error);
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw notKept(file, error, "be read");
  }
}

/** What the file system refused to do, in words. */
export function notKept(file: string, error: unknown, what = "be written"): StateError {
  const rules: Readonly<Record<string, string>> = {
    ENOSPC: "the disk is full",
    EDQUOT: "the quota is used up",
    EACCES: "permission denied",
    EPERM: "permission denied",
    EROFS: "the file system is read-only",
    ENOTDIR: "a part of its path is not a folder",
    EEXIST: "a part of its path is not a folder",
    EISDIR: "it is a folder",
  };
  const rule = rules[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
  return new StateError(`${file} cannot ${what}: ${rule}`, error);
}

function codeOf(error: unknown): string {
  // What the file system throws is always one of Node's own errors.
  return (error as NodeJS.ErrnoException | null)?.code ?? "";
}

function ignore(): void {
  // A temporary file that cannot be removed is harmless; the error before it is the one to report.
}
