/** Items that an earlier version of the application left: read, changed and replaced without loss. */
import { settings } from "../engines.js";
import { openTable, requestsOf } from "../open.js";
import { workspaceEntities } from "../registry.js";
import { generatedEntities, registered, type Subject, subjectOf, subjectsOn } from "../subjects.js";
import { itemsOf } from "./items.js";

/** What no schema knows, what is null, and an id that disagrees with the key. */
const oldData = {
  id: "not-the-key",
  unknown: { deep: [1, { two: null }], "dotted.name": "kept" },
  nothing: null,
  empty: "",
  rating: "five",
  results: "one text",
};

function oldItem(subject: Subject, user: string, id: string): Record<string, unknown> {
  const key = subject.key(subject.input(user, id));
  return {
    ...subject.raw(key),
    EntityType: subject.entity,
    Data: oldData,
    CreatedAt: 1_600_000_000_000,
    UpdatedAt: 1_600_000_000_001,
    // Earlier reviews have the one key of the index without the other.
    ...(subject.name === "review" && { GSI1PK: `REVIEW#${id}` }),
  };
}

describe.each(settings)("items of an earlier writer on $name", (engine) => {
  const table = openTable(engine, { entities: generatedEntities } as object);
  const keyFor = (subject: Subject, user: string, id: string) =>
    subject.key(subject.input(user, id));
  const itemFor = (subject: Subject, user: string, id: string) => ({
    createdAt: 1_600_000_000_000,
    // A time that the key holds is the one that counts.
    ...keyFor(subject, user, id),
    data: oldData,
    updatedAt: 1_600_000_000_001,
  });
  beforeEach(() => table.data.wire.clear());

  describe.each(subjectsOn(engine))("$title", (entity) => {
    const { name, dated } = entity;
    const { store, empty } = itemsOf(entity, table);
    const partitionOf = (user: string) => entity.partition(entity.input(user, "i1"));
    const expected = (user: string, id: string) => itemFor(entity, user, id);
    beforeEach(async () => {
      await empty();
      table.data.wire.clear();
    });

    test("are read through get, query, list and batchGet, with the ids of their keys", async () => {
      const user = `${name}-read`;
      const odd = entity.freeId ? "with#hash\nand line" : "with\nline";
      await table.raw.put(oldItem(entity, user, "i1"), oldItem(entity, user, odd));
      const ids = entity.id === undefined ? ["i1"] : ["i1", odd];
      const all = ids.map((id) => expected(user, id));
      for (const id of ids) {
        expect(await store().get(keyFor(entity, user, id))).toStrictEqual(expected(user, id));
      }
      expect((await store().query(partitionOf(user))).items).toStrictEqual(all);
      expect(await store().count(partitionOf(user))).toBe(all.length);
      const listed: unknown[] = [];
      for await (const item of store().list(partitionOf(user))) listed.push(item);
      expect(listed).toStrictEqual(all);
      const keys = ids.map((id) => keyFor(entity, user, id));
      expect(await store().batchGet(keys)).toStrictEqual(all);
      const projected = await store().get(keyFor(entity, user, "i1"), { fields: ["nothing"] });
      expect(projected).toStrictEqual({ ...expected(user, "i1"), data: { nothing: null } });
    });

    test("are filtered and paged by query as others are", async () => {
      const user = `${name}-filter`;
      await table.raw.put(oldItem(entity, user, "i1"));
      const partition = partitionOf(user);
      const matching = await store().query(partition, {
        where: { nothing: null, empty: "" },
        limit: 1,
      });
      expect(matching.items).toStrictEqual([expected(user, "i1")]);
      expect((await store().query(partition, { where: { missing: null } })).items).toHaveLength(1);
      expect((await store().query(partition, { where: { nothing: "x" } })).items).toEqual([]);
    });

    test("lose nothing inside Data when a reader changes and writes them", async () => {
      const user = `${name}-change`;
      const key = keyFor(entity, user, "i1");
      await table.raw.put(oldItem(entity, user, "i1"));
      const updated = await store().update(key, { note: "new" });
      expect(updated).toStrictEqual({
        ...expected(user, "i1"),
        data: { ...oldData, note: "new" },
        updatedAt: expect.any(Number),
      });
      expect(updated.updatedAt).toBeGreaterThan(1_600_000_000_001);
      const times = entity.upgraded ? 2 : 1;
      expect(requestsOf(table.data)).toEqual(Array(times).fill("UpdateItem"));
      const raw = await table.raw.get(...physical(user));
      expect(raw).toMatchObject({
        EntityType: entity.entity,
        Data: { ...oldData, note: "new" },
        CreatedAt: 1_600_000_000_000,
      });
      expect(await store().get(key)).toStrictEqual(updated);
    });

    test("without Data read as {} and take an update in two requests", async () => {
      const user = `${name}-without`;
      const { Data: __, ...bare } = oldItem(entity, user, "i1");
      await table.raw.put(bare);
      const key = keyFor(entity, user, "i1");
      expect(await store().get(key)).toStrictEqual({ ...expected(user, "i1"), data: {} });
      expect((await store().query(partitionOf(user))).items).toMatchObject([{ data: {} }]);
      expect(await store().batchGet([key])).toMatchObject([{ data: {} }]);
      table.data.wire.clear();
      const updated = await store().update(key, { note: "new" });
      expect(requestsOf(table.data)).toEqual(["UpdateItem", "UpdateItem"]);
      expect(updated.data).toMatchObject({ note: "new" });
      expect(await store().get(key)).toStrictEqual(updated);
      expect(updated.createdAt).toBe(expected(user, "i1").createdAt);
    });

    test("are replaced by put, which keeps CreatedAt", async () => {
      const user = `${name}-put`;
      await table.raw.put(oldItem(entity, user, "i1"));
      const input = entity.input(user, "i1");
      const replaced = await store().put(input);
      expect(requestsOf(table.data)).toEqual(Array(entity.timedIndex ? 2 : 1).fill("UpdateItem"));
      expect(replaced.createdAt).toBe(expected(user, "i1").createdAt);
      expect(await store().get(keyFor(entity, user, "i1"))).toStrictEqual(replaced);
      expect(replaced.data).not.toHaveProperty("unknown");
      const raw = await table.raw.get(...physical(user));
      const { createdAt: __, ...parts } = keyFor(entity, user, "i1");
      expect(raw).toMatchObject({ ...parts, CreatedAt: 1_600_000_000_000 });
      await store().put(input);
      const again = entity.mixedIndex ? ["UpdateItem", "UpdateItem"] : ["UpdateItem"];
      expect(requestsOf(table.data)).toEqual(["GetItem", ...again]);
    });

    test("are found and deleted", async () => {
      const user = `${name}-delete`;
      await table.raw.put(oldItem(entity, user, "i1"));
      expect(await store().delete(keyFor(entity, user, "i1"))).toStrictEqual(expected(user, "i1"));
      expect(await table.raw.get(...physical(user))).toBeUndefined();
    });

    if (dated) {
      test("enter the index at their old CreatedAt by put, and leave it by an old writer's put", async () => {
        const user = `${name}-index`;
        const partition = partitionOf(user);
        const byDate = async () =>
          (await store().query(partition, { by: "createdAt" })).items.map((item) => item.createdAt);
        const newer = {
          ...keyFor(entity, user, "i2"),
          data: entity.input(user, "i1").data,
          createdAt: 1_600_000_000_500,
        };
        await store().create(newer);
        await table.raw.put(oldItem(entity, user, "i1"));
        expect(await byDate()).toEqual([1_600_000_000_500]);

        await store().put({ ...keyFor(entity, user, "i1"), data: entity.input(user, "i1").data });
        expect(await byDate()).toEqual([1_600_000_000_000, 1_600_000_000_500]);
        expect(await table.raw.index(physical(user)[0])).toMatchObject([
          {
            GSI1SK: expect.stringMatching(/^[A-Z\d]+#1600000000000#i1$/),
            ...entity.raw(keyFor(entity, user, "i1")),
          },
          { GSI1SK: expect.stringMatching(/^[A-Z\d]+#1600000000500#i2$/) },
        ]);

        await table.raw.put(oldItem(entity, user, "i1"));
        expect(await byDate()).toEqual([1_600_000_000_500]);
        expect(await store().get(keyFor(entity, user, "i1"))).toStrictEqual(expected(user, "i1"));
        expect((await store().query(partition)).items).toHaveLength(2);
      });

      test("that were never given a CreatedAt enter the index at the time of the put", async () => {
        const user = `${name}-timeless`;
        const { CreatedAt: __, UpdatedAt: ___, ...timeless } = oldItem(entity, user, "i1");
        await table.raw.put(timeless);
        const key = keyFor(entity, user, "i1");
        expect(await store().get(key)).toMatchObject({ createdAt: 0, updatedAt: 0 });
        const before = Date.now();
        const item = await store().put({ ...key, data: entity.input(user, "i1").data });
        expect(item.createdAt).toBeGreaterThanOrEqual(before);
        const { items } = await store().query(partitionOf(user), { by: "createdAt" });
        expect(items).toStrictEqual([item]);
      });
    }

    function physical(user: string): [string, string] {
      const { PK, SK } = entity.raw(keyFor(entity, user, "i1"));
      return [PK, SK];
    }
  });

  test("a review with a lone GSI1PK is not in the index until it is put, then it is", async () => {
    await table.raw.put(oldItem(subjectOf("review"), "agent", "lone"));
    expect(await table.raw.index("REVIEW#lone")).toEqual([]);
    const key = { agentId: "agent", reviewId: "lone" };
    const { data } = table;
    expect(await data.review.get(key)).toMatchObject(key);
    await data.review.put({
      ...key,
      data: { author: { name: "Lee" }, source: "Google", rating: 4, comment: "Good" },
    });
    expect(await table.raw.index("REVIEW#lone")).toMatchObject([
      { PK: "REVIEW#agent", SK: "REVIEW#lone", GSI1SK: "AGENT#agent" },
    ]);
  });

  test("workspace reads them all under their facade names, with their ids", async () => {
    const user = "workspace-of-old";
    for (const entity of registered) await table.raw.put(oldItem(entity, user, "i1"));
    const workspace = await table.data.collections.workspace({ userId: user });
    expect(Object.keys(workspace)).toEqual([...workspaceEntities]);
    for (const entity of registered) {
      const name = workspaceEntities.find((one) => one === entity.name);
      if (name === undefined) continue;
      expect(workspace[name]).toStrictEqual([
        {
          ...keyFor(entity, user, "i1"),
          data: oldData,
          createdAt: 1_600_000_000_000,
          updatedAt: 1_600_000_000_001,
        },
      ]);
    }
  });

  test.each([
    ["a null", null, 0],
    ["an ISO date", "2024-01-01T00:00:00.000Z", 1_704_067_200_000],
    ["a text", "yesterday", 0],
    ["nothing", undefined, 0],
  ])(
    "times that are %s are read as what they tell, and replaced by the next write",
    async (title, time, createdAt) => {
      const { savedContent } = table.data;
      const raw = (contentId: string) => ({
        PK: "USER#odd-times",
        SK: `CONTENT#${contentId}`,
        EntityType: "SavedContent",
        Data: { type: "t", content: title },
        ...(time !== undefined && { CreatedAt: time, UpdatedAt: time }),
      });
      const key = (contentId: string) => ({ userId: "odd-times", contentId });
      const [updated, locked, replaced, deleted] = ["a", "b", "c", "d"].map(
        (id) => `${title}-${id}`,
      );
      for (const id of [updated, locked, replaced, deleted]) await table.raw.put(raw(id ?? ""));
      const before = Date.now();

      const read = await savedContent.get(key(updated ?? ""));
      expect(read).toMatchObject({ createdAt, updatedAt: 0, data: { content: title } });
      table.data.wire.clear();
      const written = await savedContent.update(key(updated ?? ""), { title: "t" });
      expect(requestsOf(table.data)).toEqual(["UpdateItem"]);
      expect(written).toMatchObject({ createdAt, data: { content: title, title: "t" } });
      expect(written.updatedAt).toBeGreaterThanOrEqual(before);

      const lock = { ifUpdatedAt: 0 };
      expect(await savedContent.update(key(locked ?? ""), { title: "t" }, lock)).toMatchObject({
        createdAt,
      });
      const put = await savedContent.put({
        ...key(replaced ?? ""),
        data: { type: "t", content: "c" },
      });
      if (createdAt > 0) expect(put.createdAt).toBe(createdAt);
      else expect(put.createdAt).toBeGreaterThanOrEqual(before);
      const { items } = await savedContent.query(
        { userId: "odd-times" },
        { from: put.createdAt, to: put.createdAt },
      );
      expect(items).toContainEqual(put);
      expect(await savedContent.delete(key(deleted ?? ""), lock)).toMatchObject({ createdAt });
    },
  );

  test("an item of another kind under an entity's key is not the entity's", async () => {
    const userId = "other-kind";
    const raw = { EntityType: "Draft", Data: { a: 1 }, CreatedAt: 1, UpdatedAt: 1 };
    await table.raw.put({ PK: `USER#${userId}`, SK: "CONTENT#c1", ...raw });
    const { savedContent, collections } = table.data;
    expect(await savedContent.get({ userId, contentId: "c1" })).toBeNull();
    expect(await savedContent.batchGet([{ userId, contentId: "c1" }])).toEqual([null]);
    expect((await savedContent.query({ userId })).items).toEqual([]);
    expect((await collections.workspace({ userId })).savedContent).toEqual([]);
  });
});
