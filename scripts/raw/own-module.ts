/** The module of the application that configures the commands. */
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
 * Loads a module of the application.
 * @param name how a message calls it
 * @returns what it exports, or what it exports under `default`
 * @throws ConfigurationError if it cannot be loaded
 */
export async function loaded(
  file: string,
  name: string,
): Promise<Readonly<Record<string, unknown>>> {
  isLoaded = true;
  const { never, forget } = neverEnding();
  try {
    const module = await Promise.race([imported(file), never]);
    // A CommonJS module may have all of it under `default`.
    const { default: inner } = module;
    const isInner = module.entities === undefined && typeof inner === "object" && inner !== null;
    return isInner ? (inner as Record<string, unknown>) : module;
  } catch (error) {
    const hint = /\.[cm]?ts$/.test(file) ? hintFor(error) : "";
    const message = `${name} cannot be loaded${hint}: ${error instanceof Error ? error.message : String(error)}`;
    throw new ConfigurationError({ message, cause: error });
  } finally {
    forget();
  }
}

/** What Node lacks for a file in TypeScript. */
function hintFor(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (code === "ERR_UNKNOWN_FILE_EXTENSION") {
    return " (TypeScript needs Node 22.18 or newer, or NODE_OPTIONS=--import=tsx)";
  }
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") {
    return " (Node only leaves types out: enum, namespace and parameter properties need NODE_OPTIONS=--import=tsx)";
  }
  if (code === "ERR_MODULE_NOT_FOUND") {
    return " (Node finds a TypeScript file by its own name, ./entities.ts; ./entities.js for it needs NODE_OPTIONS=--import=tsx)";
  }
  return "";
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
