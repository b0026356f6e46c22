import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { settings } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";

const content = { type: "Blog Post", content: "Text" };

describe.each(settings)("update on $name", (engine) => {
  const clock = { time: 1_000, now: () => clock.time };
  const table = openTable(engine, { clock });
  let count = 0;
  /** A stored item with a key of its own. */
  async function stored(data: Record<string, unknown> = {}) {
    count += 1;
    const key = { userId: "u1", contentId: `c${count}` };
    clock.time = 1_000;
    const item = await table.data.savedContent.create({ ...key, data: { ...content, ...data } });
    clock.time = 2_000;
    table.data.wire.clear();
    return { key, item };
  }
  const store = () => table.data.savedContent;

  test("takes one request and returns the whole item", async () => {
    const { key, item } = await stored({ title: "before" });
    const updated = await store().update(key, { title: "after" });
    expect(requestsOf(table.data)).toEqual(["UpdateItem"]);
    expect(updated).toStrictEqual({
      ...item,
      data: { ...item.data, title: "after" },
      updatedAt: 2_000,
    });
  });

  test("ignores undefined and stores null (one undefined failed the whole call)", async () => {
    const { key } = await stored({ title: "t", name: "n" });
    const updated = await store().update(key, { title: undefined, name: null, status: "draft" });
    expect(updated.data).toMatchObject({ title: "t", name: null, status: "draft" });
    const values = { metadata: { gone: undefined, kept: 1 } };
    expect((await store().update(key, values)).data.metadata).toStrictEqual({ kept: 1 });
  });

  test.each([
    ["nothing", {}],
    ["nothing but undefined", { title: undefined }],
  ])("refuses %s (it left a ghost with keys and UpdatedAt alone)", async (_, changes) => {
    const { key, item } = await stored();
    const error = await failureOf(store().update(key, changes), ValidationError);
    expect(error.issues).toEqual([
      { path: "changes", message: "must change something: only undefined was given" },
    ]);
    expect(requestsOf(table.data)).toEqual([]);
    expect(await store().get(key)).toStrictEqual(item);
    const missing = { userId: "u1", contentId: "no-ghost" };
    await failureOf(store().update(missing, changes), ValidationError);
    expect(await table.raw.get("USER#u1", "CONTENT#no-ghost")).toBeUndefined();
  });

  test("says of a missing item that it is not there (it said: document path invalid)", async () => {
    await stored();
    const missing = { userId: "u1", contentId: "none" };
    for (const options of [
      {},
      { ifUpdatedAt: 5 },
      { where: { type: "x" } },
      { remove: ["title"] as const },
    ]) {
      const error = await failureOf(
        store().update(missing, { status: "x" }, options),
        ItemNotFoundError,
      );
      expect(error.message).toBe("update SavedContent (userId=u1, contentId=none): no such item");
    }
    await failureOf(
      store().update(missing, {}, { set: [[["metadata", "a"], 1]] }),
      ItemNotFoundError,
    );
    expect(await table.raw.get("USER#u1", "CONTENT#none")).toBeUndefined();
  });

  describe("names and paths", () => {
    test("a dot in a name is only a dot", async () => {
      const { key } = await stored({ "a.b": 1, a: { b: 1 } });
      const updated = await store().update(key, { "a.b": 2 } as object);
      expect(updated.data).toMatchObject({ "a.b": 2, a: { b: 1 } });
      const inside = await store().update(key, {}, { set: [[["a", "b.c"], 3]] as never });
      expect(inside.data).toMatchObject({ "a.b": 2, a: { b: 1, "b.c": 3 } });
      const removed = await store().update(key, {}, { remove: ["a.b"] as never });
      expect(removed.data).not.toHaveProperty(["a.b"]);
      expect(removed.data).toMatchObject({ a: { b: 1 } });
    });

    test("names that the expression language knows are only names", async () => {
      const { key } = await stored();
      const odd = {
        size: 1,
        "#0": 2,
        ":0": 3,
        Data: { Data: 4 },
        PK: 5,
        "2024": 6,
        "a b": 7,
        and: 8,
      };
      const updated = await store().update(key, odd as object);
      expect(updated.data).toStrictEqual({ id: key.contentId, ...content, ...odd });
      const again = await store().update(key, {}, { set: [[["Data", "Data"], 40]] as never });
      expect(again.data).toMatchObject({ Data: { Data: 40 } });
      expect(await store().get(key)).toStrictEqual(again);
    });

    test("createdAt, updatedAt and keys inside the payload are not the item's (placeholders collided)", async () => {
      const { key } = await stored({ createdAt: "2020", updatedAt: "2021", userId: "payload" });
      const updated = await store().update(
        key,
        { createdAt: "2022", updatedAt: 5, contentId: "payload" } as object,
        { ifUpdatedAt: 1_000, where: { updatedAt: "2021", createdAt: "2020" } },
      );
      expect(updated).toStrictEqual({
        ...key,
        data: {
          id: key.contentId,
          ...content,
          createdAt: "2022",
          updatedAt: 5,
          userId: "payload",
          contentId: "payload",
        },
        createdAt: 1_000,
        updatedAt: 2_000,
      });
    });

    test("changes are shallow: a map is replaced whole", async () => {
      const { key } = await stored({ metadata: { a: 1, b: { c: 2 } } });
      const updated = await store().update(key, { metadata: { d: 3 } });
      expect(updated.data.metadata).toStrictEqual({ d: 3 });
    });

    test("set and remove reach inside maps and lists", async () => {
      const list = ["zero", { one: 1 }, "two", "three"];
      const { key } = await stored({ metadata: { a: { b: 1, gone: 1 }, list }, title: "gone" });
      const updated = await store().update(
        key,
        { status: "draft" },
        {
          set: [
            [["metadata", "a", "b"], 2],
            [["metadata", "a", "new"], { deep: [null] }],
            [["metadata", "list", 1, "one"], "changed"],
            [["metadata", "2024"], "a name of digits"],
          ],
          remove: ["title", ["metadata", "a", "gone"], ["metadata", "list", 3]],
        },
      );
      expect(updated.data).toStrictEqual({
        id: key.contentId,
        ...content,
        status: "draft",
        metadata: {
          a: { b: 2, new: { deep: [null] } },
          list: ["zero", { one: "changed" }, "two"],
          "2024": "a name of digits",
        },
      });
      expect(requestsOf(table.data)).toEqual(["UpdateItem"]);
    });

    test("removing what is not there is well, where its parent is", async () => {
      const { key, item } = await stored({ metadata: {} });
      const updated = await store().update(key, {}, { remove: ["title", ["metadata", "none"]] });
      expect(updated.data).toStrictEqual(item.data);
    });

    test.each([
      ["a map that is not there", { set: [[["metadata", "a"], 1]] }, "data.metadata"],
      ["a deeper one", { set: [[["metadata", "a", "b"], 1]] }, "data.metadata.a"],
      ["a text", { set: [[["title", "a"], 1]] }, "data.title"],
      ["a null", { remove: [["name", "a"]] }, "data.name"],
      ["a list's member", { set: [[["headerImage", 0, "x"], 1]] }, "data.headerImage[0]"],
    ] as const)(
      "refuses a path through %s, and says which parent is missing",
      async (_, options, path) => {
        const { key, item } = await stored({ title: "text", name: null });
        const error = await failureOf(
          store().update(key, { status: "x" }, options as never),
          ValidationError,
        );
        expect(error.issues).toEqual([
          { path, message: "does not exist: nothing can be set or removed inside it" },
        ]);
        expect(error.message).toContain(
          `update SavedContent (userId=u1, contentId=${key.contentId}): ${path}`,
        );
        expect(await store().get(key)).toStrictEqual(item);
      },
    );

    test("refuses a nested path in an item without Data", async () => {
      const raw = { EntityType: "SavedContent", CreatedAt: 1, UpdatedAt: 1 };
      await table.raw.put({ PK: "USER#u1", SK: "CONTENT#bare", ...raw });
      const key = { userId: "u1", contentId: "bare" };
      const error = await failureOf(
        store().update(key, {}, { set: [[["metadata", "a"], 1]] }),
        ValidationError,
      );
      expect(error.issues).toMatchObject([{ path: "data.metadata" }]);
      expect(await store().get(key)).toMatchObject({ data: {}, updatedAt: 1 });
    });

    test.each([
      ["the same field twice", { title: "a" }, { remove: ["title"] }, "data.title"],
      [
        "a path inside another",
        { metadata: {} },
        { set: [[["metadata", "a"], 1]] },
        "data.metadata",
      ],
      [
        "one path twice",
        {},
        {
          set: [
            [["metadata", "a"], 1],
            [["metadata", "a"], 2],
          ],
        },
        "data.metadata.a",
      ],
      [
        "a removal inside a change",
        {},
        { set: [[["metadata", "a"], 1]], remove: [["metadata", "a", 0]] },
        "data.metadata.a",
      ],
    ] as const)("refuses paths that overlap: %s", async (_, changes, options, path) => {
      const { key } = await stored({ metadata: { a: [1] } });
      const error = await failureOf(
        store().update(key, changes, options as never),
        ValidationError,
      );
      expect(error.issues).toEqual([
        { path, message: "is named more than once, or inside another change" },
      ]);
      expect(requestsOf(table.data)).toEqual([]);
    });
  });

  describe("an item without Data", () => {
    const bare = (contentId: string, more: object = {}) => ({
      PK: "USER#u1",
      SK: `CONTENT#${contentId}`,
      EntityType: "SavedContent",
      CreatedAt: 1,
      UpdatedAt: 1,
      ...more,
    });

    test("gets one in two requests, with the id of its key", async () => {
      await table.raw.put(bare("bare-1"));
      table.data.wire.clear();
      const item = await store().update({ userId: "u1", contentId: "bare-1" }, { title: "t" });
      expect(requestsOf(table.data)).toEqual(["UpdateItem", "UpdateItem"]);
      expect(item.data).toStrictEqual({ id: "bare-1", title: "t" });
      clock.time += 1;
      await store().update({ userId: "u1", contentId: "bare-1" }, { name: "n" });
      expect(requestsOf(table.data)).toEqual(["UpdateItem"]);
    });

    test.each([null, "text", ["list"]])("a Data of %j is none", async (Data) => {
      const contentId = `bare-${JSON.stringify(Data)}`;
      await table.raw.put(bare(contentId, { Data }));
      const item = await store().update({ userId: "u1", contentId }, { title: "t" });
      expect(item.data).toStrictEqual({ id: contentId, title: "t" });
    });

    test("keeps the lock: a stale ifUpdatedAt is refused", async () => {
      await table.raw.put(bare("bare-lock"));
      const key = { userId: "u1", contentId: "bare-lock" };
      const stale = store().update(key, { title: "t" }, { ifUpdatedAt: 5 });
      await failureOf(stale, ConditionalCheckFailedError);
      expect(await table.raw.get("USER#u1", "CONTENT#bare-lock")).toStrictEqual(bare("bare-lock"));
      const item = await store().update(key, { title: "t" }, { ifUpdatedAt: 1 });
      expect(item.data).toMatchObject({ title: "t" });
    });

    test("of two at once nothing is lost", async () => {
      await table.raw.put(bare("bare-race"));
      const key = { userId: "u1", contentId: "bare-race" };
      await Promise.all([store().update(key, { title: "t" }), store().update(key, { name: "n" })]);
      expect((await store().get(key))?.data).toMatchObject({ title: "t", name: "n" });
    });
  });

  describe("ifUpdatedAt", () => {
    test("lets the write through while nobody else wrote (the lock always failed)", async () => {
      const { key, item } = await stored();
      const first = await store().update(key, { title: "1" }, { ifUpdatedAt: item.updatedAt });
      const second = await store().update(key, { title: "2" }, { ifUpdatedAt: first.updatedAt });
      expect(second.data.title).toBe("2");
      expect(second.updatedAt).toBeGreaterThan(first.updatedAt);
    });

    test("refuses a stale one, says so and shows what is there", async () => {
      const { key, item } = await stored();
      const current = await store().update(key, { title: "theirs" });
      const error = await failureOf(
        store().update(key, { title: "mine" }, { ifUpdatedAt: item.updatedAt }),
        ConditionalCheckFailedError,
      );
      expect(error.message).toBe(
        `update SavedContent (userId=u1, contentId=${key.contentId}): the item was changed since it was read (ifUpdatedAt)`,
      );
      expect(error.item).toStrictEqual(current);
      expect(await store().get(key)).toStrictEqual(current);
    });

    test("a stale one never succeeds because two writes fell into one millisecond", async () => {
      const { key, item } = await stored();
      clock.time = 1_000;
      const second = await store().update(key, { title: "second" });
      const third = await store().update(key, { title: "third" });
      expect([item, second, third].map(({ updatedAt }) => updatedAt)).toEqual([
        1_000, 1_001, 1_002,
      ]);
      for (const stale of [item, second]) {
        const late = store().update(key, { title: "late" }, { ifUpdatedAt: stale.updatedAt });
        await failureOf(late, ConditionalCheckFailedError);
      }
      expect((await store().get(key))?.data.title).toBe("third");
    });

    test("on a clock that stands still takes no second request: the lock tells the time", async () => {
      const { key, item } = await stored();
      clock.time = 1_000;
      const changed = await store().update(key, { title: "t" }, { ifUpdatedAt: item.updatedAt });
      expect(changed.updatedAt).toBe(item.updatedAt + 1);
      expect(requestsOf(table.data)).toEqual(["UpdateItem"]);
    });

    test("20 writers who retry lose no update", async () => {
      const { key } = await stored({ metadata: { count: 0 } });
      const increment = async (): Promise<void> => {
        for (;;) {
          const { data, updatedAt } = await store().getOrThrow(key, { consistent: true });
          const count = Number(data.metadata?.count) + 1;
          clock.time += 1;
          try {
            await store().update(key, { metadata: { count } }, { ifUpdatedAt: updatedAt });
            return;
          } catch (error) {
            if (!(error instanceof ConditionalCheckFailedError)) throw error;
          }
        }
      };
      await Promise.all(Array.from({ length: 20 }, increment));
      const item = await store().getOrThrow(key);
      expect(item.data.metadata).toEqual({ count: 20 });
    });

    test("20 writers of different fields without a lock lose no update", async () => {
      const { key } = await stored({ metadata: {} });
      const names = Array.from({ length: 20 }, (_, index) => `field${index}`);
      await Promise.all(
        names.map((name) => store().update(key, {}, { set: [[["metadata", name], name]] })),
      );
      // Each learns once that the clock stands still, and then adds to what is there.
      expect(requestsOf(table.data).length).toBeLessThanOrEqual(2 * 20);
      const item = await store().getOrThrow(key);
      expect(Object.keys(item.data.metadata ?? {}).sort()).toEqual([...names].sort());
    });
  });

  describe("where", () => {
    test("lets the write through where it holds, as object or callback", async () => {
      const { key } = await stored({ status: "draft" });
      const first = await store().update(key, { status: "sent" }, { where: { status: "draft" } });
      expect(first.data.status).toBe("sent");
      const second = await store().update(
        key,
        { title: "t" },
        {
          where: (data, { eq, notExists }) =>
            `${eq(data.status, "sent")} AND ${notExists(data.title)}`,
        },
      );
      expect(second.data.title).toBe("t");
      const third = await store().update(key, { name: "n" }, { where: { name: null } });
      expect(third.data.name).toBe("n");
    });

    test("refuses where it does not hold, and shows what is there", async () => {
      const { key, item } = await stored({ status: "sent" });
      const error = await failureOf(
        store().update(key, { status: "x" }, { where: { status: "draft" } }),
        ConditionalCheckFailedError,
      );
      expect(error.message).toBe(
        `update SavedContent (userId=u1, contentId=${key.contentId}): the condition does not hold (where)`,
      );
      expect(error.item).toStrictEqual(item);
      expect(requestsOf(table.data)).toEqual(["UpdateItem"]);
      expect(await store().get(key)).toStrictEqual(item);
    });

    test("that does not hold on a clock that stands still is refused all the same", async () => {
      const { key } = await stored({ status: "sent" });
      clock.time = 1_000;
      await failureOf(
        store().update(key, { status: "x" }, { where: { status: "draft" } }),
        ConditionalCheckFailedError,
      );
    });

    test("an OR in it does not loosen the other conditions", async () => {
      const { key, item } = await stored({ status: "sent" });
      const error = await failureOf(
        store().update(
          key,
          { title: "t" },
          {
            ifUpdatedAt: item.updatedAt - 1,
            where: (data, { eq }) => `${eq(data.status, "none")} OR ${eq(data.status, "sent")}`,
          },
        ),
        ConditionalCheckFailedError,
      );
      expect(error.message).toContain("ifUpdatedAt");
      await failureOf(
        store().update(
          { userId: "u1", contentId: "none" },
          { title: "t" },
          {
            where: (data, { exists, notExists }) =>
              `${exists(data.type)} OR ${notExists(data.type)}`,
          },
        ),
        ItemNotFoundError,
      );
      expect(await table.raw.get("USER#u1", "CONTENT#none")).toBeUndefined();
    });
  });

  describe("the schema", () => {
    test("checks the changed fields alone", async () => {
      const raw = { EntityType: "SavedContent", CreatedAt: 1, UpdatedAt: 1, Data: { type: 5 } };
      await table.raw.put({ PK: "USER#u1", SK: "CONTENT#odd", ...raw });
      const key = { userId: "u1", contentId: "odd" };
      expect((await store().update(key, { title: "t" })).data).toEqual({ type: 5, title: "t" });
    });

    test("lists every field that breaks it, with its path", async () => {
      const { key } = await stored();
      const error = await failureOf(
        store().update(key, { type: 5, title: [] } as never, {
          set: [[["metadata", "x"], Number.NaN]],
          remove: ["content"],
        }),
        ValidationError,
      );
      expect(error.issues.map((issue) => issue.path)).toEqual([
        "data.type",
        "data.title",
        "data.metadata.x",
        "data.content",
      ]);
      expect(requestsOf(table.data)).toEqual([]);
    });

    test("a nested value is checked against its part of the schema", async () => {
      const { brandAudit } = table.data;
      const key = { userId: "u1", auditId: "main" };
      await brandAudit.put({
        ...key,
        data: { results: [{ platform: "Yelp", status: "Consistent" }] },
      });
      const error = await failureOf(
        brandAudit.update(key, {}, { set: [[["results", 0, "status"], 5]] }),
        ValidationError,
      );
      expect(error.issues).toMatchObject([{ path: "data.results[0].status" }]);
      const item = await brandAudit.update(
        key,
        {},
        { set: [[["results", 0, "status"], "Not Found"]] },
      );
      expect(item.data.results).toEqual([{ platform: "Yelp", status: "Not Found" }]);
    });
  });
});
