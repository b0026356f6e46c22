import { createTableInput } from "../../src/admin/table-input.js";
import { attribute, indexName, limits } from "../../src/table/table.js";

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
    inValues: 100,
    expressionValueBytes: 2 * 1024 * 1024,
  });
});
