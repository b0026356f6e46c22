/**
 * The mutants of the sources: the changes that Stryker's mutators would make, each as a range and its
 * text.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export interface Mutant {
  /**
   * `src/transport/transport.ts:120:9:BooleanLiteral`, followed by `:2` and so on for others at the
   * same place.
   */
  readonly id: string;
  /** Relative to the root, with slashes. */
  readonly file: string;
  /** Its number within its file. */
  readonly index: number;
  readonly mutator: string;
  /** Offsets in the file's text. */
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly original: string;
  readonly replacement: string;
}

/** The part of Stryker's instrumenter that is used. It is installed separately. */
interface Position {
  readonly line: number;
  readonly column: number;
}
interface StrykerMutant {
  readonly fileName: string;
  readonly id: string;
  readonly mutatorName: string;
  readonly replacement: string;
  readonly location: { readonly start: Position; readonly end: Position };
}
interface StrykerFile {
  readonly name: string;
  readonly content: string;
  readonly mutate: true;
}
interface StrykerInstrumenter {
  instrument(
    files: readonly StrykerFile[],
    options: { plugins: null; excludedMutations: string[]; ignorers: [] },
  ): Promise<{ files: readonly StrykerFile[]; mutants: readonly StrykerMutant[] }>;
}
type InstrumenterModule = {
  readonly Instrumenter: new (logger: object) => StrykerInstrumenter;
};

const tools = join(import.meta.dirname, "tools");

async function loadInstrumenter(): Promise<StrykerInstrumenter> {
  const folder = join(tools, "node_modules", "@stryker-mutator", "instrumenter");
  if (!existsSync(join(folder, "package.json"))) {
    console.error("Installing Stryker's instrumenter (23 MB) in scripts/dev/mutation/tools …");
    const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], {
      cwd: tools,
      stdio: ["ignore", "ignore", "inherit"],
      shell: process.platform === "win32",
    });
    if (status !== 0) throw new Error("test:mutation: npm ci failed in scripts/dev/mutation/tools");
  }
  const entry = pathToFileURL(join(folder, "dist", "src", "index.js"));
  const { Instrumenter } = (await import(entry.href)) as InstrumenterModule;
  const silent = () => undefined;
  return new Instrumenter({
    isDebugEnabled: () => false,
    debug: silent,
    info: silent,
    warn: console.error,
    error: console.error,
  });
}

export interface Mutated {
  readonly mutants: readonly Mutant[];
  /**
   * A file's text, instrumented to count which of its mutants are reached.
   * @returns in `numbers`, the mutant for each of Stryker's numbers
   */
  readonly counting: ReadonlyMap<string, string>;
  readonly numbers: ReadonlyMap<string, Mutant>;
}

/**
 * Asks Stryker's instrumenter for the mutants of files.
 * @param files relative to the root
 */
export async function findMutants(root: string, files: readonly string[]): Promise<Mutated> {
  const instrumenter = await loadInstrumenter();
  const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
  const { files: counted, mutants } = await instrumenter.instrument(
    [...texts].map(([name, content]) => ({ name, content, mutate: true })),
    { plugins: null, excludedMutations: [], ignorers: [] },
  );
  const lines = new Map([...texts].map(([file, text]) => [file, lineStarts(text)]));
  const counts = new Map<string, number>();
  const countUp = (key: string): number => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count;
  };
  const numbers = new Map<string, Mutant>();
  for (const { fileName: file, id: number, mutatorName, replacement, location } of mutants) {
    const text = texts.get(file) ?? "";
    const offset = ({ line, column }: Position) => (lines.get(file)?.[line] ?? 0) + column;
    const [start, end] = [offset(location.start), offset(location.end)];
    const line = location.start.line + 1;
    const place = `${file}:${line}:${location.start.column + 1}:${mutatorName}`;
    const same = countUp(place);
    numbers.set(number, {
      id: same === 1 ? place : `${place}:${same}`,
      file,
      index: countUp(file) - 1,
      mutator: mutatorName,
      start,
      end,
      line,
      original: text.slice(start, end),
      replacement,
    });
  }
  return {
    mutants: [...numbers.values()],
    counting: new Map(counted.map(({ name, content }) => [name, content])),
    numbers,
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (const { index } of text.matchAll(/\n/g)) starts.push(index + 1);
  return starts;
}

/** The file's text with the mutant in it. */
export function applyMutant(text: string, { start, end, original, replacement }: Mutant): string {
  if (text.slice(start, end) !== original) throw new Error("the file is not the one of the mutant");
  return text.slice(0, start) + replacement + text.slice(end);
}

/** Whether the mutant only empties a text for people, which has several words. */
export function isProse({ mutator, original }: Mutant): boolean {
  return mutator === "StringLiteral" && /\s/.test(original.slice(1, -1).trim());
}

/** The lines that the mutant changes, as `-` and `+`, with their indentation. */
export function diffOf(text: string, mutant: Mutant): string[] {
  const before = text.split("\n");
  const after = applyMutant(text, mutant).split("\n");
  let first = 0;
  while (before[first] === after[first] && first < before.length) first += 1;
  let last = 0;
  const limit = Math.min(before.length, after.length) - first;
  while (last < limit && before.at(-1 - last) === after.at(-1 - last)) last += 1;
  const cut = (lines: readonly string[], sign: string): string[] => {
    const changed = lines.slice(first, lines.length - last).map((line) => `${sign} ${line}`);
    if (changed.length <= 12) return changed;
    return [...changed.slice(0, 10), `${sign} … ${changed.length - 10} more lines`];
  };
  return [...cut(before, "-"), ...cut(after, "+")];
}
