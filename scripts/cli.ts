#!/usr/bin/env node
/** The door of the `bayon-data` command. */
import { readFileSync } from "node:fs";
import { endWithPipe, interruptSignal } from "./interrupt.js";
import { runCommandLine } from "./program.js";
import { createTerminal } from "./terminal.js";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
endWithPipe();

// Beside scripts/ and dist/ alike.
const manifest = new URL("../package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };

process.exitCode = await runCommandLine(process.argv.slice(2), {
  terminal: createTerminal(),
  signal: interruptSignal(),
  version,
});
