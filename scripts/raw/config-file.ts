/** The configuration file of an application: `bayon-data.config.*` of its package, or the one of `--config`. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { refuseMisspelt } from "../../src/call/options.js";
import { ConfigurationError } from "../../src/index.js";
import { loaded } from "./own-module.js";

/** What a file says. Each member is checked where it is used. */
export interface ConfigFile {
  /** How messages call it: `--config F`, or the path of the file that was found. */
  readonly name: string;
  readonly path: string;
  readonly exported: Readonly<Record<string, unknown>>;
}

const extensions = ["ts", "mts", "cts", "js", "mjs", "cjs", "json"];

/** The settings that a file may have, as `createDataLayer` and `firestore` take them. */
export const configNames = [
  ...["entities", "builtIn", "firestore"],
  ...["environment", "tableName", "region", "endpoint"],
] as const;

/**
 * Reads the file of `--config`, or else the one of the package that the current folder is in.
 * @returns `undefined` if there is none
 * @throws ConfigurationError for a file that cannot be loaded or has none of the settings, and for two
 * files in one folder
 */
export async function readConfigFile(given: string | undefined): Promise<ConfigFile | undefined> {
  const path = given ?? findConfigFile(process.cwd());
  if (path === undefined) return undefined;
  const name = given === undefined ? relative(process.cwd(), path) : `--config ${given}`;
  const exported = path.endsWith(".json") ? await parsed(path, name) : await loaded(path, name);
  // A module of the application may export other things too, but not what is nearly one of these.
  refuseMisspelt(name, exported, configNames);
  if (configNames.every((one) => exported[one] === undefined)) {
    throw new ConfigurationError(
      `${name} must export entities, as createDataLayer takes them, or one of ${configNames.slice(1).join(", ")}`,
    );
  }
  return { name, path, exported };
}

/** Looks in the folder and those above it, up to the one with the package.json: beyond it, files are others'. */
export function findConfigFile(from: string): string | undefined {
  let found: string | undefined;
  for (let folder = from; ; folder = dirname(folder)) {
    found ??= configFileIn(folder);
    if (existsSync(join(folder, "package.json"))) return found;
    // Outside a package the current folder alone counts.
    if (folder === dirname(folder)) return configFileIn(from);
  }
}

/** @throws ConfigurationError for two files: it is unclear which one is meant */
function configFileIn(folder: string): string | undefined {
  const files = extensions
    .map((extension) => join(folder, `bayon-data.config.${extension}`))
    .filter((file) => existsSync(file));
  const [first, second] = files;
  if (second === undefined) return first;
  const rule = "keep one of them, or name one with --config";
  throw new ConfigurationError(`there are ${first} and ${second}: ${rule}`);
}

async function parsed(path: string, name: string): Promise<Readonly<Record<string, unknown>>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const message = `${name} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`;
    throw new ConfigurationError({ message, cause: error });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new ConfigurationError(`${name} must be an object of settings`);
}
