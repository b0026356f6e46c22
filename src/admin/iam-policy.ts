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
  /**
   * The key parts of `scope` that the policy is for, instead of a user: a value each, or the policy
   * variable with it (`{ teamId: { variable: "aws:PrincipalTag/teamId" } }`).
   */
  readonly owner?: Readonly<Record<string, string | { readonly variable: string }>> | undefined;
}

/** The entities of which the policy is made, as `createDataLayer` takes them. */
interface Entities {
  readonly entities?: unknown;
  readonly builtIn?: unknown;
}

const iamPolicyOptionNames = optionNames<IamPolicyOptions & Entities>({
  tableArn: true,
  access: true,
  userId: true,
  variable: true,
  owner: true,
  entities: true,
  builtIn: true,
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
 * The IAM policy over the partitions of an owner, or over the whole table.
 * @param templatesOf the keys of the entities whose partitions are made of the given parts alone
 * @throws ConfigurationError for an ARN that is not a table's, or an id that no policy can hold
 */
export function iamPolicyOf(
  templatesOf: (entities: Entities, owner: readonly string[]) => readonly KeyTemplates[],
  options: IamPolicyOptions & Entities,
): IamPolicy {
  const {
    tableArn,
    access = "user",
    userId,
    variable,
    owner,
    ...entities
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
    const texts =
      owner === undefined ? userTexts(userId, variable) : ownerTexts(owner, userId, variable);
    const templates = templatesOf(entities, Object.keys(texts));
    if (templates.length === 0)
      throw new ConfigurationError("owner must be the parts of a partition");
    const { table, ofIndex } = partitions(templates, texts);
    return policyOf([
      statement("OwnPartitions", tableActions, [tableArn], table),
      ...(ofIndex.length > 0 ? [statement("OwnIndexPartitions", ["Query"], [index], ofIndex)] : []),
    ]);
  }
  if (userId !== undefined || variable !== undefined || owner !== undefined) {
    throw new ConfigurationError(`userId, variable and owner cannot be used with access ${access}`);
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

/** An owner's partition keys in the table and in the index, made from the entities' templates. */
function partitions(
  entities: readonly KeyTemplates[],
  owner: Readonly<Record<string, string>>,
): { table: string[]; ofIndex: string[] } {
  const table = new Set<string>();
  const ofIndex = new Set<string>();
  for (const { pk, gsi1pk } of entities) {
    table.add(compileTemplate(pk).build(owner));
    if (gsi1pk === undefined) continue;
    const indexed = compileTemplate(gsi1pk);
    if (indexed.parts.every((part) => Object.hasOwn(owner, part)))
      ofIndex.add(indexed.build(owner));
  }
  return { table: [...table], ofIndex: [...ofIndex] };
}

type Texts = Readonly<Record<string, string>>;

/** The parts that name a user, who is an agent too. */
function userTexts(userId: unknown, variable: unknown): Texts {
  if (userId !== undefined && variable !== undefined) {
    throw new ConfigurationError("give userId or variable, not both");
  }
  const text =
    userId === undefined
      ? variableText("variable", variable ?? "aws:PrincipalTag/userId")
      : valueText("userId", userId);
  return { userId: text, agentId: text };
}

function ownerTexts(owner: object, userId: unknown, variable: unknown): Texts {
  if (userId !== undefined || variable !== undefined) {
    throw new ConfigurationError("give owner, or userId or variable, not both");
  }
  const texts = Object.entries(owner).map(([part, value]: [string, unknown]) => {
    const named = typeof value === "object" && value !== null && "variable" in value;
    const path = `owner.${part}`;
    return [
      part,
      named ? variableText(`${path}.variable`, value.variable) : valueText(path, value),
    ];
  });
  return Object.fromEntries(texts);
}

/** A policy variable, which IAM replaces. */
function variableText(name: string, variable: unknown): string {
  if (typeof variable === "string" && /^[\w.-]+:[\w./-]+$/.test(variable)) return `\${${variable}}`;
  throw new ConfigurationError(`${name} must be a policy variable: aws:PrincipalTag/userId`);
}

/** A part of a key in a policy, with what IAM would replace escaped. */
function valueText(name: string, value: unknown): string {
  const rule = keyPartRule(value);
  if (rule !== undefined) throw new ConfigurationError(`${name} ${rule}`);
  // A policy document takes no other characters. An id with such characters needs a variable.
  if (!/^[ -\u00ff]*$/.test(value as string)) {
    throw new ConfigurationError(`${name} must consist of characters from U+0020 to U+00FF`);
  }
  return (value as string).replaceAll("$", "${$}");
}
