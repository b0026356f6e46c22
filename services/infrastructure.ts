/** The door `bayon-coagent-data/infrastructure`: the table for tools of infrastructure as code. */
import type { IamAccess } from "../src/admin/iam-policy.js";
import { cdkOf } from "../src/infrastructure/cdk.js";
import { cloudFormationOf, samOf } from "../src/infrastructure/cloudformation.js";
import { tableModel } from "../src/infrastructure/table-model.js";
import {
  type TableTemplateOptions,
  type TemplateFormat,
  templateSettings,
} from "../src/infrastructure/template-options.js";
import { terraformOf } from "../src/infrastructure/terraform.js";
import { iamPolicy } from "./iam-policy.js";
import { entitiesOf, type OwnEntities } from "./own-entities.js";
import {
  type Definitions,
  type DefinitionsOf,
  indexesIn,
  type NoEntities,
  ownedBy,
} from "./registry.js";

export type {
  ScaledCapacity,
  TableCapacity,
  TableTemplateOptions,
  TemplateFormat,
} from "../src/infrastructure/template-options.js";

const formats: Readonly<Record<TemplateFormat, typeof cloudFormationOf>> = {
  cloudformation: cloudFormationOf,
  sam: samOf,
  cdk: cdkOf,
  terraform: terraformOf,
};

/**
 * A template of the table and of its IAM policies. Keys and indexes are those of `createTableInput`, and
 * the policies those of `iamPolicy`. Nothing is sent.
 *
 * The table is kept if its stack is deleted (Terraform: a plan that would delete it fails).
 * @returns JSON for CloudFormation and SAM, TypeScript for the CDK, HCL for Terraform
 * @throws ConfigurationError that names the option and its rule, or why a policy cannot be made
 * @example
 * const template = tableTemplate({ tableName: "BayonCoAgent-prod", pointInTimeRecovery: true });
 */
export function tableTemplate<
  const R extends DefinitionsOf<R> = NoEntities,
  const B extends boolean = true,
>(options: TableTemplateOptions & OwnEntities<R, B>): string {
  const settings = templateSettings(options);
  const { format, entities, policy } = settings;
  const definitions = entitiesOf(entities);
  const { variable, owner, scan } = policy;
  const model = tableModel(settings, {
    indexes: indexesIn(definitions),
    accesses: accessesOf(definitions, owner !== undefined),
    policyOf: (access, tableArn) =>
      iamPolicy({
        ...(entities as object),
        ...{ tableArn, access },
        ...(access === "user" && { variable, owner }),
        ...(access === "application" && { scan }),
      }),
  });
  return formats[format](model);
}

/** An application whose partitions are no user's has no policy of a user, unless it names the owner. */
function accessesOf(definitions: Definitions, hasOwner: boolean): IamAccess[] {
  const hasUsers = Object.keys(ownedBy(definitions, ["userId", "agentId"])).length > 0;
  return [...(hasUsers || hasOwner ? ["user" as const] : []), "application", "scripts"];
}
