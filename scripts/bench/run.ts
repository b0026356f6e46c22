/**
 * `npm run bench`: what the package costs, in CPU time per operation against lib-dynamodb's
 * DocumentClient with its defaults and against its peers, and what it does on an engine.
 * `--quick` takes a minute and fewer rounds; `--write` puts the tables into the README.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import * as canned from "./canned.js";
import { engineCells, type Line } from "./engine-cells.js";
import { importCost } from "./import-cost.js";
import { type Measured, measureCell, Runner } from "./measure.js";

const { quick, write, peers, only } = new Command("npm run bench --")
  .description("Measures CPU time per operation against DocumentClient and the peers.")
  .option("--quick", "fewer rounds and items", false)
  .option("--write", "put the result into the README", false)
  .option("--no-peers", "without the peers, which are installed in scripts/bench on first use")
  .option("--only <part>", "cells, engine or import")
  .parse()
  .opts<{ quick: boolean; write: boolean; peers: boolean; only?: string }>();

const folder = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const wanted = (part: string) => only === undefined || only === part;

/** Upper bounds of the ratio to DocumentClient that the package promises itself. */
const targets: Readonly<Record<canned.CellName, number>> = {
  get: 0.5,
  put: 0.8,
  update: 0.95,
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
  return Promise.all(ids.map((id) => Runner.start(id)));
}

function installPeers(): void {
  if (existsSync(`${folder}node_modules`)) return;
  console.error("Installing the peers in scripts/bench …");
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
  for (const cell of canned.cellNames) {
    console.error(`${titles[cell]} …`);
    results.set(cell, await measureCell(cell, runners, rounds));
  }
  for (const runner of runners) runner.stop();
  const row = (head: string, text: (cell: canned.CellName) => string) =>
    `| ${[head, ...canned.cellNames.map(text)].join(" | ")} |`;
  const ratio = (name: string) => (cell: canned.CellName) => {
    const measured = results.get(cell)?.get(name);
    if (measured === undefined) return "–";
    const { ratio, low, high } = measured;
    return ratio > 10
      ? ratio.toFixed(0)
      : `${ratio.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
  };
  const [base, ...others] = runners.map(({ name }) => name);
  return [
    row("", (cell) => titles[cell]),
    `|---|${canned.cellNames.map(() => "--:").join("|")}|`,
    row(`${base}, µs`, (cell) =>
      String(Math.round(results.get(cell)?.get(base ?? "")?.micros ?? 0)),
    ),
    ...others.map((name) => row(name === "this package" ? "**this package**" : name, ratio(name))),
    row("target", (cell) => `≤ ${targets[cell].toFixed(2)}`),
  ].join("\n");
}

function lineTable(lines: readonly Line[]): string {
  return [
    "| what | took |",
    "|---|---|",
    ...lines.map((line) => `| ${line.what} | ${line.took} |`),
  ].join("\n");
}

function versions(): string {
  const names = ["@aws-sdk/lib-dynamodb", "electrodb", "zod"];
  const told = names.map((name) => {
    const file = readFileSync(`${root}node_modules/${name}/package.json`, "utf8");
    return `${name} ${(JSON.parse(file) as { version: string }).version}`;
  });
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, Node ${process.versions.node}, ${told.join(", ")}, ${cpus().length} cores`;
}

const parts = ["## Performance", `\`npm run bench\` measures it (${versions()}).`];
if (wanted("cells")) {
  parts.push(
    "CPU time per operation as a ratio to lib-dynamodb's DocumentClient with its defaults: median of " +
      "interleaved rounds, quartiles in brackets. The request handler answers at once, so only what a " +
      "library costs is left; validation, retry and error mapping are on.",
    await cellTable(),
  );
}
if (wanted("import") || wanted("engine")) {
  const lines = [
    ...(wanted("engine") ? await engineCells(quick) : []),
    ...(wanted("import") ? await importCost(quick ? 3 : 11) : []),
  ];
  parts.push("On an engine on the same machine, and cold:", lineTable(lines));
}
const chapter = parts.join("\n\n");
console.log(chapter);
if (write) {
  const readme = `${root}README.md`;
  const between = /(<!-- performance:begin -->\n)[\s\S]*?(<!-- performance:end -->)/;
  const text = readFileSync(readme, "utf8");
  if (!between.test(text)) throw new Error("bench: the README has no place for it");
  writeFileSync(
    readme,
    text.replace(between, (_, begin: string, end: string) => `${begin}${chapter}\n${end}`),
  );
}
