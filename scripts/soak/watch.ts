/** What the process holds while it works: memory, timers, sockets. */
import { readFile } from "node:fs/promises";

/** Taken while no call is in progress, after a garbage collection. */
export interface Sample {
  readonly requests: number;
  readonly heapBytes: number;
  readonly timers: number;
  /** Connections to the engine, idle ones too; `undefined` if the system does not report them. */
  readonly connections: number | undefined;
}

export async function takeSample(requests: number, endpoint: string): Promise<Sample> {
  // One turn of the loop for what is closing; two collections, because the first one releases more.
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
  return {
    requests,
    heapBytes: process.memoryUsage().heapUsed,
    timers: process.getActiveResourcesInfo().filter((name) => name === "Timeout").length,
    connections: await connectionsTo(endpoint),
  };
}

/** Connections of this machine to the endpoint, as Linux lists them. */
export async function connectionsTo(endpoint: string): Promise<number | undefined> {
  if (process.platform !== "linux") return undefined;
  const { hostname, port } = new URL(endpoint);
  if (!/^(?:127\.0\.0\.1|localhost)$/.test(hostname)) return undefined;
  const wanted = `:${Number(port).toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n");
  const established = "01";
  return lines.filter((line) => {
    const [, , remote = "", state] = line.trim().split(/\s+/);
    return remote.endsWith(wanted) && state === established;
  }).length;
}

/** Growth that counts as noise for any number of requests: the collector does not free everything. */
const noiseBytes = 3 * 1024 * 1024;
/** Growth per request that counts as none: an object that is kept takes more. */
const bytesPerRequest = 8;

/**
 * Memory is flat if the median of the second half of the samples is at most 3 MB above that of the
 * first half, or at most 8 bytes per request in between if that is more. The first fifth of the
 * samples is left out, because code is compiled and pools fill.
 */
export function memoryGrowth(samples: readonly Sample[]): { bytes: number; most: number } {
  const warm = samples.slice(Math.ceil(samples.length / 5));
  const middle = Math.ceil(warm.length / 2);
  const [early, late] = [warm.slice(0, middle), warm.slice(middle)];
  const heap = (some: readonly Sample[]) => median(some.map(({ heapBytes }) => heapBytes));
  const sent = (some: readonly Sample[]) => median(some.map(({ requests }) => requests));
  return {
    bytes: heap(late) - heap(early),
    most: Math.max(noiseBytes, bytesPerRequest * (sent(late) - sent(early))),
  };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
