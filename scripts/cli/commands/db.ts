/** `bayon-data db`: the embedded engine where the `local` configuration looks for it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { ConfigurationError, createDataLayer, type DataLayer } from "../../../src/index.js";
import type { Engine } from "../../../src/testing/engine.js";
import { createReport, loadItems } from "../../move/load-items.js";
import { knowEntities, knownDefinitions } from "../../raw/known-entities.js";
import { count } from "../../run/terminal.js";
import { madeUp } from "../../seed/made-up.js";
import {
  addConfigOption,
  addVerboseOption,
  type CommandContext,
  exitCode,
  tableOption,
  UsageError,
  wholeNumber,
} from "../connection.js";
import { placeFor } from "../place.js";

interface DbFlags {
  readonly port: number;
  readonly path?: string;
  readonly seed?: number;
  readonly stream?: boolean;
  readonly table?: string;
  readonly config?: string;
}

const defaultPort = 4566;

/** How often to ask whether the engine is still up, in ms. */
const healthCheckMs = 5_000;

export function addDbCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("db")
    .description("serve DynamoDB on this machine, with the table created, until Ctrl-C")
    .option("--port <number>", "the port on 127.0.0.1", wholeNumber(1, 65_535), defaultPort)
    .option("--path <file>", "keep the data in this file; without it the data is lost at the end")
    .option(
      "--seed <number>",
      "fill the table with this many made-up agents, of about 40 items each",
      wholeNumber(1, 100_000),
    )
    .option("--stream", "create the table with a stream of its changes (bayon-data watch)")
    .option(...tableOption);
  addVerboseOption(addConfigOption(command))
    .addHelpText(
      "after",
      `
For development and tests. The engine is dynoxide, which is installed with the package on Linux
x64. Elsewhere it is dynalite, which you install yourself (npm install --save-dev dynalite@4);
dynalite has no transactions and no streams, and --path needs dynoxide.

What --seed makes up is the same each time: with --path, a second start writes nothing again.

An application finds the table when USE_LOCAL_AWS=true is set; with another port also
AWS_ENDPOINT_URL_DYNAMODB.

Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 the engine ended, 2 it could not be started.

Examples:
  $ bayon-data db
  $ bayon-data db --seed 3
  $ bayon-data db --path .bayon/table.db --stream
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
  const { table, config } = flags;
  const { configuration } = await placeFor({
    environment: "local",
    table,
    endpoint,
    region,
    config,
  });
  const place = { endpoint, region, credentials, tableName: configuration.tableName };
  const own = await knowEntities(flags.config);
  // What is called of the twelve, is called only if the data layer has them.
  const data = createDataLayer({ environment: "local", ...place, ...own }) as DataLayer;
  try {
    const { created } = await data.table.create({ stream: flags.stream });
    const filled = await fill(data, flags.seed, signal);
    greet(engine, data, { ...flags, created, filled }, context);
    while (!signal.aborted) {
      // Being stopped is the normal end, not a failure.
      await sleep(healthCheckMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await data.table.describe();
    }
  } finally {
    await data.close();
  }
}

/** Makes up agents in the table. @returns the number of their items, which may be there already */
async function fill(
  data: DataLayer,
  users: number | undefined,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (users === undefined) return undefined;
  const report = createReport();
  const items = madeUp(knownDefinitions(), { users, seed: 1 });
  await loadItems(data, items, report, { signal, skipUnchanged: true });
  const counts = [...report.counts.values()];
  return counts.reduce((sum, { written, unchanged }) => sum + written + unchanged, 0);
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

interface Served extends DbFlags {
  readonly created: boolean;
  /** The number of made-up items. */
  readonly filled: number | undefined;
}

function greet(
  { name }: Engine,
  { configuration }: Pick<DataLayer, "configuration">,
  { port, path, table, seed, created, filled }: Served,
  { terminal }: CommandContext,
): void {
  const { paint, line } = terminal;
  const where = path === undefined ? "in memory" : `in ${path}`;
  line(`${paint("green", "ready")}  ${name}, ${where}, at http://localhost:${port}`);
  line(`       table ${configuration.tableName} ${created ? "created" : "is there already"}`);
  if (filled !== undefined)
    line(`       ${count(filled, "item")} of ${count(seed ?? 0, "made-up agent")}`);
  line();
  line("In your application's environment, or in another terminal:");
  const variable = (text: string) => line(`  ${paint("bold", `export ${text}`)}`);
  variable("USE_LOCAL_AWS=true");
  if (port !== defaultPort) variable(`AWS_ENDPOINT_URL_DYNAMODB=http://localhost:${port}`);
  if (table !== undefined) variable(`DYNAMODB_TABLE_NAME=${table}`);
  line();
  if (filled === undefined) line("Fill it:  npx bayon-data seed");
  line("Stop it:  Ctrl-C");
}
