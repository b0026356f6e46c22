/** `bayon-data policy`: the IAM policy of a user, of the application or of these scripts. */
import { type Command, Option } from "commander";
import { iamPolicy } from "../../src/index.js";
import { type CommandContext, exitCode } from "./connection.js";

type PolicyFlags = Omit<Parameters<typeof iamPolicy>[0], "tableArn"> & {
  readonly arn: string;
  readonly user?: string;
};

export function addPolicyCommand(program: Command, context: CommandContext): void {
  program
    .command("policy")
    .description("print the IAM policy of one user, of the application or of these scripts")
    .requiredOption("--arn <arn>", "the table's ARN, as `table describe` tells it")
    .addOption(
      new Option("--access <who>", "whose policy")
        .choices(["user", "application", "scripts"])
        .default("user"),
    )
    .option("--user <id>", "the one user it is for, as the id stands")
    .option("--variable <name>", "the policy variable that holds the user's id")
    .option("--verbose", "show stack traces")
    .addHelpText(
      "after",
      `
Asks no table and no account. A user's policy allows what data.forUser sends, on that
user's partitions alone; which user is told by the session tag userId, unless --user or
--variable says otherwise.

Examples:
  $ bayon-data policy --arn arn:aws:dynamodb:us-east-1:123456789012:table/BayonCoAgent-prod
  $ bayon-data policy --arn arn:aws:dynamodb:us-east-1:123456789012:table/BayonCoAgent-prod --access scripts`,
    )
    .action(({ arn: tableArn, access, user: userId, variable }: PolicyFlags) => {
      const policy = iamPolicy({ tableArn, access, userId, variable });
      context.terminal.line(JSON.stringify(policy, null, 2));
      context.finish(exitCode.ok);
    });
}
