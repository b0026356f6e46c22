/** `bayon-data table create | describe | delete`. */
import type { Command } from "commander";
import type { DataLayer, TableInfo } from "../../../src/index.js";
import { table as columns, count } from "../../run/terminal.js";
import {
  addConfigOption,
  addConnectionFlags,
  type CommandContext,
  type ConnectionFlags,
  exitCode,
  placeOf,
  refuseProduction,
  UsageError,
  withConnection,
} from "../connection.js";
import { jsonOption } from "../long-command.js";

interface CreateFlags extends ConnectionFlags {
  readonly stream?: boolean;
}

interface DescribeFlags extends ConnectionFlags {
  readonly json?: boolean;
}

interface DeleteFlags extends ConnectionFlags {
  readonly yes?: boolean;
  readonly allowProduction?: boolean;
}

export function addTableCommands(program: Command, context: CommandContext): void {
  const table = program
    .command("table")
    .description("create, describe or delete the table")
    .addHelpText("after", "\nExample:\n  $ bayon-data table create --environment local");

  addConfigOption(addConnectionFlags(table.command("create")))
    .description("create the table with its indexes and TTL, and wait until it is active")
    .option("--stream", "with a stream of its changes (bayon-data watch)")
    .addHelpText(
      "after",
      `
A table that exists is left as it is; one that lacks an index, or the
stream that --stream asks for, is reported. The indexes are those that
the entities are in: GSI1 for the twelve, and with --config those of your own.

Examples:
  $ bayon-data table create --environment local
  $ bayon-data table create --config ./dist/data-config.js --stream
  $ bayon-data table create --table BayonCoAgent-staging --region eu-west-1`,
    )
    .action((flags: CreateFlags) => create(flags, context));

  addConnectionFlags(table.command("describe"))
    .description(
      "print the table's status, indexes, size and ARN; exit code 1 if it does not exist",
    )
    .option(...jsonOption)
    .addHelpText("after", "\nExample:\n  $ bayon-data table describe --environment production")
    .action((flags: DescribeFlags) => describe(flags, context));

  addConnectionFlags(table.command("delete"))
    .description("delete the table with everything in it")
    .option("--yes", "do not ask; needed if there is no terminal")
    .option("--allow-production", "delete a production table")
    .addHelpText(
      "after",
      `
Asks for the table's name before it deletes anything. Run bayon-data export first if anything in
the table may still be wanted.

Examples:
  $ bayon-data table delete --environment local
  $ bayon-data table delete --table BayonCoAgent-staging --yes`,
    )
    .action((flags: DeleteFlags) => remove(flags, context));
}

async function create(flags: CreateFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  await withConnection(flags, context, async ({ data }) => {
    const { created } = await data.table.create({ signal, stream: flags.stream });
    const outcome = created ? terminal.paint("green", "created") : "already there";
    terminal.line(`${placeOf(data)}: ${outcome}, active`);
  });
  context.finish(exitCode.ok);
}

async function describe(flags: DescribeFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const info = await withConnection(flags, context, async ({ data }) => {
    const found = await data.table.describe({ signal });
    const place = placeOf(data);
    if (found === null) {
      const message = `${place}: does not exist`;
      const error = { code: "ResourceNotFoundException", message };
      terminal.complain(flags.json ? JSON.stringify({ error }) : message);
    } else if (flags.json) terminal.line(JSON.stringify({ place, ...found }));
    else for (const line of linesOf(found, place)) terminal.line(line);
    return found;
  });
  context.finish(info === null ? exitCode.findings : exitCode.ok);
}

function linesOf(info: TableInfo, place: string): string[] {
  return columns([
    ["table", place],
    ["status", info.status],
    ...info.indexes.map(({ name, status }) => ["index", `${name} ${status}`]),
    ["size", `${count(info.itemCount, "item")}, ${count(info.sizeBytes, "byte")}`],
    ["", "(as AWS counted it in the last six hours)"],
    ["stream", info.stream === undefined ? "none" : info.stream.view],
    ...(info.arn === undefined ? [] : [["arn", info.arn]]),
  ]);
}

async function remove(flags: DeleteFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  await withConnection(flags, context, async ({ data }) => {
    refuseProduction(data, "table delete deletes", flags.allowProduction === true);
    if (flags.yes !== true && !(await isConfirmed(data, context))) {
      terminal.complain("nothing was deleted");
      context.finish(exitCode.findings);
      return;
    }
    const { deleted } = await data.table.delete({ signal });
    terminal.line(`${placeOf(data)}: ${deleted ? "deleted" : "did not exist"}`);
    context.finish(exitCode.ok);
  });
}

/** @throws UsageError if nobody can be asked */
async function isConfirmed(
  data: DataLayer,
  { terminal, signal }: CommandContext,
): Promise<boolean> {
  const what = `${placeOf(data)} with everything in it`;
  if (!terminal.canAsk) throw new UsageError(`this deletes ${what}: add --yes if you mean it`);
  const { tableName } = data.configuration;
  const question = `This deletes ${what}.\nTo go on, type the table's name: `;
  return (await terminal.ask(question, signal)).trim() === tableName;
}
