// Each template in the tool that reads it: CloudFormation's and SAM's resources in the CDK, which knows their
// properties; the construct compiled and synthesised; Terraform's file parsed. All must say the same.
import { deepStrictEqual, ok } from "node:assert";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parse } from "@cdktf/hcl2json";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { CfnInclude } from "aws-cdk-lib/cloudformation-include";
import { tableTemplate } from "bayon-coagent-data/infrastructure";
import * as esbuild from "esbuild";

const require = createRequire(import.meta.url);
const scaled = { min: 5, max: 100, targetPercent: 60 };
const cases = [
  {},
  { policies: [] },
  { stream: true, pointInTimeRecovery: true, deletionProtection: true },
  { tags: { team: "data", "cost centre": "1:2/3" }, scan: true },
  { capacity: { read: 5, write: 7 }, stream: true },
  { capacity: { read: scaled, write: { min: 1, max: 10 } } },
  { owner: { userId: "u-${1}" }, policies: ["user"] },
].map((options) => ({ tableName: "BayonCoAgent-prod", ...options }));

/** What CloudFormation makes of the intrinsic functions, for one table. */
const tableArn = "arn:table";
const resolved = (value) => {
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== "object" || value === null) return value;
  const [[name, inner]] = Object.entries(value).length === 1 ? Object.entries(value) : [[]];
  if (name === "Ref") return "table-name";
  if (name === "Fn::GetAtt") return tableArn;
  if (name === "Fn::Sub")
    return inner.replace(/\$\{\w+\.Arn\}/, tableArn).replace(/\$\{\w+\}/, "table-name");
  if (name === "Fn::Join") return resolved(inner[1]).join(inner[0]);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolved(one)]));
};

/** A resource of a type: there is one. */
const only = (template, type) => {
  const found = Object.values(template.Resources).filter((one) => one.Type === type);
  deepStrictEqual(found.length, 1, type);
  return found[0];
};
const policiesIn = (template) =>
  Object.values(template.Resources)
    .filter(({ Type }) => Type === "AWS::IAM::ManagedPolicy")
    .map(({ Properties }) => listed(resolved(Properties.PolicyDocument)));
/** The CDK and Terraform write one element without its list. */
const listed = (document) => ({
  ...document,
  Statement: document.Statement.map((statement) => ({
    ...statement,
    Action: [statement.Action].flat(),
    Resource: [statement.Resource].flat(),
    ...(statement.Condition && { Condition: lists(statement.Condition) }),
  })),
});
const lists = (condition) =>
  Object.fromEntries(
    Object.entries(condition).map(([operator, keys]) => [
      operator,
      Object.fromEntries(Object.entries(keys).map(([key, texts]) => [key, [texts].flat()])),
    ]),
  );

function checkCloudFormation(text, at) {
  const file = `template-${at}.json`;
  writeFileSync(file, text);
  const stack = new Stack(new App(), "Stack");
  new CfnInclude(stack, "Included", { templateFile: file });
  const template = JSON.parse(text);
  const { Resources } = Template.fromStack(stack).toJSON();
  deepStrictEqual(Resources, template.Resources);
  return template;
}

function checkSam(text, template) {
  const { Transform, Globals, ...rest } = JSON.parse(text);
  deepStrictEqual(Transform, "AWS::Serverless-2016-10-31");
  deepStrictEqual(Globals.Function.Environment.Variables, {
    DYNAMODB_TABLE_NAME: { Ref: "Table" },
  });
  deepStrictEqual(rest, template);
}

/** The construct makes a global table of one Region, whose capacity and tags are those of its replica. */
function checkCdk(text, at, template) {
  const file = `table-${at}.ts`;
  writeFileSync(file, text);
  esbuild.buildSync({
    entryPoints: [file],
    outfile: `table-${at}.cjs`,
    bundle: true,
    platform: "node",
    packages: "external",
    format: "cjs",
  });
  const { BayonDataTable } = require(`./table-${at}.cjs`);
  const stack = new Stack(new App(), "Stack");
  new BayonDataTable(stack, "Data");
  const made = Template.fromStack(stack).toJSON();
  const { Properties: own, DeletionPolicy } = only(made, "AWS::DynamoDB::GlobalTable");
  const { Properties: wanted } = only(template, "AWS::DynamoDB::Table");
  deepStrictEqual(DeletionPolicy, "Retain");
  deepStrictEqual(own.TableName, template.Parameters.TableName.Default);
  deepStrictEqual(own.KeySchema, wanted.KeySchema);
  deepStrictEqual(byName(own.AttributeDefinitions), byName(wanted.AttributeDefinitions));
  deepStrictEqual(
    own.GlobalSecondaryIndexes.map(({ IndexName, KeySchema, Projection }) => ({
      IndexName,
      KeySchema,
      Projection,
    })),
    wanted.GlobalSecondaryIndexes.map(({ ProvisionedThroughput: _units, ...index }) => index),
  );
  deepStrictEqual(own.BillingMode, wanted.BillingMode);
  deepStrictEqual(own.TimeToLiveSpecification, wanted.TimeToLiveSpecification);
  deepStrictEqual(own.StreamSpecification, wanted.StreamSpecification);
  const [replica] = own.Replicas;
  deepStrictEqual(
    replica.PointInTimeRecoverySpecification,
    wanted.PointInTimeRecoverySpecification,
  );
  deepStrictEqual(replica.DeletionProtectionEnabled, wanted.DeletionProtectionEnabled);
  deepStrictEqual(replica.Tags, wanted.Tags);
  deepStrictEqual(policiesIn(made), policiesIn(template));
  const targets = Object.values(template.Resources).filter(
    ({ Type }) => Type === "AWS::ApplicationAutoScaling::ScalableTarget",
  );
  if (targets.some(({ Properties }) => Properties.ScalableDimension.includes("Read"))) {
    const { ReadCapacityAutoScalingSettings: read } = replica.ReadProvisionedThroughputSettings;
    const { MinCapacity, MaxCapacity } = targets[0].Properties;
    deepStrictEqual([read.MinCapacity, read.MaxCapacity], [MinCapacity, MaxCapacity]);
  }
}

