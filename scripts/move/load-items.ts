/** Writes items that came from an export or were made up, whatever their entity. */
import { isDeepStrictEqual } from "node:util";
import type { CallOptions, DataLayer } from "../../src/index.js";
import { type AnyStore, type StoredItem, storeOf } from "./any-store.js";
import { ExportError } from "./firestore/json-file.js";
import {
  isRejection,
  type Mapped,
  type Rejection,
  type SourceItem,
} from "./firestore/map-document.js";

export interface Counts {
  written: number;
  unchanged: number;
  rejected: number;
}

/** What became of the items so far. Grows while they are loaded, and holds after a failure too. */
export interface LoadReport {
  readonly counts: Map<string, Counts>;
  readonly rejections: Rejection[];
}

export interface LoadOptions extends Pick<CallOptions, "signal"> {
  /** Reads first and writes only what differs, so that a second run changes nothing. */
  readonly skipUnchanged?: boolean;
  /** Writes nothing; the report says what would be written. */
  readonly dryRun?: boolean;
  /** Called with each item that the store would take. */
  readonly onAccepted?: (item: SourceItem) => void;
  /** Called with how many more items have been dealt with. */
  readonly onProgress?: (items: number) => void;
}

/** Items of one entity that are written at once: four BatchWrites, at most 40 MB in memory. */
const chunkSize = 100;

export function createReport(): LoadReport {
  return { counts: new Map(), rejections: [] };
}

/**
 * Writes the items in order. Each is checked by its store first, so that a refused one is listed in the
 * report and the others are still written.
 * @throws UnprocessedItemsError if items were not written after all retries
 * @throws what reading `items` throws; what was read of an export before that is written
 */
export async function loadItems(
  data: DataLayer,
  items: Iterable<Mapped> | AsyncIterable<Mapped>,
  report: LoadReport,
  options: LoadOptions = {},
): Promise<void> {
  const { signal, onAccepted, onProgress, skipUnchanged = false, dryRun = false } = options;
  const waiting = new Map<string, SourceItem[]>();

  const flush = async (facade: string): Promise<void> => {
    const chunk = waiting.get(facade) ?? [];
    waiting.delete(facade);
    if (chunk.length === 0) return;
    const store = storeOf(data, facade);
    const changed = skipUnchanged ? await changedOf(store, chunk, signal) : chunk;
    if (changed.length > 0 && !dryRun) {
      await store.batchPut(changed.map(inputOf), { allowMissing: true, signal });
    }
    const counts = countsOf(report, facade);
    counts.written += changed.length;
    counts.unchanged += chunk.length - changed.length;
    onProgress?.(chunk.length);
  };

  const take = async (item: Mapped): Promise<void> => {
    const rejection = isRejection(item) ? item : check(data, item);
    if (rejection !== null) {
      report.rejections.push(rejection);
      countsOf(report, item.facade).rejected += 1;
      onProgress?.(1);
    } else if (!isRejection(item)) {
      onAccepted?.(item);
      const chunk = waiting.get(item.facade) ?? [];
      waiting.set(item.facade, chunk);
      if (chunk.push(item) === chunkSize) await flush(item.facade);
    }
  };
  const flushAll = async (): Promise<void> => {
    for (const facade of [...waiting.keys()]) await flush(facade);
  };

  try {
    for await (const item of items) {
      signal?.throwIfAborted();
      await take(item);
    }
  } catch (error) {
    // The documents before the break are good.
    if (error instanceof ExportError) await flushAll();
    throw error;
  }
  await flushAll();
}

function countsOf({ counts }: LoadReport, facade: string) {
  const known = counts.get(facade) ?? { written: 0, unchanged: 0, rejected: 0 };
  counts.set(facade, known);
  return known;
}

const inputOf = ({ key, data, createdAt }: SourceItem) => ({ ...key, data, createdAt });

function check(data: DataLayer, item: SourceItem): Rejection | null {
  const issues = storeOf(data, item.facade).check(inputOf(item), { allowMissing: true });
  if (issues.length === 0) return null;
  const reasons = issues.map(({ path, message }) => `${path} ${message}`);
  return { path: item.path, facade: item.facade, reasons };
}

async function changedOf(
  store: AnyStore,
  items: readonly SourceItem[],
  signal: AbortSignal | undefined,
): Promise<SourceItem[]> {
  const stored = await store.batchGet(
    items.map(({ key }) => key),
    { signal },
  );
  return items.filter((item, index) => !isSame(item, stored[index] ?? null));
}

/** Whether the item is stored as it would be written: a store fills in ids that the payload lacks. */
function isSame({ data, createdAt }: SourceItem, stored: StoredItem | null): boolean {
  if (stored === null || stored.createdAt !== createdAt) return false;
  const { id, agentId } = stored.data;
  const filledIn = Object.entries({ id, agentId }).filter(([, value]) => value !== undefined);
  return isDeepStrictEqual(stored.data, { ...Object.fromEntries(filledIn), ...data });
}
