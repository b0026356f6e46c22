/** Numbers that no number of JavaScript's holds, written by whoever: through every call and back. */
import { inspect, isDeepStrictEqual } from "node:util";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  DynamoDBDocumentClient,
  GetCommand,
  NumberValue,
  QueryCommand,
} from "@aws-sdk/lib-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import { createClients } from "../../src/client/client.js";
import {
  ConditionalCheckFailedError,
  createDataLayer,
  type DataLayer,
  ExactNumber,
  TransactionCanceledError,
  ValidationError,
} from "../../src/index.js";
import type { TestDataLayer } from "../../src/testing/index.js";
import { describeEach, engines, settings } from "../engines.js";
import { failureOf, openTable } from "../open.js";

const exact = ExactNumber.from("12345678901234567890.5");
const small = ExactNumber.from("1.00000000000000000000015");
const negative = ExactNumber.from("-0.12345678901234567890123456789");
const large = 123n * 10n ** 38n;

/** What others store, and what it is here. */
const foreignData = {
  name: { S: "foreign" },
  exact: { N: exact.text },
  small: { N: small.text },
  negative: { N: negative.text },
  large: { N: String(large) },
  whole: { N: "9007199254740993" },
  usual: { N: "1.5" },
  list: { L: [{ N: exact.text }, { M: { deep: { N: small.text } } }] },
  set: { NS: [exact.text, small.text, "2", "9007199254740993"] },
};
const expectedData = {
  name: "foreign",
  exact,
  small,
  negative,
  large,
  whole: 9007199254740993n,
  usual: 1.5,
  list: [exact, { deep: small }],
  set: new Set([exact, small, 2, 9007199254740993n]),
};

/** A payload with fields that its type does not name. */
function payload(fields: object): { name: string } {
  return { name: "n", ...fields };
}

/** The table as DynamoDB's own form has it. */
function attributesOf({ engine, configuration }: TestDataLayer) {
  const { endpoint, region, credentials } = engine;
  const client = new DynamoDBClient({ endpoint, region, credentials });
  const { tableName: TableName } = configuration;
  return {
    client,
    put: async (userId: string, projectId: string, data: object = foreignData) => {
      const Item = {
        PK: { S: `USER#${userId}` },
        SK: { S: `PROJECT#${projectId}` },
        EntityType: { S: "Project" },
        userId: { S: userId },
        projectId: { S: projectId },
        Data: { M: data as never },
      };
      await client.send(new PutItemCommand({ TableName, Item }));
    },
    dataOf: async (userId: string, projectId: string) => {
      const Key = { PK: { S: `USER#${userId}` }, SK: { S: `PROJECT#${projectId}` } };
      const { Item } = await client.send(new GetItemCommand({ TableName, Key }));
      return (Item?.Data?.M ?? {}) as unknown as Record<string, Record<string, unknown>>;
    },
  };
}

type Attributes = ReturnType<typeof attributesOf>;

/** Every call of a store, on a layer of whatever client. */
async function readsAndWritesBack(data: DataLayer, raw: Attributes, userId: string): Promise<void> {
  const { project } = data;
  const key = { userId, projectId: "b" };
  await raw.put(userId, "b");
  await project.put({ userId, projectId: "a", data: { name: "a" } });
  await project.put({ userId, projectId: "c", data: { name: "c" } });

  const item = await project.getOrThrow(key);
  expect(ordered(item.data)).toEqual(ordered(expectedData));
  const { items, cursor } = await project.query({ userId }, { limit: 2 });
  expect(items.map((one) => one.data.name)).toEqual(["a", "foreign"]);
  expect(ordered(items[1]?.data)).toEqual(ordered(expectedData));
  const rest = await project.query({ userId }, { cursor });
  expect(rest.items.map((one) => one.data.name)).toEqual(["c"]);
  const listed: string[] = [];
  for await (const one of project.list({ userId })) listed.push(one.data.name);
  expect(listed).toEqual(["a", "foreign", "c"]);
  const [got] = await project.batchGet([key]);
  expect(ordered(got?.data)).toEqual(ordered(expectedData));
  expect((await data.collections.workspace({ userId })).project).toHaveLength(3);

  // Written back as it was, whole and in part.
  const put = await project.put({ ...key, data: item.data });
  expect(ordered(put.data)).toEqual(ordered({ id: "b", ...expectedData }));
  expect(orderedSet(await raw.dataOf(userId, "b"))).toEqual(
    orderedSet({ id: { S: "b" }, ...foreignData }),
  );
  const changes: object = { copy: exact, copies: [small], copySet: new Set([small, negative]) };
  const updated = await project.update(key, changes, {
    set: [[["list", 1, "other"] as never, negative]],
    where: { exact } as never,
  });
  expect(updated.data).toMatchObject({ copy: exact, copies: [small], list: [exact, {}] });
  expect(await raw.dataOf(userId, "b")).toMatchObject({
    copy: { N: exact.text },
    copies: { L: [{ N: small.text }] },
    copySet: { NS: expect.arrayContaining([small.text, negative.text]) },
    list: { L: [{ N: exact.text }, { M: { other: { N: negative.text } } }] },
  });
  await project.batchPut([{ userId, projectId: "d", data: item.data }]);
  expect(ordered((await project.get({ userId, projectId: "d" }))?.data)).toEqual(
    ordered({ id: "d", ...expectedData }),
  );

  // Compared as they are, not as what they would be rounded to.
  const found = async (where: unknown) =>
    (await project.query({ userId }, { where: where as never })).items.map((one) => one.projectId);
  expect(await found({ exact })).toEqual(["b", "d"]);
  expect(await found({ exact: ExactNumber.from("12345678901234567890.4") })).toEqual([]);
  type Gt = { gt(path: unknown, value: unknown): string };
  const above =
    (value: unknown) =>
    (paths: { small: unknown }, { gt }: Gt) =>
      gt(paths.small, value);
  expect(await found(above(ExactNumber.from("1.00000000000000000000014")))).toEqual(["b", "d"]);
  expect(await found(above(small))).toEqual([]);

  const given = { userId, projectId: "e", data: { name: "e", exact, list: [small], zero: -0 } };
  const created = await project.create(given);
  const read = await project.get({ userId, projectId: "e" });
  expect(isDeepStrictEqual(created, read)).toBe(true);
  expect((await project.delete(key))?.data).toMatchObject({ exact, small, negative });
}

