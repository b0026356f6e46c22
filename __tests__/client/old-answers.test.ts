/** Responses that were right once, or that hold what was not written: they acknowledge nothing. */
import { randomUUID } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { createClients } from "../../src/client/client.js";
import { resolveConfiguration } from "../../src/client/config.js";
import { createDataLayer, type DataLayer } from "../../src/data-layer.js";
import { DynamoDBRepository, resetClients } from "../../src/index.js";
import {
  createTestDataLayer,
  type FaultProxy,
  startFaultProxy,
  type TestDataLayer,
  type WireAnswer,
} from "../../src/testing/index.js";
import { engines } from "../engines.js";

const [{ engine } = { engine: "dynalite" as const }] = engines;
const variables = ["COAGENT_ENV", "AWS_ENDPOINT_URL_DYNAMODB", "DYNAMODB_TABLE_NAME"] as const;
const before = variables.map((name) => process.env[name]);
const retry = { maxRetries: 1, initialDelayMs: 1, budget: false as const };

let direct: TestDataLayer;
let proxy: FaultProxy;
let repository: DynamoDBRepository;
const layers: Record<string, DataLayer> = {};

beforeAll(async () => {
  direct = await createTestDataLayer({ engine });
  proxy = await startFaultProxy({ target: direct.engine.endpoint });
  const { region, credentials } = direct.engine;
  const { tableName } = direct.configuration;
  const client = new DynamoDBClient({ endpoint: proxy.url, region, credentials, maxAttempts: 1 });
  const place = { environment: "development", region, tableName, retry } as const;
  layers["the layer's client"] = createDataLayer({ ...place, endpoint: proxy.url, credentials });
  layers["a client of the application's"] = createDataLayer({ ...place, client });
  process.env.COAGENT_ENV = "local";
  process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.url;
  process.env.DYNAMODB_TABLE_NAME = tableName;
  resetClients();
  repository = new DynamoDBRepository(retry);
});
afterEach(() => proxy.clear());
afterAll(async () => {
  variables.forEach((name, at) => {
    if (before[at] === undefined) delete process.env[name];
    else process.env[name] = before[at];
  });
  resetClients();
  for (const data of Object.values(layers)) await data.close();
  await proxy.close();
  await direct.close();
});

/** The response to a write of before, kept by some box in between, in place of the next one's. */
async function afterOld(write: (name: string) => Promise<unknown>): Promise<void> {
  let kept: WireAnswer | undefined;
  proxy.inject({
    operation: "UpdateItem",
    answer: async ({ forward }) => {
      kept = await forward();
      return kept;
    },
  });
  await write("the first");
  const old = kept as unknown as WireAnswer;
  expect(old.body).toContain("the first");
  proxy.clear();
  // The write is not carried out: whoever believes the response has lost it.
  proxy.inject({ operation: "UpdateItem", answer: async () => old });
}

type Write = (
  data: DataLayer,
  key: { userId: string; projectId: string },
) => (name: string) => Promise<unknown>;
const writes: Readonly<Record<string, Write>> = {
  put: (data, key) => (name) => data.project.put({ ...key, data: { name } }),
  update: (data, key) => (name) => data.project.update(key, { name }),
  "update with a lock": (data, key) => async (name) => {
    const { updatedAt } = await data.project.getOrThrow(key, { consistent: true });
    return data.project.update(key, { name }, { ifUpdatedAt: updatedAt });
  },
  "native update": (data, key) => (name) =>
    data.project.entity
      .update(key)
      .set({ data: { name } as never })
      .go({ response: "all_new" }),
  "repository.update":
    (_, { userId, projectId }) =>
    (name) =>
      repository.update(`USER#${userId}`, `PROJECT#${projectId}`, { name }),
};

