/** `bayon-data template`: the table for CloudFormation, SAM, the CDK or Terraform. */
import { writeFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type TableTemplateOptions, tableTemplate } from "../../../services/infrastructure.js";
import { templateFormats } from "../../../src/infrastructure/template-options.js";
import { knowEntities } from "../../raw/known-entities.js";
import {
  addConfigOption,
  addVerboseOption,
  type CommandContext,
  type ConnectionFlags,
  environmentOption,
  exitCode,
  groups,
  tableOption,
  UsageError,
  wholeNumber,
} from "../connection.js";
import { addOwnerOptions, type OwnerFlags, ownerOf } from "../owner-options.js";
import { placeFor } from "../place.js";

type Units = NonNullable<TableTemplateOptions["capacity"]>["read"];

interface TemplateFlags
  extends OwnerFlags,
    Pick<ConnectionFlags, "environment" | "table" | "config"> {
  readonly format: TableTemplateOptions["format"];
  readonly stream?: boolean;
  readonly pitr?: boolean;
  readonly deletionProtection?: boolean;
  readonly tag?: Readonly<Record<string, string>>;
  readonly readCapacity?: Units;
  readonly writeCapacity?: Units;
  readonly targetPercent?: number;
  readonly policies?: TableTemplateOptions["policies"];
  readonly scan?: boolean;
  readonly variable?: string;
  readonly out?: string;
  readonly force?: boolean;
}

export function addTemplateCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("template")
    .description("print the table and its IAM policies as infrastructure as code")
    .addOption(
      new Option("--format <name>", "the tool that reads it")
        .choices(templateFormats)
        .default("cloudformation"),
    )
    .option("--stream", "give the table a stream of its changes")
    .option("--pitr", "switch point-in-time recovery on")
    .option("--deletion-protection", "let DynamoDB refuse to delete the table")
    .option("--tag <name=value>", "a tag of the table; once for each", addTag)
    .option("--read-capacity <units>", "provisioned read units: 5, or scaled, 5-100", unitsOf)
    .option("--write-capacity <units>", "provisioned write units, likewise", unitsOf)
    .option(
      "--target-percent <number>",
      "how much of scaled units is to be in use (70)",
      wholeNumber(20, 90),
    )
    .option("--out <file>", "write to this file, which must not exist yet (stdout)")
    .option("--force", "replace the file of --out");
  addConfigOption(command);
  command
    .optionsGroup("Policies:")
    .option(
      "--policies <list>",
      "the policies it has, of user,application,scripts, or none (all)",
      policiesOf,
    )
    .option("--scan", "allow the application to scan its stores, too");
  addOwnerOptions(command)
    .optionsGroup(groups.table)
    .addOption(environmentOption())
    .option(...tableOption);
  addVerboseOption(command)
    .addHelpText(
      "after",
      `
Sends no request. The table has the key, the indexes and the TTL of bayon-data table create, and is
billed on demand unless both capacities are given; indexes then have the same. It is kept when its
stack is deleted. The policies are those of bayon-data policy; without a user's if no entity is a user's.

CloudFormation and SAM are printed as JSON, which both take as they take YAML; a stack with policies
needs --capabilities CAPABILITY_IAM. The CDK's is a construct in TypeScript. The table's name is a
parameter of each. bayon-data doctor --schema compares a table with what the entities need.

Exit codes: 0 printed or written, 1 the file cannot be written, 2 wrong usage.

Examples:
  $ bayon-data template --environment production --pitr --deletion-protection --out table.json
  $ bayon-data template --format terraform --stream --config ./dist/data-config.js
  $ bayon-data template --format cdk --read-capacity 5 --write-capacity 5-100 --out table.ts`,
    )
    .action((flags: TemplateFlags) => template(flags, context));
}

async function template(flags: TemplateFlags, { terminal, finish }: CommandContext): Promise<void> {
  const { format, stream, pitr, deletionProtection, tag, policies, scan, variable } = flags;
  const { environment, table, config, out, force = false } = flags;
  if (force && out === undefined) throw new UsageError("--force is for --out <file>");
  const text = tableTemplate({
    ...(await knowEntities(config)),
    tableName: (await placeFor({ environment, table, config })).configuration.tableName,
    pointInTimeRecovery: pitr,
    capacity: capacityOf(flags),
    tags: tag,
    owner: ownerOf(flags),
    ...{ format, stream, deletionProtection, policies, scan, variable },
  });
  if (out === undefined) terminal.line(text.trimEnd());
  else {
    await write(out, text, force);
    terminal.line(`${out}: written`);
  }
  finish(exitCode.ok);
}

async function write(file: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(file, text, { flag: force ? "w" : "wx" });
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== "EEXIST") throw error;
    throw new UsageError(`${file} exists already: add --force to replace it`, error);
  }
}

/** @throws UsageError for one of the two without the other, and for a target of nothing */
function capacityOf({
  readCapacity: read,
  writeCapacity: write,
  targetPercent,
}: TemplateFlags): TableTemplateOptions["capacity"] {
  const given = [read, write].filter((one) => one !== undefined);
  if (given.length === 1)
    throw new UsageError("give --read-capacity and --write-capacity, or none");
  if (targetPercent !== undefined && !given.some((one) => typeof one === "object")) {
    throw new UsageError("--target-percent is for capacity that is scaled, such as 5-100");
  }
  if (read === undefined || write === undefined) return undefined;
  const withTarget = (units: Units) =>
    typeof units === "number" ? units : { ...units, targetPercent };
  return { read: withTarget(read), write: withTarget(write) };
}

function unitsOf(text: string): Units {
  const [, min, max] = /^([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/.exec(text) ?? [];
  if (min === undefined) {
    throw new InvalidArgumentError(
      "It must be units, such as 5, or a range of them, such as 5-100.",
    );
  }
  if (max === undefined) return Number(min);
  if (Number(max) >= Number(min)) return { min: Number(min), max: Number(max) };
  throw new InvalidArgumentError("The end of the range must be its start or more.");
}

function addTag(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be a name and a value, such as team=data.");
  const name = text.slice(0, at);
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`${name} is given twice.`);
  return { ...before, [name]: text.slice(at + 1) };
}

/** The list is checked by `tableTemplate`. */
function policiesOf(text: string): TableTemplateOptions["policies"] {
  return (text === "none" ? [] : text.split(",")) as TableTemplateOptions["policies"];
}
