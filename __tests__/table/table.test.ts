import {
  attribute,
  createTableInput,
  indexName,
  keyTemplates,
  limits,
} from "../../src/table/table.js";

test("the table has string keys, one index with everything in it, and on-demand billing", () => {
  expect(createTableInput("BayonCoAgent-local")).toEqual({
    TableName: "BayonCoAgent-local",
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      { AttributeName: "PK", AttributeType: "S" },
      { AttributeName: "SK", AttributeType: "S" },
      { AttributeName: "GSI1PK", AttributeType: "S" },
      { AttributeName: "GSI1SK", AttributeType: "S" },
    ],
    KeySchema: [
      { AttributeName: "PK", KeyType: "HASH" },
      { AttributeName: "SK", KeyType: "RANGE" },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: "GSI1",
        KeySchema: [
          { AttributeName: "GSI1PK", KeyType: "HASH" },
          { AttributeName: "GSI1SK", KeyType: "RANGE" },
        ],
        Projection: { ProjectionType: "ALL" },
      },
    ],
  });
});

test("the attributes are called as the items of earlier versions call them", () => {
  expect(attribute).toMatchObject({
    partitionKey: "PK",
    sortKey: "SK",
    indexPartitionKey: "GSI1PK",
    indexSortKey: "GSI1SK",
    entityType: "EntityType",
    data: "Data",
    createdAt: "CreatedAt",
    updatedAt: "UpdatedAt",
    timeToLive: "TTL",
  });
  expect(indexName).toBe("GSI1");
});

test("every entity has both index keys or neither", () => {
  expect(Object.keys(keyTemplates)).toHaveLength(12);
  for (const [name, templates] of Object.entries(keyTemplates)) {
    expect([name, "gsi1pk" in templates]).toEqual([name, "gsi1sk" in templates]);
  }
});

test("the index keys are those of the data model", () => {
  const indexed = Object.entries(keyTemplates).flatMap(([name, templates]) =>
    "gsi1pk" in templates ? [[name, templates.gsi1pk, templates.gsi1sk]] : [],
  );
  expect(indexed).toEqual([
    ["Review", "REVIEW#${reviewId}", "AGENT#${agentId}"],
    ["ResearchReport", "USER#${userId}", "REPORT#${createdAt}#${reportId}"],
    ["Project", "USER#${userId}", "PROJECT#${createdAt}#${projectId}"],
    ["SavedContent", "USER#${userId}", "CONTENT#${createdAt}#${contentId}"],
    ["MarketingPlan", "USER#${userId}", "PLAN#${createdAt}#${planId}"],
  ]);
});

test("an id is the last part of every key, so that any character may be in it", () => {
  for (const templates of Object.values(keyTemplates)) {
    for (const template of Object.values(templates)) {
      expect(template).toMatch(/^[A-Z]*$|^[^$]*(?:\$\{createdAt\}#)?\$\{\w+\}$/);
    }
  }
});

test("the limits are DynamoDB's", () => {
  expect(limits).toEqual({
    partitionKeyBytes: 2048,
    sortKeyBytes: 1024,
    itemBytes: 409_600,
    nestingLevels: 32,
    batchGetKeys: 100,
    batchWriteItems: 25,
    transactionOperations: 100,
    transactionBytes: 4_194_304,
    expressionBytes: 4096,
    expressionOperators: 300,
  });
});
