/** Templates of the table: all say what `createTableInput` and `iamPolicy` say. */
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { type TableTemplateOptions, tableTemplate } from "../../services/infrastructure.js";
import {
  ConfigurationError,
  createDataLayer,
  createTableInput,
  iamPolicy,
} from "../../src/index.js";
import { type Engine, startEngine } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { indexedEntities } from "../indexed-entities.js";
import { ownEntities } from "../own-entities.js";

interface Template {
  readonly Parameters: { readonly TableName: { readonly Default: string } };
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties: Record<string, unknown> }>
  >;
  readonly Outputs: Readonly<Record<string, unknown>>;
}

const tableName = "BayonCoAgent-prod";
const templateOf = (options: Omit<TableTemplateOptions, "tableName"> = {}): Template =>
  JSON.parse(tableTemplate({ tableName, ...options })) as Template;
const propertiesOf = (options?: Omit<TableTemplateOptions, "tableName">) =>
  templateOf(options).Resources.Table?.Properties ?? {};

describe.each(engines)("CloudFormation's table on $name", ({ engine: name }) => {
  let engine: Engine;
  let client: DynamoDBClient;
  beforeAll(async () => {
    engine = await startEngine({ engine: name });
    const { endpoint, region, credentials } = engine;
    client = new DynamoDBClient({ endpoint, region, credentials });
  });
  afterAll(async () => {
    client.destroy();
    await engine.close();
  });

  /** What the engine says of a table, without what differs from one to the next. */
  const shapeOf = async (TableName: string) => {
    const { Table = {} } = await client.send(new DescribeTableCommand({ TableName }));
    const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingModeSummary } = Table;
    const expiry = engine.capabilities.timeToLive
      ? (await client.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription
      : undefined;
    return {
      AttributeDefinitions,
      KeySchema,
      indexes: GlobalSecondaryIndexes?.map(({ IndexName, KeySchema: keys, Projection }) => ({
        ...{ IndexName, keys, Projection },
      })),
      mode: BillingModeSummary?.BillingMode,
      stream: Table.StreamSpecification,
      expiry,
    };
  };

  test.each([
    ["of the twelve", {}],
    ["of entities in further indexes", { entities: indexedEntities, builtIn: false }],
  ])("is the table that data.table.create makes, %s", async (title, own) => {
    const [made, template] = ["made", "template"].map((one) => `${one}-${title.length}`) as [
      string,
      string,
    ];
    const place = { endpoint: engine.endpoint, region: engine.region };
    const { credentials } = engine;
    const data = createDataLayer({
      ...{ environment: "development", tableName: made, ...place, credentials },
      ...(own as object),
    });
    const text = tableTemplate({ tableName: template, ...(own as object) });
    const { Parameters, Resources } = JSON.parse(text) as Template;
    const { TimeToLiveSpecification, ...input } = Resources.Table?.Properties ?? {};

    await data.table.create();
    const TableName = Parameters.TableName.Default;
    await client.send(
      new CreateTableCommand({ ...(input as unknown as CreateTableCommandInput), TableName }),
    );
    if (engine.capabilities.timeToLive) {
      const set = { TableName, TimeToLiveSpecification } as never;
      await client.send(new UpdateTimeToLiveCommand(set));
    }

    const shape = await shapeOf(made);
    expect(shape.indexes?.length).toBeGreaterThan(0);
    expect(await shapeOf(template)).toEqual(shape);
    await data.table.delete();
    await data.close();
  });
});

