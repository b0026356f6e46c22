/** The documents of an export as the items that they become, checked. */
import { basename, resolve } from "node:path";
import { type DataLayer, ValidationError, type ValidationIssue } from "../../../src/index.js";
import { internalsOf } from "../../../src/store/entity-store.js";
import { attribute, type RawItem } from "../../../src/table/table.js";
import { rawItemOf } from "../../../src/write/stored-item.js";
import { ofKnownEntities } from "../../raw/known-entities.js";
import { storeOf } from "../any-store.js";
import { digestOf } from "../file-digest.js";
import { collections } from "../firestore/collections.js";
import { dateMsOf } from "../firestore/dates.js";
import { unreadable } from "../firestore/json-file.js";
import { createdAtOf, isRejection, type Mapped } from "../firestore/map-document.js";
import type { FirestoreExport } from "../firestore/read-export.js";
import { KeySet } from "./key-set.js";

/** A document, and what the store makes of it: an item, or the reasons why it cannot be one. */
export interface Document {
  /** Its position among all documents of the export, from 0. */
  readonly ordinal: number;
  readonly path: string;
  readonly facade: string;
  readonly item: Candidate | undefined;
  /** Empty if there is an item. They name fields and rules, never values. */
  readonly reasons: readonly string[];
}

/** An item that is not stored yet. */
export interface Candidate {
  /** The stored form but for its UpdatedAt. */
  readonly stored: RawItem;
  /** Its size in the table. */
  readonly bytes: number;
  /** Epoch ms of the last change that the document states; 0 if it states none. */
  readonly changedAt: number;
}

/** The stored form, with the time of its writing. */
export function storedAt({ stored }: Candidate, updatedAt: number): RawItem {
  return { ...stored, [attribute.updatedAt]: updatedAt };
}

/**
 * Reads an export document by document. One that occurs a second time is rejected, so that what the
 * table holds in the end does not depend on who was quicker.
 * @param skip tells which documents to leave out
 * @throws ExportError if a file cannot be read; the documents before that are good
 */
export async function* documentsOf(
  data: DataLayer,
  source: FirestoreExport,
  skip: (ordinal: number) => boolean = () => false,
): AsyncGenerator<Document> {
  const paths = new KeySet();
  let ordinal = -1;
  for await (const mapped of source.documents()) {
    ordinal += 1;
    const isNew = paths.add(mapped.path);
    if (skip(ordinal)) continue;
    yield isNew
      ? documentOf(data, mapped, ordinal)
      : rejected(mapped, ordinal, ["is in the export more than once: the first one counts"]);
  }
}

function documentOf(data: DataLayer, mapped: Mapped, ordinal: number): Document {
  if (isRejection(mapped)) return rejected(mapped, ordinal, mapped.reasons);
  const { path, facade, key, createdAt } = mapped;
  const { model, writes } = internalsOf(storeOf(data, facade));
  try {
    const input = { ...key, data: mapped.data, createdAt };
    const draft = writes.input.draft(input, {}, { allowMissing: true });
    const stored = rawItemOf(model, draft, 0);
    return {
      ordinal,
      path,
      facade,
      item: { stored, bytes: draft.bytes, changedAt: changedAtOf(facade, mapped.data) },
      reasons: [],
    };
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return rejected(mapped, ordinal, error.issues.map(reasonOf));
  }
}

/** An issue in words. The only symbols in a document are numbers that cannot be kept. */
function reasonOf({ path, message }: ValidationIssue): string {
  const rule = message === "must not be a symbol" ? "has more digits than can be kept" : message;
  return `${path} ${rule}`;
}

function rejected(
  { path, facade }: Pick<Mapped, "path" | "facade">,
  ordinal: number,
  reasons: readonly string[],
): Document {
  return { ordinal, path, facade, item: undefined, reasons };
}

const byFacade = ofKnownEntities(
  () => new Map(collections().map((collection) => [collection.facade, collection])),
);

/** Epoch ms of the last change, as the document itself states. */
function changedAtOf(facade: string, data: Readonly<Record<string, unknown>>): number {
  const collection = byFacade().get(facade);
  const created = collection === undefined ? undefined : createdAtOf(collection, data);
  return Math.max(dateMsOf(data.updatedAt) ?? 0, created ?? 0);
}

/**
 * A text that identifies the contents of the export's files: it differs even if size and time stay the
 * same.
 */
export async function stampOf(source: FirestoreExport, signal?: AbortSignal): Promise<string> {
  const stamps: string[] = [];
  // One after the other: an export may have many files, and the disk is the bottleneck.
  for (const { file } of source.files) {
    const { bytes, sha256 } = await digestOf(file, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw unreadable(file, error);
    });
    stamps.push(`${basename(file)} ${bytes} ${sha256.slice(0, 16)}`);
  }
  return `${resolve(source.folder)} (${stamps.join(", ")})`;
}
