/** Runs what a person runs, and keeps what it said. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type RunOptions, runCommandLine } from "../../scripts/cli/program.js";
import { createTerminal, type Terminal } from "../../scripts/run/terminal.js";
import { OrderlyHandler } from "../../src/wire/request-handler.js";
import { built } from "../built.js";

export interface Said {
  readonly terminal: Terminal;
  /** What went to stdout so far. */
  out(): string;
  /** What went to stderr so far. */
  complaints(): string;
}

export function listen(): Said {
  let out = "";
  let complaints = "";
  const terminal = createTerminal({
    stdout: {
      write: (text) => {
        out += text;
      },
    },
    stderr: {
      write: (text) => {
        complaints += text;
      },
    },
    variables: {},
  });
  return { terminal, out: () => out, complaints: () => complaints };
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  /** What went to stderr, but for progress: a slow machine has lines of it, a fast one has none. */
  readonly complaints: string;
}

const progressLine =
  /^(?:(?:batches|documents|items): \d+(?: of \d+)?(?:, .*)?|\{"progress":.*\})\n/gm;

function ran(code: number, out: string, complaints: string): Ran {
  return { code, out, complaints: complaints.replaceAll(progressLine, "") };
}

/** Runs a `bayon-data` command in this process. */
export async function bayonData(
  args: readonly string[],
  signal = new AbortController().signal,
  sending?: RunOptions["sending"],
): Promise<Ran> {
  const said = listen();
  const { terminal } = said;
  const code = await runCommandLine(args, { terminal, signal, sending, version: "1.2.3" });
  return ran(code, said.out(), said.complaints());
}

/**
 * How a command sends, told of each request before it goes out: what is to happen at a certain step
 * happens at that step, however fast the machine is.
 */
export function atRequests(
  onRequest: (operation: string) => Promise<void> | void,
): NonNullable<RunOptions["sending"]> {
  class Telling extends OrderlyHandler {
    override async handle(...args: Parameters<OrderlyHandler["handle"]>) {
      await onRequest(String(args[0].headers["x-amz-target"]).split(".")[1] ?? "");
      return super.handle(...args);
    }
  }
  return { requestHandler: () => new Telling(), initialDelayMs: 1 };
}

/** `test` where the machine has what it needs; elsewhere it is shown as skipped, with the reason. */
export function testWhere(
  has: boolean,
  lacks: string,
): (name: string, run: () => Promise<void>) => void {
  return (name, run) => (has ? test(name, run) : test.skip(`${name} (skipped: ${lacks})`, run));
}

export const hasFullDisk = [existsSync("/dev/full"), "there is no /dev/full"] as const;
export const isBoundByRights = [process.getuid?.() !== 0, "root may do everything"] as const;

const marker = "SCRIPT_TEST_RUN";

export interface Running {
  readonly child: ChildProcess;
  /** Resolves when the output holds the text. */
  saw(text: string): Promise<void>;
  /** Resolves when the process has ended. */
  ended(): Promise<Ran>;
  /** Processes that it started and that are there for good, by their command. Linux only. */
  leftovers(): Promise<string[]>;
}

/**
 * Starts a script of the repository in a process of its own: as it is built for the tests, or from its
 * sources, which takes four times as long to begin.
 */
export function script(
  file: "cli.ts" | "demo/start.ts",
  args: readonly string[] = [],
  { fromSources = false } = {},
): Running {
  const run = randomUUID();
  const env = { ...process.env, [marker]: run, NO_COLOR: "1" };
  // What a --config imports of this package is to be what the command has of it.
  const config = args[args.indexOf("--config") + 1] ?? "";
  const isBuilt = !fromSources && (!args.includes("--config") || !config.endsWith(".ts"));
  const path = `scripts/${file}`;
  const program = isBuilt ? [built(path)] : ["--import", "tsx", path];
  const child = spawn(process.execPath, [...program, ...args], { env });
  let out = "";
  let complaints = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const closed = once(child, "close");
  return {
    child,
    saw: async (text) => {
      while (!out.includes(text)) await Promise.race([once(child.stdout, "data"), failOn(closed)]);
    },
    ended: async () => {
      await closed;
      return ran(child.exitCode ?? -1, out, complaints);
    },
    leftovers: async () => {
      let left = processesWith(`${marker}=${run}`);
      // The shell that watched over the engine takes a second to see that it is gone.
      for (let wait = 0; wait < 20 && left.length > 0; wait += 1) {
        await sleep(100);
        left = processesWith(`${marker}=${run}`);
      }
      return left;
    },
  };

  async function failOn(end: Promise<unknown>): Promise<never> {
    await end;
    throw new Error(`${file} ended early: ${out}${complaints}`);
  }
}

function processesWith(variable: string): string[] {
  if (!existsSync("/proc/self/environ")) return [];
  const read = (pid: string, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
      // It ended while it was looked at.
      return "";
    }
  };
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid))
    .filter((pid) => read(pid, "environ").split("\0").includes(variable))
    .map((pid) => read(pid, "cmdline").replaceAll("\0", " "));
}

/** A folder that is gone after the test file. */
export function temporaryFolder(): () => string {
  let root: string | undefined;
  let made = 0;
  afterAll(() => {
    if (root !== undefined) rmSync(root, { recursive: true, force: true });
  });
  return () => {
    root ??= mkdtempSync(join(tmpdir(), "scripts-test-"));
    made += 1;
    const folder = join(root, String(made));
    mkdirSync(folder);
    return folder;
  };
}
