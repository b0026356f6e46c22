/** `bayon-data table create | describe | delete`. */
import type { Command } from "commander";
import type { TableInfo } from "../../src/index.js";
import { table as columns, count } from "../terminal.js";
import {
  addConnectionFlags,
  type CommandContext,
  type ConnectionFlags,
  exitCode,
  placeOf,
  UsageError,
  withConnection,
} from "./connection.js";

export function addTableCommands(program: Command, context: CommandContext): void {
  const table = program
    .command("table")
    .description("create, look at or delete the table")
    .addHelpText("after", "\nExample:\n  $ bayon-data table create --environment local");

  addConnectionFlags(table.command("create"))
    .description("create the table with its index and TTL, and wait until it is active")
    .addHelpText(
      "after",
      `
A table that is already there is left as it is.

Examples:
  $ USE_LOCAL_AWS=true bayon-data table create
  $ bayon-data table create --table BayonCoAgent-staging --region eu-west-1`,
    )
    .action((flags: ConnectionFlags) => create(flags, context));

  addConnectionFlags(table.command("describe"))
    .description("tell the table's state; exit code 1 where it is not there")
    .addHelpText("after", "\nExample:\n  $ bayon-data table describe --environment production")
    .action((flags: ConnectionFlags) => describe(flags, context));

  addConnectionFlags(table.command("delete"))
    .description("delete the table with everything in it")
    .option("--yes", "really; needed outside the local environment")
    .addHelpText(
      "after",
      `
Examples:
  $ bayon-data table delete --environment local
  $ bayon-data table delete --table BayonCoAgent-staging --yes`,
    )
    .action((flags: ConnectionFlags & { yes?: boolean }) => remove(flags, context));
}

async function create(flags: ConnectionFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  await withConnection(flags, async ({ data }) => {
    const { created } = await data.table.create({ signal });
    const outcome = created ? terminal.paint("green", "created") : "already there";
    terminal.line(`${placeOf(data)}: ${outcome}, active`);
  });
  context.finish(exitCode.ok);
}

async function describe(flags: ConnectionFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const info = await withConnection(flags, async ({ data }) => {
    const found = await data.table.describe({ signal });
    if (found === null) terminal.complain(`${placeOf(data)}: does not exist`);
    else for (const line of linesOf(found, placeOf(data))) terminal.line(line);
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
    ["", "(AWS counts every six hours)"],
    ...(info.arn === undefined ? [] : [["arn", info.arn]]),
  ]);
}

async function remove(
  flags: ConnectionFlags & { readonly yes?: boolean },
  context: CommandContext,
): Promise<void> {
  const { terminal, signal } = context;
  await withConnection(flags, async ({ data }) => {
    if (data.configuration.environment !== "local" && flags.yes !== true) {
      throw new UsageError(`this deletes ${placeOf(data)} with everything in it: add --yes`);
    }
    const { deleted } = await data.table.delete({ signal });
    terminal.line(`${placeOf(data)}: ${deleted ? "deleted" : "was not there"}`);
  });
  context.finish(exitCode.ok);
}
