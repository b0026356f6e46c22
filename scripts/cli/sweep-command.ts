/** What the commands share that sweep a table: flags, checkpoint, progress, and the lines of their reports. */
import { join } from "node:path";
import type { Command } from "commander";
import type { RawTable } from "../raw/raw-table.js";
import { accountLine } from "../run/account.js";
import { defaultStateFolder, openRun } from "../run/run-state.js";
import { count, cut, duration, type Terminal } from "../run/terminal.js";
import type { SweepOptions, SweepReport, Swept } from "../upkeep/sweep.js";
import { type CommandContext, exitCode, placeOf, refuseProduction } from "./connection.js";
import { addLongFlags, type LongFlags, progressOf, withRawTable } from "./long-command.js";

export interface SweepFlags extends LongFlags {
  readonly dryRun?: boolean;
  readonly state: string;
  readonly restart?: boolean;
  readonly allowProduction?: boolean;
}

/** Adds the options of SweepFlags. */
export function addSweepFlags(command: Command): Command {
  return addLongFlags(command)
    .option("--dry-run", "print the same report, but write nothing")
    .option("--state <folder>", "where checkpoint and findings are kept", defaultStateFolder)
    .option("--restart", "forget the checkpoint of an interrupted run")
    .option("--allow-production", "write to a production table");
}

type AnySwept = Swept<string, SweepReport<string>>;

/** One command, by what makes it another one. */
export interface SweepCommand<State, Done extends AnySwept> {
  readonly name: string;
  /** What the run does to the table, whose name follows. */
  readonly doing: string;
  /** Follows the table's name where the run is named. */
  readonly with?: string;
  /** What a checkpoint must agree in, beside the table and the segments. */
  readonly sameAs?: string;
  sweep(table: RawTable, options: SweepOptions<State>): Promise<Done>;
  /** The members of the report for `--json`. */
  told(done: Done): object;
  /** Prints the report; {@link showLeft} and the account follow by themselves. */
  show(done: Done, dryRun: boolean, terminal: Terminal): void;
  /** What one thing is that was left, such as `item`. */
  readonly leftWhat: string;
}

/** Runs a sweep on the table that its flags name, prints its report, and ends with 1 if anything was left. */
export async function runSweep<State, Done extends AnySwept>(
  flags: SweepFlags,
  context: CommandContext,
  command: SweepCommand<State, Done>,
): Promise<void> {
  const { terminal, signal } = context;
  const { concurrency: segments, dryRun = false, restart, json = false } = flags;
  const { name, doing } = command;
  const folder = join(flags.state, name);
  const startedAt = performance.now();
  const swept = await withRawTable(flags, context, async (table, data) => {
    if (!dryRun) refuseProduction(data, `${name} writes`, flags.allowProduction === true);
    const { ItemCount: total } = await table.describe();
    const { with: more = "", sameAs = "" } = command;
    const place = placeOf(data);
    const run = await openRun<State>({
      command: dryRun ? `${name}-dry-run` : name,
      folder,
      fingerprint: `${name} ${place}${sameAs} in ${segments} segments`,
      restart: restart === true || dryRun,
    });
    if (!json) {
      const again = run.state === undefined ? "" : ", resuming from its checkpoint";
      terminal.line(`${dryRun ? "Looking at" : doing} ${place}${more}${again}`);
    }
    const progress = progressOf(terminal, "items", total, table, json);
    const findingsPath = join(folder, dryRun ? "left-dry-run.ndjson" : "left.ndjson");
    try {
      const done = await command.sweep(table, {
        ...{ segments, dryRun, findingsPath, signal },
        run: dryRun ? undefined : run,
        onProgress: (items) => progress.advance(items),
      });
      progress.end();
      const ms = Math.round(performance.now() - startedAt);
      const { account, examples } = done;
      if (json) {
        const told = { dryRun, ...command.told(done), account, ...table.traffic, ms, examples };
        terminal.line(JSON.stringify(told));
        return done;
      }
      command.show(done, dryRun, terminal);
      showLeft(done, command.leftWhat, findingsPath, terminal);
      showAccount(done, table, ms, terminal);
      return done;
    } finally {
      progress.end();
      await run.release();
    }
  });
  context.finish(leftOf(swept) > 0 ? exitCode.findings : exitCode.ok);
}

function leftOf({ report }: AnySwept): number {
  return Object.values(report.left).reduce<number>((sum, one = 0) => sum + one, 0);
}

function showLeft(
  swept: AnySwept,
  what: string,
  findingsPath: string,
  { line, paint, columns: width }: Terminal,
): void {
  for (const { kind, key, rule } of swept.examples) {
    line(`${paint("yellow", "left")}  ${kind}: ${cut(key, width - 10)}`);
    line(`      ${cut(rule, width - 10)}`);
  }
  const left = leftOf(swept);
  if (left === 0) return;
  const kinds = Object.entries(swept.report.left).map(([kind, times]) => `${kind} ${times}`);
  line(`${count(left, what)} left in all: ${kinds.join(", ")}`);
  line(`each with its key: ${findingsPath}`);
}

function showAccount(
  { report, account }: AnySwept,
  { traffic: { requests, throttles } }: RawTable,
  ms: number,
  { line }: Terminal,
): void {
  const races = report.lostRaces === 0 ? "" : `, ${count(report.lostRaces, "lost race")}`;
  const slow = throttles === 0 ? "" : `, ${throttles} throttled`;
  line(accountLine("items", account));
  line(
    `${count(report.items, "item")}, ${count(requests, "request")}${slow}${races}, ${duration(ms)}`,
  );
}
