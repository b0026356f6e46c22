/**
 * The speed of `migrate firestore` compared with a bare DocumentClient loop on the same engine, and
 * the memory that it takes.
 *
 * `node --import tsx scripts/bench/migrate-throughput.ts [documents] [rounds] [modes]`
 *
 * In each round the bare loop and the migration write the same items to an empty table each, with as
 * many BatchWrites in flight; the ratio is that of their medians. The loop has its items ready in
 * memory; the migration reads, maps, checks and journals them. With 0 rounds only memory is measured.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { BatchWriteCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { createDataLayer } from "../../src/index.js";
import type { RawItem } from "../../src/table/table.js";
import { type Engine, startEngine } from "../../src/testing/engine.js";
import { chunksOf, inParallel } from "../../src/transport/parallel.js";
import { openExport } from "../move/firestore/read-export.js";
import { documentsOf, storedAt } from "../move/migration/documents.js";
import { openItemTable } from "../move/migration/item-table.js";
import { migrate } from "../move/migration/migrate.js";
import { type ConflictMode, conflictModes } from "../move/migration/settle.js";
import { noTotals } from "../move/migration/totals.js";
import { table as columns } from "../run/terminal.js";

const documents = Number(process.argv[2] ?? 100_000);
const rounds = Number(process.argv[3] ?? 3);
const modes = (process.argv[4] ?? conflictModes.join(",")).split(",");
const concurrency = 8;

const folder = mkdtempSync(join(tmpdir(), "migrate-throughput-"));
try {
  await writeExport(join(folder, "export"));
  const items = rounds > 0 ? await itemsOf(join(folder, "export")) : [];
  const seconds = new Map<string, number[]>();
  for (let round = 0; round < rounds; round += 1) {
    // A new engine each time: the previous table must not slow down the next one.
    await measure(seconds, "bare DocumentClient loop", (engine, name) => bare(engine, name, items));
    for (const mode of conflictModes.filter((each) => modes.includes(each))) {
      await measure(seconds, `migrate, ${mode}`, (engine, name) => move(engine, name, mode));
    }
    if (modes.includes("skip")) {
      await measure(
        seconds,
        "migrate, skip, all there",
        (engine, name) => move(engine, name, "skip"),
        (engine, name) => bare(engine, name, items),
      );
    }
  }
  const floor = median(seconds.get("bare DocumentClient loop"));
  const rows = [...seconds].map(([name, all]) => [
    name,
    `${Math.round(documents / median(all))}/s`,
    (floor / median(all)).toFixed(2),
    all.map((each) => each.toFixed(1)).join(" "),
  ]);
  console.log(`${documents} documents, ${concurrency} in flight, dynoxide`);
  for (const row of columns([["", "rate", "ratio", "seconds"], ...rows])) console.log(row);
  items.length = 0;
  console.log(`peak memory of the command: ${await peakMemory(join(folder, "export"))} MB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(
  seconds: Map<string, number[]>,
  name: string,
  run: (engine: Engine, tableName: string) => Promise<void>,
  prepare?: (engine: Engine, tableName: string) => Promise<void>,
): Promise<void> {
  const engine = await startEngine();
  try {
    await createTable(engine);
    await prepare?.(engine, "Bench");
    const startedAt = performance.now();
    await run(engine, "Bench");
    const took = (performance.now() - startedAt) / 1_000;
    console.error(`${name}: ${took.toFixed(1)} s`);
    seconds.set(name, [...(seconds.get(name) ?? []), took]);
  } finally {
    await engine.close();
  }
}

function placeAt({ endpoint, region, credentials }: Engine) {
  return { environment: "development", endpoint, region, credentials, tableName: "Bench" } as const;
}

async function createTable(engine: Engine): Promise<void> {
  const data = createDataLayer(placeAt(engine));
  await data.table.create();
  await data.close();
}

async function bare(
  { endpoint, region, credentials }: Engine,
  tableName: string,
  items: readonly RawItem[],
): Promise<void> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }));
  await inParallel(chunksOf(items, 25), concurrency, async (chunk) => {
    const requests = chunk.map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteCommand({ RequestItems: { [tableName]: requests } }));
  });
  client.destroy();
}

async function move(engine: Engine, place: string, mode: ConflictMode): Promise<void> {
  const state = mkdtempSync(join(folder, "state-"));
  const data = createDataLayer(placeAt(engine));
  const table = openItemTable(placeAt(engine));
  const totals = noTotals();
  await migrate({
    data,
    table,
    place,
    source: await openExport(join(folder, "export")),
    mode,
    dryRun: false,
    concurrency,
    stateFolder: state,
    restart: false,
    rejectedFile: join(state, "rejected.ndjson"),
    createdAt: undefined,
    signal: new AbortController().signal,
    totals,
    onProgress: () => undefined,
  });
  const { written, identical } = totals.all;
  if (written + identical !== documents) throw new Error(`${written + identical} of ${documents}`);
  table.close();
  await data.close();
}

/** Pieces of content of about 600 bytes, 50 per user. */
async function writeExport(to: string): Promise<void> {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to);
  const file = createWriteStream(join(to, "users_id_savedContent.json"));
  file.write('{"collectionPath":"users/{id}/savedContent","documents":[');
  for (let at = 0; at < documents; at += 1) {
    const parentId = `user-${String(Math.floor(at / 50)).padStart(8, "0")}`;
    const id = `content-${at}`;
    const createdAt = { _seconds: 1_600_000_000 + at, _nanoseconds: 5_000_000 };
    const data = {
      type: "Blog Post",
      content: `What a house on street ${at} costs. `.repeat(14),
      name: `Piece ${at}`,
      projectId: at % 3 === 0 ? null : `project-${at % 7}`,
      metadata: { views: at, tags: ["market", "seattle"] },
      createdAt,
    };
    const text = JSON.stringify({
      id,
      parentId,
      data,
      path: `users/${parentId}/savedContent/${id}`,
    });
    if (!file.write(`${at === 0 ? "" : ","}${text}`)) await once(file, "drain");
  }
  file.end(`],"count":${documents}}`);
  await once(file, "finish");
}

async function itemsOf(from: string): Promise<RawItem[]> {
  const data = createDataLayer({ environment: "local" });
  const items: RawItem[] = [];
  for await (const { item } of documentsOf(data, await openExport(from))) {
    if (item !== undefined) items.push(storedAt(item, Date.now()));
  }
  await data.close();
  return items;
}

/** The command in a process of its own, and its peak resident memory, as Linux reports it. */
async function peakMemory(from: string): Promise<number> {
  const engine = await startEngine();
  await createTable(engine);
  const state = mkdtempSync(join(folder, "state-"));
  const child = spawn(
    process.execPath,
    [
      ...["--import", "tsx", "scripts/cli.ts", "migrate", "firestore", from],
      ...["--environment", "local", "--endpoint", engine.endpoint, "--table", "Bench"],
      ...["--state", state, "--rejected", join(state, "rejected.ndjson")],
      ...["--on-conflict", "overwrite"],
    ],
    { stdio: "ignore" },
  );
  let peak = 0;
  const look = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      // The process has ended, or this system does not report it.
    }
  }, 50);
  const [code] = await once(child, "exit");
  clearInterval(look);
  await engine.close();
  if (code !== 0) throw new Error(`the command ended with ${code}`);
  return Math.round(peak / 1024);
}

function median(values: readonly number[] = []): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
