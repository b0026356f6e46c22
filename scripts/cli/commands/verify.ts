/** `bayon-data verify firestore DIR`: whether the table holds what the export has. */
import type { Command } from "commander";
import { openItemTable } from "../../move/migration/item-table.js";
import {
  countsAgree,
  type Discrepancy,
  noReport,
  type VerifyAccounts,
  verify,
} from "../../move/migration/verify.js";
import { knowEntities } from "../../raw/known-entities.js";
import { accountLine } from "../../run/account.js";
import { count, cut, duration, type Terminal } from "../../run/terminal.js";
import {
  addConcurrencyOption,
  addConfigOption,
  addConnectionFlags,
  type CommandContext,
  type ConnectionFlags,
  exitCode,
  placeOf,
  withConnection,
} from "../connection.js";
import { jsonOption, progressOf, sendingOf } from "../long-command.js";
import { parseDate, requireTable } from "./migrate.js";
import { openFolder, showFindings } from "./seed.js";

interface VerifyFlags extends ConnectionFlags {
  readonly createdAt?: number;
  readonly concurrency: number;
  readonly extra: boolean;
  readonly json?: boolean;
}

export function addVerifyCommand(program: Command, context: CommandContext): void {
  const group = program
    .command("verify")
    .description("compare the table with what was moved into it");
  addConcurrencyOption(
    addConfigOption(addConnectionFlags(group.command("firestore <export>"))),
    "how many batches to read at once",
    128,
  )
    .description("compare each document of a Firestore export with its item")
    .option("--created-at <date>", "as it was given to migrate", parseDate)
    .option("--no-extra", "do not read the whole table for items that the export does not have")
    .option(...jsonOption)
    .addHelpText(
      "after",
      `
Compares each document with the item that migrate makes of it: keys, index keys, CreatedAt, and
each field of Data. Lists
  wrong      items that differ, with the attributes and fields that do
  missing    documents without an item
  extra      items of the export's users and agents that the export does not have
  rejected   documents that cannot be an item
The scan of the whole table also counts the items of the export. If that count differs from the
number found one by one, somebody wrote meanwhile, or something was lost.

Exit codes: 0 everything is the same, 1 something is listed or counts differ, 2 wrong usage,
130 interrupted, 143 terminated.

Examples:
  $ bayon-data verify firestore ./firestore-export
  $ bayon-data verify firestore ./backup.json --no-extra --json`,
    )
    .action((source: string, flags: VerifyFlags) => run(source, flags, context));
}

async function run(folder: string, flags: VerifyFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const { json = false } = flags;
  await knowEntities(flags.config);
  const source = await openFolder(folder, flags.createdAt);
  const report = noReport();
  await withConnection(flags, context, async ({ data, connection }) => {
    await requireTable(data, signal);
    const table = openItemTable({
      ...{ ...connection, signal },
      ...sendingOf(context.sending),
    });
    if (!json) terminal.line(`Comparing ${placeOf(data)} with the documents of ${folder}`);
    const startedAt = performance.now();
    const progress = progressOf(terminal, "documents", source.expectedDocuments, table, json);
    let accounts: VerifyAccounts | undefined;
    try {
      accounts = await verify({
        data,
        table,
        source,
        findExtra: flags.extra,
        concurrency: flags.concurrency,
        signal,
        report,
        onDiscrepancy: (found) =>
          json ? terminal.line(JSON.stringify(found)) : showDiscrepancy(found, terminal),
        onProgress: (documents) => progress.advance(documents),
      });
    } finally {
      progress.end();
      const ms = performance.now() - startedAt;
      if (json) {
        for (const finding of source.findings) terminal.line(JSON.stringify({ finding }));
        for (const note of source.notes) terminal.line(JSON.stringify({ note }));
        const seconds = Number((ms / 1_000).toFixed(3));
        terminal.line(
          JSON.stringify({ summary: { ...report, accounts, ...table.traffic, seconds } }),
        );
      } else {
        showFindings(source, terminal);
        const { documents, same, wrong, missing, extra, rejected } = report;
        terminal.line(
          `${count(documents, "document")}: ${same} the same, ${wrong} wrong, ${missing} missing, ${rejected} rejected; ${flags.extra ? `${extra} extra` : "extra items not looked for"}`,
        );
        if (accounts !== undefined) {
          terminal.line(accountLine("documents", accounts.documents));
          if (accounts.items !== undefined) terminal.line(accountLine("items", accounts.items));
        }
        if (!countsAgree(report)) {
          terminal.line(
            `${terminal.paint("yellow", "not the same")}: ${report.there} items of the export were found one by one, but the scan of the whole table found ${report.met}: somebody wrote meanwhile, or something was lost; verify again`,
          );
        }
        terminal.line(`${count(table.traffic.requests, "request")}, ${duration(ms)}`);
      }
      table.close();
    }
  });
  const { wrong, missing, extra, rejected } = report;
  const findings = wrong + missing + extra + rejected + source.findings.length;
  const isWell = findings === 0 && countsAgree(report);
  context.finish(isWell ? exitCode.ok : exitCode.findings);
}

function showDiscrepancy(found: Discrepancy, { line, paint, columns }: Terminal): void {
  const kind = paint("yellow", found.kind.padEnd(8));
  if (found.kind === "extra") {
    line(`${kind}  ${JSON.stringify(found.pk)} ${JSON.stringify(found.sk)}`);
    return;
  }
  line(`${kind}  ${cut(found.path, columns - 10)}`);
  if ("reasons" in found) {
    for (const reason of found.reasons) line(`          ${cut(reason, columns - 10)}`);
  }
}
