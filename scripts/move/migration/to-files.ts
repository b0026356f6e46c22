/** The items of an export into the files that DynamoDB's own import takes, instead of a table. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { marshall } from "@aws-sdk/util-dynamodb";
import { createTableInput } from "../../../src/admin/table-input.js";
import { marshallable } from "../../../src/client/marshalling.js";
import type { DataLayer } from "../../../src/index.js";
import { resolveCipher } from "../../../src/secrets/encryption.js";
import type { RawItem } from "../../../src/table/table.js";
import type { Item } from "../../raw/raw-table.js";
import { withSealedSecrets } from "../../raw/stored-secrets.js";
import { settled } from "../../run/account.js";
import { takeLock } from "../../run/run-state.js";
import type { FirestoreExport } from "../firestore/read-export.js";
import { clearFolder, keySchemaOf } from "../table-files/export-table.js";
import {
  type FileEntry,
  makeFolder,
  TableFilesError,
  writeManifest,
} from "../table-files/manifest.js";
import { nothingWritten, openTableFile, type TableFile } from "../table-files/writer.js";
import { type Document, documentsOf, storedAt } from "./documents.js";
import { type Counts, noCounts } from "./journal.js";
import { RejectedList } from "./rejected-list.js";
import { addUnit, type Totals } from "./totals.js";

export interface ToFilesOptions {
  readonly data: DataLayer;
  readonly source: FirestoreExport;
  readonly folder: string;
  /** Replaces what an earlier run finished there. */
  readonly restart: boolean;
  readonly rejectedFile: string;
  readonly signal: AbortSignal;
  readonly totals: Totals;
  readonly onProgress: (documents: number) => void;
}

/** Items per file: DynamoDB reads several files at once. */
const itemsPerFile = 200_000;

/** Documents that are dealt with together. */
const chunkSize = 100;

/**
 * Writes the files; the folder is finished when it has a manifest. Without one it is filled again.
 * @throws TableFilesError if the folder holds other files
 * @throws ExportError if a file of the export is broken: then there is no manifest
 * @throws StateError for a full disk or a missing permission
 */
export async function toFiles(options: ToFilesOptions): Promise<void> {
  const { data, folder, restart, source, signal } = options;
  if (!restart && existsSync(join(folder, "manifest.json"))) {
    throw new TableFilesError(
      `${folder} is finished already: use another folder, or --restart to write it again`,
    );
  }
  await makeFolder(folder);
  const lock = await takeLock(folder, "migrate");
  try {
    await clearFolder(folder);
    const [other] = await readdir(join(folder, "data"));
    if (other !== undefined) {
      throw new TableFilesError(`${join(folder, "data")} is not empty (${other})`);
    }
    const startedAt = new Date();
    const files = new Files(folder, startedAt.getTime());
    const rejected = new RejectedList(options.rejectedFile);
    const settle = async (documents: readonly Document[]): Promise<void> => {
      await files.add(documents);
      const record = recordOf(documents);
      rejected.add(record.rejected);
      options.onProgress(addUnit(options.totals, record));
    };
    try {
      let chunk: Document[] = [];
      for await (const document of documentsOf(data, source)) {
        signal.throwIfAborted();
        if (chunk.push(document) < chunkSize) continue;
        await settle(chunk);
        chunk = [];
      }
      await settle(chunk);
      const entries = await files.finish();
      const items = entries.reduce((sum, one) => sum + one.items, 0);
      const { documents, all } = options.totals;
      const outcomes = { "in the files": items, rejected: all.rejected };
      settled("documents", documents, outcomes, "migrate again");
      const { tableName } = data.configuration;
      await writeManifest(folder, {
        format: "bayon-data table files",
        version: 1,
        table: tableName,
        startedAt: startedAt.toISOString(),
        finishedAt: new Date().toISOString(),
        consistent: true,
        ...keySchemaOf(createTableInput(tableName)),
        items,
        files: entries,
      });
    } finally {
      await files.close();
    }
  } finally {
    await lock.release();
  }
}

/** Fills one file after the other. */
class Files {
  readonly #folder: string;
  readonly #writtenAt: number;
  readonly #cipher = resolveCipher();
  readonly #entries: FileEntry[] = [];
  #file: TableFile | undefined;
  #items = 0;

  constructor(folder: string, writtenAt: number) {
    this.#folder = folder;
    this.#writtenAt = writtenAt;
  }

  async add(documents: readonly Document[]): Promise<void> {
    const items: Item[] = [];
    for (const { item } of documents) {
      if (item === undefined) continue;
      const stored = marshalled(storedAt(item, this.#writtenAt));
      items.push(await withSealedSecrets(stored, this.#cipher));
    }
    if (items.length === 0) return;
    if (this.#items >= itemsPerFile) await this.#endFile();
    this.#file ??= await this.#nextFile();
    await this.#file?.add(items);
    this.#items += items.length;
  }

  async finish(): Promise<FileEntry[]> {
    await this.#endFile();
    return this.#entries;
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  #nextFile(): Promise<TableFile | undefined> {
    const name = `segment-${String(this.#entries.length).padStart(3, "0")}.json.gz`;
    return openTableFile(join(this.#folder, "data", name), nothingWritten);
  }

  async #endFile(): Promise<void> {
    const entry = await this.#file?.finish();
    if (entry !== undefined) this.#entries.push(entry);
    this.#file = undefined;
    this.#items = 0;
  }
}

/** The item as the client of a table would send it. */
function marshalled(item: RawItem): Item {
  return marshall(marshallable({ Item: item }).Item as RawItem, { removeUndefinedValues: true });
}

function recordOf(documents: readonly Document[]) {
  const counts: Record<string, Counts> = {};
  for (const { facade, item } of documents) {
    counts[facade] ??= noCounts();
    counts[facade][item === undefined ? "rejected" : "written"] += 1;
  }
  const rejected = documents.flatMap(({ path, reasons, item }) =>
    item === undefined ? [{ path, reasons }] : [],
  );
  return { counts, rejected };
}
