/** A file that a command makes: it has its name once it is complete. */
import { constants } from "node:fs";
import { access, open, rename, rm } from "node:fs/promises";
import { notKept, StateError } from "./run-state.js";

export interface NewFile {
  /** @throws StateError for a full disk */
  write(text: string): Promise<void>;
  /** Gives it its name; before, it is `<name>.part`. @throws StateError */
  finish(): Promise<void>;
  /** Deletes what was not finished. */
  close(): Promise<void>;
}

/**
 * Opens a file that nobody but its owner may read.
 * @throws StateError if the file exists, or cannot be written
 */
export async function openNewFile(path: string): Promise<NewFile> {
  const part = `${path}.part`;
  if (await exists(path)) {
    throw new StateError(`${path} exists already: give another name, or remove it first`);
  }
  // A part that somebody else left may be readable for others.
  await rm(part, { force: true });
  const handle = await open(part, "wx", 0o600).catch((error: unknown) => {
    throw notKept(part, error);
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
      await end();
      await rm(part, { force: true });
    },
  };
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
