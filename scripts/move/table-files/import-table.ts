/** The files of a table into a table. */
import { join } from "node:path";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { nameOf } from "../../../src/errors/words.js";
import type { Cipher } from "../../../src/secrets/encryption.js";
import { attribute, limits } from "../../../src/table/table.js";
import { inParallel } from "../../../src/transport/parallel.js";
import { itemSize } from "../../raw/item-size.js";
import { comparableText, itemOf, LineError } from "../../raw/line.js";
import type { Item, RawTable } from "../../raw/raw-table.js";
import { allOrNone } from "../../raw/scan.js";
import { withSealedSecrets } from "../../raw/stored-secrets.js";
import { type Account, settled } from "../../run/account.js";
import { openFindings } from "../../run/findings-file.js";
import type { Run } from "../../run/run-state.js";
import { rawKeyText } from "../placement.js";
import { type Manifest, TableFilesError } from "./manifest.js";
import { type Line, linesIn } from "./reader.js";

/** What to do with an item whose key is taken. */
export type OnConflict = "overwrite" | "skip";

export interface ImportCounts {
  written: number;
  /** Skipped because the key was taken. */
  skipped: number;
  rejected: number;
  /** With `only`: lines of other keys. */
  others?: number;
}

/** The keys to import, if they are not all. */
export interface OnlyKeys {
  /** Partition keys, as they are stored. */
  readonly partitions: readonly string[];
  /** A sort key of theirs. @default all of them */
  readonly sort?: string | undefined;
}

/** A line that was not written, and why. It never holds the item. */
export interface RejectedLine {
  readonly file: string;
  readonly line: number;
  readonly offset: number;
  readonly key?: string;
  readonly reason: string;
}

export interface ImportState {
  /** Lines of each file, in the manifest's order, that are dealt with. */
  readonly lines: readonly number[];
  readonly counts: ImportCounts;
  readonly rejectedBytes: number;
}

export interface ImportOptions {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly onConflict: OnConflict;
  /** @default every item */
  readonly only?: OnlyKeys | undefined;
  /** Encrypts secrets that are in clear text; encrypted ones are written as they are. */
  readonly cipher?: Cipher | undefined;
  /** Batches in flight. */
  readonly concurrency: number;
  /** Writes nothing to the table and keeps no checkpoint; the counts say what would be done. */
  readonly dryRun?: boolean;
  readonly run: Run<ImportState>;
  /** Gets a line for each rejected one. */
  readonly rejectedPath: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (items: number) => void;
}

export interface Import {
  readonly counts: ImportCounts;
  /** Every item of the manifest, and what became of it. */
  readonly account: Account;
  /** The first lines that were rejected. */
  readonly examples: readonly RejectedLine[];
}

const checkpointMs = 500;
const mostExamples = 20;
/** How many conditional puts of one batch are in flight at once. */
const putsInFlight = 8;

/**
 * Writes every item of the files. An item that DynamoDB refuses is rejected alone, never with its batch.
 * @throws what a request or a file threw; the checkpoint then holds what was done
 * @throws AccountError if an item of the manifest has no outcome, or two
 */
