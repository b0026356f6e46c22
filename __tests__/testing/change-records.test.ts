/** Events of Lambda's, made of changes. */
import {
  ConfigurationError,
  createDataLayer,
  type DynamoDBError,
  ValidationError,
} from "../../src/index.js";
import { changeOf, createStreamHandler } from "../../src/streams/index.js";
import type * as testing from "../../src/testing/index.js";
import { changeRecords, createTestDataLayer, make } from "../../src/testing/index.js";
import { expiringEntities, MovableClock, start } from "../expiring-entities.js";
import { failureOf } from "../open.js";

const clock = new MovableClock();
const client = {
  send: () => Promise.reject(new Error("something was sent")),
};
const data = createDataLayer({
  ...{ client, tableName: "Table", clock },
  entities: { offer: expiringEntities.offer },
});
const before = make.savedContent({ userId: "u1", contentId: "c1", data: { title: "One" } });
const after = { ...before, data: { ...before.data, title: "Two" } };

test("is what Lambda hands on, member by member", async () => {
  const change = { entity: "savedContent", kind: "updated", before, after } as const;
  const event = await changeRecords(data, { ...change, at: start + 500, id: "event-1" });
  const image = (title: string) => ({
    ...{ PK: { S: "USER#u1" }, SK: { S: "CONTENT#c1" }, EntityType: { S: "SavedContent" } },
    ...{ GSI1PK: { S: "USER#u1" }, GSI1SK: { S: `CONTENT#${start}#c1` } },
    ...{ userId: { S: "u1" }, contentId: { S: "c1" } },
    ...{ CreatedAt: { N: `${start}` }, UpdatedAt: { N: `${start}` } },
    Data: {
      M: {
        ...{ id: { S: "c1" }, title: { S: title }, name: { S: "Before you sell" } },
        ...{ content: { S: "Five things to fix before you sell." }, type: { S: "Blog Post" } },
        ...{ projectId: { S: "project-1" } },
      },
    },
  });
  expect(event).toEqual({
    Records: [
      {
        ...{ eventID: "event-1", eventName: "MODIFY", eventVersion: "1.1" },
        ...{ eventSource: "aws:dynamodb", awsRegion: "us-east-1" },
        dynamodb: {
          ApproximateCreationDateTime: (start + 500) / 1_000,
          Keys: { PK: { S: "USER#u1" }, SK: { S: "CONTENT#c1" } },
          ...{ NewImage: image("Two"), OldImage: image("One") },
          SequenceNumber: expect.stringMatching(/^\d{21}$/),
          SizeBytes: expect.any(Number),
          StreamViewType: "NEW_AND_OLD_IMAGES",
        },
        eventSourceARN: expect.stringMatching(
          /^arn:aws:dynamodb:us-east-1:\d{12}:table\/Table\/stream\/./,
        ),
      },
    ],
  });
  expect(JSON.parse(JSON.stringify(event))).toEqual(event);
});

test("takes what make makes, what put takes and what a store returned, with the times that it has", async () => {
  const given = { userId: "u1", contentId: "c1", data: before.data };
  const times = async (item: typeof given) => {
    const { Records } = await changeRecords(data, {
      ...{ entity: "savedContent", kind: "created", after: item },
    });
    const change = Records[0] && (await changeOf(data, Records[0]));
    if (change?.kind !== "created") throw new Error("it was created");
    return [change.after.createdAt, change.after.updatedAt, change.at];
  };
  expect(await times(given)).toEqual([start, start, start]);
  expect(await times({ ...given, createdAt: 5 } as typeof given)).toEqual([5, 5, start]);
  const stored = { ...given, createdAt: 5, updatedAt: 7 };
  expect(await times(stored)).toEqual([5, 7, start]);
});

test("numbers grow from record to record, and ids differ, so that a handler keeps the order", async () => {
  const changes = [
    { entity: "savedContent", kind: "created", after: before },
    { entity: "savedContent", kind: "updated", before, after },
    { entity: "savedContent", kind: "deleted", before: after },
    {
      entity: "offer",
      kind: "expired",
      before: { userId: "u1", offerId: "o1", data: { text: "" } },
    },
  ] as const;
  const event = await changeRecords(data, changes);
  const numbers = event.Records.map((record) => BigInt(record.dynamodb.SequenceNumber));
  expect(numbers).toEqual(numbers.toSorted((a, b) => (a < b ? -1 : 1)));
  expect(new Set(event.Records.map((record) => record.eventID)).size).toBe(4);
  const seen: string[] = [];
  const handler = createStreamHandler(data, {
    any: ({ entity, kind }) => seen.push(`${entity} ${kind}`),
  });
  expect(await handler(event)).toEqual({ batchItemFailures: [] });
  expect(seen.filter((one) => one.startsWith("saved"))).toEqual([
    ...["savedContent created", "savedContent updated", "savedContent deleted"],
  ]);
  expect(seen).toContain("offer expired");
});

