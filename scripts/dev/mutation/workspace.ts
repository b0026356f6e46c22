/** A copy of the working tree, in which files are changed and Jest is run. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** What the compiler knows of a copy; it goes on from there in a copy of the copy. */
export const compilerState = ".tsbuildinfo";

const jestFolder = join(import.meta.dirname, "jest");

/** The files that git tracks, and new ones that it does not ignore. */
export function listFiles(root: string): string[] {
  const git = spawnSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (git.status !== 0) throw new Error(`test:mutation: git ls-files failed: ${git.stderr}`);
  const isThere = (file: string) => statSync(join(root, file), { throwIfNoEntry: false })?.isFile();
  return git.stdout.split("\0").filter((file) => file !== "" && isThere(file));
}

export type Outcome = "passed" | "failed" | "timeout";

export interface TestRun {
  readonly outcome: Outcome;
  /** The first test file that failed. */
  readonly failed: string | undefined;
  /** The name of a test in it, if a test failed and not the whole file. */
  readonly failedTest: string | undefined;
  readonly seconds: number;
}

export interface RunOptions {
  /** After this many seconds the process group is killed. */
  readonly limitSeconds: number;
  readonly signal: AbortSignal;
  /** The file to which the reached mutants are written. */
  readonly reached?: string;
}

/** The reporter's output. */
interface Failure {
  readonly path: string;
  readonly test?: string;
}

export class Workspace implements Disposable {
  readonly folder: string;

  constructor(root: string, files: readonly string[]) {
    this.folder = mkdtempSync(join(tmpdir(), "bayon-mutation-"));
    for (const file of files) {
      const target = join(this.folder, file);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(join(root, file), target);
    }
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"), "junction");
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), "utf8");
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  /**
   * Whether the types still check, the tests' included. The first call takes as long as
   * `npm run test:types`; later ones check only what depends on the files that have changed.
   */
  async compiles(signal: AbortSignal): Promise<boolean> {
    const args = ["-p", "tsconfig.json", "--incremental", "--tsBuildInfoFile", compilerState];
    const { code } = await this.#run(["node_modules/typescript/bin/tsc", ...args], { signal });
    return code === 0;
  }

  /** Runs test files one after another, in this order, up to the first that fails. */
  async test(
    files: readonly string[],
    { limitSeconds, signal, reached }: RunOptions,
  ): Promise<TestRun> {
    const output = join(this.folder, ".first-failure.json");
    rmSync(output, { force: true });
    const counter = join(jestFolder, "count-reached.cjs");
    const args = [
      "node_modules/jest/bin/jest.js",
      "--runInBand",
      "--silent",
      `--reporters=${join(jestFolder, "first-failure.cjs")}`,
      `--testSequencer=${join(jestFolder, "given-order.cjs")}`,
      // Also a test that fails has reached something.
      ...(reached === undefined ? ["--bail"] : [`--setupFilesAfterEnv=${counter}`]),
      "--runTestsByPath",
      ...files,
    ];
    const startedAt = performance.now();
    const { code, late } = await this.#run(args, {
      signal,
      limitSeconds,
      env: {
        COAGENT_MUTATION_ORDER: JSON.stringify(files),
        ...(reached === undefined
          ? { COAGENT_MUTATION_FAILED: output }
          : { COAGENT_MUTATION_REACHED: reached, NODE_OPTIONS: `--require=${counter}` }),
      },
    });
    const seconds = (performance.now() - startedAt) / 1000;
    if (late) return { outcome: "timeout", failed: undefined, failedTest: undefined, seconds };
    if (code === 0) return { outcome: "passed", failed: undefined, failedTest: undefined, seconds };
    const failure = this.#readFailure(output);
    return {
      outcome: "failed",
      failed: files.find((file) => failure?.path.replaceAll("\\", "/").endsWith(`/${file}`)),
      failedTest: failure?.test,
      seconds,
    };
  }

  /** Runs Node in the copy; whatever it has started ends with it. */
  async #run(
    args: readonly string[],
    {
      signal,
      limitSeconds = 3600,
      env = {},
    }: { signal: AbortSignal; limitSeconds?: number; env?: Readonly<Record<string, string>> },
  ): Promise<{ code: number | null; late: boolean }> {
    signal.throwIfAborted();
    const child = spawn(process.execPath, args, {
      cwd: this.folder,
      stdio: "ignore",
      // In a process group of its own.
      detached: true,
      env: { ...process.env, ...env },
    });
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch (error) {
        // The group has already ended.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    };
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      end();
    }, limitSeconds * 1000);
    signal.addEventListener("abort", end);
    const [code] = (await once(child, "exit")) as [number | null];
    signal.removeEventListener("abort", end);
    clearTimeout(timer);
    end();
    signal.throwIfAborted();
    return { code, late };
  }

  /** A process that crashed, for instance because of a mutant, has written nothing. */
  #readFailure(file: string): Failure | undefined {
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    return JSON.parse(readFileSync(file, "utf8")) as Failure;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
