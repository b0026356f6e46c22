/**
 * The folder of a table in files: `data/*.json.gz` (what DynamoDB's import from S3 takes),
 * `manifest.json` with counts and checksums, and `table.json`, the table to import into.
 */
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { z as Zod } from "zod";
import { createTableInput } from "../../../src/admin/table-input.js";
import { zod } from "../../../src/runtime/lazy.js";
import { knownIndexes } from "../../raw/known-entities.js";
import { notKept } from "../../run/run-state.js";
import { digestOf } from "../file-digest.js";

/** A folder or file of a table that cannot be used. The message names it. */
export class TableFilesError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "TableFilesError";
  }
}

const z = zod();
const count = z.number().int().min(0);

const fileEntry = z.object({
  /** Relative to the folder, with `/`. */
  name: z.string().regex(/^data\/[\w.-]+\.json\.gz$/, "must be data/<name>.json.gz"),
  items: count,
  /** Of the compressed file. */
  bytes: count,
  /** Of the compressed file, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits"),
});

const manifestShape = z.object({
  format: z.enum(["bayon-data table files"]),
  version: z.number().refine((version) => version === 1, "must be 1"),
  /** The table that was read, and where. */
  table: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  /** Whether each read saw every write before it. */
  consistent: z.boolean(),
  keySchema: z.array(z.object({ AttributeName: z.string(), KeyType: z.string() })),
  attributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.string() })),
  items: count,
  files: z.array(fileEntry),
});

export type FileEntry = Zod.infer<typeof fileEntry>;
export type Manifest = Zod.infer<typeof manifestShape>;

const manifestFile = "manifest.json";
const tableFile = "table.json";

/** Creates the folder and `data/` in it. @throws StateError if that fails */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(join(folder, "data"), { recursive: true });
  } catch (error) {
    throw notKept(folder, error);
  }
}

/** Writes the manifest last: a folder without one is not finished. @throws StateError */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const input = createTableInput(manifest.table, knownIndexes());
  const { table, ...parameters } = { table: manifest.table, ...input };
  await writeWhole(join(folder, tableFile), { ...parameters, TableName: table });
  await writeWhole(join(folder, manifestFile), manifest);
}

/** Removes an earlier manifest, so that a folder that is being filled has none. */
export async function removeManifest(folder: string): Promise<void> {
  await rm(join(folder, manifestFile), { force: true });
}

async function writeWhole(file: string, value: object): Promise<void> {
  const temporary = `${file}.new`;
  try {
    const handle = await open(temporary, "w");
    try {
      await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw notKept(file, error);
  }
}

/** A text that identifies the contents of the manifest, and so of every file of the folder. */
export async function fingerprintOf(folder: string): Promise<string> {
  const { sha256 } = await digestOf(join(folder, manifestFile));
  return sha256.slice(0, 16);
}

/** @throws TableFilesError if it is missing or invalid */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, manifestFile);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw unreadable(file, error, ": the folder holds no finished export");
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new TableFilesError(`${file}: is not JSON`, error);
  }
  const { success, data, error } = manifestShape.safeParse(value);
  if (!success) {
    const rules = error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
    throw new TableFilesError(`${file}: ${rules.slice(0, 5).join("; ")}`, error);
  }
  const items = data.files.reduce((sum, each) => sum + each.items, 0);
  if (items !== data.items) {
    throw new TableFilesError(`${file}: says ${data.items} items, but its files have ${items}`);
  }
  return data;
}

/**
 * Reads each file and compares it with the manifest.
 * @param onBytes called with each part that was read
 * @throws TableFilesError that names every file that is not as the manifest says
 */
export async function verifyFiles(
  folder: string,
  { files }: Manifest,
  signal?: AbortSignal,
): Promise<void> {
  const wrong: string[] = [];
  for (const { name, bytes, sha256 } of files) {
    const file = join(folder, name);
    const digest = await digestOf(file, signal).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      wrong.push(unreadable(file, error).message);
      return undefined;
    });
    if (digest === undefined) continue;
    const { bytes: read } = digest;
    if (read < bytes) {
      wrong.push(`${file}: ends too early, at byte ${read} of ${bytes}`);
    } else if (read > bytes) {
      wrong.push(`${file}: has ${read} bytes, the manifest says ${bytes}`);
    } else if (digest.sha256 !== sha256) {
      wrong.push(`${file}: its sha256 does not match the manifest's: it was changed or damaged`);
    }
  }
  if (wrong.length > 0) throw new TableFilesError(wrong.join("\n"));
}

/** An error of the file system in words. */
export function unreadable(file: string, error: unknown, hint = ""): TableFilesError {
  // What the file system throws is always one of Node's own errors.
  const { code = "", message } = error as NodeJS.ErrnoException;
  const rules: Readonly<Record<string, string>> = {
    ENOENT: `does not exist${hint}`,
    ENOTDIR: `does not exist${hint}`,
    EISDIR: `is a folder, not ${basename(file)}`,
    EACCES: "may not be read: permission denied",
    EPERM: "may not be read: permission denied",
  };
  return new TableFilesError(`${file}: ${rules[code] ?? message}`, error);
}
