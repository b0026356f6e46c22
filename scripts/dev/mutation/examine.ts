/** The fate of a mutant: a test notices it, the compiler does, or nothing does. */
import { applyMutant, type Mutant } from "./mutants.js";
import type { Candidate, Reach } from "./reach.js";
import type { Workspace } from "./workspace.js";

export type Fate =
  /** A test failed. */
  | "killed"
  /** The tests took many times longer than without it. */
  | "timeout"
  /** All tests that reach it passed, and it compiles. */
  | "survived"
  /** The first tests that reach it passed, but the compiler refuses it. */
  | "compiler"
  /** No test reaches it. */
  | "unreached"
  /** It is in the list of the mutants that change nothing. */
  | "equivalent";

export interface Examined {
  readonly mutant: Mutant;
  readonly fate: Fate;
  /** The test file, and the test, that noticed it. */
  readonly by?: string | undefined;
  /** How many test files were run. */
  readonly tests: number;
  /** How many test files reach it. */
  readonly reaching: number;
  readonly seconds: number;
}

/**
 * The tests are run in parts, which take this many seconds without a mutant: most mutants are killed
 * early. The compiler is asked before the last part, which can take as long as all tests.
 */
const parts = [8, 30, Number.POSITIVE_INFINITY];
/** A part is ended after this many times its usual duration, plus a start of Jest. */
const patience = 4;
const cleanLimitSeconds = 900;

/** Test files, by whether they pass in a copy of the unchanged sources. */
export type CleanTests = Map<string, Promise<boolean>>;

export interface ExamineOptions {
  readonly reach: Reach;
  readonly clean: CleanTests;
  readonly signal: AbortSignal;
  /** Only these test files; all that reach the mutant if undefined. */
  readonly only?: readonly string[] | undefined;
  /** Only the first tests, up to this many seconds together; all if undefined. */
  readonly atMostSeconds?: number | undefined;
  /** Additional seconds for a part, because Jest has to start. @default 45 */
  readonly startSeconds?: number;
}

export async function examine(
  workspace: Workspace,
  mutant: Mutant,
  { reach, clean, signal, only, atMostSeconds, startSeconds = 45 }: ExamineOptions,
): Promise<Examined> {
  const startedAt = performance.now();
  const reaching = reach
    .testsOf(mutant)
    .filter(({ file }) => only === undefined || only.includes(file));
  const text = workspace.read(mutant.file);
  const ended = (fate: Fate, tests: number, by?: string): Examined => ({
    mutant,
    fate,
    by,
    tests,
    reaching: reaching.length,
    seconds: (performance.now() - startedAt) / 1000,
  });
  if (reaching.length === 0) return ended("unreached", 0);

  /** If a test also fails or is late without the mutant, it says nothing about the mutant. */
  const passesClean = async (file: string): Promise<boolean> => {
    const known = clean.get(file);
    if (known !== undefined) return await known;
    workspace.write(mutant.file, text);
    const run = workspace
      .test([file], { limitSeconds: cleanLimitSeconds, signal })
      .then(({ outcome }) => outcome === "passed");
    clean.set(file, run);
    return await run;
  };

  let compiled: boolean | undefined;
  const compiles = async (): Promise<boolean> => {
    if (compiled !== undefined) return compiled;
    workspace.write(mutant.file, applyMutant(text, mutant));
    compiled = await workspace.compiles(signal);
    return compiled;
  };

  try {
    let left = firstOf(reaching, atMostSeconds ?? Number.POSITIVE_INFINITY);
    let tests = 0;
    for (const seconds of parts) {
      if (left.length === 0) break;
      if (seconds === Number.POSITIVE_INFINITY && !(await compiles())) {
        return ended("compiler", tests);
      }
      const part = firstOf(left, seconds);
      left = left.slice(part.length);
      let open = part;
      while (open.length > 0) {
        workspace.write(mutant.file, applyMutant(text, mutant));
        const usual = open.reduce((sum, candidate) => sum + candidate.seconds, 0);
        const limitSeconds = startSeconds + patience * usual;
        const files = open.map(({ file }) => file);
        const run = await workspace.test(files, { limitSeconds, signal });
        if (run.outcome === "passed") break;
        if (run.outcome === "timeout") return ended("timeout", tests + 1);
        // A process that crashed names no file. At the least, it was the first one that had not
        // ended.
        const failed = run.failed ?? files[0] ?? "";
        if (await passesClean(failed)) {
          reach.noteKill(mutant, failed);
          const test = run.failedTest === undefined ? "" : ` › ${run.failedTest}`;
          return ended("killed", tests + files.indexOf(failed) + 1, failed + test);
        }
        open = open.filter(({ file }) => file !== failed);
      }
      tests += part.length;
    }
    return ended((await compiles()) ? "survived" : "compiler", tests);
  } finally {
    workspace.write(mutant.file, text);
  }
}

/** The first ones, up to this many seconds together, and at least one. */
function firstOf(candidates: readonly Candidate[], seconds: number): Candidate[] {
  let sum = 0;
  return candidates.filter((candidate, index) => {
    sum += candidate.seconds;
    return index === 0 || sum <= seconds;
  });
}
