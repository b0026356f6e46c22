/** A Firestore export, a folder or a file, read document by document. */
import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { KnownCollection } from "./collection.js";
import { collections, fileNameOf } from "./collections.js";
import { dateMsOf, unreadDates } from "./dates.js";
import { ExportError, unreadable, valuesIn } from "./json-file.js";
import { documentsIn, layoutOf } from "./layout.js";
import { refuseManagedExport } from "./managed-export.js";
import { isRejection, type Mapped, mapDocument, type SourceItem } from "./map-document.js";

const summaryFile = "_summary.json";

/** Something about the export as a whole that a person should look at. */
export interface Finding {
  readonly file: string;
  readonly message: string;
}

export interface FirestoreExport {
  /** The folder or file, as it was named. */
  readonly folder: string;
  readonly files: readonly { readonly file: string }[];
  /** As the summary has it; `undefined` without one. */
  readonly expectedDocuments: number | undefined;
  /** Contradictions, and what is not read. Grows while the documents are read. */
  readonly findings: readonly Finding[];
  /** What may have been meant differently. Grows while the documents are read. */
  readonly notes: readonly Finding[];
  /**
   * Every document, mapped or rejected, in the order of the files; one document and one chunk of a
   * file in memory at a time. To be read once.
   * @throws ExportError if a file cannot be read; the documents before that are good
   */
  documents(): AsyncGenerator<Mapped>;
}

interface SourceFile {
  readonly file: string;
  /** Epoch ms for a document without a creation date. */
  readonly fallbackCreatedAt: number;
}

/** The documents of one collection. */
interface CollectionFile extends SourceFile {
  readonly collection: KnownCollection;
  /** As the summary has it. */
  readonly expectedCount: number | undefined;
}

/** The documents of several collections. */
interface DatabaseFile extends SourceFile {
  readonly layout: "tree" | "byPath";
}

/**
 * Looks at the folder or file, the layout of its files and its summary; no document is read yet.
 * @param createdAt epoch ms that stands in where a document tells no creation date
 * @throws ExportError if it is missing, holds no document, or is a managed export
 */
export async function openExport(path: string, createdAt?: number): Promise<FirestoreExport> {
  const known = new Map(collections().map((each) => [fileNameOf(each.path), each]));
  const isFile = (await statOf(path)).isFile();
  const names = isFile ? [basename(path)] : (await readdir(path)).toSorted();
  const folder = isFile ? dirname(path) : path;
  await refuseManagedExport(path, isFile ? [] : names);
  const hasSummary = !isFile && names.includes(summaryFile);
  const summary = hasSummary ? await readSummary(join(folder, summaryFile)) : undefined;
  const findings: Finding[] = summary?.findings.slice() ?? [];

  const ofCollections = new Map<string, CollectionFile>();
  const ofDatabases: DatabaseFile[] = [];
  for (const name of names) {
    if (!isFile && (!name.endsWith(".json") || name.startsWith("_"))) continue;
    const file = join(folder, name);
    const stats = await statOf(file);
    const fallbackCreatedAt = createdAt ?? summary?.exportedAt ?? Math.floor(stats.mtimeMs);
    const layout = stats.isFile() ? await layoutOf(file) : undefined;
    const collection = known.get(name);
    if (layout === "tree" || layout === "byPath") {
      ofDatabases.push({ file, fallbackCreatedAt, layout });
    } else if (collection !== undefined) {
      const expectedCount = summary?.counts.get(collection.path);
      ofCollections.set(name, { file, fallbackCreatedAt, collection, expectedCount });
    } else if (!isFile) {
      findings.push({
        file: name,
        message: "is not a known collection: its documents are not read",
      });
    }
  }
  for (const [path] of summary?.counts ?? []) {
    if (!names.includes(fileNameOf(path)) && ofDatabases.length === 0) {
      findings.push({ file: summaryFile, message: `names ${path}, which has no file` });
    }
  }
  const inOrder = [...known.keys()].flatMap((name) => ofCollections.get(name) ?? []);
  const files = [...inOrder, ...ofDatabases];
  if (files.length === 0) {
    throw new ExportError(
      isFile
        ? `${path}: is not a file of a Firestore export in a known layout`
        : `${path}: holds no collection of a Firestore export (such as users.json)`,
    );
  }
  const notes: Finding[] = [];
  const expectedDocuments = summary?.totalDocuments;
  return {
    folder: path,
    files,
    expectedDocuments,
    findings,
    notes,
    documents: () => documentsOf(files, expectedDocuments, { findings, notes }),
  };
}

async function statOf(path: string): Promise<Stats> {
  return stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
}

interface Reports {
  readonly findings: Finding[];
  readonly notes: Finding[];
}

