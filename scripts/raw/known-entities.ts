/**
 * The entities that a command knows: the twelve, and those of the application that `--config` names. A
 * process runs one command, so they are the process's.
 */
import { definitions } from "../../services/entities.js";
import { entitiesOf, type OwnEntities } from "../../services/own-entities.js";
import { type Definitions, indexesIn, type NoEntities } from "../../services/registry.js";
import type { IndexName } from "../../src/index.js";
import { readConfigFile } from "./config-file.js";

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
 * @param file that of `--config`; without it, the file of the package
 * @returns what the data layer of the command takes
 * @throws ConfigurationError for a file that cannot be loaded or exports no entities
 */
export async function knowEntities(file: string | undefined): Promise<CommandConfig> {
  known = { definitions, firestore: undefined };
  const found = await readConfigFile(file);
  if (found === undefined) return {};
  const { entities, builtIn, firestore } = found.exported;
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
