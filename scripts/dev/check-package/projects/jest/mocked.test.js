// A mock in the engine's place, and the time of the tests' own.
const { DynamoDBDocumentClient, GetCommand, PutCommand } = require("@aws-sdk/lib-dynamodb");
const { mockClient } = require("aws-sdk-client-mock");
const { createDataLayer } = require("bayon-coagent-data");

const dynamodb = mockClient(DynamoDBDocumentClient);
const data = createDataLayer({ environment: "local" });
const key = { userId: "u1", projectId: "p1" };

beforeEach(() => dynamodb.reset());
afterEach(() => jest.useRealTimers());
afterAll(() => dynamodb.restore());

test("a mocked get answers under fake timers with their defaults", async () => {
  const times = { CreatedAt: 1, UpdatedAt: 2 };
  const keys = { PK: "USER#u1", SK: "PROJECT#p1", EntityType: "Project" };
  dynamodb.on(GetCommand).resolves({ Item: { ...keys, ...times, Data: { name: "Spring" } } });
  jest.useFakeTimers();
  const found = await data.project.get(key);
  expect(found.data.name).toBe("Spring");
  expect(dynamodb.commandCalls(GetCommand)).toHaveLength(1);
});

test("createdAt follows setSystemTime, though the layer was made before", async () => {
  dynamodb.on(PutCommand).resolves({});
  jest.useFakeTimers();
  jest.setSystemTime(Date.UTC(2031, 4, 1));
  const { createdAt } = await data.project.create({ ...key, data: { name: "Spring" } });
  expect(createdAt).toBe(Date.UTC(2031, 4, 1));
  const [call] = dynamodb.commandCalls(PutCommand);
  expect(call.args[0].input.Item.CreatedAt).toBe(Date.UTC(2031, 4, 1));
});
