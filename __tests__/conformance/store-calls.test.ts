import { definitions } from "../../services/entities.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { settings } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";
import { type AnyInput, inputOf, keyOf, type Registered, registry, storeOf } from "../registry.js";

test("the table of these tests is the registry", () => {
  expect(registry.map(({ name }) => name).sort()).toEqual(Object.keys(definitions).sort());
});

describe.each(settings)("on $name", (engine) => {
  const table = openTable(engine);

  describe.each(registry)("$name", (entity) => {
    const { name, owner, id, dated } = entity;
    const store = () => storeOf(table.data, entity);
    const user = (purpose: string) => `${name}-${purpose}`;
    /** UserProfile has one item per partition, the others as many as are wanted. */
    const several = (purpose: string, count: number): AnyInput[] =>
      Array.from({ length: id === undefined ? 1 : count }, (_, index) =>
        inputOf(entity, user(purpose), `i${index}`, { mark: index }),
      );
    const stored = (input: AnyInput) => ({ ...withIds(entity, input.data, keyOf(entity, input)) });
    const idsOf = (items: readonly object[]) =>
      items.map((item) => (item as Record<string, unknown>)[id ?? owner]);

    beforeEach(() => table.data.wire.clear());

    test("create stores an item and returns it as get does", async () => {
      const input = inputOf(entity, user("create"), "one");
      const before = Date.now();
      const created = await store().create(input);
      expect(created).toEqual({
        ...keyOf(entity, input),
        data: stored(input),
        createdAt: expect.any(Number),
        updatedAt: created.createdAt,
      });
      expect(created.createdAt).toBeGreaterThanOrEqual(before);
      expect(created.createdAt).toBeLessThanOrEqual(Date.now());
      expect(await store().get(keyOf(entity, input))).toEqual(created);
      expect(await store().getOrThrow(keyOf(entity, input))).toEqual(created);
      expect(requestsOf(table.data)).toEqual(["PutItem", "GetItem", "GetItem"]);
    });

    test("create refuses what is already there, says what, and changes nothing", async () => {
      const input = inputOf(entity, user("twice"), "one", { mark: "first" });
      const first = await store().create(input);
      const again = store().create({ ...input, data: { ...input.data, mark: "second" } });
      const error = await failureOf(again, ConditionalCheckFailedError);
      expect(error.message).toContain(`create ${entity.entity} (${owner}=${user("twice")}`);
      expect(error.message).toContain("already there");
      expect(error).toMatchObject({ operation: "create", entity: entity.entity, item: first });
      expect(await store().get(keyOf(entity, input))).toEqual(first);
    });

    test("put creates, and replaces the whole payload while createdAt stays", async () => {
      const input = inputOf(entity, user("put"), "one", { mark: "first" });
      const first = await store().put(input);
      expect(first.data).toEqual(stored(input));
      const { mark: _, ...rest } = input.data;
      const replacement = { ...rest, other: ["second"] };
      const second = await store().put({ ...input, data: replacement });
      expect(second).toEqual({
        ...first,
        data: withIds(entity, replacement, keyOf(entity, input)),
        updatedAt: expect.any(Number),
      });
      expect(second.updatedAt).toBeGreaterThan(first.updatedAt);
      expect(await store().get(keyOf(entity, input))).toEqual(second);
    });

    test("get gives null and getOrThrow an ItemNotFoundError where nothing is", async () => {
      const key = keyOf(entity, inputOf(entity, user("missing"), "none"));
      expect(await store().get(key)).toBeNull();
      const error = await failureOf(store().getOrThrow(key), ItemNotFoundError);
      const parts = Object.entries(key).map(([part, value]) => `${part}=${value}`);
      expect(error.message).toBe(`getOrThrow ${entity.entity} (${parts.join(", ")}): no such item`);
    });

    test("update merges into the payload, sets and removes inside it, and returns the item", async () => {
      const input = inputOf(entity, user("update"), "one", { map: { kept: 1, gone: 2 }, extra: 1 });
      const created = await store().create(input);
      const updated = await store().update(
        keyOf(entity, input),
        { added: null, skipped: undefined },
        { set: [[["map", "new"], { deep: true }]], remove: ["extra", ["map", "gone"]] },
      );
      const { extra: _, ...kept } = stored(input);
      expect(updated).toEqual({
        ...created,
        data: { ...kept, added: null, map: { kept: 1, new: { deep: true } } },
        updatedAt: expect.any(Number),
      });
      expect(updated.updatedAt).toBeGreaterThan(created.updatedAt);
      expect(await store().get(keyOf(entity, input))).toEqual(updated);
    });

    test("update refuses an item that is not there and leaves none behind", async () => {
      const key = keyOf(entity, inputOf(entity, user("ghost"), "none"));
      const error = await failureOf(store().update(key, { note: 1 }), ItemNotFoundError);
      expect(error.message).toContain(`update ${entity.entity} (`);
      expect(await store().get(key)).toBeNull();
    });

    test("delete returns what was there, then null", async () => {
      const input = inputOf(entity, user("delete"), "one");
      const created = await store().create(input);
      expect(await store().delete(keyOf(entity, input))).toEqual(created);
      expect(await store().delete(keyOf(entity, input))).toBeNull();
      expect(await store().get(keyOf(entity, input))).toBeNull();
      expect(requestsOf(table.data)).toEqual(["PutItem", "DeleteItem", "DeleteItem", "GetItem"]);
    });

    test("query reads the entity's own items of one partition, in both orders and in pages", async () => {
      const inputs = several("query", 5);
      const { written } = await store().batchPut(inputs);
      expect(written).toBe(inputs.length);
      await store().batchPut([inputOf(entity, user("query-other"), "other")]);
      await fillNeighbours(user("query"));
      const partition = { [owner]: user("query") };

      const all = await store().query(partition);
      expect(idsOf(all.items)).toEqual(idsOf(inputs));
      expect(all.items.map((item) => item.data)).toEqual(inputs.map(stored));
      expect(all.cursor).toBeNull();
      const reversed = await store().query(partition, { order: "desc" });
      expect(reversed.items).toEqual([...all.items].reverse());

      const paged: unknown[] = [];
      let cursor: string | null = null;
      do {
        const page: { items: unknown[]; cursor: string | null } = await store().query(partition, {
          limit: 2,
          cursor,
        });
        expect(page.items.length).toBeLessThanOrEqual(2);
        paged.push(...page.items);
        cursor = page.cursor;
      } while (cursor !== null);
      expect(paged).toEqual(all.items);
    });

    test("query filters by an object and by a callback", async () => {
      const inputs = several("where", 4);
      await store().batchPut(inputs);
      const partition = { [owner]: user("where") };
      const wanted = inputs.filter((input) => input.data.mark === 0);
      const byObject = await store().query(partition, { where: { mark: 0 } });
      expect(idsOf(byObject.items)).toEqual(idsOf(wanted));
      const byCallback = await store().query(partition, {
        where: (_, { lt, path }) => lt(path<number>("mark"), 1),
      });
      expect(byCallback).toEqual(byObject);
      expect(await store().query(partition, { where: { mark: "none" } })).toEqual({
        items: [],
        cursor: null,
      });
    });

    test("fields reads these fields of the payload, with key and times", async () => {
      const [input] = several("fields", 1) as [AnyInput];
      const created = await store().create(input);
      const expected = { ...created, data: { mark: 0 } };
      const partition = { [owner]: user("fields") };
      const options = { fields: ["mark"] as const };
      expect(await store().get(keyOf(entity, input), options)).toEqual(expected);
      expect((await store().query(partition, options)).items).toEqual([expected]);
      expect(await store().batchGet([keyOf(entity, input)], options)).toEqual([expected]);
    });

    test("list hands out all items of a partition", async () => {
      const inputs = several("list", 4);
      await store().batchPut(inputs);
      const found: object[] = [];
      for await (const item of store().list({ [owner]: user("list") }, { order: "desc" })) {
        found.push(item);
      }
      expect(idsOf(found)).toEqual(idsOf(inputs).reverse());
    });

    test("batchGet answers in the order of its keys, with null for a miss and duplicates", async () => {
      const inputs = several("batch", 3);
      await store().batchPut(inputs);
      const missing = keyOf(entity, inputOf(entity, user("batch-missing"), "none"));
      const keys = inputs.map((input) => keyOf(entity, input)).reverse();
      const [last] = keys as [Record<string, string>];
      const found = await store().batchGet([...keys, missing, last]);
      expect(found.map((item) => item && idsOf([item])[0])).toEqual([
        ...idsOf(inputs).reverse(),
        null,
        idsOf([last])[0],
      ]);
    });

    test("batchDelete deletes what is there, and is content where nothing is", async () => {
      const inputs = several("batch-delete", 3);
      await store().batchPut(inputs);
      const missing = keyOf(entity, inputOf(entity, user("batch-delete-missing"), "none"));
      const keys = [...inputs.map((input) => keyOf(entity, input)), missing];
      expect(await store().batchDelete(keys)).toEqual({ written: keys.length });
      expect(await store().batchGet(keys)).toEqual(keys.map(() => null));
    });

    test("unknown fields, nulls and empty values come back as they were", async () => {
      const odd = { unknown: { deep: [1, null, ""] }, nothing: null, empty: "", list: [], map: {} };
      const input = inputOf(entity, user("odd"), "one", odd);
      await store().put(input);
      const item = await store().getOrThrow(keyOf(entity, input));
      expect(item.data).toEqual(stored(input));
      expect(item.data).not.toHaveProperty("missing");
      await store().put({ ...input, data: { ...item.data, mark: 1 } });
      expect((await store().getOrThrow(keyOf(entity, input))).data).toEqual({
        ...stored(input),
        mark: 1,
      });
    });

    test("entity is the ElectroDB entity over the same transport", async () => {
      const input = inputOf(entity, user("native"), "one");
      const created = await store().create(input);
      table.data.wire.clear();
      const { data } = await store().entity.get(keyOf(entity, input)).go();
      expect(data).toMatchObject({ ...keyOf(entity, input), data: created.data });
      expect(requestsOf(table.data)).toEqual(["GetItem"]);
    });

    if (id !== undefined && name !== "oauthToken") {
      test("create makes an id where none is given", async () => {
        const withoutId = { ...inputOf(entity, user("made"), "unused"), [id]: undefined };
        const created = await store().create(withoutId);
        const made = created[id];
        expect(made).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
        expect(created.data.id).toBe(made);
        expect(await store().get({ [owner]: user("made"), [id]: made })).toEqual(created);
      });
    }

    if (dated) {
      test("query reads in order of creation, from and to included", async () => {
        const times = [5_000, 1_000, 3_000, 9_999_999_999_999, 0];
        const inputs = several("dated", 5).map((input, index) => ({
          ...input,
          createdAt: times[index],
        }));
        for (const input of inputs) await store().create(input);
        const partition = { [owner]: user("dated") };
        const timesOf = async (options: object) =>
          (await store().query(partition, options)).items.map((item) => item.createdAt);
        const inOrder = [0, 1_000, 3_000, 5_000, 9_999_999_999_999];
        expect(await timesOf({ by: "createdAt" })).toEqual(inOrder);
        expect(await timesOf({ by: "createdAt", order: "desc" })).toEqual([...inOrder].reverse());
        expect(await timesOf({ from: 1_000, to: 5_000 })).toEqual([1_000, 3_000, 5_000]);
        expect(await timesOf({ from: 5_000 })).toEqual([5_000, 9_999_999_999_999]);
        expect(await timesOf({ to: 1_000, order: "desc" })).toEqual([1_000, 0]);
      });
    } else {
      test.each([{ by: "createdAt" as const }, { from: 1 }, { to: 1 }])(
        "query refuses %j: the index holds it in no order of time",
        async (options) => {
          const error = await failureOf(
            store().query({ [owner]: user("undated") }, options),
            ValidationError,
          );
          expect(error.message).toContain(`query ${entity.entity} (${owner}=${user("undated")}): `);
          expect(error.message).toContain("order of creation");
          expect(requestsOf(table.data)).toEqual([]);
        },
      );
    }

    /** One item of every other entity in the same partition. */
    async function fillNeighbours(partition: string): Promise<void> {
      for (const neighbour of registry) {
        if (neighbour.name === name) continue;
        await storeOf(table.data, neighbour).put(inputOf(neighbour, partition, "i1"));
      }
    }
  });
});

/** The payload as it is stored: with the ids that readers of `Data` alone expect there. */
function withIds(
  { name, owner, id }: Registered,
  data: Record<string, unknown>,
  key: Record<string, string>,
): Record<string, unknown> {
  if (name === "oauthToken") return data;
  const own = { id: key[id ?? owner], ...(name === "review" && { agentId: key.agentId }) };
  return { ...own, ...data };
}
