/** `bayon-data adopt`: adds, in place, what items of an earlier version lack. */
import type { Command } from "commander";
import { table as columns, type Terminal } from "../../run/terminal.js";
import { type Adoption, type AdoptionState, adoptTable } from "../../upkeep/adopt-table.js";
import type { CommandContext } from "../connection.js";
import { commandLine, resumable } from "../long-command.js";
import { addSweepFlags, runSweep, type SweepCommand, type SweepFlags } from "../sweep-command.js";

export function addAdoptCommand(program: Command, context: CommandContext): void {
  addSweepFlags(program.command("adopt"))
    .description("add, in place, what items of an earlier version lack")
    .addHelpText(
      "after",
      `
Adds whichever of these is missing: the key's parts; the index keys of reviews and of the entities
that are read by time; CreatedAt (the payload's own creation date if it can be read, else UpdatedAt,
else now). Data and UpdatedAt do not change, so the locks of live users hold. Each write is
conditional on the item being as it was read: old and new writers may go on meanwhile, and the next
run adopts what an old writer replaces later. A second run writes nothing.

An item that fits no entity is left as it is, and listed with its key in <state>/adopt/left.ndjson.

Exit codes: 0 success, 1 items were left, 2 wrong usage, 130 interrupted, 143 terminated.

Examples:
  $ bayon-data adopt --environment production --dry-run
  $ bayon-data adopt --environment production --allow-production --concurrency 16`,
    )
    .action((flags: SweepFlags, command: Command) =>
      resumable(context, { again: commandLine(command), json: flags.json }, () =>
        runSweep(flags, context, adopt),
      ),
    );
}

const adopt: SweepCommand<AdoptionState, Adoption> = {
  name: "adopt",
  doing: "Adopting",
  sweep: adoptTable,
  told: ({ report }) => report,
  show,
  leftWhat: "item",
};

function show({ report }: Adoption, dryRun: boolean, { line }: Terminal): void {
  const counts = Object.entries(report.entities).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows = counts.map(([name, { adopted, complete }]) => [name, adopted, complete]);
  const sum = (of: "adopted" | "complete") =>
    counts.reduce((total, [, each]) => total + each[of], 0);
  const head = ["", dryRun ? "would adopt" : "adopted", "complete"];
  for (const row of columns([head, ...rows, ["total", sum("adopted"), sum("complete")]])) line(row);
  const added = Object.entries(report.added).map(([name, times]) => `${name} ${times}`);
  if (added.length > 0) line(`${dryRun ? "would add" : "added"}: ${added.join(", ")}`);
}
