/** `bayon-data export DIR`: the whole table into files of DynamoDB JSON. */
import { join } from "node:path";
import type { Command } from "commander";
import {
  clearFolder,
  countAgain,
  type ExportState,
  exportTable,
  type SecondCount,
} from "../../move/table-files/export-table.js";
import { openRun } from "../../run/run-state.js";
import { count, duration } from "../../run/terminal.js";
import { type CommandContext, exitCode, placeOf } from "../connection.js";
import {
  addLongFlags,
  commandLine,
  type LongFlags,
  progressOf,
  resumable,
  withRawTable,
} from "../long-command.js";

interface ExportFlags extends LongFlags {
  readonly consistent?: boolean;
  readonly restart?: boolean;
  readonly verify?: boolean;
}

export function addExportCommand(program: Command, context: CommandContext): void {
  addLongFlags(program.command("export"))
    .description("read the whole table into gzip files of DynamoDB JSON")
    .argument("<folder>", "where to write; created if it is missing")
    .option(
      "--consistent",
      "use consistent reads, which see every earlier write; costs twice the read units",
    )
    .option("--restart", "delete what an earlier export left in the folder, and export again")
    .option("--verify", "read the files back, and count the table's items a second time")
    .addHelpText(
      "after",
      `
Writes one file per segment to <folder>/data, and at the end <folder>/manifest.json with counts and
checksums. A folder without a manifest is not finished; the same command resumes it.

--verify costs the table's read units once more. If the second count differs, the export is kept and
the exit code is 1: somebody wrote meanwhile, or something was lost.

Secrets are in the files exactly as they are in the table: protect the files just as well.

The files can be loaded with bayon-data import, or by DynamoDB itself into a new table, which
<folder>/table.json describes:
  $ aws s3 cp <folder>/data s3://<bucket>/data --recursive
  $ aws dynamodb import-table --s3-bucket-source S3Bucket=<bucket>,S3KeyPrefix=data/ \\
      --input-format DYNAMODB_JSON --input-compression-type GZIP \\
      --table-creation-parameters file://<folder>/table.json

Exit codes: 0 everything was read, 1 failed or the second count differs, 2 wrong usage,
130 interrupted, 143 terminated.

Examples:
  $ bayon-data export ./backup --environment production
  $ bayon-data export ./backup --consistent --concurrency 16 --table BayonCoAgent-staging`,
    )
    .action((folder: string, flags: ExportFlags, command: Command) =>
      resumable(context, { again: commandLine(command), json: flags.json }, () =>
        exportTo(folder, flags, context),
      ),
    );
}

async function exportTo(
  folder: string,
  flags: ExportFlags,
  context: CommandContext,
): Promise<void> {
  const { terminal, signal } = context;
  const { concurrency: segments, consistent = false, restart = false, json = false } = flags;
  const startedAt = performance.now();
  const isSame = await withRawTable(flags, context, async (table, data) => {
    const { ItemCount: total } = await table.describe();
    const reads = consistent ? ", consistent" : "";
    const fingerprint = `export ${placeOf(data)} in ${segments} segments${reads}`;
    const run = await openRun<ExportState>({ command: "export", folder, fingerprint, restart });
    const progress = progressOf(terminal, "items", total, table, json);
    try {
      if (restart) await clearFolder(folder);
      if (!json) {
        const again = run.state === undefined ? "" : ", resuming from what is there";
        terminal.line(`Exporting ${placeOf(data)} to ${folder}${again}`);
      }
      let counts: SecondCount | undefined;
      const manifest = await exportTable(table, {
        folder,
        segments,
        consistent,
        run,
        signal,
        onProgress: (items) => progress.advance(items),
        check: flags.verify
          ? async (finished) => {
              counts = await countAgain(table, finished, { folder, segments, consistent, signal });
            }
          : undefined,
      });
      progress.end();
      const same = counts === undefined || counts.inTable === manifest.items;
      const ms = performance.now() - startedAt;
      const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
      const { requests, throttles } = table.traffic;
      if (json) {
        const { items, files } = manifest;
        const second = counts && { secondCount: counts.inTable };
        const told = { items, ...second, files: files.length, bytes, ...table.traffic };
        terminal.line(JSON.stringify({ ...told, ms: Math.round(ms) }));
        return same;
      }
      const slow = throttles === 0 ? "" : `, ${throttles} throttled`;
      terminal.line(
        `${count(manifest.items, "item")} read and written to ${count(manifest.files.length, "file")}, ${count(bytes, "byte")}; ` +
          `${count(requests, "request")}${slow}, ${duration(ms)}`,
      );
      if (counts !== undefined) {
        const verdict = same
          ? terminal.paint("green", "the same")
          : terminal.paint("yellow", "not the same");
        const { inTable, inFiles } = counts;
        terminal.line(
          `${verdict}: ${count(inFiles, "item")} in the files, ${inTable} in the table by a second count`,
        );
      }
      terminal.line(`counts and checksums: ${join(folder, "manifest.json")}`);
      return same;
    } finally {
      progress.end();
      await run.release();
    }
  });
  context.finish(isSame ? exitCode.ok : exitCode.findings);
}