describe("a template for CloudFormation", () => {
  test("has the request of createTableInput, the TTL and nothing else", () => {
    const { TableName: _, ...input } = createTableInput(tableName);

    expect(propertiesOf()).toEqual({
      ...input,
      TableName: { Ref: "TableName" },
      TimeToLiveSpecification: { AttributeName: "TTL", Enabled: true },
    });
    expect(templateOf().Parameters.TableName.Default).toBe(tableName);
  });

  test("keeps the table and its data when the stack is deleted", () => {
    expect(templateOf().Resources.Table).toMatchObject({
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
    });
  });

  test("has stream, recovery, protection and tags if they are asked for", () => {
    const options = { stream: true, pointInTimeRecovery: true, deletionProtection: true };

    expect(propertiesOf({ ...options, tags: { team: "data", app: "coagent" } })).toMatchObject({
      StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
      Tags: [
        { Key: "app", Value: "coagent" },
        { Key: "team", Value: "data" },
      ],
    });
    expect(templateOf(options).Outputs).toHaveProperty("StreamArn");
    expect(Object.keys(templateOf().Outputs)).toEqual([
      ...["TableName", "TableArn"],
      ...["UserPolicyArn", "ApplicationPolicyArn", "ScriptsPolicyArn"],
    ]);
  });

  test("has the policies of iamPolicy, with the ARN of its table", () => {
    const tableArn = "arn:aws:dynamodb:us-east-1:123456789012:table/T";
    const resolved = JSON.stringify(templateOf({ stream: true }).Resources)
      .replaceAll('{"Fn::GetAtt":["Table","Arn"]}', JSON.stringify(tableArn))
      .replaceAll(/\{"Fn::Sub":"\$\{Table\.Arn\}([^"]*)"\}/g, `"${tableArn}$1"`);
    const resources = JSON.parse(resolved) as Template["Resources"];

    for (const access of ["user", "application", "scripts"] as const) {
      const id = `${access.slice(0, 1).toUpperCase()}${access.slice(1)}Policy`;
      expect(resources[id]?.Properties.PolicyDocument).toEqual(iamPolicy({ tableArn, access }));
    }
  });

  test("scales the table and each index between two bounds", () => {
    const { Resources } = templateOf({
      capacity: { read: 5, write: { min: 2, max: 40, targetPercent: 50 } },
    });
    const units = { ReadCapacityUnits: 5, WriteCapacityUnits: 2 };

    expect(Resources.Table?.Properties).toMatchObject({
      BillingMode: "PROVISIONED",
      ProvisionedThroughput: units,
      GlobalSecondaryIndexes: [{ IndexName: "GSI1", ProvisionedThroughput: units }],
    });
    const scaled = Object.keys(Resources).filter((id) => /Target|Scaling/.test(id));
    expect(scaled).toEqual([
      "TableWriteTarget",
      "TableWriteScaling",
      "GSI1WriteTarget",
      "GSI1WriteScaling",
    ]);
    expect(Resources.GSI1WriteTarget?.Properties).toEqual({
      ServiceNamespace: "dynamodb",
      ResourceId: { "Fn::Sub": "table/${Table}/index/GSI1" },
      ScalableDimension: "dynamodb:index:WriteCapacityUnits",
      MinCapacity: 2,
      MaxCapacity: 40,
    });
    expect(
      Resources.GSI1WriteScaling?.Properties.TargetTrackingScalingPolicyConfiguration,
    ).toMatchObject({ TargetValue: 50 });
  });

  test("has no policy of a user where no entity is a user's, unless the owner is named", () => {
    const { teamMember, team } = ownEntities;
    const own = { tableName, entities: { teamMember, team }, builtIn: false as const };
    const ids = (more: Partial<TableTemplateOptions>) =>
      Object.keys((JSON.parse(tableTemplate({ ...own, ...more })) as Template).Resources);

    expect(ids({})).toEqual(["Table", "ApplicationPolicy", "ScriptsPolicy"]);
    expect(ids({ owner: { teamId: "t1" } })).toContain("UserPolicy");
    expect(() => ids({ policies: ["user"] })).toThrow("no entity has a partition key");
  });
});

describe("a template for SAM", () => {
  test("is CloudFormation's, with the table's name in the environment of every function", () => {
    const { Transform, Globals, ...rest } = templateOf({
      format: "sam",
      stream: true,
    }) as Template & {
      readonly Transform: string;
      readonly Globals: object;
    };

    expect(rest).toEqual(templateOf({ stream: true }));
    expect(Transform).toBe("AWS::Serverless-2016-10-31");
    expect(Globals).toEqual({
      Function: { Environment: { Variables: { DYNAMODB_TABLE_NAME: { Ref: "Table" } } } },
    });
  });
});