async function* documentsOf(
  files: readonly (CollectionFile | DatabaseFile)[],
  expectedDocuments: number | undefined,
  { findings, notes }: Reports,
): AsyncGenerator<Mapped> {
  let total = 0;
  for (const file of files) {
    const name = basename(file.file);
    const dates = new UnreadDates();
    const report = (message: string) => findings.push({ file: name, message });
    const read = "layout" in file ? databaseDocuments : collectionDocuments;
    try {
      // Each reader takes the files that it is chosen for.
      for await (const { collection, mapped } of read(file as never, report)) {
        if (!isRejection(mapped)) dates.look(collection, mapped);
        total += 1;
        yield mapped;
      }
    } finally {
      for (const message of dates.messages()) notes.push({ file: name, message });
    }
  }
  if (expectedDocuments !== undefined && expectedDocuments !== total) {
    const message = `says ${expectedDocuments} documents in all, but there are ${total}`;
    findings.push({ file: summaryFile, message });
  }
}

interface Read {
  readonly collection: KnownCollection;
  readonly mapped: Mapped;
}

type Report = (message: string) => void;

async function* collectionDocuments(
  { file, collection, fallbackCreatedAt, expectedCount }: CollectionFile,
  report: Report,
): AsyncGenerator<Read> {
  let collectionPath: unknown;
  let declared: unknown;
  let read = 0;
  const paths = ["$.collectionPath", "$.documents.*", "$.count"];
  for await (const { keys, value } of valuesIn(file, paths)) {
    if (keys.length === 2) {
      yield { collection, mapped: mapDocument(collection, value, read, fallbackCreatedAt) };
      read += 1;
    } else if (keys[0] === "collectionPath") collectionPath = value;
    else declared = value;
  }
  if (collectionPath === undefined && declared === undefined && read === 0) {
    throw new ExportError(`${file}: is not a file of a Firestore export: no documents in it`);
  }
  if (collectionPath !== undefined && collectionPath !== collection.path) {
    report(`says it is ${textOf(collectionPath)}, but its name says ${collection.path}`);
  }
  if (declared !== undefined && declared !== read) {
    report(`says it has ${textOf(declared)} documents, but has ${read}`);
  }
  if (expectedCount !== undefined && expectedCount !== read) {
    report(`has ${read} documents, but ${summaryFile} says ${expectedCount}`);
  }
}

async function* databaseDocuments(
  { file, layout, fallbackCreatedAt }: DatabaseFile,
  report: Report,
): AsyncGenerator<Read> {
  let read = 0;
  const unknown = new Map<string, number>();
  for await (const { path, collection, data } of documentsIn(file, layout)) {
    if (collection === undefined) {
      const name = path.map((part, at) => (at % 2 === 1 ? "{id}" : part)).join("/");
      const known = name.replace(/\/\{id\}$/, "");
      unknown.set(known, (unknown.get(known) ?? 0) + 1);
      continue;
    }
    // A document of a list has no id: it is rejected, and its place in the list is what names it.
    const [id, parentId] = [path.at(-1), path.at(-3)];
    const placed =
      typeof id === "string" ? { path: path.join("/"), data } : { parentId, id: undefined, data };
    const index = typeof id === "string" ? read : Number(id);
    yield { collection, mapped: mapDocument(collection, placed, index, fallbackCreatedAt) };
    read += 1;
  }
  for (const [name, many] of unknown) {
    const documents = many === 1 ? "its document is" : `its ${many} documents are`;
    report(`${name} is not a known collection: ${documents} not read`);
  }
  if (read === 0 && unknown.size === 0) {
    throw new ExportError(`${file}: is not a file of a Firestore export: no documents in it`);
  }
}

/** Counts the dates of a file that are not read as such, by field. */
class UnreadDates {
  readonly #byField = new Map<string, { documents: number; readonly example: string }>();

  look(collection: KnownCollection, { path, data }: SourceItem): void {
    for (const field of unreadDates(collection, data)) {
      const known = this.#byField.get(field) ?? { documents: 0, example: path };
      this.#byField.set(field, known);
      known.documents += 1;
    }
  }

  messages(): string[] {
    return [...this.#byField].map(([field, { documents, example }]) => {
      const who = documents === 1 ? example : `${documents} documents, such as ${example}`;
      return `${field} cannot be read as a date, and another date is used instead: ${who}`;
    });
  }
}

interface Summary {
  readonly findings: readonly Finding[];
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
  const { totalDocuments, exportDate } = value;
  const exportedAt = dateMsOf(exportDate);
  const message = "exportDate cannot be read as a date: the files' own dates are used instead";
  const isUnread = exportDate !== undefined && exportDate !== null && exportedAt === undefined;
  return {
    findings: isUnread ? [{ file: summaryFile, message }] : [],
    exportedAt,
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
