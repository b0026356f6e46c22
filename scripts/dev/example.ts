/**
 * `npm run example`: the Next.js application of examples/next on an embedded engine with made-up data,
 * built and started. Runs until Ctrl-C; nothing is kept.
 */
import { once } from "node:events";
import { Command, InvalidArgumentError } from "commander";
import { exitCode } from "../cli/connection.js";
import { Ending, watchProcess } from "../run/ending.js";
import { root } from "./check-package/commands.js";
import { buildExample, copyExample } from "./example/application.js";
import { installNext } from "./example/install.js";
import { runExample } from "./example/running.js";

const end = watchProcess(({ message }) => console.error(message));
const { signal } = end;

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be an integer from 0 to 65535; 0 is a free one.");
}

const { port } = new Command("npm run example --")
  .description(
    "Serves the Next.js application of examples/next, with an engine and data of its own.",
  )
  .option("--port <number>", "the port on 127.0.0.1; 0 for a free one", portOf, 3000)
  .exitOverride(({ exitCode: code }) => process.exit(code === 0 ? exitCode.ok : exitCode.usage))
  .parse()
  .opts<{ port: number }>();

try {
  await main();
} catch (error) {
  if (signal.reason instanceof Ending) {
    end.finish(signal.reason.message === "interrupted" ? exitCode.ok : signal.reason.exitCode);
  } else {
    console.error(error instanceof Error ? error.message : error);
    end.finish(exitCode.findings);
  }
}

async function main(): Promise<void> {
  const place = { installed: await installNext(console.log), root };
  signal.throwIfAborted();
  console.log("building the application");
  const folder = copyExample(place, "application");
  await buildExample(place, folder);
  signal.throwIfAborted();

  await using example = await runExample(place, folder, port);
  console.log(`\n  ${example.url}\n\n${example.engine.name} in memory; Ctrl-C ends it`);
  if (!signal.aborted) await once(signal, "abort");
  signal.throwIfAborted();
}
