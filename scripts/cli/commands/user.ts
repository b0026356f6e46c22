/** `bayon-data user export | erase ID`: everything that is stored of one user. */
import type { Command } from "commander";
import type { DataLayer, UserErasure } from "../../../src/index.js";
import { ValidationError } from "../../../src/index.js";
import { limits } from "../../../src/table/table.js";
import { jsonLine } from "../../raw/json-line.js";
import { type NewFile, openNewFile } from "../../run/new-file.js";
import { table as columns, count, duration, type Terminal } from "../../run/terminal.js";
import {
  addConfigOption,
  addConnectionFlags,
  type CommandContext,
  type ConnectionFlags,
  exitCode,
  patientRetries,
  placeOf,
  refuseProduction,
  UsageError,
  withConnection,
} from "../connection.js";
import { commandLine, jsonOption, progressOf, resumable } from "../long-command.js";

interface ExportFlags extends ConnectionFlags {
  readonly out?: string;
  readonly revealSecrets?: boolean;
  readonly consistent?: boolean;
  readonly allowProduction?: boolean;
  readonly json?: boolean;
}

interface EraseFlags extends ConnectionFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly allowProduction?: boolean;
  readonly json?: boolean;
}

type Counts = Pick<UserErasure, "entities" | "undeclared">;

export function addUserCommands(program: Command, context: CommandContext): void {
  const user = program
    .command("user")
    .description("export or erase everything that is stored of one user")
    .addHelpText("after", "\nExample:\n  $ bayon-data user export user-1 --environment local");
  addExport(user, context);
  addErase(user, context);
}

function addExport(user: Command, context: CommandContext): void {
  addConfigOption(addConnectionFlags(user.command("export")))
    .description("print everything that is stored of a user, one item a line")
    .argument("<id>", "the user's id")
    .option("--out <file>", "write the lines to this file, which must not exist yet (stdout)")
    .option("--reveal-secrets", "give secret fields in clear text, and not as [secret]")
    .option(
      "--consistent",
      "use consistent reads, which see every earlier write; costs twice the read units",
    )
    .option(...jsonOption)
    .option("--allow-production", "print what a production table holds of the user")
    .addHelpText(
      "after",
      `
A line is an item as JSON, with the name of its store: {"entity":"project","userId":…,"data":{…},…}.
A row that no entity declares is {"entity":null,"attributes":{…}}, as it is stored. Sets are lists,
bytes are base64 text, and a number that would be rounded is a text. How many items there were is on
stderr, or on stdout with --out. The lines are for people and other programs; what bayon-data import
reads, bayon-data export writes.

All partitions are read whose key is made of the user's id alone, with --config those of your own
entities too. Keys elsewhere that hold a user's id are listed at the end.

If secrets are encrypted, --reveal-secrets needs the keys in COAGENT_ENCRYPTION_KEYS. A file is
readable for its owner alone.

Exit codes: 0 everything was read, 1 failed, 2 wrong usage, 130 interrupted, 143 terminated.

Examples:
  $ bayon-data user export user-1 --environment production --allow-production --out user-1.ndjson
  $ bayon-data user export user-1 --config ./dist/data-config.js | jq -r .entity`,
    )
    .action((id: string, flags: ExportFlags) => exportUser(id, flags, context));
}

function addErase(user: Command, context: CommandContext): void {
  addConfigOption(addConnectionFlags(user.command("erase")))
    .description("delete everything that is stored of a user")
    .argument("<id>", "the user's id")
    .option("--dry-run", "print the same report, but delete nothing")
    .option("--yes", "do not ask; needed if there is no terminal, and with --json")
    .option(...jsonOption)
    .option("--allow-production", "delete from a production table")
    .addHelpText(
      "after",
      `
Counts what is there, asks for the user's id, and deletes everything in the partitions whose key is
made of the id alone: items of all entities, with --config those of your own too, and rows that no
entity declares. Then it looks again, until nothing is left that others wrote meanwhile. Run
bayon-data user export first if anything may still be wanted.

What was deleted is gone from the table, and not from backups, streams and logs. Items in others'
partitions stay; keys that may hold the user's id there are listed at the end.

After an interruption the same command goes on with what is left.

Exit codes: 0 nothing is left, 1 others wrote faster than it deletes, nothing was confirmed, or it
failed, 2 wrong usage, 130 interrupted, 143 terminated.

Examples:
  $ bayon-data user erase user-1 --environment production --dry-run
  $ bayon-data user erase user-1 --environment production --allow-production`,
    )
    .action((id: string, flags: EraseFlags, command: Command) =>
      eraseUser(id, flags, commandLine(command), context),
    );
}

/** Everything that is stored of a user. @throws UsageError for an id that is none */
function userOf(data: DataLayer, id: string): ReturnType<DataLayer["user"]> {
  try {
    return data.user(id);
  } catch (error) {
    throw error instanceof ValidationError ? new UsageError(error.message, error) : error;
  }
}

