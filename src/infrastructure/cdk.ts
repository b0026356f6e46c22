/** The table as a construct of the AWS CDK, version 2, in TypeScript. */
import { Expression } from "./expression.js";
import {
  purposeOf,
  type TableKey,
  type TableModel,
  type TemplatePolicy,
  type TemplateStatement,
} from "./table-model.js";
import type { Units } from "./template-options.js";

export function cdkOf(model: TableModel): string {
  const { tableName, policies, capacity, stream } = model;
  const fromTable = [
    "AttributeType",
    "Billing",
    ...(capacity === undefined ? [] : ["Capacity"]),
    ...(model.indexes.length > 0 ? ["ProjectionType"] : []),
    ...(stream ? ["StreamViewType"] : []),
    "TableV2",
  ];
  const lines = [
    'import { RemovalPolicy } from "aws-cdk-lib";',
    `import { ${fromTable.join(", ")} } from "aws-cdk-lib/aws-dynamodb";`,
    ...(policies.length > 0
      ? ['import { ManagedPolicy, PolicyDocument } from "aws-cdk-lib/aws-iam";']
      : []),
    'import { Construct } from "constructs";',
    "",
    "export interface BayonDataTableProps {",
    "  /** The table's name, as the application has it in DYNAMODB_TABLE_NAME. */",
    "  readonly tableName?: string;",
    "}",
    "",
    "/** The table of bayon-coagent-data, with the IAM policies over it. */",
    "export class BayonDataTable extends Construct {",
    "  readonly table: TableV2;",
    ...policies.flatMap(({ id, access }) => [
      `  /** ${purposeOf(access)}. */`,
      `  readonly ${memberOf(id)}: ManagedPolicy;`,
    ]),
    "",
    "  constructor(scope: Construct, id: string, props: BayonDataTableProps = {}) {",
    "    super(scope, id);",
    `    this.table = new TableV2(this, "Table", ${typescriptOf(tableProps(model, tableName), "    ")});`,
    ...policies.map(policyText),
    "  }",
    "}",
    "",
  ];
  return lines.join("\n");
}

function memberOf(id: string): string {
  return `${id.slice(0, 1).toLowerCase()}${id.slice(1)}`;
}

function tableProps(model: TableModel, tableName: string): object {
  const { key, indexes, timeToLive, stream, input, capacity, tags } = model;
  const view = input.StreamSpecification?.StreamViewType ?? "";
  return {
    tableName: new Expression(`props.tableName ?? ${JSON.stringify(tableName)}`),
    ...keysOf(key),
    ...(indexes.length > 0 && {
      globalSecondaryIndexes: indexes.map(({ name, ...own }) => ({
        indexName: name,
        ...keysOf(own),
        projectionType: new Expression("ProjectionType.ALL"),
      })),
    }),
    billing:
      capacity === undefined
        ? new Expression("Billing.onDemand()")
        : provisioned(capacity.read, capacity.write),
    timeToLiveAttribute: timeToLive,
    // The CDK's names of views are DynamoDB's.
    ...(stream && { dynamoStream: new Expression(`StreamViewType.${view}`) }),
    ...(model.pointInTimeRecovery && {
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    }),
    ...(model.deletionProtection && { deletionProtection: true }),
    ...(Object.keys(tags).length > 0 && {
      tags: Object.entries(tags).map(([tag, value]) => ({ key: tag, value })),
    }),
    // Neither a deleted stack nor a replaced table takes the data with it.
    removalPolicy: new Expression("RemovalPolicy.RETAIN"),
  };
}

function keysOf({ partition, sort }: TableKey): object {
  const type = new Expression("AttributeType.STRING");
  return { partitionKey: { name: partition, type }, sortKey: { name: sort, type } };
}

/** `TableV2` takes no fixed write capacity: the same bounds twice are one. */
function provisioned(read: Units, write: Units): Expression {
  const scaled = ({ min, max, targetPercent }: Units) =>
    `Capacity.autoscaled({ minCapacity: ${min}, maxCapacity: ${max}, targetUtilizationPercent: ${targetPercent} })`;
  const readText = read.min === read.max ? `Capacity.fixed(${read.min})` : scaled(read);
  return new Expression(
    `Billing.provisioned({\n        readCapacity: ${readText},\n        writeCapacity: ${scaled(write)},\n      })`,
  );
}

function policyText({ access, id, statements }: TemplatePolicy): string {
  const document = { Version: "2012-10-17", Statement: statements.map(statementOf) };
  const text = typescriptOf(document, "      ");
  return [
    `    this.${memberOf(id)} = new ManagedPolicy(this, ${JSON.stringify(id)}, {`,
    `      description: ${JSON.stringify(purposeOf(access))},`,
    `      document: PolicyDocument.fromJson(${text}),`,
    "    });",
  ].join("\n");
}

function statementOf({ afterArn, Condition, ...statement }: TemplateStatement): object {
  return {
    ...statement,
    Resource: afterArn.map(
      (rest) =>
        new Expression(rest === "" ? "this.table.tableArn" : `\`\${this.table.tableArn}${rest}\``),
    ),
    Condition,
  };
}

/** A value as an expression, one member a line. */
function typescriptOf(value: unknown, indent: string): string {
  if (value instanceof Expression) return value.text;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const [first] = value;
    const isFlat = typeof first !== "object" || first instanceof Expression;
    if (value.length === 1 && isFlat) return `[${typescriptOf(first, inner)}]`;
    return `[\n${value.map((one) => `${inner}${typescriptOf(one, inner)},\n`).join("")}${indent}]`;
  }
  const members = Object.entries(value).filter(([, one]) => one !== undefined);
  const lines = members.map(([name, one]) => {
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
    return `${inner}${key}: ${typescriptOf(one, inner)},\n`;
  });
  return `{\n${lines.join("")}${indent}}`;
}
