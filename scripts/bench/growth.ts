/** Requests and CPU time per item, from 100 to 100,000 items: what should not grow does not. */
import { createDataLayer, type DataLayer } from "../../src/index.js";
import { startEngine } from "../../src/testing/index.js";
import { rawItem, tableName } from "./canned.js";
import { type Panel, plot } from "./plot.js";

const sizes = [100, 1_000, 10_000, 100_000];

/** Small sizes are measured over as many rounds as it takes to reach this many items. */
const leastItems = 10_000;

const names = ["query", "list", "batchPut", "workspace"] as const;

/** Measures on an engine and draws the plot. @param stamp the date and the environment */
export async function growthPlot(quick: boolean, stamp: string): Promise<string> {
  const x = quick ? sizes.slice(0, 3) : sizes;
  const engine = await startEngine();
  const { endpoint, region, credentials } = engine;
  let requests = 0;
  const data = createDataLayer({
    environment: "development",
    tableName,
    endpoint,
    region,
    credentials,
    events: () => {
      requests += 1;
    },
  });
  const requestsPerItem = new Map(names.map((name) => [name, [] as number[]]));
  const cpuPerItem = new Map(names.map((name) => [name, [] as number[]]));
  try {
    await data.table.create();
    const measure = async (
      name: (typeof names)[number],
      size: number,
      run: () => Promise<unknown>,
    ) => {
      console.error(`growth: ${name} of ${size.toLocaleString("en")} items …`);
      const rounds = Math.max(1, leastItems / size);
      requests = 0;
      const start = process.cpuUsage();
      for (let round = 0; round < rounds; round += 1) await run();
      const { user, system } = process.cpuUsage(start);
      requestsPerItem.get(name)?.push(requests / (size * rounds));
      cpuPerItem.get(name)?.push((user + system) / (size * rounds));
    };
    // Before that, the engine compiles what every request needs, and the time would be charged to 100
    // items.
    for (let n = 0; n < 3_000; n += 1) await data.savedContent.query({ userId: "nobody" });
    // The first size runs twice, and its first run is not in the plot.
    for (const size of [100, ...x]) {
      const userId = `growth-${size}`;
      await measure("batchPut", size, storing(data, userId, size));
      await measure("query", size, () => data.savedContent.query({ userId }));
      await measure("list", size, () => counted(data.savedContent.list({ userId })));
      await measure("workspace", size, () => data.collections.workspace({ userId }));
    }
  } finally {
    await data.close();
    await engine.close();
  }
  const panel = (title: string, measured: Map<string, number[]>, factor = 1): Panel => ({
    title,
    x,
    series: names.map((name) => ({
      name,
      values: (measured.get(name) ?? []).slice(1).map((value) => value * factor),
    })),
  });
  return plot(
    [
      { ...panel("Requests per 1,000 items", requestsPerItem, 1_000), logarithmic: true },
      panel("CPU time per item, µs", cpuPerItem),
    ],
    `Items of 700 bytes, on an engine on the same machine; ${stamp}`,
  );
}

/** Creates its items before the measurement, so that only storing them is measured. */
function storing(data: DataLayer, userId: string, size: number): () => Promise<unknown> {
  const items = Array.from({ length: size }, (_, index) => {
    const contentId = `c${String(index).padStart(7, "0")}`;
    return { userId, contentId, data: rawItem(index).Data };
  });
  return () => data.savedContent.batchPut(items);
}

async function counted(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of items) count += 1;
  return count;
}
