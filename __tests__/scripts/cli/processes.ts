/** Commands as a person or a script runs them: in processes of their own, on an engine of the test file. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { type Engine, startEngine } from "../../../src/testing/engine.js";
import { built } from "../../built.js";
import { bayonData } from "../run.js";

export const root = resolve(".");
export const node = `${process.execPath} ${built("scripts/cli.ts")}`;
const { TERM: _, NO_COLOR: __, ...rest } = process.env;
export const environment = rest;

/** Starts an engine for the tests of a file. @returns a function that makes a table: the options that lead to it */
export function tablesOf(): () => Promise<string[]> {
  let engine: Engine;
  let tables = 0;
  beforeAll(async () => {
    engine = await startEngine();
  });
  afterAll(() => engine.close());
  return async () => {
    tables += 1;
    const place = ["--environment", "local", "--endpoint", engine.endpoint];
    const flags = [...place, "--table", `RealTerminal-${tables}`];
    expect(await bayonData(["table", "create", ...flags])).toMatchObject({ code: 0 });
    return flags;
  };
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly complaints: string;
}

/** What a process writes until it ends. */
export const read = (child: ChildProcess): (() => Promise<Ended>) => {
  let out = "";
  let complaints = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const closed = once(child, "close");
  return async () => {
    await closed;
    return { code: child.exitCode, out, complaints };
  };
};

/** Runs a line of bash, in which a failure anywhere in a pipe is one. */
export async function bash(line: string): Promise<Ended> {
  return read(spawn("bash", ["-o", "pipefail", "-c", line], { env: environment, cwd: root }))();
}

export const has = (command: string, args: string[], text: string): boolean =>
  spawnSync(command, args, { encoding: "utf8" }).stdout?.includes(text) ?? false;

/** A suite that says why it is left out. */
export const where = (is: boolean, name: string, what: string): [typeof describe, string] =>
  is ? [describe, name] : [describe.skip, `${name} (SKIPPED: this machine has no ${what})`];

/** What ends differently each time. */
export const steady = (text: string): string =>
  text
    .replaceAll(/\d+(?:\.\d+)? m?s\b/g, "T")
    .replaceAll(/\(\d+\/s\)/g, "(N/s)")
    .replaceAll(/[\d,]+ bytes/g, "N bytes")
    .replaceAll(/RealTerminal-\d+|[\w/.-]*scripts-test-[\w/.-]*/g, "NAME");

/** The beginning of a line that no terminal may lose; what is too long for it ends in an ellipsis. */
export function prefixOf(line: string): string {
  return line.slice(0, 40).replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
