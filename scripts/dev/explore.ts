/**
 * `npm run explore`: the explorer on an embedded engine with made-up agents. Takes the options of
 * `bayon-data explore`; nothing is kept.
 */
import { pathToFileURL } from "node:url";
import { createDataLayer } from "../../src/index.js";
import { startEngine } from "../../src/testing/engine.js";
import { runCommandLine } from "../cli/program.js";
import { createReport, loadItems } from "../move/load-items.js";
import { Ending, watchProcess } from "../run/ending.js";
import { createTerminal } from "../run/terminal.js";
import { sampleItems } from "../seed/sample-data.js";
import { buildExplorerPage } from "./explorer-page.js";

/** How many agents are made up, each with about 40 items. */
const users = 20;

const page = ".cache/explorer/";
const end = watchProcess(({ message }) => console.error(message));

await buildExplorerPage(page);
const engine = await startEngine();
try {
  const { endpoint, region, credentials } = engine;
  const data = createDataLayer({ environment: "local", endpoint, region, credentials });
  await data.table.create({ stream: engine.capabilities.streams });
  await loadItems(data, sampleItems({ users, seed: 0 }), createReport(), { signal: end.signal });
  await data.close();
  const place = ["--environment", "local", "--endpoint", endpoint];
  const code = await runCommandLine(["explore", ...place, ...process.argv.slice(2)], {
    terminal: createTerminal(),
    signal: end.signal,
    version: "0.0.0",
    explorerPage: pathToFileURL(page),
  });
  end.finish(code);
} catch (error) {
  if (!(end.signal.reason instanceof Ending)) throw error;
} finally {
  await engine.close();
}
