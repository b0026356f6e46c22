/** `bayon-data seed`: made-up agents, or the documents of a Firestore export. */
import { type Command, Option } from "commander";
import { collections } from "../../move/firestore/collections.js";
import { ExportError } from "../../move/firestore/json-file.js";
import type { Mapped } from "../../move/firestore/map-document.js";
import {
  type Finding,
  type FirestoreExport,
  openExport,
} from "../../move/firestore/read-export.js";
import { type Counts, createReport, type LoadReport, loadItems } from "../../move/load-items.js";
import { knowEntities, knownDefinitions } from "../../raw/known-entities.js";
import { table as columns, count, cut, duration, type Terminal } from "../../run/terminal.js";
import { madeUp } from "../../seed/made-up.js";
import {
  addConfigOption,
  addConnectionFlags,
  type CommandContext,
  type ConnectionFlags,
  exitCode,
  placeOf,
  refuseProduction,
  UsageError,
  wholeNumber,
  withConnection,
} from "../connection.js";
import { jsonOption, progressOf } from "../long-command.js";

interface SeedFlags extends ConnectionFlags {
  readonly users: number;
  readonly from?: string;
  readonly randomSeed: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly allowProduction?: boolean;
}

export function addSeedCommand(program: Command, context: CommandContext): void {
  addConfigOption(addConnectionFlags(program.command("seed")))
    .description("fill the table with made-up agents, or with the documents of a Firestore export")
    .addOption(
      new Option("--users <number>", "how many agents to make up, with about 40 items each")
        .argParser(wholeNumber(1, 100_000))
        .default(3),
    )
    .addOption(
      new Option("--random-seed <number>", "a different number makes up different agents")
        .argParser(wholeNumber(0, 2 ** 31))
        .default(1)
        .conflicts("from"),
    )
    .addOption(
      new Option("--from <export>", "load this Firestore export instead").conflicts("users"),
    )
    .option("--dry-run", "print the same report, but write nothing")
    .option(...jsonOption)
    .option("--allow-production", "write to a production table")
    .addHelpText(
      "after",
      `
With --config, each made-up agent has three items of each of your own entities, and documents of the
collections that the file names become items of them.

A second run changes nothing: ids and dates are the same, and an item that is there already is not
written again. A document that cannot be an item is rejected and listed with the reasons; the others
are written. To move real data, use bayon-data migrate firestore: it can be interrupted, verified
and rolled back. Which exports are read is in its --help.

Exit codes: 0 everything was written, 1 documents were rejected or the export contradicts itself,
2 wrong usage, 130 interrupted, 143 terminated.

Examples:
  $ bayon-data seed --environment local
  $ bayon-data seed --users 50 --random-seed 7 --dry-run
  $ bayon-data seed --from ./firestore-export --table BayonCoAgent-staging`,
    )
    .action((flags: SeedFlags) => seed(flags, context));
}

async function seed(flags: SeedFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const { dryRun = false, json = false } = flags;
  await knowEntities(flags.config);
  const source = await sourceOf(flags);
  const report = createReport();
  await withConnection(flags, context, async ({ data, requests }) => {
    if (!dryRun) refuseProduction(data, "seed writes", flags.allowProduction === true);
    const what = dryRun ? "Dry run: nothing is written. Seeding" : "Seeding";
    if (!json) terminal.line(`${what} ${placeOf(data)} with ${source.name}`);
    const startedAt = performance.now();
    const traffic = { requests: 0, throttles: 0 };
    const progress = progressOf(terminal, "documents", source.total, { traffic }, json);
    try {
      await loadItems(data, source.items, report, {
        signal,
        skipUnchanged: true,
        dryRun,
        onProgress: (items) => progress.advance(items),
      });
    } finally {
      progress.end();
      const ms = performance.now() - startedAt;
      if (json) showJson(report, source, { dryRun, requests: requests(), ms }, terminal);
      else {
        show(report, source, dryRun, terminal);
        terminal.line(`${count(requests(), "request")}, ${duration(ms)}`);
      }
    }
  });
  const findings = report.rejections.length + (source.export?.findings.length ?? 0);
  context.finish(findings > 0 ? exitCode.findings : exitCode.ok);
}

interface Source {
  readonly name: string;
  readonly items: Iterable<Mapped> | AsyncIterable<Mapped>;
  readonly total: number | undefined;
  readonly export?: FirestoreExport;
}