describe.each(["the layer's client", "a client of the application's"])("by %s", (client) => {
  test.each(Object.keys(writes))("%s does not take an old response for its own", async (name) => {
    const key = { userId: randomUUID(), projectId: "p" };
    await direct.project.put({ ...key, data: { name: "before" } });
    const write = (writes[name] as Write)(layers[client] as DataLayer, key);
    await afterOld(write);
    expect(JSON.stringify([await write("the second")])).not.toContain("the first");
    expect(proxy.requests.filter(({ operation }) => operation === "UpdateItem")).toHaveLength(2);
    expect(await direct.project.getOrThrow(key)).toMatchObject({ data: { name: "the second" } });
  });

  test("put does not take a response for its own that holds another payload", async () => {
    const key = { userId: randomUUID(), projectId: "p" };
    const others = [
      '"name":{"S":"other"}',
      "",
      '"name":{"S":"n"},"more":{"S":"x"}',
      '"name":{"N":"1"}',
    ];
    for (const other of others) {
      proxy.inject({
        operation: "UpdateItem",
        answer: async ({ forward }) => {
          const answer = await forward();
          const { Attributes } = JSON.parse(answer.body) as { Attributes: object };
          const Data = JSON.parse(`{"M":{${other}}}`) as object;
          return { ...answer, body: JSON.stringify({ Attributes: { ...Attributes, Data } }) };
        },
      });
      const put = (layers[client] as DataLayer).project.put({ ...key, data: { name: "n" } });
      expect(await put).toMatchObject({ data: { name: "n" } });
    }
    expect(proxy.requests.filter(({ fault }) => fault !== undefined)).toHaveLength(others.length);
  });

  test("create does not take a response for its own that holds an item", async () => {
    const key = { userId: randomUUID(), projectId: "p" };
    proxy.inject({
      operation: "PutItem",
      answer: async ({ input }) => ({
        status: 200,
        headers: { "x-amzn-requestid": "somebody's" },
        body: JSON.stringify({ Attributes: input.Item }),
      }),
    });
    await (layers[client] as DataLayer).project.create({ ...key, data: { name: "n" } });
    expect(await direct.project.getOrThrow(key)).toMatchObject({ data: { name: "n" } });
  });
});

/** The layer's own document client, straight to the engine. */
function ownDocumentClient({ engine: place, configuration } = direct) {
  const { endpoint, region, credentials } = place;
  const { tableName } = configuration;
  const options = { environment: "development", endpoint, region, credentials, tableName } as const;
  return createClients(resolveConfiguration(options)).documentClient;
}

test.each(engines)(
  "an update beyond the end of a list may return no new value, on $name (it was refused)",
  async ({ engine: place }) => {
    const data = await createTestDataLayer({ engine: place });
    const documentClient = ownDocumentClient(data);
    const { tableName: TableName } = data.configuration;
    const Key = { PK: "odd", SK: "list" };
    const update = (UpdateExpression: string, values: object) =>
      documentClient.send(
        new UpdateCommand({
          ...{ TableName, Key, UpdateExpression, ReturnValues: "UPDATED_NEW" },
          ExpressionAttributeValues: values as Record<string, unknown>,
        }),
      );
    await update("SET l = :l", { ":l": [1] });
    await update("SET l[5] = :v", { ":v": 2 });
    const { Attributes } = await update("SET l[9] = :v, a = :a", { ":v": 3, ":a": "x" });
    expect(Attributes).toMatchObject({ a: "x" });
    const { Item } = await documentClient.send(new GetCommand({ TableName, Key }));
    expect((Item as { l: unknown[] }).l).toEqual(expect.arrayContaining([1, 2, 3]));
    documentClient.destroy();
    await data.close();
  },
);

test("a value whose placeholder ends like a clause is not taken for another one", async () => {
  const documentClient = ownDocumentClient();
  const { Attributes } = await documentClient.send(
    new UpdateCommand({
      TableName: direct.configuration.tableName,
      Key: { PK: "odd", SK: "clause" },
      UpdateExpression: "SET n = :xadd + :one, m = :x",
      ExpressionAttributeValues: { ":xadd": 5, ":one": 1, ":x": 9 },
      ReturnValues: "UPDATED_NEW",
    }),
  );
  expect(Attributes).toEqual({ n: 6, m: 9 });
  documentClient.destroy();
});