describe.each(settings)("numbers on $name", (setting) => {
  const { encryption, cursorSecret, engine } = setting;
  const table = openTable(setting);
  let raw: Attributes;
  beforeAll(() => {
    raw = attributesOf(table.data);
  });
  afterAll(() => raw.client.destroy());

  const layerOver = (client: object) => {
    const { tableName } = table.data.configuration;
    return createDataLayer({ client: client as never, tableName, encryption, cursorSecret });
  };

  test("that a double cannot hold are read, compared and written back as they are (the page failed, or they were rounded)", async () => {
    await readsAndWritesBack(table.data, raw, "native");
  });

  test("are so through a plain client of the application's own", async () => {
    await readsAndWritesBack(layerOver(raw.client), raw, "plain");
  });

  test.each([undefined, { unmarshallOptions: { wrapNumbers: true } }])(
    "are so through a document client of the application's own, with the options %j",
    async (options) => {
      const client = DynamoDBDocumentClient.from(raw.client, options);
      await readsAndWritesBack(layerOver(client), raw, `document-${options === undefined}`);
    },
  );

  test("are so once the application has put middleware on the layer's own client", async () => {
    const { endpoint, region, credentials } = table.data.engine;
    const { tableName } = table.data.configuration;
    const { documentClient } = createClients({
      environment: "development",
      tableName,
      endpoint,
      region,
      credentials,
    });
    let seen = 0;
    documentClient.middlewareStack.add(
      (next) => (args) => {
        seen += 1;
        return next(args);
      },
      { step: "initialize" },
    );
    await readsAndWritesBack(layerOver(documentClient), raw, "middleware");
    expect(seen).toBeGreaterThan(10);
    documentClient.destroy();
  });

  test("of a secret stay as they are", async () => {
    const key = { userId: "secret", provider: "P" };
    const data = { accessToken: exact as never, refreshToken: "r", expiryDate: 1, extra: exact };
    const issues = table.data.oauthToken.check({ ...key, data });
    // The field is declared as a text; anything else is as it was.
    expect(issues.map(({ path }) => path)).toEqual(["data.accessToken"]);
    const well = { ...data, accessToken: "a" };
    expect((await table.data.oauthToken.put({ ...key, data: well })).data).toEqual(well);
    expect((await table.data.oauthToken.get(key))?.data).toEqual(well);
  });

  test("are in what was there where a write is refused, and in no message", async () => {
    await raw.put("refused", "p");
    const { project } = table.data;
    const call = project.create({ userId: "refused", projectId: "p", data: { name: "x" } });
    const error = await failureOf(call, ConditionalCheckFailedError);
    // dynalite 4.0.0 does not tell what was there.
    if (engine !== "dynalite") expect(error.item).toMatchObject({ data: { exact, small } });
    const shown = `${error.message} ${inspect(error)} ${JSON.stringify(error)}`;
    expect(shown).not.toContain(exact.text);
  });

  test("that DynamoDB cannot hold are refused before anything is sent, and shown in no message", async () => {
    table.data.wire.clear();
    const digits = "123456789012345678901234567890123456789";
    for (const value of [
      BigInt(digits),
      10n ** 126n,
      -(10n ** 20_000n),
      NumberValue.from(digits),
      NumberValue.from("1e126"),
      NumberValue.from("1e-131"),
      NumberValue.from("12x"),
      new Set([NumberValue.from(digits)]),
    ]) {
      const call = table.data.project.create({ userId: "u", data: payload({ list: [value] }) });
      const error = await failureOf(call, ValidationError);
      expect(error.issues).toEqual([
        { path: "data.list[0]", message: expect.stringMatching(/^must /) },
      ]);
      expect(inspect(error)).not.toContain("1234567");
    }
    expect(table.data.wire.requests).toEqual([]);
  });

  test("of the SDK's own kind are accepted, and 1, 1n and 1.0 are one member of a set", async () => {
    const { project } = table.data;
    const data = {
      name: "n",
      exact: NumberValue.from(exact.text),
      whole: NumberValue.from("18446744073709551616"),
      small: NumberValue.from("1.50"),
      list: [NumberValue.from("7"), 7n],
      set: new Set([1n, NumberValue.from("2.0"), NumberValue.from(small.text)]),
    };
    const key = { userId: "sdk", projectId: "p" };
    const created = await project.create({ ...key, data });
    const expected = {
      id: "p",
      name: "n",
      exact,
      whole: 18446744073709551616n,
      small: 1.5,
      list: [7, 7],
      set: new Set([1, 2, small]),
    };
    expect(ordered(created.data)).toEqual(ordered(expected));
    expect(ordered((await project.get(key))?.data)).toEqual(ordered(expected));
    for (const twice of [new Set([1, 1n]), new Set([1, NumberValue.from("1.0")])]) {
      const call = project.create({ userId: "sdk", data: payload({ twice }) });
      const { issues } = await failureOf(call, ValidationError);
      expect(issues).toEqual([{ path: "data.twice", message: "must not contain a member twice" }]);
    }
  });
});

