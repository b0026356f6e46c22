/**
 * Which test file reaches which mutants. This is recorded once by running each test file on
 * instrumented sources, kept in `.cache/mutation`, and recorded again only for what has changed.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Mutant, Mutated } from "./mutants.js";
import { roomOf } from "./subjects.js";
import { Workspace } from "./workspace.js";

/** Indexes of mutants within each file. */
type Reached = Readonly<Record<string, readonly number[]>>;

interface TestReach {
  readonly hash: string;
  readonly seconds: number;
  /** While a test ran, or in a process that a test started. */
  readonly testing: Reached;
  /** While the files were loaded, before the first test. */
  readonly loading: Reached;
}

interface Recorded {
  /** Hash by source file. */
  readonly sources: Readonly<Record<string, string>>;
  /** By test file. */
  readonly tests: Readonly<Record<string, TestReach>>;
}

export interface Candidate {
  readonly file: string;
  readonly seconds: number;
}

/**
 * If more than this share of the sources differs from the recorded ones, all tests are recorded
 * again.
 */
const mostChanged = 0.25;
const recordLimitSeconds = 240;

export const isTest = (file: string) => /^__tests__\/.*\.test\.ts$/.test(file);

export class Reach {
  readonly #recorded: Recorded;
  readonly #changed: ReadonlySet<string>;
  readonly #kills = new Map<string, number>();
  readonly #breadth: ReadonlyMap<string, number>;

