/** Stream records of a real engine, in both of their forms, as changes. */
import { DeleteCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { ConfigurationError, DecryptionError, ValidationError } from "../../src/index.js";
import { changeOf, type StreamRecord } from "../../src/streams/index.js";
import { createTestDataLayer, make, type TestDataLayer } from "../../src/testing/index.js";
import { expiringEntities, MovableClock, start } from "../expiring-entities.js";
import { bareClient, failureOf } from "../open.js";
import { contactV3 } from "../versioned-entities.js";
import { asExpired, describeStreams, lambdaRecord, recordsOf, useEngine } from "./stream.js";

const key1 = { "key-1": new Uint8Array(32).fill(1) };
const key2 = { "key-2": new Uint8Array(32).fill(2) };

describeStreams("changeOf on $name", ({ engine: name }) => {
  const engine = useEngine(name);
  let data: TestDataLayer;
  beforeEach(async () => {
    data = await createTestDataLayer({ engine: engine(), stream: true });
  });
  afterEach(() => data.close());

  /** Both forms of each record of the table say the same. */
  const changes = async (layer: TestDataLayer = data) => {
    const records = await recordsOf(data);
    const both = await Promise.all(
      records.map(async (record) => {
        const change = await changeOf(layer, record);
        expect(await changeOf(layer, lambdaRecord(record))).toEqual(change);
        return change;
      }),
    );
    return both;
  };
  const raw = () => bareClient(data);

  test("tells of a creation, an update and a deletion, with the items as the store returns them", async () => {
    const key = { userId: "u1", contentId: "c1" };
    const input = make.savedContent({ ...key, data: { title: "One" } });
    const created = await data.savedContent.create(input);
    const updated = await data.savedContent.update(key, { title: "Two" });
    await data.savedContent.delete(key);
    const common = {
      ...{ entity: "savedContent", key, at: expect.any(Number), id: expect.stringMatching(/./) },
    };
    const [first, second, third, ...more] = await changes();
    expect(first).toEqual({ ...common, kind: "created", before: null, after: created });
    expect(second).toEqual({ ...common, kind: "updated", before: created, after: updated });
    expect(third).toEqual({ ...common, kind: "deleted", before: updated, after: null });
    expect(more).toEqual([]);
    expect(Math.abs((first?.at ?? 0) - created.createdAt)).toBeLessThan(2_000);
    expect(new Set([first?.id, second?.id, third?.id]).size).toBe(3);
  });

  test("tells a removal by DynamoDB's own principal from a deletion", async () => {
    const { reviewId, agentId } = await data.review.create(make.review());
    await data.review.delete({ reviewId, agentId });
    const removal = (await recordsOf(data)).at(-1);
    if (removal === undefined) throw new Error("there is no record");
    expect(await changeOf(data, removal)).toMatchObject({ kind: "deleted", after: null });
    for (const record of [asExpired(removal), lambdaRecord(asExpired(removal))]) {
      const change = await changeOf(data, record);
      expect(change).toMatchObject({ kind: "expired", key: { agentId, reviewId }, after: null });
    }
    const others = [
      { type: "Service", principalId: "ec2.amazonaws.com" },
      { type: "AssumedRole", principalId: "dynamodb.amazonaws.com" },
    ];
    for (const userIdentity of others) {
      const change = await changeOf(data, { ...lambdaRecord(removal), userIdentity });
      expect(change?.kind).toBe("deleted");
    }
  });

  test("reads items of earlier writers, and keeps sets, binary and exact numbers", async () => {
    const TableName = data.table.name;
    const Item = {
      ...{ PK: "USER#u1", SK: "CONTENT#old", EntityType: "SavedContent" },
      Data: {
        ...{ title: "Old", type: "post", content: "…", big: 12345678901234567890n },
        ...{ tags: new Set(["a", "b"]), bytes: new Uint8Array([1, 2, 255]) },
      },
    };
    await raw().send(new PutCommand({ TableName, Item }));
    const [change] = await changes();
    expect(change).toMatchObject({
      ...{ entity: "savedContent", kind: "created", key: { userId: "u1", contentId: "old" } },
      after: { userId: "u1", contentId: "old", createdAt: 0, updatedAt: 0, data: Item.Data },
    });
    expect(change?.after).toEqual(await data.savedContent.get({ userId: "u1", contentId: "old" }));
  });

  test("is null for rows of nobody, and a row that becomes an item is created", async () => {
    const TableName = data.table.name;
    const Key = { PK: "USER#u1", SK: "CONTENT#c1" };
    const set = (name: string, value: unknown) =>
      new UpdateCommand({
        ...{ TableName, Key, UpdateExpression: "SET #n = :v" },
        ...{ ExpressionAttributeNames: { "#n": name }, ExpressionAttributeValues: { ":v": value } },
      });
    await raw().send(new PutCommand({ TableName, Item: { PK: "JOB#1", SK: "RUN#1", n: 1 } }));
    // An update of an item that is not there makes a ghost, which belongs to no entity.
    await raw().send(set("Data", { title: "Ghost" }));
    await raw().send(set("EntityType", "SavedContent"));
    await raw().send(set("EntityType", "Other"));
    await raw().send(new DeleteCommand({ TableName, Key }));
    await raw().send(
      new PutCommand({
        TableName,
        Item: { PK: "X#1", SK: "CONTENT#c1", EntityType: "SavedContent" },
      }),
    );
    const found = await changes();
    expect(found.map((change) => change?.kind)).toEqual([
      ...[undefined, undefined, "created", "deleted", undefined, undefined],
    ]);
    expect(found[2]).toMatchObject({ before: null, after: { data: { title: "Ghost" } } });
    expect(found[3]).toMatchObject({ before: { data: { title: "Ghost" } }, after: null });
  });

  test("an item that expired is as stored as any other, so each creation has one end", async () => {
    const clock = new MovableClock();
    const offers = await createTestDataLayer({
      ...{ engine: engine(), stream: true, entities: { offer: expiringEntities.offer }, clock },
    });
    try {
      const key = { userId: "u1", offerId: "o1" };
      await offers.offer.put({ ...key, data: { text: "One", until: start + 1_000 } });
      clock.time += 60_000;
      expect(await offers.offer.get(key)).toBeNull();
      await offers.offer.create({ ...key, data: { text: "Two" } });
      await offers.offer.delete(key);
      const records = await recordsOf(offers);
      const changes = await Promise.all(records.map((record) => changeOf(offers, record)));
      expect(changes.map((change) => change?.kind)).toEqual(["created", "updated", "deleted"]);
      expect(changes[1]).toMatchObject({ before: { data: { text: "One" } } });
    } finally {
      await offers.close();
    }
  });
});

describeStreams("changeOf of secrets and versions on $name", ({ engine: name }) => {
  const engine = useEngine(name);

  test("opens secrets under each key in use, and names the one that it lacks", async () => {
    const key = { userId: "u1", provider: "google" };
    const input = make.oauthToken({ ...key, data: { accessToken: "first-token" } });
    const writer = await createTestDataLayer({
      ...{ engine: engine(), stream: true, encryption: { keys: key1, current: "key-1" } },
    });
    const at = { engine: engine(), tableName: writer.table.name };
    const rotated = await createTestDataLayer({
      ...at,
      encryption: { keys: { ...key1, ...key2 }, current: "key-2" },
    });
    const lacking = await createTestDataLayer({
      ...at,
      encryption: { keys: key2, current: "key-2" },
    });
    try {
      await writer.oauthToken.put(input);
      await rotated.oauthToken.update(key, { accessToken: "second-token" });
      const [created, updated] = await recordsOf(writer);
      if (created === undefined || updated === undefined) throw new Error("two records");
      expect(JSON.stringify(created)).not.toContain("first-token");
      expect(await changeOf(rotated, lambdaRecord(updated))).toMatchObject({
        kind: "updated",
        before: { data: { accessToken: "first-token" } },
        after: { data: { accessToken: "second-token" } },
      });
      const unread = await changeOf(lacking, updated);
      expect(unread).toMatchObject({
        ...{ entity: "oauthToken", kind: "unreadable", change: "updated", key },
        ...{ before: null, after: null },
      });
      if (unread?.kind !== "unreadable") throw new Error("it is unreadable");
      expect(unread.error).toBeInstanceOf(DecryptionError);
      expect(unread.error.message).toContain("key-1");
      expect(unread.error.message).not.toContain("token-");
    } finally {
      await lacking.close().catch(() => undefined);
      await rotated.close().catch(() => undefined);
      await writer.close().catch(() => undefined);
    }
  });

  test("upgrades payloads of older versions, and tells of one that cannot be", async () => {
    const data = await createTestDataLayer({
      ...{ engine: engine(), stream: true, builtIn: false, entities: { contact: contactV3 } },
    });
    try {
      const client = bareClient(data);
      for (const [id, full] of Object.entries({ c1: "Ana Ruiz", c2: "Prince" })) {
        const Item = {
          ...{ PK: "TEAM#t1", SK: `CONTACT#${id}`, EntityType: "Contact" },
          Data: { name: full },
        };
        await client.send(new PutCommand({ TableName: data.table.name, Item }));
      }
      const [one, other] = await Promise.all(
        (await recordsOf(data)).map((record) => changeOf(data, record)),
      );
      expect(one).toMatchObject({
        kind: "created",
        after: { data: { names: { first: "Ana", last: "Ruiz" }, tags: [] } },
      });
      expect(other).toMatchObject({ kind: "unreadable", change: "created", after: null });
      expect(other?.kind === "unreadable" && other.error.code).toBe("UpgradeFailed");
    } finally {
      await data.close();
    }
  });
});

describe("changeOf of what is no record", () => {
  let data: TestDataLayer;
  beforeAll(async () => {
    data = await createTestDataLayer({ engine: "dynalite" });
  });
  afterAll(() => data.close());

  const Keys = { PK: { S: "USER#u1" }, SK: { S: "CONTENT#c1" } };

  test.each([
    ["nothing", undefined],
    ["a text", "INSERT"],
    ["a record of another service", { eventSource: "aws:sqs", body: "{}" }],
    ["a record without keys", { eventName: "INSERT", dynamodb: { NewImage: Keys } }],
    ["another event", { eventName: "READ", dynamodb: { Keys } }],
    [
      "a value of two types",
      { eventName: "INSERT", dynamodb: { Keys, NewImage: { a: { S: "x", N: "1" } } } },
    ],
    ["a value of none", { eventName: "INSERT", dynamodb: { Keys, NewImage: { a: null } } }],
  ])("%s is a ValidationError", async (_, record) => {
    const error = await failureOf(changeOf(data, record as StreamRecord), ValidationError);
    expect(error.message).toMatch(/^changeOf: record /);
  });

  test.each([
    ["a partition key that is no text", { PK: { N: "1" }, SK: { S: "CONTENT#c1" } }],
    ["a sort key that is no text", { PK: { S: "USER#u1" }, SK: { N: "1" } }],
    ["no sort key", { PK: { S: "USER#u1" } }],
  ])("a row with %s is nobody's", async (_, keys) => {
    const NewImage = { ...keys, EntityType: { S: "SavedContent" }, Data: { M: {} } };
    const record = { eventName: "INSERT", dynamodb: { Keys: keys, NewImage } };
    expect(await changeOf(data, record)).toBeNull();
  });

  test("an empty map may come without its type, as DynamoDB Local writes it (it was refused)", async () => {
    const NewImage = {
      ...{ ...Keys, EntityType: { S: "SavedContent" } },
      Data: { M: { title: { S: "T" }, meta: {}, list: { L: [{}, { M: { deep: {} } }] } } },
    };
    const change = await changeOf(data, { eventName: "INSERT", dynamodb: { Keys, NewImage } });
    expect(change).toMatchObject({
      after: { data: { title: "T", meta: {}, list: [{}, { deep: {} }] } },
    });
  });

  test("a stream without both images is a ConfigurationError that names its view", async () => {
    const dynamodb = { Keys, NewImage: Keys, StreamViewType: "NEW_IMAGE" };
    const modified = changeOf(data, { eventName: "MODIFY", dynamodb });
    const error = await failureOf(modified, ConfigurationError);
    expect(error.message).toContain("NEW_IMAGE");
    expect(error.message).toContain("NEW_AND_OLD_IMAGES");
  });

  test("a record of both images without one of them is a ValidationError that says which (it asked for the view that it named)", async () => {
    const view = { Keys, StreamViewType: "NEW_AND_OLD_IMAGES" };
    const dynamodb = { ...view, NewImage: Keys };
    const error = await failureOf(
      changeOf(data, { eventName: "MODIFY", dynamodb }),
      ValidationError,
    );
    expect(error.message).toBe(
      "changeOf: record is of the view NEW_AND_OLD_IMAGES, and has no OldImage: it was altered on its way",
    );
    const removed = { eventName: "REMOVE" as const, dynamodb: { ...view, OldImage: null } };
    await expect(changeOf(data, removed as never)).rejects.toThrow("has no OldImage");
  });

  test("anything but a data layer is a ConfigurationError", async () => {
    const record = { eventName: "INSERT", dynamodb: { Keys, NewImage: Keys } };
    const error = await failureOf(changeOf({} as typeof data, record), ConfigurationError);
    expect(error.message).toMatch(/^changeOf: data must be a data layer/);
  });
});
