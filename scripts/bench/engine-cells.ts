/** What only shows on a real engine: many gets at once, bulk writes, long lists, the dashboard. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { BatchWriteCommand, DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import { createDataLayer, type DataLayer } from "../../src/index.js";
import { type Engine, fixtures, startEngine } from "../../src/testing/index.js";
import { OrderlyHandler } from "../../src/wire/request-handler.js";
import { rawItem, tableName } from "./canned.js";
import type { ListCost } from "./list-process.js";
import { quantile } from "./statistics.js";

/** A row of the table: what was done, and what it took. */
export interface Line {
  readonly what: string;
  readonly took: string;
}

interface Taken {
  readonly ms: number;
  readonly cpuMs: number;
}

async function taken(run: () => Promise<unknown>): Promise<Taken> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run();
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - start, cpuMs: (user + system) / 1000 };
}

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
const shown = (number: number) => (number < 20 ? number.toFixed(1) : String(Math.round(number)));
const content = rawItem(0).Data;

function layerOn({ endpoint, region, credentials }: Engine, options: object = {}): DataLayer {
  const place = { environment: "development", tableName, endpoint, region, credentials } as const;
  return createDataLayer({ ...place, ...options });
}

export async function engineCells(quick: boolean): Promise<Line[]> {
  const engine = await startEngine();
  const requests: string[] = [];
  const data = layerOn(engine, {
    events: ({ request }: { request: string }) => requests.push(request),
  });
  const single = layerOn(engine, { coalesce: false });
  const { endpoint, region, credentials } = engine;
  const bare = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }));
  const waiting = watchSockets();
  try {
    await data.table.create();
    console.error("gets, bulk put and dashboard on an engine …");
    return [
      ...(await gets(data, single, bare, quick ? 5 : 20)),
      ...(await bulkPut(data, bare, quick ? 4_000 : 20_000)),
      await dashboard(data, requests),
      ...(await list(data, engine, quick ? 20_000 : 200_000)),
      { what: "requests of this package that waited for a socket", took: String(waiting()) },
    ];
  } finally {
    for (const layer of [data, single]) await layer.close();
    bare.destroy();
    await engine.close();
  }
}

/** Counts the requests of this package that find all sockets in use. */
function watchSockets(): () => number {
  let waited = 0;
  const { handle } = OrderlyHandler.prototype;
  OrderlyHandler.prototype.handle = function (this: OrderlyHandler, ...given) {
    const before = this.waiting;
    const answer = handle.apply(this, given);
    if (this.waiting > before) waited += 1;
    return answer;
  };
  return () => waited;
}

async function gets(
  data: DataLayer,
  single: DataLayer,
  bare: DynamoDBDocumentClient,
  rounds: number,
): Promise<Line[]> {
  const keys = indexes(100).map((index) => ({ userId: "gets", contentId: `c${index}` }));
  await data.savedContent.batchPut(keys.map((key) => ({ ...key, data: content })));
  const ways = {
    "100 gets at once, DocumentClient": () =>
      Promise.all(
        keys.map(({ userId, contentId }) => {
          const Key = { PK: `USER#${userId}`, SK: `CONTENT#${contentId}` };
          return bare.send(new GetCommand({ TableName: tableName, Key }));
        }),
      ),
    "100 gets at once, each by itself": () =>
      Promise.all(keys.map((key) => single.savedContent.get(key))),
    "100 gets at once, coalesced": () => Promise.all(keys.map((key) => data.savedContent.get(key))),
  };
  const samples = Object.entries(ways).map(([what, run]) => ({ what, run, all: [] as Taken[] }));
  for (const { run } of samples) await run();
  for (let round = 0; round < rounds; round += 1) {
    for (const { run, all } of samples) all.push(await taken(run));
  }
  const cpuOf = (all: readonly Taken[]) =>
    quantile(
      all.map((one) => one.cpuMs),
      0.5,
    );
  const base = cpuOf(samples[0]?.all ?? []);
  return samples.map(({ what, all }) => {
    const ms = quantile(
      all.map((one) => one.ms),
      0.5,
    );
    const ratio = (cpuOf(all) / base).toFixed(2);
    return { what, took: `${shown(cpuOf(all))} ms CPU (${ratio}), ${shown(ms)} ms` };
  });
}

/**
 * A put of many items, compared with a loop over the document client with as many batches in flight.
 */
