/** CPU time per operation in interleaved rounds, so that a noisy moment hits all contestants alike. */
import type { CellName } from "./canned.js";
import type { Contestant } from "./contestants.js";

/** Operations of one round: about as much CPU time in each cell. */
const operations: Readonly<Record<CellName, number>> = {
  get: 200,
  put: 200,
  update: 200,
  query100: 40,
  query1000: 8,
  batchGet100: 40,
  batchWrite25: 60,
  collection200: 25,
};

/** What one contestant needed in one cell. */
export interface Measured {
  /** Median of the rounds, in CPU µs per operation. */
  readonly micros: number;
  /** To the first contestant's in the same round: median, and the quartiles around it. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** The share `at` of sorted numbers lies below the answer. */
export function quantile(numbers: readonly number[], at: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN;
}

/** CPU µs of this process, all threads, per operation. */
export async function cpuOf(run: () => Promise<unknown>, times: number): Promise<number> {
  const start = process.cpuUsage();
  for (let index = 0; index < times; index += 1) await run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / times;
}

/** Measures a cell for everyone who has it; the first contestant is what the others are held against. */
export async function measureCell(
  cell: CellName,
  contestants: readonly Contestant[],
  rounds: number,
): Promise<Map<string, Measured>> {
  const runners = contestants.flatMap(({ name, handler, cells }) => {
    const run = cells[cell];
    if (run === undefined) return [];
    handler.answer(cell);
    return [{ name, run, samples: [] as number[] }];
  });
  for (const { run } of runners) await cpuOf(run, operations[cell]);
  for (let round = 0; round < rounds; round += 1) {
    for (const { run, samples } of runners) samples.push(await cpuOf(run, operations[cell]));
  }
  const base = runners[0]?.samples ?? [];
  return new Map(
    runners.map(({ name, samples }) => {
      const ratios = samples.map((sample, round) => sample / (base[round] ?? Number.NaN));
      const measured: Measured = {
        micros: quantile(samples, 0.5),
        ratio: quantile(ratios, 0.5),
        low: quantile(ratios, 0.25),
        high: quantile(ratios, 0.75),
      };
      return [name, measured] as const;
    }),
  );
}
