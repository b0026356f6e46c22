/** What every store does with many items: queries, lists and batches. */
import { ValidationError } from "../../src/errors/validation-error.js";
import { settings } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";
import { type AnyInput, inputOf, keyOf, registry, storeOf } from "../registry.js";
import { itemsOf } from "./items.js";

describe.each(settings)("on $name", (engine) => {
  const table = openTable(engine);

  describe.each(registry)("$name", (entity) => {
    const { name, owner, dated } = entity;
    const { store, user, several, stored, idsOf } = itemsOf(entity, table);

    beforeEach(() => table.data.wire.clear());

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
