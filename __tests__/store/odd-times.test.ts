/** Items whose times are none, as other writers leave them: read as of no time, and written all the same. */
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { resetClients } from "../../src/client/client.js";
import { DynamoDBRepository } from "../../src/repository/repository.js";
import { describeEach, engines } from "../engines.js";
import { openTable } from "../open.js";

const now = 1_750_000_000_000;

/** UpdatedAt as it may be stored. */
const odd: [what: string, stored: { N: string } | { S: string }][] = [
  ["nanoseconds", { N: "1750000000000123456" }],
  ["microseconds", { N: "1750000000000123" }],
  ["nanoseconds and a fraction", { N: "1750000000000123456.5" }],
  ["milliseconds with more digits than a number has", { N: "1749999999999.123456" }],
  ["a time of the future with more digits than a number has", { N: "1850000000000.123456" }],
  ["a negative number", { N: "-5" }],
  ["a large negative number", { N: "-1750000000000123456" }],
  ["a text", { S: "2025-06-15T15:06:40Z" }],
];

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine, { clock: { now: () => now } });
  const key = { userId: "u", competitorId: "c" };
  const dated = { userId: "u", projectId: "p" };
  const competitor = {
    name: "n",
    agency: "a",
    reviewCount: 1,
    avgRating: 1,
    socialFollowers: 1,
    domainAuthority: 1,
  };
  let client: DynamoDBClient;

  beforeAll(() => {
    const { endpoint, region, credentials } = table.data.engine;
    client = new DynamoDBClient({ endpoint, region, credentials });
  });
  afterAll(() => client.destroy());

  async function store(times: object, type = "Competitor") {
    const sk = type === "Competitor" ? "COMPETITOR#c" : "PROJECT#p";
    const Item = {
      PK: { S: "USER#u" },
      SK: { S: sk },
      EntityType: { S: type },
      Data: { M: { name: { S: "foreign" } } },
      ...times,
    };
    await client.send(
      new PutItemCommand({ TableName: table.data.configuration.tableName, Item: Item as never }),
    );
  }
  async function timesOf(type = "Competitor") {
    const SK = { S: type === "Competitor" ? "COMPETITOR#c" : "PROJECT#p" };
    const { tableName: TableName } = table.data.configuration;
    const command = new GetItemCommand({ TableName, Key: { PK: { S: "USER#u" }, SK } });
    const { Item } = await client.send(command);
    return { created: Item?.CreatedAt?.N, updated: Item?.UpdatedAt?.N, index: Item?.GSI1SK?.S };
  }

  describe.each(odd)("UpdatedAt as %s", (_, UpdatedAt) => {
    beforeEach(() => store({ UpdatedAt, CreatedAt: { N: "5" } }));

    test("is read as no time", async () => {
      expect(await table.data.competitor.get(key)).toMatchObject({ updatedAt: 0, createdAt: 5 });
    });

    test("is repaired by the next put (it was refused for ever, with a false reason)", async () => {
      expect(await table.data.competitor.put({ ...key, data: competitor })).toMatchObject({
        createdAt: 5,
        updatedAt: now,
      });
      expect(await timesOf()).toMatchObject({ created: "5", updated: String(now) });
    });

    test("is repaired by the next update, without a lock and with one", async () => {
      const { competitor: competitors } = table.data;
      expect(await competitors.update(key, { name: "x" })).toMatchObject({ updatedAt: now });
      await store({ UpdatedAt });
      const { updatedAt } = await competitors.getOrThrow(key);
      const changed = await competitors.update(key, { name: "y" }, { ifUpdatedAt: updatedAt });
      expect(changed).toMatchObject({ updatedAt: now, data: { name: "y" } });
      await store({ UpdatedAt });
      const where = { name: "foreign" };
      expect(await competitors.update(key, { name: "z" }, { where })).toMatchObject({
        updatedAt: now,
      });
    });

    test("is repaired by an update with a lock and a where that holds, and one that does not is told", async () => {
      const { competitor: competitors } = table.data;
      const update = (name: string) =>
        competitors.update(key, { name: "z" }, { ifUpdatedAt: 0, where: { name } });
      await expect(update("other")).rejects.toThrow("the condition does not hold (where)");
      expect(await update("foreign")).toMatchObject({ updatedAt: now, data: { name: "z" } });
    });

    test("does not keep a delete from its work, without a lock and with one", async () => {
      const { competitor: competitors } = table.data;
      const { updatedAt } = await competitors.getOrThrow(key);
      expect(await competitors.delete(key, { ifUpdatedAt: updatedAt })).toMatchObject({
        updatedAt: 0,
      });
      await store({ UpdatedAt });
      expect(await competitors.delete(key)).toMatchObject({ updatedAt: 0 });
    });

    test("is repaired by the repository's update", async () => {
      const before = { ...process.env };
      Object.assign(process.env, {
        COAGENT_ENV: "local",
        AWS_ENDPOINT_URL_DYNAMODB: table.data.engine.endpoint,
        DYNAMODB_TABLE_NAME: table.data.configuration.tableName,
      });
      resetClients();
      try {
        await new DynamoDBRepository().update("USER#u", "COMPETITOR#c", { name: "x" });
        expect(Number((await timesOf()).updated)).toBeLessThanOrEqual(Date.now());
        expect(Number((await timesOf()).updated)).toBeGreaterThan(now);
      } finally {
        process.env = before;
        resetClients();
      }
    });
  });

  test("CreatedAt in nanoseconds is repaired by the next put, with the place in the index", async () => {
    const CreatedAt = { N: "1750000000000123456" };
    for (const more of [
      {},
      { GSI1PK: { S: "USER#u" }, GSI1SK: { S: "PROJECT#0000000000007#p" } },
    ]) {
      await store({ CreatedAt, UpdatedAt: CreatedAt, ...more }, "Project");
      expect(await table.data.project.get(dated)).toMatchObject({ createdAt: 0, updatedAt: 0 });
      await table.data.project.put({ ...dated, data: { name: "n" } });
      expect(await timesOf("Project")).toEqual({
        created: String(now),
        updated: String(now),
        index: `PROJECT#${now}#p`,
      });
    }
    for (const stored of [CreatedAt, { N: `${CreatedAt.N}.5` }]) {
      await store({ CreatedAt: stored, UpdatedAt: stored });
      const put = await table.data.competitor.put({ ...key, createdAt: 7, data: competitor });
      expect(put).toMatchObject({ createdAt: 7, updatedAt: now });
    }
  });

  test("a token in nanoseconds is refreshed and stored", async () => {
    const { tableName: TableName } = table.data.configuration;
    const Item = {
      PK: { S: "OAUTH#u" },
      SK: { S: "GOOGLE_BUSINESS" },
      EntityType: { S: "OAuthToken" },
      UpdatedAt: { N: "1750000000000123456" },
      Data: { M: { accessToken: { S: "a" }, refreshToken: { S: "r" }, expiryDate: { N: "1" } } },
    };
    await client.send(new PutItemCommand({ TableName, Item }));
    const refresh = async () => ({ accessToken: "b", expiryDate: now + 3_600_000 });
    const token = await table.data.oauth.validToken("u", undefined, { refresh });
    expect(token).toMatchObject({ accessToken: "b" });
    expect(await table.data.oauthToken.get({ userId: "u" })).toMatchObject({ updatedAt: now });
  });
});

