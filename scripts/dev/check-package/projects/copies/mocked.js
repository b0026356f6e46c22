// The application's own copy of the SDK, and a mock of a client of it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import { createDataLayer } from "bayon-coagent-data";

const require = createRequire(import.meta.url);
const packages = createRequire(require.resolve("bayon-coagent-data"));
const id = "@aws-sdk/client-dynamodb";
assert.notEqual(require.resolve(id), packages.resolve(id), "there is no second copy of the SDK");

const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const dynamodb = mockClient(client);
const keys = { PK: "USER#u1", SK: "PROJECT#p1", EntityType: "Project" };
dynamodb.onAnyCommand().resolves({
  Item: { ...keys, CreatedAt: 1, UpdatedAt: 2, Data: { name: "Spring" } },
});
const data = createDataLayer({ client });
const found = await data.project.get({ userId: "u1", projectId: "p1" });
assert.equal(found?.data.name, "Spring");
assert.equal(dynamodb.calls().length, 1);
