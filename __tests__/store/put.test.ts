import { createDataLayer } from "../../src/data-layer.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { settings } from "../engines.js";
import { indexedEntities } from "../indexed-entities.js";
import { openTable, requestsOf } from "../open.js";

const content = { type: "Blog Post", content: "Text" };

describe.each(settings)("put on $name", (engine) => {
  const clock = { time: 1_000, now: () => clock.time };
  const table = openTable(engine, { clock });
  beforeEach(() => {
    clock.time = 1_000;
    table.data.wire.clear();
  });

  test("takes one request, new or in place of what is there", async () => {
    const { savedContent, trainingProgress } = table.data;
    for (const time of [1_000, 2_000, 3_000]) {
      clock.time = time;
      await savedContent.put({ userId: "one", contentId: "c1", data: content });
      await trainingProgress.put({ userId: "one", moduleId: "m1", data: { completed: true } });
      expect(requestsOf(table.data)).toEqual(["UpdateItem", "UpdateItem"]);
    }
  });

  test("keeps createdAt and the place in the date index (CreatedAt was lost on each put)", async () => {
    const { savedContent } = table.data;
    const key = { userId: "keeps", contentId: "c1" };
    await savedContent.put({ ...key, data: content });
    clock.time = 5_000;
    await savedContent.put({ userId: "keeps", contentId: "c2", data: content });
    clock.time = 9_000;
    const replaced = await savedContent.put({ ...key, data: { ...content, title: "new" } });
    expect(replaced).toMatchObject({ createdAt: 1_000, updatedAt: 9_000, data: { title: "new" } });
    const { items } = await savedContent.query({ userId: "keeps" }, { by: "createdAt" });
    expect(items.map((item) => item.contentId)).toEqual(["c1", "c2"]);
    expect(items[0]).toStrictEqual(replaced);
  });

  test("a given createdAt counts only where nothing was there", async () => {
    const { savedContent, competitor } = table.data;
    const key = { userId: "given", contentId: "c1" };
    const first = await savedContent.put({ ...key, createdAt: 10, data: content });
    expect(first).toMatchObject({ createdAt: 10, updatedAt: 1_000 });
    const second = await savedContent.put({ ...key, createdAt: 20, data: content });
    expect(second.createdAt).toBe(10);
    const rival = { userId: "given", competitorId: "k1", data: { name: "Max" } };
    expect((await competitor.put({ ...rival, createdAt: 10 })).createdAt).toBe(10);
    expect((await competitor.put({ ...rival, createdAt: 20 })).createdAt).toBe(10);
    const { items } = await savedContent.query({ userId: "given" }, { from: 10, to: 10 });
    expect(items).toStrictEqual([second]);
  });

  test("of an old item the stored CreatedAt counts, not a given one", async () => {
    const { savedContent } = table.data;
    const old = { EntityType: "SavedContent", Data: content, CreatedAt: 77, UpdatedAt: 78 };
    await table.raw.put({ PK: "USER#old", SK: "CONTENT#c1", ...old });
    const key = { userId: "old", contentId: "c1" };
    const item = await savedContent.put({ ...key, createdAt: 20, data: content });
    expect(item).toMatchObject({ createdAt: 77, updatedAt: 1_000 });
    expect(await table.raw.get("USER#old", "CONTENT#c1")).toMatchObject({
      CreatedAt: 77,
      GSI1SK: "CONTENT#0000000000077#c1",
    });
  });

  test("updatedAt strictly grows while the clock stands still; that takes a second request", async () => {
    const { savedContent, project } = table.data;
    const times: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      const item = await savedContent.put({ userId: "frozen", contentId: "c1", data: content });
      times.push(item.updatedAt);
    }
    expect(times).toEqual([1_000, 1_001, 1_002, 1_003, 1_004]);
    expect(requestsOf(table.data)).toHaveLength(1 + 4 * 2);
    await project.put({ userId: "frozen", projectId: "p1", data: { name: "n" } });
    clock.time = 500;
    const { updatedAt, createdAt } = await project.put({
      userId: "frozen",
      projectId: "p1",
      data: { name: "n" },
    });
    expect({ updatedAt, createdAt }).toEqual({ updatedAt: 1_001, createdAt: 1_000 });
  });

  test("replaces whole: nothing of the old payload stays", async () => {
    const { savedContent } = table.data;
    const key = { userId: "whole", contentId: "c1" };
    await savedContent.put({ ...key, data: { ...content, title: "gone", metadata: { a: 1 } } });
    const item = await savedContent.put({ ...key, data: { ...content, metadata: { b: 2 } } });
    expect(item.data).toStrictEqual({ id: "c1", ...content, metadata: { b: 2 } });
  });

  test("20 at once for one key leave the last one, whole, and updatedAt tells each apart", async () => {
    const { savedContent } = table.data;
    const key = { userId: "race", contentId: "c1" };
    const written = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        savedContent.put({ ...key, data: { ...content, title: `${index}`, name: `${index}` } }),
      ),
    );
    // Each learns once that the clock stands still, and then adds to what is there.
    expect(requestsOf(table.data).length).toBeLessThanOrEqual(2 * 20);
    const times = written.map((item) => item.updatedAt);
    expect([...times].sort()).toEqual(Array.from({ length: 20 }, (_, index) => 1_000 + index));
    const last = written.find((item) => item.updatedAt === 1_019);
    expect(await savedContent.get(key)).toStrictEqual(last);
  });

  test("50 at once on a running clock all get through", async () => {
    const data = await createTestDataLayer({ engine: table.data.engine });
    const key = { userId: "race", contentId: "c1" };
    const written = await Promise.all(
      Array.from({ length: 50 }, () => data.savedContent.put({ ...key, data: content })),
    );
    expect(new Set(written.map((item) => item.updatedAt)).size).toBe(50);
    await data.close();
  });
});

