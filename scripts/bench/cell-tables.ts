/** The tables of the cells, for the page. */
import type { CellName } from "./canned.js";
import { base, type Result } from "./cells.js";
import type { Measured } from "./statistics.js";
import type { Over } from "./wires.js";

const titles: Readonly<Record<CellName, string>> = {
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

/** Upper bounds that the package sets itself for the ratio to DocumentClient. */
const targets: Readonly<Record<Over, Partial<Record<CellName, number>>>> = {
  http: { get: 0.3, put: 0.3, update: 0.3 },
  canned: {
    get: 0.15,
    put: 0.22,
    update: 0.18,
    add: 0.95,
    upsert: 0.95,
    delete: 0.8,
    count100: 0.8,
    query100: 0.65,
    query1000: 0.55,
    batchGet100: 0.6,
    batchWrite25: 0.42,
    collection200: 0.7,
  },
};

/** The columns of a table: a phone shows three besides the names. */
const groups: readonly (readonly CellName[])[] = [
  ["get", "put", "update"],
  ["add", "upsert", "delete"],
  ["query100", "query1000", "batchGet100"],
  ["batchWrite25", "collection200", "count100"],
];

const own = "this package";
const floor = "floor";
const headings: Readonly<Record<Over, string>> = {
  canned: "Without HTTP",
  http: "Over HTTP",
};

/** All tables, way by way. */
export function cellTables(results: readonly Result[]): string {
  const parts: string[] = [];
  for (const over of ["http", "canned"] as const) {
    for (const inFlight of [1, 32]) {
      const some = results.filter((one) => one.over === over && one.inFlight === inFlight);
      if (some.length === 0) continue;
      const heading = `${headings[over]}${over === "http" ? `, ${inFlight} in flight` : ""}:`;
      const tables = groups.map((cells) => table(cells, some)).filter((text) => text !== "");
      parts.push(heading, ...tables);
    }
  }
  return parts.join("\n\n");
}

/** @param results of one way and number in flight */
function table(cells: readonly CellName[], results: readonly Result[]): string {
  const columns = results.filter(({ cell }) => cells.includes(cell));
  if (columns.length === 0) return "";
  const row = (head: string, text: (column: Result) => string) =>
    `| ${[head, ...columns.map(text)].join(" | ")} |`;
  // In one order, also where the first column lacks some of them.
  const all = new Set(results.flatMap(({ contestants }) => [...contestants.keys()]));
  const names = new Set(
    [...all].filter((name) => columns.some((one) => one.contestants.has(name))),
  );
  const times = [base, own, floor].filter((name) => names.has(name));
  const others = [...names].filter((name) => name !== base);
  return [
    row("", ({ cell }) => titles[cell]),
    `|---|${columns.map(() => "--:").join("|")}|`,
    ...times.map((name) => row(`${name}, µs`, ({ contestants }) => micros(contestants.get(name)))),
    ...others.map((name) =>
      row(name === own ? `**${own}**` : name, ({ contestants }) => ratio(contestants.get(name))),
    ),
    row("target", ({ over, cell }) => target(targets[over][cell])),
    row(`${own} ÷ ${floor}`, aboveFloor),
  ].join("\n");
}

function fixed(number: number): string {
  return number.toFixed(2);
}

function target(most: number | undefined): string {
  return most === undefined ? "–" : `≤ ${fixed(most)}`;
}

/** Median, with the quiet time in brackets. */
function micros(measured: Measured | undefined): string {
  if (measured === undefined) return "–";
  return `${Math.round(measured.micros)} (${Math.round(measured.quietMicros)})`;
}

function ratio(measured: Measured | undefined): string {
  if (measured === undefined) return "–";
  const { ratio, low, high } = measured;
  return ratio > 10 ? ratio.toFixed(0) : `${fixed(ratio)}<br>${fixed(low)}–${fixed(high)}`;
}

/** How far above the floor the package is, in quiet rounds. */
function aboveFloor({ contestants }: Result): string {
  const [ours, least] = [contestants.get(own), contestants.get(floor)];
  if (ours === undefined || least === undefined) return "–";
  return fixed(ours.quietMicros / least.quietMicros);
}
