/** What every store does with many items: queries, lists and batches. */
import { ValidationError } from "../../src/errors/validation-error.js";
import { settings } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";
import type { AnyInput } from "../registry.js";
import { generatedEntities, storeOf, subjects, subjectsOn } from "../subjects.js";
import { itemsOf } from "./items.js";

describe.each(settings)("on $name", (engine) => {
  const table = openTable(engine, { entities: generatedEntities } as object);

  describe.each(subjectsOn(engine))("$title", (subject) => {
    const { name, entity, dated, timedKey, isShared, input: inputOf, key: keyOf, stored } = subject;
    const { store, user, several, idsOf, empty } = itemsOf(subject, table);
    const partitionOf = (purpose: string) => subject.partition(inputOf(user(purpose), "i0"));

    beforeEach(async () => {
      await empty();
      table.data.wire.clear();
    });

    test("query reads the entity's own items of one partition, in both orders and in pages", async () => {
      const inputs = several("query", 5);
      const { written } = await store().batchPut(inputs);
      expect(written).toBe(inputs.length);
      if (!isShared) await store().batchPut([inputOf(user("query-other"), "other")]);
      await fillNeighbours(user("query"));
      const partition = partitionOf("query");

      const all = await store().query(partition);
      expect(idsOf(all.items)).toEqual(idsOf(inputs));
      expect(all.items.map((item) => item.data)).toEqual(inputs.map(stored));
      expect(all.cursor).toBeNull();
      const reversed = await store().query(partition, { order: "desc" });
      expect(reversed.items).toEqual([...all.items].reverse());

      const read = (cursor: string | null) => store().query(partition, { limit: 2, cursor });
      const pages = [await read(null)];
      for (let [page] = pages; typeof page?.cursor === "string"; ) {
        page = await read(page.cursor);
        expect(page.items.length).toBeLessThanOrEqual(2);
        pages.push(page);
      }
      expect(pages.flatMap(({ items }) => items)).toEqual(all.items);
      const back = pages.slice(-1);
      for (let [page] = back; typeof page?.previous === "string"; ) {
        page = await read(page.previous);
        back.unshift(page);
      }
      expect(back.flatMap(({ items }) => items)).toEqual(all.items);
    });

    test("count is the number of items that query returns", async () => {
      await store().batchPut(several("count", 5));
      await fillNeighbours(user("count"));
      const partition = partitionOf("count");
      for (const options of [
        {},
        { consistent: true },
        { where: { mark: 0 } },
        ...(dated ? [{ by: "createdAt" as const }] : []),
        ...(dated || timedKey ? [{ from: 0, to: 5_000 }] : []),
      ]) {
        const { items } = await store().query(partition, options);
        expect(await store().count(partition, options)).toBe(items.length);
      }
    });

    test("query filters by an object and by a callback", async () => {
      const inputs = several("where", 4);
      await store().batchPut(inputs);
      const partition = partitionOf("where");
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
        previous: null,
      });
    });

    test("fields reads these fields of the payload, with key and times", async () => {
      const [input] = several("fields", 1) as [AnyInput];
      const created = await store().create(input);
      const expected = { ...created, data: { mark: 0 } };
      const partition = partitionOf("fields");
      const options = { fields: ["mark"] as const };
      expect(await store().get(keyOf(input), options)).toEqual(expected);
      expect((await store().query(partition, options)).items).toEqual([expected]);
      expect(await store().batchGet([keyOf(input)], options)).toEqual([expected]);
      const none = { fields: [] };
      expect(await store().get(keyOf(input), none)).toEqual({ ...created, data: {} });
      expect((await store().query(partition, none)).items).toEqual([{ ...created, data: {} }]);
    });

    test("list hands out all items of a partition", async () => {
      const inputs = several("list", 4);
      await store().batchPut(inputs);
      const found: object[] = [];
      for await (const item of store().list(partitionOf("list"), { order: "desc" })) {
        found.push(item);
      }
      expect(idsOf(found)).toEqual(idsOf(inputs).reverse());
    });

    test("batchGet answers in the order of its keys, with null for a miss and duplicates", async () => {
      const inputs = several("batch", 3);
      await store().batchPut(inputs);
      const missing = keyOf(inputOf(user("batch-missing"), "none"));
      const keys = inputs.map((input) => keyOf(input)).reverse();
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
      const missing = keyOf(inputOf(user("batch-delete-missing"), "none"));
      const keys = [...inputs.map((input) => keyOf(input)), missing];
      expect(await store().batchDelete(keys)).toEqual({ written: keys.length });
      expect(await store().batchGet(keys)).toEqual(keys.map(() => null));
    });

    const inOrder = [0, 1_000, 3_000, 5_000, 9_999_999_999_999];

    if (dated || timedKey) {
      test("query reads in order of creation, from and to included", async () => {
        const times = [5_000, 1_000, 3_000, 9_999_999_999_999, 0];
        const inputs = several("dated", 5).map((input, index) => ({
          ...input,
          createdAt: times[index] ?? 0,
        }));
        for (const input of inputs) await store().create(input);
        const timesOf = async (options: object) =>
          (await store().query(partitionOf("dated"), options)).items.map((item) => item.createdAt);
        expect(await timesOf(dated ? { by: "createdAt" } : {})).toEqual(inOrder);
        expect(await timesOf({ from: 0, order: "desc" })).toEqual([...inOrder].reverse());
        expect(await timesOf({ from: 1_000, to: 5_000 })).toEqual([1_000, 3_000, 5_000]);
        expect(await timesOf({ from: 5_000 })).toEqual([5_000, 9_999_999_999_999]);
        expect(await timesOf({ to: 1_000, order: "desc" })).toEqual([1_000, 0]);
      });
    }

    const refusedOptions = [
      ...(dated ? [] : [{ by: "createdAt" as const }]),
      ...(dated || timedKey ? [] : [{ from: 1 }, { to: 1 }]),
    ];
    for (const options of refusedOptions) {
      test(`query refuses ${JSON.stringify(options)}: no key holds it in order of time`, async () => {
        const partition = partitionOf("undated");
        const error = await failureOf(store().query(partition, options), ValidationError);
        expect(error.message).toContain(isShared ? `query ${entity}: ` : `query ${entity} (`);
        for (const value of Object.values(partition)) expect(error.message).toContain(`=${value}`);
        expect(error.message).toContain("order of creation");
        expect(requestsOf(table.data)).toEqual([]);
      });
    }

    /** One item of every other entity in the same partition. */
    async function fillNeighbours(partition: string): Promise<void> {
      const { PK } = subject.raw(keyOf(inputOf(partition, "i0")));
      for (const neighbour of subjects) {
        if (neighbour.name === name) continue;
        const input = neighbour.input(partition, "i1");
        // Only what is in the partition can be read with it.
        if (neighbour.raw(neighbour.key(input)).PK !== PK) continue;
        await storeOf(table.data, neighbour).put(input);
      }
    }
  });
});
