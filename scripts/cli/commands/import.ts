/** `bayon-data import DIR`: the files of an export into a table. */
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { resolveCipher } from "../../../src/secrets/encryption.js";
import { keySchemaOf } from "../../move/table-files/export-table.js";
import {
  type Import,
  type ImportState,
  importTable,
  type OnConflict,
  type OnlyKeys,
} from "../../move/table-files/import-table.js";
import {
  fingerprintOf,
  type Manifest,
  readManifest,
  TableFilesError,
  verifyFiles,
} from "../../move/table-files/manifest.js";
import type { RawTable } from "../../raw/raw-table.js";
import { accountLine } from "../../run/account.js";
import { defaultStateFolder, openRun } from "../../run/run-state.js";
import { count, cut, duration, type Terminal } from "../../run/terminal.js";
import {
  addConcurrencyOption,
  addConfigOption,
  addConnectionFlags,
  type CommandContext,
  type ConnectionFlags,
  exitCode,
  placeOf,
  refuseProduction,
  UsageError,
} from "../connection.js";
import { commandLine, jsonOption, progressOf, resumable, withRawTable } from "../long-command.js";

interface ImportFlags extends ConnectionFlags {
  readonly onConflict: OnConflict;
  readonly only?: readonly string[];
  readonly onlySort?: string;
  readonly concurrency: number;
  readonly dryRun?: boolean;
  readonly state: string;
  readonly restart?: boolean;
  readonly json?: boolean;
  readonly allowProduction?: boolean;
}

export function addImportCommand(program: Command, context: CommandContext): void {
  addConcurrencyOption(
    addConfigOption(addConnectionFlags(program.command("import"))),
    "how many batches to write at once",
    128,
    { oldName: "--parallel" },
  )
    .description("write the files of an export into the table")
    .argument("<folder>", "what bayon-data export wrote")
    .addOption(
      new Option("--on-conflict <what>", "replace an item that has the key already, or skip")
        .choices(["overwrite", "skip"])
        .default("skip"),
    )
    .option(
      "--only <partition>",
      "import the items of this partition key alone, such as USER#u1; once for each",
      (partition: string, before: readonly string[] = []) => [...before, partition],
    )
    .option("--only-sort <key>", "of --only, the one item with this sort key")
    .option("--dry-run", "check the files and report what would be written, write nothing")
    .option("--state <folder>", "where checkpoint and rejections are kept", defaultStateFolder)
    .option("--restart", "forget the checkpoint of an interrupted run")
    .option(...jsonOption)
    .option("--allow-production", "write to a production table")
    .addHelpText(
      "after",
      `
Checks the manifest and every checksum before anything is written. skip writes each item on the
condition that nothing has its key (a request per item); overwrite writes 25 items in a request. An
item that DynamoDB refuses is listed, without its values, in <state>/import/rejected.ndjson; its
neighbours are written. With COAGENT_ENCRYPTION_KEYS, secrets in clear text are encrypted; encrypted
ones are written as they are.

--dry-run reads the table (25 keys in a request) to find out what is there. It checks the size limit
and the table's key; anything else that DynamoDB may refuse shows only in a real run.

--only restores one user or one item: give it each partition of the user, and look with --dry-run
first. The exit code is 1 if the files have no such key.

To load a new table of any size, let DynamoDB read the files itself: see bayon-data export --help.

Exit codes: 0 everything was written or skipped, 1 lines were rejected, 2 wrong usage,
130 interrupted, 143 terminated.

Examples:
  $ bayon-data table create --table BayonCoAgent-copy
  $ bayon-data import ./backup --table BayonCoAgent-copy --dry-run
  $ bayon-data import ./backup --table BayonCoAgent-copy --on-conflict overwrite
  $ bayon-data import ./backup --only USER#user-1 --only REVIEW#user-1 --dry-run`,
    )
    .action((folder: string, flags: ImportFlags, command: Command) =>
      resumable(context, { again: commandLine(command), json: flags.json }, () =>
        importFrom(folder, flags, context),
      ),
    );
}

