// What the SDK alone does in this environment: where this fails, no more can be asked of the package.
const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
const { DynamoDBDocumentClient, GetCommand, PutCommand } = require("@aws-sdk/lib-dynamodb");

test("lib-dynamodb alone", async () => {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const TableName = process.env.DYNAMODB_TABLE_NAME;
  const Key = { PK: "BARE", SK: "1" };
  await client.send(new PutCommand({ TableName, Item: { ...Key, text: "Größe" } }));
  const { Item } = await client.send(new GetCommand({ TableName, Key }));
  expect(Item.text).toBe("Größe");
});