export async function importTable(table: RawTable, options: ImportOptions): Promise<Import> {
  const { folder, manifest, concurrency, dryRun = false } = options;
  const { run, rejectedPath, signal, onProgress } = options;
  const { files } = manifest;
  const lines = files.map((_, index) => run.state?.lines[index] ?? 0);
  const counts: ImportCounts = {
    ...{ written: 0, skipped: 0, rejected: 0 },
    ...(options.only !== undefined && { others: 0 }),
    ...run.state?.counts,
  };
  const rejected = await openFindings(rejectedPath, run.state?.rejectedBytes ?? 0);
  const examples: RejectedLine[] = [];
  let savedAt = performance.now();
  onProgress?.(counts.written + counts.skipped + counts.rejected + (counts.others ?? 0));

  const checkpoint = async (): Promise<void> => {
    savedAt = performance.now();
    if (dryRun) return;
    const state = { lines: [...lines], counts: { ...counts } };
    await run.save({ ...state, rejectedBytes: rejected.bytes });
  };
  // One at a time, so that a checkpoint holds whole batches.
  let commits: Promise<void> = Promise.resolve();
  const commit = (step: () => Promise<void>): Promise<void> => {
    const done = commits.then(step);
    commits = done.catch(() => undefined);
    return done;
  };

  /** Counts a file's outcomes in the order of its lines: a checkpoint knows how many, not which. */
  const inOrder = (index: number) => {
    const waiting: { readonly lastLine: number; outcome?: Outcome }[] = [];
    return (lastLine: number) => {
      const place: (typeof waiting)[number] = { lastLine };
      waiting.push(place);
      return (outcome: Outcome): Promise<void> => {
        place.outcome = outcome;
        return commit(async () => {
          while (waiting[0]?.outcome !== undefined) {
            const [{ lastLine: done, outcome: of }] = waiting.splice(0, 1) as [
              Required<(typeof waiting)[number]>,
            ];
            for (const one of of.rejected) await rejected.add(one);
            examples.push(...of.rejected.slice(0, mostExamples - examples.length));
            counts.written += of.written;
            counts.skipped += of.skipped;
            counts.rejected += of.rejected.length;
            if (counts.others !== undefined) counts.others += of.others;
            lines[index] = done;
          }
          if (performance.now() - savedAt >= checkpointMs) await checkpoint();
        });
      };
    };
  };

  const batches = batchesOf(folder, files, lines, inOrder);
  try {
    await allOrNone(concurrency, async (_, stopped) => {
      for (;;) {
        signal?.throwIfAborted();
        if (stopped()) return;
        const { value: batch, done } = await batches.next();
        if (done) return;
        const outcome = dryRun
          ? await rehearse(table, batch, options)
          : await write(table, batch, options);
        await batch.settle(outcome);
        onProgress?.(batch.lines.length);
      }
    });
    const { others, ...own } = counts;
    const outcomes = others === undefined ? own : { ...own, "of other keys": others };
    const account = settled("items", manifest.items, outcomes, "import again with --restart");
    await run.finish();
    return { counts, account, examples };
  } catch (error) {
    await commit(checkpoint);
    throw error;
  } finally {
    await rejected.close();
    await batches.return(undefined);
  }
}

interface Batch {
  readonly file: string;
  readonly lines: readonly Line[];
  settle(outcome: Outcome): Promise<void>;
}

interface Outcome {
  written: number;
  skipped: number;
  readonly rejected: RejectedLine[];
  others: number;
}

type InOrder = (index: number) => (lastLine: number) => (outcome: Outcome) => Promise<void>;

/**
 * The lines of all files, 25 at a time. An async generator queues concurrent requests for the next
 * ones.
 */
async function* batchesOf(
  folder: string,
  files: Manifest["files"],
  done: readonly number[],
  inOrder: InOrder,
): AsyncGenerator<Batch, undefined, undefined> {
  for (const [index, { name, items }] of files.entries()) {
    const place = inOrder(index);
    const skip = done[index] ?? 0;
    let seen = skip;
    let lines: Line[] = [];
    const batch = (): Batch => {
      const full = { file: name, lines, settle: place(lines.at(-1)?.number ?? 0) };
      lines = [];
      return full;
    };
    for await (const line of linesIn(join(folder, name), skip)) {
      seen = line.number;
      if (lines.push(line) === limits.batchWriteItems) yield batch();
    }
    if (lines.length > 0) yield batch();
    if (seen !== items) {
      throw new TableFilesError(
        `${join(folder, name)}: has ${seen} items, the manifest says ${items}`,
      );
    }
  }
  return undefined;
}

interface ReadLine {
  readonly line: Line;
  readonly item: Item;
}

/** The items of a batch's lines; a line without one is rejected. */
async function itemsOf(
  { file, lines }: Batch,
  { cipher, only }: Pick<ImportOptions, "cipher" | "only">,
  outcome: Outcome,
): Promise<{ items: ReadLine[]; reject: (read: ReadLine, reason: string) => void }> {
  const items: ReadLine[] = [];
  for (const line of lines) {
    try {
      const item = itemOf(line.text);
      if (isAmong(only, item)) items.push({ line, item: await withSealedSecrets(item, cipher) });
      else outcome.others += 1;
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      const { number, offset } = line;
      outcome.rejected.push({ file, line: number, offset, reason: error.message });
    }
  }
  const reject = ({ line: { number, offset }, item }: ReadLine, reason: string): void => {
    outcome.rejected.push({ file, line: number, offset, key: rawKeyText(item), reason });
  };
  return { items, reject };
}

function isAmong(only: OnlyKeys | undefined, item: Item): boolean {
  if (only === undefined) return true;
  const { [attribute.partitionKey]: partition, [attribute.sortKey]: sort } = item;
  const isWanted = only.partitions.includes(partition?.S ?? "");
  return isWanted && (only.sort === undefined || sort?.S === only.sort);
}

