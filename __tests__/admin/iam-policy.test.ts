import { definitions } from "../../services/entities.js";
/** The IAM policies, written out, and what IAM makes of them. */
import { ConfigurationError, createTableInput, DynamoDBError, iamPolicy } from "../../src/index.js";
import { templatesOf } from "../../src/table/declared.js";

import { type Asked, isAllowed, type Session } from "./iam-evaluator.js";

const tableArn = "arn:aws:dynamodb:us-east-1:123456789012:table/BayonCoAgent-prod";
const index = `${tableArn}/index/GSI1`;
const session = (userId: string): Session => ({ "aws:PrincipalTag/userId": userId });

const ask = (action: string, leadingKeys: string[], resource = tableArn): Asked[] => [
  { action: `dynamodb:${action}`, resource, leadingKeys },
];

const itemActions = [
  "dynamodb:BatchGetItem",
  "dynamodb:BatchWriteItem",
  "dynamodb:ConditionCheckItem",
  "dynamodb:DeleteItem",
  "dynamodb:GetItem",
  "dynamodb:PutItem",
  "dynamodb:Query",
  "dynamodb:UpdateItem",
];

test("a user's policy is this document", () => {
  expect(iamPolicy({ tableArn })).toStrictEqual({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "OwnPartitions",
        Effect: "Allow",
        Action: itemActions,
        Resource: [tableArn],
        Condition: {
          "ForAllValues:StringEquals": {
            "dynamodb:LeadingKeys": [
              "USER#${aws:PrincipalTag/userId}",
              "REVIEW#${aws:PrincipalTag/userId}",
              "OAUTH#${aws:PrincipalTag/userId}",
            ],
          },
          Null: { "dynamodb:LeadingKeys": "false" },
        },
      },
      {
        Sid: "OwnIndexPartitions",
        Effect: "Allow",
        Action: ["dynamodb:Query"],
        Resource: [index],
        Condition: {
          "ForAllValues:StringEquals": {
            "dynamodb:LeadingKeys": ["USER#${aws:PrincipalTag/userId}"],
          },
          Null: { "dynamodb:LeadingKeys": "false" },
        },
      },
    ],
  });
});

test("the partition of every entity is in it", () => {
  const [own] = iamPolicy({ tableArn, userId: "u1" }).Statement;
  const partitions = Object.values(definitions)
    .map(({ schema }) => templatesOf(schema()))
    .map(({ pk }) => pk.replace(/\$\{\w+\}/, "u1"));
  const allowed = own?.Condition?.["ForAllValues:StringEquals"]?.["dynamodb:LeadingKeys"];
  expect(partitions).toHaveLength(12);
  expect([...new Set(partitions)].sort()).toEqual([...(allowed ?? [])].sort());
});

test("the table's own index is in it", () => {
  const [made] = createTableInput("any").GlobalSecondaryIndexes ?? [];
  expect(iamPolicy({ tableArn }).Statement[1]?.Resource).toEqual([
    `${tableArn}/index/${made?.IndexName}`,
  ]);
});

test("the application's and the scripts' policies name no user; only scripts scan", () => {
  expect(iamPolicy({ tableArn, access: "application" })).toStrictEqual({
    Version: "2012-10-17",
    Statement: [
      { Sid: "Table", Effect: "Allow", Action: itemActions, Resource: [tableArn] },
      { Sid: "Index", Effect: "Allow", Action: ["dynamodb:Query"], Resource: [index] },
    ],
  });
  const [table] = iamPolicy({ tableArn, access: "scripts" }).Statement;
  expect(table?.Action).toStrictEqual(
    [
      ...itemActions,
      "dynamodb:CreateTable",
      "dynamodb:DeleteTable",
      "dynamodb:DescribeContinuousBackups",
      "dynamodb:DescribeTable",
      "dynamodb:DescribeTimeToLive",
      "dynamodb:Scan",
      "dynamodb:UpdateTimeToLive",
    ].sort(),
  );
});

test("the application scans if it is asked for, the table alone, and no owner ever", () => {
  const policy = iamPolicy({ tableArn, access: "application", scan: true });
  const [table, ofIndex, ...more] = policy.Statement;
  expect(table?.Action).toStrictEqual([...itemActions, "dynamodb:Scan"].sort());
  expect(table?.Resource).toStrictEqual([tableArn]);
  expect(ofIndex?.Action).toStrictEqual(["dynamodb:Query"]);
  expect(more).toEqual([]);
  expect(isAllowed(policy, ask("Scan", []), {})).toBe(true);
  expect(isAllowed(policy, ask("Scan", [], index), {})).toBe(false);
  const scripts = iamPolicy({ tableArn, access: "scripts" });
  expect(iamPolicy({ tableArn, access: "scripts", scan: true })).toEqual(scripts);
  const without = iamPolicy({ tableArn, access: "application", scan: false });
  expect(isAllowed(without, ask("Scan", []), {})).toBe(false);
  for (const owner of [{}, { userId: "u1" }, { owner: { userId: "u1" } }]) {
    expect(() => iamPolicy({ tableArn, ...owner, scan: true })).toThrow(
      "scan cannot be used with access user: it reads every owner's items",
    );
  }
});

