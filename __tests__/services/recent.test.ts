import { ValidationError } from "../../src/errors/validation-error.js";
import { make, type TestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { firstWave, Recorder } from "./recorder.js";

const now = 1_700_000_000_000;

describe.each(engines)("recent activity on $name", (engine) => {
  const wire = new Recorder();
  const table = openTable(engine, { requestHandler: wire });
  let data: TestDataLayer;
  let users = 0;
  let userId = "";
  beforeEach(() => {
    data = table.data;
    wire.clear();
    users += 1;
    userId = `user-${users}`;
  });

  const seed = (createdAt: (entity: number, index: number) => number, count = 5) =>
    Promise.all(
      Array.from({ length: count }, (_, index) => {
        // Ids fall while times grow.
        const id = `${count - index}`;
        return Promise.all([
          data.researchReport.put(
            make.researchReport({ userId, reportId: id, createdAt: createdAt(0, index) }),
          ),
          data.project.put(make.project({ userId, projectId: id, createdAt: createdAt(1, index) })),
          data.savedContent.put(
            make.savedContent({ userId, contentId: id, createdAt: createdAt(2, index) }),
          ),
          data.marketingPlan.put(
            make.marketingPlan({ userId, planId: id, createdAt: createdAt(3, index) }),
          ),
        ]);
      }),
    );

  test("is the newest across the four kinds, in 4 queries of one wave", async () => {
    await seed((entity, index) => now + index * 4 + entity);
    wire.clear();
    expect(await firstWave(wire, () => data.collections.recent({ userId, limit: 10 }))).toBe(4);
    expect(wire.names).toEqual(Array(4).fill("Query"));
    const items = await data.collections.recent({ userId, limit: 10 });
    expect(items.map((item) => item.createdAt)).toEqual(
      Array.from({ length: 10 }, (_, n) => now + 19 - n),
    );
    expect(items.slice(0, 5).map((item) => item.entity)).toEqual([
      "marketingPlan",
      "savedContent",
      "project",
      "researchReport",
      "marketingPlan",
    ]);
    const [plan] = items;
    expect(plan).toEqual({
      ...(await data.marketingPlan.get({ userId, planId: "1" })),
      entity: "marketingPlan",
    });
  });

  test("is the newest also where all are of one kind", async () => {
    await seed((entity, index) => (entity === 2 ? now + index : index));
    const items = await data.collections.recent({ userId, limit: 5 });
    expect(items.map((item) => item.entity)).toEqual(Array(5).fill("savedContent"));
  });

  test("items of one time come all, each once, and in the same order each time", async () => {
    await seed(() => now);
    const all = await data.collections.recent({ userId, limit: 20 });
    const names = all.map((item) => JSON.stringify({ ...item, data: null }));
    expect(new Set(names).size).toBe(20);
    for (const limit of [20, 7, 1, 13]) {
      const again = await data.collections.recent({ userId, limit });
      expect(again).toEqual(all.slice(0, limit));
    }
  });

  test("more than there are is what there is, and a user without any has none", async () => {
    expect(await data.collections.recent({ userId, limit: 10 })).toEqual([]);
    await seed(() => now, 1);
    expect(await data.collections.recent({ userId, limit: 10 })).toHaveLength(4);
  });

  test("fields keep bodies off the wire", async () => {
    await data.savedContent.put(
      make.savedContent({ userId, data: { name: "NAME", content: "BODY" } }),
    );
    await data.researchReport.put(
      make.researchReport({ userId, data: { topic: "TOPIC", report: "REPORT" } }),
    );
    wire.clear();
    const items = await data.collections.recent({ userId, limit: 10, fields: ["name", "topic"] });
    expect(items.map((item) => item.data)).toEqual(
      expect.arrayContaining([{ name: "NAME" }, { topic: "TOPIC" }]),
    );
    expect(wire.answers.join()).not.toMatch(/BODY|REPORT"/);
    expect(wire.answers.join()).toMatch(/NAME.*TOPIC|TOPIC.*NAME/s);
  });

  test("an item of an earlier writer is there once it is adopted", async () => {
    await table.raw.put({
      PK: `USER#${userId}`,
      SK: "PROJECT#old",
      EntityType: "Project",
      Data: { name: "Old" },
      CreatedAt: now,
      UpdatedAt: now,
    });
    expect(await data.collections.recent({ userId, limit: 10 })).toEqual([]);
    await data.project.put({ userId, projectId: "old", data: { name: "Old" } });
    expect(await data.collections.recent({ userId, limit: 10 })).toMatchObject([
      { projectId: "old", createdAt: now },
    ]);
  });

  test("rows of others that carry the user's index keys are left out of every read, and hide nothing", async () => {
    const own = await data.marketingPlan.put(make.marketingPlan({ userId, createdAt: now }));
    // In the index before and behind it, by either order: of another user, and of another entity.
    for (const [n, time] of [now - 9, now - 8, now + 8, now + 9].entries()) {
      const GSI1SK = `PLAN#${time}#x`;
      const claim = { GSI1PK: `USER#${userId}`, GSI1SK, CreatedAt: time, Data: { steps: ["x"] } };
      await table.raw.put(
        { PK: `USER#mallory`, SK: `PLAN#${userId}-${n}`, EntityType: "MarketingPlan", ...claim },
        { PK: `USER#${userId}`, SK: `DRAFT#${n}`, EntityType: "MarketingPlan", ...claim },
        { PK: `USER#${userId}`, SK: `PLAN#foreign-${n}`, EntityType: "Draft", ...claim },
        { PK: `USER#${userId}`, SK: `PLAN#ghost-${n}`, GSI1PK: `USER#${userId}`, GSI1SK },
      );
    }
    expect(await table.raw.index(`USER#${userId}`, "PLAN#")).toHaveLength(17);
    for (const order of ["asc", "desc"] as const) {
      for (const limit of [1, 2, undefined]) {
        const options = { by: "createdAt", order, limit } as const;
        expect((await data.marketingPlan.query({ userId }, options)).items).toEqual([own]);
        const listed: unknown[] = [];
        for await (const item of data.marketingPlan.list({ userId }, options)) listed.push(item);
        expect(listed).toEqual([own]);
      }
    }
    const range = { from: now - 9, to: now + 9, limit: 1 };
    expect((await data.marketingPlan.query({ userId }, range)).items).toEqual([own]);
    const recent = await data.collections.recent({ userId, limit: 1 });
    expect(recent).toMatchObject([{ entity: "marketingPlan", planId: own.planId }]);
    const { latestPlan } = await data.dashboard({ userId, agentId: userId });
    expect(latestPlan).toEqual(own);
    expect((await data.forUser(userId).dashboard()).latestPlan).toEqual(own);
  });

  test("a wrong limit or user is refused before anything is sent", async () => {
    for (const limit of [0, -1, 1.5, "10", undefined, Number.NaN]) {
      await failureOf(data.collections.recent({ userId, limit: limit as never }), ValidationError);
    }
    await failureOf(data.collections.recent({ userId: "", limit: 1 }), ValidationError);
    const fields = "name" as never;
    await failureOf(data.collections.recent({ userId, limit: 1, fields }), ValidationError);
    await failureOf(data.collections.recent(undefined as never), ValidationError);
    expect(wire.names).toEqual([]);
  });
});
