import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { settings } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";

const content = { type: "Blog Post", content: "Text" };

describe.each(settings)("delete on $name", (engine) => {
  const table = openTable(engine);
  const store = () => table.data.savedContent;

  test("takes one request, returns what was there, and null where nothing was", async () => {
    const key = { userId: "u1", contentId: "c1" };
    const item = await store().create({ ...key, data: { ...content, metadata: { a: [null] } } });
    table.data.wire.clear();
    expect(await store().delete(key)).toStrictEqual(item);
    expect(requestsOf(table.data)).toEqual(["DeleteItem"]);
    expect(await store().delete(key)).toBeNull();
    expect(await table.raw.get("USER#u1", "CONTENT#c1")).toBeUndefined();
    expect(await table.raw.index("USER#u1")).toEqual([]);
  });

  test("ifUpdatedAt refuses an item that was changed since, and one that is gone", async () => {
    const key = { userId: "u1", contentId: "locked" };
    const first = await store().create({ ...key, data: content });
    const second = await store().update(key, { title: "theirs" });
    const stale = await failureOf(
      store().delete(key, { ifUpdatedAt: first.updatedAt }),
      ConditionalCheckFailedError,
    );
    expect(stale.message).toBe(
      "delete SavedContent (userId=u1, contentId=locked): the item was changed since it was read (ifUpdatedAt)",
    );
    expect(stale.item).toStrictEqual(second);
    expect(await store().get(key)).toStrictEqual(second);
    expect(await store().delete(key, { ifUpdatedAt: second.updatedAt })).toStrictEqual(second);
    const gone = await failureOf(
      store().delete(key, { ifUpdatedAt: second.updatedAt }),
      ConditionalCheckFailedError,
    );
    expect(gone.message).toContain("the item is gone");
    expect(gone.item).toBeNull();
  });

  test("of many at once one returns the item", async () => {
    const key = { userId: "u1", contentId: "race" };
    const item = await store().create({ ...key, data: content });
    const found = await Promise.all(Array.from({ length: 10 }, () => store().delete(key)));
    expect(found.filter((one) => one !== null)).toStrictEqual([item]);
  });
});
