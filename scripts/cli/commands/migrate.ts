/** `bayon-data migrate firestore DIR`: the documents of a Firestore export into the table. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { DataLayer } from "../../../src/index.js";
import { epochMsOf } from "../../../src/values/timestamps.js";
import { collections } from "../../move/firestore/collections.js";
import type { FirestoreExport } from "../../move/firestore/read-export.js";
import { openItemTable } from "../../move/migration/item-table.js";
import { noCounts } from "../../move/migration/journal.js";
import { migrate } from "../../move/migration/migrate.js";
import { type ConflictMode, conflictModes } from "../../move/migration/settle.js";
import { toFiles } from "../../move/migration/to-files.js";
import { noTotals, type Totals } from "../../move/migration/totals.js";
import { knowEntities } from "../../raw/known-entities.js";
import { defaultStateFolder } from "../../run/run-state.js";
import { table as columns, count, cut, duration, type Terminal } from "../../run/terminal.js";
import {
  addConcurrencyOption,
  addConfigOption,
  addConnectionFlags,
  type CommandContext,
  type ConnectionFlags,
  exitCode,
  placeOf,
  refuseProduction,
  withConnection,
} from "../connection.js";
import { commandLine, jsonOption, progressOf, resumable, sendingOf } from "../long-command.js";
import { openFolder, showFindings } from "./seed.js";

interface MigrateFlags extends ConnectionFlags {
  readonly onConflict: ConflictMode;
  readonly createdAt?: number;
  readonly dryRun?: boolean;
  readonly concurrency: number;
  readonly state: string;
  readonly restart?: boolean;
  readonly rejected: string;
  readonly to?: string;
  readonly json?: boolean;
  readonly allowProduction?: boolean;
}

export function addMigrateCommand(program: Command, context: CommandContext): void {
  const group = program
    .command("migrate")
    .description("move the documents of another database into the table");
  addConcurrencyOption(
    addConfigOption(addConnectionFlags(group.command("firestore <export>"))),
    "how many batches to write at once",
    128,
  )
    .description("move the documents of a Firestore export into the table")
    .addOption(
      new Option("--on-conflict <mode>", "what to do if another item has the key")
        .choices(conflictModes)
        .default("skip"),
    )
    .option(
      "--created-at <date>",
      "ISO date or epoch ms, for documents without a creation date",
      parseDate,
    )
    .option("--dry-run", "print the same report, but write nothing to the table")
    .addOption(stateOption())
    .option("--restart", "forget where an interrupted run stopped")
    .option("--rejected <file>", "where to list rejected documents", "rejected.ndjson")
    .addOption(
      new Option(
        "--to <folder>",
        "write files for bayon-data import or DynamoDB's import, instead of the table",
      ).conflicts(["dryRun", "onConflict"]),
    )
    .option(...jsonOption)
    .option("--allow-production", "write to a production table")
    .addHelpText(
      "after",
      `
<export> is one of
  a folder with a JSON file per collection (users.json, users_id_savedContent.json, …)
  the JSON file of node-firestore-import-export ({"__collections__": …}), or a folder with it
  the JSON file of firestore-export-import ({"users": {"<id>": …}}), or a folder with it
A managed export (gcloud firestore export) is not JSON; the message says how to convert it.

Each document has exactly one outcome:
  written    it is now an item
  identical  the table has this very item already
  kept       the table has another item with this key, and it stays
  rejected   it cannot be an item; --rejected lists its path and the reasons

--on-conflict says what to do if the table has another item with the key:
  skip       the item stays
  newer      the item is replaced if the document was changed after the item was written; a
             document without a date replaces nothing
  overwrite  the item is replaced without being read: the fastest, for an empty table
  fail       the run ends
All but overwrite use conditional writes: what a live application writes meanwhile is safe.

CreatedAt is the document's own creation date, else --created-at, else the date of the export
(_summary.json), else the date of its file. A date that cannot be read is reported. Firestore
timestamps become ISO strings; everything else stays as it is. With COAGENT_ENCRYPTION_KEYS, tokens
are encrypted.

With --config, the documents of the collections that the file names (firestore) become items of your
own entities.

If it is stopped at any moment, even by SIGKILL, the same command resumes it. What it wrote is in
<state>/journal.ndjson, from which bayon-data rollback undoes it. With --to, no table is used, and
an interrupted run starts again.

Exit codes: 0 everything is in the table, 1 documents were rejected, the export contradicts itself
or the run failed, 2 wrong usage, 130 interrupted, 143 terminated.

Examples:
  $ bayon-data migrate firestore ./firestore-export --dry-run
  $ bayon-data migrate firestore ./backup.json --on-conflict newer --concurrency 16
  $ bayon-data migrate firestore ./firestore-export --to ./items`,
    )
    .action((source: string, flags: MigrateFlags, command: Command) =>
      flags.to === undefined
        ? run(source, flags, context, commandLine(command))
        : runToFiles(source, flags.to, flags, context, commandLine(command)),
    );
}

/** `--state`. */
export function stateOption(): Option {
  return new Option("--state <folder>", "where checkpoint, lock and journal are kept").default(
    defaultStateFolder,
  );
}

