/** One call over tables of one size, in a process of its own: its requests, CPU time and memory. */
import { createDataLayer, type DataLayer } from "../../src/index.js";
import { rawItem } from "./canned.js";
import { place } from "./wires.js";

/** What the process reports. */
export interface GrowthCost {
  readonly requestsPerItem: number;
  readonly cpuMicrosPerItem: number;
  /** The most resident memory above what was in use before the call, in MB. */
  readonly peak: number;
}

/** Small tables are read as often as it takes to reach this many items. */
const leastItems = 10_000;

const [call = "", endpoint = "", size = "0"] = process.argv.slice(2);
let requests = 0;

function layerOf(items: number): DataLayer {
  return createDataLayer({
    ...place,
    ...{ environment: "development", tableName: `growth-${items}`, endpoint },
    events: () => {
      requests += 1;
    },
  });
}

async function counted(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of items) count += 1;
  return count;
}

async function scanned(data: DataLayer): Promise<number> {
  let count = 0;
  for await (const { items } of data.savedContent.scan()) count += items.length;
  return count;
}

function inputs(items: number) {
  return Array.from({ length: items }, (_, index) => {
    const contentId = `c${String(index).padStart(7, "0")}`;
    return { userId: "u1", contentId, data: rawItem(index).Data };
  });
}

const userId = "u1";
/** The calls by name. Each prepares itself for a table, and then says how many items it met. */
const calls: Readonly<Record<string, (items: number) => () => Promise<number>>> = {
  query: (items) => {
    const data = layerOf(items);
    return async () => (await data.savedContent.query({ userId })).items.length;
  },
  list: (items) => {
    const data = layerOf(items);
    return () => counted(data.savedContent.list({ userId }));
  },
  scan: (items) => {
    const data = layerOf(items);
    return () => scanned(data);
  },
  workspace: (items) => {
    const data = layerOf(items);
    return async () => (await data.collections.workspace({ userId })).savedContent.length;
  },
  batchPut: (items) => {
    const data = layerOf(items);
    const given = inputs(items);
    return async () => (await data.savedContent.batchPut(given)).written;
  },
};

const prepare = calls[call];
if (prepare === undefined) throw new Error(`bench: there is no call ${call}`);
const items = Number(size);
// What is compiled in the first thousands of requests would be charged to a small table.
const warm = prepare(1_000);
for (let n = 0; n < 200; n += 1) await warm();
const run = prepare(items);
globalThis.gc?.();
const idle = process.memoryUsage.rss();
let peak = idle;
const sampling = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 5);
const rounds = Math.max(1, leastItems / items);
requests = 0;
const start = process.cpuUsage();
for (let round = 0; round < rounds; round += 1) {
  const met = await run();
  if (met !== items) throw new Error(`bench: ${call} met ${met} of ${items} items`);
}
const { user, system } = process.cpuUsage(start);
clearInterval(sampling);
const cost: GrowthCost = {
  requestsPerItem: requests / (items * rounds),
  cpuMicrosPerItem: (user + system) / (items * rounds),
  peak: (Math.max(peak, process.memoryUsage.rss()) - idle) / 1024 / 1024,
};
console.log(JSON.stringify(cost));
process.exit();
