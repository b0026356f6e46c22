/**
 * Requests, CPU time and memory from 100 to a million items: what should not grow does not. The table
 * is a server that makes up its pages, so that only the client is measured.
 */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { GrowthCost } from "./growth-process.js";
import { type Panel, plot } from "./plot.js";

const sizes = [100, 1_000, 10_000, 100_000, 1_000_000];

/** The calls, and the largest table of each: a result in one piece has to fit into memory. */
const calls = {
  query: 100_000,
  list: 1_000_000,
  scan: 1_000_000,
  batchPut: 1_000_000,
  workspace: 100_000,
} as const;

type Call = keyof typeof calls;
const names = Object.keys(calls) as Call[];
/** Those that hold only a part of the items at a time, and the one whose items the caller holds. */
const namesOfMemory: readonly Call[] = ["list", "scan", "batchPut"];

/** What was measured of each call, size by size. */
export interface Growth {
  readonly sizes: readonly number[];
  readonly costs: Readonly<Record<string, readonly GrowthCost[]>>;
}

/** Measures and draws the plot. @param stamp the date and the environment */
export async function growthPlot(
  quick: boolean,
  stamp: string,
): Promise<{ readonly image: string; readonly growth: Growth }> {
  const x = quick ? sizes.slice(0, 4) : sizes;
  const costs = new Map(names.map((name) => [name, [] as GrowthCost[]]));
  const script = fileURLToPath(new URL("page-server.ts", import.meta.url));
  const server = fork(script, [], { execArgv: ["--import", "tsx"] });
  try {
    const [port] = (await once(server, "message")) as [number];
    for (const name of names) {
      for (const size of x.filter((one) => one <= calls[name])) {
        costs.get(name)?.push(await costOf(name, `http://127.0.0.1:${port}`, size));
      }
    }
  } finally {
    server.disconnect();
  }
  const panel = (title: string, of: (cost: GrowthCost) => number, some = names): Panel => ({
    title,
    x,
    series: some.map((name) => ({ name, values: (costs.get(name) ?? []).map(of) })),
  });
  const image = plot(
    [
      {
        ...panel("Requests per 1,000 items", ({ requestsPerItem }) => requestsPerItem * 1_000),
        logarithmic: true,
      },
      panel("CPU time per item, µs", ({ cpuMicrosPerItem }) => cpuMicrosPerItem),
      {
        ...panel("Memory above idle, MB", ({ peak }) => Math.max(1, peak), [...namesOfMemory]),
        logarithmic: true,
      },
    ],
    `Items of 700 bytes, from a server on the same machine; ${stamp}`,
  );
  return { image, growth: { sizes: x, costs: Object.fromEntries(costs) } };
}

async function costOf(call: Call, endpoint: string, size: number): Promise<GrowthCost> {
  console.error(`growth: ${call} of ${size.toLocaleString("en")} items …`);
  const script = fileURLToPath(new URL("growth-process.ts", import.meta.url));
  const args = ["--expose-gc", "--import", "tsx", script, call, endpoint, String(size)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(`bench: ${call} of ${size} items has failed`);
  return JSON.parse(output) as GrowthCost;
}
