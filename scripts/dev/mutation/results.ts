/**
 * What runs have found, kept in `.cache/mutation`: a line for each mutant, written as soon as its
 * fate is known. A run that was interrupted continues from there.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Examined } from "./examine.js";
import type { Mutant } from "./mutants.js";
import { isTest } from "./reach.js";

interface Kept extends Omit<Examined, "mutant"> {
  readonly id: string;
  readonly replacement: string;
  /** Hash of the mutated file. */
  readonly source: string;
  /** Hash of the test file that noticed it, or of all of them. */
  readonly test: string;
  /** Which of the tests that reach it were run. */
  readonly among: string;
}

interface Sources {
  read(file: string): string;
}

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** The test file, without the test's name. */
export const testFileOf = (by: string) => by.split(" › ")[0] ?? by;

export class Results {
  readonly #kept: string;
  readonly #sources: Sources;
  readonly #known = new Map<string, Kept>();
  /** By test file. */
  readonly #tests: ReadonlyMap<string, string>;
  readonly #allTests: string;
  readonly #among: string;

  /**
   * @param kept the file, which need not exist
   * @param among the options that choose among the tests that reach a mutant
   */
  constructor(kept: string, sources: Sources, files: readonly string[], among: object) {
    this.#among = JSON.stringify(among);
    this.#kept = kept;
    this.#sources = sources;
    this.#tests = new Map(files.filter(isTest).map((file) => [file, hashOf(sources.read(file))]));
    this.#allTests = hashOf([...this.#tests].flat().join("\n"));
    if (!existsSync(kept)) return;
    for (const line of readFileSync(kept, "utf8").split("\n")) {
      // The last line of a run that was killed ends early.
      if (!line.endsWith("}")) continue;
      const one = JSON.parse(line) as Kept;
      this.#known.set(one.id, one);
    }
  }

  /**
   * What became of a mutant, unless its file has changed since, or the tests that told: the one that
   * noticed it, or any test if none did.
   */
  of(mutant: Mutant): Examined | undefined {
    const known = this.#known.get(mutant.id);
    if (known === undefined || known.replacement !== mutant.replacement) return undefined;
    if (known.source !== hashOf(this.#sources.read(mutant.file))) return undefined;
    if (known.test !== this.#testHash(known)) return undefined;
    const { fate, by, tests, reaching, seconds } = known;
    if (by === undefined && known.among !== this.#among) return undefined;
    return { mutant, fate, by, tests, reaching, seconds };
  }

  keep(examined: Examined): void {
    const { mutant, ...rest } = examined;
    const { id, replacement, file } = mutant;
    const source = hashOf(this.#sources.read(file));
    const test = this.#testHash(rest);
    const kept: Kept = { id, replacement, source, test, among: this.#among, ...rest };
    mkdirSync(dirname(this.#kept), { recursive: true });
    appendFileSync(this.#kept, `${JSON.stringify(kept)}\n`);
  }

  #testHash({ by }: Pick<Examined, "by">): string {
    return by === undefined ? this.#allTests : (this.#tests.get(testFileOf(by)) ?? "");
  }
}
