/** IAM policies for one user's partitions, or for the whole table, made from its entities' keys. */
import { optionNames, settingsOf } from "../call/options.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { compileTemplate, keyPartRule } from "../keys/template.js";
import { indexName, type KeyTemplates } from "../table/table.js";

/** Whom the policy is for. */
export type IamAccess =
  /** A process that acts for one user, through `forUser`. */
  | "user"
  /** The application: every item, by key and by query. No scans, and no change of the table itself. */
  | "application"
  /** The commands of `bayon-data`, which also scan, create and delete the table. */
  | "scripts";

export interface IamPolicyOptions {
  /** The table's ARN: `arn:aws:dynamodb:us-east-1:123456789012:table/BayonCoAgent-prod`. */
  readonly tableArn: string;
  /** @default "user" */
  readonly access?: IamAccess | undefined;
  /** The id of the one user that the policy is for. @default the user in `variable` */
  readonly userId?: string | undefined;
  /**
   * The policy variable with the user's id, without `${}`: your own session tag, or for instance
   * `cognito-identity.amazonaws.com:sub`. @default "aws:PrincipalTag/userId"
   */
  readonly variable?: string | undefined;
}

const iamPolicyOptionNames = optionNames<IamPolicyOptions>({
  tableArn: true,
  access: true,
  userId: true,
  variable: true,
});

export interface IamStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>;
}

/** A policy document. `JSON.stringify` makes it the text that IAM takes. */
export interface IamPolicy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly IamStatement[];
}

/**
 * What the layer sends to the table. IAM authorises a transaction by its parts, and a condition check in
 * it by ConditionCheckItem.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
 */
const tableActions = [
  "BatchGetItem",
  "BatchWriteItem",
  "ConditionCheckItem",
  "DeleteItem",
  "GetItem",
  "PutItem",
  "Query",
  "UpdateItem",
] as const;

/** What scripts send in addition. */
const scriptActions = [
  "CreateTable",
  "DeleteTable",
  "DescribeTable",
  "Scan",
  "UpdateTimeToLive",
] as const;

const leadingKeys = "dynamodb:LeadingKeys";

/**
 * The IAM policy over the partitions of these entities.
 * @throws ConfigurationError for an ARN that is not a table's, or an id that no policy can hold
 */
export function iamPolicyOf(
  entities: readonly KeyTemplates[],
  options: IamPolicyOptions,
): IamPolicy {
  const {
    tableArn,
    access = "user",
    userId,
    variable,
  } = settingsOf("iamPolicy", options, iamPolicyOptionNames);
  if (
    typeof tableArn !== "string" ||
    !/^arn:aws[\w-]*:dynamodb:[\w-]*:\d*:table\/[\w.-]+$/.test(tableArn)
  ) {
    throw new ConfigurationError("tableArn must be a table's ARN: arn:aws:dynamodb:…:table/…");
  }
  if (access !== "user" && access !== "application" && access !== "scripts") {
    throw new ConfigurationError("access must be user, application or scripts");
  }
  const index = `${tableArn}/index/${indexName}`;
  if (access === "user") {
    const user = userText(userId, variable);
    const { table, ofIndex } = partitions(entities, user);
    return policyOf([
      statement("OwnPartitions", tableActions, [tableArn], table),
      statement("OwnIndexPartitions", ["Query"], [index], ofIndex),
    ]);
  }
  if (userId !== undefined || variable !== undefined) {
    throw new ConfigurationError(`userId and variable cannot be used with access ${access}`);
  }
  const actions = access === "scripts" ? [...tableActions, ...scriptActions] : tableActions;
  return policyOf([
    statement("Table", [...actions].sort(), [tableArn]),
    statement("Index", ["Query"], [index]),
  ]);
}

function policyOf(statements: readonly IamStatement[]): IamPolicy {
  return { Version: "2012-10-17", Statement: statements };
}

function statement(
  Sid: string,
  actions: readonly string[],
  Resource: readonly string[],
  partitionKeys?: string[],
): IamStatement {
  return {
    Sid,
    Effect: "Allow",
    Action: actions.map((action) => `dynamodb:${action}`),
    Resource,
    ...(partitionKeys !== undefined && {
      Condition: {
        "ForAllValues:StringEquals": { [leadingKeys]: partitionKeys },
        Null: { [leadingKeys]: "false" },
      },
    }),
  };
}

/** A user's partition keys in the table and in the index, made from the entities' templates. */
function partitions(
  entities: readonly KeyTemplates[],
  user: string,
): { table: string[]; ofIndex: string[] } {
  const table = new Set<string>();
  const ofIndex = new Set<string>();
  for (const { pk, gsi1pk } of entities) {
    const own = compileTemplate(pk);
    const owner = Object.fromEntries(own.parts.map((part) => [part, user]));
    table.add(own.build(owner));
    if (gsi1pk === undefined) continue;
    const indexed = compileTemplate(gsi1pk);
    if (indexed.parts.every((part) => part in owner)) ofIndex.add(indexed.build(owner));
  }
  return { table: [...table], ofIndex: [...ofIndex] };
}

/** The user in a policy: the id, with what IAM would replace escaped, or a policy variable. */
function userText(userId: unknown, variable: unknown): string {
  if (userId === undefined) {
    const name = variable ?? "aws:PrincipalTag/userId";
    if (typeof name === "string" && /^[\w.-]+:[\w./-]+$/.test(name)) return `\${${name}}`;
    throw new ConfigurationError("variable must be a policy variable: aws:PrincipalTag/userId");
  }
  if (variable !== undefined) throw new ConfigurationError("give userId or variable, not both");
  const rule = keyPartRule(userId);
  if (rule !== undefined) throw new ConfigurationError(`userId ${rule}`);
  // A policy document takes no other characters. An id with such characters needs a variable.
  if (!/^[ -\u00ff]*$/.test(userId as string)) {
    throw new ConfigurationError("userId must consist of characters from U+0020 to U+00FF");
  }
  return (userId as string).replaceAll("$", "${$}");
}
