/**
 * Where the table of a command is, and who said so. The order, for each setting by itself: option, variable,
 * configuration file, default.
 */
import {
  type Configuration,
  variables as environmentVariables,
  resolveConfiguration,
} from "../../src/client/config.js";
import { ConfigurationError, type ConnectionOptions } from "../../src/index.js";
import { type ConfigFile, readConfigFile } from "../raw/config-file.js";

/** The options that name the table. */
export interface PlaceFlags {
  readonly table?: string | undefined;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly environment?: ConnectionOptions["environment"];
  readonly config?: string | undefined;
}

export const placeNames = ["environment", "tableName", "region", "endpoint"] as const;
type PlaceName = (typeof placeNames)[number];

export interface Place {
  /** What `createDataLayer` takes. */
  readonly options: Pick<ConnectionOptions, PlaceName>;
  readonly configuration: Configuration;
  /** Who said each of them: `--table`, `AWS_REGION`, the file's name, or `default`. */
  readonly sources: Readonly<Record<PlaceName, string>>;
  readonly file: ConfigFile | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws ConfigurationError that names the option, the variable or the file */
export async function placeFor(
  flags: PlaceFlags,
  variables: Variables = environmentVariables(),
): Promise<Place> {
  const file = await readConfigFile(flags.config);
  const given: Readonly<Record<PlaceName, readonly [flag: string, value: unknown]>> = {
    environment: ["--environment", flags.environment],
    tableName: ["--table", flags.table],
    region: ["--region", flags.region],
    endpoint: ["--endpoint", flags.endpoint],
  };
  const options: Record<string, unknown> = {};
  const sources: Record<string, string> = {};
  let usesFile = file !== undefined;
  for (const name of placeNames) {
    const [flag, value] = given[name];
    const variable = variableOf(name, variables);
    const own = file?.exported[name];
    if (value !== undefined) [options[name], sources[name]] = [value, flag];
    else if (variable !== undefined) sources[name] = variable;
    else if (usesFile && file !== undefined && own !== undefined) {
      [options[name], sources[name]] = [own, file.name];
    } else sources[name] = "default";
    // The file's table is that of its environment: another environment's is another one.
    if (name === "environment" && own !== undefined && sources[name] !== file?.name) {
      usesFile = own === environmentOf(value, variables);
    }
  }
  return {
    options: options as Place["options"],
    configuration: resolved(options as Place["options"], sources, variables, file),
    sources: sources as Place["sources"],
    file,
  };
}

/** The name of the variable that says it, if one does. */
function variableOf(name: PlaceName, variables: Variables): string | undefined {
  const isSet = (one: string) => (variables[one]?.trim() ?? "") !== "";
  const first = (...names: string[]) => names.find(isSet);
  if (name === "tableName") return first("DYNAMODB_TABLE_NAME");
  if (name === "region") return first("AWS_REGION");
  if (name === "endpoint") {
    const ignored = variables.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.trim() === "true";
    return ignored ? undefined : first("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL");
  }
  if (isSet("COAGENT_ENV")) return "COAGENT_ENV";
  const local =
    (variables.USE_LOCAL_AWS?.trim() ?? "") !== "" && variables.USE_LOCAL_AWS?.trim() !== "false";
  if (local) return "USE_LOCAL_AWS";
  // Other values of it, such as test, choose no environment.
  return variables.NODE_ENV?.trim() === "production" ? "NODE_ENV" : undefined;
}

function environmentOf(flag: unknown, variables: Variables): string {
  const options = { environment: flag as ConnectionOptions["environment"] };
  return resolveConfiguration({ ...options, endpoint: "http://localhost" }, variables).environment;
}

/** A wrong value of the file is reported with the file's name. */
function resolved(
  options: Place["options"],
  sources: Readonly<Record<string, string>>,
  variables: Variables,
  file: ConfigFile | undefined,
): Configuration {
  try {
    return resolveConfiguration(options, variables);
  } catch (error) {
    const wrong = placeNames.find(
      (name) => sources[name] === file?.name && messageOf(error).startsWith(`${name} is `),
    );
    if (wrong === undefined || file === undefined) throw error;
    throw new ConfigurationError({ message: `${file.name}: ${messageOf(error)}`, cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
