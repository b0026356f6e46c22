/**
 * The access patterns as docs/access-patterns.md shows them: the calls that were run, and their
 * counts.
 */
import { countProcessWide } from "./process-wide.js";
import { type AccessPattern, accessPatterns } from "./rows.js";
import { type Units, unitsOf } from "./units.js";
import type { World } from "./world.js";

const begin = "<!-- access-patterns:begin -->";
const end = "<!-- access-patterns:end -->";

/** What a call took: requests that reached the engine, and the capacity units that it reported. */
export interface Took extends Units {
  readonly requests: number;
}

/** What a pattern took. */
export interface Counted {
  readonly pattern: AccessPattern;
  readonly onePage: Took;
  readonly large: Took;
}

/** Makes a pattern's call, and counts its requests and units. */
export async function measure(pattern: AccessPattern, world: World): Promise<Took> {
  await pattern.before?.(world);
  const [requests, units] = await unitsOf(() => countRequests(pattern, world));
  return { requests, ...units };
}

async function countRequests(pattern: AccessPattern, world: World): Promise<number> {
  const { wire } = world.data;
  if (pattern.id === "repository") return countProcessWide(world.data, () => pattern.call(world));
  wire.clear();
  await pattern.call(world);
  return wire.requests.length;
}

/**
 * The table in Markdown.
 * @param source the text of `rows.ts`, from which the calls are copied as written
 */
export function markdownTable(counted: readonly Counted[], source: string): string {
  const calls = callsOf(source);
  const rows = counted.map(({ pattern, onePage, large }) => {
    const code = calls[accessPatterns.indexOf(pattern)];
    return `| ${pattern.asks}<br>\`${code}\` | ${cellOf(onePage)} | ${cellOf(large)} |`;
  });
  return [
    "| what the application asks, and the call | requests and units, one page | requests and units, 2,000 items |",
    "|---|--:|--:|",
    ...rows,
  ].join("\n");
}

/** `3<br>1.5 R + 2 W`. */
function cellOf({ requests, readUnits, writeUnits }: Took): string {
  const units = [
    ...(readUnits > 0 ? [`${readUnits.toLocaleString("en-US")} R`] : []),
    ...(writeUnits > 0 ? [`${writeUnits.toLocaleString("en-US")} W`] : []),
  ];
  return `${requests}<br>${units.join(" + ")}`;
}

/** The code of each pattern's call, in order, on one line. */
function callsOf(source: string): string[] {
  return source
    .split(/^ {4}call: \(.*?\) =>\s/m)
    .slice(1)
    .map((rest) => rest.slice(0, endOfExpression(rest)).replaceAll(/\s+/g, " ").trim());
}

/** The position of the comma that ends an expression. Strings in it have no unmatched brackets. */
function endOfExpression(text: string): number {
  let depth = 0;
  for (const [index, character] of [...text].entries()) {
    if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth -= 1;
    else if (character === "," && depth === 0) return index;
  }
  throw new SyntaxError("a call in rows.ts has no end");
}

/** The block between the markers of a page; `undefined` if it has none. */
export function tableOf(page: string): string | undefined {
  const start = page.indexOf(begin);
  const stop = page.indexOf(end);
  return start === -1 || stop < start ? undefined : page.slice(start + begin.length, stop).trim();
}

/**
 * A page with a new table between its markers.
 * @throws Error if the page has no markers
 */
export function withTable(page: string, table: string): string {
  if (tableOf(page) === undefined) throw new Error(`the page needs ${begin} and ${end}`);
  const [before, rest = ""] = page.split(begin);
  const after = rest.slice(rest.indexOf(end));
  return `${before}${begin}\n\n${table}\n\n${after}`;
}
