/** `bayon-data policy`: the IAM policy of a user, of the application or of these scripts. */
import { type Command, Option } from "commander";
import { iamPolicy } from "../../../src/index.js";
import { knowEntities } from "../../raw/known-entities.js";
import { addConfigOption, addVerboseOption, type CommandContext, exitCode } from "../connection.js";
import { addOwnerOptions, type OwnerFlags, ownerOf } from "../owner-options.js";

type PolicyOptions = Parameters<typeof iamPolicy>[0];

interface PolicyFlags extends OwnerFlags {
  readonly arn: string;
  readonly access: PolicyOptions["access"];
  readonly scan?: boolean;
  readonly user?: string;
  readonly config?: string;
}

export function addPolicyCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("policy")
    .description(
      "print the IAM policy of one user, of the application, of these scripts or of a stream's reader",
    )
    .requiredOption("--arn <arn>", "the table's ARN, which `table describe` prints")
    .addOption(
      new Option("--access <who>", "whose policy")
        .choices(["user", "application", "scripts", "stream"])
        .default("user"),
    )
    .option("--scan", "with --access application: allow it to scan its stores, too")
    .option("--user <id>", "the id of the one user it is for");
  addVerboseOption(addConfigOption(addOwnerOptions(command)))
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
