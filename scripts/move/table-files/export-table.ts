/** The whole table into files, one per segment, in parallel and with flat memory. */

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { itemOf } from "../../raw/line.js";
import type { RawTable } from "../../raw/raw-table.js";
import { atStart, type Position, scanSegments } from "../../raw/scan.js";
import { settled } from "../../run/account.js";
import { notKept, type Run } from "../../run/run-state.js";
import { digestOf } from "../file-digest.js";
import { KeySet } from "../migration/key-set.js";
import {
  type FileEntry,
  type Manifest,
  makeFolder,
  removeManifest,
  TableFilesError,
  verifyFiles,
  writeManifest,
} from "./manifest.js";
import { linesIn } from "./reader.js";
import { nothingWritten, openTableFile, type TableFile, type Written } from "./writer.js";

interface SegmentState {
  readonly position: Position;
  readonly written: Written;
  /** Set once the file is complete; a segment without items has none. */
  readonly file?: FileEntry;
}

export interface ExportState {
  readonly startedAt: string;
  readonly segments: readonly SegmentState[];
}

export interface ExportOptions {
  readonly folder: string;
  readonly segments: number;
  readonly consistent: boolean;
  readonly run: Run<ExportState>;
  /**
   * Checks the finished export. Until it has, the same call continues with it, however the last run ended.
   */
  readonly check?: ((manifest: Manifest) => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (items: number) => void;
}

/** What is read of a segment reaches its file at least this often, in ms. */
const flushMs = 1_000;

/**
 * Exports the table. The folder is finished when it holds a manifest; until then a second call with the
 * same run continues where the first one ended, and rewrites a file that was changed meanwhile.
 * @throws TableFilesError if the folder holds other files
 * @throws StateError for a full disk or a missing permission
 * @throws AccountError if the files do not hold as many items as were read
 */
export async function exportTable(table: RawTable, options: ExportOptions): Promise<Manifest> {
  const { folder, segments, consistent, run, signal, onProgress } = options;
  await makeFolder(folder);
  if (run.state === undefined) await refuseOtherFiles(folder);
  const startedAt = run.state?.startedAt ?? new Date().toISOString();
  const states: SegmentState[] = [
    ...(run.state?.segments ??
      atStart(segments).map((position) => ({ position, written: nothingWritten }))),
  ];
  const save = () => run.save({ startedAt, segments: [...states] });
  await save();

  const files = new Map<number, TableFile>();
  for (const [segment, { position, written, file: finished }] of states.entries()) {
    if (finished !== undefined) {
      if (await isAsItWas(folder, finished, signal)) onProgress?.(finished.items);
      else states[segment] = { position: "start", written: nothingWritten };
      continue;
    }
    if (position === "end" || written.items === 0) continue;
    const file = await openTableFile(pathOf(folder, segment), written);
    if (file === undefined) states[segment] = { position: "start", written: nothingWritten };
    else {
      files.set(segment, file);
      onProgress?.(written.items);
    }
  }
  // What earlier runs read is in the files already.
  const before = states.reduce((sum, { file, written }) => sum + (file ?? written).items, 0);
  let read = 0;
  const reached = states.map(({ position }) => position);
  const flushedAt = states.map(() => performance.now());

  const flush = async (segment: number, file: TableFile): Promise<void> => {
    const position = reached[segment] ?? "start";
    states[segment] = { position, written: await file.flush() };
    flushedAt[segment] = performance.now();
    await save();
  };

  try {
    read = await scanSegments(table, {
      positions: [...reached],
      signal,
      input: { ConsistentRead: consistent },
      onPage: async ({ segment, items, next }) => {
        let file = files.get(segment);
        if (file === undefined && items.length > 0) {
          file = await openTableFile(pathOf(folder, segment), nothingWritten);
          if (file !== undefined) files.set(segment, file);
        }
        await file?.add(items);
        reached[segment] = next;
        onProgress?.(items.length);
        if (next === "end") {
          const entry = await file?.finish();
          files.delete(segment);
          states[segment] = {
            position: "end",
            written: nothingWritten,
            ...(entry && { file: entry }),
          };
          await save();
        } else if (file === undefined) {
          states[segment] = { position: next, written: nothingWritten };
        } else if (performance.now() - (flushedAt[segment] ?? 0) >= flushMs) {
          await flush(segment, file);
        }
      },
    });
  } catch (error) {
    // Whatever stopped it may stop this too; what was flushed before can be continued.
    for (const [segment, file] of files) await flush(segment, file).catch(() => undefined);
    throw error;
  } finally {
    for (const file of files.values()) await file.close();
  }

  const entries = states.flatMap(({ file }) => (file === undefined ? [] : [file]));
  const items = entries.reduce((sum, entry) => sum + entry.items, 0);
  settled("items", before + read, { "in the files": items }, "export again with --restart");
  const description = await table.describe();
  const manifest: Manifest = {
    format: "bayon-data table files",
    version: 1,
    table: table.name,
    startedAt,
    finishedAt: new Date().toISOString(),
    consistent,
    ...keySchemaOf(description),
    items,
    files: entries,
  };
  await writeManifest(folder, manifest);
  await options.check?.(manifest);
  await run.finish();
  return manifest;
}

/** Whether a file that an earlier run finished is unchanged. */
async function isAsItWas(
  folder: string,
  { name, bytes, sha256 }: FileEntry,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const now = await digestOf(join(folder, name), signal);
    return now.bytes === bytes && now.sha256 === sha256;
  } catch (error) {
    signal?.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw notKept(join(folder, name), error, "be read");
  }
}