async function importFrom(
  folder: string,
  flags: ImportFlags,
  context: CommandContext,
): Promise<void> {
  const { terminal, signal } = context;
  const { onConflict, concurrency, dryRun = false, restart, json = false } = flags;
  const only = onlyOf(flags);
  const startedAt = performance.now();
  const manifest = await readManifest(folder);
  const stateFolder = join(flags.state, "import");
  const rejectedPath = join(stateFolder, dryRun ? "rejected-dry-run.ndjson" : "rejected.ndjson");
  const done = await withRawTable(flags, context, async (table, data) => {
    if (!dryRun) refuseProduction(data, "import writes", flags.allowProduction === true);
    refuseOtherKey(manifest, await table.describe(), table, folder);
    await verifyFiles(folder, manifest, signal);
    const source = `${resolve(folder)} of ${manifest.finishedAt} (${await fingerprintOf(folder)})`;
    const fingerprint = `import ${source} into ${placeOf(data)}, ${onConflict}${only === undefined ? "" : `, only ${JSON.stringify(only)}`}`;
    const run = await openRun<ImportState>({
      command: dryRun ? "import-dry-run" : "import",
      folder: stateFolder,
      fingerprint,
      restart: restart === true || dryRun,
    });
    if (!json) {
      const again = run.state === undefined ? "" : ", resuming from its checkpoint";
      const what = dryRun ? "Dry run: nothing is written. Importing" : "Importing";
      terminal.line(`${what} ${folder} into ${placeOf(data)}${again}`);
    }
    const progress = progressOf(terminal, "items", manifest.items, table, json);
    try {
      const result = await importTable(table, {
        folder,
        manifest,
        onConflict,
        only,
        cipher: resolveCipher(),
        concurrency,
        dryRun,
        run,
        rejectedPath,
        signal,
        onProgress: (items) => progress.advance(items),
      });
      progress.end();
      const ms = performance.now() - startedAt;
      if (json) {
        const { counts, account } = result;
        const told = { dryRun, ...counts, account, ...table.traffic, ms: Math.round(ms) };
        terminal.line(JSON.stringify({ ...told, examples: result.examples }));
      } else show(result, table, { ms, rejectedPath, dryRun }, terminal);
      return result;
    } finally {
      progress.end();
      await run.release();
    }
  });
  const { counts } = done;
  const isMissing = only !== undefined && counts.others === manifest.items;
  if (isMissing && !json) terminal.complain("no item of the files has such a key");
  context.finish(counts.rejected > 0 || isMissing ? exitCode.findings : exitCode.ok);
}

/** @throws UsageError for a sort key without its partition */
function onlyOf({ only, onlySort: sort }: ImportFlags): OnlyKeys | undefined {
  if (only !== undefined) return { partitions: only, sort };
  if (sort === undefined) return undefined;
  throw new UsageError("--only-sort is for the partition that --only names");
}

/** A table with another key schema would store the items under other keys, or refuse them. */
function refuseOtherKey(
  { keySchema, attributeDefinitions }: Manifest,
  description: Awaited<ReturnType<RawTable["describe"]>>,
  { name }: RawTable,
  folder: string,
): void {
  const text = (of: Pick<Manifest, "keySchema" | "attributeDefinitions">): string =>
    of.keySchema
      .map(({ AttributeName, KeyType }) => {
        const type = of.attributeDefinitions.find((one) => one.AttributeName === AttributeName);
        return `${AttributeName} ${type?.AttributeType} ${KeyType}`;
      })
      .toSorted()
      .join(", ");
  const there = text(keySchemaOf(description));
  const wanted = text({ keySchema, attributeDefinitions });
  if (there !== wanted) {
    throw new TableFilesError(`${name} has the key ${there}, but ${folder} is of ${wanted}`);
  }
}

function show(
  { counts, account, examples }: Import,
  { traffic }: RawTable,
  { ms, rejectedPath, dryRun }: { ms: number; rejectedPath: string; dryRun: boolean },
  { line, paint, columns: width }: Terminal,
): void {
  for (const { file, line: number, key, reason } of examples) {
    const where = `${file} line ${number}${key === undefined ? "" : `: ${key}`}`;
    line(`${paint("yellow", "rejected")}  ${cut(where, width - 10)}`);
    line(`          ${cut(reason, width - 10)}`);
  }
  const { written, skipped, rejected } = counts;
  const { requests, throttles } = traffic;
  const slow = throttles === 0 ? "" : `, ${throttles} throttled`;
  const would = dryRun ? "would be " : "";
  line(`${written} ${would}written, ${skipped} ${would}skipped, ${rejected} ${would}rejected`);
  if (rejected > 0) line(`each with its key and reason: ${rejectedPath}`);
  line(accountLine("items", account));
  line(`${count(requests, "request")}${slow}, ${duration(ms)}`);
}
