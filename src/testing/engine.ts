/** A DynamoDB engine to run tests and demonstrations against. */
import { optionNames, settingsOf } from "../call/options.js";
import { parsedUrl } from "../client/config.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import type { Engine } from "./engines/contract.js";
import { startDynalite } from "./engines/dynalite.js";
import { startDynamodbLocal } from "./engines/dynamodb-local.js";
import { dynoxideBinary, startDynoxide } from "./engines/dynoxide.js";
import { useRemote } from "./engines/remote.js";

export type { Engine, EngineCapabilities, EngineName } from "./engines/contract.js";

/** What `startEngine` takes. */
export interface StartEngineOptions {
  /**
   * Which engine to start, or the http(s) URL of a running endpoint, which `close()` leaves running.
   *
   * @default "dynoxide" where it is installed, else "dynalite"
   */
  readonly engine?: "dynoxide" | "dynalite" | "dynamodb-local" | (string & {}) | undefined;
  /**
   * Port on 127.0.0.1, from 1 to 65535. Not with a URL.
   *
   * @default a free one
   */
  readonly port?: number | undefined;
  /**
   * File of a durable database, which is created if it is missing. One engine at a time may use it.
   * dynoxide only.
   *
   * @default none: what is written is gone with `close()`
   */
  readonly path?: string | undefined;
}

/** The option names of `startEngine`. */
export const startEngineOptionNames = optionNames<StartEngineOptions>({
  engine: true,
  port: true,
  path: true,
});

/**
 * Starts an engine on the loopback interface. When the promise resolves, it accepts requests.
 *
 * It ends with `close()` and with this process, however the process ends, and does not keep the
 * process alive. Only DynamoDB Local listens on all interfaces, because it has no option for the
 * address.
 *
 * @throws ConfigurationError if an option is wrong, the port is taken, the engine is not installed or
 * does not start (with its output), or nothing responds at the URL.
 */
export async function startEngine(options: StartEngineOptions = {}): Promise<Engine> {
  const given = settingsOf("startEngine", options, startEngineOptionNames);
  const { port, path, engine = defaultEngine(path) } = given;
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    throw new ConfigurationError("startEngine: `port` must be an integer from 1 to 65535");
  }
  if (path !== undefined && (typeof path !== "string" || path === "")) {
    throw new ConfigurationError("startEngine: `path` must be the name of a file");
  }
  if (path !== undefined && engine !== "dynoxide") {
    throw new ConfigurationError(
      `startEngine: \`path\` is for dynoxide only; ${shown(engine)} has no durable database here`,
    );
  }
  switch (engine) {
    case "dynoxide":
      return startDynoxide({ ...(port && { port }), ...(path && { path }) });
    case "dynalite":
      return startDynalite({ ...(port && { port }) });
    case "dynamodb-local":
      return startDynamodbLocal({ ...(port && { port }) });
    default:
      return useRemote(endpointOf(engine, port));
  }
}

/** Only dynoxide has files, so asking for a file selects dynoxide. */
function defaultEngine(path: string | undefined): "dynoxide" | "dynalite" {
  return path !== undefined || dynoxideBinary() !== null ? "dynoxide" : "dynalite";
}

/** What messages show of an engine: whatever is given, they stay messages. */
const mostShown = 80;
const mostUrlLength = 2_048;

function shown(engine: unknown): string {
  if (typeof engine !== "string") return typeof engine;
  return JSON.stringify(engine.length > mostShown ? `${engine.slice(0, mostShown)}…` : engine);
}

function endpointOf(engine: string, port: number | undefined): URL {
  const url = typeof engine === "string" ? parsedUrl(engine) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || engine.length > mostUrlLength) {
    throw new ConfigurationError(
      `startEngine: \`engine\` must be "dynoxide", "dynalite", "dynamodb-local" or an http(s) URL, not ${shown(engine)}`,
    );
  }
  if (port !== undefined) {
    throw new ConfigurationError("startEngine: `port` belongs in the URL of a running endpoint");
  }
  return url;
}
