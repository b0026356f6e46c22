/** `bayon-data adopt`: adds, in place, what items of an earlier version lack. */
import { join } from "node:path";
import type { Command } from "commander";
import type { RawTable } from "../../raw/raw-table.js";
import { accountLine } from "../../run/account.js";
import { defaultStateFolder, openRun } from "../../run/run-state.js";
import { table as columns, count, cut, duration, type Terminal } from "../../run/terminal.js";
import { type Adoption, type AdoptionState, adoptTable } from "../../upkeep/adopt-table.js";
import { type CommandContext, exitCode, placeOf, refuseProduction } from "../connection.js";
import {
  addLongFlags,
  commandLine,
  type LongFlags,
  progressOf,
  resumable,
  withRawTable,
} from "../long-command.js";

interface AdoptFlags extends LongFlags {
  readonly dryRun?: boolean;
  readonly state: string;
  readonly restart?: boolean;
  readonly allowProduction?: boolean;
}

export function addAdoptCommand(program: Command, context: CommandContext): void {
  addLongFlags(program.command("adopt"))
    .description("add, in place, what items of an earlier version lack")
    .option("--dry-run", "report the same, write nothing")
    .option("--state <folder>", "where checkpoint and findings are kept", defaultStateFolder)
    .option("--restart", "forget the checkpoint of an interrupted run")
    .option("--allow-production", "write to a production table")
    .addHelpText(
      "after",
      `
Adds what is missing of: the key's parts; the index keys of reviews and of the entities that are
read by time; CreatedAt (the payload's own creation date if it can be read, else UpdatedAt, else
now). Data and UpdatedAt do not change, so the locks of live users hold. Each write is conditional
on the item being as it was read: old and new writers may go on meanwhile, and the next run adopts
what an old writer replaces later. A second run writes nothing.

An item that fits no entity is left as it is, and listed with its key in <state>/adopt/left.ndjson.

Exit codes: 0 success, 1 items were left, 2 wrong usage, 130 interrupted, 143 terminated.

Examples:
  $ bayon-data adopt --environment production --dry-run
  $ bayon-data adopt --environment production --allow-production --concurrency 16`,
    )
    .action((flags: AdoptFlags, command: Command) =>
      resumable(context, { again: commandLine(command), json: flags.json }, () =>
        adopt(flags, context),
      ),
    );
}

async function adopt(flags: AdoptFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const { concurrency: segments, dryRun = false, restart, json = false } = flags;
  const folder = join(flags.state, "adopt");
  const startedAt = performance.now();
  const adoption = await withRawTable(flags, context, async (table, data) => {
    if (!dryRun) refuseProduction(data, "adopt writes", flags.allowProduction === true);
    const { ItemCount: total } = await table.describe();
    const fingerprint = `adopt ${placeOf(data)} in ${segments} segments`;
    const command = dryRun ? "adopt-dry-run" : "adopt";
    const run = await openRun<AdoptionState>({
      command,
      folder,
      fingerprint,
      restart: restart === true || dryRun,
    });
    if (!json) {
      const again = run.state === undefined ? "" : ", going on from its checkpoint";
      terminal.line(`${dryRun ? "Looking at" : "Adopting"} ${placeOf(data)}${again}`);
    }
    const progress = progressOf(terminal, "items", total, table, json);
    try {
      const done = await adoptTable(table, {
        segments,
        dryRun,
        run: dryRun ? undefined : run,
        findingsPath: join(folder, dryRun ? "left-dry-run.ndjson" : "left.ndjson"),
        signal,
        onProgress: (items) => progress.advance(items),
      });
      progress.end();
      const ms = performance.now() - startedAt;
      if (json) showJson(done, table, { dryRun, ms }, terminal);
      else show(done, table, { dryRun, ms, folder }, terminal);
      return done;
    } finally {
      progress.end();
      await run.release();
    }
  });
  context.finish(leftOf(adoption) > 0 ? exitCode.findings : exitCode.ok);
}

function leftOf({ report }: Adoption): number {
  return Object.values(report.left).reduce((sum, one) => sum + one, 0);
}

interface Told {
  readonly dryRun: boolean;
  readonly ms: number;
}

function showJson(
  { report, account, examples }: Adoption,
  { traffic }: RawTable,
  { dryRun, ms }: Told,
  { line }: Terminal,
): void {
  line(JSON.stringify({ dryRun, ...report, account, ...traffic, ms: Math.round(ms), examples }));
}

function show(
  adoption: Adoption,
  { traffic }: RawTable,
  { dryRun, ms, folder }: Told & { readonly folder: string },
  { line, paint, columns: width }: Terminal,
): void {
  const { report, account, examples } = adoption;
  const counts = Object.entries(report.entities).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows = counts.map(([name, { adopted, complete }]) => [name, adopted, complete]);
  const sum = (of: "adopted" | "complete") =>
    counts.reduce((total, [, each]) => total + each[of], 0);
  const head = ["", dryRun ? "would adopt" : "adopted", "complete"];
  for (const row of columns([head, ...rows, ["total", sum("adopted"), sum("complete")]])) line(row);
  const added = Object.entries(report.added).map(([name, times]) => `${name} ${times}`);
  if (added.length > 0) line(`${dryRun ? "would add" : "added"}: ${added.join(", ")}`);
  for (const { kind, key, rule } of examples) {
    line(`${paint("yellow", "left")}  ${kind}: ${cut(key, width - 10)}`);
    line(`      ${cut(rule, width - 10)}`);
  }
  const left = leftOf(adoption);
  if (left > examples.length) {
    const kinds = Object.entries(report.left).map(([kind, times]) => `${kind} ${times}`);
    line(`${count(left, "item")} left in all: ${kinds.join(", ")}`);
  }
  if (left > 0) {
    const file = dryRun ? "left-dry-run.ndjson" : "left.ndjson";
    line(`each with its key: ${join(folder, file)}`);
  }
  const { requests, throttles } = traffic;
  const races = report.lostRaces === 0 ? "" : `, ${count(report.lostRaces, "lost race")}`;
  const slow = throttles === 0 ? "" : `, ${throttles} throttled`;
  line(accountLine("items", account));
  line(
    `${count(report.items, "item")}, ${count(requests, "request")}${slow}${races}, ${duration(ms)}`,
  );
}