test("what an engine stores of odd values is what was written", async () => {
  const documentClient = ownDocumentClient();
  const values: readonly unknown[] = [
    ...["", "\u{1F600}é", 0, -0, 0.1, 1e-7, -1.5e-9, 2 ** 53 - 1, 12345678901234567890n],
    ...[true, false, null, new Uint8Array([1]), new Set(["a"]), new Set([1, 2]), [], {}],
    ...[[1, "a"], { a: { b: 1 } }, { N: "5", M: { x: 1 } }, { a: undefined, b: -0, f: () => 1 }],
  ];
  for (const value of values) {
    for (const [path, names] of [
      ["#v", { "#v": "value" }],
      ["#d.#v", { "#d": "Data", "#v": "M" }],
      ["#d.whole", { "#d": "Data" }],
    ] as const) {
      for (const ReturnValues of ["ALL_NEW", "UPDATED_NEW"] as const) {
        const Key = { PK: "odd", SK: "values" };
        const UpdateExpression = `SET ${path} = :v, kept = if_not_exists(kept, :v) REMOVE gone`;
        const { tableName: TableName } = direct.configuration;
        if (path !== "#v") {
          const Data = { ":v": { M: 1 } };
          await documentClient.send(
            new UpdateCommand({
              ...{ TableName, Key, UpdateExpression: "SET #d = :v" },
              ExpressionAttributeNames: { "#d": "Data" },
              ExpressionAttributeValues: Data,
            }),
          );
        }
        const { Attributes } = await documentClient.send(
          new UpdateCommand({
            ...{ TableName, Key, UpdateExpression, ReturnValues },
            ExpressionAttributeNames: names,
            ExpressionAttributeValues: { ":v": value },
          }),
        );
        expect(Attributes).toBeDefined();
      }
    }
  }
  documentClient.destroy();
});

describe("a refusal with another user's item", () => {
  const foreign = {
    PK: { S: "USER#victim" },
    SK: { S: "PROJECT#z" },
    EntityType: { S: "Project" },
    Data: { M: { name: { S: "VICTIM" } } },
    CreatedAt: { N: "1" },
    UpdatedAt: { N: "1" },
  };
  const refusal = (members: object, name: string): WireAnswer => ({
    status: 400,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "R" },
    body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, ...members }),
  });
  const conditionFailed = () => refusal({ Item: foreign }, "ConditionalCheckFailedException");
  const cancelled = () =>
    refusal(
      { CancellationReasons: [{ Code: "ConditionalCheckFailed", Item: foreign }] },
      "TransactionCanceledException",
    );
  const key = { projectId: "p" };
  type Call = (data: DataLayer) => Promise<unknown>;
  const calls: readonly (readonly [string, () => WireAnswer, Call])[] = [
    [
      "create",
      conditionFailed,
      (data) => data.forUser("me").project.create({ data: { name: "n" } }),
    ],
    [
      "put",
      conditionFailed,
      (data) => data.forUser("me").project.put({ ...key, data: { name: "n" } }),
    ],
    [
      "update",
      conditionFailed,
      (data) => data.forUser("me").project.update(key, { name: "n" }, { ifUpdatedAt: 1 }),
    ],
    [
      "delete",
      conditionFailed,
      (data) => data.forUser("me").project.delete(key, { ifUpdatedAt: 1 }),
    ],
    [
      "transaction.write",
      cancelled,
      (data) =>
        data.forUser("me").transaction.write((tx) => [tx.project.create({ data: { name: "n" } })]),
    ],
  ];

  describe.each(["the layer's client", "a client of the application's"])("%s", (client) => {
    test.each(calls)("tells %s nothing", async (_, answer, call) => {
      proxy.inject({ times: Number.POSITIVE_INFINITY, answer: async () => answer() });
      const error = await call(layers[client] as DataLayer).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ code: "UnreadableAnswer", mayHaveBeenDone: true });
      expect((error as { item?: unknown }).item).toBeUndefined();
      expect(JSON.stringify(error)).not.toContain("VICTIM");
      expect(proxy.requests).toHaveLength(2);
    });
  });
});
