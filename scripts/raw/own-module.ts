/** The module of the application that `--config` names. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError } from "../../src/index.js";

let isLoaded = false;

/**
 * Whether a module of the application was loaded. What it has started, such as a connection or a timer,
 * keeps the process alive.
 */
export function hasLoadedModule(): boolean {
  return isLoaded;
}

/**
 * Loads the module of the application that `--config` names.
 * @returns what it exports, or what it exports under `default`
 * @throws ConfigurationError if it cannot be loaded
 */
export async function loaded(file: string): Promise<Readonly<Record<string, unknown>>> {
  isLoaded = true;
  const { never, forget } = neverEnding();
  try {
    const module = await Promise.race([imported(file), never]);
    // A CommonJS module may have all of it under `default`.
    const { default: inner } = module;
    const isInner = module.entities === undefined && typeof inner === "object" && inner !== null;
    return isInner ? (inner as Record<string, unknown>) : module;
  } catch (error) {
    const { code } = (error ?? {}) as { readonly code?: unknown };
    const hint =
      code === "ERR_UNKNOWN_FILE_EXTENSION" && /\.[cm]?ts$/.test(file)
        ? " (TypeScript needs Node 22.18 or newer, or NODE_OPTIONS=--import=tsx)"
        : "";
    const message = `--config ${file} cannot be loaded${hint}: ${error instanceof Error ? error.message : String(error)}`;
    throw new ConfigurationError({ message, cause: error });
  } finally {
    forget();
  }
}

function imported(file: string): Promise<Readonly<Record<string, unknown>>> {
  return import(pathToFileURL(resolve(file)).href);
}

/** Rejects when the process has nothing left to do: Node would end it without a word. */
function neverEnding(): { readonly never: Promise<never>; readonly forget: () => void } {
  const idle = new AbortController();
  const onIdle = () => idle.abort();
  process.once("beforeExit", onIdle);
  const never = new Promise<never>((_, reject) => {
    const error = new Error("it waits for something that never comes (top-level await)");
    idle.signal.addEventListener("abort", () => reject(error), { once: true });
  });
  return { never, forget: () => process.off("beforeExit", onIdle) };
}
