/** IAM policies for the table, made from its definition: one user's partitions, or all of it. */
import { optionNames, settingsOf } from "../call/options.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { compileTemplate, keyPartRule } from "../keys/template.js";
import { indexName, type KeyTemplates, keyTemplates } from "../table/table.js";

/** Who gets the policy. */
export type IamAccess =
  /** A process that acts for one user, through `forUser`. */
  | "user"
  /** The application: every item, by key and by query; no scan, and the table stays as it is. */
  | "application"
  /** `bayon-data`, which scans, and creates and deletes the table. */
  | "scripts";

export interface IamPolicyOptions {
  /** The table's ARN: `arn:aws:dynamodb:us-east-1:123456789012:table/BayonCoAgent-prod`. */
  readonly tableArn: string;
  /** @default "user" */
  readonly access?: IamAccess | undefined;
  /** The one user that the policy is for, as it stands. @default whoever `variable` names */
  readonly userId?: string | undefined;
  /**
   * The policy variable that holds the user's id, without `${}`: a session tag of your own, or for
   * instance `cognito-identity.amazonaws.com:sub`. @default "aws:PrincipalTag/userId"
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

/** A policy document, to be printed by `JSON.stringify`. */
export interface IamPolicy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly IamStatement[];
}

/**
 * What the layer sends to the table. A transaction is authorised by what it is made of, and a
 * condition of one by ConditionCheckItem.
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

/** What scripts send beside it. */
const scriptActions = [
  "CreateTable",
  "DeleteTable",
  "DescribeTable",
  "Scan",
  "UpdateTimeToLive",
] as const;

const leadingKeys = "dynamodb:LeadingKeys";

/**
 * The IAM policy of a user, of the application or of the scripts. Nothing is sent.
 *
 * A user's policy allows the requests of `forUser` on that user's partitions and no other request:
 * it holds against faults of the application's own code and of this package's. It is taken from the
 * key templates. On the index only partitions that the user's id alone makes are in it: a review's
 * place there is made of the review's id, under which any agent's review may lie.
 *
 * `ForAllValues` alone is true of a request without leading keys, such as a Scan; `Null` refuses
 * those. IAM judges a write by the table's key, not by what it writes into the index's attributes.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html for sizes: 2,048
 * characters as a session policy, 6,144 as a managed one. This one takes some 700, and four times
 * the user's id
 * @throws ConfigurationError for an ARN that is no table's, and for an id that no policy can hold
 */
export function iamPolicy(options: IamPolicyOptions): IamPolicy {
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
    const { table, ofIndex } = partitions(user);
    return policyOf([
      statement("OwnPartitions", tableActions, [tableArn], table),
      statement("OwnIndexPartitions", ["Query"], [index], ofIndex),
    ]);
  }
  if (userId !== undefined || variable !== undefined) {
    throw new ConfigurationError(`userId and variable are not for access ${access}`);
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

/** A user's partitions in the table and in the index, as the entities' templates make them. */
function partitions(user: string): { table: string[]; ofIndex: string[] } {
  const table = new Set<string>();
  const ofIndex = new Set<string>();
  for (const { pk, gsi1pk } of Object.values<KeyTemplates>(keyTemplates)) {
    const own = compileTemplate(pk);
    const owner = Object.fromEntries(own.parts.map((part) => [part, user]));
    table.add(own.build(owner));
    if (gsi1pk === undefined) continue;
    const indexed = compileTemplate(gsi1pk);
    if (indexed.parts.every((part) => part in owner)) ofIndex.add(indexed.build(owner));
  }
  return { table: [...table], ofIndex: [...ofIndex] };
}

/** How a policy names the user: the id with what IAM would replace escaped, or a policy variable. */
function userText(userId: unknown, variable: unknown): string {
  if (userId === undefined) {
    const name = variable ?? "aws:PrincipalTag/userId";
    if (typeof name === "string" && /^[\w.-]+:[\w./-]+$/.test(name)) return `\${${name}}`;
    throw new ConfigurationError("variable must be a policy variable: aws:PrincipalTag/userId");
  }
  if (variable !== undefined) throw new ConfigurationError("give userId or variable, not both");
  const rule = keyPartRule(userId);
  if (rule !== undefined) throw new ConfigurationError(`userId ${rule}`);
  // A policy document holds no other characters; an id that has some needs a variable.
  if (!/^[ -\u00ff]*$/.test(userId as string)) {
    throw new ConfigurationError("userId must be of the characters U+0020 to U+00FF");
  }
  return (userId as string).replaceAll("$", "${$}");
}
