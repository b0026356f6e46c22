/**
 * CPU time per operation, of every contestant in every cell. Each contestant runs in a process of its
 * own, so that none warms up or slows down another's code, and in interleaved rounds, so that a noisy
 * moment affects all alike.
 */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type CellName, cellsOverHttp } from "./canned.js";
import { AnswerServer, compileContestants, Runner, type Task } from "./runner.js";
import { compared, type Measured, type Round } from "./statistics.js";
import type { Over } from "./wires.js";

/** What is measured, and how thoroughly. */
export interface Plan {
  readonly cells: readonly CellName[];
  readonly over: readonly Over[];
  readonly peers: boolean;
  readonly quick: boolean;
}

/** A cell, one way, with so many operations in flight: what each contestant needed, by its name. */
export interface Result {
  readonly over: Over;
  readonly cell: CellName;
  readonly inFlight: number;
  readonly contestants: ReadonlyMap<string, Measured>;
}

/** The one that the others are compared with. */
export const base = "DocumentClient";

const contestants = ["documentClient", "thisPackage", "floor", "electro"];
const peers = ["toolbox", "oneTable", "dynamode", "dynamoose"];

/** Operations in flight, each way. Without HTTP none waits for anything. */
const inFlightOver: Readonly<Record<Over, readonly number[]>> = { canned: [1], http: [1, 32] };

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

interface Effort {
  readonly rounds: number;
  /**
   * Until Node has compiled what each request needs, which is mostly the SDK and takes some five
   * thousand requests, a measurement shows the compiler.
   */
  readonly heat: Task;
  /** Before the first round that counts, for the code that only this cell uses. */
  readonly warmUp: Pick<Task, "times" | "longestMs">;
  /** No round takes longer than this: a slow library does fewer operations. */
  readonly longestRoundMs: number;
}

const heat = { cell: "get", inFlight: 1, times: 5_000 } as const;
const thorough: Effort = {
  rounds: 15,
  heat: { ...heat, longestMs: 10_000 },
  warmUp: { times: 25, longestMs: 3_000 },
  longestRoundMs: 400,
};
const rough: Effort = {
  rounds: 5,
  heat: { ...heat, longestMs: 2_500 },
  warmUp: { times: 3, longestMs: 250 },
  longestRoundMs: 50,
};

/** A contestant this much slower than the base is not measured with many operations in flight. */
const tooSlow = 10;

/** Measures a plan, way by way. */
export async function measureCells(plan: Plan): Promise<Result[]> {
  if (plan.peers) installPeers();
  const results: Result[] = [];
  for (const over of plan.over) {
    const cells = plan.cells.filter((cell) => over === "canned" || cellsOverHttp.includes(cell));
    if (cells.length > 0) results.push(...(await measureWay(over, cells, plan)));
  }
  return results;
}

function installPeers(): void {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  if (existsSync(`${folder}node_modules`)) return;
  console.error("installing the peers in scripts/bench …");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error("bench: npm ci failed in scripts/bench");
}

async function measureWay(
  over: Over,
  cells: readonly CellName[],
  { peers: withPeers, quick }: Plan,
): Promise<Result[]> {
  const effort = quick ? rough : thorough;
  const server = over === "http" ? await AnswerServer.start() : undefined;
  const ids = [...contestants, ...(withPeers ? peers : [])];
  const script = await compileContestants();
  const runners: Runner[] = [];
  try {
    for (const id of ids) runners.push(await Runner.start(script, id, server?.endpoint));
    console.error(`${over}: warming up …`);
    for (const runner of runners) await runner.run(effort.heat);
    const results: Result[] = [];
    for (const cell of cells) {
      console.error(`${over}: ${cell} …`);
      await server?.answer(cell);
      results.push(...(await measureCell(over, cell, runners, effort)));
    }
    return results;
  } finally {
    rmSync(script);
    for (const runner of runners) runner.stop();
    server?.stop();
  }
}

async function measureCell(
  over: Over,
  cell: CellName,
  runners: readonly Runner[],
  effort: Effort,
): Promise<Result[]> {
  const results: Result[] = [];
  let able = runners.filter(({ cells }) => cells.includes(cell));
  for (const inFlight of inFlightOver[over]) {
    const rounds = await interleaved(cell, inFlight, able, effort);
    const measured = compared(rounds, base);
    for (const [name, { bySdk }] of measured) {
      if (bySdk === 0) continue;
      console.error(`${over}: ${cell}: ${bySdk} requests of ${name} went through the SDK`);
    }
    results.push({ over, cell, inFlight, contestants: measured });
    able = able.filter(({ name }) => (measured.get(name)?.ratio ?? 0) < tooSlow);
  }
  return results;
}

async function interleaved(
  cell: CellName,
  inFlight: number,
  runners: readonly Runner[],
  { rounds, warmUp, longestRoundMs }: Effort,
): Promise<Map<string, Round[]>> {
  const samples = new Map(runners.map(({ name }) => [name, [] as Round[]]));
  // With many in flight, each has its turn at least twice.
  const times = Math.max(operations[cell], inFlight > 1 ? 2 * inFlight : 0);
  const { longestMs } = warmUp;
  for (const runner of runners)
    await runner.run({ cell, inFlight, times: times * warmUp.times, longestMs });
  const task = { cell, inFlight, times, longestMs: longestRoundMs };
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another one, so that none always comes after the same.
    const order = runners.map((_, index) => runners[(index + round) % runners.length]);
    for (const runner of order)
      if (runner !== undefined) samples.get(runner.name)?.push(await runner.run(task));
  }
  return samples;
}
