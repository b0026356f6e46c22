/** A folder with a Firestore export, read document by document. */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { FacadeName } from "../../services/entities.js";
import { epochMsOf } from "../../src/timestamps.js";
import { type Collection, collections, fileNameOf } from "./collections.js";
import { ExportError, unreadable, valuesIn } from "./json-file.js";
import { type Mapped, mapDocument } from "./map-document.js";

const summaryFile = "_summary.json";

/** Something about the export as a whole that a person should look at. */
export interface Finding {
  readonly file: string;
  readonly message: string;
}

interface CollectionFile extends Collection {
  readonly facade: FacadeName;
  readonly file: string;
  /** Epoch ms that stands in where a document tells no creation date. */
  readonly fallbackCreatedAt: number;
  /** As the summary has it. */
  readonly expectedCount: number | undefined;
}

export interface FirestoreExport {
  readonly folder: string;
  readonly files: readonly CollectionFile[];
  /** As the summary has it; `undefined` without one. */
  readonly expectedDocuments: number | undefined;
  /** Grows while the documents are read. */
  readonly findings: readonly Finding[];
  /**
   * Every document, mapped or rejected, in the order of the files; one document and one chunk of a
   * file in memory at a time. To be read once.
   * @throws ExportError where a file cannot be read; what came before it was good
   */
  documents(): AsyncGenerator<Mapped>;
}

/**
 * Looks at the folder, its file names and its summary; no document is read yet.
 * @param createdAt epoch ms that stands in where a document tells no creation date
 * @throws ExportError for a folder that is missing, none, or holds no collection
 */
export async function openExport(folder: string, createdAt?: number): Promise<FirestoreExport> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  const summary = names.includes(summaryFile) ? await readSummary(join(folder, summaryFile)) : null;
  const findings: Finding[] = [];

  const known = new Map(collections.map((each) => [fileNameOf(each.path), each]));
  for (const name of names.toSorted()) {
    if (name.endsWith(".json") && !name.startsWith("_") && !known.has(name)) {
      findings.push({ file: name, message: "is no known collection: its documents are not read" });
    }
  }
  for (const [path] of summary?.counts ?? []) {
    if (!names.includes(fileNameOf(path))) {
      findings.push({ file: summaryFile, message: `names ${path}, which has no file` });
    }
  }

  const files: CollectionFile[] = [];
  for (const [name, collection] of known) {
    if (!names.includes(name)) continue;
    const file = join(folder, name);
    files.push({
      ...collection,
      file,
      fallbackCreatedAt: createdAt ?? summary?.exportedAt ?? Math.floor((await stat(file)).mtimeMs),
      expectedCount: summary?.counts.get(collection.path),
    });
  }
  if (files.length === 0) {
    throw new ExportError(
      `${folder}: holds no collection of a Firestore export (such as users.json)`,
    );
  }
  const expectedDocuments = summary?.totalDocuments;
  return {
    folder,
    files,
    expectedDocuments,
    findings,
    documents: () => documentsOf(files, expectedDocuments, findings),
  };
}

async function* documentsOf(
  files: readonly CollectionFile[],
  expectedDocuments: number | undefined,
  findings: Finding[],
): AsyncGenerator<Mapped> {
  let total = 0;
  for (const file of files) {
    const name = basename(file.file);
    const report = (message: string) => findings.push({ file: name, message });
    let collectionPath: unknown;
    let declared: unknown;
    let read = 0;
    for await (const { key, depth, value } of valuesIn(file.file, [
      "$.collectionPath",
      "$.documents.*",
      "$.count",
    ])) {
      if (depth === 2) {
        yield mapDocument(file, value, read, file.fallbackCreatedAt);
        read += 1;
      } else if (key === "collectionPath") collectionPath = value;
      else declared = value;
    }
    if (collectionPath === undefined && declared === undefined && read === 0) {
      throw new ExportError(`${file.file}: is no file of a Firestore export: no documents in it`);
    }
    if (collectionPath !== undefined && collectionPath !== file.path) {
      report(`says it is ${textOf(collectionPath)}, but its name says ${file.path}`);
    }
    if (declared !== undefined && declared !== read) {
      report(`says it has ${textOf(declared)} documents, but has ${read}`);
    }
    if (file.expectedCount !== undefined && file.expectedCount !== read) {
      report(`has ${read} documents, but ${summaryFile} says ${file.expectedCount}`);
    }
    total += read;
  }
  if (expectedDocuments !== undefined && expectedDocuments !== total) {
    const message = `says ${expectedDocuments} documents in all, but there are ${total}`;
    findings.push({ file: summaryFile, message });
  }
}

interface Summary {
  readonly exportedAt: number | undefined;
  readonly totalDocuments: number | undefined;
  /** By collection path. */
  readonly counts: ReadonlyMap<string, number>;
}

async function readSummary(file: string): Promise<Summary> {
  let value: unknown;
  for await (const found of valuesIn(file, ["$"])) value = found.value;
  if (!isObject(value)) throw new ExportError(`${file}: must hold an object`);
  const counts = new Map<string, number>();
  for (const entry of Array.isArray(value.collections) ? value.collections : []) {
    if (isObject(entry) && typeof entry.path === "string" && typeof entry.count === "number") {
      counts.set(entry.path, entry.count);
    }
  }
  const { totalDocuments } = value;
  return {
    exportedAt: epochMsOf(value.exportDate),
    totalDocuments: typeof totalDocuments === "number" ? totalDocuments : undefined,
    counts,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function textOf(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 100);
}