const byName = (definitions) =>
  definitions.toSorted((a, b) => (a.AttributeName < b.AttributeName ? -1 : 1));

async function checkTerraform(text, at, template) {
  const { resource, variable } = await parse(`table-${at}.tf`, text);
  const [table] = resource.aws_dynamodb_table.table;
  const { Properties: wanted } = only(template, "AWS::DynamoDB::Table");
  deepStrictEqual(variable.table_name[0].default, template.Parameters.TableName.Default);
  const key = (schema) => schema.map(({ AttributeName }) => AttributeName);
  deepStrictEqual([table.hash_key, table.range_key], key(wanted.KeySchema));
  deepStrictEqual(table.billing_mode, wanted.BillingMode);
  deepStrictEqual(
    table.attribute,
    wanted.AttributeDefinitions.map((one) => ({
      name: one.AttributeName,
      type: one.AttributeType,
    })),
  );
  deepStrictEqual(
    table.global_secondary_index.map((one) => [
      one.name,
      one.hash_key,
      one.range_key,
      one.projection_type,
      one.read_capacity,
    ]),
    wanted.GlobalSecondaryIndexes.map((one) => [
      one.IndexName,
      ...key(one.KeySchema),
      one.Projection.ProjectionType,
      one.ProvisionedThroughput?.ReadCapacityUnits,
    ]),
  );
  const { AttributeName, Enabled } = wanted.TimeToLiveSpecification;
  deepStrictEqual(table.ttl, [{ attribute_name: AttributeName, enabled: Enabled }]);
  deepStrictEqual(table.stream_view_type, wanted.StreamSpecification?.StreamViewType);
  deepStrictEqual(
    table.point_in_time_recovery?.[0].enabled,
    wanted.PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled,
  );
  deepStrictEqual(table.deletion_protection_enabled, wanted.DeletionProtectionEnabled);
  deepStrictEqual(table.lifecycle[0].prevent_destroy, true);
  deepStrictEqual(
    Object.entries(table.tags ?? {}),
    (wanted.Tags ?? []).map(({ Key, Value }) => [Key, Value]),
  );
  // The parser gives an expression back as its text, in ${}.
  const policies = Object.values(resource.aws_iam_policy ?? {}).map(([{ policy }]) => policy);
  deepStrictEqual(policies.length, policiesIn(template).length);
  const targets = Object.values(template.Resources).filter(
    ({ Type }) => Type === "AWS::ApplicationAutoScaling::ScalableTarget",
  );
  deepStrictEqual(
    Object.values(resource.aws_appautoscaling_target ?? {})
      .map(([one]) => [one.scalable_dimension, one.min_capacity, one.max_capacity])
      .toSorted(),
    targets
      .map(({ Properties: one }) => [one.ScalableDimension, one.MinCapacity, one.MaxCapacity])
      .toSorted(),
  );
  // Terraform would replace what stands in ${} of a policy: only the table's ARN may.
  for (const [, sign, inner] of policies.join("").matchAll(/(\$+)\{([^}]*)\}/g)) {
    const isOurs = inner.startsWith("aws_dynamodb_table.") || inner.startsWith("jsonencode(");
    ok(isOurs ? sign === "$" : sign === "$$", `${sign}{${inner}}`);
  }
}

const constructs = cases.map((_, at) => `table-${at}.ts`);
for (const [at, options] of cases.entries()) {
  const template = checkCloudFormation(tableTemplate(options), at);
  checkSam(tableTemplate({ ...options, format: "sam" }), template);
  checkCdk(tableTemplate({ ...options, format: "cdk" }), at, template);
  await checkTerraform(tableTemplate({ ...options, format: "terraform" }), at, template);
}

const options = [
  "--strict",
  "--noEmit",
  "--skipLibCheck",
  "--module",
  "nodenext",
  "--target",
  "es2022",
];
execFileSync(process.execPath, [require.resolve("typescript/bin/tsc"), ...options, ...constructs]);
