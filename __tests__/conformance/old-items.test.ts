/** Items that an earlier version of the application left: read, changed and replaced without loss. */
import { settings } from "../engines.js";
import { openTable, requestsOf } from "../open.js";
import {
  type AnyInput,
  keyOf,
  type Registered,
  registry,
  storeOf,
  workspaceEntities,
} from "../registry.js";

/** The physical key of each entity's item `i1` of the user `u`, written out. */
const rawKeys: Readonly<Record<string, (user: string, id: string) => { PK: string; SK: string }>> =
  {
    userProfile: (u) => ({ PK: `USER#${u}`, SK: "PROFILE" }),
    realEstateAgentProfile: (u, id) => ({ PK: `USER#${u}`, SK: `AGENT#${id}` }),
    review: (u, id) => ({ PK: `REVIEW#${u}`, SK: `REVIEW#${id}` }),
    brandAudit: (u, id) => ({ PK: `USER#${u}`, SK: `AUDIT#${id}` }),
    competitor: (u, id) => ({ PK: `USER#${u}`, SK: `COMPETITOR#${id}` }),
    researchReport: (u, id) => ({ PK: `USER#${u}`, SK: `REPORT#${id}` }),
    project: (u, id) => ({ PK: `USER#${u}`, SK: `PROJECT#${id}` }),
    savedContent: (u, id) => ({ PK: `USER#${u}`, SK: `CONTENT#${id}` }),
    trainingProgress: (u, id) => ({ PK: `USER#${u}`, SK: `TRAINING#${id}` }),
    marketingPlan: (u, id) => ({ PK: `USER#${u}`, SK: `PLAN#${id}` }),
    reviewAnalysis: (u, id) => ({ PK: `USER#${u}`, SK: `ANALYSIS#${id}` }),
    oauthToken: (u, id) => ({ PK: `OAUTH#${u}`, SK: id }),
  };

/** What no schema knows, what is null, and an id that disagrees with the key. */
const oldData = {
  id: "not-the-key",
  unknown: { deep: [1, { two: null }], "dotted.name": "kept" },
  nothing: null,
  empty: "",
  rating: "five",
  results: "one text",
};

function oldItem(entity: Registered, user: string, id: string): Record<string, unknown> {
  return {
    ...rawKeys[entity.name]?.(user, id),
    EntityType: entity.entity,
    Data: oldData,
    CreatedAt: 1_600_000_000_000,
    UpdatedAt: 1_600_000_000_001,
    // Earlier reviews have the one key of the index without the other.
    ...(entity.name === "review" && { GSI1PK: `REVIEW#${id}` }),
  };
}

function keyFor(entity: Registered, user: string, id: string): Record<string, string> {
  return keyOf(entity, { [entity.owner]: user, ...(entity.id && { [entity.id]: id }), data: {} });
}

