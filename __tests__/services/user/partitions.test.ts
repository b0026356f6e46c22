/** Which partitions are a user's, for an application's own entities too, and what is not covered. */
import { createDataLayer, DynamoDBError, ValidationError } from "../../../src/index.js";
import { createTestDataLayer } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { bareClient, failureOf, rawTable, requestsOf } from "../../open.js";
import { openDay, ownPeople, pair, room } from "../../people-entities.js";
import { all, rowsOf } from "./people.js";

const retry = { initialDelayMs: 1, maxDelayMs: 2 };
const clock = { time: Date.UTC(2026, 0, 1), now: () => clock.time };
const hourMs = 3_600_000;

const notCovered = [
  { entity: "deed", index: "byAgent" },
  { entity: "referral", index: "byKey" },
  { entity: "member", index: "byKey" },
  { entity: "member", index: "byUser" },
  { entity: "diaryEntry", index: "byKey" },
];

describe.each(engines)("a user of own entities on $name", ({ engine }) => {
  const open = async () => {
    const data = await createTestDataLayer({ engine, entities: ownPeople, retry, clock });
    const client = bareClient(data);
    return {
      data,
      raw: rawTable(client, data.configuration.tableName),
      close: async () => {
        client.destroy();
        await data.close();
      },
    };
  };
  let table: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    table = await open();
  });
  afterAll(() => table.close());
  beforeEach(() => {
    clock.time = Date.UTC(2026, 0, 1);
    table.data.wire.clear();
  });

  /** Something of each entity for a user, and of others with the user's id in their keys. */
  async function fill(userId: string) {
    const { data, raw } = table;
    const text = "t";
    await data.note.put({ userId, noteId: "n", data: { text, code: "code-canary" } });
    await data.pass.put({ userId, passId: "p", data: { text, until: clock.time + hourMs } });
    await data.client.put({ agentId: userId, clientId: "c", data: { text } });
    await data.deed.put({ userId, deedId: "d", data: { text } });
    await data.referral.put({ userId, agentId: "somebody", data: { text } });
    await data.savedContent.put({ userId, contentId: "s", data: { type: "t", content: "c" } });
    // Of others.
    await data.deed.put({ userId: "other", deedId: userId, data: { text, agentId: userId } });
    await data.referral.put({ userId: "other", agentId: userId, data: { text } });
    await data.member.put({ teamId: "team", userId, data: { text } });
    await data.diaryEntry.put({ userId, day: "d", entryId: "e", data: { text } });
    await data.visit.put({ houseId: userId, visitId: "v", data: { text } });
    await raw.put({ PK: `AGENT#${userId}`, SK: "OLD" });
    table.data.wire.clear();
  }

  test("exports and erases the partitions made of the id alone, and names the keys that it does not cover", async () => {
    const { data, raw } = table;
    await fill("u");
    expect(data.user("u").notCovered).toStrictEqual(notCovered);
    const items = await all(data.user("u").export());
    expect(requestsOf(data)).toEqual(Array(4).fill("Query"));
    const names = ["client", "deed", "note", "pass", "referral", "savedContent"];
    expect(items.map(({ entity }) => entity).toSorted()).toEqual([...names, null].toSorted());
    expect(items).toContainEqual({ entity: null, attributes: { PK: "AGENT#u", SK: "OLD" } });
    expect(JSON.stringify(items)).not.toContain("canary");

    const erasure = await data.user("u").erase();
    expect(erasure).toStrictEqual({
      erased: 7,
      entities: Object.fromEntries(names.map((name) => [name, 1])),
      undeclared: 1,
      left: 0,
      notCovered,
    });
    expect(requestsOf(data).toSorted()).toEqual([
      "BatchWriteItem",
      ...Array<string>(8).fill("Query"),
    ]);
    expect(await rowsOf(data, "u")).toEqual([]);
    expect(await raw.get("AGENT#u", "OLD")).toBeUndefined();
    // What is of others is there, as notCovered says.
    expect(await data.deed.get({ userId: "other", deedId: "u" })).not.toBeNull();
    expect(await data.referral.get({ userId: "other", agentId: "u" })).not.toBeNull();
    expect(await data.member.get({ teamId: "team", userId: "u" })).not.toBeNull();
    expect(await data.diaryEntry.get({ userId: "u", day: "d", entryId: "e" })).not.toBeNull();
    expect(await data.visit.get({ houseId: "u", visitId: "v" })).not.toBeNull();
    // They can be found by the named index.
    const members = await data.member.queryBy("byUser", { userId: "u" });
    await data.member.batchDelete(members.items);
    expect(await data.member.get({ teamId: "team", userId: "u" })).toBeNull();
  });

  test("an item that has expired is exported and erased too, because it is still stored", async () => {
    const { data, raw } = table;
    await data.pass.put({
      userId: "late",
      passId: "p",
      data: { text: "t", until: clock.time + hourMs },
    });
    clock.time += 2 * hourMs;
    expect(await data.pass.get({ userId: "late", passId: "p" })).toBeNull();
    expect(await raw.get("USER#late", "PASS#p")).toBeDefined();
    expect(await all(data.user("late").export())).toMatchObject([{ entity: "pass", passId: "p" }]);
    const { erased, entities } = await data.user("late").erase();
    expect({ erased, entities }).toEqual({ erased: 1, entities: { pass: 1 } });
    expect(await raw.get("USER#late", "PASS#p")).toBeUndefined();
  });

  test("a payload of an older version is upgraded, and its secrets are masked under their new names", async () => {
    const { data, raw } = table;
    const row = { PK: "USER#old", EntityType: "Note", CreatedAt: 1, UpdatedAt: 1 };
    await raw.put({ ...row, SK: "NOTE#n", Data: { text: "t", pin: "pin-canary" } });
    const items = await all(data.user("old").export());
    expect(items).toStrictEqual([
      {
        entity: "note",
        userId: "old",
        noteId: "n",
        data: { text: "t", code: "[secret]" },
        createdAt: 1,
        updatedAt: 1,
      },
    ]);
    await raw.put({ ...row, SK: "NOTE#o", Data: { text: "broken", pin: "pin-canary" } });
    const error = await failureOf(all(data.user("old").export()), DynamoDBError);
    expect(error).toMatchObject({ code: "UpgradeFailed", operation: "user.export" });
    expect(JSON.stringify(error)).not.toContain("canary");
    // It is erased nevertheless: no payload is read.
    expect(await data.user("old").erase()).toMatchObject({ erased: 2, entities: { note: 2 } });
  });

  test("a layer without the twelve has the partitions of its own entities alone", async () => {
    const { note, member } = ownPeople;
    const data = await createTestDataLayer({ engine, entities: { note, member }, builtIn: false });
    try {
      await data.note.put({ userId: "u", noteId: "n", data: { text: "t" } });
      data.wire.clear();
      const items = await all(data.user("u").export());
      expect(items.map(({ entity }) => entity)).toEqual(["note"]);
      expect(requestsOf(data)).toEqual(["Query"]);
      expect(await data.forUser("u").user.erase()).toMatchObject({ erased: 1 });
    } finally {
      await data.close();
    }
  });

  test("a layer in which no partition is a user's has nothing to erase, and sends nothing", async () => {
    const { visit, member } = ownPeople;
    const data = await createTestDataLayer({ engine, entities: { visit, member }, builtIn: false });
    try {
      expect(await all(data.user("u").export())).toEqual([]);
      expect(await data.user("u").erase()).toMatchObject({ erased: 0, left: 0 });
      expect(requestsOf(data)).toEqual([]);
      expect(data.user("u").notCovered).toHaveLength(2);
    } finally {
      await data.close();
    }
  });

  test("a partition of a user and an agent is covered only if both are the same, and is named", async () => {
    const data = await createTestDataLayer({ engine, entities: { pair }, builtIn: false });
    try {
      const text = "t";
      await data.pair.put({ userId: "u", agentId: "u", pairId: "p", data: { text } });
      await data.pair.put({ userId: "u", agentId: "a", pairId: "p", data: { text } });
      expect(data.user("u").notCovered).toEqual([{ entity: "pair", index: "byKey" }]);
      expect(await data.user("u").erase()).toMatchObject({ erased: 1, entities: { pair: 1 } });
      expect(await data.pair.get({ userId: "u", agentId: "a", pairId: "p" })).not.toBeNull();
    } finally {
      await data.close();
    }
  });

  test("no store can have its name", () => {
    const entities = { user: ownPeople.note } as never;
    expect(() => createDataLayer({ entities })).toThrow("entities.user is no name for a store");
  });

  test("refuses an id that makes the partition of another owner", async () => {
    const data = await createTestDataLayer({ engine, entities: { openDay, room } });
    try {
      const rule = (name: string) =>
        `user: userId makes a partition key of ${name}, which is not this user's`;
      expect(() => data.user("a#DAY#b")).toThrow(rule("openDay"));
      expect(() => data.user("a#ROOMS")).toThrow(rule("room"));
      expect(() => data.user("a#DAY#b")).toThrow(ValidationError);
      // The scope is none the less there: its stores do not read whole partitions of others.
      await data.forUser("a#DAY#b").savedContent.query({});
      expect(() => data.forUser("a#DAY#b").user).toThrow(rule("openDay"));
      // Rooms have no user with such an id: their partition is not looked into.
      data.wire.clear();
      await all(data.user("a#b").export());
      expect(requestsOf(data)).toEqual(Array(3).fill("Query"));
      await all(data.user("a").export());
      expect(requestsOf(data)).toEqual(Array(4).fill("Query"));
    } finally {
      await data.close();
    }
  });
});
