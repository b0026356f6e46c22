/** What every store does with one item. */
import { definitions } from "../../services/entities.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { settings } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";
import { inputOf, keyOf, registry } from "../registry.js";
import { itemsOf, withIds } from "./items.js";

test("the table of these tests is the registry", () => {
  expect(registry.map(({ name }) => name).sort()).toEqual(Object.keys(definitions).sort());
});

describe.each(settings)("on $name", (engine) => {
  const table = openTable(engine);

  describe.each(registry)("$name", (entity) => {
    const { name, owner, id } = entity;
    const { store, user, stored } = itemsOf(entity, table);

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
  });
});