describe.each(settings)("items of an earlier writer on $name", (engine) => {
  const table = openTable(engine);
  beforeEach(() => table.data.wire.clear());

  describe.each(registry)("$name", (entity) => {
    const { name, owner, dated } = entity;
    const store = () => storeOf(table.data, entity);
    const expected = (user: string, id: string) => ({
      ...keyFor(entity, user, id),
      data: oldData,
      createdAt: 1_600_000_000_000,
      updatedAt: 1_600_000_000_001,
    });

    test("are read through get, query, list and batchGet, with the ids of their keys", async () => {
      const user = `${name}-read`;
      await table.raw.put(
        oldItem(entity, user, "i1"),
        oldItem(entity, user, "with#hash\nand line"),
      );
      const ids = entity.id === undefined ? ["i1"] : ["i1", "with#hash\nand line"];
      const all = ids.map((id) => expected(user, id));
      for (const id of ids) {
        expect(await store().get(keyFor(entity, user, id))).toStrictEqual(expected(user, id));
      }
      expect((await store().query({ [owner]: user })).items).toStrictEqual(all);
      const listed: unknown[] = [];
      for await (const item of store().list({ [owner]: user })) listed.push(item);
      expect(listed).toStrictEqual(all);
      const keys = ids.map((id) => keyFor(entity, user, id));
      expect(await store().batchGet(keys)).toStrictEqual(all);
      const projected = await store().get(keyFor(entity, user, "i1"), { fields: ["nothing"] });
      expect(projected).toStrictEqual({ ...expected(user, "i1"), data: { nothing: null } });
    });

    test("are filtered and paged by query as others are", async () => {
      const user = `${name}-filter`;
      await table.raw.put(oldItem(entity, user, "i1"));
      const partition = { [owner]: user };
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
      expect(requestsOf(table.data)).toEqual(["UpdateItem"]);
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
      expect((await store().query({ [owner]: user })).items).toMatchObject([{ data: {} }]);
      expect(await store().batchGet([key])).toMatchObject([{ data: {} }]);
      table.data.wire.clear();
      const updated = await store().update(key, { note: "new" });
      expect(requestsOf(table.data)).toEqual(["UpdateItem", "UpdateItem"]);
      expect(updated.data).toMatchObject({ note: "new" });
      expect(await store().get(key)).toStrictEqual(updated);
      expect(updated).toMatchObject({ createdAt: 1_600_000_000_000 });
    });

    test("are replaced by put, which keeps CreatedAt", async () => {
      const user = `${name}-put`;
      await table.raw.put(oldItem(entity, user, "i1"));
      const input: AnyInput = { ...keyFor(entity, user, "i1"), data: validData(entity) };
      const replaced = await store().put(input);
      expect(requestsOf(table.data)).toEqual(dated ? ["UpdateItem", "UpdateItem"] : ["UpdateItem"]);
      expect(replaced.createdAt).toBe(1_600_000_000_000);
      expect(await store().get(keyFor(entity, user, "i1"))).toStrictEqual(replaced);
      expect(replaced.data).not.toHaveProperty("unknown");
      const raw = await table.raw.get(...physical(user));
      expect(raw).toMatchObject({ ...keyFor(entity, user, "i1"), CreatedAt: 1_600_000_000_000 });
      await store().put(input);
      expect(requestsOf(table.data)).toEqual(["GetItem", "UpdateItem"]);
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
        const partition = { [owner]: user };
        const byDate = async () =>
          (await store().query(partition, { by: "createdAt" })).items.map((item) => item.createdAt);
        const newer = {
          ...keyFor(entity, user, "i2"),
          data: validData(entity),
          createdAt: 1_600_000_000_500,
        };
        await store().create(newer);
        await table.raw.put(oldItem(entity, user, "i1"));
        expect(await byDate()).toEqual([1_600_000_000_500]);

        await store().put({ ...keyFor(entity, user, "i1"), data: validData(entity) });
        expect(await byDate()).toEqual([1_600_000_000_000, 1_600_000_000_500]);
        expect(await table.raw.index(`USER#${user}`)).toMatchObject([
          {
            GSI1SK: expect.stringMatching(/^[A-Z]+#1600000000000#i1$/),
            ...rawKeys[name]?.(user, "i1"),
          },
          { GSI1SK: expect.stringMatching(/^[A-Z]+#1600000000500#i2$/) },
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
        const item = await store().put({ ...key, data: validData(entity) });
        expect(item.createdAt).toBeGreaterThanOrEqual(before);
        const { items } = await store().query({ [owner]: user }, { by: "createdAt" });
        expect(items).toStrictEqual([item]);
      });
    }

    function physical(user: string): [string, string] {
      const { PK, SK } = rawKeys[name]?.(user, "i1") ?? { PK: "", SK: "" };
      return [PK, SK];
    }
  });

  test("a review with a lone GSI1PK is not in the index until it is put, then it is", async () => {
    const entity = registry.find(({ name }) => name === "review");
    if (entity === undefined) throw new Error("there is no review");
    await table.raw.put(oldItem(entity, "agent", "lone"));
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
    for (const entity of registry) await table.raw.put(oldItem(entity, user, "i1"));
    const workspace = await table.data.collections.workspace({ userId: user });
    expect(Object.keys(workspace)).toEqual([...workspaceEntities]);
    for (const entity of registry) {
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

/** The least that each entity's schema takes. */
function validData({ name }: Registered): Record<string, unknown> {
  const payloads: Readonly<Record<string, Record<string, unknown>>> = {
    review: { author: { name: "Lee" }, source: "Google", rating: 5, comment: "" },
    brandAudit: { results: [] },
    competitor: { name: "Max" },
    researchReport: { topic: "t", report: "r" },
    project: { name: "n" },
    savedContent: { type: "t", content: "c" },
    trainingProgress: { completed: false },
    reviewAnalysis: { overallSentiment: "Mixed", summary: "", keywords: [], commonThemes: [] },
    oauthToken: { accessToken: "t" },
  };
  return payloads[name] ?? {};
}
