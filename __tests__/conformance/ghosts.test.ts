/**
 * What lies at an entity's key and is none of its items: a ghost, as the earlier layer's `update({})`
 * left them, or a foreign item. All calls give one answer: to them nothing is there.
 */
import { ConditionalCheckFailedError, ItemNotFoundError } from "../../src/index.js";
import { engines } from "../engines.js";
import { failureOf, requestsOf } from "../open.js";
import { subjectsOn } from "../subjects.js";
import { allForeign, allGhosts, strangersOn } from "./strangers.js";

describe.each(engines)("on $name", (engine) => {
  const { table, placed, stored } = strangersOn(engine);

  describe.each(subjectsOn(engine))("what is no item at the key of $title", (subject) => {
    // Every kind of them for one dated entity, one of each for the others.
    const most = subject.name === "project" ? Number.POSITIVE_INFINITY : 1;
    const [ghosts, foreign] = [allGhosts.slice(0, most), allForeign.slice(0, most)];

    test.each([...ghosts, ...foreign])("is seen by no read: %s", async (_, attributes) => {
      const { key, partition, store } = await placed(subject, attributes);
      expect(await store.get(key)).toBeNull();
      expect(await store.get(key, { consistent: true })).toBeNull();
      expect(await store.batchGet([key])).toEqual([null]);
      expect((await store.query(partition)).items).toEqual([]);
      expect(await store.count(partition)).toBe(0);
      for await (const item of store.list(partition)) expect(item).toBeUndefined();
      await failureOf(store.getOrThrow(key), ItemNotFoundError);
    });

    test.each([...ghosts, ...foreign])(
      "is not there to update, and stays as it is: %s (update made an item of it)",
      async (_, attributes) => {
        const { raw, key, store } = await placed(subject, attributes);
        const seenAt = typeof attributes.UpdatedAt === "number" ? attributes.UpdatedAt : 0;
        for (const options of [{}, { ifUpdatedAt: seenAt }, { where: { note: null } }]) {
          const error = await failureOf(
            store.update(key, { note: "n" }, options),
            ItemNotFoundError,
          );
          expect(error.message).toMatch(/no such item$/);
          expect(error.mayHaveBeenDone).toBe(false);
        }
        expect(requestsOf(table.data)).toEqual(["UpdateItem", "UpdateItem", "UpdateItem"]);
        expect(await stored(raw)).toEqual(raw);
      },
    );

    test.each([...ghosts, ...foreign])(
      "is gone to a delete under a lock, and stays as it is: %s",
      async (_, attributes) => {
        const { raw, key, store } = await placed(subject, attributes);
        const ifUpdatedAt = typeof attributes.UpdatedAt === "number" ? attributes.UpdatedAt : 0;
        const error = await failureOf(
          store.delete(key, { ifUpdatedAt }),
          ConditionalCheckFailedError,
        );
        expect(error.message).toContain("the item is gone (ifUpdatedAt)");
        expect(error.item).toBeNull();
        expect(await stored(raw)).toEqual(raw);
      },
    );

    test.each(foreign)("is destroyed by no create, put or delete: %s", async (_, attributes) => {
      const { raw, input, key, store } = await placed(subject, attributes);
      for (const write of [() => store.create(input), () => store.put(input)]) {
        const error = await failureOf(write(), ConditionalCheckFailedError);
        expect(error.message).toMatch(
          /another item is at this key \((EntityType Draft|no EntityType)\)$/,
        );
        expect(error.message).not.toContain("somebody's");
        expect(error.item).toBeNull();
      }
      expect(await store.delete(key)).toBeNull();
      expect(requestsOf(table.data)).toEqual(["PutItem", "UpdateItem", "DeleteItem"]);
      expect(await stored(raw)).toEqual(raw);
    });
  });
});
