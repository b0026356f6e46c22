/** `bayon-data doctor`: what is in the table, and what is wrong with it. */
import { type Command, Option } from "commander";
import { resolveCipher } from "../../../src/secrets/encryption.js";
import { knownIndexes } from "../../raw/known-entities.js";
import type { RawTable } from "../../raw/raw-table.js";
import { type Account, accountLine } from "../../run/account.js";
import { table as columns, count, cut, duration, type Terminal } from "../../run/terminal.js";
import { findingKinds, type Kind, noteKinds } from "../../upkeep/examine.js";
import { type Diagnosis, examineTable, hasFindings } from "../../upkeep/examine-table.js";
import { type CommandContext, exitCode, placeOf, UsageError, wholeNumber } from "../connection.js";
import { addLongFlags, type LongFlags, progressOf, withRawTable } from "../long-command.js";
import { doctorSchema, type SchemaFlags } from "./doctor-schema.js";

interface DoctorFlags extends LongFlags, SchemaFlags {
  readonly schema?: boolean;
  readonly sample?: number;
  readonly examples: number;
}

export function addDoctorCommand(program: Command, context: CommandContext): void {
  addLongFlags(program.command("doctor"))
    .description("report what is in the table and what is wrong with it; writes nothing")
    .addOption(
      new Option("--sample <items>", "read about this many items instead of all").argParser(
        wholeNumber(1, 1_000_000_000),
      ),
    )
    .addOption(
      new Option("--examples <number>", "how many keys to show of each kind of finding")
        .argParser(wholeNumber(0, 100_000))
        .default(5),
    )
    .option("--schema", "compare the table itself with what the entities need; reads no item")
    .option("--stream", "with --schema: it is to have a stream, too")
    .option("--pitr", "with --schema: point-in-time recovery is to be on, too")
    .option("--deletion-protection", "with --schema: deletion protection is to be on, too")
    .addHelpText(
      "after",
      `
Findings: indexes that the table lacks; items of no entity; ghosts (a key and times alone); items of another kind at an entity's
key; missing and lone index keys; missing key parts; attributes that disagree with the key; payloads
that fail their schema, or cannot be upgraded; content of a missing project; tokens that have expired
and cannot be refreshed; with COAGENT_ENCRYPTION_KEYS, secrets in clear text or that cannot be
decrypted; with entities that expire (--config), a missing or wrong TTL, and a table that deletes no
expired items.

Notes, which are not faults: items over 100 KB, tokens that will be refreshed when they are next
used, items that have expired and are still there, secrets under an old key, payloads of an older or
a newer version than the entity declares.

--schema reports a key of another name or type, indexes that are missing or differ, and TTL that is
off or on another attribute, each with the commands that mend it. Three requests.

Keys and field names are shown, values never. bayon-data adopt mends the items of an earlier
version; run it again when the last old writer is gone.

Exit codes: 0 no findings, 1 findings or a failure, 2 wrong usage, 130 interrupted, 143 terminated.

Examples:
  $ bayon-data doctor --environment production --sample 10000
  $ bayon-data doctor --table BayonCoAgent-staging --json
  $ bayon-data doctor --environment production --schema --pitr --config ./dist/data-config.js`,
    )
    .action((flags: DoctorFlags, command: Command) => {
      const isSchema = flags.schema === true;
      refuseOthers(command, isSchema ? itemOptions : schemaOptions, isSchema);
      return isSchema ? doctorSchema(flags, context) : doctor(flags, context);
    });
}

const itemOptions = ["sample", "examples", "concurrency"];
const schemaOptions = ["stream", "pitr", "deletionProtection"];

/** @throws UsageError for an option that would do nothing */
function refuseOthers(command: Command, names: readonly string[], isSchema: boolean): void {
  const given = names.find((name) => command.getOptionValueSource(name) === "cli");
  if (given === undefined) return;
  const flag = command.options.find((option) => option.attributeName() === given)?.long;
  const rule = isSchema ? "cannot be used with --schema: it reads no item" : "is for --schema";
  throw new UsageError(`${flag} ${rule}`);
}