test("a change that changes() returned becomes its own record again, each time", async () => {
  const own = await createTestDataLayer({ stream: true });
  await using _ = own;
  if (!own.engine.capabilities.streams) return;
  await own.savedContent.create(before);
  const changes = await own.changes();
  const event = await changeRecords(own, changes);
  expect(await changeOf(own, event.Records[0] ?? {})).toEqual(changes[0]);
  const again = await changeRecords(own, changes);
  expect(again).toEqual(event);
  // A handler may change what it is given.
  again.Records[0]?.dynamodb.NewImage && delete again.Records[0].dynamodb.NewImage;
  expect(await changeRecords(own, changes)).toEqual(event);
});

test("another copy of the package, as of a CommonJS module beside an ES module, makes the same (it threw)", async () => {
  let copy: typeof testing | undefined;
  jest.isolateModules(() => {
    copy = jest.requireActual<typeof testing>("../../src/testing/index.js");
  });
  if (copy === undefined || copy.changeRecords === changeRecords) throw new Error("it is no copy");
  const sealing = createDataLayer({
    ...{ client, tableName: "Table", clock },
    encryption: { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" },
  });
  const made = { entity: "oauthToken", kind: "created", after: make.oauthToken() } as const;
  const { Records } = await copy.changeRecords(sealing, made);
  expect(JSON.stringify(Records)).not.toContain(made.after.data.accessToken);
  expect(await changeOf(sealing, Records[0] ?? {})).toMatchObject({
    after: { data: { accessToken: made.after.data.accessToken } },
  });
});

describe("what it refuses", () => {
  const refusal = async (
    change: unknown,
    type: abstract new (...given: never[]) => DynamoDBError = ValidationError,
  ) => {
    const error = await failureOf(changeRecords(data, change as never), type);
    expect(error.message).not.toContain("Five things");
    return error.message;
  };
  const created = { entity: "savedContent", kind: "created", after: before };

  test.each([
    ["no change", 5, "changes must be a change"],
    ["another kind", { ...created, kind: "create" }, "kind must be created, updated"],
    ["a change without its item", { ...created, after: undefined }, "after must be an item"],
    ["a creation with an item before", { ...created, before }, "before must be null"],
    ["a misspelt member", { ...created, Id: "x" }, '"Id" is not an option; did you mean "id"?'],
    ["a time in no number", { ...created, at: "now" }, "at must be a time"],
    ["an empty id", { ...created, id: "" }, "id must be a text"],
    [
      "a payload that put refuses",
      { ...created, after: { ...before, data: { type: 1 } } },
      "changeRecords SavedContent: after.data.type",
    ],
    ["an item without its key", { ...created, after: { data: {} } }, "after.userId"],
    [
      "another time of the update",
      { ...created, after: { ...before, updatedAt: -1 } },
      "after.updatedAt must be an integer",
    ],
    [
      "a change of two items",
      { ...created, kind: "updated", before, after: { ...before, contentId: "c2" } },
      "after must have the key of before",
    ],
    ["another key", { ...created, key: { userId: "u1", contentId: "c2" } }, "key must be that"],
    ["an unreadable change", { ...created, kind: "unreadable", change: "created" }, "unreadable"],
  ])("%s", async (_, change, message) => {
    expect(await refusal(change)).toContain(message);
    // One of a list, too.
    expect(await refusal([created, change])).toContain(message);
  });

  test("a store that there is not", async () => {
    const message = await refusal({ ...created, entity: "savedContents" }, ConfigurationError);
    expect(message).toBe(
      'changeRecords: "savedContents" is not a store; did you mean "savedContent"?',
    );
    expect(await refusal({ ...created, entity: "toString" }, ConfigurationError)).toContain(
      "there are",
    );
  });

  test("anything but a data layer", async () => {
    await failureOf(changeRecords({} as typeof data, created as never), ConfigurationError);
  });
});
