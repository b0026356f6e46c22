/**
 * Checks of the packed package: one printed line each, and a folder that is kept for inspection if
 * one failed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";

export interface Checks {
  /** A folder for this run, outside the repository. */
  readonly work: string;
  /** Runs one check, unless `--only` leaves it out; prints its line, with the note that it returns. */
  check(name: string, run: () => unknown): Promise<void>;
  /** Runs a check that later checks depend on: it is never left out, and its failure ends the run. */
  setUp<T>(name: string, run: () => T | Promise<T>): Promise<T>;
  /** Prints the totals, and sets the exit code. */
  end(): void;
}

/** What a check reports besides "ok": a size, a time. */
export class Note {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a failed command printed, or else the error itself. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A failed command's message already contains what it wrote to stderr.
  const { stdout = "" } = error as { stdout?: string };
  return `${error.message}\n${stdout}`.trim();
}

/** @param script the npm script, for its help */
export function createChecks(script: string): Checks {
  const { only, keep, reuse } = new Command(`npm run ${script} --`)
    .option("--only <text>", "run the checks whose line holds this text")
    .option("--keep", "keep the projects for inspection, whether or not a check failed")
    .option(
      "--reuse <folder>",
      "work in the folder that an earlier run has kept, and keep it again",
    )
    .parse()
    .opts<{ only?: string; keep?: true; reuse?: string }>();
  const work = reuse ?? mkdtempSync(join(tmpdir(), "bayon-coagent-data-"));
  const startedAt = performance.now();
  const failures: string[] = [];
  let passed = 0;
  let ran = 0;

  const secondsSince = (from: number) => ((performance.now() - from) / 1000).toFixed(1);

  async function measured<T>(
    name: string,
    run: () => T | Promise<T>,
  ): Promise<{ value: T } | null> {
    const from = performance.now();
    const line = (word: string, rest = "") =>
      console.log(`${word.padEnd(4)} ${secondsSince(from).padStart(5)} s  ${name}${rest}`);
    try {
      const value = await run();
      passed += 1;
      line("ok", value instanceof Note ? `: ${value.text}` : "");
      return { value };
    } catch (error) {
      failures.push(name);
      line("FAIL");
      console.log(describe(error).replaceAll(/^/gm, "     | "));
      return null;
    }
  }

  function end(): void {
    if (only !== undefined && ran === 0 && failures.length === 0) {
      failures.push(`--only ${only}`);
      console.log(`no check has "${only}" in its line`);
    }
    console.log(`${passed} passed, ${failures.length} failed, ${secondsSince(startedAt)} s`);
    for (const name of failures) console.log(`failed: ${name}`);
    if (failures.length === 0 && !keep && reuse === undefined)
      rmSync(work, { recursive: true, force: true });
    else console.log(`kept for inspection: ${work}`);
    process.exitCode = failures.length === 0 ? 0 : 1;
  }

  return {
    work,
    check: async (name, run) => {
      if (only !== undefined && !name.includes(only)) return;
      ran += 1;
      await measured(name, run);
    },
    setUp: async (name, run) => {
      const done = await measured(name, run);
      if (done !== null) return done.value;
      end();
      process.exit(1);
    },
    end,
  };
}
