/**
 * Interleaved rounds: how often each contestant runs a cell, and in which order, so that a noisy moment
 * affects all alike.
 */
import type { CellName } from "./canned.js";
import type { Runner, Task } from "./runner.js";
import type { Round } from "./statistics.js";

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

export interface Effort {
  readonly rounds: number;
  /** A round has so many times the cell's operations, where small differences matter. @default 1 */
  readonly longer?: number;
  /**
   * Until Node has compiled what each request needs, which is mostly the SDK and takes some five
   * thousand requests, a measurement shows the compiler.
   */
  readonly heat: Task;
  /** Before the first round that counts: how many rounds are timed together until they get no faster. */
  readonly warmUp: { readonly rounds: number; readonly longestMs: number };
  /** No round takes longer than this: a slow library does fewer operations. */
  readonly longestRoundMs: number;
}

const heat = { cell: "get", inFlight: 1, times: 5_000 } as const;
const thorough: Effort = {
  rounds: 15,
  heat: { ...heat, longestMs: 10_000 },
  warmUp: { rounds: 8, longestMs: 12_000 },
  longestRoundMs: 400,
};
const rough: Effort = {
  rounds: 5,
  heat: { ...heat, longestMs: 2_500 },
  warmUp: { rounds: 3, longestMs: 250 },
  longestRoundMs: 50,
};

/** How thoroughly is measured. */
export function effortOf(quick: boolean): Effort {
  return quick ? rough : thorough;
}

/** Runs a cell in each contestant, round by round, after it has been warmed up. */
export async function interleaved(
  cell: CellName,
  inFlight: number,
  runners: readonly Runner[],
  { rounds, longer = 1, warmUp, longestRoundMs }: Effort,
): Promise<Map<string, Round[]>> {
  const samples = new Map(runners.map(({ name }) => [name, [] as Round[]]));
  // With many in flight, each has its turn at least twice.
  const times = Math.max(operations[cell] * longer, inFlight > 1 ? 2 * inFlight : 0);
  const task = { cell, inFlight, times, longestMs: longestRoundMs };
  for (const runner of runners) await warmedUp(runner, task, warmUp);
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another one, so that none always comes after the same.
    const order = runners.map((_, index) => runners[(index + round) % runners.length]);
    for (const runner of order)
      if (runner !== undefined) samples.get(runner.name)?.push(await runner.run(task));
  }
  return samples;
}

/** How often a cell's rounds may get no faster before it is warm: a busy machine makes some look so. */
const mostSlower = 3;

/**
 * Runs a cell until it gets no faster: V8 compiles what only this cell needs over its first thousands of
 * operations, and the more code a library has, the longer that takes.
 */
async function warmedUp(
  runner: Runner,
  { times, ...task }: Task,
  { rounds, longestMs }: Effort["warmUp"],
): Promise<void> {
  const end = performance.now() + longestMs;
  let fastest = Number.POSITIVE_INFINITY;
  for (let slower = 0; slower < mostSlower && performance.now() < end; ) {
    const left = Math.max(1, end - performance.now());
    const { micros } = await runner.run({ ...task, times: times * rounds, longestMs: left });
    slower = micros > 0.97 * fastest ? slower + 1 : 0;
    fastest = Math.min(fastest, micros);
  }
}
