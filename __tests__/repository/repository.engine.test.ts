import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { CreateTableCommand, DeleteTableCommand } from "@aws-sdk/client-dynamodb";
import {
  DeleteCommand,
  GetCommand,
  NumberValue,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { createTableInput } from "../../src/admin/table-input.js";
import { getDocumentClient, getDynamoDBClient, resetClients } from "../../src/client/client.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { DynamoDBRepository } from "../../src/repository/repository.js";
import { type Engine, startEngine } from "../../src/testing/engine.js";
import { engines } from "../engines.js";

const table = `Repository-${Date.now()}`;
const variables = ["COAGENT_ENV", "AWS_ENDPOINT_URL_DYNAMODB", "DYNAMODB_TABLE_NAME"] as const;

describe.each(engines)("the repository on $name", ({ engine: wanted }) => {
  const before = variables.map((variable) => process.env[variable]);
  let engine: Engine;
  let repository: DynamoDBRepository;
  let users = 0;
  let pk = "";

  beforeAll(async () => {
    engine = await startEngine({ engine: wanted });
    process.env.COAGENT_ENV = "local";
    process.env.AWS_ENDPOINT_URL_DYNAMODB = engine.endpoint;
    process.env.DYNAMODB_TABLE_NAME = table;
    resetClients();
    await getDynamoDBClient().send(new CreateTableCommand(createTableInput(table)));
    repository = new DynamoDBRepository({ initialDelayMs: 1 });
  });

  afterAll(async () => {
    await getDynamoDBClient().send(new DeleteTableCommand({ TableName: table }));
    resetClients();
    await engine.close();
    variables.forEach((variable, index) => {
      if (before[index] === undefined) delete process.env[variable];
      else process.env[variable] = before[index];
    });
  });

  beforeEach(() => {
    users += 1;
    pk = `USER#u${users}`;
  });

  async function raw(sk: string): Promise<Record<string, unknown> | undefined> {
    const input = { TableName: table, Key: { PK: pk, SK: sk }, ConsistentRead: true };
    return (await getDocumentClient().send(new GetCommand(input))).Item;
  }

  async function putRaw(item: Record<string, unknown>): Promise<void> {
    await getDocumentClient().send(new PutCommand({ TableName: table, Item: item }));
  }

  /** Stores items with the sort keys `CONTENT#000`, `CONTENT#001`, … */
  async function fill(count: number, data: (index: number) => object): Promise<string[]> {
    const items = Array.from({ length: count }, (_, index) => ({
      PK: pk,
      SK: `CONTENT#${String(index).padStart(3, "0")}`,
      EntityType: "SavedContent",
      Data: data(index),
      CreatedAt: 1,
      UpdatedAt: 1,
    }));
    await repository.batchWrite(items);
    return items.map((item) => item.SK);
  }

  /** Counts the requests that a call sends, by their commands. */
  async function requestsOf(call: () => Promise<unknown>): Promise<string[]> {
    const spy = jest.spyOn(getDocumentClient(), "send");
    try {
      await call();
      return spy.mock.calls.map(([command]) => command.constructor.name.replace("Command", ""));
    } finally {
      spy.mockRestore();
    }
  }

  const failure = (promise: Promise<unknown>): Promise<DynamoDBError> =>
    promise.then(
      () => {
        throw new Error("it did not fail");
      },
      (error) => error,
    );

  describe("create", () => {
    test("stores the keys, the payload and one time twice, and returns the item", async () => {
      const item = await repository.create(pk, "PROFILE", "UserProfile", { name: "Ada" });
      expect(await raw("PROFILE")).toEqual({
        PK: pk,
        SK: "PROFILE",
        EntityType: "UserProfile",
        Data: { name: "Ada" },
        CreatedAt: item.CreatedAt,
        UpdatedAt: item.CreatedAt,
      });
      expect(item).toEqual(await repository.getItem(pk, "PROFILE"));
    });

    test("refuses a second item under the same key and leaves the first", async () => {
      await repository.create(pk, "CONTENT#1", "SavedContent", { content: "first" });
      const error = await failure(
        repository.create(pk, "CONTENT#1", "SavedContent", { content: "second" }),
      );
      expect(error).toBeInstanceOf(ConditionalCheckFailedError);
      expect(error.message).toBe(
        `create SavedContent (PK=${pk}, SK=CONTENT#1): the item is already there`,
      );
      expect(await repository.get(pk, "CONTENT#1")).toEqual({ content: "first" });
      if (engine.capabilities.oldItemOnConditionFailure) {
        expect(error).toHaveProperty("item.Data", { content: "first" });
      }
    });

    test("puts a review into the index although only one index key was given", async () => {
      await repository.create(
        `REVIEW#a${users}`,
        `REVIEW#r${users}`,
        "Review",
        { rating: 5 },
        { GSI1PK: `REVIEW#r${users}` },
      );
      const { Items } = await getDocumentClient().send(
        new QueryCommand({
          TableName: table,
          IndexName: "GSI1",
          KeyConditionExpression: "GSI1PK = :pk",
          ExpressionAttributeValues: { ":pk": `REVIEW#r${users}` },
        }),
      );
      expect(Items).toEqual([
        expect.objectContaining({ PK: `REVIEW#a${users}`, GSI1SK: `AGENT#a${users}` }),
      ]);
    });
  });

  describe("get", () => {
    test("gives null for a missing item and an empty payload for an item without one", async () => {
      await putRaw({ PK: pk, SK: "PROFILE", EntityType: "UserProfile" });
      expect(await repository.get(pk, "PROFILE")).toEqual({});
      expect(await repository.getItem(pk, "PROFILE")).toHaveProperty("Data", {});
      expect(await repository.get(pk, "MISSING")).toBeNull();
      expect(await repository.getItem(pk, "MISSING")).toBeNull();
    });

    test("gives a payload back as it was stored", async () => {
      const data = {
        empty: "",
        none: null,
        list: [1, { deep: [true] }],
        map: {},
        big: 12345678901234567890n,
        tags: new Set(["a", "b"]),
        "dotted.name": "kept",
      };
      await repository.create(pk, "CONTENT#1", "SavedContent", data);
      expect(await repository.get(pk, "CONTENT#1")).toEqual(data);
    });
  });

  describe("put", () => {
    test("replaces an item whole, as it is given", async () => {
      const item = {
        PK: pk,
        SK: "PLAN#1",
        EntityType: "MarketingPlan",
        Data: { plan: "b" },
        CreatedAt: 5,
        UpdatedAt: 6,
        GSI1PK: pk,
        GSI1SK: "PLAN#0000000000005#1",
      };
      await repository.put({ ...item, Data: { plan: "a", steps: [] } });
      await repository.put(item);
      expect(await raw("PLAN#1")).toEqual(item);
    });

    test("refuses what is over 400 KB in UTF-8 and takes what is just below", async () => {
      const item = (length: number) => ({
        PK: pk,
        SK: "CONTENT#1",
        EntityType: "SavedContent",
        // Two bytes each.
        Data: { content: "é".repeat(length) },
        CreatedAt: 1,
        UpdatedAt: 1,
      });
      const error = await failure(repository.put(item(205_000)));
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toMatch(/makes an item of \d+ bytes: at most 409600 \(400 KB\)/);
      expect(await raw("CONTENT#1")).toBeUndefined();
      await repository.put(item(204_500));
      expect(await repository.get(pk, "CONTENT#1")).toEqual(item(204_500).Data);
    });
  });

  describe("update", () => {
    test("merges into the payload, stores null and ignores undefined", async () => {
      const { CreatedAt } = await repository.create(pk, "CONTENT#1", "SavedContent", {
        content: "c",
        name: "old",
        projectId: "p1",
      });
      await repository.update(pk, "CONTENT#1", {
        name: "new",
        projectId: null,
        content: undefined,
        "a.b": 1,
      });
      const item = await repository.getItem(pk, "CONTENT#1");
      expect(item?.Data).toEqual({ content: "c", name: "new", projectId: null, "a.b": 1 });
      expect(item?.CreatedAt).toBe(CreatedAt);
    });

    test("changes payload fields that are called like the item's own attributes", async () => {
      await repository.create(pk, "CONTENT#1", "SavedContent", { Data: "x", UpdatedAt: "y" });
      await repository.update(pk, "CONTENT#1", { Data: 1, UpdatedAt: 2, PK: 3, data: 4 });
      const item = await repository.getItem(pk, "CONTENT#1");
      expect(item?.Data).toEqual({ Data: 1, UpdatedAt: 2, PK: 3, data: 4 });
      expect(item?.PK).toBe(pk);
      expect(item?.UpdatedAt).toBeGreaterThan(1e12);
    });

    test("refuses an item that is not there and makes none", async () => {
      const error = await failure(repository.update(pk, "CONTENT#1", { name: "new" }));
      expect(error).toBeInstanceOf(ItemNotFoundError);
      expect(error.message).toBe(`update (PK=${pk}, SK=CONTENT#1): no such item`);
      expect(await raw("CONTENT#1")).toBeUndefined();
    });

    test("refuses a ghost and leaves it as it was (it made a row that no store can see)", async () => {
      const ghost = { PK: pk, SK: "CONTENT#1", UpdatedAt: 5 };
      await putRaw(ghost);
      const error = await failure(repository.update(pk, "CONTENT#1", { name: "new" }));
      expect(error).toBeInstanceOf(ItemNotFoundError);
      expect(await raw("CONTENT#1")).toEqual(ghost);
    });

    test("is one request for an item that is as it should be", async () => {
      await putRaw({ PK: pk, SK: "CONTENT#1", Data: {}, UpdatedAt: 1 });
      const update = () => repository.update(pk, "CONTENT#1", { name: "new" });
      expect(await requestsOf(update)).toEqual(["Update"]);
    });

    test.each([
      ["no Data", {}],
      ["a null in its place", { Data: null }],
    ])("gives an item a payload that has %s", async (_, stored) => {
      await putRaw({ PK: pk, SK: "PROFILE", EntityType: "UserProfile", ...stored });
      await repository.update(pk, "PROFILE", { photoURL: "https://example.com/p.png" });
      expect(await raw("PROFILE")).toMatchObject({
        EntityType: "UserProfile",
        Data: { photoURL: "https://example.com/p.png" },
        UpdatedAt: expect.any(Number),
      });
    });

    test("refuses to replace a payload that is no map", async () => {
      await putRaw({ PK: pk, SK: "PROFILE", Data: "a text" });
      for (const options of [{}, { conditionExpression: "attribute_exists(PK)" }]) {
        const error = await failure(repository.update(pk, "PROFILE", { name: "n" }, options));
        expect(error).toBeInstanceOf(ValidationError);
        expect(error.message).toContain("Data of the stored item is not a map");
      }
      expect(await raw("PROFILE")).toHaveProperty("Data", "a text");
    });

    test("makes UpdatedAt grow with each write, also past a time ahead of the clock", async () => {
      await repository.create(pk, "CONTENT#1", "SavedContent", { n: 0 });
      const seen: number[] = [];
      for (let n = 1; n <= 5; n += 1) {
        await repository.update(pk, "CONTENT#1", { n });
        seen.push((await repository.getItem(pk, "CONTENT#1"))?.UpdatedAt ?? 0);
      }
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));

      const ahead = Date.now() + 3_600_000;
      await putRaw({ PK: pk, SK: "CONTENT#2", Data: {}, UpdatedAt: ahead });
      await repository.update(pk, "CONTENT#2", { n: 1 });
      expect(await raw("CONTENT#2")).toMatchObject({ UpdatedAt: ahead + 1, Data: { n: 1 } });
    });

    test("repairs an UpdatedAt that is no number", async () => {
      await putRaw({ PK: pk, SK: "CONTENT#1", Data: {}, UpdatedAt: "2024-01-01T00:00:00Z" });
      await repository.update(pk, "CONTENT#1", { n: 1 });
      expect(await raw("CONTENT#1")).toMatchObject({ UpdatedAt: expect.any(Number) });
    });

    test("loses none of many updates at the same moment", async () => {
      const ahead = Date.now() + 3_600_000;
      await putRaw({ PK: pk, SK: "CONTENT#1", Data: {}, UpdatedAt: ahead });
      const names = Array.from({ length: 30 }, (_, index) => `field${index + 10}`);
      await Promise.all(names.map((name) => repository.update(pk, "CONTENT#1", { [name]: 1 })));
      const item = await repository.getItem<object>(pk, "CONTENT#1");
      expect(Object.keys(item?.Data ?? {}).sort()).toEqual(names);
      expect(item?.UpdatedAt).toBe(ahead + 30);
    });
  });

  describe("a write whose answer is lost", () => {
    const lock = (UpdatedAt: number) => ({
      conditionExpression: "UpdatedAt = :seen",
      expressionAttributeValues: { ":seen": UpdatedAt },
    });

    /** A request is carried out, then another's, then its answer is lost; so many pass before. */
    function lose(after = 0, meanwhile?: () => Promise<unknown>): void {
      const client = getDocumentClient();
      const send = client.send.bind(client) as (command: object) => Promise<unknown>;
      const spy = jest.spyOn(client, "send");
      for (let passing = 0; passing < after; passing += 1) spy.mockImplementationOnce(send);
      spy.mockImplementationOnce(async (command: object) => {
        await send(command);
        await meanwhile?.();
        throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
      });
    }
    afterEach(() => jest.restoreAllMocks());

    test("is recognised under the caller's condition, with and without a payload there", async () => {
      const { UpdatedAt } = await repository.create(pk, "CONTENT#1", "SavedContent", { n: 1 });
      lose();
      await repository.update(pk, "CONTENT#1", { n: 2 }, lock(UpdatedAt));
      expect(await repository.get(pk, "CONTENT#1")).toEqual({ n: 2 });
      await putRaw({ PK: pk, SK: "CONTENT#2", EntityType: "SavedContent", UpdatedAt: 5 });
      lose(1);
      await repository.update(pk, "CONTENT#2", { n: 2 }, lock(5));
      expect(await repository.get(pk, "CONTENT#2")).toEqual({ n: 2 });
    });

    test("is recognised by what is stored, not by what was given (-0, 1n and bytes of a Buffer were refused by their own work)", async () => {
      const given = { zero: -0, one: 1n, bytes: Buffer.from("a"), exact: NumberValue.from("1.50") };
      lose();
      const created = await repository.create(pk, "CONTENT#1", "SavedContent", given);
      expect(isDeepStrictEqual(created, await repository.getItem(pk, "CONTENT#1"))).toBe(true);
      lose();
      await repository.update(pk, "CONTENT#1", given, lock(created.UpdatedAt));
      expect(await repository.get(pk, "CONTENT#1")).toEqual({
        zero: 0,
        one: 1,
        bytes: new Uint8Array([97]),
        exact: 1.5,
      });
    });

    test("says that it may have been done where another has written since", async () => {
      const { UpdatedAt } = await repository.create(pk, "CONTENT#1", "SavedContent", { n: 1 });
      lose(0, () => repository.update(pk, "CONTENT#1", { n: 3 }));
      const update = repository.update(pk, "CONTENT#1", { n: 2 }, lock(UpdatedAt));
      const error = await failure(update);
      expect(error).toBeInstanceOf(ConditionalCheckFailedError);
      expect(error).toHaveProperty("mayHaveBeenDone", true);
      lose(0, () => repository.update(pk, "CONTENT#2", { n: 3 }));
      const created = await failure(repository.create(pk, "CONTENT#2", "SavedContent", { n: 1 }));
      expect(created).toBeInstanceOf(ConditionalCheckFailedError);
      expect(created).toHaveProperty("mayHaveBeenDone", true);
    });

    test("was not done where it is refused at once", async () => {
      await repository.create(pk, "CONTENT#1", "SavedContent", { n: 1 });
      const error = await failure(repository.update(pk, "CONTENT#1", { n: 2 }, lock(1)));
      expect(error).toHaveProperty("mayHaveBeenDone", false);
    });
  });

  describe("update with a condition", () => {
    test("keeps the meaning of the caller's placeholders, whatever they are called", async () => {
      const { UpdatedAt } = await repository.create(pk, "CONTENT#1", "SavedContent", { n: 1 });
      const lock = (seen: number) => ({
        conditionExpression: "#updatedAt = :updatedAt AND #data.#data_0 = :data_0 AND #pk = :pk",
        expressionAttributeNames: {
          "#updatedAt": "UpdatedAt",
          "#data": "Data",
          "#data_0": "n",
          "#pk": "PK",
        },
        expressionAttributeValues: { ":updatedAt": seen, ":data_0": 1, ":pk": pk },
      });
      const stale = await failure(
        repository.update(pk, "CONTENT#1", { n: 3 }, lock(UpdatedAt - 1)),
      );
      expect(stale).toBeInstanceOf(ConditionalCheckFailedError);
      await repository.update(pk, "CONTENT#1", { n: 2 }, lock(UpdatedAt));
      expect(await repository.get(pk, "CONTENT#1")).toEqual({ n: 2 });
    });

    test("lets one of several holders of the same lock through", async () => {
      const { UpdatedAt } = await repository.create(pk, "CONTENT#1", "SavedContent", { n: 0 });
      const outcomes = await Promise.allSettled(
        [1, 2, 3].map((n) =>
          repository.update(
            pk,
            "CONTENT#1",
            { n },
            {
              conditionExpression: "UpdatedAt = :seen",
              expressionAttributeValues: { ":seen": UpdatedAt },
            },
          ),
        ),
      );
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });

    test("says what was there when the condition does not hold", async () => {
      await repository.create(pk, "CONTENT#1", "SavedContent", { n: 1 });
      const error = await failure(
        repository.update(
          pk,
          "CONTENT#1",
          { n: 2 },
          { conditionExpression: "attribute_exists(NotThere)" },
        ),
      );
      expect(error).toBeInstanceOf(ConditionalCheckFailedError);
      expect(error.message).toBe(`update (PK=${pk}, SK=CONTENT#1): the condition does not hold`);
      if (engine.capabilities.oldItemOnConditionFailure) {
        expect(error).toHaveProperty("item.Data", { n: 1 });
      }
      expect(JSON.stringify(error)).not.toContain('"n"');
    });

    test("fails on a missing item, and makes none where the condition allows it", async () => {
      const exists = await failure(
        repository.update(pk, "C#1", { n: 1 }, { conditionExpression: "attribute_exists(PK)" }),
      );
      expect(exists).toBeInstanceOf(ConditionalCheckFailedError);
      const missing = await failure(
        repository.update(pk, "C#1", { n: 1 }, { conditionExpression: "attribute_not_exists(PK)" }),
      );
      expect(missing).toBeInstanceOf(ItemNotFoundError);
      expect(await raw("C#1")).toBeUndefined();
    });

    test("gives an item without Data a payload only where the condition holds", async () => {
      await putRaw({ PK: pk, SK: "C#1", EntityType: "Project", UpdatedAt: 1 });
      const when = (updatedAt: number) => ({
        conditionExpression: "UpdatedAt < :seen OR UpdatedAt = :seen",
        expressionAttributeValues: { ":seen": updatedAt },
      });
      const stale = await failure(repository.update(pk, "C#1", { n: 1 }, when(0)));
      expect(stale).toBeInstanceOf(ConditionalCheckFailedError);
      await repository.update(pk, "C#1", { n: 1 }, when(1));
      expect(await raw("C#1")).toMatchObject({ Data: { n: 1 }, EntityType: "Project" });
    });

    test("tells of a placeholder that the caller forgot to define", async () => {
      await repository.create(pk, "C#1", "Project", { n: 1 });
      const error = await failure(
        repository.update(pk, "C#1", { n: 2 }, { conditionExpression: "UpdatedAt = :updatedAt" }),
      );
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toContain(":updatedAt");
    });
  });

  describe("delete", () => {
    test("removes an item and is content where none is", async () => {
      await repository.create(pk, "C#1", "Project", {});
      await repository.delete(pk, "C#1");
      await repository.delete(pk, "C#1");
      expect(await raw("C#1")).toBeUndefined();
    });
  });

  describe("query", () => {
    test("reads every page and counts what it returns", async () => {
      // About 2.4 MB: three pages.
      const keys = await fill(12, (index) => ({ index, content: "x".repeat(200_000) }));
      let items: unknown[] = [];
      const requests = await requestsOf(async () => {
        const result = await repository.queryItems(pk, "CONTENT#");
        items = result.items.map((item) => item.SK);
        expect(result.count).toBe(12);
        expect(result.lastEvaluatedKey).toBeUndefined();
      });
      expect(items).toEqual(keys);
      expect(requests.length).toBeGreaterThan(1);
    });

    test("keeps to the prefix and the order that it is asked for", async () => {
      const keys = await fill(3, (index) => ({ index }));
      await repository.create(pk, "PROJECT#1", "Project", {});
      const { items } = await repository.query<{ index: number }>(pk, "CONTENT#", {
        scanIndexForward: false,
      });
      expect(items.map(({ index }) => index)).toEqual([2, 1, 0]);
      expect((await repository.queryItems(pk)).items.map((item) => item.SK)).toEqual([
        ...keys,
        "PROJECT#1",
      ]);
      expect(await repository.query(pk, "AUDIT#")).toEqual({ items: [], count: 0 });
    });

    test("a limit without a filter is one request, and its key leads on", async () => {
      const keys = await fill(5, (index) => ({ index }));
      const found: string[] = [];
      let exclusiveStartKey: { PK: string; SK: string } | undefined;
      const requests = await requestsOf(async () => {
        do {
          const result = await repository.queryItems(pk, "CONTENT#", {
            limit: 2,
            exclusiveStartKey,
          });
          found.push(...result.items.map((item) => item.SK));
          exclusiveStartKey = result.lastEvaluatedKey;
        } while (exclusiveStartKey !== undefined);
      });
      expect(found).toEqual(keys);
      expect(requests).toEqual(["Query", "Query", "Query"]);
    });

    test("a limit counts what the filter leaves, and resumes exactly after it", async () => {
      const keys = await fill(30, (index) => ({ even: index % 2 === 0 }));
      const expected = keys.filter((_, index) => index % 2 === 0);
      for (const limit of [1, 4, 15, 100]) {
        const found: string[] = [];
        let exclusiveStartKey: { PK: string; SK: string } | undefined;
        do {
          const result = await repository.queryItems(pk, "CONTENT#", {
            limit,
            exclusiveStartKey,
            filterExpression: "#data.#sk = :pk",
            expressionAttributeNames: { "#data": "Data", "#sk": "even" },
            expressionAttributeValues: { ":pk": true },
          });
          expect(result.count).toBe(result.items.length);
          expect(result.count).toBeLessThanOrEqual(limit);
          found.push(...result.items.map((item) => item.SK));
          exclusiveStartKey = result.lastEvaluatedKey;
        } while (exclusiveStartKey !== undefined);
        expect(found).toEqual(expected);
      }
    });

    test("finds nothing over many pages without ending early", async () => {
      await fill(12, (index) => ({ index, content: "x".repeat(200_000) }));
      const result = await repository.query(pk, "CONTENT#", {
        limit: 1,
        filterExpression: "#d.#i = :last",
        expressionAttributeNames: { "#d": "Data", "#i": "index" },
        expressionAttributeValues: { ":last": 11 },
      });
      expect(result).toMatchObject({ count: 1, items: [{ index: 11 }] });
    });

    test("a caller's :pk reads no other partition", async () => {
      await repository.create(`${pk}-other`, "CONTENT#1", "SavedContent", { secret: true });
      const result = await repository.query(pk, "CONTENT#", {
        filterExpression: "EntityType <> :pk",
        expressionAttributeValues: { ":pk": `${pk}-other` },
      });
      expect(result.items).toEqual([]);
    });
  });

  describe("batches", () => {
    test("batchWrite and batchGet take any number, duplicates and any order", async () => {
      const count = 230;
      const keys = Array.from({ length: count }, (_, index) => ({ PK: pk, SK: `C#${index}` }));
      const items = keys.map((key, n) => ({
        ...key,
        EntityType: "SavedContent",
        Data: { n },
        CreatedAt: 1,
        UpdatedAt: 1,
      }));
      const stale = items.slice(0, 30).map((item) => ({ ...item, Data: { n: -1 } }));
      const requests = await requestsOf(() => repository.batchWrite([...stale, ...items]));
      expect(requests).toEqual(new Array(10).fill("BatchWrite"));

      const asked = [...keys].reverse().flatMap((key) => [key, { PK: pk, SK: "none" }]);
      asked.push({ PK: pk, SK: "C#0" });
      let result: unknown;
      const reads = await requestsOf(async () => {
        result = await repository.batchGet(asked);
      });
      expect(reads).toEqual(["BatchGet", "BatchGet", "BatchGet"]);
      expect(result).toEqual({
        items: [...[...items].reverse().map((item) => item.Data), { n: 0 }],
      });
    });

    test("a delete wins over a put of the same key", async () => {
      const item = (sk: string) => ({
        PK: pk,
        SK: sk,
        EntityType: "Project",
        Data: {},
        CreatedAt: 1,
        UpdatedAt: 1,
      });
      await repository.batchWrite([item("P#1"), item("P#2")], [{ PK: pk, SK: "P#1" }]);
      expect(await raw("P#1")).toBeUndefined();
      expect(await raw("P#2")).toBeDefined();
    });
  });

  test("a table that does not exist is a typed error in every call", async () => {
    process.env.DYNAMODB_TABLE_NAME = "No-such-table";
    resetClients();
    try {
      const key = { PK: pk, SK: "C#1" };
      const item = { ...key, EntityType: "Project", Data: {}, CreatedAt: 1, UpdatedAt: 1 };
      const calls = [
        repository.get(pk, "C#1"),
        repository.query(pk),
        repository.put(item),
        repository.create(pk, "C#1", "Project", {}),
        repository.update(pk, "C#1", { n: 1 }),
        repository.delete(pk, "C#1"),
        repository.batchGet([key]),
        repository.batchWrite([item]),
      ];
      for (const error of await Promise.all(calls.map(failure))) {
        expect(error).toBeInstanceOf(DynamoDBError);
        expect(error.code).toBe("ResourceNotFoundException");
      }
    } finally {
      process.env.DYNAMODB_TABLE_NAME = table;
      resetClients();
    }
  });

  test("commands of the application's own go through the same client", async () => {
    await getDocumentClient().send(
      new UpdateCommand({
        TableName: table,
        Key: { PK: pk, SK: "C#1" },
        UpdateExpression: "SET #data = :data",
        ExpressionAttributeNames: { "#data": "Data" },
        ExpressionAttributeValues: { ":data": { n: 1 } },
      }),
    );
    expect(await repository.get(pk, "C#1")).toEqual({ n: 1 });
    await getDocumentClient().send(
      new DeleteCommand({ TableName: table, Key: { PK: pk, SK: "C#1" } }),
    );
    expect(await repository.get(pk, "C#1")).toBeNull();
  });
});