async function exportUser(id: string, flags: ExportFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const { out, json = false, consistent, revealSecrets } = flags;
  const startedAt = performance.now();
  await withConnection(flags, context, async ({ data, requests }) => {
    refuseProduction(data, "user export reads a user's data", flags.allowProduction === true);
    const user = userOf(data, id);
    const items = user.export({ signal, consistent, secrets: revealSecrets ? "reveal" : "mask" });
    const file = out === undefined ? undefined : await openNewFile(out);
    const progress = progressOf(terminal, "items", undefined, quiet, json);
    const found = { entities: {} as Record<string, number>, undeclared: 0 };
    try {
      for await (const item of items) {
        await writeLine(jsonLine(item), file, terminal);
        const { entity } = item;
        if (entity === null) found.undeclared += 1;
        else found.entities[entity] = (found.entities[entity] ?? 0) + 1;
        progress.advance();
      }
      await file?.finish();
    } finally {
      progress.end();
      await file?.close();
    }
    const total = sumOf(found);
    const ms = Math.round(performance.now() - startedAt);
    // The report is no item: it is kept apart from them.
    const say = file === undefined ? terminal.complain : terminal.line;
    const { notCovered } = user;
    if (json) {
      say(JSON.stringify({ exported: total, ...found, notCovered, requests: requests(), ms }));
      return;
    }
    for (const row of rowsOf(found, "exported")) say(row);
    if (total === 0) say(`nothing is stored of the user ${id} in ${placeOf(data)}`);
    for (const line of uncovered(notCovered)) say(line);
    say(`${count(total, "item")}, ${count(requests(), "request")}, ${duration(ms)}`);
  });
  context.finish(exitCode.ok);
}

/** A command that sends little reports no throttles. */
const quiet = { traffic: { requests: 0, throttles: 0 } };

async function writeLine(line: string, file: NewFile | undefined, terminal: Terminal) {
  if (file === undefined) terminal.line(line.trimEnd());
  else await file.write(line);
}

async function eraseUser(
  id: string,
  flags: EraseFlags,
  again: string,
  context: CommandContext,
): Promise<void> {
  const { terminal, signal } = context;
  const { dryRun = false, json = false } = flags;
  const startedAt = performance.now();
  const left = await withConnection(flags, context, async (connection) => {
    const { data } = connection;
    if (!dryRun) {
      refuseProduction(data, "user erase deletes", flags.allowProduction === true);
      if (flags.yes !== true && (json || !terminal.canAsk)) {
        throw new UsageError(`this deletes ${whatOf(id, data)}: add --yes if you mean it`);
      }
    }
    const user = userOf(data, id);
    const found = await user.erase({ dryRun: true, signal });
    const isWanted = dryRun || found.erased === 0 || flags.yes === true;
    if (!isWanted && !(await isConfirmed(id, found, data, context))) {
      terminal.complain("nothing was deleted");
      return undefined;
    }
    const erasing = () => erased(id, found, flags, context);
    const done = dryRun ? undefined : await resumable(context, { again, json }, erasing);
    const { erasure, requests: sent } = done ?? { erasure: found, requests: 0 };
    const requests = connection.requests() + sent;
    const ms = Math.round(performance.now() - startedAt);
    if (json) terminal.line(JSON.stringify({ dryRun, ...erasure, requests, ms }));
    else show(erasure, { id, data, dryRun, requests, ms }, terminal);
    return erasure.left;
  });
  context.finish(left === 0 ? exitCode.ok : exitCode.findings);
}

/** Erases, however long the table is throttled, and shows how many of the batches are done. */
function erased(
  id: string,
  found: UserErasure,
  flags: EraseFlags,
  context: CommandContext,
): Promise<{ readonly erasure: UserErasure; readonly requests: number }> {
  const { terminal, signal } = context;
  const patient = { ...context, maxRetries: patientRetries };
  return withConnection(flags, patient, async ({ data, requests, onRequest }) => {
    const batches = Math.ceil(found.erased / limits.batchWriteItems);
    const progress = progressOf(terminal, "batches", batches, quiet, flags.json === true);
    onRequest(({ request, error }) => {
      if (request === "BatchWrite" && error === undefined) progress.advance();
    });
    try {
      return { erasure: await userOf(data, id).erase({ signal }), requests: requests() };
    } finally {
      progress.end();
    }
  });
}

function whatOf(id: string, data: DataLayer): string {
  return `everything of the user ${id} in ${placeOf(data)}`;
}

async function isConfirmed(
  id: string,
  found: UserErasure,
  data: DataLayer,
  { terminal, signal }: CommandContext,
): Promise<boolean> {
  const question =
    `This deletes ${whatOf(id, data)}: ${count(found.erased, "item")}.\n` +
    "To go on, type the user's id: ";
  return (await terminal.ask(question, signal)).trim() === id.trim();
}

interface Run {
  readonly id: string;
  readonly data: DataLayer;
  readonly dryRun: boolean;
  readonly requests: number;
  readonly ms: number;
}

function show(erasure: UserErasure, run: Run, { line, paint }: Terminal): void {
  const { id, data, dryRun, requests, ms } = run;
  const { erased, left, notCovered } = erasure;
  for (const row of rowsOf(erasure, dryRun ? "would erase" : "erased")) line(row);
  if (erased === 0) line(`nothing is stored of the user ${id} in ${placeOf(data)}`);
  if (left > 0) {
    const again = "they are written faster than they are erased; stop the writers and run it again";
    line(`${paint("yellow", "left")}  ${count(left, "item")}: ${again}`);
  }
  for (const one of uncovered(notCovered)) line(one);
  line(`${count(erased, "item")}, ${count(requests, "request")}, ${duration(ms)}`);
}

function sumOf({ entities, undeclared }: Counts): number {
  return Object.values(entities).reduce((sum, number) => sum + number, undeclared);
}

/** How many items of each entity, and in all. */
function rowsOf(counts: Counts, head: string): string[] {
  const sum = sumOf(counts);
  if (sum === 0) return [];
  const { entities, undeclared } = counts;
  const rows = Object.entries(entities).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const others = undeclared === 0 ? [] : [["of no declared entity", undeclared] as const];
  return columns([["", head], ...rows, ...others, ["total", sum]]);
}

/** What may hold the user's id and was not looked for. */
function uncovered(keys: UserErasure["notCovered"]): string[] {
  return keys.map(
    ({ entity, index }) => `not covered: ${entity}, whose key ${index} may hold the user's id`,
  );
}
