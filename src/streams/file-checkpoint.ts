/** Checkpoints in a file, for scripts and small services. */
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigurationError } from "../errors/configuration-error.js";

/** Where `watch` keeps its checkpoint. */
export interface CheckpointStore {
  /** The checkpoint that was saved last; `null` if there is none yet. */
  load(): Promise<string | null> | string | null;
  /** Saves a checkpoint. The next one is saved when this one has been. */
  save(checkpoint: string): Promise<unknown> | unknown;
}

/**
 * Keeps the checkpoint in a file, which is replaced as a whole: after a crash or a loss of power it has
 * the one before or the new one. One reader at a time.
 * @param path the file, which need not exist; its folder must
 * @throws ConfigurationError for a path that is no text
 * @example
 * for await (const change of watch(data, { checkpoints: fileCheckpoint("./watch.json") })) …
 */
export function fileCheckpoint(path: string): CheckpointStore {
  if (typeof path !== "string" || path === "") {
    throw new ConfigurationError("fileCheckpoint: path must be the path of a file");
  }
  return {
    load: async () => {
      try {
        return await readFile(path, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw error;
      }
    },
    save: (checkpoint) => replace(path, checkpoint),
  };
}

async function replace(path: string, text: string): Promise<void> {
  const next = `${path}.next`;
  const file = await open(next, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  // Windows cannot open a folder, and keeps renames by itself.
  if (process.platform === "win32") return;
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
