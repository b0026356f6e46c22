/** The changes of a test's table, and what expires in it. */
import { PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { ConfigurationError, ValidationError } from "../../src/index.js";
import { createStreamHandler } from "../../src/streams/index.js";
import {
  changeRecords,
  createTestDataLayer,
  make,
  type TestDataLayer,
} from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { expiringEntities, MovableClock } from "../expiring-entities.js";
import { bareClient, failureOf, requestsOf } from "../open.js";
import { describeStreams, useEngine } from "../streams/stream.js";

const content = (contentId: string) => ({ userId: "u1", contentId });
const { offer } = expiringEntities;

/** A full second that is to come: DynamoDB Local removes what has expired by the machine's clock. */
const start = Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000;
const clockAtStart = () => Object.assign(new MovableClock(), { time: start });

describeStreams("changes() on $name", ({ engine: name }) => {
  const engine = useEngine(name);
  let data: TestDataLayer;
  beforeEach(async () => {
    data = await createTestDataLayer({ engine: engine(), stream: true });
  });
  afterEach(() => data.close());

  test("returns the changes since the last call, in order, as the store returned the items", async () => {
    expect(await data.changes()).toEqual([]);
    const created = await data.savedContent.create(make.savedContent(content("a")));
    expect(await data.changes()).toEqual([
      {
        ...{ entity: "savedContent", kind: "created", key: content("a"), before: null },
        ...{ after: created, at: expect.any(Number), id: expect.any(String) },
      },
    ]);
    expect(await data.changes()).toEqual([]);
    const updated = await data.savedContent.update(content("a"), { title: "Two" });
    await data.savedContent.delete(content("a"));
    await data.savedContent.delete(content("a"));
    expect(await data.changes()).toMatchObject([
      { kind: "updated", before: created, after: updated },
      { kind: "deleted", before: updated, after: null },
    ]);
  });

  test("returns more changes than a page of the stream holds", async () => {
    const items = Array.from({ length: 1_050 }, (_, n) => make.savedContent(content(`${n}`)));
    await data.savedContent.batchPut(items);
    const changes = await data.changes();
    expect(changes).toHaveLength(1_050);
    expect(new Set(changes.map((change) => change.id)).size).toBe(1_050);
    expect(await data.changes()).toEqual([]);
  });

  test("leaves out rows of nobody, and is no request of the data layer's", async () => {
    const Item = { PK: "JOB#1", SK: "RUN#1" };
    await bareClient(data).send(new PutCommand({ TableName: data.table.name, Item }));
    await data.savedContent.create(make.savedContent(content("a")));
    requestsOf(data);
    data.wire.inject({ fault: "throttle", times: 100 });
    expect(await data.changes()).toMatchObject([{ key: content("a") }]);
    expect(await data.expire()).toBe(0);
    expect(requestsOf(data)).toEqual([]);
  });

  test("calls at the same time share the changes: each is returned once", async () => {
    for (const id of ["a", "b", "c"]) {
      await data.savedContent.create(make.savedContent(content(id)));
    }
    const all = await Promise.all([data.changes(), data.changes(), data.changes()]);
    expect(all.flat().map((change) => change.key)).toEqual(["a", "b", "c"].map(content));
  });

  test("goes on after a failure", async () => {
    await data.savedContent.create(make.savedContent(content("a")));
    await failureOf(data.expire(-1), ValidationError);
    await failureOf(data.expire(Number.NaN), ValidationError);
    expect(await data.changes()).toHaveLength(1);
  });

  test("opens secrets with the keys of the data layer, and tells of one that it cannot open", async () => {
    const encryption = { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" };
    const own = await createTestDataLayer({ engine: engine(), stream: true, encryption });
    const other = await createTestDataLayer({ engine: engine(), tableName: own.table.name });
    try {
      await own.oauthToken.put(make.oauthToken({ data: { accessToken: "a-secret-token" } }));
      const [change] = await own.changes();
      expect(change).toMatchObject({ after: { data: { accessToken: "a-secret-token" } } });
      const [unread] = await other.changes();
      if (unread?.kind !== "unreadable") throw new Error("it is unreadable");
      const { Records } = await changeRecords(other, unread);
      expect(JSON.stringify(Records)).not.toContain("a-secret-token");
      const seen = jest.fn();
      const handlers = { oauthToken: { created: seen } };
      expect(await createStreamHandler(own, handlers)({ Records })).toEqual({
        batchItemFailures: [],
      });
      expect(seen.mock.calls[0][0]).toMatchObject({ after: change?.after, id: change?.id });
    } finally {
      await other.close().catch(() => undefined);
      await own.close();
    }
  });
});

describeStreams("expire() on $name", ({ engine: name }) => {
  const engine = useEngine(name);
  const open = async () => {
    const clock = clockAtStart();
    const stream = { engine: engine(), stream: true } as const;
    const data = await createTestDataLayer({ ...stream, entities: { offer }, clock });
    return { clock, data };
  };
  const key = (offerId: string) => ({ userId: "u1", offerId });
  const until = (offerId: string, time: number) => ({
    ...key(offerId),
    data: { text: "…", until: time },
  });

  test("removes what has expired by the data layer's clock, as DynamoDB does", async () => {
    const { clock, data } = await open();
    await using _ = data;
    await data.offer.create(until("a", start + 1_000));
    await data.offer.create(until("b", start + 1_001));
    await data.offer.create({ ...key("c"), data: { text: "…" } });
    await data.changes();
    expect(await data.expire()).toBe(0);
    clock.time = start + 1_000;
    expect(await data.expire()).toBe(1);
    expect(await data.changes()).toMatchObject([
      { kind: "expired", key: key("a"), before: { data: { until: start + 1_000 } }, after: null },
    ]);
    expect(await data.expire(start + 60_000)).toBe(1);
    expect(await data.expire(start + 60_000)).toBe(0);
    expect(await data.changes()).toMatchObject([{ kind: "expired", key: key("b") }]);
    clock.time = start;
    const { items } = await data.offer.query({ userId: "u1" });
    expect(items.map((item) => item.offerId)).toEqual(["c"]);
  });

  test("is among the other changes of its item, which stay what they are", async () => {
    const { clock, data } = await open();
    await using _ = data;
    await data.offer.create(until("a", start + 1_000));
    await data.offer.delete(key("a"));
    await data.offer.create(until("a", start + 2_000));
    clock.time = start + 2_000;
    expect(await data.expire()).toBe(1);
    await data.offer.create(until("a", start + 9_000));
    await data.offer.delete(key("a"));
    const changes = await data.changes();
    expect(changes.map((change) => change.kind)).toEqual([
      ...["created", "deleted", "created", "expired", "created", "deleted"],
    ]);
    const { Records } = await changeRecords(data, changes);
    expect(Records.map((record) => record.userIdentity)).toEqual([
      ...[undefined, undefined, undefined],
      { type: "Service", principalId: "dynamodb.amazonaws.com" },
      ...[undefined, undefined],
    ]);
  });

  test("leaves what expired more than five years ago, as DynamoDB does, and removes rows of anybody", async () => {
    const { data } = await open();
    await using _ = data;
    const client = bareClient(data);
    const seconds = start / 1_000;
    for (const [PK, TTL] of Object.entries({ OLD: seconds - 6 * 366 * 86_400, JOB: seconds - 1 })) {
      await client.send(new PutCommand({ TableName: data.table.name, Item: { PK, SK: "1", TTL } }));
    }
    const text = { PK: "TEXT", SK: "1", TTL: `${seconds - 1}` };
    await client.send(new PutCommand({ TableName: data.table.name, Item: text }));
    expect(await data.expire()).toBe(1);
    expect(await data.expire()).toBe(0);
  });

  test("an item that is written again meanwhile stays, or has its removal told", async () => {
    const { clock, data } = await open();
    await using _ = data;
    await data.offer.create(until("a", start + 1_000));
    await data.changes();
    clock.time = start + 1_000;
    const Key = { PK: "USER#u1", SK: "OFFER#a" };
    const renewal = new UpdateCommand({
      ...{ TableName: data.table.name, Key, UpdateExpression: "SET #t = :t" },
      ...{ ExpressionAttributeNames: { "#t": "TTL" } },
      ...{ ExpressionAttributeValues: { ":t": start / 1_000 + 3_600 } },
    });
    const [removed] = await Promise.all([data.expire(), bareClient(data).send(renewal)]);
    const changes = await data.changes();
    expect(changes.filter((change) => change?.kind === "expired")).toHaveLength(removed);
  });
});

describe.each(engines)("without a stream, on $name", ({ engine }) => {
  test("changes() says how to get one, and expire() removes what has expired", async () => {
    const clock = clockAtStart();
    const data = await createTestDataLayer({ engine, entities: { offer }, clock });
    const { capabilities } = data.engine;
    const error = await failureOf(data.changes(), ConfigurationError);
    expect(error.message).toBe(
      capabilities.streams
        ? "changes: the table has no stream: createTestDataLayer({ stream: true }) creates it with one"
        : "changes: dynalite has no streams: run the test on dynoxide or on DynamoDB Local",
    );
    await data.offer.create({
      ...{ userId: "u1", offerId: "a", data: { text: "…", until: start + 1_000 } },
    });
    clock.time = start + 1_000;
    expect(await data.expire()).toBe(1);
    clock.time = start;
    expect(await data.offer.get({ userId: "u1", offerId: "a" })).toBeNull();
    await data.close();
  });
});