async function doctor(flags: DoctorFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const { concurrency: segments, sample, examples: mostExamples, json = false } = flags;
  const startedAt = performance.now();
  const found = await withRawTable(flags, context, async (table, data) => {
    const { ItemCount = 0, GlobalSecondaryIndexes = [] } = await table.describe();
    const there = GlobalSecondaryIndexes.map(({ IndexName }) => IndexName);
    const missingIndexes = knownIndexes().filter((name) => !there.includes(name));
    if (!json) terminal.line(`Looking at ${placeOf(data)}`);
    const progress = progressOf(terminal, "items", sample ?? ItemCount, table, json);
    try {
      const diagnosis = await examineTable(table, {
        segments,
        sample,
        mostExamples,
        now: Date.now(),
        cipher: resolveCipher(),
        signal,
        onProgress: (items) => progress.advance(items),
      });
      progress.end();
      const ms = performance.now() - startedAt;
      if (json) {
        const told = { ...diagnosis, missingIndexes, ...table.traffic, ms: Math.round(ms) };
        terminal.line(JSON.stringify({ wholeTable: diagnosis.complete, ...told }));
      } else show({ ...diagnosis, missingIndexes }, table, ms, terminal);
      return missingIndexes.length > 0 || hasFindings(diagnosis);
    } finally {
      progress.end();
    }
  });
  context.finish(found ? exitCode.findings : exitCode.ok);
}

function show(
  diagnosis: Diagnosis & { readonly account: Account; readonly missingIndexes: readonly string[] },
  { traffic }: RawTable,
  ms: number,
  terminal: Terminal,
): void {
  const { line, paint, columns: width } = terminal;
  const { entities, items, complete } = diagnosis;
  const rows = Object.entries(entities)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { items: many, bytes, largestBytes, largestKey }]) => [
      name,
      many,
      size(bytes),
      size(bytes / many),
      size(largestBytes),
      largestKey,
    ]);
  line();
  const head = ["", "items", "total", "mean", "largest", "which"];
  for (const row of columns([head, ...rows], width)) line(row);
  line();
  const { missingIndexes } = diagnosis;
  if (missingIndexes.length > 0) {
    const lacking = missingIndexes.join(", ");
    line(`indexes that entities are in and the table lacks: ${paint("yellow", lacking)}`);
  }
  for (const [kinds, colour] of [
    [findingKinds, "yellow"],
    [noteKinds, "dim"],
  ] as const) {
    for (const [kind, title] of Object.entries(kinds) as [Kind, string][]) {
      const times = diagnosis.counts[kind] ?? 0;
      if (times === 0) continue;
      line(`${title}: ${paint(colour, String(times))}`);
      const examples = diagnosis.examples[kind] ?? [];
      for (const { key, rule } of examples) {
        line(`    ${cut(key, width - 4)}`);
        line(`        ${cut(rule, Number.POSITIVE_INFINITY)}`);
      }
      if (times > examples.length && examples.length > 0) {
        line(`    … and ${times - examples.length} more (--examples ${times})`);
      }
    }
  }
  const keys = Object.entries(diagnosis.keys).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (keys.length > 0) {
    line(
      `keys in use: ${keys.map(([id, times]) => `${id} (${count(times, "secret")})`).join(", ")}`,
    );
  }
  line(accountLine("items", diagnosis.account));
  const { requests, throttles } = traffic;
  const slow = throttles === 0 ? "" : `, ${throttles} throttled`;
  const part = complete ? "" : " (a sample)";
  const isWell = missingIndexes.length === 0 && !hasFindings(diagnosis);
  const verdict = !isWell ? paint("yellow", "findings") : paint("green", "all well");
  line(
    `${verdict}: ${count(items, "item")}${part}, ${count(requests, "request")}${slow}, ${duration(ms)}`,
  );
}

/** Bytes as people read them. */
function size(bytes: number): string {
  if (bytes >= 1024 * 1024) return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  if (bytes >= 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${Math.round(bytes)} B`;
}
