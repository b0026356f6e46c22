/** `bayon-data seed`: made-up agents, or the documents of a Firestore export. */
import { type Command, Option } from "commander";
import { collections } from "../firestore/collections.js";
import { ExportError } from "../firestore/json-file.js";
import type { Mapped } from "../firestore/map-document.js";
import { type FirestoreExport, openExport } from "../firestore/read-export.js";
import { createReport, type LoadReport, loadItems } from "../load-items.js";
import { sampleItems } from "../sample-data.js";
import { table as columns, count, cut, duration, type Terminal } from "../terminal.js";
import {
  addConnectionFlags,
  type CommandContext,
  type ConnectionFlags,
  exitCode,
  placeOf,
  refuseProduction,
  UsageError,
  wholeNumber,
  withConnection,
} from "./connection.js";

interface SeedFlags extends ConnectionFlags {
  readonly users: number;
  readonly from?: string;
  readonly randomSeed: number;
  readonly allowProduction?: boolean;
}

export function addSeedCommand(program: Command, context: CommandContext): void {
  addConnectionFlags(program.command("seed"))
    .description("fill the table with made-up agents, or with the documents of a Firestore export")
    .addOption(
      new Option("--users <number>", "how many agents to make up, some 40 items each")
        .argParser(wholeNumber(1, 100_000))
        .default(3),
    )
    .addOption(new Option("--from <folder>", "a Firestore export instead").conflicts("users"))
    .addOption(
      new Option("--random-seed <number>", "another one makes up other agents")
        .argParser(wholeNumber(0, 2 ** 31))
        .default(1)
        .conflicts("from"),
    )
    .option("--allow-production", "write to a production table")
    .addHelpText(
      "after",
      `
Run twice it changes nothing: ids and dates are the same, and what is there already is not
written again. A document that cannot be an item is listed with its reasons and rejected;
the others are written.

Exit codes: 0 all written, 1 some rejected or the export disagrees with itself, 2 bad usage.

Examples:
  $ bayon-data seed --environment local
  $ bayon-data seed --users 50 --random-seed 7
  $ bayon-data seed --from ./firestore-export --table BayonCoAgent-staging`,
    )
    .action((flags: SeedFlags) => seed(flags, context));
}

async function seed(flags: SeedFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const source = await sourceOf(flags);
  const report = createReport();
  await withConnection(flags, async ({ data, requests }) => {
    refuseProduction(data, "seed writes", flags.allowProduction === true);
    terminal.line(`Seeding ${placeOf(data)} with ${source.name}`);
    const startedAt = performance.now();
    const progress = terminal.progress("documents", source.total);
    try {
      await loadItems(data, source.items, report, {
        signal,
        skipUnchanged: true,
        onProgress: (items) => progress.advance(items),
      });
    } finally {
      progress.end();
      show(report, source, terminal);
      terminal.line(`${count(requests(), "request")}, ${duration(performance.now() - startedAt)}`);
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
    return { name, items: sampleItems({ users, seed: randomSeed }), total: undefined };
  }
  const opened = await openFolder(from);
  const name = `the documents of ${from}`;
  return { name, items: opened.documents(), total: opened.expectedDocuments, export: opened };
}

/** Opens an export that a person named. @throws UsageError where the folder holds none */
export async function openFolder(folder: string, createdAt?: number): Promise<FirestoreExport> {
  try {
    return await openExport(folder, createdAt);
  } catch (error) {
    throw error instanceof ExportError ? new UsageError(error.message, error) : error;
  }
}

function show(report: LoadReport, source: Source, terminal: Terminal): void {
  for (const line of summaryOf(report)) terminal.line(line);
  showRejections(report, terminal);
  if (source.export !== undefined) showFindings(source.export, terminal);
}

/** How many of each entity were written, were there already, and were rejected. */
function summaryOf({ counts }: LoadReport): string[] {
  const none = { written: 0, unchanged: 0, rejected: 0 };
  const total = { ...none };
  const rows = collections.flatMap(({ facade }) => {
    const { written, unchanged, rejected } = counts.get(facade) ?? none;
    total.written += written;
    total.unchanged += unchanged;
    total.rejected += rejected;
    return counts.has(facade) ? [[facade, written, unchanged, rejected] as const] : [];
  });
  const last = ["total", total.written, total.unchanged, total.rejected] as const;
  const head = ["", "written", "unchanged", "rejected"];
  return columns([head, ...rows, last]);
}

/** Each rejected document with its path and reasons: all of them, or so many and how to see the rest. */
export function showRejections(
  { rejections }: LoadReport,
  { interactive, columns: width, line, paint }: Terminal,
  { most = Number.POSITIVE_INFINITY, folder = "" }: { most?: number; folder?: string } = {},
): void {
  // Where all are listed, a log has to hold the whole of each path.
  const whole = !interactive && most === Number.POSITIVE_INFINITY;
  const room = whole ? most : width - 10;
  for (const { path, reasons } of rejections.slice(0, most)) {
    line(`${paint("yellow", "rejected")}  ${cut(path, room)}`);
    for (const reason of reasons) line(`          ${cut(reason, room)}`);
  }
  if (rejections.length > most) {
    line(`… and ${rejections.length - most} more: bayon-data seed --from ${folder}`);
  }
}

/** What is odd about the export as a whole. */
export function showFindings({ findings }: FirestoreExport, { line, paint }: Terminal): void {
  for (const { file, message } of findings) {
    line(`${paint("yellow", "finding")}   ${file}: ${message}`);
  }
}
