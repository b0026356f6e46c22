/**
 * CPU time per operation, of every contestant in every cell. Each contestant runs in a process of its
 * own, so that none warms up or slows down another's code, and in interleaved rounds, so that a noisy
 * moment affects all alike.
 */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type CellName, cellsOverHttp } from "./canned.js";
import { type Effort, effortOf, interleaved } from "./rounds.js";
import { AnswerServer, compileContestants, Runner } from "./runner.js";
import { compared, type Measured } from "./statistics.js";
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
  const effort = effortOf(quick);
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
