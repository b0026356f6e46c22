/**
 * Which files are mutated, the rooms that they belong to, and which of their mutants a sample takes.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { createRandom } from "../../seed/random.js";
import type { Mutant } from "./mutants.js";

/**
 * The published entry point in `scripts/`: what it imports is published, the rest is for this
 * repository.
 */
const commandLine = "scripts/cli.ts";

/** All files that are published: `src`, `services`, `entities`, and the scripts of `bayon-data`. */
export function findSubjects(root: string): string[] {
  const files = ["src", "services", "entities"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((file) => posix.join(folder, file.replaceAll("\\", "/")))
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts")),
  );
  const scripts = importedScripts(root, commandLine);
  return [...new Set([...files, ...scripts])].sort();
}

function importedScripts(root: string, entry: string): string[] {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file) || !file.startsWith("scripts/")) return;
    if (!existsSync(join(root, file))) throw new Error(`test:mutation: there is no ${file}`);
    found.add(file);
    const text = readFileSync(join(root, file), "utf8");
    for (const [, single = "", dynamic = ""] of text.matchAll(
      /\bfrom "(\.[^"]+)\.js"|\bimport\("(\.[^"]+)\.js"\)/g,
    )) {
      visit(posix.join(dirname(file), `${single || dynamic}.ts`));
    }
  };
  visit(entry);
  return [...found];
}

/**
 * The folder below `src/`, `services/` or `scripts/`, such as `src/errors`, or else the top folder
 * itself.
 */
export function roomOf(file: string): string {
  const [top = "", folder = "", ...rest] = file.split("/");
  return rest.length === 0 ? top : `${top}/${folder}`;
}

/** Whether a room's name or a part of a path selects a file. */
export function isIn(file: string, places: readonly string[]): boolean {
  return places.some((place) => {
    const path = place.replace(/\/$/, "");
    return file === path || file.startsWith(`${path}/`);
  });
}

/**
 * A random sample, ordered by file and line.
 * @returns all mutants if there are no more than `size`
 */
export function sampleOf(mutants: readonly Mutant[], seed: number, size: number): Mutant[] {
  const taken = new Set(createRandom(seed).sample(mutants, size));
  return mutants.filter((mutant) => taken.has(mutant));
}

/**
 * The order in which mutants are tried: those of these places first, in the order of the places, then
 * the rest at random. So a run that is interrupted has tried some of all rooms.
 */
export function inTryingOrder(
  mutants: readonly Mutant[],
  places: readonly string[],
  seed: number,
): Mutant[] {
  const rank = ({ file }: Mutant) => {
    const at = places.findIndex((place) => isIn(file, [place]));
    return at === -1 ? places.length : at;
  };
  const first = mutants.filter((mutant) => rank(mutant) < places.length);
  const rest = mutants.filter((mutant) => rank(mutant) === places.length);
  return [
    ...first.sort((a, b) => rank(a) - rank(b)),
    ...createRandom(seed).sample(rest, rest.length),
  ];
}
