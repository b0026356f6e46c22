/** `upsert`: fields are merged into an item, or it is created with them. */
import {
  ConditionalCheckFailedError,
  DynamoDBError,
  TransactionCanceledError,
  ValidationError,
} from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines, settings } from "../engines.js";
import { expiringEntities, MovableClock, start } from "../expiring-entities.js";
import { indexedEntities } from "../indexed-entities.js";
import { bareClient, failureOf, openTable, rawTable, requestsOf } from "../open.js";
import { Recorder } from "../services/recorder.js";
import { openVersions } from "../versioned-table.js";

/** A field that the payload's type does not name. */
const red = { color: "red" };

describe.each(settings)("upsert on $name", (engine) => {
  const clock = new MovableClock();
  const table = openTable(engine, { clock });
  const store = () => table.data.project;
  let count = 0;
  const key = () => ({ userId: "u1", projectId: `p${count}` });
  const physical = () => table.raw.get("USER#u1", `PROJECT#p${count}`);
  beforeEach(() => {
    count += 1;
    clock.time = start;
    table.data.wire.clear();
  });

  test("creates what is missing, as create does, in two requests", async () => {
    const data = { name: "Spring", description: null, extra: undefined };
    const made = await store().upsert({ ...key(), data });
    expect(requestsOf(table.data)).toEqual(["UpdateItem", "PutItem"]);
    const stored = await physical();
    expect(made).toEqual({
      ...key(),
      data: { name: "Spring", description: null, id: `p${count}` },
      createdAt: start,
      updatedAt: start,
    });
    await store().delete(key());
    expect(await store().create({ ...key(), data })).toEqual(made);
    expect(await physical()).toEqual(stored);
    expect(stored?.GSI1SK).toBe(`PROJECT#${start}#p${count}`);
  });

  test("merges into what is there in one request: other fields, createdAt and the index stay", async () => {
    const first = await store().put({
      ...key(),
      data: { name: "a", ...red, ...{ status: "new" } },
    });
    const { GSI1SK } = (await physical()) ?? {};
    clock.time += 5;
    table.data.wire.clear();
    const given = { ...key(), createdAt: 1, data: { name: "b", color: null, status: undefined } };
    const merged = await store().upsert(given);
    expect(requestsOf(table.data)).toEqual(["UpdateItem"]);
    expect(merged).toEqual({
      ...first,
      data: { ...first.data, name: "b", color: null },
      updatedAt: start + 5,
    });
    expect((await physical())?.GSI1SK).toBe(GSI1SK);
    expect(await store().get(key())).toEqual(merged);
  });

  test("createdAt is that of a new item, and no id is added to an item that has none", async () => {
    const made = await store().upsert({ ...key(), createdAt: 5, data: { name: "a" } });
    expect(made.createdAt).toBe(5);
    const raw = await physical();
    await table.raw.put({ ...raw, Data: { name: "a" } });
    expect((await store().upsert({ ...key(), data: { name: "b" } })).data).toEqual({ name: "b" });
  });

  test("an item may be given back, and a later change of it is not sent", async () => {
    const made = await store().upsert({ ...key(), data: { name: "a", ...{ list: [1] } } });
    const data = { ...made.data, name: "b", list: [2] };
    const saving = store().upsert({ ...made, data });
    data.list.push(3);
    expect((await saving).data).toEqual({ ...made.data, name: "b", list: [2] });
  });

  test("takes more fields than an expression, in one request more", async () => {
    const fields = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`field${n}`, n]));
    const made = await store().upsert({ ...key(), data: { name: "a", ...fields } });
    expect(requestsOf(table.data)).toEqual(["GetItem", "PutItem"]);
    clock.time += 1;
    const merged = await store().upsert({ ...key(), data: { name: "b", ...fields } });
    expect(requestsOf(table.data)).toEqual(["GetItem", "UpdateItem"]);
    expect(merged.data).toEqual({ ...made.data, name: "b" });
  });

  test.each<[string, object, string, string]>([
    ["no payload", {}, "data", "must be an object"],
    ["a payload without a required field", { data: { color: "red" } }, "data.name", "is missing"],
    ["a field of another type", { data: { name: 5 } }, "data.name", "must be a string"],
    ["what cannot be stored", { data: { name: "a", at: new Date(0) } }, "data.at", "not a Date"],
    ["a time that is none", { data: { name: "a" }, createdAt: -1 }, "createdAt", "must be"],
    ["an unknown member", { data: { name: "a" }, where: {} }, "where", "is not a member"],
    ["no id", { data: { name: "a" }, projectId: undefined }, "projectId", "is missing"],
  ])("refuses %s before anything is sent, whatever is there", async (_, given, path, rule) => {
    const error = await failureOf(store().upsert({ ...key(), ...given } as never), ValidationError);
    expect(error.issues.map((issue) => issue.path)).toEqual([path]);
    expect(error.message).toContain(rule);
    expect(error.message).toMatch(/^upsert Project \(/);
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("refuses a payload without fields, options that it has not, and an item too large", async () => {
    const ruleOf = async (call: () => Promise<unknown>) =>
      (await failureOf(call(), ValidationError)).message;
    const { userProfile } = table.data;
    for (const data of [{}, { bio: undefined }]) {
      expect(await ruleOf(() => userProfile.upsert({ userId: "u1", data }))).toContain(
        "data has no field to save",
      );
    }
    const where = { where: { name: "a" } } as never;
    expect(await ruleOf(() => store().upsert({ ...key(), data: { name: "a" } }, where))).toContain(
      '"where" is not an option',
    );
    const large = { name: "x".repeat(410_000) };
    expect(await ruleOf(() => store().upsert({ ...key(), data: large }))).toContain("400 KB");
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("takes the place of a ghost, and leaves a foreign item, which the error does not show", async () => {
    const raw = { PK: "USER#u1", SK: `PROJECT#p${count}` };
    await table.raw.put({ ...raw, CreatedAt: 1, UpdatedAt: 5 });
    const made = await store().upsert({ ...key(), data: { name: "a" } });
    expect(requestsOf(table.data)).toEqual(["UpdateItem", "PutItem"]);
    expect(made).toMatchObject({ createdAt: start, data: { name: "a" } });
    const foreign = { ...raw, EntityType: "Draft", Data: { name: "somebody's" } };
    await table.raw.put(foreign);
    const refused = store().upsert({ ...key(), data: { name: "b" } });
    const error = await failureOf(refused, ConditionalCheckFailedError);
    expect(error.message).toBe(
      `upsert Project (userId=u1, projectId=p${count}): another item is at this key (EntityType Draft)`,
    );
    expect(error.item).toBeNull();
    expect(requestsOf(table.data)).toEqual(["UpdateItem"]);
    expect(await physical()).toEqual(foreign);
  });

  test("makes the payload of an item that has none, with the ids of its key", async () => {
    await store().create({ ...key(), data: { name: "a" } });
    const { Data: _, ...rest } = (await physical()) ?? {};
    await table.raw.put(rest as never);
    clock.time += 1;
    table.data.wire.clear();
    expect((await store().upsert({ ...key(), data: { name: "b" } })).data).toEqual({
      name: "b",
      id: `p${count}`,
    });
    expect(requestsOf(table.data)).toEqual(["UpdateItem", "UpdateItem"]);
  });

  test("in a scope writes the owner's item only", async () => {
    const { projectId } = key();
    const mine = await table.data
      .forUser("u1")
      .project.upsert({ projectId, data: { name: "mine" } });
    const theirs = await table.data
      .forUser("u2")
      .project.upsert({ projectId, data: { name: "theirs" } });
    expect([mine.userId, theirs.userId]).toEqual(["u1", "u2"]);
    const own = table.data.forUser("u1").project;
    expect(await own.get({ projectId })).toMatchObject({ data: { name: "mine" } });
    const other = { userId: "u2", projectId, data: { name: "x" } } as never;
    await failureOf(own.upsert(other), ValidationError);
  });

  test("many at once create the item once, and each field of them is in it", async () => {
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        store().upsert({ ...key(), data: { name: "a", [`by${n}`]: n } }),
      ),
    );
    const item = await store().getOrThrow(key(), { consistent: true });
    expect(Object.keys(item.data).filter((name) => name.startsWith("by"))).toHaveLength(8);
    expect(new Set(made.map(({ createdAt }) => createdAt))).toEqual(new Set([item.createdAt]));
  });

  test("in a transaction merges in one request, and creates in two", async () => {
    if (!table.data.engine.capabilities.transactions) return;
    const { transaction } = table.data;
    const there = { userId: "u1", projectId: `there${count}` };
    await store().create({ ...there, data: { name: "a", ...red }, createdAt: 1 });
    clock.time += 5;
    table.data.wire.clear();
    const results = await transaction.write((tx) => [
      tx.project.upsert({ ...there, data: { name: "b" } }),
      tx.project.upsert({ ...key(), data: { name: "new" } }),
      tx.project.upsert({ ...key(), projectId: `newer${count}`, data: { name: "newer" } }),
    ]);
    expect(results).toEqual([undefined, undefined, undefined]);
    expect(requestsOf(table.data)).toEqual(["TransactWriteItems", "TransactWriteItems"]);
    expect(await store().get(there)).toMatchObject({
      createdAt: 1,
      data: { name: "b", color: "red" },
    });
    expect(await store().get(key())).toMatchObject({
      createdAt: start + 5,
      data: { name: "new", id: `p${count}` },
    });
    clock.time += 5;
    table.data.wire.clear();
    await transaction.write((tx) => [
      tx.project.upsert({ ...there, data: { name: "c" } }),
      tx.project.upsert({ ...key(), data: { name: "c" } }),
    ]);
    expect(requestsOf(table.data)).toEqual(["TransactWriteItems"]);
    const foreign = { PK: "USER#u1", SK: `PROJECT#foreign${count}`, EntityType: "Draft" };
    await table.raw.put(foreign);
    const refused = transaction.write((tx) => [
      tx.project.upsert({ ...there, data: { name: "d" } }),
      tx.project.upsert({ ...there, projectId: `foreign${count}`, data: { name: "d" } }),
    ]);
    const { reasons } = await failureOf(refused, TransactionCanceledError);
    expect(reasons).toMatchObject([
      { index: 1, operation: "upsert", message: "another item is at this key (EntityType Draft)" },
    ]);
    expect(await store().get(there)).toMatchObject({ data: { name: "c" } });
  });
});

describe.each(engines)("upsert under faults on $name", (engine) => {
  const wire = new Recorder();
  const retry = { initialDelayMs: 1, maxDelayMs: 2 };
  const table = openTable(engine, { requestHandler: wire, retry });
  const store = () => table.data.project;
  let count = 0;
  const key = () => ({ userId: "u1", projectId: `p${count}` });
  const upsert = () => store().upsert({ ...key(), data: { name: "own" } });
  const now = () => store().getOrThrow(key(), { consistent: true });
  beforeEach(() => {
    count += 1;
    wire.clear();
  });

  /** The response to the next request of this name is lost, after another's call. */
  function lose(name: string, meanwhile?: () => Promise<unknown>): void {
    wire.clear().loseNext(meanwhile, name);
  }

  test("recognises the item that it created", async () => {
    lose("PutItem");
    const made = await upsert();
    expect(wire.names).toEqual(["UpdateItem", "PutItem", "PutItem"]);
    expect(await now()).toEqual(made);
  });

  test("merges into the item that it created and another changed: createdAt is the creation's", async () => {
    let createdAt = 0;
    lose("PutItem", async () => {
      createdAt = (await store().update(key(), red as never)).createdAt;
    });
    const made = await upsert();
    expect(made).toMatchObject({ createdAt, data: { name: "own", color: "red" } });
    expect(await now()).toEqual(made);
  });

  test("merges into an item that another created in between", async () => {
    wire.intercept = (request) => {
      if (request.operation !== "PutItem") return undefined;
      wire.intercept = () => undefined;
      return store()
        .create({ ...key(), data: { name: "other", ...red }, createdAt: 1 })
        .then(() => request.send());
    };
    expect(await upsert()).toMatchObject({ createdAt: 1, data: { name: "own", color: "red" } });
  });

  test("creates an item that another deleted in between", async () => {
    await store().create({ ...key(), data: { name: "old" }, createdAt: 1 });
    lose("UpdateItem", () => store().delete(key()));
    expect((await upsert()).createdAt).toBeGreaterThan(1);
    expect(await now()).toMatchObject({ data: { name: "own" } });
  });

  test("a lost response to the merge changes nothing more", async () => {
    await store().create({ ...key(), data: { name: "old", ...red }, createdAt: 1 });
    lose("UpdateItem");
    const merged = await upsert();
    expect(merged).toMatchObject({ createdAt: 1, data: { name: "own", color: "red" } });
    expect(await now()).toEqual(merged);
  });

  test("throttling is retried in both requests, and what fails for good says what is known", async () => {
    wire.inject({ fault: "throttle", operation: "UpdateItem" });
    wire.inject({ fault: "throttle", operation: "PutItem" });
    await upsert();
    expect(wire.names).toEqual(["UpdateItem", "UpdateItem", "PutItem", "PutItem"]);
    wire.clear();
    count += 1;
    wire.inject({ fault: "throttle", times: Number.POSITIVE_INFINITY });
    expect(await failureOf(upsert(), DynamoDBError)).toMatchObject({ mayHaveBeenDone: false });
    wire.clear();
    wire.inject({ fault: "answerLost", operation: "PutItem", times: Number.POSITIVE_INFINITY });
    expect(await failureOf(upsert(), DynamoDBError)).toMatchObject({ mayHaveBeenDone: true });
    wire.clear();
    expect(await now()).toMatchObject({ data: { name: "own" } });
  });
});

describe.each(engines)("upsert of an application's own entities on $name", ({ engine }) => {
  test("an expired item counts as none, and the expiry moves", async () => {
    const clock = new MovableClock();
    const data = await createTestDataLayer({ engine, entities: expiringEntities, clock });
    const client = bareClient(data);
    try {
      const raw = rawTable(client, data.configuration.tableName);
      const key = { userId: "u1", offerId: "o1" };
      const ttl = async () => (await raw.get("USER#u1", "OFFER#o1"))?.TTL;
      await data.offer.upsert({ ...key, data: { text: "a", until: start + 10_000 } });
      clock.time += 1_000;
      data.wire.clear();
      await data.offer.upsert({ ...key, data: { text: "b", until: start + 20_000 } });
      expect(requestsOf(data)).toEqual(["UpdateItem"]);
      expect(await ttl()).toBe(start / 1000 + 20);
      clock.time = start + 20_000;
      data.wire.clear();
      const made = await data.offer.upsert({ ...key, data: { text: "c" } });
      expect(requestsOf(data)).toEqual(["UpdateItem", "PutItem"]);
      expect(made).toMatchObject({ createdAt: clock.time, data: { text: "c" } });
      expect(await ttl()).toBeUndefined();
      const soon = { ...key, data: { text: "d", until: 5 } };
      expect((await failureOf(data.offer.upsert(soon), ValidationError)).message).toContain(
        "data.until must be in epoch milliseconds",
      );
    } finally {
      client.destroy();
      await data.close();
    }
  });

  test("index keys that fields are in follow the merge", async () => {
    const data = await createTestDataLayer({ engine, entities: indexedEntities });
    try {
      const key = { userId: "u1", leadId: "l1" };
      const lead = { name: "Ada", score: 1 };
      const made = await data.indexedLead.upsert({ ...key, data: { ...lead, status: "new" } });
      const byStatus = async (status: string) =>
        (await data.indexedLead.queryBy("byStatus", { status })).items;
      expect(await byStatus("new")).toEqual([made]);
      await data.indexedLead.upsert({ ...key, data: { name: "Ada", status: "won" } });
      expect(await byStatus("new")).toEqual([]);
      expect(await byStatus("won")).toMatchObject([{ data: lead, createdAt: made.createdAt }]);
    } finally {
      await data.close();
    }
  });
});

describe.each(settings)("upsert of versions on $name", (setting) => {
  const clock = { time: 1_000, now: () => clock.time };
  const table = openVersions(setting, clock);

  test("upgrades an older payload, and does not write over a newer one", async () => {
    const { none, two, three } = table.code;
    const key = { teamId: "t1", contactId: "c1" };
    await none.contact.create({ ...key, data: { name: "Ada King", token: "t" } });
    clock.time = 2_000;
    table.sent("two");
    const names = { first: "Augusta", last: "King" };
    const upgraded = await two.contact.upsert({ ...key, data: { names } });
    expect(table.sent("two")).toEqual(["UpdateItem", "UpdateItem"]);
    expect(upgraded).toMatchObject({ createdAt: 1_000, data: { names, token: "t" } });
    expect((await table.raw.get("TEAM#t1", "CONTACT#c1"))?.DataVersion).toBe(2);
    clock.time = 3_000;
    await three.contact.upsert({ ...key, data: { names, tags: ["x"] } });
    clock.time = 4_000;
    const error = await failureOf(two.contact.upsert({ ...key, data: { names } }), DynamoDBError);
    expect(error).toMatchObject({ code: "NewerVersion", operation: "upsert" });
    const made = await three.contact.upsert({
      teamId: "t2",
      contactId: "c1",
      data: { names, tags: [] },
    });
    expect(made.data).toEqual({ names, tags: [] });
    expect((await table.raw.get("TEAM#t2", "CONTACT#c1"))?.DataVersion).toBe(3);
  });
});

describe("upsert of secrets", () => {
  const [encrypted] = settings.filter(({ encryption }) => encryption !== undefined);
  if (encrypted === undefined) throw new Error("there is no encrypted setting");
  const table = openTable(encrypted);

  test("a secret is stored encrypted, in a new item and in a merge, and returned in clear", async () => {
    const stored = async () => JSON.stringify(await table.raw.get("OAUTH#u1", "GOOGLE_BUSINESS"));
    const token = (text: string) => ({ accessToken: text, refreshToken: `${text}-r` });
    for (const text of ["canary-one", "canary-two"]) {
      const item = await table.data.oauthToken.upsert({ userId: "u1", data: token(text) });
      expect(item.data).toMatchObject(token(text));
      expect(await stored()).not.toContain("canary");
    }
    expect((await table.data.oauthToken.get({ userId: "u1" }))?.data.accessToken).toBe(
      "canary-two",
    );
  });
});
