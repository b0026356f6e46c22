/** `bayon-data doctor --schema`: the table itself, without its items. */
import { flagsOf } from "../../../src/client/advice.js";
import type { DataLayer } from "../../../src/index.js";
import { knownIndexes } from "../../raw/known-entities.js";
import { count, type Terminal } from "../../run/terminal.js";
import {
  type CommandLines,
  type Comparison,
  compareTable,
  readTable,
} from "../../upkeep/compare-table.js";
import { type CommandContext, exitCode, placeOf } from "../connection.js";
import { type LongFlags, withRawTable } from "../long-command.js";

/** What the table is to have besides keys, indexes and TTL: the options of `bayon-data template`. */
export interface SchemaFlags {
  readonly stream?: boolean;
  readonly pitr?: boolean;
  readonly deletionProtection?: boolean;
}

export async function doctorSchema(
  flags: LongFlags & SchemaFlags,
  context: CommandContext,
): Promise<void> {
  const { json = false, stream = false, pitr = false, deletionProtection = false } = flags;
  const { terminal } = context;
  const found = await withRawTable(flags, context, async (table, data) => {
    const comparison = compareTable(
      await readTable(table),
      { indexes: knownIndexes(), stream, pointInTimeRecovery: pitr, deletionProtection },
      commandsFor(data.configuration, flags.config),
    );
    if (json) terminal.line(JSON.stringify({ ...comparison, ...table.traffic }));
    else show(comparison, placeOf(data), terminal);
    return comparison;
  });
  context.finish(found.differences.length > 0 ? exitCode.findings : exitCode.ok);
}

/** Command lines that find the same table. */
function commandsFor(
  configuration: DataLayer["configuration"],
  config: string | undefined,
): CommandLines {
  const { tableName, region, endpoint } = configuration;
  const place = [
    ...["--table-name", tableName],
    ...(region === undefined ? [] : ["--region", region]),
    ...(endpoint === undefined ? [] : ["--endpoint-url", endpoint]),
  ].join(" ");
  const entities = config === undefined ? "" : ` --config ${config}`;
  return {
    aws: (operation, ...options) => `aws dynamodb ${operation} ${place} ${options.join(" ")}`,
    own: (command) => `bayon-data ${command}${flagsOf(configuration)}${entities}`,
  };
}

function show({ differences, notes }: Comparison, place: string, terminal: Terminal): void {
  const { line, paint } = terminal;
  line(`The table ${place}, beside what the entities need`);
  for (const { what, is, wanted, mend } of differences) {
    line(`${what}: ${paint("yellow", is)}`);
    line(`    needed: ${wanted}`);
    for (const command of mend) line(`    ${command}`);
  }
  for (const note of notes) line(paint("dim", note));
  const verdict =
    differences.length === 0
      ? paint("green", "all well")
      : paint("yellow", count(differences.length, "difference"));
  line(verdict);
}