describeEach(engines, ({ name }) => name !== "dynalite")("transactions on $name", (engine) => {
  const table = openTable(engine);
  let raw: Attributes;
  beforeAll(() => {
    raw = attributesOf(table.data);
  });
  afterAll(() => raw.client.destroy());

  test("read and write numbers as they are, and name what was there where they are cancelled", async () => {
    await raw.put("u", "p");
    const { transaction, project } = table.data;
    const key = { userId: "u", projectId: "p" };
    const [read] = await transaction.get((tx) => [tx.project.get(key)]);
    expect(ordered(read?.data)).toEqual(ordered(expectedData));
    await transaction.write((tx) => [
      tx.project.update(key, payload({ more: exact }), { where: { exact } as never }),
      tx.project.create({ userId: "u", projectId: "q", data: payload({ small }) }),
    ]);
    expect((await project.get({ userId: "u", projectId: "q" }))?.data).toMatchObject({ small });
    const cancelled = transaction.write((tx) => [
      tx.project.create({ ...key, data: { name: "again" } }),
    ]);
    const error = await failureOf(cancelled, TransactionCanceledError);
    expect(error.reasons[0]?.item).toMatchObject({ data: { exact, more: exact } });
  });

  test("of native chains give ElectroDB what was there, and print nothing (it printed the value)", async () => {
    await raw.put("u", "n");
    const logged = jest.spyOn(console, "error").mockImplementation(() => undefined);
    try {
      const result = await table.data.service.transaction
        .write(({ project }) => [
          project
            .create({
              userId: "u",
              projectId: "n",
              data: { name: "x" },
              createdAt: 1,
              updatedAt: 1,
            })
            .commit({ response: "all_old" }),
        ])
        .go();
      expect(result.canceled).toBe(true);
      const [reason] = result.data as { item?: object }[];
      expect(reason?.item).toMatchObject({
        data: { exact, small, list: [exact, { deep: small }] },
      });
      expect(logged).not.toHaveBeenCalled();
    } finally {
      logged.mockRestore();
    }
  });
});

test.each([
  [exact, "must be a string, not an exact number"],
  [{ text: "12345678901234567890.5" }, "must be a string, not an object"],
])("a field of text refuses %j by its kind", async (type, message) => {
  const data = createDataLayer({ environment: "local" });
  const payload = { type: type as never, content: "c" };
  const put = data.savedContent.put({ userId: "u", contentId: "c", data: payload });
  const { issues } = await failureOf(put, ValidationError);
  await data.close();
  expect(issues).toEqual([{ path: "data.type", message }]);
});

describe("a mock of the document client", () => {
  test("is given exact numbers, and gives them", async () => {
    const mocked = mockClient(DynamoDBDocumentClient);
    const data = createDataLayer({ environment: "local" });
    const item = { PK: "USER#u", SK: "PROJECT#p", EntityType: "Project", Data: { exact } };
    mocked.on(GetCommand).resolves({ Item: item });
    mocked.on(QueryCommand).resolves({ Items: [item] });
    expect((await data.project.get({ userId: "u", projectId: "p" }))?.data).toEqual({ exact });
    await data.project.query({ userId: "u" }, { where: { exact } as never });
    const [query] = mocked.commandCalls(QueryCommand);
    const { ExpressionAttributeValues = {} } = query?.args[0].input ?? {};
    mocked.restore();
    expect(Object.values(ExpressionAttributeValues)).toContainEqual(exact);
  });
});

/** A payload whose sets are lists in order: an engine gives their members in any. */
function ordered(data: unknown): unknown {
  if (data instanceof Set) return [...data].map(String).sort();
  if (typeof data !== "object" || data === null || data instanceof ExactNumber) return data;
  if (Array.isArray(data)) return data.map(ordered);
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, ordered(value)]));
}

function orderedSet({ set, ...rest }: Record<string, Record<string, unknown>>): unknown {
  return { ...rest, set: [...((set?.NS ?? []) as string[])].sort() };
}