async function bulkPut(
  data: DataLayer,
  bare: DynamoDBDocumentClient,
  count: number,
): Promise<Line[]> {
  const input = (userId: string) =>
    indexes(count).map((index) => ({ userId, contentId: `c${index}`, data: content }));
  const loop = async () => {
    const items = indexes(count).map((index) => ({ ...rawItem(index), PK: "USER#loop" }));
    const batches = Array.from({ length: Math.ceil(count / 25) }, (_, index) =>
      items.slice(index * 25, index * 25 + 25),
    ).values();
    const worker = async () => {
      for (const batch of batches) {
        const requests = batch.map((Item) => ({ PutRequest: { Item } }));
        await bare.send(new BatchWriteCommand({ RequestItems: { [tableName]: requests } }));
      }
    };
    await Promise.all(indexes(8).map(worker));
  };
  await data.savedContent.batchPut(input("warm").slice(0, 1_000));
  const ours = await taken(() => data.savedContent.batchPut(input("bulk")));
  const theirs = await taken(loop);
  const line = ({ ms, cpuMs }: Taken) =>
    `${shown(ms / 1000)} s, ${shown(cpuMs / 1000)} s CPU, ${shown((cpuMs * 1000) / count)} µs CPU an item`;
  const many = count.toLocaleString("en");
  return [
    { what: `batchPut of ${many} items`, took: line(ours) },
    { what: `the same by a loop over DocumentClient, 8 batches at a time`, took: line(theirs) },
  ];
}

/** The dashboard of a user with 2,000 items. */
async function dashboard(data: DataLayer, requests: string[]): Promise<Line> {
  const userId = "dashboard";
  const { userId: _, ...audit } = fixtures.brandAudit;
  const { agentId: __, ...review } = fixtures.review;
  const { userId: ___, ...profile } = fixtures.realEstateAgentProfile;
  await data.realEstateAgentProfile.put({ ...profile, userId });
  await data.brandAudit.put({ ...audit, userId });
  await data.savedContent.batchPut(
    indexes(1_900).map((index) => ({ userId, contentId: `c${index}`, data: content })),
  );
  await data.review.batchPut(
    indexes(98).map((index) => ({ ...review, agentId: userId, reviewId: `r${index}` })),
  );
  const times: Taken[] = [];
  for (let round = 0; round < 20; round += 1) {
    requests.length = 0;
    times.push(await taken(() => data.dashboard({ userId, agentId: userId })));
  }
  const ms = quantile(
    times.map((one) => one.ms),
    0.5,
  );
  const cpu = quantile(
    times.map((one) => one.cpuMs),
    0.5,
  );
  return {
    what: "dashboard of a user with 2,000 items",
    took: `${requests.length} requests, ${shown(ms)} ms, ${shown(cpu)} ms CPU`,
  };
}

/** A list over many items in a process of its own, whose memory is then only that of the list. */
async function list(data: DataLayer, engine: Engine, count: number): Promise<Line[]> {
  const some = 10_000;
  console.error(`storing ${count.toLocaleString("en")} items …`);
  for (let start = 0; start < count; start += some) {
    await data.savedContent.batchPut(
      indexes(Math.min(some, count - start)).map((index) => {
        const contentId = `c${String(start + index).padStart(7, "0")}`;
        return { userId: "list", contentId, data: content };
      }),
    );
  }
  const many = count.toLocaleString("en");
  const ours = await listCost("ours", engine, count);
  const bare = await listCost("documentClient", engine, count);
  const took = ({ seconds, peak, latePeak, live }: ListCost) =>
    `${shown(seconds)} s, ${shown(peak)} MB above idle at most, ${shown(latePeak)} MB in the last quarter; ${shown(live)} MB of heap after a collection`;
  return [
    { what: `list over ${many} items`, took: took(ours) },
    { what: "the same by a loop over DocumentClient's pages", took: took(bare) },
    { what: "requests before the first item of list", took: String(ours.requestsToFirst) },
  ];
}

/** In a process of its own, so that nothing else is in its memory. */
async function listCost(way: string, engine: Engine, count: number): Promise<ListCost> {
  console.error(`list over ${count.toLocaleString("en")} items, ${way} …`);
  const script = fileURLToPath(new URL("list-process.ts", import.meta.url));
  const args = ["--import", "tsx", script, way, engine.endpoint, String(count)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  const cost = JSON.parse(output) as ListCost;
  if (cost.items !== count) throw new Error(`bench: ${way} listed ${cost.items} of ${count} items`);
  return cost;
}
