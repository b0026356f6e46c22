/**
 * CPU time per operation. Every contestant runs in a process of its own, so that none warms up or
 * slows down another's code, and in interleaved rounds, so that a noisy moment affects all alike.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import type { CellName } from "./canned.js";

/** Operations of one round, chosen so that each cell takes about the same CPU time. */
const operations: Readonly<Record<CellName, number>> = {
  get: 200,
  put: 200,
  update: 200,
  add: 200,
  upsert: 200,
  delete: 200,
  count100: 200,
  query100: 40,
  query1000: 8,
  batchGet100: 40,
  batchWrite25: 60,
  collection200: 25,
};

/**
 * Until Node has compiled what each request needs, which is mostly the SDK and takes some five
 * thousand requests, a measurement shows the compiler.
 */
const heat: Task = { cell: "get", times: 5_000, longestMs: 10_000 };

/** Rounds of each cell before the first one that counts, for the code that only this cell uses. */
const warmUpRounds = 25;
const longestWarmUpMs = 3_000;

/** No round takes longer than this: a slow library does fewer operations. */
const longestRoundMs = 400;

/** What one contestant needed in one cell. */
export interface Measured {
  /** Median of the rounds, in CPU µs per operation. */
  readonly micros: number;
  /**
   * The ratio to the first contestant's time in the same round: median, and the quartiles around it.
   */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** The request to a contestant's process. */
export interface Task {
  readonly cell: CellName;
  readonly times: number;
  /** The operation after this time is the last. */
  readonly longestMs: number;
}

/** The number below which the share `at` of the numbers lies. */
export function quantile(numbers: readonly number[], at: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN;
}

/**
 * The program of the contestants' processes, compiled like the package. tsx would set the name of
 * each function again whenever it is created, closures of a call included, which does not happen in a
 * user's installation.
 * @returns its file, to be removed once the processes have started
 */
export async function compileContestants(): Promise<string> {
  const file = fileURLToPath(new URL(".cache-bench-contestants.mjs", import.meta.url));
  const bundle = await rolldown({
    input: fileURLToPath(new URL("contestant-process.ts", import.meta.url)),
    platform: "node",
    transform: { target: "node20.19" },
    external: (id) => isBuiltin(id) || !/^[./]/.test(id),
  });
  await bundle.write({ file, format: "esm" });
  await bundle.close();
  return file;
}

/** A library in a process of its own. */
export class Runner {
  readonly name: string;
  readonly cells: readonly CellName[];
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, name: string, cells: readonly CellName[]) {
    this.#process = process;
    this.name = name;
    this.cells = cells;
  }

  /**
   * @param script what {@link compileContestants} made
   * @param id as contestant-process.ts knows it
   */
  static async start(script: string, id: string): Promise<Runner> {
    const process = fork(script, [id], { execArgv: [] });
    const [{ name, cells }] = (await once(process, "message")) as [Runner];
    return new Runner(process, name, cells);
  }

  /** Runs what all cells share until it is compiled. */
  async heatUp(): Promise<void> {
    await this.cpuOf(heat);
  }

  /** CPU µs of the process, all threads, per operation. */
  async cpuOf(task: Task): Promise<number> {
    this.#process.send(task);
    const [micros] = (await once(this.#process, "message")) as [number];
    return micros;
  }

  stop(): void {
    this.#process.disconnect();
  }
}

/** Measures a cell for every contestant that has it; the others are compared with the first runner. */
export async function measureCell(
  cell: CellName,
  runners: readonly Runner[],
  rounds: number,
): Promise<Map<string, Measured>> {
  const able = runners.filter(({ cells }) => cells.includes(cell));
  const samples = new Map(able.map(({ name }) => [name, [] as number[]]));
  const times = operations[cell];
  const warmUp = { cell, times: times * warmUpRounds, longestMs: longestWarmUpMs };
  for (const runner of able) await runner.cpuOf(warmUp);
  const task = { cell, times, longestMs: longestRoundMs };
  for (let round = 0; round < rounds; round += 1) {
    for (const runner of able) samples.get(runner.name)?.push(await runner.cpuOf(task));
  }
  const base = samples.get(runners[0]?.name ?? "") ?? [];
  return new Map(
    [...samples].map(([name, all]) => {
      const ratios = all.map((sample, round) => sample / (base[round] ?? Number.NaN));
      const measured: Measured = {
        micros: quantile(all, 0.5),
        ratio: quantile(ratios, 0.5),
        low: quantile(ratios, 0.25),
        high: quantile(ratios, 0.75),
      };
      return [name, measured] as const;
    }),
  );
}
