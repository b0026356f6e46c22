/** `npm run db`: the embedded engine where the application's `local` configuration looks for it. */
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { createDataLayer, type DataLayer } from "../src/index.js";
import { type Engine, startEngine } from "../src/testing/engine.js";
import { wholeNumber } from "./commands/connection.js";
import { interruptSignal } from "./interrupt.js";
import { createTerminal } from "./terminal.js";

const defaultPort = 4566;

/** How often it is looked whether the engine is still there, in ms. */
const healthCheckMs = 5_000;

const terminal = createTerminal();
const { port, path } = new Command("npm run db --")
  .description("Serves DynamoDB on this machine, with the table created, until Ctrl-C.")
  .option("--port <number>", "the port on 127.0.0.1", wholeNumber(1, 65_535), defaultPort)
  .option("--path <file>", "keep the data in this file; without it they are gone at the end")
  .addHelpText(
    "after",
    `
Examples:
  $ npm run db
  $ npm run db -- --path .bayon/table.db
  $ npm run db -- --port 8000`,
  )
  .configureHelp({ helpWidth: terminal.columns })
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
  .opts<{ port: number; path?: string }>();

const signal = interruptSignal();

try {
  await using engine = await startEngine({ port, ...(path !== undefined && { path }) });
  const { endpoint, region, credentials } = engine;
  await using data = createDataLayer({ environment: "local", endpoint, region, credentials });
  const { created } = await data.table.create({ signal });
  greet(engine, data, created);
  await serveUntilStopped(data);
  terminal.line("stopped");
} catch (error) {
  // Stopped while it was starting.
  if (!signal.aborted) complain(error instanceof Error ? error.message : String(error));
}

function complain(message: string): void {
  terminal.complain(`${terminal.paint("red", "error")}: ${message}`);
  if (message.includes("already in use")) {
    terminal.complain("Is it running already? Another port: npm run db -- --port 4567");
  }
  process.exitCode = 1;
}

/** Waits for Ctrl-C. @throws what the data layer throws when the engine is gone */
async function serveUntilStopped(data: DataLayer): Promise<void> {
  while (!signal.aborted) {
    // The signal's reason is no failure: it is how this ends.
    await sleep(healthCheckMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await data.table.describe();
  }
}

function greet({ name }: Engine, { configuration }: DataLayer, created: boolean): void {
  const { paint, line } = terminal;
  const where = path === undefined ? "in memory" : `in ${path}`;
  line(`${paint("green", "ready")}  ${name}, ${where}, at http://localhost:${port}`);
  line(`       table ${configuration.tableName} ${created ? "created" : "is there already"}`);
  line();
  line("In the application's environment, or another terminal:");
  line(`  ${paint("bold", "export USE_LOCAL_AWS=true")}`);
  if (port !== defaultPort) {
    line(`  ${paint("bold", `export AWS_ENDPOINT_URL_DYNAMODB=http://localhost:${port}`)}`);
  }
  line();
  line("Fill it:  npx tsx scripts/cli.ts seed");
  line("Stop it:  Ctrl-C");
}