async function sourceOf({ from, users, randomSeed }: SeedFlags): Promise<Source> {
  if (from === undefined) {
    const name = `${count(users, "made-up agent")} (random seed ${randomSeed})`;
    return {
      name,
      items: madeUp(knownDefinitions(), { users, seed: randomSeed }),
      total: undefined,
    };
  }
  const opened = await openFolder(from);
  const name = `the documents of ${from}`;
  return { name, items: opened.documents(), total: opened.expectedDocuments, export: opened };
}

/** Opens an export that a person named. @throws UsageError if the folder holds none */
export async function openFolder(folder: string, createdAt?: number): Promise<FirestoreExport> {
  try {
    return await openExport(folder, createdAt);
  } catch (error) {
    throw error instanceof ExportError ? new UsageError(error.message, error) : error;
  }
}

function show(report: LoadReport, source: Source, dryRun: boolean, terminal: Terminal): void {
  for (const line of summaryOf(report, dryRun)) terminal.line(line);
  showRejections(report, terminal, { columns: terminal.columns });
  if (source.export !== undefined) showFindings(source.export, terminal);
}

function showJson(
  { counts, rejections }: LoadReport,
  source: Source,
  { dryRun, requests, ms }: { dryRun: boolean; requests: number; ms: number },
  { line }: Terminal,
): void {
  for (const { path, reasons } of rejections) {
    line(JSON.stringify({ kind: "rejected", path, reasons }));
  }
  for (const finding of source.export?.findings ?? []) line(JSON.stringify({ finding }));
  for (const note of source.export?.notes ?? []) line(JSON.stringify({ note }));
  const summary = {
    dryRun,
    ...totalOf(counts),
    byEntity: Object.fromEntries(counts),
    requests,
    seconds: Number((ms / 1_000).toFixed(3)),
  };
  line(JSON.stringify({ summary }));
}

function totalOf(counts: LoadReport["counts"]): Counts {
  const total = { written: 0, unchanged: 0, rejected: 0 };
  for (const one of counts.values()) {
    total.written += one.written;
    total.unchanged += one.unchanged;
    total.rejected += one.rejected;
  }
  return total;
}

/** How many of each entity were written, were there already, and were rejected. */
function summaryOf({ counts }: LoadReport, dryRun: boolean): string[] {
  const none = { written: 0, unchanged: 0, rejected: 0 };
  // What has no collection in Firestore comes last.
  const names = new Set([...collections().map(({ facade }) => facade), ...counts.keys()]);
  const rows = [...names].flatMap((name) => {
    const { written, unchanged, rejected } = counts.get(name) ?? none;
    return counts.has(name) ? [[name, written, unchanged, rejected] as const] : [];
  });
  const total = totalOf(counts);
  const last = ["total", total.written, total.unchanged, total.rejected] as const;
  const head = ["", dryRun ? "would write" : "written", "unchanged", "rejected"];
  return columns([head, ...rows, last]);
}

/** Each rejected document with its path and reasons: all of them, or the first `most`. */
export function showRejections(
  { rejections }: LoadReport,
  { line, paint }: Pick<Terminal, "line" | "paint">,
  { most = rejections.length, folder = "", columns }: ShownRejections,
): void {
  for (const { path, reasons } of rejections.slice(0, most)) {
    line(`${paint("yellow", "rejected")}  ${cut(path, columns - 10)}`);
    for (const reason of reasons) line(`          ${cut(reason, columns - 10)}`);
  }
  if (rejections.length > most) {
    line(`… and ${rejections.length - most} more: bayon-data seed --from ${folder}`);
  }
}

interface ShownRejections {
  readonly columns: number;
  readonly most?: number;
  /** The export, for the command that shows all of them. */
  readonly folder?: string;
}

/** What is odd about the export as a whole. */
export function showFindings(
  { findings, notes }: FirestoreExport,
  { line, paint }: Pick<Terminal, "line" | "paint">,
  columns = Number.POSITIVE_INFINITY,
): void {
  const shown = ({ file, message }: Finding) => cut(`${file}: ${message}`, columns - 10);
  for (const finding of findings) line(`${paint("yellow", "finding")}   ${shown(finding)}`);
  for (const note of notes) line(`${paint("dim", "note")}      ${shown(note)}`);
}
