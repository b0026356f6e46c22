/** The table and its policies, as every template is made of them. */
import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import type { IamAccess, IamPolicy, IamStatement } from "../admin/iam-policy.js";
import { createTableInput } from "../admin/table-input.js";
import { attribute, type IndexName } from "../table/table.js";
import type { TemplateSettings } from "./template-options.js";

/** A key of the table or of an index: the names of its two attributes, which are strings. */
export interface TableKey {
  readonly partition: string;
  readonly sort: string;
}

/** A policy, of which the table's ARN is not known yet. */
export interface TemplatePolicy {
  readonly access: IamAccess;
  /** `ApplicationPolicy`. */
  readonly id: string;
  readonly statements: readonly TemplateStatement[];
}

/** A statement with, for each resource, what follows the table's ARN: `""`, `/index/GSI1`. */
export type TemplateStatement = Omit<IamStatement, "Resource"> & {
  readonly afterArn: readonly string[];
};

export interface TableModel extends Omit<TemplateSettings, "policies" | "policy" | "entities"> {
  /** The CreateTable request: what a template says of keys and indexes is taken from it. */
  readonly input: CreateTableCommandInput;
  readonly key: TableKey;
  readonly indexes: readonly (TableKey & { readonly name: string })[];
  /** The attribute that says when an item expires. */
  readonly timeToLive: string;
  readonly policies: readonly TemplatePolicy[];
}

/** What a template takes of the entities. */
export interface TemplateEntities {
  readonly indexes: readonly IndexName[];
  /** Which policies can be made, if none are named. */
  readonly accesses: readonly IamAccess[];
  policyOf(access: IamAccess, tableArn: string): IamPolicy;
}

/** Stands for the ARN that the tool will know. */
const tableArn = "arn:aws:dynamodb:us-east-1:123456789012:table/Table";

export function tableModel(
  { policies, policy: _policy, entities: _entities, ...settings }: TemplateSettings,
  { indexes, accesses, policyOf }: TemplateEntities,
): TableModel {
  const { tableName, stream } = settings;
  const input = createTableInput(tableName, indexes, { stream });
  return {
    ...settings,
    input,
    key: keyOf(input.KeySchema),
    indexes: (input.GlobalSecondaryIndexes ?? []).map(({ IndexName, KeySchema }) => ({
      name: String(IndexName),
      ...keyOf(KeySchema),
    })),
    timeToLive: attribute.timeToLive,
    policies: (policies ?? accesses).map((access) => ({
      access,
      id: `${access.slice(0, 1).toUpperCase()}${access.slice(1)}Policy`,
      statements: policyOf(access, tableArn).Statement.map(({ Resource, ...statement }) => ({
        ...statement,
        afterArn: Resource.map((arn) => arn.slice(tableArn.length)),
      })),
    })),
  };
}

/** What a policy is for, as its description in AWS. */
export function purposeOf(access: IamAccess): string {
  if (access === "user") return "One user's partitions, for a session with the user's tag";
  if (access === "application") return "Every item by key and by query, for the application";
  return "The commands of bayon-data, for the people who run them";
}

function keyOf(schema: CreateTableCommandInput["KeySchema"] = []): TableKey {
  const named = (type: string) =>
    schema.find(({ KeyType }) => KeyType === type)?.AttributeName ?? "";
  return { partition: named("HASH"), sort: named("RANGE") };
}

/** What scales: the table or one of its indexes, in one direction. */
export interface Scaling {
  /** `TableRead`, `Gsi1Write`. */
  readonly id: string;
  /** `undefined` for the table itself. */
  readonly index: string | undefined;
  readonly direction: "Read" | "Write";
  readonly min: number;
  readonly max: number;
  readonly targetPercent: number;
}

/** Everything whose units are between two bounds. */
export function scalingsOf({ capacity, indexes }: TableModel): Scaling[] {
  if (capacity === undefined) return [];
  const directions = [
    ["Read", capacity.read],
    ["Write", capacity.write],
  ] as const;
  return [undefined, ...indexes.map(({ name }) => name)].flatMap((index) =>
    directions
      .filter(([, { min, max }]) => min !== max)
      .map(([direction, units]) => ({
        id: `${index ?? "Table"}${direction}`,
        index,
        direction,
        ...units,
      })),
  );
}
