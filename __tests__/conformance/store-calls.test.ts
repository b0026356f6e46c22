/** What every store does with one item. */
import { definitions } from "../../services/entities.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { settings } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";
import { generatedEntities, registered, subjectsOn } from "../subjects.js";
import { itemsOf } from "./items.js";

test("the table of these tests is the registry", () => {
  expect(registered.map(({ name }) => name).sort()).toEqual(Object.keys(definitions).sort());
});

describe.each(settings)("on $name", (engine) => {
  const table = openTable(engine, { entities: generatedEntities } as object);

  describe.each(subjectsOn(engine))("$title", (subject) => {
    const { entity, id, input: inputOf, key: keyOf, stored } = subject;
    const { store, user, empty } = itemsOf(subject, table);

    beforeEach(async () => {
      await empty();
      table.data.wire.clear();
    });

    test("create stores an item and returns it as get does", async () => {
      const input = inputOf(user("create"), "one");
      const before = Date.now();
      const created = await store().create(input);
      expect(created).toEqual({
        ...keyOf(input),
        data: stored(input),
        createdAt: input.createdAt ?? created.updatedAt,
        updatedAt: expect.any(Number),
      });
      expect(created.updatedAt).toBeGreaterThanOrEqual(before);
      expect(created.updatedAt).toBeLessThanOrEqual(Date.now());
      expect(await store().get(keyOf(input))).toEqual(created);
      expect(await store().getOrThrow(keyOf(input))).toEqual(created);
      expect(requestsOf(table.data)).toEqual(["PutItem", "GetItem", "GetItem"]);
    });

    test("create refuses what is already there, says what, and changes nothing", async () => {
      const input = inputOf(user("twice"), "one", { mark: "first" });
      const first = await store().create(input);
      const again = store().create({ ...input, data: { ...input.data, mark: "second" } });
      const error = await failureOf(again, ConditionalCheckFailedError);
      expect(error.message).toContain(`create ${entity} (${textOf(keyOf(input))}): `);
      expect(error.message).toContain("already there");
      expect(error).toMatchObject({ operation: "create", entity: entity, item: first });
      expect(await store().get(keyOf(input))).toEqual(first);
    });

    test("put creates, and replaces the whole payload while createdAt stays", async () => {
      const input = inputOf(user("put"), "one", { mark: "first" });
      const first = await store().put(input);
      expect(first.data).toEqual(stored(input));
      const { mark: _, ...rest } = input.data;
      const replacement = { ...rest, other: ["second"] };
      const second = await store().put({ ...input, data: replacement });
      expect(second).toEqual({
        ...first,
        data: stored({ ...input, data: replacement }),
        updatedAt: expect.any(Number),
      });
      expect(second.updatedAt).toBeGreaterThan(first.updatedAt);
      expect(await store().get(keyOf(input))).toEqual(second);
    });

    test("upsert creates in two requests, and merges in one while createdAt stays", async () => {
      const input = inputOf(user("upsert"), "one", { kept: 1, changed: 1 });
      const first = await store().upsert(input);
      expect(first).toEqual({
        ...keyOf(input),
        data: stored(input),
        createdAt: input.createdAt ?? first.updatedAt,
        updatedAt: first.updatedAt,
      });
      expect(requestsOf(table.data)).toEqual(["UpdateItem", "PutItem"]);
      const { kept: _, ...rest } = input.data;
      const second = await store().upsert({ ...input, data: { ...rest, changed: [2] } });
      expect(second).toEqual({
        ...first,
        data: { ...stored(input), changed: [2] },
        updatedAt: expect.any(Number),
      });
      expect(second.updatedAt).toBeGreaterThan(first.updatedAt);
      expect(await store().get(keyOf(input))).toEqual(second);
    });

    test("get gives null and getOrThrow an ItemNotFoundError where nothing is", async () => {
      const key = keyOf(inputOf(user("missing"), "none"));
      expect(await store().get(key)).toBeNull();
      const error = await failureOf(store().getOrThrow(key), ItemNotFoundError);
      expect(error.message).toBe(`getOrThrow ${entity} (${textOf(key)}): no such item`);
    });

    test("update merges into the payload, sets and removes inside it, and returns the item", async () => {
      const input = inputOf(user("update"), "one", { map: { kept: 1, gone: 2 }, extra: 1 });
      const created = await store().create(input);
      const updated = await store().update(
        keyOf(input),
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
      expect(await store().get(keyOf(input))).toEqual(updated);
    });

    test("update refuses an item that is not there and leaves none behind", async () => {
      const key = keyOf(inputOf(user("ghost"), "none"));
      const error = await failureOf(store().update(key, { note: 1 }), ItemNotFoundError);
      expect(error.message).toContain(`update ${entity} (`);
      expect(await store().get(key)).toBeNull();
    });

    test("delete returns what was there, then null", async () => {
      const input = inputOf(user("delete"), "one");
      const created = await store().create(input);
      expect(await store().delete(keyOf(input))).toEqual(created);
      expect(await store().delete(keyOf(input))).toBeNull();
      expect(await store().get(keyOf(input))).toBeNull();
      expect(requestsOf(table.data)).toEqual(["PutItem", "DeleteItem", "DeleteItem", "GetItem"]);
    });

    test("unknown fields, nulls and empty values come back as they were", async () => {
      const odd = { unknown: { deep: [1, null, ""] }, nothing: null, empty: "", list: [], map: {} };
      const input = inputOf(user("odd"), "one", odd);
      await store().put(input);
      const item = await store().getOrThrow(keyOf(input));
      expect(item.data).toEqual(stored(input));
      expect(item.data).not.toHaveProperty("missing");
      await store().put({ ...input, data: { ...item.data, mark: 1 } });
      expect((await store().getOrThrow(keyOf(input))).data).toEqual({
        ...stored(input),
        mark: 1,
      });
    });

    test("entity is the ElectroDB entity over the same transport", async () => {
      const input = inputOf(user("native"), "one");
      const created = await store().create(input);
      table.data.wire.clear();
      const { data } = await store().entity.get(keyOf(input)).go();
      expect(data).toMatchObject({ ...keyOf(input), data: created.data });
      expect(requestsOf(table.data)).toEqual(["GetItem"]);
    });

    if (id !== undefined && subject.makesIds) {
      test("create makes an id where none is given", async () => {
        const input = inputOf(user("made"), "unused");
        const withoutId = { ...input, [id]: undefined };
        const created = await store().create(withoutId);
        const made = created[id];
        expect(made).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
        expect(created.data).toEqual(stored({ ...input, [id]: made }));
        expect(await store().get({ ...keyOf(input), [id]: made })).toEqual(created);
      });
    }
  });
});

/** A key as a message has it. */
function textOf(key: Readonly<Record<string, unknown>>): string {
  return Object.entries(key)
    .map(([part, value]) => `${part}=${value}`)
    .join(", ");
}
