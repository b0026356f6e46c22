/** The table as a CloudFormation or a SAM template, in JSON. */
import {
  purposeOf,
  type Scaling,
  scalingsOf,
  type TableModel,
  type TemplatePolicy,
} from "./table-model.js";

type Json = Readonly<Record<string, unknown>>;

const tableId = "Table";

/**
 * JSON, which CloudFormation takes as it takes YAML. A stack of it needs CAPABILITY_IAM if it has policies.
 */
export function cloudFormationOf(model: TableModel): string {
  return textOf({ AWSTemplateFormatVersion: "2010-09-09", ...bodyOf(model) });
}

/** The same with SAM's transform, and the table's name in the environment of every function. */
export function samOf(model: TableModel): string {
  return textOf({
    AWSTemplateFormatVersion: "2010-09-09",
    Transform: "AWS::Serverless-2016-10-31",
    Globals: {
      Function: { Environment: { Variables: { DYNAMODB_TABLE_NAME: { Ref: tableId } } } },
    },
    ...bodyOf(model),
  });
}

function textOf(template: Json): string {
  return `${JSON.stringify(template, null, 2)}\n`;
}

function bodyOf(model: TableModel): Json {
  const { tableName, policies, stream } = model;
  const scalings = scalingsOf(model).map(scalingResources);
  return {
    Description: "The table of bayon-coagent-data, with the IAM policies over it",
    Parameters: {
      TableName: {
        Type: "String",
        Default: tableName,
        AllowedPattern: "[a-zA-Z0-9_.-]{3,255}",
        Description: "The table's name, as the application has it in DYNAMODB_TABLE_NAME",
      },
    },
    Resources: Object.assign(
      { [tableId]: tableResource(model) },
      ...scalings,
      ...policies.map((policy) => ({ [policy.id]: policyResource(policy) })),
    ) as Json,
    Outputs: {
      TableName: { Value: { Ref: tableId } },
      TableArn: { Value: { "Fn::GetAtt": [tableId, "Arn"] } },
      ...(stream && { StreamArn: { Value: { "Fn::GetAtt": [tableId, "StreamArn"] } } }),
      ...Object.fromEntries(policies.map(({ id }) => [`${id}Arn`, { Value: { Ref: id } }])),
    },
  };
}

/** The CreateTable request is the resource's properties, but for its stream. */
function tableResource(model: TableModel): Json {
  const { input, timeToLive, tags, capacity } = model;
  const { StreamSpecification, GlobalSecondaryIndexes, ...properties } = input;
  const provisioned = capacity && {
    ProvisionedThroughput: {
      ReadCapacityUnits: capacity.read.min,
      WriteCapacityUnits: capacity.write.min,
    },
  };
  return {
    Type: "AWS::DynamoDB::Table",
    // Neither a deleted stack nor a replaced table takes the data with it.
    DeletionPolicy: "Retain",
    UpdateReplacePolicy: "Retain",
    Properties: {
      ...properties,
      TableName: { Ref: "TableName" },
      ...(provisioned && { BillingMode: "PROVISIONED", ...provisioned }),
      ...(GlobalSecondaryIndexes && {
        GlobalSecondaryIndexes: GlobalSecondaryIndexes.map((index) => ({
          ...index,
          ...provisioned,
        })),
      }),
      ...(StreamSpecification && {
        StreamSpecification: { StreamViewType: StreamSpecification.StreamViewType },
      }),
      TimeToLiveSpecification: { AttributeName: timeToLive, Enabled: true },
      ...(model.pointInTimeRecovery && {
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
      ...(model.deletionProtection && { DeletionProtectionEnabled: true }),
      ...(Object.keys(tags).length > 0 && {
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    },
  };
}

function policyResource({ access, statements }: TemplatePolicy): Json {
  return {
    Type: "AWS::IAM::ManagedPolicy",
    Properties: {
      Description: purposeOf(access),
      PolicyDocument: {
        Version: "2012-10-17",
        // Fn::Sub in the resources alone: it would replace the policy variables, too.
        Statement: statements.map(({ afterArn, Condition, ...statement }) => ({
          ...statement,
          Resource: afterArn.map((rest) =>
            rest === ""
              ? { "Fn::GetAtt": [tableId, "Arn"] }
              : { "Fn::Sub": `\${${tableId}.Arn}${rest}` },
          ),
          ...(Condition && { Condition }),
        })),
      },
    },
  };
}

function scalingResources({ id, index, direction, min, max, targetPercent }: Scaling): Json {
  const of = index === undefined ? "table" : "index";
  return {
    [`${id}Target`]: {
      Type: "AWS::ApplicationAutoScaling::ScalableTarget",
      Properties: {
        ServiceNamespace: "dynamodb",
        ResourceId: {
          "Fn::Sub": `table/\${${tableId}}${index === undefined ? "" : `/index/${index}`}`,
        },
        ScalableDimension: `dynamodb:${of}:${direction}CapacityUnits`,
        MinCapacity: min,
        MaxCapacity: max,
      },
    },
    [`${id}Scaling`]: {
      Type: "AWS::ApplicationAutoScaling::ScalingPolicy",
      Properties: {
        PolicyName: `${id}Scaling`,
        PolicyType: "TargetTrackingScaling",
        ScalingTargetId: { Ref: `${id}Target` },
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: targetPercent,
          PredefinedMetricSpecification: {
            PredefinedMetricType: `DynamoDB${direction}CapacityUtilization`,
          },
        },
      },
    },
  };
}
