import { createDataLayer } from "../../src/data-layer.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { settings } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";

const frozen = 1_700_000_000_000;
const content = { type: "Blog Post", content: "Text" };

test("create makes 1,000 different ids in one millisecond, in the order of the calls (Date.now() ids overwrote each other)", async () => {
  const client = { send: async () => ({}) };
  const { savedContent } = createDataLayer({ client, clock: { now: () => frozen } });
  const created = await Promise.all(
    Array.from({ length: 1_000 }, () => savedContent.create({ userId: "u1", data: content })),
  );
  const ids = created.map((item) => item.contentId);
  expect(new Set(ids).size).toBe(1_000);
  expect(ids).toEqual([...ids].sort());
});

describe.each(settings)("create on $name", (engine) => {
  const clock = { time: frozen, now: () => clock.time };
  const table = openTable(engine, { clock });
  beforeEach(() => {
    clock.time = frozen;
    table.data.wire.clear();
  });

  test("reads items that were made in one millisecond in the order in which they were made", async () => {
    const { savedContent } = table.data;
    const userId = "ids";
    const titles = Array.from({ length: 50 }, (_, index) => String(index));
    await Promise.all(
      titles.map((title) => savedContent.create({ userId, data: { ...content, title } })),
    );
    for (const by of ["key", "createdAt"] as const) {
      const { items } = await savedContent.query({ userId }, { by });
      expect(items.map((item) => item.data.title)).toEqual(titles);
    }
  });

  test("makes ids that sort by time", async () => {
    const { project } = table.data;
    clock.time = 1_000;
    const first = await project.create({ userId: "times", data: { name: "first" } });
    clock.time = 2_000;
    const second = await project.create({ userId: "times", data: { name: "second" } });
    expect([second.projectId, first.projectId].sort()).toEqual([first.projectId, second.projectId]);
    expect([first.createdAt, second.createdAt]).toEqual([1_000, 2_000]);
  });

  test("an id of undefined is one that was left out, one of null is not", async () => {
    const { project } = table.data;
    const made = await project.create({
      userId: "left-out",
      projectId: undefined,
      data: { name: "n" },
    });
    expect(made.projectId).toHaveLength(26);
    const refused = project.create({
      userId: "left-out",
      projectId: null,
      data: { name: "n" },
    } as never);
    await expect(refused).rejects.toThrow("projectId is missing");
  });

  test("takes createdAt for data that is older than its item", async () => {
    const { savedContent } = table.data;
    const key = { userId: "older", contentId: "c1" };
    const item = await savedContent.create({ ...key, createdAt: 5, data: content });
    expect(item).toMatchObject({ createdAt: 5, updatedAt: frozen });
    expect(await savedContent.get(key)).toStrictEqual(item);
  });

  test("fills data.id from the key where it is missing, and leaves one that disagrees", async () => {
    const { savedContent, review, oauthToken, userProfile } = table.data;
    const userId = "ids-in-data";
    const without = await savedContent.create({ userId, contentId: "c1", data: content });
    expect(without.data).toStrictEqual({ id: "c1", ...content });
    const other = await savedContent.create({
      userId,
      contentId: "c2",
      data: { ...content, id: "x" },
    });
    expect(other).toMatchObject({ contentId: "c2", data: { id: "x" } });
    const data = { author: { name: "Lee" }, source: "Zillow", rating: 4, comment: "Good" };
    expect((await review.create({ agentId: "a1", reviewId: "r1", data })).data).toMatchObject({
      id: "r1",
      agentId: "a1",
    });
    const disagreeing = { ...data, id: "x", agentId: "y" };
    expect(
      (await review.create({ agentId: "a1", reviewId: "r2", data: disagreeing })).data,
    ).toStrictEqual(disagreeing);
    expect((await userProfile.create({ userId, data: {} })).data).toStrictEqual({ id: userId });
    const token = await oauthToken.create({ userId, data: { accessToken: "t" } });
    expect(token.data).toStrictEqual({ accessToken: "t" });
    expect(token.provider).toBe("GOOGLE_BUSINESS");
  });

  test("leaves undefined out, also inside, and changes nothing of what it was given", async () => {
    const { savedContent } = table.data;
    const metadata = { kept: null, gone: undefined, list: [{ gone: undefined, one: 1 }] };
    const data = { ...content, title: undefined, metadata };
    const before = structuredClone(data);
    const item = await savedContent.create({ userId: "undefined", contentId: "c1", data });
    expect(data).toStrictEqual(before);
    expect(item.data).toStrictEqual({
      id: "c1",
      ...content,
      metadata: { kept: null, list: [{ one: 1 }] },
    });
    const read = await savedContent.get({ userId: "undefined", contentId: "c1" });
    expect(read).toStrictEqual(item);
  });

  test("what a caller changes later in the payload it gave is not in the returned item", async () => {
    const { savedContent } = table.data;
    const metadata = { list: ["before"] };
    const item = await savedContent.create({
      userId: "aliased",
      contentId: "c1",
      data: { ...content, metadata },
    });
    metadata.list.push("after");
    expect(item.data.metadata).toStrictEqual({ list: ["before"] });
  });

  test("of many at once for one key, one creates it and the others say what is there", async () => {
    const { savedContent } = table.data;
    const key = { userId: "race", contentId: "c1" };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        savedContent.create({ ...key, data: { ...content, title: String(index) } }),
      ),
    );
    const created = outcomes.filter((outcome) => outcome.status === "fulfilled");
    expect(created).toHaveLength(1);
    const stored = await savedContent.getOrThrow(key);
    expect(created[0]?.value).toStrictEqual(stored);
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled") continue;
      expect(outcome.reason).toBeInstanceOf(ConditionalCheckFailedError);
      expect(outcome.reason.item).toStrictEqual(stored);
    }
  });

  test("a retry that finds the item of somebody else says so", async () => {
    const { savedContent } = table.data;
    const key = { userId: "foreign", contentId: "c1" };
    await savedContent.create({ ...key, data: content });
    table.data.wire.clear().inject({ fault: "serverError", operation: "PutItem" });
    const error = await failureOf(
      savedContent.create({ ...key, data: { ...content, title: "mine" } }),
      ConditionalCheckFailedError,
    );
    expect(error.item).toMatchObject({ data: { id: "c1", ...content } });
    expect(requestsOf(table.data)).toEqual(["PutItem", "PutItem"]);
  });
});
