/** `bayon-data config`: what the commands would use, and who said so. */
import type { Command } from "commander";
import { encryptionVariable, variables } from "../../../src/client/config.js";
import { knowEntities, knownDefinitions, knownIndexes } from "../../raw/known-entities.js";
import { table as columns } from "../../run/terminal.js";
import {
  addConfigOption,
  addConnectionFlags,
  type CommandContext,
  type ConnectionFlags,
  exitCode,
} from "../connection.js";
import { jsonOption } from "../long-command.js";
import { type Place, placeFor } from "../place.js";

interface ConfigFlags extends ConnectionFlags {
  readonly json?: boolean;
}

/** A setting as it was resolved. */
interface Setting {
  readonly setting: string;
  readonly value: string;
  readonly from: string;
}

export function addConfigCommand(program: Command, context: CommandContext): void {
  addConfigOption(addConnectionFlags(program.command("config")))
    .description("print what the commands would use, and where each setting comes from")
    .option(...jsonOption)
    .addHelpText(
      "after",
      `
The order is the same for each setting: an option, then a variable, then the configuration file, then
the default. The file is --config, or bayon-data.config.ts, .js, .mjs, .cjs or .json in the current
folder or one above it, up to the folder with the package.json. It exports any of entities, builtIn,
firestore, environment, tableName, region and endpoint. If an option or a variable names another
environment than the file, the file's table, region and endpoint are not used.

Sends no request. Secrets are not shown.

Exit codes: 0 printed, 2 a setting is wrong.

Examples:
  $ bayon-data config
  $ bayon-data config --environment production --json`,
    )
    .action((flags: ConfigFlags) => config(flags, context));
}

async function config(flags: ConfigFlags, { terminal, finish }: CommandContext): Promise<void> {
  const place = await placeFor(flags);
  await knowEntities(flags.config);
  const settings = settingsOf(place);
  if (flags.json) terminal.line(JSON.stringify({ settings }));
  else {
    const rows = settings.map(({ setting, value, from }) => [setting, value, from]);
    for (const row of columns([["", "", "from"], ...rows])) terminal.line(row);
  }
  finish(exitCode.ok);
}

function settingsOf({ configuration, sources, file }: Place): Setting[] {
  const { environment, tableName, region, endpoint } = configuration;
  const definitions = Object.keys(knownDefinitions());
  const from = file?.name ?? "default";
  return [
    { setting: "file", value: file?.path ?? "none", from: file === undefined ? "" : from },
    { setting: "environment", value: environment, from: sources.environment },
    { setting: "table", value: tableName, from: sources.tableName },
    { setting: "region", value: region ?? "as the AWS SDK finds it", from: sources.region },
    { setting: "endpoint", value: endpoint ?? "of AWS", from: sources.endpoint },
    credentialsOf(environment === "local"),
    encryptionOf(),
    { setting: "entities", value: definitions.join(", "), from },
    { setting: "indexes", value: knownIndexes().join(", ") || "none", from: "the entities" },
  ];
}

/** Which credentials they are; never themselves. */
function credentialsOf(isLocal: boolean): Setting {
  const isSet = (variables().AWS_ACCESS_KEY_ID?.trim() ?? "") !== "";
  const setting = "credentials";
  if (isLocal) return { setting, value: "test / test", from: "default" };
  if (isSet) return { setting, value: "[secret]", from: "AWS_ACCESS_KEY_ID" };
  return { setting, value: "as the AWS SDK finds them", from: "default" };
}

function encryptionOf(): Setting {
  const found = encryptionVariable();
  return {
    setting: "encryption",
    value: found === undefined ? "none" : "[secret]",
    from: found?.source ?? "default",
  };
}
