/** Writes of items that expire: each sees what reads see, and keeps `TTL` beside the payload's field. */
import {
  ConditionalCheckFailedError,
  ItemNotFoundError,
  TransactionCanceledError,
  ValidationError,
} from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { expiringEntities, MovableClock, start } from "../expiring-entities.js";
import { bareClient, failureOf, type RawTable, rawTable, requestsOf } from "../open.js";

describe.each(engines)("on $name", ({ engine }) => {
  const clock = new MovableClock();
  const open = () => createTestDataLayer({ engine, entities: expiringEntities, clock });
  let data: Awaited<ReturnType<typeof open>>;
  let client: ReturnType<typeof bareClient>;
  let raw: RawTable;
  let count = 0;
  beforeAll(async () => {
    data = await open();
    client = bareClient(data);
    raw = rawTable(client, data.configuration.tableName);
  });
  afterAll(() => {
    client.destroy();
    return data.close();
  });
  beforeEach(() => {
    clock.time = start;
    count += 1;
    data.wire.clear();
  });

  const key = () => ({ userId: "u1", offerId: `o${count}` });
  const stored = () => raw.get("USER#u1", `OFFER#o${count}`);
  const until = start + 10_000;
  /** Stores an item, and moves the clock to the time at which it expires. */
  const expired = async () => {
    const item = await data.offer.put({ ...key(), data: { text: "old", until } });
    clock.time = until;
    expect(await data.offer.get(key())).toBeNull();
    expect(await stored()).toBeDefined();
    data.wire.clear();
    return item;
  };
  /** An engine that does not return the item of a refusal is asked for it. */
  const whatIsThere = () => (data.engine.capabilities.oldItemOnConditionFailure ? [] : ["GetItem"]);

  describe("create", () => {
    test("takes the place of an expired item in one request, and nothing of that is left", async () => {
      const old = await expired();
      await raw.put({ ...(await stored()), Extra: "of another writer" });
      const made = await data.offer.create({ ...key(), data: { text: "new" } });
      expect(requestsOf(data)).toEqual(["PutItem"]);
      expect(made).toEqual({
        ...key(),
        data: { text: "new" },
        createdAt: until,
        updatedAt: until,
      });
      expect(made.createdAt).not.toBe(old.createdAt);
      const { TTL, Extra, GSI1SK } = (await stored()) ?? {};
      expect([TTL, Extra]).toEqual([undefined, undefined]);
      expect(GSI1SK).toBe(`OFFER#${until}#o${count}`);
      expect(await data.offer.get(key())).toEqual(made);
    });

    test("is refused by an item in its last millisecond, with the item", async () => {
      const old = await expired();
      clock.time -= 1;
      const create = data.offer.create({ ...key(), data: { text: "new" } });
      const { item, message } = await failureOf(create, ConditionalCheckFailedError);
      expect(message).toContain("the item is already there");
      if (data.engine.capabilities.oldItemOnConditionFailure) expect(item).toEqual(old);
      expect(requestsOf(data)).toEqual(["PutItem"]);
    });

    test("is refused by an item of another kind, even if that would have expired", async () => {
      const foreign = { PK: "USER#u1", SK: `OFFER#o${count}`, EntityType: "Other", TTL: 1 };
      await raw.put(foreign);
      const create = data.offer.create({ ...key(), data: { text: "new" } });
      await failureOf(create, ConditionalCheckFailedError);
      const put = data.offer.put({ ...key(), data: { text: "new" } });
      expect((await failureOf(put, ConditionalCheckFailedError)).message).toContain(
        "another item is at this key (EntityType Other)",
      );
      expect(await data.offer.delete(key())).toBeNull();
      expect(await stored()).toEqual(foreign);
    });
  });

  describe("put", () => {
    test("over an expired item stores a new one: CreatedAt and the place in the index are not kept", async () => {
      await expired();
      await raw.put({ ...(await stored()), Extra: "of another writer" });
      const made = await data.offer.put({ ...key(), data: { text: "new", until: until + 5 } });
      expect(requestsOf(data)).toEqual(["UpdateItem", ...whatIsThere(), "PutItem"]);
      expect(made).toEqual({
        ...key(),
        data: { text: "new", until: until + 5 },
        createdAt: until,
        updatedAt: until,
      });
      const item = (await stored()) ?? {};
      expect(item).toMatchObject({
        GSI1SK: `OFFER#${until}#o${count}`,
        TTL: until / 1000 + 1,
      });
      expect(item).not.toHaveProperty("Extra");
      expect(await data.offer.get(key())).toEqual(made);
    });

    test("moves and removes TTL in its one request, and keeps CreatedAt", async () => {
      const first = await data.offer.put({ ...key(), data: { text: "one", until } });
      clock.time += 1;
      data.wire.clear();
      const later = await data.offer.put({ ...key(), data: { text: "two", until: until + 1000 } });
      expect((await stored())?.TTL).toBe(until / 1000 + 1);
      clock.time += 1;
      const endless = await data.offer.put({ ...key(), data: { text: "three" } });
      expect(await stored()).not.toHaveProperty("TTL");
      expect([later.createdAt, endless.createdAt]).toEqual([first.createdAt, first.createdAt]);
      expect(requestsOf(data)).toEqual(["UpdateItem", "UpdateItem"]);
      clock.time = until * 2;
      expect(await data.offer.get(key())).toEqual(endless);
    });

    test("of a batch stores TTL and replaces what has expired", async () => {
      await expired();
      const again = { ...key(), data: { text: "new", until: until + 1 } };
      expect(await data.offer.batchPut([again])).toEqual({ written: 1 });
      expect(await stored()).toMatchObject({ CreatedAt: until, TTL: until / 1000 + 1 });
      expect(await data.offer.batchDelete([key()])).toEqual({ written: 1 });
      expect(requestsOf(data)).toEqual(["BatchWriteItem", "BatchWriteItem"]);
      expect(await stored()).toBeUndefined();
    });
  });

  describe("update", () => {
    test.each([
      ["a new time", { until: until + 1 }, {}, until / 1000 + 1],
      ["a new time by its path", {}, { set: [[["until"], until + 1]] }, until / 1000 + 1],
      ["null", { until: null }, {}, undefined],
      ["a removal", {}, { remove: ["until"] }, undefined],
      ["a removal by its path", { text: "b" }, { remove: [["until"]] }, undefined],
      ["something else", { text: "b" }, {}, until / 1000],
      ["undefined", { text: "b", until: undefined }, {}, until / 1000],
    ] as const)("with %s writes TTL in its one request", async (_, changes, options, TTL) => {
      await data.offer.put({ ...key(), data: { text: "a", until } });
      clock.time += 1;
      data.wire.clear();
      await data.offer.update(key(), changes, options as object);
      expect(requestsOf(data)).toEqual(["UpdateItem"]);
      expect((await stored())?.TTL).toBe(TTL);
    });

    test("of so many fields that the payload is replaced writes TTL, too", async () => {
      await data.offer.put({ ...key(), data: { text: "a", until } });
      const many = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`field${at}`, at]));
      clock.time += 1;
      await data.offer.update(key(), { ...many, until: until + 1 } as object);
      expect(await stored()).toMatchObject({ TTL: until / 1000 + 1, Data: { field399: 399 } });
      clock.time += 1;
      await data.offer.update(key(), many as object, { remove: ["until"] });
      expect(await stored()).not.toHaveProperty("TTL");
      expect((await stored())?.Data).not.toHaveProperty("until");
    });

    test("of an item without a payload writes TTL", async () => {
      await raw.put({ PK: "USER#u1", SK: `OFFER#o${count}`, EntityType: "Offer" });
      await data.offer.update(key(), { text: "a", until });
      expect(await stored()).toMatchObject({ TTL: until / 1000, Data: { until } });
    });

    test("does not find an expired item, with and without a lock, and leaves it as it is", async () => {
      const old = await expired();
      const before = await stored();
      const updates = [
        () => data.offer.update(key(), { text: "new" }),
        () => data.offer.update(key(), { until: until * 2 }),
        () => data.offer.update(key(), { text: "new" }, { ifUpdatedAt: old.updatedAt }),
        () => data.offer.update(key(), { text: "new" }, { where: { text: "old" } }),
      ];
      for (const update of updates) {
        const { message } = await failureOf(update(), ItemNotFoundError);
        expect(message).toBe(`update Offer (userId=u1, offerId=o${count}): no such item`);
        expect(requestsOf(data)).toEqual(["UpdateItem"]);
      }
      expect(await stored()).toEqual(before);
      clock.time -= 1;
      expect((await data.offer.update(key(), { text: "new" })).data.text).toBe("new");
    });

    test("can end an item at once", async () => {
      await data.offer.put({ ...key(), data: { text: "a", until } });
      clock.time += 1000;
      const ended = await data.offer.update(key(), { until: clock.time });
      expect(ended.data.until).toBe(clock.time);
      expect(await data.offer.get(key())).toBeNull();
    });
  });

  describe("of an entity in further indexes", () => {
    const invite = () => ({ teamId: "t", inviteId: `i${count}` });
    const inTable = () => raw.get("TEAM#t", `INVITE#i${count}`);
    const first = { role: "agent", place: "north", until };

    test("an update moves the time and the place in an index in one request", async () => {
      await data.invite.create({ ...invite(), data: first });
      data.wire.clear();
      clock.time += 1;
      await data.invite.update(invite(), { role: "lead", place: "south", until: until + 1000 });
      expect(requestsOf(data)).toEqual(["UpdateItem"]);
      expect(await inTable()).toMatchObject({
        GSI2PK: "ROLE#lead",
        GSI3PK: "PLACE#south",
        TTL: until / 1000 + 1,
      });
    });

    test("an update that reads the item first does not find an expired one, and leaves it as it is", async () => {
      await data.invite.create({ ...invite(), data: first });
      clock.time = until;
      const before = await inTable();
      await failureOf(data.invite.update(invite(), { role: "lead" }), ItemNotFoundError);
      expect(await inTable()).toEqual(before);
    });

    test.each(["create", "put"] as const)(
      "a %s over an expired item has index keys of its own",
      async (call) => {
        await data.invite.create({ ...invite(), data: first });
        clock.time = until;
        await data.invite[call]({ ...invite(), data: { role: "lead", until: until + 1 } });
        const { GSI2PK, GSI3PK, GSI3SK, CreatedAt } = (await inTable()) ?? {};
        expect([GSI2PK, GSI3PK, GSI3SK, CreatedAt]).toEqual([
          "ROLE#lead",
          // Each key is made by itself; with one of both, the item is not in the index.
          undefined,
          `ROLE#lead#i${count}`,
          until,
        ]);
      },
    );
  });

  describe("delete", () => {
    test("of an expired item returns null, and takes it out of the table in one request", async () => {
      await expired();
      expect(await data.offer.delete(key())).toBeNull();
      expect(requestsOf(data)).toEqual(["DeleteItem"]);
      expect(await stored()).toBeUndefined();
    });

    test("with a lock finds that an expired item is gone", async () => {
      const old = await expired();
      const removal = data.offer.delete(key(), { ifUpdatedAt: old.updatedAt });
      const { message, item } = await failureOf(removal, ConditionalCheckFailedError);
      expect([message, item]).toEqual([
        `delete Offer (userId=u1, offerId=o${count}): the item is gone (ifUpdatedAt)`,
        null,
      ]);
      expect(requestsOf(data)).toEqual(["DeleteItem"]);
      clock.time -= 1;
      expect(await data.offer.delete(key(), { ifUpdatedAt: old.updatedAt })).toEqual(old);
    });
  });

  test("in a scope every write does the same", async () => {
    await expired();
    const scope = data.forUser("u1");
    const { offerId } = key();
    await failureOf(scope.offer.update({ offerId }, { text: "new" }), ItemNotFoundError);
    const made = await scope.offer.create({ offerId, data: { text: "new", until: until + 1 } });
    expect(made.createdAt).toBe(until);
    expect((await stored())?.TTL).toBe(until / 1000 + 1);
    clock.time = until + 1000;
    expect(await scope.offer.get({ offerId })).toBeNull();
    expect(await scope.offer.delete({ offerId })).toBeNull();
    expect(await stored()).toBeUndefined();
  });

  test("a transaction reads and writes as if an expired item were gone", async () => {
    if (!data.engine.capabilities.transactions) return;
    await expired();
    const { transaction } = data;
    expect(await transaction.get((tx) => [tx.offer.get(key())])).toEqual([null]);
    const reasonOf = async (write: Promise<unknown>) =>
      (await failureOf(write, TransactionCanceledError)).reasons.map((one) => one.message);
    expect(await reasonOf(transaction.write((tx) => [tx.offer.check(key())]))).toEqual([
      "no such item",
    ]);
    expect(
      await reasonOf(transaction.write((tx) => [tx.offer.update(key(), { text: "b" })])),
    ).toEqual(["no such item"]);
    const other = { userId: "u1", offerId: `other${count}` };
    data.wire.clear();
    await transaction.write((tx) => [
      tx.offer.check(key(), { exists: false }),
      tx.offer.create({ ...other, data: { text: "other" } }),
    ]);
    const [made] = await transaction.write((tx) => [
      tx.offer.create({ ...key(), data: { text: "new", until: until + 1000 } }),
    ]);
    expect(requestsOf(data)).toEqual(["TransactWriteItems", "TransactWriteItems"]);
    expect(made.createdAt).toBe(until);
    expect(
      await reasonOf(transaction.write((tx) => [tx.offer.check(key(), { exists: false })])),
    ).toEqual(["the item is there"]);
    clock.time = until + 1000;
    data.wire.clear();
    await transaction.write((tx) => [tx.offer.put({ ...key(), data: { text: "third" } })]);
    expect(requestsOf(data)).toEqual(["TransactWriteItems", "TransactWriteItems"]);
    expect(await stored()).toMatchObject({ CreatedAt: until + 1000, Data: { text: "third" } });
    expect(await stored()).not.toHaveProperty("TTL");
    await transaction.write((tx) => [tx.offer.update(key(), { until: clock.time })]);
    data.wire.clear();
    await transaction.write((tx) => [tx.offer.delete(key())]);
    expect(requestsOf(data)).toEqual(["TransactWriteItems"]);
    expect(await stored()).toBeUndefined();
  });

  describe("a time", () => {
    const seconds =
      "must be in epoch milliseconds, from the year 2000 on: this one looks like seconds";
    const range =
      "must be a time in epoch milliseconds, from 946684800000 (the year 2000) to 9999999999999";
    test.each([
      ["in seconds", 1_790_000_000, seconds],
      ["of zero", 0, seconds],
      ["in the last millisecond before the year 2000", 946_684_799_999, seconds],
      ["before 1970", -1, range],
      ["in microseconds", start * 1000, range],
      ["that is to be never", Number.MAX_SAFE_INTEGER, range],
    ])("%s is refused by every write, and nothing is sent", async (_, time, message) => {
      const issues = [{ path: "data.until", message }];
      const input = { ...key(), data: { text: "a", until: time } };
      const list = [{ path: "items[0].data.until", message }];
      expect((await failureOf(data.offer.create(input), ValidationError)).issues).toEqual(issues);
      expect((await failureOf(data.offer.put(input), ValidationError)).issues).toEqual(issues);
      const changes = data.offer.update(key(), { until: time });
      expect((await failureOf(changes, ValidationError)).issues).toEqual(issues);
      const set = data.offer.update(key(), {}, { set: [[["until"], time]] });
      expect((await failureOf(set, ValidationError)).issues).toEqual(issues);
      for (const allowMissing of [false, true]) {
        expect(data.offer.check(input, { allowMissing })).toEqual(issues);
        const batch = data.offer.batchPut([input], { allowMissing });
        expect((await failureOf(batch, ValidationError)).issues).toEqual(list);
      }
      expect(requestsOf(data)).toEqual([]);
    });

    test("that is no number is refused once, by the payload's schema", () => {
      const input = { ...key(), data: { text: "a", until: "tomorrow" } };
      expect(data.offer.check(input)).toEqual([
        { path: "data.until", message: "must be a number, not a string" },
      ]);
    });

    test("at both ends of what is allowed is stored", async () => {
      for (const time of [946_684_800_000, 9_999_999_999_999, start + 0.5]) {
        await data.offer.put({ ...key(), data: { text: "a", until: time } });
        expect(await stored()).toMatchObject({
          TTL: Math.ceil(time / 1000),
          Data: { until: time },
        });
      }
    });

    test("takes part in the size of its item", () => {
      const sizeOf = (more: object) => {
        const input = { ...key(), data: { text: "x".repeat(500_000), ...more } };
        return Number(/\d+/.exec(data.offer.check(input)[0]?.message ?? "")?.[0]);
      };
      // Two digits take a byte, without zeros at the end, each number takes one more, and so does a
      // member of a map.
      const ofUntil = "until".length + 2 + Math.ceil("179000001".length / 2);
      const ofTTL = "TTL".length + 1 + Math.ceil("179000001".length / 2);
      expect(sizeOf({ until }) - sizeOf({})).toBe(ofUntil + ofTTL);
    });
  });
});