test("a reader of the stream reads it and describes the table, and nothing else", () => {
  const policy = iamPolicy({ tableArn, access: "stream" });
  expect(policy.Statement).toStrictEqual([
    { Sid: "Table", Effect: "Allow", Action: ["dynamodb:DescribeTable"], Resource: [tableArn] },
    {
      ...{ Sid: "Stream", Effect: "Allow" },
      Action: ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
      Resource: [`${tableArn}/stream/*`],
    },
  ]);
  const options = { tableArn, access: "stream" } as const;
  expect(() => iamPolicy({ ...options, scan: true })).toThrow(ConfigurationError);
  expect(() => iamPolicy({ ...options, userId: "u1" })).toThrow(ConfigurationError);
});

describe.each([
  ["by the session's tag", iamPolicy({ tableArn }), session("u1")],
  ["by the id", iamPolicy({ tableArn, userId: "u1" }), {}],
  [
    "by another variable",
    iamPolicy({ tableArn, variable: "cognito-identity.amazonaws.com:sub" }),
    { "cognito-identity.amazonaws.com:sub": "u1" },
  ],
])("of the user u1, %s", (_, policy, who) => {
  test.each(itemActions)("%s is allowed on the user's own partitions", (action) => {
    const name = action.replace("dynamodb:", "");
    for (const partition of ["USER#u1", "REVIEW#u1", "OAUTH#u1"]) {
      expect(isAllowed(policy, ask(name, [partition]), who)).toBe(true);
    }
  });

  test.each([
    ["another user's item", ask("GetItem", ["USER#u2"])],
    ["a user whose id begins alike", ask("Query", ["USER#u10"])],
    ["an id in other letters", ask("GetItem", ["USER#U1"])],
    ["a prefix of the partition", ask("GetItem", ["USER#u"])],
    ["a pattern", ask("GetItem", ["USER#*"])],
    ["a batch of which one key is another's", ask("BatchGetItem", ["USER#u1", "USER#u2"])],
    [
      "a transaction of which one is another's",
      [...ask("PutItem", ["USER#u1"]), ...ask("DeleteItem", ["USER#u2"])],
    ],
    ["a scan", ask("Scan", [])],
    ["a scan of the index", ask("Scan", [], index)],
    ["a request without leading keys", ask("Query", [])],
    ["another's partition of the index", ask("Query", ["USER#u2"], index)],
    ["a review by its id, on the index", ask("Query", ["REVIEW#u1"], index)],
    ["another table", ask("GetItem", ["USER#u1"], tableArn.replace("prod", "development"))],
    ["another index", ask("Query", ["USER#u1"], index.replace("GSI1", "GSI2"))],
    ["DeleteTable", ask("DeleteTable", [])],
    ["PartiQL", ask("PartiQLSelect", ["USER#u1"])],
  ])("%s is denied", (__, asked) => {
    expect(isAllowed(policy, asked, who)).toBe(false);
  });
});

test("a session without the tag gets nothing", () => {
  expect(isAllowed(iamPolicy({ tableArn }), ask("GetItem", ["USER#"]), {})).toBe(false);
});

test("without Null a scan would pass: the evaluator knows that pitfall", () => {
  const [own] = iamPolicy({ tableArn }).Statement;
  const { Null: _, ...Condition } = own?.Condition ?? {};
  const open = { ...own, Action: ["dynamodb:Scan"], Condition } as never;
  const policy = { Version: "2012-10-17" as const, Statement: [open] };
  expect(isAllowed(policy, ask("Scan", []), session("u1"))).toBe(true);
});

test("what IAM would replace in an id stands for itself", () => {
  const userId = "${aws:PrincipalTag/userId}$*?";
  const policy = iamPolicy({ tableArn, userId });
  expect(isAllowed(policy, ask("GetItem", [`USER#${userId}`]), session("victim"))).toBe(true);
  expect(isAllowed(policy, ask("GetItem", ["USER#victim$*?"]), session("victim"))).toBe(false);
});

test("fits a session policy of 2,048 characters with the longest id of a session tag", () => {
  const text = JSON.stringify(iamPolicy({ tableArn, userId: "u".repeat(256) }));
  expect(text.length).toBeLessThan(2_048);
});

describe("refuses", () => {
  test.each<[string, unknown]>([
    ["no ARN", {}],
    ["a table's name", { tableArn: "BayonCoAgent-prod" }],
    ["an index's ARN", { tableArn: index }],
    ["every table's", { tableArn: "arn:aws:dynamodb:us-east-1:123456789012:table/*" }],
    ["another service's", { tableArn: "arn:aws:s3:::bucket" }],
    ["another access", { tableArn, access: "all" }],
    ["an empty id", { tableArn, userId: "" }],
    ["an id that is no text", { tableArn, userId: { toString: () => "u1" } }],
    ["an id that no policy can hold", { tableArn, userId: "e\u0301" }],
    ["a line break in an id", { tableArn, userId: "u1\n" }],
    ["an id and a variable", { tableArn, userId: "u1", variable: "aws:userid" }],
    ["a variable that is none", { tableArn, variable: "userId" }],
    ["a variable that is a text around one", { tableArn, variable: "aws:userid}*${aws:userid" }],
    ["a variable that is no text", { tableArn, variable: 5 }],
    ["a scan that is no flag", { tableArn, access: "application", scan: "yes" }],
    ["a user of the application's", { tableArn, access: "application", userId: "u1" }],
    ["a variable of the scripts'", { tableArn, access: "scripts", variable: "aws:userid" }],
  ])("%s", (_, options) => {
    expect(() => iamPolicy(options as never)).toThrow(ConfigurationError);
  });

  test.each([[undefined], [null], ["text"]])("%p as options, by an error of its own", (options) => {
    expect(() => iamPolicy(options as never)).toThrow(DynamoDBError);
  });
});