describe("a template for Terraform", () => {
  test("replaces nothing in a policy but the table's ARN", () => {
    const text = tableTemplate({ format: "terraform", tableName });

    expect(text).toContain('"USER#$${aws:PrincipalTag/userId}"');
    expect(text).toContain("Resource = [aws_dynamodb_table.table.arn]");
    expect(text).toContain('Resource = ["${aws_dynamodb_table.table.arn}/index/GSI1"]');
  });

  test("leaves alone what auto scaling has set, and refuses to destroy the table", () => {
    const capacity = { read: { min: 5, max: 50 }, write: 5 };
    const scaled = tableTemplate({ format: "terraform", tableName, capacity });
    const fixed = tableTemplate({
      format: "terraform",
      tableName,
      capacity: { read: 5, write: 5 },
    });

    expect(scaled).toContain("ignore_changes = [");
    expect(scaled).toMatch(
      /scalable_dimension += aws_appautoscaling_target\.table_read\.scalable_dimension/,
    );
    expect(fixed).not.toContain("ignore_changes");
    for (const text of [scaled, fixed]) expect(text).toMatch(/prevent_destroy += true/);
  });
});

describe("a construct of the CDK", () => {
  test("imports what it uses, and no more", () => {
    const small = tableTemplate({ format: "cdk", tableName, policies: [] });
    const large = tableTemplate({
      ...{ format: "cdk", tableName, stream: true },
      capacity: { read: 5, write: { min: 5, max: 50 } },
    });

    for (const text of [small, large]) {
      const [imports = "", body = ""] = [text.slice(0, text.indexOf("\n\n")), text];
      const names = [...imports.matchAll(/[\w]+(?=[,}\s][^"]*from)/g)].map(([one]) => one);
      const used = names.filter((one) => one !== "import");
      expect(used.length).toBeGreaterThan(3);
      for (const one of used) expect(body.split(one).length).toBeGreaterThan(2);
    }
    expect(small).not.toContain("aws-iam");
    expect(small).toMatch(/^ +billing: /m);
    // A list of one object has a line for it, a list of one word has none.
    expect(small).toMatch(/globalSecondaryIndexes: \[\n/);
    expect(large).toContain("Capacity.fixed(5)");
  });
});

describe("options of a template", () => {
  test.each([
    [{ format: "pulumi" }, "format must be cloudformation, sam, cdk or terraform"],
    [{ tableName: "t" }, "tableName must be 3 to 255"],
    [{ tableName: "arn:aws:dynamodb:us-east-1:1:table/t" }, "tableName must be 3 to 255"],
    [{ streams: true }, 'is not an option; did you mean "stream"?'],
    [{ stream: "yes" }, "stream must be true or false"],
    [{ pointInTimeRecovery: 1 }, "pointInTimeRecovery must be true or false"],
    [{ tags: ["a"] }, "tags must be an object of texts"],
    [{ tags: { a: 1 } }, "tags.a must be a text"],
    [{ tags: { "aws:a": "1" } }, "without aws: in front"],
    [{ tags: { "a\n": "1" } }, "the name of a tag must be"],
    [{ capacity: { read: 5 } }, "capacity.write must be units"],
    [{ capacity: { read: 0, write: 1 } }, "capacity.read must be units"],
    [{ capacity: { read: { min: 5, max: 4 }, write: 1 } }, "capacity.read.max must be"],
    [{ capacity: { read: { min: 5, max: 9, target: 9 }, write: 1 } }, "targetPercent"],
    [{ capacity: { read: { min: 5, max: 9, targetPercent: 95 }, write: 1 } }, "from 20 to 90"],
    [{ policies: ["admin"] }, "policies must be a list"],
    [{ policies: ["user", "user"] }, "each once"],
    [{ variable: "no variable" }, "variable must be a policy variable"],
    [{ owner: { userId: "u1" }, variable: "aws:userid" }, "give owner, or userId or variable"],
  ])("%j: %s", (options, message) => {
    const make = () => tableTemplate({ tableName, ...options } as never);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});
