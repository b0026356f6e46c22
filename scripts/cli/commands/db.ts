/** `bayon-data db`: the embedded engine where the `local` configuration looks for it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { ConfigurationError, createDataLayer, type DataLayer } from "../../../src/index.js";
import type { Engine } from "../../../src/testing/engine.js";
import { knowEntities } from "../../raw/known-entities.js";
import { type CommandContext, exitCode, groups, UsageError, wholeNumber } from "../connection.js";

interface DbFlags {
  readonly port: number;
  readonly path?: string;
  readonly table?: string;
  readonly config?: string;
}

const defaultPort = 4566;

/** How often to ask whether the engine is still up, in ms. */
const healthCheckMs = 5_000;

export function addDbCommand(program: Command, context: CommandContext): void {
  program
    .command("db")
    .description("serve DynamoDB on this machine, with the table created, until Ctrl-C")
    .option("--port <number>", "the port on 127.0.0.1", wholeNumber(1, 65_535), defaultPort)
    .option("--path <file>", "keep the data in this file; without it the data is lost at the end")
    .option("--table <name>", "the table's name (DYNAMODB_TABLE_NAME)")
    .option("--config <file>", "a module that exports the entities of your own (entities, builtIn)")
    .optionsGroup(groups.other)
    .option("--verbose", "show stack traces of errors")
    .addHelpText(
      "after",
      `
For development and tests. The engine is dynoxide, which is installed with the package on Linux
x64. Elsewhere it is dynalite, which you install yourself (npm install --save-dev dynalite@4);
dynalite has no transactions, and --path needs dynoxide.

An application finds the table when USE_LOCAL_AWS=true is set; with another port also
AWS_ENDPOINT_URL_DYNAMODB.

Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 the engine ended, 2 it could not be started.

Examples:
  $ bayon-data db
  $ bayon-data db --path .bayon/table.db
  $ bayon-data db --port 8000`,
    )
    .action((flags: DbFlags) => serve(flags, context));
}

async function serve(flags: DbFlags, context: CommandContext): Promise<void> {
  const { port, path } = flags;
  // Engines are for development: no other command loads them.
  const { startEngine } = await import("../../../src/testing/engine.js");
  // No `await using`: for Node 20 the build lowers it to a helper of a package that users lack.
  const engine = await startEngine({ port, ...(path !== undefined && { path }) }).catch(
    (error: unknown) => {
      throw withAdvice(error, port);
    },
  );
  try {
    if (!context.signal.aborted) await serveTable(engine, flags, context);
  } finally {
    await engine.close();
  }
  context.terminal.line("stopped");
  context.finish(exitCode.ok);
}

/** Serves until it is stopped. @throws what the data layer throws once the engine has ended */
async function serveTable(engine: Engine, flags: DbFlags, context: CommandContext): Promise<void> {
  const { signal } = context;
  const { endpoint, region, credentials } = engine;
  const place = { endpoint, region, credentials, tableName: flags.table };
  const own = await knowEntities(flags.config);
  const data = createDataLayer({ environment: "local", ...place, ...own });
  try {
    const { created } = await data.table.create();
    greet(engine, data, { ...flags, created }, context);
    while (!signal.aborted) {
      // Being stopped is the normal end, not a failure.
      await sleep(healthCheckMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await data.table.describe();
    }
  } finally {
    await data.close();
  }
}

/** Advice about a port that is in use. */
function withAdvice(error: unknown, port: number): unknown {
  if (!(error instanceof ConfigurationError) || !error.message.includes("already in use")) {
    return error;
  }
  const other = `npx bayon-data db --port ${port === 65_535 ? port - 1 : port + 1}`;
  const message = `port ${port} on 127.0.0.1 is already in use: is the engine running already?`;
  return new UsageError(`${message}\nTo take another port: ${other}`, error);
}

function greet(
  { name }: Engine,
  { configuration }: Pick<DataLayer, "configuration">,
  { port, path, table, created }: DbFlags & { readonly created: boolean },
  { terminal }: CommandContext,
): void {
  const { paint, line } = terminal;
  const where = path === undefined ? "in memory" : `in ${path}`;
  line(`${paint("green", "ready")}  ${name}, ${where}, at http://localhost:${port}`);
  line(`       table ${configuration.tableName} ${created ? "created" : "is there already"}`);
  line();
  line("In your application's environment, or in another terminal:");
  const variable = (text: string) => line(`  ${paint("bold", `export ${text}`)}`);
  variable("USE_LOCAL_AWS=true");
  if (port !== defaultPort) variable(`AWS_ENDPOINT_URL_DYNAMODB=http://localhost:${port}`);
  if (table !== undefined) variable(`DYNAMODB_TABLE_NAME=${table}`);
  line();
  line("Fill it:  npx bayon-data seed");
  line("Stop it:  Ctrl-C");
}
