/**
 * `npm run bench`: the cost of the package, in CPU time per operation compared with lib-dynamodb's
 * DocumentClient with its defaults and with its peers, and its behaviour on an engine.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import * as canned from "./canned.js";
import { engineCells, type Line } from "./engine-cells.js";
import { growthPlot } from "./growth.js";
import { importCost } from "./import-cost.js";
import { compileContestants, type Measured, measureCell, Runner } from "./measure.js";
import { tailTable } from "./tail.js";

const folder = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const page = `${root}docs/performance.md`;

const partNames = ["cells", "engine", "growth", "import", "tail"] as const;
type Part = (typeof partNames)[number];

const { quick, write, peers, only } = new Command("npm run bench --")
  .description(
    "Measures CPU time per operation against DocumentClient and the peers (cells), gets, bulk puts, " +
      "the dashboard and a long list on an engine (engine), requests and CPU time per item from 100 " +
      "to 100,000 items (growth), a cold import (import), and the slowest gets where one answer " +
      "of a hundred is late (tail). It all takes about fifteen " +
      "minutes of a machine that does nothing else.",
  )
  .option("--quick", "fewer rounds and items: about two minutes, and rough", false)
  .option("--write", "put the result into docs/performance.md, the plot beside it", false)
  .option("--no-peers", "without the peers, which are installed in scripts/bench on first use")
  .addOption(new Option("--only <part>", "one part").choices(partNames))
  .parse()
  .opts<{ quick: boolean; write: boolean; peers: boolean; only?: Part }>();

/** What is measured, by the names that --only takes: each one writes its own part of the page. */
const parts: Record<Part, () => Promise<string>> = {
  cells: async () => `${stamp()}\n\n${await cellTable()}`,
  engine: async () => `${stamp()}\n\n${lineTable(await engineCells(quick))}`,
  growth: async () => {
    const image = await growthPlot(quick, stamp().split(", zod")[0] ?? "");
    if (write) {
      mkdirSync(`${root}docs`, { recursive: true });
      writeFileSync(`${root}docs/growth.svg`, image);
    }
    return write
      ? "![Requests and CPU time per item stay flat from 100 to 100,000 items](growth.svg)"
      : image;
  },
  import: async () => `${stamp()}\n\n${lineTable(await importCost(quick ? 5 : 21))}`,
  tail: async () => `${stamp()}\n\n${await tailTable(quick)}`,
};

/** Upper bounds that the package sets itself for the ratio to DocumentClient. */
const targets: Readonly<Record<canned.CellName, number>> = {
  get: 0.5,
  put: 0.8,
  update: 0.95,
  add: 0.95,
  upsert: 0.95,
  delete: 0.8,
  count100: 0.8,
  query100: 0.65,
  query1000: 0.55,
  batchGet100: 0.6,
  batchWrite25: 0.95,
  collection200: 0.7,
};

const titles: Readonly<Record<canned.CellName, string>> = {
  get: "get",
  put: "put",
  update: "update",
  add: "update: add",
  upsert: "upsert",
  delete: "delete",
  count100: "count 100",
  query100: "query 100",
  query1000: "query 1000",
  batchGet100: "batchGet 100",
  batchWrite25: "batchWrite 25",
  collection200: "collection 200",
};

async function startRunners(): Promise<Runner[]> {
  const ids = ["documentClient", "thisPackage", "electro"];
  if (peers) {
    installPeers();
    ids.push("toolbox", "oneTable", "dynamode", "dynamoose");
  }
  const script = await compileContestants();
  try {
    return await Promise.all(ids.map((id) => Runner.start(script, id)));
  } finally {
    rmSync(script);
  }
}

function installPeers(): void {
  if (existsSync(`${folder}node_modules`)) return;
  console.error("installing the peers in scripts/bench …");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error("bench: npm ci failed in scripts/bench");
}

async function cellTable(): Promise<string> {
  const runners = await startRunners();
  const rounds = quick ? 7 : 15;
  const results = new Map<canned.CellName, Map<string, Measured>>();
  console.error("warming up …");
  for (const runner of runners) await runner.heatUp();
  for (const cell of canned.cellNames) {
    console.error(`${titles[cell]} …`);
    results.set(cell, await measureCell(cell, runners, rounds));
  }
  for (const runner of runners) runner.stop();
  const ratio = (name: string) => (cell: canned.CellName) => {
    const measured = results.get(cell)?.get(name);
    if (measured === undefined) return "–";
    const { ratio, low, high } = measured;
    return ratio > 10
      ? ratio.toFixed(0)
      : `${ratio.toFixed(2)}<br>${low.toFixed(2)}–${high.toFixed(2)}`;
  };
  const [base, ...others] = runners.map(({ name }) => name);
  const table = (cells: readonly canned.CellName[]) => {
    const row = (head: string, text: (cell: canned.CellName) => string) =>
      `| ${[head, ...cells.map(text)].join(" | ")} |`;
    return [
      row("", (cell) => titles[cell]),
      `|---|${cells.map(() => "--:").join("|")}|`,
      row(`${base}, µs`, (cell) =>
        String(Math.round(results.get(cell)?.get(base ?? "")?.micros ?? 0)),
      ),
      ...others.map((name) =>
        row(name === "this package" ? "**this package**" : name, ratio(name)),
      ),
      row("target", (cell) => `≤ ${targets[cell].toFixed(2)}`),
    ].join("\n");
  };
  // A phone shows three columns besides the names.
  return [
    "One item:",
    table(["get", "put", "update"]),
    table(["add", "upsert", "delete"]),
    "Many items:",
    table(["query100", "query1000", "batchGet100"]),
    table(["batchWrite25", "collection200", "count100"]),
  ].join("\n\n");
}

function lineTable(lines: readonly Line[]): string {
  return [
    "| what | took |",
    "|---|---|",
    ...lines.map((line) => `| ${line.what} | ${line.took} |`),
  ].join("\n");
}

/** The date and the environment of the measurement. */
function stamp(): string {
  const names = ["@aws-sdk/lib-dynamodb", "electrodb", "zod"];
  const told = names.map((name) => {
    const file = readFileSync(`${root}node_modules/${name}/package.json`, "utf8");
    return `${name} ${(JSON.parse(file) as { version: string }).version}`;
  });
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, Node ${process.versions.node}, ${told.join(", ")}, ${cpus().length} cores`;
}

/**
 * Puts a part between its marks. It is written at once, so that an earlier part is kept if a later
 * one fails.
 */
function writePart(part: string, text: string): void {
  const between = new RegExp(`(<!-- bench:${part} -->\n)[\\s\\S]*?(<!-- /bench:${part} -->)`);
  const before = readFileSync(page, "utf8");
  if (!between.test(before)) throw new Error(`bench: the page has no place for ${part}`);
  writeFileSync(
    page,
    before.replace(between, (_, begin: string, end: string) => `${begin}${text}\n${end}`),
  );
}

const startedAt = performance.now();
const minutes = () => ((performance.now() - startedAt) / 60_000).toFixed(1);
for (const part of only === undefined ? partNames : [only]) {
  console.error(`— ${part} (${minutes()} min)`);
  const text = await parts[part]();
  console.log(`${text}\n`);
  if (write) writePart(part, text);
}
console.error(`— done (${minutes()} min)`);
