/** Deletes under a `where`: what they delete, what they refuse, and what a lost response leaves open. */
import {
  ConditionalCheckFailedError,
  DynamoDBError,
  TransactionCanceledError,
  ValidationError,
  type Where,
} from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines, settings } from "../engines.js";
import { expiringEntities, MovableClock, start } from "../expiring-entities.js";
import { bareClient, failureOf, openTable, rawTable, requestsOf } from "../open.js";
import { Recorder } from "../services/recorder.js";
import type { ContactV2 } from "../versioned-entities.js";
import { openVersions } from "../versioned-table.js";

const content = { type: "Blog Post", content: "Text" };

describe.each(settings)("delete with where on $name", (engine) => {
  const clock = new MovableClock();
  const table = openTable(engine, { clock });
  const store = () => table.data.savedContent;
  let count = 0;
  const key = () => ({ userId: "u1", contentId: `c${count}` });
  const physical = () => table.raw.get("USER#u1", `CONTENT#c${count}`);
  /** Stores an item, a millisecond before the clock's time. */
  async function stored(data: object = {}) {
    const item = await store().put({ ...key(), data: { ...content, ...data } });
    clock.time += 1;
    table.data.wire.clear();
    return item;
  }
  beforeEach(() => {
    count += 1;
    clock.time = start;
  });

  test("deletes in one request what the condition holds for, and returns it", async () => {
    const item = await stored({ status: "draft", metadata: { a: 1 } });
    expect(await store().delete(key(), { where: { status: "draft", title: null } })).toStrictEqual(
      item,
    );
    expect(requestsOf(table.data)).toEqual(["DeleteItem"]);
    expect(await physical()).toBeUndefined();
  });

  test("takes a callback, and reads paths inside the payload", async () => {
    await stored({ metadata: { views: 3 } });
    const withViews = (least: number) =>
      store().delete(key(), {
        where: (_, { gte, path }) => gte(path("metadata", "views"), least),
      });
    await failureOf(withViews(4), ConditionalCheckFailedError);
    expect(await withViews(3)).not.toBeNull();
  });

  test("keeps an item for which it does not hold, and the error has the item", async () => {
    const item = await stored({ status: "published" });
    const removal = store().delete(key(), { where: { status: "draft" } });
    const error = await failureOf(removal, ConditionalCheckFailedError);
    expect(error.message).toBe(
      `delete SavedContent (userId=u1, contentId=c${count}): the condition does not hold (where)`,
    );
    expect(error.item).toStrictEqual(item);
    expect(error.mayHaveBeenDone).toBe(false);
    expect(requestsOf(table.data)).toEqual(["DeleteItem"]);
    expect(await store().get(key())).toStrictEqual(item);
  });

  test("returns null for a missing item, whatever the condition, in one request", async () => {
    table.data.wire.clear();
    expect(await store().delete(key(), { where: { status: "draft" } })).toBeNull();
    expect(requestsOf(table.data)).toEqual(["DeleteItem"]);
  });

  test("takes two requests for an item that was written in this millisecond, or by a clock ahead", async () => {
    for (const aheadMs of [0, 60_000]) {
      const item = await stored({ status: "draft" });
      clock.time -= 1 + aheadMs;
      const where = { status: "draft" } as const;
      expect(await store().delete(key(), { where })).toStrictEqual(item);
      expect(requestsOf(table.data)).toEqual(["DeleteItem", "DeleteItem"]);
      await stored({ status: "published" });
      clock.time -= 1 + aheadMs;
      await failureOf(store().delete(key(), { where }), ConditionalCheckFailedError);
      expect(requestsOf(table.data)).toEqual(["DeleteItem", "DeleteItem"]);
    }
  });

  test("joins a lock: both must hold, and the item be there", async () => {
    const item = await stored({ status: "draft" });
    const where = { status: "draft" } as const;
    const ruleOf = async (options: object) =>
      (await failureOf(store().delete(key(), options), ConditionalCheckFailedError)).message;
    expect(await ruleOf({ where, ifUpdatedAt: 1 })).toContain("changed since it was read");
    const other = { where: { status: "published" }, ifUpdatedAt: item.updatedAt };
    expect(await ruleOf(other)).toContain("the condition does not hold (where)");
    expect(requestsOf(table.data)).toEqual(["DeleteItem", "DeleteItem"]);
    const both = { where, ifUpdatedAt: item.updatedAt };
    expect(await store().delete(key(), both)).toStrictEqual(item);
    expect(requestsOf(table.data)).toEqual(["DeleteItem"]);
    expect(await ruleOf(both)).toContain("the item is gone (ifUpdatedAt)");
  });

  test("an empty condition is none", async () => {
    // Written in this very millisecond: a condition would take two requests.
    for (const options of [{}, { where: {} }, { where: undefined }]) {
      await stored();
      clock.time -= 1;
      expect(await store().delete(key(), options)).not.toBeNull();
      expect(requestsOf(table.data)).toEqual(["DeleteItem"]);
    }
  });

  test("leaves a foreign item, and takes a ghost away, as a delete does without a condition", async () => {
    const where = { status: "draft" } as const;
    const raw = { PK: "USER#u1", SK: `CONTENT#c${count}` };
    const foreign = { ...raw, EntityType: "Draft", Data: { status: "draft" } };
    await table.raw.put(foreign);
    expect(await store().delete(key(), { where })).toBeNull();
    expect(await physical()).toEqual(foreign);
    const ghost = { ...raw, UpdatedAt: 5 };
    await table.raw.put(ghost);
    table.data.wire.clear();
    expect(await store().delete(key(), { where })).toBeNull();
    expect(requestsOf(table.data)).toEqual(["DeleteItem", "DeleteItem"]);
    expect(await physical()).toBeUndefined();
  });

  test("an item with a time that no JavaScript number holds is deleted, too", async () => {
    await stored({ status: "draft" });
    await table.raw.put({ ...(await physical()), UpdatedAt: 10n ** 30n });
    table.data.wire.clear();
    expect(await store().delete(key(), { where: { status: "draft" } })).not.toBeNull();
    expect(await physical()).toBeUndefined();
  });

  test("in a scope deletes the owner's item only", async () => {
    const item = await stored({ status: "draft" });
    const { contentId } = key();
    const where = { status: "draft" } as const;
    expect(await table.data.forUser("u2").savedContent.delete({ contentId }, { where })).toBeNull();
    const own = table.data.forUser("u1").savedContent;
    await failureOf(
      own.delete({ contentId }, { where: { status: "published" } }),
      ConditionalCheckFailedError,
    );
    expect(await own.delete({ contentId }, { where })).toMatchObject({ data: item.data });
  });

  test.each<[string, unknown, string]>([
    ["no condition", "status = draft", "must be an object of fields or a callback"],
    ["undefined", { status: undefined }, "must not be undefined"],
    ["no number", { rating: Number.NaN }, "must be a finite number"],
  ])("refuses %s before anything is sent", async (_, where, rule) => {
    table.data.wire.clear();
    const removal = store().delete(key(), { where } as never);
    expect((await failureOf(removal, ValidationError)).message).toContain(rule);
    const misspelt = store().delete(key(), { were: { status: "draft" } } as never);
    expect((await failureOf(misspelt, ValidationError)).message).toContain('did you mean "where"?');
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("refuses a condition of too many operators before anything is sent", async () => {
    table.data.wire.clear();
    const fields = Object.fromEntries(Array.from({ length: 149 }, (_, n) => [`f${n}`, n]));
    const removal = store().delete(key(), { where: fields as never });
    expect((await failureOf(removal, ValidationError)).message).toContain("operators");
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("in a transaction holds or cancels it, and passes over a missing item", async () => {
    if (!table.data.engine.capabilities.transactions) return;
    const item = await stored({ status: "published" });
    const { transaction } = table.data;
    const where = { status: "draft" } as const;
    const missing = { ...key(), contentId: "none" };
    const error = await failureOf(
      transaction.write((tx) => [
        tx.savedContent.delete(missing, { where }),
        tx.savedContent.delete(key(), { where }),
      ]),
      TransactionCanceledError,
    );
    expect(error.reasons).toMatchObject([
      { index: 1, operation: "delete", message: "the condition does not hold (where)" },
    ]);
    expect(error.reasons[0]?.item).toStrictEqual(item);
    expect(requestsOf(table.data)).toEqual(["TransactWriteItems"]);
    await transaction.write((tx) => [
      tx.savedContent.delete(missing, { where }),
      tx.savedContent.delete(key(), { where: { status: "published" } }),
    ]);
    expect(requestsOf(table.data)).toEqual(["TransactWriteItems"]);
    expect(await physical()).toBeUndefined();
  });
});

describe.each(engines)("delete with where under faults on $name", (engine) => {
  const wire = new Recorder();
  const retry = { initialDelayMs: 1, maxDelayMs: 2 };
  const table = openTable(engine, { requestHandler: wire, retry });
  const project = () => table.data.project;
  const where = { name: "draft" } as const;
  let count = 0;
  const key = () => ({ userId: "u1", projectId: `p${count}` });
  beforeEach(async () => {
    wire.clear();
    count += 1;
    const createdAt = 1;
    await project().create({ ...key(), data: { name: "draft" }, createdAt });
    // The clock is at a later millisecond than the item's time.
    const { updatedAt } = await project().getOrThrow(key());
    while (Date.now() <= updatedAt) await new Promise((resolve) => setTimeout(resolve, 1));
    wire.clear();
  });

  /** The next request is carried out, then another's call; its response is lost. */
  function lose(meanwhile?: () => Promise<unknown>): void {
    wire.loseNext(meanwhile);
  }

  test("a lost response gives null for the item that the call deleted", async () => {
    lose();
    expect(await project().delete(key(), { where })).toBeNull();
    expect(wire.names).toEqual(["DeleteItem", "DeleteItem"]);
    expect(await project().get(key())).toBeNull();
  });

  test("is carried out once: what another created since stays, although the condition holds for it", async () => {
    lose(() => project().create({ ...key(), data: { name: "draft" } }));
    const error = await failureOf(project().delete(key(), { where }), DynamoDBError);
    expect(error).toMatchObject({ code: "AnswerLost", mayHaveBeenDone: true, retryable: false });
    expect(error.message).toContain("it is unknown whether this delete was carried out");
    expect((await project().get(key()))?.data.name).toBe("draft");
  });

  test("a refusal after a lost response says that it may have been done", async () => {
    lose(() => project().create({ ...key(), data: { name: "final" }, createdAt: 1 }));
    const error = await failureOf(project().delete(key(), { where }), DynamoDBError);
    expect(error.mayHaveBeenDone).toBe(true);
    expect((await project().get(key()))?.data.name).toBe("final");
  });

  test("throttling is retried, and what is refused then was not done", async () => {
    wire.inject({ fault: "throttle", times: 2 });
    const refused = project().delete(key(), { where: { name: "final" } });
    expect(await failureOf(refused, ConditionalCheckFailedError)).toMatchObject({
      mayHaveBeenDone: false,
    });
    wire.clear().inject({ fault: "throttle", times: 2 });
    expect(await project().delete(key(), { where })).toMatchObject({ data: { name: "draft" } });
    expect(wire.names).toEqual(["DeleteItem", "DeleteItem", "DeleteItem"]);
  });
});

describe.each(engines)("delete with where of items that expire on $name", ({ engine }) => {
  test("an expired item goes whatever the condition, and is not returned", async () => {
    const clock = new MovableClock();
    const data = await createTestDataLayer({ engine, entities: expiringEntities, clock });
    const client = bareClient(data);
    try {
      const key = { userId: "u1", offerId: "o1" };
      await data.offer.put({ ...key, data: { text: "old", until: start + 10_000 } });
      clock.time = start + 9_999;
      await failureOf(
        data.offer.delete(key, { where: { text: "new" } }),
        ConditionalCheckFailedError,
      );
      clock.time = start + 10_000;
      data.wire.clear();
      expect(await data.offer.delete(key, { where: { text: "new" } })).toBeNull();
      expect(requestsOf(data)).toEqual(["DeleteItem"]);
      const raw = rawTable(client, data.configuration.tableName);
      expect(await raw.get("USER#u1", "OFFER#o1")).toBeUndefined();
    } finally {
      client.destroy();
      await data.close();
    }
  });
});

describe.each(settings)("delete with where of versions on $name", (setting) => {
  const clock = { time: 1_000, now: () => clock.time };
  const table = openVersions(setting, clock);

  test("looks at the payload as it is stored, and refuses one of a newer version", async () => {
    const { none, two, three } = table.code;
    const old = { teamId: "t1", contactId: "old" };
    await none.contact.create({ ...old, data: { name: "Ada", token: "t" } });
    const newer = { teamId: "t1", contactId: "newer" };
    await three.contact.create({ ...newer, data: { names: { first: "A", last: "B" }, tags: [] } });
    clock.time = 2_000;
    const deleted = await three.contact.delete(old, {
      where: (_, { eq, path }) => eq(path("name"), "Ada"),
    });
    expect(deleted).toMatchObject({ contactId: "old" });
    const where: Where<ContactV2> = (fields, { exists }) => exists(fields.names);
    const error = await failureOf(two.contact.delete(newer, { where }), DynamoDBError);
    expect(error).toMatchObject({ code: "NewerVersion", operation: "delete", retryable: false });
    expect(await three.contact.delete(newer, { where })).toMatchObject({ contactId: "newer" });
  });
});

describe("delete with where of secrets", () => {
  const [encrypted] = settings.filter(({ encryption }) => encryption !== undefined);
  if (encrypted === undefined) throw new Error("there is no encrypted setting");
  const table = openTable(encrypted);

  test("an encrypted field cannot be compared, the others can", async () => {
    const key = { userId: "u1" };
    const store = table.data.oauthToken;
    const data = { accessToken: "secret-a", refreshToken: "secret-r", expiryDate: 9e12 };
    await store.put({ ...key, data });
    table.data.wire.clear();
    const removal = store.delete(key, { where: { accessToken: "guess" } });
    const { message } = await failureOf(removal, ValidationError);
    expect(message).toContain("is encrypted: it cannot be compared");
    expect(message).not.toContain("guess");
    expect(requestsOf(table.data)).toEqual([]);
    const other = store.delete(key, { where: { expiryDate: 1 } });
    const refused = await failureOf(other, ConditionalCheckFailedError);
    expect(JSON.stringify([refused, refused.item])).not.toContain("secret-a");
    expect(await store.delete(key, { where: { expiryDate: 9e12 } })).toMatchObject({ data });
  });
});
