/**
 * The entities that a command knows: the twelve, and those of the application that `--config` names. A
 * process runs one command, so they are the process's.
 */
import { definitions } from "../../services/entities.js";
import { entitiesOf, type OwnEntities } from "../../services/own-entities.js";
import { type Definitions, indexesIn, type NoEntities } from "../../services/registry.js";
import { refuseMisspelt } from "../../src/call/options.js";
import { ConfigurationError, type IndexName } from "../../src/index.js";
import { loaded } from "./own-module.js";

let known: Known = { definitions, firestore: undefined };

/** What a command knows of a configuration file. */
interface Known {
  readonly definitions: Definitions;
  /** What the file says of Firestore's collections, not checked yet. */
  readonly firestore: unknown;
}

/** What a configuration file exports: options of `createDataLayer`. */
export type CommandConfig = OwnEntities<NoEntities, boolean>;

/**
 * Makes the entities of a configuration file known, or the twelve alone if there is none.
 * @returns what the data layer of the command takes
 * @throws ConfigurationError for a file that cannot be loaded or exports no entities
 */
export async function knowEntities(file: string | undefined): Promise<CommandConfig> {
  known = { definitions, firestore: undefined };
  if (file === undefined) return {};
  const exported = await loaded(file);
  // A module of the application may export other things too, but not what is nearly one of these.
  refuseMisspelt(`--config ${file}`, exported, ["entities", "builtIn", "firestore"]);
  if (exported.entities === undefined) {
    throw new ConfigurationError(
      `--config ${file} must export entities, as createDataLayer takes them`,
    );
  }
  const { entities, builtIn, firestore } = exported;
  known = { definitions: entitiesOf({ entities, builtIn }), firestore };
  return { entities, builtIn } as CommandConfig;
}

/** The entities that are known now. */
export function knownDefinitions(): Definitions {
  return known.definitions;
}

/** The indexes that the known entities are in. */
export function knownIndexes(): readonly IndexName[] {
  return indexesIn(known.definitions);
}

/** What is derived from the entities that are known now, made once for them. */
export function ofKnownEntities<T>(
  make: (definitions: Definitions, firestore: unknown) => T,
): () => T {
  let made: { readonly of: Known; readonly value: T } | undefined;
  return () => {
    if (made?.of !== known) made = { of: known, value: make(known.definitions, known.firestore) };
    return made.value;
  };
}