  constructor(recorded: Recorded, changed: ReadonlySet<string>) {
    this.#recorded = recorded;
    this.#changed = changed;
    this.#breadth = new Map(
      Object.entries(recorded.tests).map(([test, { testing, loading }]) => [
        test,
        [...Object.values(testing), ...Object.values(loading)].reduce(
          (sum, of) => sum + of.length,
          1,
        ),
      ]),
    );
  }

  /** The test files that reach a mutant; those that probably notice it, and are fast, come first. */
  testsOf(mutant: Mutant): Candidate[] {
    const { file, index } = mutant;
    const isNew = this.#changed.has(file) && this.#recorded.sources[file] === undefined;
    const has = (indexes: readonly number[] = []) =>
      this.#changed.has(file) ? indexes.length > 0 : indexes.includes(index);
    return Object.entries(this.#recorded.tests)
      .flatMap(([test, reach]) => {
        const tested = has(reach.testing[file]);
        if (!tested && !has(reach.loading[file]) && !isNew) return [];
        return [{ test, reach, tested }];
      })
      .map(({ test, reach, tested }) => ({
        file: test,
        seconds: reach.seconds,
        likelihood: this.#likelihood(mutant, test, reach, tested),
      }))
      .sort((a, b) => b.likelihood - a.likelihood)
      .map(({ file: test, seconds }) => ({ file: test, seconds }));
  }

  /** A test that noticed one mutant of a file probably notices the next one. */
  noteKill({ file }: Mutant, test: string): void {
    const pair = `${file} ${test}`;
    this.#kills.set(pair, (this.#kills.get(pair) ?? 0) + 1);
  }

  #likelihood({ file }: Mutant, test: string, reach: TestReach, tested: boolean): number {
    const inFile = (reach.testing[file]?.length ?? 0) + (reach.loading[file]?.length ?? 0);
    const focus = inFile / (this.#breadth.get(test) ?? 1);
    const named = nameOf(test) === nameOf(file) ? 0.5 : 0;
    // __tests__/transport and __tests__/services/oauth hold the tests of src/transport and services/oauth.
    const ofRoom = `${test}/`.startsWith(`__tests__/${roomOf(file).replace("src/", "")}/`)
      ? 0.2
      : 0;
    const kills = 0.3 * (this.#kills.get(`${file} ${test}`) ?? 0);
    // Jest itself needs a few seconds, whatever it runs.
    return ((focus + named + ofRoom + kills) * (tested ? 1 : 0.1)) / (reach.seconds + 3);
  }
}

function nameOf(file: string): string {
  return (file.split("/").at(-1) ?? "").replace(/\.test\.ts$|\.ts$/, "");
}

export interface RecordOptions {
  /** The tree as it was when the run began. */
  readonly origin: Workspace;
  /** The file of the record. */
  readonly kept: string;
  readonly files: readonly string[];
  readonly mutated: Mutated;
  /** Records all tests, and ignores the kept record. */
  readonly anew: boolean;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onTest: (done: number, total: number) => void;
}

/** The kept record, after new and changed tests have been added to it. */
export async function recordReach(options: RecordOptions): Promise<Reach> {
  const { origin, kept, files, mutated, anew } = options;
  const hashOf = (file: string) =>
    createHash("sha256").update(origin.read(file)).digest("hex").slice(0, 16);
  const sources = Object.fromEntries(
    [...mutated.counting.keys()].map((file) => [file, hashOf(file)]),
  );
  const old: Recorded =
    !anew && existsSync(kept)
      ? (JSON.parse(readFileSync(kept, "utf8")) as Recorded)
      : { sources: {}, tests: {} };
  const changed = Object.keys(sources).filter((file) => sources[file] !== old.sources[file]);
  const usable = changed.length <= mostChanged * Object.keys(sources).length;
  const tests = Object.fromEntries(files.filter(isTest).map((file) => [file, hashOf(file)]));
  const known = usable ? old.tests : {};
  const missing = Object.keys(tests).filter((file) => known[file]?.hash !== tests[file]);
  const record = {
    sources: usable ? old.sources : sources,
    tests: Object.fromEntries(Object.entries(known).filter(([file]) => file in tests)),
  };
  if (missing.length === 0) return new Reach(record, new Set(usable ? changed : []));

  const keep = () => {
    mkdirSync(dirname(kept), { recursive: true });
    writeFileSync(kept, JSON.stringify(record));
  };
  let done = 0;
  const left = [...missing];
  const work = async (): Promise<void> => {
    using workspace = new Workspace(origin.folder, files);
    for (const [file, text] of mutated.counting) workspace.write(file, text);
    for (let test = left.shift(); test !== undefined; test = left.shift()) {
      record.tests[test] = {
        hash: tests[test] ?? "",
        ...(await reachOf(workspace, test, options)),
      };
      done += 1;
      // An interrupted run continues from here.
      if (done % 10 === 0) keep();
      options.onTest(done, missing.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.workers, missing.length) }, work));
  keep();
  return new Reach(record, new Set(usable ? changed : []));
}

async function reachOf(
  workspace: Workspace,
  test: string,
  { mutated, signal }: RecordOptions,
): Promise<Omit<TestReach, "hash">> {
  const folder = mkdtempSync(join(tmpdir(), "bayon-reached-"));
  try {
    const { seconds } = await workspace.test([test], {
      limitSeconds: recordLimitSeconds,
      signal,
      reached: folder,
    });
    const testing = new Set<string>();
    const loading = new Set<string>();
    for (const file of readdirSync(folder)) {
      const text = readFileSync(join(folder, file), "utf8");
      // The process was killed while it was writing.
      if (!text.endsWith("}")) continue;
      const found = JSON.parse(text) as { testing: string[]; loading: string[] };
      for (const number of found.testing) testing.add(number);
      for (const number of found.loading) loading.add(number);
    }
    return { seconds, testing: byFile(testing, mutated), loading: byFile(loading, mutated) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function byFile(numbers: ReadonlySet<string>, mutated: Mutated): Reached {
  const found: Record<string, number[]> = {};
  for (const number of numbers) {
    const mutant = mutated.numbers.get(number);
    if (mutant === undefined) continue;
    found[mutant.file] ??= [];
    found[mutant.file]?.push(mutant.index);
  }
  return found;
}