/** Parses an ISO date or epoch milliseconds. */
export function parseDate(text: string): number {
  const ms = epochMsOf(/^\d{5,}$/.test(text) ? Number(text) : text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError(
    "It must be an ISO date or epoch milliseconds, from 1970 to 2286.",
  );
}

async function run(
  folder: string,
  flags: MigrateFlags,
  context: CommandContext,
  again: string,
): Promise<void> {
  const { terminal, signal } = context;
  const { dryRun = false, json = false, createdAt } = flags;
  await knowEntities(flags.config);
  const source = await openFolder(folder, createdAt);
  const totals = noTotals();
  await withConnection(flags, context, async ({ data, connection }) => {
    if (!dryRun) refuseProduction(data, "migrate writes", flags.allowProduction === true);
    await requireTable(data, signal);
    const table = openItemTable({
      ...{ ...connection, signal },
      ...sendingOf(context.sending),
    });
    const place = placeOf(data);
    if (!json) {
      const what = dryRun ? "Dry run: nothing is written. Moving" : "Moving";
      terminal.line(`${what} the documents of ${folder} to ${place}`);
    }
    const startedAt = performance.now();
    const progress = progressOf(terminal, "documents", source.expectedDocuments, table, json);
    try {
      await resumable(context, { again, json }, () =>
        migrate({
          data,
          table,
          place,
          source,
          mode: flags.onConflict,
          dryRun,
          concurrency: flags.concurrency,
          stateFolder: flags.state,
          restart: flags.restart === true,
          rejectedFile: flags.rejected,
          createdAt,
          signal,
          totals,
          onProgress: (documents) => progress.advance(documents),
        }),
      );
    } finally {
      progress.end();
      const ended = { source, totals, ...table.traffic, ms: performance.now() - startedAt };
      if (json) showJson(ended, flags, terminal);
      else show(ended, flags, terminal);
      table.close();
    }
  });
  const findings = totals.all.rejected + source.findings.length;
  context.finish(findings > 0 ? exitCode.findings : exitCode.ok);
}

async function runToFiles(
  folder: string,
  to: string,
  flags: MigrateFlags,
  context: CommandContext,
  again: string,
): Promise<void> {
  const { terminal, signal } = context;
  const { json = false, createdAt } = flags;
  await knowEntities(flags.config);
  const source = await openFolder(folder, createdAt);
  const totals = noTotals();
  await withConnection(flags, context, async ({ data }) => {
    if (!json) terminal.line(`Writing the documents of ${folder} to files in ${to}`);
    const startedAt = performance.now();
    const traffic = { requests: 0, throttles: 0 };
    const total = source.expectedDocuments;
    const progress = progressOf(terminal, "documents", total, { traffic }, json);
    try {
      await resumable(context, { again, json }, () =>
        toFiles({
          ...{ data, source, folder: to, restart: flags.restart === true },
          ...{ rejectedFile: flags.rejected, signal, totals },
          onProgress: (documents) => progress.advance(documents),
        }),
      );
    } finally {
      progress.end();
      const ended = { source, totals, ...traffic, ms: performance.now() - startedAt };
      if (json) showJson(ended, flags, terminal);
      else show(ended, flags, terminal);
    }
  });
  const findings = totals.all.rejected + source.findings.length;
  context.finish(findings > 0 ? exitCode.findings : exitCode.ok);
}

/** Fails at once if the table is missing or unreachable, before anything is prepared. */
export async function requireTable(data: DataLayer, signal: AbortSignal): Promise<void> {
  try {
    if ((await data.table.describe({ signal })) !== null) return;
  } catch (error) {
    // Whoever may read and write items need not be allowed to describe the table.
    if ((error as { code?: unknown }).code === "AccessDeniedException") return;
    throw error;
  }
  const message = `no such table: ${placeOf(data)}`;
  throw Object.assign(new Error(message), { code: "ResourceNotFoundException" });
}

interface Ended {
  readonly source: FirestoreExport;
  readonly totals: Totals;
  readonly requests: number;
  readonly throttles: number;
  readonly ms: number;
}

function show(ended: Ended, { dryRun, rejected }: MigrateFlags, terminal: Terminal): void {
  const { totals, source, requests, throttles, ms } = ended;
  const { line, paint } = terminal;
  const cells = ({ written, identical, kept, rejected }: Totals["all"]) =>
    [written, identical, kept, rejected] as const;
  const rows = collections().flatMap(({ facade }) =>
    totals.byFacade.has(facade)
      ? [[facade, ...cells(totals.byFacade.get(facade) ?? noCounts())] as const]
      : [],
  );
  const head = ["", dryRun ? "would write" : "written", "identical", "kept", "rejected"];
  for (const row of columns([head, ...rows, ["total", ...cells(totals.all)]])) line(row);
  for (const { path, reasons } of totals.rejected) {
    const room = terminal.columns - 10;
    line(`${paint("yellow", "rejected")}  ${cut(path, room)}`);
    for (const reason of reasons) line(`          ${cut(reason, room)}`);
  }
  const more = totals.all.rejected - totals.rejected.length;
  if (totals.all.rejected > 0)
    line(`${more > 0 ? `… and ${more} more; all` : "All"} in ${rejected}`);
  showFindings(source, terminal);
  const rate = Math.round(totals.documents / Math.max(ms / 1_000, 0.001));
  const throttled = throttles === 0 ? "" : `, throttled ${count(throttles, "time")}`;
  line(
    `${count(totals.documents, "document")} in ${duration(ms)} (${rate}/s), ${count(requests, "request")}${throttled}`,
  );
}

function showJson(ended: Ended, { dryRun, rejected }: MigrateFlags, { line }: Terminal): void {
  const { totals, source, requests, throttles, ms } = ended;
  for (const finding of source.findings) line(JSON.stringify({ finding }));
  for (const note of source.notes) line(JSON.stringify({ note }));
  const summary = {
    dryRun: dryRun === true,
    documents: totals.documents,
    ...totals.all,
    byEntity: Object.fromEntries(totals.byFacade),
    rejectedFile: totals.all.rejected > 0 ? rejected : undefined,
    requests,
    throttles,
    seconds: Number((ms / 1_000).toFixed(3)),
  };
  line(JSON.stringify({ summary }));
}
