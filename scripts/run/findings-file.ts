/** A file of findings, one JSON object a line, that grows while a command runs. */
import { mkdir, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { notKept } from "./run-state.js";

export interface FindingsFile {
  readonly path: string;
  /** Bytes written so far: what a checkpoint keeps. */
  readonly bytes: number;
  /** @throws StateError for a full disk */
  add(finding: object): Promise<void>;
  /** Deletes the file if it has no findings. */
  close(): Promise<void>;
}

/**
 * Opens the file, and forgets what an interrupted run wrote after its checkpoint.
 * @param keep how many bytes stay
 * @throws StateError if it cannot be written
 */
export async function openFindings(path: string, keep: number): Promise<FindingsFile> {
  const handle = await opened(path);
  let bytes = 0;
  try {
    const { size } = await handle.stat();
    bytes = Math.min(size, keep);
    await handle.truncate(bytes);
  } catch (error) {
    await handle.close();
    throw notKept(path, error);
  }
  let last: Promise<void> = Promise.resolve();
  return {
    path,
    get bytes() {
      return bytes;
    },
    add: (finding) => {
      const line = Buffer.from(`${JSON.stringify(finding)}\n`);
      const written = last.then(async () => {
        try {
          await handle.write(line, 0, line.length, bytes);
          bytes += line.length;
        } catch (error) {
          throw notKept(path, error);
        }
      });
      last = written.catch(() => undefined);
      return written;
    },
    close: async () => {
      await last;
      await handle.close();
      if (bytes === 0) await rm(path, { force: true });
    },
  };
}

async function opened(path: string) {
  try {
    await mkdir(dirname(path), { recursive: true });
    // Created if it is missing, kept if it exists.
    await (await open(path, "a")).close();
    return await open(path, "r+");
  } catch (error) {
    throw notKept(path, error);
  }
}