describe.each(settings)("puts of one entity that store different attributes on $name", (engine) => {
  const clock = { time: 1_000, now: () => clock.time };
  const table = openTable(engine, { clock, ...({ entities: indexedEntities } as object) });

  test("share nothing but the attributes' names (their expressions are made once)", async () => {
    const { indexedLead } = table.data as unknown as {
      indexedLead: {
        put(input: object): Promise<object>;
        get(key: object): Promise<object | null>;
      };
    };
    const placesOf = async (leadId: string) => {
      const { GSI2PK, GSI6SK, UpdatedAt, Data } = {
        ...(await table.raw.get("USER#u1", `ILEAD#${leadId}`)),
      };
      return { GSI2PK, GSI6SK, UpdatedAt, name: (Data as { name?: string } | undefined)?.name };
    };
    // In turn with and without a field that is in index keys, at new keys and at one that is there.
    for (const [index, status] of ["new", undefined, "won", "new", undefined, "lost"].entries()) {
      clock.time = 2_000 + index;
      for (const leadId of [`l${index}`, "same"]) {
        const data = { name: `${leadId} ${index}`, ...(status !== undefined && { status }) };
        const item = await indexedLead.put({ userId: "u1", leadId, data });
        expect(item).toMatchObject({ leadId, updatedAt: clock.time });
        expect(await indexedLead.get({ userId: "u1", leadId })).toStrictEqual(item);
        expect(await placesOf(leadId)).toEqual({
          GSI2PK: status && `LEAD#${status}`,
          GSI6SK: status && `STATUS#${status}#${leadId}`,
          UpdatedAt: clock.time,
          name: data.name,
        });
      }
    }
    // What was put first is as it was.
    expect(await placesOf("l0")).toEqual({
      GSI2PK: "LEAD#new",
      GSI6SK: "STATUS#new#l0",
      UpdatedAt: 2_000,
      name: "l0 0",
    });
  });
});

test("a put's names are its own: a client may add to them in place", async () => {
  const names: Record<string, string>[] = [];
  const send = async ({
    input,
  }: {
    input: { ExpressionAttributeNames: Record<string, string> };
  }) => {
    names.push({ ...input.ExpressionAttributeNames });
    input.ExpressionAttributeNames["#added"] = "Added";
    return { Attributes: { PK: "USER#u1", SK: "CONTENT#c1", EntityType: "SavedContent" } };
  };
  const client = { send } as never;
  const data = createDataLayer({ environment: "development", tableName: "Names", client });
  const item = { userId: "u1", contentId: "c1", data: content };
  for (let times = 0; times < 3; times += 1) await data.savedContent.put(item);
  await data.close();
  expect(names[0]).not.toHaveProperty("#added");
  expect(names).toEqual([names[0], names[0], names[0]]);
});
