/** `bayon-data rollback`: deletes what migrations wrote and nobody has changed since. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { openItemTable } from "../../move/migration/item-table.js";
import { Journal, journalFile } from "../../move/migration/journal.js";
import { migrateCommand } from "../../move/migration/migrate.js";
import { type RollbackReport, rollback, runsOf } from "../../move/migration/rollback.js";
import { forgetRun, StateError, takeLock } from "../../run/run-state.js";
import { count, duration } from "../../run/terminal.js";
import {
  addConcurrencyOption,
  addConnectionFlags,
  type CommandContext,
  type ConnectionFlags,
  exitCode,
  placeOf,
  refuseProduction,
  withConnection,
} from "../connection.js";
import { commandLine, jsonOption, progressOf, resumable, sendingOf } from "../long-command.js";
import { requireTable, stateOption } from "./migrate.js";

interface RollbackFlags extends ConnectionFlags {
  readonly dryRun?: boolean;
  readonly concurrency: number;
  readonly state: string;
  readonly json?: boolean;
  readonly allowProduction?: boolean;
}

export function addRollbackCommand(program: Command, context: CommandContext): void {
  addConcurrencyOption(
    addConnectionFlags(program.command("rollback")),
    "how many batches to delete at once",
    128,
  )
    .description("delete what migrations wrote to the table and nobody has changed since")
    .option("--dry-run", "report what would be deleted, delete nothing")
    .addOption(stateOption())
    .option(...jsonOption)
    .option("--allow-production", "delete from a production table")
    .addHelpText(
      "after",
      `
Reads the journal that migrate keeps in the state folder, and undoes what it records for this table. An
item is deleted only if its UpdatedAt is still the one that the migration gave it; each item that
stays is listed. What an overwritten item held before is not in the journal: export the table first
if that matters. The checkpoint of an interrupted migration is forgotten.

Exit codes: 0 everything is deleted or was gone, 1 items were left, 2 wrong usage, 130 interrupted,
143 terminated.

Examples:
  $ bayon-data rollback --dry-run
  $ bayon-data rollback --state ./migration-of-may`,
    )
    .action((flags: RollbackFlags, command: Command) => run(flags, context, commandLine(command)));
}

async function run(flags: RollbackFlags, context: CommandContext, again: string): Promise<void> {
  const { terminal, signal } = context;
  const { dryRun = false, json = false, state } = flags;
  const file = journalFile(state);
  if (!existsSync(file)) throw new StateError(`${file} does not exist: no migration to roll back`);
  const report: RollbackReport = { deleted: 0, gone: 0, left: 0 };
  await withConnection(flags, context, async ({ data, connection }) => {
    if (!dryRun) refuseProduction(data, "rollback deletes", flags.allowProduction === true);
    const lock = await takeLock(state, migrateCommand);
    try {
      const place = placeOf(data);
      const journal = new Journal(file);
      try {
        const { runs, elsewhere } = await runsOf(file, place);
        if (runs.length === 0) {
          const others =
            elsewhere.length === 0 ? "" : `; it records migrations to ${elsewhere.join(", ")}`;
          throw new StateError(`${file} has no migration to ${place} to roll back${others}`);
        }
        await requireTable(data, signal);
        const table = openItemTable({
          ...{ ...connection, signal },
          ...sendingOf(context.sending),
        });
        const puts = runs.reduce((sum, run) => sum + run.puts, 0);
        if (!json) {
          const what = dryRun ? "Dry run: nothing is deleted. Rolling back" : "Rolling back";
          terminal.line(`${what} ${count(runs.length, "migration")} to ${place}`);
        }
        const startedAt = performance.now();
        const progress = progressOf(terminal, "items", puts, table, json);
        try {
          // Resuming a migration whose items were deleted would lose them.
          if (!dryRun) {
            const isRolledBack = ({ run }: { run: string }) => runs.some((one) => one.run === run);
            await forgetRun(state, migrateCommand, isRolledBack);
          }
          await resumable(context, { again, json }, () =>
            rollback({
              table,
              journal,
              runs,
              dryRun,
              concurrency: flags.concurrency,
              signal,
              report,
              onLeft: ({ PK, SK }, reason) =>
                terminal.line(
                  json
                    ? JSON.stringify({ kind: "left", pk: PK, sk: SK, reason })
                    : `${terminal.paint("yellow", "left")}  ${JSON.stringify(PK)} ${JSON.stringify(SK)}: ${reason}`,
                ),
              onProgress: (items) => progress.advance(items),
            }),
          );
          if (!dryRun) {
            journal.append({ rolledBack: place, at: new Date().toISOString() });
            await journal.sync();
          }
        } finally {
          progress.end();
          const ms = performance.now() - startedAt;
          if (json) {
            const seconds = Number((ms / 1_000).toFixed(3));
            const summary = { dryRun, ...report, ...table.traffic, seconds };
            terminal.line(JSON.stringify({ summary }));
          } else {
            terminal.line(
              `${count(report.deleted, "item")} ${dryRun ? "would be deleted" : "deleted"}, ${report.left} left, ${report.gone} gone before; ${count(table.traffic.requests, "request")}, ${duration(ms)}`,
            );
          }
          table.close();
        }
      } finally {
        journal.close();
      }
    } finally {
      await lock.release();
    }
  });
  context.finish(report.left > 0 ? exitCode.findings : exitCode.ok);
}