const durable = engines.some(({ engine }) => engine === "dynoxide") ? describe : describe.skip;

durable("an engine that dies in mid-call", () => {
  test("loses nothing that batchWrite does not tell of", async () => {
    const folder = await mkdtemp(join(tmpdir(), "repository-"));
    const path = join(folder, "table.sqlite");
    const before = variables.map((variable) => process.env[variable]);
    const start = async (): Promise<Engine> => {
      const engine = await startEngine({ engine: "dynoxide", path });
      process.env.COAGENT_ENV = "local";
      process.env.AWS_ENDPOINT_URL_DYNAMODB = engine.endpoint;
      process.env.DYNAMODB_TABLE_NAME = table;
      resetClients();
      return engine;
    };
    let engine = await start();
    try {
      await getDynamoDBClient().send(new CreateTableCommand(createTableInput(table)));
      const items = Array.from({ length: 1_000 }, (_, n) => ({
        PK: "USER#u1",
        SK: `CONTENT#${n}`,
        EntityType: "SavedContent",
        Data: { n },
        CreatedAt: 1,
        UpdatedAt: 1,
      }));
      const client = getDocumentClient();
      const send = client.send.bind(client) as (command: unknown) => Promise<unknown>;
      let answered = 0;
      jest.spyOn(client, "send").mockImplementation(async (command: unknown) => {
        const answer = await send(command);
        answered += 1;
        if (answered === 10) await engine.close();
        return answer;
      });
      const repository = new DynamoDBRepository({ maxRetries: 1, initialDelayMs: 1 });
      const error = await repository.batchWrite(items).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(UnprocessedItemsError);
      const { items: told, retryable, code } = error as UnprocessedItemsError;
      expect(retryable).toBe(true);
      expect(code).toMatch(/^ECONN/);

      engine = await start();
      const stored = await repository.query<{ n: number }>("USER#u1");
      const known = new Set(stored.items.map(({ n }) => n));
      const lost = items.filter((item) => !known.has(item.Data.n) && !told.includes(item));
      expect(lost).toEqual([]);
      expect(known.size).toBeGreaterThan(0);
      expect(told.length).toBeLessThan(items.length);

      // What was told is all that it takes to finish.
      await repository.batchWrite(told as typeof items);
      expect((await repository.query("USER#u1")).count).toBe(items.length);
    } finally {
      resetClients();
      await engine.close();
      await rm(folder, { recursive: true, force: true });
      variables.forEach((variable, index) => {
        if (before[index] === undefined) delete process.env[variable];
        else process.env[variable] = before[index];
      });
    }
  });
});
