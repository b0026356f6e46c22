/** Payloads of older versions are upgraded when they are read, and newer ones never written over. */
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import {
  ConditionalCheckFailedError,
  ItemNotFoundError,
  ValidationError,
} from "../../src/index.js";
import { settings } from "../engines.js";
import { failureOf } from "../open.js";
import { seenBySteps } from "../versioned-entities.js";
import { openVersions } from "../versioned-table.js";

const ada = { first: "Ada", last: "King Lovelace" };

describe.each(settings)("versions on $name", (setting) => {
  const clock = { time: 1_000, now: () => clock.time };
  const table = openVersions(setting, clock);
  let count = 0;
  const newKey = () => {
    count += 1;
    return { teamId: `t${count}`, contactId: "c1" };
  };
  const rawOf = ({ teamId, contactId }: ReturnType<typeof newKey>) =>
    table.raw.get(`TEAM#${teamId}`, `CONTACT#${contactId}`);
  /** An item that code of version 1 has written. */
  async function old(name = "Ada King Lovelace") {
    const key = newKey();
    clock.time = 1_000;
    const item = await table.code.none.contact.create({ ...key, data: { name, token: "t" } });
    clock.time = 2_000;
    expect(await rawOf(key)).not.toHaveProperty("DataVersion");
    table.sent("three");
    return { key, item };
  }

  describe("reading", () => {
    test("every read gives the payload of the current version, and writes nothing", async () => {
      const { key, item } = await old();
      const stored = await rawOf(key);
      const expected = { ...item, data: { token: "t", names: ada, tags: [] } };
      const { contact, collections } = table.code.three;
      const partition = { teamId: key.teamId };
      expect(await contact.get(key)).toStrictEqual(expected);
      expect(await contact.getOrThrow(key, { consistent: true })).toStrictEqual(expected);
      expect(await contact.batchGet([key, key])).toStrictEqual([expected, expected]);
      expect((await contact.query(partition)).items).toStrictEqual([expected]);
      expect((await contact.query(partition, { by: "createdAt" })).items).toStrictEqual([expected]);
      const listed = [];
      for await (const one of contact.list(partition)) listed.push(one);
      expect(listed).toStrictEqual([expected]);
      const scanned = [];
      for await (const { items } of contact.scan({ segments: 1 })) scanned.push(...items);
      expect(scanned).toContainEqual(expected);
      expect(await collections.team(partition)).toStrictEqual({ contact: [expected] });
      const scope = table.code.three.scope(partition);
      expect(await scope.contact.get({ contactId: "c1" })).toStrictEqual(expected);
      expect(await scope.collections.team()).toStrictEqual({ contact: [expected] });
      if (table.data.engine.capabilities.transactions) {
        const read = await table.code.three.transaction.get((tx) => [tx.contact.get(key)]);
        expect(read).toStrictEqual([expected]);
      }
      expect(await rawOf(key)).toEqual(stored);
    });

    test("no two callers share a result, even if an upgrade gives the same list to all", async () => {
      const { key } = await old();
      const { contact } = table.code.three;
      const [one, other] = await Promise.all([contact.get(key), contact.get(key)]);
      one?.data.tags.push("mine");
      expect(other?.data.tags).toEqual([]);
      expect((await contact.get(key))?.data.tags).toEqual([]);
    });

    test("a step sees secrets in clear text, and a log shows none of the result's", async () => {
      const { key } = await old();
      seenBySteps.splice(0);
      const item = await table.code.three.contact.get(key);
      expect(seenBySteps[0]).toEqual({ from: 1, old: { name: "Ada King Lovelace", token: "t" } });
      const { inspect } = await import("node:util");
      expect(inspect(item)).toContain("[secret]");
    });

    test("fields are those of the current version, of a payload that is read as a whole", async () => {
      const { key } = await old();
      const { contact } = table.code.three;
      const expected = { names: ada };
      expect((await contact.get(key, { fields: ["names"] }))?.data).toStrictEqual(expected);
      const [many] = await contact.batchGet([key], { fields: ["names"] });
      expect(many?.data).toStrictEqual(expected);
      const partition = { teamId: key.teamId };
      const { items } = await contact.query(partition, { fields: ["names"] });
      expect(items.map(({ data }) => data)).toStrictEqual([expected]);
      for await (const { data } of contact.list(partition, { fields: ["names"] })) {
        expect(data).toStrictEqual(expected);
      }
      const pages = contact.scan({
        fields: ["names"],
        where: { name: "Ada King Lovelace" } as never,
      });
      for await (const { items } of pages) {
        for (const item of items) expect(item.data).toStrictEqual(expected);
      }
      const wrong = contact.get(key, { fields: "names" as never });
      expect((await failureOf(wrong, ValidationError)).issues[0]?.path).toBe("fields");
    });

    test("where sees what is stored", async () => {
      const { key } = await old();
      const { contact } = table.code.three;
      const partition = { teamId: key.teamId };
      const byOldField = await contact.query(partition, {
        where: { name: "Ada King Lovelace" } as never,
      });
      expect(byOldField.items).toHaveLength(1);
      const byNewField = await contact.query(partition, { where: { tags: [] } as never });
      expect(byNewField.items).toEqual([]);
    });

    test("an item without a payload has none to upgrade", async () => {
      const key = newKey();
      await table.raw.put({
        PK: `TEAM#${key.teamId}`,
        SK: "CONTACT#c1",
        EntityType: "Contact",
        UpdatedAt: 5,
      });
      expect((await table.code.three.contact.get(key))?.data).toEqual({});
    });

    test("a payload that cannot be upgraded is an error with key, version and cause, and without secrets", async () => {
      const { key } = await old("secret-name");
      const error = await failureOf(table.code.three.contact.get(key), DynamoDBError);
      expect(error).toMatchObject({
        code: "UpgradeFailed",
        retryable: false,
        operation: "get",
        entity: "Contact",
        key,
        message: `get Contact (teamId=${key.teamId}, contactId=c1): the payload of version 1 cannot be upgraded: the upgrade from version 1 to 2 threw TypeError`,
      });
      const { inspect } = await import("node:util");
      expect(inspect(error)).not.toContain("secret-name");
      expect((error.cause as Error).stack).toContain("toV2");
      const { contact } = table.code.three;
      await failureOf(contact.query({ teamId: key.teamId }), DynamoDBError);
      // It can be replaced and deleted.
      const deleted = await contact.delete(key);
      expect(deleted?.data).toEqual({ name: "secret-name", token: "t" });
      expect(await rawOf(key)).toBeUndefined();
    });
  });

  describe("writing", () => {
    test("create, put and batchPut store the version with the payload", async () => {
      const { contact } = table.code.three;
      const input = { data: { names: ada, tags: ["a"] } };
      const [one, two, three] = [newKey(), newKey(), newKey()];
      table.sent("three");
      await contact.create({ ...one, ...input });
      await contact.put({ ...two, ...input });
      await contact.batchPut([{ ...three, ...input }]);
      expect(table.sent("three")).toEqual(["PutItem", "UpdateItem", "BatchWriteItem"]);
      for (const key of [one, two, three]) {
        expect(await rawOf(key)).toMatchObject({ DataVersion: 3, Data: input.data });
        expect((await contact.get(key))?.data).toEqual(input.data);
      }
    });

    test("version 1 is not stored", async () => {
      const key = newKey();
      const { contact } = table.code.one;
      await contact.create({ ...key, data: { name: "Ada" } });
      clock.time += 1_000;
      await contact.put({ ...key, data: { name: "Bo" } });
      clock.time += 1_000;
      await contact.update(key, { name: "Cy" });
      expect(await rawOf(key)).not.toHaveProperty("DataVersion");
      expect(table.sent("one")).toEqual(["PutItem", "UpdateItem", "UpdateItem"]);
    });

    test("put replaces an older payload with one request", async () => {
      const { key } = await old();
      const data = { names: ada, tags: ["new"] };
      await table.code.three.contact.put({ ...key, data });
      expect(table.sent("three")).toEqual(["UpdateItem"]);
      expect(await rawOf(key)).toMatchObject({ DataVersion: 3, Data: data });
    });

    test("update takes one request, and two if the payload is of an older version", async () => {
      const { key, item } = await old();
      const { contact } = table.code.three;
      const updated = await contact.update(key, { tags: ["new"] });
      expect(table.sent("three")).toEqual(["UpdateItem", "UpdateItem"]);
      const data = { token: "t", names: ada, tags: ["new"] };
      expect(updated).toStrictEqual({ ...item, data, updatedAt: 2_000 });
      expect(await rawOf(key)).toMatchObject({ DataVersion: 3, UpdatedAt: 2_000 });
      expect(await rawOf(key)).not.toHaveProperty("Data.name");
      expect(await contact.get(key)).toStrictEqual(updated);
      clock.time = 3_000;
      table.sent("three");
      await contact.update(key, { tags: [] });
      expect(table.sent("three")).toEqual(["UpdateItem"]);
    });

    test("changes inside of fields, locks and conditions hold for an older payload", async () => {
      const { contact } = table.code.three;
      const { key, item } = await old();
      const missing = contact.update(key, {}, { set: [[["names", "middle", "x"], 1]] });
      expect((await failureOf(missing, ValidationError)).issues).toEqual([
        {
          path: "data.names.middle",
          message: "does not exist: nothing can be set or removed inside it",
        },
      ]);
      const stale = contact.update(key, { tags: [] }, { ifUpdatedAt: 999 });
      expect((await failureOf(stale, ConditionalCheckFailedError)).item).toMatchObject({
        data: { names: ada, tags: [] },
      });
      expect(await rawOf(key)).not.toHaveProperty("DataVersion");
      const options = {
        set: [
          [["names", "last"], "King"],
          [["names", "middle"], "B"],
          [["tags", 0], "a"],
        ],
        remove: ["token"],
        ifUpdatedAt: item.updatedAt,
      } as const;
      const { data } = await contact.update(key, {}, options);
      expect(data).toEqual({ names: { first: "Ada", middle: "B", last: "King" }, tags: ["a"] });
      const other = await old();
      const where = { name: "Ada King Lovelace" } as never;
      await failureOf(
        contact.update(other.key, { tags: [] }, { where: { tags: ["x"] } as never }),
        ConditionalCheckFailedError,
      );
      // Of an older payload it is the stored form that a condition is about.
      const changed = await contact.update(other.key, { tags: ["y"] }, { where });
      expect(changed.data.tags).toEqual(["y"]);
      await failureOf(contact.update(newKey(), { tags: [] }), ItemNotFoundError);
    });

    test("an update of more fields than an expression holds upgrades with one read and one write", async () => {
      const { key } = await old();
      const many = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`field${at}`, at]));
      const { data } = await table.code.three.contact.update(key, many as never);
      expect(table.sent("three")).toEqual(["GetItem", "UpdateItem"]);
      expect(data).toEqual({ token: "t", names: ada, tags: [], ...many });
      const again = await table.code.three.contact.update(key, { ...many, tags: ["x"] } as never);
      expect(again.data.tags).toEqual(["x"]);
      expect(await rawOf(key)).toMatchObject({ DataVersion: 3 });
    });

    test("an update makes the payload of an item that has none, with its version", async () => {
      const key = newKey();
      const PK = `TEAM#${key.teamId}`;
      await table.raw.put({ PK, SK: "CONTACT#c1", EntityType: "Contact", UpdatedAt: 5 });
      await table.code.three.contact.update(key, { tags: ["a"] });
      expect(await rawOf(key)).toMatchObject({ DataVersion: 3, Data: { tags: ["a"] } });
    });

    test("an update of a payload that cannot be upgraded stores nothing", async () => {
      const { key } = await old("Ada");
      const stored = await rawOf(key);
      const refused = table.code.three.contact.update(key, { tags: [] });
      const error = await failureOf(refused, DynamoDBError);
      expect([error.code, error.operation]).toEqual(["UpgradeFailed", "update"]);
      expect(await rawOf(key)).toEqual(stored);
    });

    test("a transaction upgrades what it updates", async () => {
      if (!table.data.engine.capabilities.transactions) return;
      const [one, two] = [await old(), await old()];
      const fresh = newKey();
      await table.code.three.transaction.write((tx) => [
        tx.contact.update(one.key, { tags: ["tx"] }),
        tx.contact.put({ ...two.key, data: { names: ada, tags: ["put"] } }),
        tx.contact.create({ ...fresh, data: { names: ada, tags: ["new"] } }),
      ]);
      expect(table.sent("three")).toEqual(["TransactWriteItems", "TransactWriteItems"]);
      expect(await rawOf(one.key)).toMatchObject({
        DataVersion: 3,
        Data: { tags: ["tx"], names: ada },
      });
      expect(await rawOf(two.key)).toMatchObject({ DataVersion: 3, Data: { tags: ["put"] } });
      expect(await rawOf(fresh)).toMatchObject({ DataVersion: 3, Data: { tags: ["new"] } });
    });
  });

  describe("a newer version", () => {
    async function newer() {
      const key = newKey();
      clock.time = 1_000;
      const data = { names: ada, tags: ["new"], token: "t" };
      const item = await table.code.three.contact.create({ ...key, data });
      clock.time = 2_000;
      table.sent("two");
      table.sent("one");
      return { key, item, stored: await rawOf(key) };
    }
    const rule = (known: number) =>
      `the stored payload is of version 3, and this code knows versions up to ${known}: it is not written over`;

    test("is read as it is", async () => {
      const { key, item } = await newer();
      expect(await table.code.two.contact.get(key)).toStrictEqual(item);
      expect(await table.code.one.contact.get(key)).toStrictEqual(item);
    });

    test("is not written over by update, put, create, or a delete with a lock", async () => {
      const { key, item, stored } = await newer();
      const { contact } = table.code.two;
      const data = { names: ada };
      const refusals = {
        update: () => contact.update(key, { names: ada }),
        put: () => contact.put({ ...key, data }),
        delete: () => contact.delete(key, { ifUpdatedAt: item.updatedAt }),
      };
      for (const [operation, refused] of Object.entries(refusals)) {
        const error = await failureOf(refused(), DynamoDBError);
        expect(error).toMatchObject({ code: "NewerVersion", retryable: false, operation, key });
        expect(error.message).toContain(rule(2));
        expect(error).not.toBeInstanceOf(ConditionalCheckFailedError);
      }
      await failureOf(contact.create({ ...key, data }), ConditionalCheckFailedError);
      expect(table.sent("two").sort()).toEqual([
        "DeleteItem",
        "PutItem",
        "UpdateItem",
        "UpdateItem",
      ]);
      const one = table.code.one.contact.update(key, { name: "x" });
      expect((await failureOf(one, DynamoDBError)).message).toContain(rule(1));
      expect(await rawOf(key)).toEqual(stored);
      // A plain delete destroys on purpose.
      expect(await contact.delete(key)).toStrictEqual(item);
    });

    test("cancels a transaction that would write over it, and says why", async () => {
      if (!table.data.engine.capabilities.transactions) return;
      const { key, stored } = await newer();
      const written = table.code.two.transaction.write((tx) => [
        tx.contact.update(key, { names: ada }),
        tx.contact.create({ ...newKey(), data: { names: ada } }),
      ]);
      const error = await failureOf(written, DynamoDBError);
      expect(error.code).toBe("TransactionCanceledException");
      expect(error.message).toContain(rule(2));
      expect(await rawOf(key)).toEqual(stored);
    });

    test.each([
      ["a text", "2", "a version that is no integer"],
      ["null", null, "a version that is no integer"],
      ["a fraction between two versions", 1.5, "a version that is no integer"],
      ["zero", 0, "version 0"],
      ["a negative number", -1, "version -1"],
      ["a number that JavaScript does not hold", 2n ** 70n, "a version that is no integer"],
    ])(
      "of a form that no code writes, %s, is read as it is and not written over",
      async (_, DataVersion, named) => {
        const { key, item, stored } = await newer();
        const odd = { ...stored, DataVersion };
        await table.raw.put(odd as Record<string, unknown>);
        const { contact } = table.code.two;
        expect((await contact.get(key))?.data).toMatchObject({ names: ada });
        expect((await contact.query({ teamId: key.teamId })).items).toStrictEqual([item]);
        const refusals = [
          contact.put({ ...key, data: { names: ada } }),
          contact.update(key, { names: ada }),
          contact.delete(key, { ifUpdatedAt: item.updatedAt }),
        ];
        for (const refused of refusals) {
          const error = await failureOf(refused, DynamoDBError);
          expect(error.code).toBe("NewerVersion");
          expect(error.message).toContain(`the stored payload is of ${named}, and this code knows`);
        }
        expect(await rawOf(key)).toEqual(odd);
        expect(await contact.delete(key)).toStrictEqual(item);
      },
    );
  });

  test("a native chain reads what is stored, and stores no payload without its version", async () => {
    const { key } = await old();
    const { entity } = table.code.three.contact;
    const { data } = await entity.get(key).go();
    expect(data?.data).toHaveProperty("name");
    const input = { ...key, data: { names: ada, tags: [] }, createdAt: 1, updatedAt: 1 };
    for (const chain of [
      () => entity.put(input).go(),
      () => entity.create(input).go(),
      () => entity.update(key).set({ data: input.data }).go(),
    ]) {
      const error = await failureOf(chain(), ValidationError);
      expect(error.message).toMatch(/would store/);
    }
    await entity.delete(key).go();
    expect(await rawOf(key)).toBeUndefined();
  });
});
