/** IAM policies for one user's partitions, or for the whole table, made from its entities' keys. */

import { optionNames, settingsOf } from "../call/options.js";
import { isOwnIndex } from "../entity/indexes.js";
import type { DeclaredKeys } from "../entity/model.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { keyPartRule, separator } from "../keys/template.js";
import type { IndexName } from "../table/table.js";
import { isPlainMap } from "../values/payload.js";
import { foreignPartitionRule } from "./foreign-partitions.js";

/** Whom the policy is for. */
export type IamAccess =
  /** A process that acts for one user, through `forUser`. */
  | "user"
  /** The application: every item, by key and by query. No change of the table, and no scan but with `scan`. */
  | "application"
  /** The commands of `bayon-data`, which also scan, create and delete the table. */
  | "scripts"
  /** A reader of the table's stream: `watch`, or a function on AWS Lambda. It sees every item's changes. */
  | "stream";

export interface IamPolicyOptions {
  /** The table's ARN: `arn:aws:dynamodb:us-east-1:123456789012:table/BayonCoAgent-prod`. */
  readonly tableArn: string;
  /** @default "user" */
  readonly access?: IamAccess | undefined;
  /**
   * Whether the application may `scan` its stores too. A scan reads every owner's items, so that no
   * owner's policy takes it. @default false
   */
  readonly scan?: boolean | undefined;
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
  scan: true,
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
  "DescribeContinuousBackups",
  "DescribeTable",
  "DescribeTimeToLive",
  "Scan",
  "UpdateTimeToLive",
] as const;

const accesses: readonly IamAccess[] = ["user", "application", "scripts", "stream"];

/** What a reader of the stream sends to it. */
const streamActions = ["DescribeStream", "GetRecords", "GetShardIterator"] as const;

const leadingKeys = "dynamodb:LeadingKeys";

/** The keys of a data layer's entities, as a policy of one owner needs them. */
export interface OwnedKeys {
  /** Those whose partitions are made of the owner's parts alone. */
  readonly own: readonly DeclaredKeys[];
  /** Those of all entities in the table. */
  readonly all: readonly DeclaredKeys[];
  /** The indexes that any of the entities is in. */
  readonly indexes: readonly IndexName[];
}

/**
 * The IAM policy over the partitions of an owner, or over the whole table.
 * @param keysOf the keys of the given entities, for an owner of these parts
 * @throws ConfigurationError for an ARN that is not a table's, or an id that no policy can hold
 */
export function iamPolicyOf(
  keysOf: (entities: Entities, owner: readonly string[]) => OwnedKeys,
  options: IamPolicyOptions & Entities,
): IamPolicy {
  const {
    tableArn,
    access = "user",
    scan = false,
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
  if (!accesses.includes(access)) {
    throw new ConfigurationError(`access must be ${accesses.slice(0, -1).join(", ")} or stream`);
  }
  if (typeof scan !== "boolean") throw new ConfigurationError("scan must be true or false");
  if (scan && access === "user") {
    throw new ConfigurationError(
      "scan cannot be used with access user: it reads every owner's items",
    );
  }
  if (scan && access === "stream") {
    throw new ConfigurationError("scan cannot be used with access stream");
  }
  if (access === "user") {
    return ownersPolicy(tableArn, (parts) => keysOf(entities, parts), { userId, variable, owner });
  }
  if (userId !== undefined || variable !== undefined || owner !== undefined) {
    throw new ConfigurationError(`userId, variable and owner cannot be used with access ${access}`);
  }
  if (access === "stream") {
    return policyOf([
      statement("Table", ["DescribeTable"], [tableArn]),
      statement("Stream", streamActions, [`${tableArn}/stream/*`]),
    ]);
  }
  const more = access === "scripts" ? scriptActions : scan ? (["Scan"] as const) : [];
  const { indexes } = keysOf(entities, []);
  return policyOf([
    statement("Table", [...tableActions, ...more].sort(), [tableArn]),
    ...(indexes.length > 0 ? [statement("Index", ["Query"], arnsOf(tableArn, indexes))] : []),
  ]);
}

/** The policy of one user, or of the owner that is given. */
function ownersPolicy(
  tableArn: string,
  keysOf: (owner: readonly string[]) => OwnedKeys,
  { userId, variable, owner }: Pick<IamPolicyOptions, "userId" | "variable" | "owner">,
): IamPolicy {
  if (owner !== undefined && (userId !== undefined || variable !== undefined)) {
    throw new ConfigurationError("give owner, or userId or variable, not both");
  }
  const texts = owner === undefined ? userTexts(userId, variable) : ownerTexts(owner);
  const { own, all } = keysOf(Object.keys(texts));
  const parts = all.flatMap(({ pk }) => pk.parts);
  const unknown = Object.keys(owner ?? {}).find((part) => !parts.includes(part));
  if (unknown !== undefined) {
    throw new ConfigurationError(`owner.${unknown} is in no partition key`);
  }
  const taken = takenBy(own, texts);
  const table = [...new Set(taken.map(({ pk }) => pk.build(texts)))];
  if (table.length === 0) {
    const whose = owner === undefined ? "the user" : "the owner";
    throw new ConfigurationError(`no entity has a partition key of the parts of ${whose} alone`);
  }
  const foreign = foreignPartitionRule(taken, all);
  if (foreign !== undefined)
    throw new ConfigurationError(`the policy would be too wide: ${foreign}`);
  const ofIndexes = indexPartitions(taken, texts).map(({ indexes, keys }, at) => {
    const sid = `OwnIndexPartitions${at === 0 ? "" : at + 1}`;
    return statement(sid, ["Query"], arnsOf(tableArn, indexes), keys);
  });
  return policyOf([statement("OwnPartitions", tableActions, [tableArn], table), ...ofIndexes]);
}

function arnsOf(tableArn: string, indexes: readonly IndexName[]): string[] {
  return indexes.map((index) => `${tableArn}/index/${index}`);
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

/**
 * The entities whose stores take the owner's parts: one that ends its part at a `#` takes none that holds
 * it, and its partition would be another owner's.
 */
function takenBy(entities: readonly DeclaredKeys[], owner: Texts): DeclaredKeys[] {
  return entities.filter(({ pk, words }) =>
    pk.parts.every((part) => !words.has(part) || !owner[part]?.includes(separator)),
  );
}

/** An owner's partition keys in the indexes: those indexes together that have the same ones. */
function indexPartitions(
  entities: readonly DeclaredKeys[],
  owner: Texts,
): { readonly indexes: IndexName[]; readonly keys: string[] }[] {
  const keysOf = new Map<IndexName, Set<string>>();
  for (const { pk, indexes } of entities) {
    for (const index of indexes.filter((one) => isOwnIndex(pk, one))) {
      const keys = keysOf.get(index.index) ?? new Set();
      keysOf.set(index.index, keys.add(index.pk.template.build(owner)));
    }
  }
  const groups = new Map<string, { readonly indexes: IndexName[]; readonly keys: string[] }>();
  for (const [index, set] of keysOf) {
    const keys = [...set];
    const id = JSON.stringify(keys.toSorted());
    const group = groups.get(id) ?? { indexes: [], keys };
    group.indexes.push(index);
    groups.set(id, group);
  }
  return [...groups.values()];
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

function ownerTexts(owner: unknown): Texts {
  if (!isPlainMap(owner)) throw new ConfigurationError("owner must be an object of key parts");
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
