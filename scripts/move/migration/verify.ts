/** Compares a table with the export that was moved into it. */
import type { DataLayer } from "../../../src/index.js";
import { keyId } from "../../../src/read/reader.js";
import { unreadableOf } from "../../../src/secrets/opened.js";
import { ruleOf } from "../../../src/secrets/unreadable.js";
import { limits } from "../../../src/table/table.js";
import { inParallel } from "../../../src/transport/parallel.js";
import { type Account, settled } from "../../run/account.js";
import type { FirestoreExport } from "../firestore/read-export.js";
import { differencesOf } from "./compare.js";
import { type Document, documentsOf } from "./documents.js";
import { type ItemTable, itemAt } from "./item-table.js";
import { KeySet } from "./key-set.js";

/** One difference from the export. */
export type Discrepancy =
  /** The item differs in these attributes or payload fields. */
  | { readonly kind: "wrong"; readonly path: string; readonly reasons: readonly string[] }
  | { readonly kind: "missing"; readonly path: string }
  /** The document cannot be an item. */
  | { readonly kind: "rejected"; readonly path: string; readonly reasons: readonly string[] }
  /** An item in one of the export's partitions that the export does not have. */
  | { readonly kind: "extra"; readonly pk: string; readonly sk: string };

export interface VerifyReport {
  documents: number;
  same: number;
  wrong: number;
  missing: number;
  rejected: number;
  extra: number;
  /** Items of the export that existed when they were compared. */
  there: number;
  /** The same, counted again when the whole table was read; `undefined` if it was not. */
  met: number | undefined;
}

/** What was read, and what became of it. */
export interface VerifyAccounts {
  readonly documents: Account;
  /** Items of the whole table. */
  readonly items?: Account;
}

export function noReport(): VerifyReport {
  const none = { documents: 0, same: 0, wrong: 0, missing: 0, rejected: 0, extra: 0 };
  return { ...none, there: 0, met: undefined };
}

/**
 * Whether the scan of the whole table found the items that were found one by one: it does not if a page
 * was lost, or if somebody wrote meanwhile.
 */
export function countsAgree({ there, met }: VerifyReport): boolean {
  return met === undefined || met === there;
}

export interface VerifyOptions {
  readonly data: DataLayer;
  readonly table: ItemTable;
  readonly source: FirestoreExport;
  /** Whether to scan the whole table for items that the export does not have. */
  readonly findExtra: boolean;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly report: VerifyReport;
  readonly onDiscrepancy: (discrepancy: Discrepancy) => void;
  readonly onProgress: (documents: number) => void;
}

/** How many bytes of items are compared at once at most. */
const chunkBytes = 1024 * 1024;

/**
 * @throws ExportError if a file of the export cannot be read
 * @throws AccountError if a document or an item that was read has no outcome, or two
 */
export async function verify(options: VerifyOptions): Promise<VerifyAccounts> {
  const { data, source, concurrency, signal, report } = options;
  const keys = new KeySet();
  const there = new KeySet();
  const partitions = new KeySet();
  let waiting: Document[][] = [];
  let chunk: Document[] = [];
  let bytes = 0;
  const closeChunk = () => {
    if (chunk.length > 0) waiting.push(chunk);
    chunk = [];
    bytes = 0;
  };
  const flush = async (): Promise<void> => {
    const chunks = waiting;
    waiting = [];
    await inParallel(chunks, concurrency, (documents) => compare(documents, there, options));
  };
  for await (const document of documentsOf(data, source)) {
    signal.throwIfAborted();
    report.documents += 1;
    if (document.item === undefined) {
      report.rejected += 1;
      const { path, reasons } = document;
      options.onDiscrepancy({ kind: "rejected", path, reasons });
      options.onProgress(1);
      continue;
    }
    const { stored } = document.item;
    keys.add(keyId(stored));
    partitions.add(stored.PK);
    chunk.push(document);
    bytes += document.item.bytes;
    if (chunk.length === limits.batchGetKeys || bytes >= chunkBytes) closeChunk();
    if (waiting.length >= concurrency) await flush();
  }
  closeChunk();
  await flush();
  const { documents: read, same, wrong, missing, rejected } = report;
  const outcomes = { same, wrong, missing, rejected };
  const documents = settled("documents", read, outcomes, "verify again");
  if (!options.findExtra) return { documents };
  return { documents, items: await findExtra(keys, partitions, options) };
}

async function compare(
  documents: readonly Document[],
  present: KeySet,
  { table, report, onDiscrepancy, onProgress }: VerifyOptions,
): Promise<void> {
  const wanted = documents.flatMap(({ item }) => (item === undefined ? [] : [item.stored]));
  const there = await table.read(wanted);
  for (const { item, path } of documents) {
    if (item === undefined) continue;
    const stored = itemAt(there, item.stored);
    if (stored === undefined) {
      report.missing += 1;
      onDiscrepancy({ kind: "missing", path });
      continue;
    }
    // Two documents may become the same item.
    if (present.add(keyId(item.stored))) report.there += 1;
    const unreadable = unreadableOf(stored);
    const reasons =
      unreadable === undefined ? differencesOf(item.stored, stored) : [ruleOf(unreadable)];
    if (reasons.length === 0) report.same += 1;
    else {
      report.wrong += 1;
      onDiscrepancy({ kind: "wrong", path, reasons });
    }
  }
  onProgress(documents.length);
}

async function findExtra(
  keys: KeySet,
  partitions: KeySet,
  { table, concurrency, signal, report, onDiscrepancy }: VerifyOptions,
): Promise<Account> {
  let read = 0;
  let met = 0;
  let others = 0;
  const segments = Array.from({ length: concurrency }, (_, segment) => segment);
  await inParallel(segments, concurrency, async (segment) => {
    for await (const key of table.scanKeys(segment, concurrency)) {
      signal.throwIfAborted();
      read += 1;
      if (keys.has(keyId(key))) met += 1;
      else if (!partitions.has(key.PK)) others += 1;
      else {
        report.extra += 1;
        onDiscrepancy({ kind: "extra", pk: key.PK, sk: key.SK });
      }
    }
  });
  report.met = met;
  const outcomes = { "of the export": met, extra: report.extra, "of others": others };
  return settled("items", read, outcomes, "verify again");
}
