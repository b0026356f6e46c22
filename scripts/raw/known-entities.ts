/**
 * The entities that a command knows: the twelve, and those of the application that `--config` names. A
 * process runs one command, so they are the process's.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { definitions } from "../../services/entities.js";
import { entitiesOf, type OwnEntities } from "../../services/own-entities.js";
import { type Definitions, indexesIn, type NoEntities } from "../../services/registry.js";
import { refuseMisspelt } from "../../src/call/options.js";
import { ConfigurationError, type IndexName } from "../../src/index.js";

let known: Definitions = definitions;

/** What a configuration file exports: options of `createDataLayer`. */
export type CommandConfig = OwnEntities<NoEntities, boolean>;

/**
 * Makes the entities of a configuration file known, or the twelve alone if there is none.
 * @returns what the data layer of the command takes
 * @throws ConfigurationError for a file that cannot be loaded or exports no entities
 */
export async function knowEntities(file: string | undefined): Promise<CommandConfig> {
  known = definitions;
  if (file === undefined) return {};
  const exported = await loaded(file);
  // A module of the application may export other things too, but not what is nearly one of these.
  refuseMisspelt(`--config ${file}`, exported, ["entities", "builtIn"]);
  if (exported.entities === undefined) {
    throw new ConfigurationError(
      `--config ${file} must export entities, as createDataLayer takes them`,
    );
  }
  const { entities, builtIn } = exported;
  known = entitiesOf({ entities, builtIn });
  return { entities, builtIn } as CommandConfig;
}

let isLoaded = false;

/**
 * Whether a module of the application was loaded. What it has started, such as a connection or a timer,
 * keeps the process alive.
 */
export function hasLoadedModule(): boolean {
  return isLoaded;
}

async function loaded(file: string): Promise<Readonly<Record<string, unknown>>> {
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

/** The indexes that the known entities are in. */
export function knownIndexes(): readonly IndexName[] {
  return indexesIn(known);
}

/** What is derived from the entities that are known now, made once for them. */
export function ofKnownEntities<T>(make: (definitions: Definitions) => T): () => T {
  let made: { readonly of: Definitions; readonly value: T } | undefined;
  return () => {
    if (made?.of !== known) made = { of: known, value: make(known) };
    return made.value;
  };
}
