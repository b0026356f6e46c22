/** dynoxide: one Rust and SQLite binary, in memory or in a file, ready in some 30 ms. */
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ConfigurationError } from "../../errors/configuration-error.js";
import { installed } from "../../runtime/installed.js";
import { startProgram } from "./child-process.js";
import { type Engine, engineAt } from "./contract.js";
import { loopback } from "./ports.js";

/** The binary, if it is installed for this machine. */
export function dynoxideBinary(): string | null {
  // The node_modules folder may have been copied from another kind of machine.
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  const manifest = installed("@dynoxide/linux-x64/package.json");
  return manifest === null ? null : join(dirname(manifest), "dynoxide");
}

/** Starts dynoxide. With `path`, it uses that SQLite file, whose folder is created if it is missing. */
export async function startDynoxide(options: { port?: number; path?: string }): Promise<Engine> {
  const binary = dynoxideBinary();
  if (binary === null) {
    throw new ConfigurationError(
      "startEngine (dynoxide): not installed. On Linux x64: `npm install --save-dev @dynoxide/linux-x64@1.2.1`; elsewhere use dynalite",
    );
  }
  const file = options.path === undefined ? undefined : resolve(options.path);
  if (file !== undefined) await mkdir(dirname(file), { recursive: true });
  const { port, stop } = await startProgram(
    {
      name: "dynoxide",
      command: binary,
      arguments: (port) => [
        ...["serve", "--host", loopback, "--port", String(port)],
        ...(file === undefined ? [] : ["--db-path", file]),
      ],
      announcement: /listening on/i,
      startWithinMs: 10_000,
    },
    options.port,
  );
  return engineAt(
    "dynoxide",
    `http://${loopback}:${port}`,
    {
      transactions: true,
      timeToLive: true,
      streams: true,
      oldItemOnConditionFailure: true,
      durable: file !== undefined,
    },
    stop,
  );
}