/** What `write` would do, as far as it can be known without writing. */
async function rehearse(
  table: RawTable,
  batch: Batch,
  options: Pick<ImportOptions, "manifest" | "onConflict" | "cipher" | "only">,
): Promise<Outcome> {
  const { manifest, onConflict } = options;
  const outcome: Outcome = { written: 0, skipped: 0, rejected: [], others: 0 };
  const { items, reject } = await itemsOf(batch, options, outcome);
  const names = keyNamesOf(manifest);
  const possible = items.filter((read) => {
    const rule = refusalOf(read.item, manifest);
    if (rule !== undefined) reject(read, rule);
    return rule === undefined;
  });
  outcome.rejected.sort((a, b) => a.line - b.line);
  if (onConflict === "overwrite" || possible.length === 0) {
    outcome.written += possible.length;
    return outcome;
  }
  const wanted = new Map(
    possible.map(({ item }) => [comparableText(keyOf(item, names)), keyOf(item, names)]),
  );
  const found = await table.batchGet([...wanted.values()], names);
  const taken = new Set(found.map((item) => comparableText(keyOf(item, names))));
  for (const { item } of possible) {
    const key = comparableText(keyOf(item, names));
    outcome[taken.has(key) ? "skipped" : "written"] += 1;
    // A second line with the same key would find the first one's item.
    taken.add(key);
  }
  return outcome;
}

function keyNamesOf({ keySchema }: Pick<Manifest, "keySchema">): string[] {
  return keySchema.map(({ AttributeName }) => AttributeName);
}

/** What is certain to be refused: a key that does not fit the table, or an item over 400 KB. */
function refusalOf(
  item: Item,
  { keySchema, attributeDefinitions }: Pick<Manifest, "keySchema" | "attributeDefinitions">,
): string | undefined {
  for (const { AttributeName: name = "" } of keySchema) {
    const type = attributeDefinitions.find((one) => one.AttributeName === name)?.AttributeType;
    const value = item[name] as Readonly<Record<string, unknown>> | undefined;
    const held = value?.[type ?? ""];
    if (held === undefined) return `${name} must be there, with the type ${type}`;
    if ((held as string | Uint8Array).length === 0) return `${name} must not be empty`;
  }
  const bytes = itemSize(item);
  if (bytes <= limits.itemBytes) return undefined;
  return `is an item of ${bytes} bytes: at most ${limits.itemBytes}`;
}

async function write(
  table: RawTable,
  batch: Batch,
  options: Pick<ImportOptions, "manifest" | "onConflict" | "cipher" | "only">,
): Promise<Outcome> {
  const { manifest, onConflict } = options;
  const outcome: Outcome = { written: 0, skipped: 0, rejected: [], others: 0 };
  const keyNames = keyNamesOf(manifest);
  const { items, reject } = await itemsOf(batch, options, outcome);
  if (onConflict === "overwrite" && (await writtenAtOnce(table, items))) {
    outcome.written += items.length;
    return outcome;
  }
  const putOne = async (read: ReadLine): Promise<void> => {
    try {
      const result = await table.put({
        Item: read.item,
        ...(onConflict === "skip" && {
          ConditionExpression: "attribute_not_exists(#key)",
          ExpressionAttributeNames: { "#key": attribute.partitionKey },
        }),
      });
      const isOwn =
        result === "done" || (result === "inDoubt" && (await isThere(table, read.item, keyNames)));
      outcome[isOwn ? "written" : "skipped"] += 1;
    } catch (error) {
      if (nameOf(error) !== "ValidationException") throw error;
      reject(read, reasonOf(error));
    }
  };
  // One after the other, because two lines may have the same key: the last one wins.
  await inParallel(items, onConflict === "skip" ? putsInFlight : 1, putOne);
  outcome.rejected.sort((a, b) => a.line - b.line);
  return outcome;
}

/** Whether the table holds this very item. */
async function isThere(table: RawTable, item: Item, keyNames: readonly string[]): Promise<boolean> {
  const stored = await table.get({ Key: keyOf(item, keyNames), ConsistentRead: true });
  return stored !== undefined && comparableText(stored) === comparableText(item);
}

function keyOf(item: Item, names: readonly string[]): Item {
  return Object.fromEntries(names.map((name) => [name, item[name] as AttributeValue]));
}

/** @returns whether the batch was written; `false` if DynamoDB refuses something in it */
async function writtenAtOnce(
  table: RawTable,
  items: readonly { readonly item: Item }[],
): Promise<boolean> {
  if (items.length === 0) return true;
  try {
    await table.batchPut(items.map(({ item }) => item));
    return true;
  } catch (error) {
    if (nameOf(error) === "ValidationException") return false;
    throw error;
  }
}

/** DynamoDB's own message, without the value that some of them quote. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^put \(table=[^)]*\): /, "").replace(/(numeric value)\b.*/s, "$1");
}
