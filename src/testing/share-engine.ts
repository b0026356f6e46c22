/** One engine for all workers of a test runner. */
import { settingsOf } from "../call/options.js";
import {
  type Engine,
  type StartEngineOptions,
  startEngine,
  startEngineOptionNames,
} from "./engine.js";
import { announce, announced, withdraw } from "./engines/shared.js";

/**
 * Starts an engine that `createTestDataLayer()` then uses in this process and in every process that it
 * starts from then on, each with a table of its own. This is what `bayon-coagent-data/testing/jest` and
 * `…/testing/vitest` do without options; call it in a global set-up of your own to choose the engine.
 * If the same engine is shared already, that one is returned, and closing it again does nothing.
 *
 * It ends with `close()`, and with this process.
 * @throws ConfigurationError as `startEngine` does
 */
export async function shareEngine(options: StartEngineOptions = {}): Promise<Engine> {
  const given = settingsOf("shareEngine", options, startEngineOptionNames);
  const there = announced();
  if (there !== undefined && isAsked(there, given)) return there;
  const engine = await startEngine(given);
  announce(engine);
  const close = async () => {
    await engine.close();
    withdraw(engine);
  };
  return { ...engine, close, [Symbol.asyncDispose]: close };
}

/** Whether an engine is what these options would start. */
function isAsked(there: Engine, { engine, port, path }: StartEngineOptions): boolean {
  if (port !== undefined || path !== undefined) return false;
  return engine === undefined || engine === there.name || engine === there.endpoint;
}