describeEach(engines, ({ name }) => name !== "dynalite")("in transactions on $name", (engine) => {
  const table = openTable(engine, { clock: { now: () => now } });

  test.each(odd)(
    "UpdatedAt as %s stops no operation, with a lock or without",
    async (_, UpdatedAt) => {
      const { endpoint, region, credentials } = table.data.engine;
      const client = new DynamoDBClient({ endpoint, region, credentials });
      const { tableName: TableName } = table.data.configuration;
      for (const id of ["put", "update", "locked", "check", "delete"]) {
        const Item = {
          PK: { S: "USER#u" },
          SK: { S: `COMPETITOR#${id}` },
          EntityType: { S: "Competitor" },
          UpdatedAt,
          Data: { M: { name: { S: "foreign" } } },
        };
        await client.send(new PutItemCommand({ TableName, Item }));
      }
      client.destroy();
      const key = (competitorId: string) => ({ userId: "u", competitorId });
      const data = {
        name: "n",
        agency: "a",
        reviewCount: 1,
        avgRating: 1,
        socialFollowers: 1,
        domainAuthority: 1,
      };
      await table.data.transaction.write(({ competitor }) => [
        competitor.put({ ...key("put"), data }),
        competitor.update(key("update"), { name: "x" }),
        competitor.update(key("locked"), { name: "x" }, { ifUpdatedAt: 0 }),
        competitor.check(key("check"), { ifUpdatedAt: 0 }),
        competitor.delete(key("delete"), { ifUpdatedAt: 0 }),
      ]);
      const ids = ["put", "update", "locked"];
      for (const item of await table.data.competitor.batchGet(ids.map(key))) {
        expect(item).toMatchObject({ updatedAt: now });
      }
      expect(await table.data.competitor.get(key("delete"))).toBeNull();
    },
  );
});
