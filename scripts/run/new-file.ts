/** A file that a command makes: it has its name once it is complete, and one command makes it. */
import { constants } from "node:fs";
import { access, type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { notKept, StateError, takeLock } from "./run-state.js";

export interface NewFile {
  /** @throws StateError for a full disk */
  write(text: string): Promise<void>;
  /** Gives it its name; before, it is `<name>.part`. @throws StateError */
  finish(): Promise<void>;
  /** Deletes what was not finished. */
  close(): Promise<void>;
}

/**
 * Opens a file that nobody but its owner may read. A lock beside it keeps other commands from it.
 * @throws StateError if the file exists, is being made by another command, or cannot be written
 */
export async function openNewFile(path: string): Promise<NewFile> {
  const part = `${path}.part`;
  // The lock would make a missing folder.
  await access(dirname(path), constants.W_OK).catch((error: unknown) => {
    throw notKept(part, error);
  });
  const lock = await takeLock(dirname(path), basename(path));
  const handle = await openPart(path, part).catch(async (error: unknown) => {
    await lock.release();
    throw error;
  });
  let isOpen = true;
  const end = async (): Promise<void> => {
    if (isOpen) await handle.close();
    isOpen = false;
  };
  return {
    write: async (text) => {
      try {
        await handle.appendFile(text);
      } catch (error) {
        throw notKept(part, error);
      }
    },
    finish: async () => {
      try {
        await handle.sync();
        await end();
        await rename(part, path);
      } catch (error) {
        throw notKept(path, error);
      }
    },
    close: async () => {
      try {
        await end();
        await rm(part, { force: true });
      } finally {
        await lock.release();
      }
    },
  };
}

async function openPart(path: string, part: string): Promise<FileHandle> {
  if (await exists(path)) {
    throw new StateError(`${path} exists already: give another name, or remove it first`);
  }
  // A part that a command left when it was killed may be readable for others.
  await rm(part, { force: true });
  return open(part, "wx", 0o600).catch((error: unknown) => {
    throw notKept(part, error);
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path, constants.F_OK);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw notKept(path, error, "be read");
  }
}