/** What a finished export is compared with. */
export interface SecondCount {
  /** Items of the table, counted once more. */
  readonly inTable: number;
  /** Lines of the files, read back. */
  readonly inFiles: number;
}

/**
 * Reads the files of an export back, and counts the items of the table once more.
 * @throws TableFilesError if a file is not as the manifest says
 */
export async function countAgain(
  table: RawTable,
  manifest: Manifest,
  { folder, segments, consistent, signal }: Omit<ExportOptions, "run" | "check" | "onProgress">,
): Promise<SecondCount> {
  await verifyFiles(folder, manifest, signal);
  const keys = new KeySet();
  let inFiles = 0;
  for (const { name, items } of manifest.files) {
    let lines = 0;
    for await (const { text } of linesIn(join(folder, name))) {
      signal?.throwIfAborted();
      lines += 1;
      const { PK, SK } = itemOf(text);
      if (!keys.add(JSON.stringify([PK, SK]))) {
        const rule = "has an item that is in the files already: a page of the table was read twice";
        throw new TableFilesError(
          `${join(folder, name)}: ${rule}, and another one may never have been read`,
        );
      }
    }
    if (lines !== items) {
      const file = join(folder, name);
      throw new TableFilesError(`${file}: has ${lines} items, the manifest says ${items}`);
    }
    inFiles += lines;
  }
  const inTable = await scanSegments(table, {
    positions: atStart(segments),
    signal,
    // A count holds no items in memory: its pages are as large as DynamoDB makes them.
    input: { Select: "COUNT", ConsistentRead: consistent, Limit: undefined },
    onPage: async () => undefined,
  });
  return { inTable, inFiles };
}

/** The table's key schema, as a manifest states it. */
export function keySchemaOf(
  description: Awaited<ReturnType<RawTable["describe"]>>,
): Pick<Manifest, "keySchema" | "attributeDefinitions"> {
  const keySchema = (description.KeySchema ?? []).map(({ AttributeName = "", KeyType = "" }) => ({
    AttributeName,
    KeyType,
  }));
  const names = new Set(keySchema.map(({ AttributeName }) => AttributeName));
  const attributeDefinitions = (description.AttributeDefinitions ?? [])
    .map(({ AttributeName = "", AttributeType = "" }) => ({ AttributeName, AttributeType }))
    .filter(({ AttributeName }) => names.has(AttributeName));
  return { keySchema, attributeDefinitions };
}

function pathOf(folder: string, segment: number): string {
  return join(folder, "data", `segment-${String(segment).padStart(3, "0")}.json.gz`);
}

const ours = /^segment-\d+\.json\.gz(?:\.part|\.old)?$/;

/** Everything in `data/` is imported, so nothing else may be there. */
async function refuseOtherFiles(folder: string): Promise<void> {
  const [other] = await readdir(join(folder, "data"));
  if (other === undefined) return;
  throw new TableFilesError(
    `${join(folder, "data")} is not empty (${other}): use another folder, or --restart to export again`,
  );
}

/** Deletes what an earlier export left in the folder, and nothing else. @throws StateError */
export async function clearFolder(folder: string): Promise<void> {
  await makeFolder(folder);
  try {
    await removeManifest(folder);
    for (const name of await readdir(join(folder, "data"))) {
      if (ours.test(name)) await rm(join(folder, "data", name));
    }
  } catch (error) {
    throw notKept(folder, error);
  }
}
