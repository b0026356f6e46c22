/** `bayon-data policy`: the IAM policy of a user, of the application or of these scripts. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { iamPolicy } from "../../../src/index.js";
import { knowEntities } from "../../raw/known-entities.js";
import { type CommandContext, exitCode, groups, UsageError } from "../connection.js";

type PolicyOptions = Parameters<typeof iamPolicy>[0];
type Owner = NonNullable<PolicyOptions["owner"]>;

interface PolicyFlags {
  readonly arn: string;
  readonly access: PolicyOptions["access"];
  readonly scan?: boolean;
  readonly user?: string;
  readonly variable?: string;
  readonly owner?: Owner;
  readonly ownerVariable?: Owner;
  readonly config?: string;
}

/** Parses `<part>=<text>`, and adds it to the parts that were given before. */
const addPart =
  (valueIn: (text: string) => Owner[string]) =>
  (given: string, before: Owner = {}): Owner => {
    const at = given.indexOf("=");
    const part = given.slice(0, at);
    if (at < 1 || at === given.length - 1) {
      throw new InvalidArgumentError("It must be a key part and its value, such as teamId=t1.");
    }
    if (Object.hasOwn(before, part)) throw new InvalidArgumentError(`${part} is given twice.`);
    return { ...before, [part]: valueIn(given.slice(at + 1)) };
  };

export function addPolicyCommand(program: Command, context: CommandContext): void {
  program
    .command("policy")
    .description("print the IAM policy of one user, of the application or of these scripts")
    .requiredOption("--arn <arn>", "the table's ARN, which `table describe` prints")
    .addOption(
      new Option("--access <who>", "whose policy")
        .choices(["user", "application", "scripts"])
        .default("user"),
    )
    .option("--scan", "with --access application: allow it to scan its stores, too")
    .option("--user <id>", "the id of the one user it is for")
    .option("--variable <name>", "the policy variable that holds the user's id, such as aws:userid")
    .option(
      "--owner <part=value>",
      "a key part of the owner it is for, instead of a user; once for each part",
      addPart((text) => text),
    )
    .option(
      "--owner-variable <part=name>",
      "the same, with the policy variable that holds its value",
      addPart((variable) => ({ variable })),
    )
    .option("--config <file>", "a module that exports the entities of your own (entities, builtIn)")
    .optionsGroup(groups.other)
    .option("--verbose", "show stack traces of errors")
    .addHelpText(
      "after",
      `
Sends no request. A user's policy allows what data.forUser sends, on that user's partitions alone.
The session tag userId identifies the user, unless --user or --variable is given.
With --owner it allows what data.scope sends for that owner.

Exit codes: 0 printed, 2 wrong usage.

Examples:
  $ bayon-data policy --arn arn:aws:dynamodb:us-east-1:123456789012:table/BayonCoAgent-prod
  $ bayon-data policy --arn arn:aws:dynamodb:us-east-1:123456789012:table/BayonCoAgent-prod --access scripts
  $ bayon-data policy --arn arn:aws:dynamodb:us-east-1:123456789012:table/BayonCoAgent-prod --config entities.js --owner-variable teamId=aws:PrincipalTag/teamId`,
    )
    .action(async ({ arn, access, scan, user, variable, config, ...flags }: PolicyFlags) => {
      const policy = iamPolicy({
        ...(await knowEntities(config)),
        tableArn: arn,
        access,
        scan,
        userId: user,
        variable,
        owner: ownerOf(flags),
      });
      context.terminal.line(JSON.stringify(policy, null, 2));
      context.finish(exitCode.ok);
    });
}

/** @throws UsageError for a part with both a value and a variable */
function ownerOf({ owner, ownerVariable }: Pick<PolicyFlags, "owner" | "ownerVariable">) {
  if (owner === undefined && ownerVariable === undefined) return undefined;
  const both = Object.keys(owner ?? {}).find((part) => Object.hasOwn(ownerVariable ?? {}, part));
  if (both !== undefined) throw new UsageError(`give ${both} in --owner or in --owner-variable`);
  return { ...owner, ...ownerVariable };
}
