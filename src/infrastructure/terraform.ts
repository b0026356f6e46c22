/** The table as a Terraform file, for the provider hashicorp/aws. */
import { Expression } from "./expression.js";
import { type Body, block, hclOf } from "./hcl.js";
import {
  purposeOf,
  type Scaling,
  scalingsOf,
  type TableModel,
  type TemplatePolicy,
} from "./table-model.js";

const table = "aws_dynamodb_table.table";

export function terraformOf(model: TableModel): string {
  return [
    "# The table of bayon-coagent-data, with the IAM policies over it.\n",
    block('variable "table_name"', {
      attributes: {
        type: new Expression("string"),
        default: model.tableName,
        description: "The table's name, as the application has it in DYNAMODB_TABLE_NAME",
      },
    }),
    block('resource "aws_dynamodb_table" "table"', tableBody(model)),
    ...scalingsOf(model).map(scalingBlocks),
    ...model.policies.map(policyBlock),
    ...outputsOf(model),
  ].join("\n");
}

type Blocks = NonNullable<Body["blocks"]>;

function tableBody(model: TableModel): Body {
  const { input, key, indexes, timeToLive, stream, capacity, tags } = model;
  const units = capacity && {
    read_capacity: capacity.read.min,
    write_capacity: capacity.write.min,
  };
  const attributes: Blocks = (input.AttributeDefinitions ?? []).map((one) => [
    "attribute",
    { attributes: { name: one.AttributeName, type: one.AttributeType } },
  ]);
  const secondary: Blocks = indexes.map(({ name, partition, sort }) => [
    "global_secondary_index",
    {
      attributes: {
        name,
        hash_key: partition,
        range_key: sort,
        projection_type: "ALL",
        ...units,
      },
    },
  ]);
  return {
    attributes: {
      name: new Expression("var.table_name"),
      billing_mode: capacity === undefined ? input.BillingMode : "PROVISIONED",
      ...units,
      hash_key: key.partition,
      range_key: key.sort,
      ...(stream && {
        stream_enabled: true,
        stream_view_type: input.StreamSpecification?.StreamViewType,
      }),
      ...(model.deletionProtection && { deletion_protection_enabled: true }),
      ...(Object.keys(tags).length > 0 && { tags }),
    },
    blocks: [
      ...attributes,
      ...secondary,
      ["ttl", { attributes: { attribute_name: timeToLive, enabled: true } }],
      ...((model.pointInTimeRecovery
        ? [["point_in_time_recovery", { attributes: { enabled: true } }]]
        : []) satisfies Blocks),
      ["lifecycle", { attributes: lifecycleOf(model) }],
    ],
  };
}

/** No plan deletes the table with its data, or takes back what auto scaling has set. */
function lifecycleOf(model: TableModel): Readonly<Record<string, unknown>> {
  const scaled = ["read_capacity", "write_capacity"];
  // Terraform cannot ignore the units of an index alone.
  if (model.indexes.length > 0) scaled.push("global_secondary_index");
  return {
    prevent_destroy: true,
    ...(scalingsOf(model).length > 0 && {
      ignore_changes: scaled.map((name) => new Expression(name)),
    }),
  };
}

function scalingBlocks({ id, index, direction, min, max, targetPercent }: Scaling): string {
  const name = `${index ?? "table"}_${direction}`.toLowerCase();
  const of = index === undefined ? "table" : "index";
  const path = index === undefined ? "" : `/index/${index}`;
  const target = `aws_appautoscaling_target.${name}`;
  return [
    block(`resource "aws_appautoscaling_target" "${name}"`, {
      attributes: {
        service_namespace: "dynamodb",
        resource_id: new Expression(`"table/\${${table}.name}${path}"`),
        scalable_dimension: `dynamodb:${of}:${direction}CapacityUnits`,
        min_capacity: min,
        max_capacity: max,
      },
    }),
    block(`resource "aws_appautoscaling_policy" "${name}"`, {
      attributes: {
        name: `${id}Scaling`,
        policy_type: "TargetTrackingScaling",
        service_namespace: new Expression(`${target}.service_namespace`),
        resource_id: new Expression(`${target}.resource_id`),
        scalable_dimension: new Expression(`${target}.scalable_dimension`),
      },
      blocks: [
        [
          "target_tracking_scaling_policy_configuration",
          {
            attributes: { target_value: targetPercent },
            blocks: [
              [
                "predefined_metric_specification",
                {
                  attributes: {
                    predefined_metric_type: `DynamoDB${direction}CapacityUtilization`,
                  },
                },
              ],
            ],
          },
        ],
      ],
    }),
  ].join("\n");
}

function policyBlock({ access, statements }: TemplatePolicy): string {
  const document = {
    Version: "2012-10-17",
    Statement: statements.map(({ afterArn, Condition, ...statement }) => ({
      ...statement,
      Resource: afterArn.map(
        (rest) => new Expression(rest === "" ? `${table}.arn` : `"\${${table}.arn}${rest}"`),
      ),
      Condition,
    })),
  };
  // Indented as it stands in the block.
  const policy = new Expression(`jsonencode(${hclOf(document, "  ")})`);
  return block(`resource "aws_iam_policy" "${access}"`, {
    attributes: {
      name_prefix: new Expression(`"\${${table}.name}-${access}-"`),
      description: purposeOf(access),
      policy,
    },
  });
}

function outputsOf({ stream, policies }: TableModel): string[] {
  const output = (name: string, text: string) =>
    block(`output "${name}"`, { attributes: { value: new Expression(text) } });
  return [
    output("table_name", `${table}.name`),
    output("table_arn", `${table}.arn`),
    ...(stream ? [output("stream_arn", `${table}.stream_arn`)] : []),
    ...policies.map(({ access }) => output(`${access}_policy_arn`, `aws_iam_policy.${access}.arn`)),
  ];
}
