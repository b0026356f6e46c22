/**
 * `npm run bench`: the cost of the package, in CPU time per operation compared with lib-dynamodb's
 * DocumentClient with its defaults and with its peers, and its behaviour on an engine.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { cellTables } from "./cell-tables.js";
import { measureCells } from "./cells.js";
import { coldStart } from "./cold-start.js";
import { engineCells, type Line } from "./engine-cells.js";
import { growthPlot } from "./growth.js";
import { listenerTable, measureListeners } from "./listeners.js";
import { type Part, readOptions } from "./options.js";
import { awaitQuiet, judge, observe } from "./quiet.js";
import { tailTable } from "./tail.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = `${root}docs/performance.md`;

const options = readOptions(process.argv.slice(2));
const { quick, write, json } = options;

/** What a part measured: for the page, and as data. */
interface Found {
  readonly text: string;
  readonly data: unknown;
}

/** What is measured, by the names that --only takes: each one writes its own part of the page. */
const parts: Record<Part, () => Promise<Found>> = {
  cells: async () => {
    const results = await measureCells(options);
    const data = results.map((one) => ({
      ...one,
      contestants: Object.fromEntries(one.contestants),
    }));
    return { text: cellTables(results), data };
  },
  engine: async () => lines(await engineCells(quick)),
  growth: async () => {
    const { image, growth } = await growthPlot(quick, stamp().split(", zod")[0] ?? "");
    if (write) {
      mkdirSync(`${root}docs`, { recursive: true });
      writeFileSync(`${root}docs/growth.svg`, image);
    }
    return {
      text: "![Requests and CPU time per item stay flat from 100 to a million items](growth.svg)",
      data: growth,
    };
  },
  import: async () => lines(await coldStart(quick ? 5 : 20)),
  listeners: async () => {
    const found = await measureListeners(quick);
    const data = found.map((one) => ({
      ...one,
      contestants: Object.fromEntries(one.contestants),
    }));
    return { text: listenerTable(found), data };
  },
  tail: async () => {
    const text = await tailTable(quick);
    return { text, data: text };
  },
};

function lines(all: readonly Line[]): Found {
  return { text: lineTable(all), data: all };
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
/** How long a machine that is not quiet is waited for, before all parts together. */
const patienceMs = quick ? 10_000 : 60_000;
const patient = performance.now() + patienceMs;

const measured: Record<string, unknown> = { environment: stamp() };
for (const part of options.parts) {
  console.error(`— ${part} (${minutes()} min)`);
  const before = await awaitQuiet(patient - performance.now());
  const { text, data } = await parts[part]();
  const machine = judge([before, await observe()]);
  const dated = part === "growth" ? text : `${stamp()}; ${machine.told}\n\n${text}`;
  if (!json) console.log(`${dated}\n`);
  if (write) writePart(part, dated);
  measured[part] = { machine, data };
}
if (json) console.log(JSON.stringify(measured, null, 2));
console.error(`— done (${minutes()} min)`);
