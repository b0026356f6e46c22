#!/usr/bin/env node
/** The door of the `bayon-data` command. */
import { readFileSync } from "node:fs";
import { reportError, runCommandLine } from "./cli/program.js";
import { hasLoadedModule } from "./raw/own-module.js";
import { watchProcess } from "./run/ending.js";
import { createTerminal } from "./run/terminal.js";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

// Beside scripts/ and dist/ alike.
const manifest = new URL("../package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };

const args = process.argv.slice(2);
const end = watchProcess((ending) => reportError(ending, args, terminal));
const terminal = createTerminal({ onOutputFailure: end.outputFailed });
const explorerPage = new URL("../dist/explorer/", import.meta.url);
end.finish(await runCommandLine(args, { terminal, signal: end.signal, version, explorerPage }));
if (hasLoadedModule()) await end.exit();
