import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { type AnyInput, keyOf, registry, storeOf } from "../registry.js";

const now = 1_700_000_000_000;

interface Case {
  readonly name: string;
  readonly input: AnyInput;
  /** The whole item, as it lies in the table. */
  readonly raw: Record<string, unknown>;
}

const times = { CreatedAt: 1_700_000_000_000, UpdatedAt: 1_700_000_000_000 };

const cases: readonly Case[] = [
  {
    name: "userProfile",
    input: { userId: "ana", data: { email: "ana@example.com", photoURL: null } },
    raw: {
      PK: "USER#ana",
      SK: "PROFILE",
      EntityType: "UserProfile",
      Data: { id: "ana", email: "ana@example.com", photoURL: null },
      userId: "ana",
      ...times,
    },
  },
  {
    name: "realEstateAgentProfile",
    input: {
      userId: "ana",
      agentProfileId: "main",
      data: { name: "Ana", certifications: ["CRS"] },
    },
    raw: {
      PK: "USER#ana",
      SK: "AGENT#main",
      EntityType: "RealEstateAgentProfile",
      Data: { id: "main", name: "Ana", certifications: ["CRS"] },
      userId: "ana",
      agentProfileId: "main",
      ...times,
    },
  },
  {
    name: "review",
    input: {
      agentId: "ana",
      reviewId: "r1",
      data: { author: { name: "Lee" }, source: "Google", rating: 5, comment: "", date: null },
    },
    raw: {
      PK: "REVIEW#ana",
      SK: "REVIEW#r1",
      GSI1PK: "REVIEW#r1",
      GSI1SK: "AGENT#ana",
      EntityType: "Review",
      Data: {
        id: "r1",
        agentId: "ana",
        author: { name: "Lee" },
        source: "Google",
        rating: 5,
        comment: "",
        date: null,
      },
      agentId: "ana",
      reviewId: "r1",
      ...times,
    },
  },
  {
    name: "brandAudit",
    input: {
      userId: "ana",
      auditId: "main",
      data: { results: [{ platform: "Yelp", status: "Not Found" }], lastRun: "2025-03-02" },
    },
    raw: {
      PK: "USER#ana",
      SK: "AUDIT#main",
      EntityType: "BrandAudit",
      Data: {
        id: "main",
        results: [{ platform: "Yelp", status: "Not Found" }],
        lastRun: "2025-03-02",
      },
      userId: "ana",
      auditId: "main",
      ...times,
    },
  },
  {
    name: "competitor",
    input: { userId: "ana", competitorId: "c#1", data: { name: "Max", avgRating: 4.6 } },
    raw: {
      PK: "USER#ana",
      SK: "COMPETITOR#c#1",
      EntityType: "Competitor",
      Data: { id: "c#1", name: "Max", avgRating: 4.6 },
      userId: "ana",
      competitorId: "c#1",
      ...times,
    },
  },
  {
    name: "researchReport",
    input: { userId: "ana", reportId: "r1", data: { topic: "Ballard", report: "Prices rose." } },
    raw: {
      PK: "USER#ana",
      SK: "REPORT#r1",
      GSI1PK: "USER#ana",
      GSI1SK: "REPORT#1700000000000#r1",
      EntityType: "ResearchReport",
      Data: { id: "r1", topic: "Ballard", report: "Prices rose." },
      userId: "ana",
      reportId: "r1",
      ...times,
    },
  },
  {
    name: "project",
    input: { userId: "ana", projectId: "p1", createdAt: 42, data: { name: "Spring" } },
    raw: {
      PK: "USER#ana",
      SK: "PROJECT#p1",
      GSI1PK: "USER#ana",
      GSI1SK: "PROJECT#0000000000042#p1",
      EntityType: "Project",
      Data: { id: "p1", name: "Spring" },
      userId: "ana",
      projectId: "p1",
      CreatedAt: 42,
      UpdatedAt: 1_700_000_000_000,
    },
  },
  {
    name: "savedContent",
    input: {
      userId: "Ana Ruiz",
      contentId: "C 1",
      data: { id: "other", type: "Blog", content: "Text", extra: { a: [1, null] } },
    },
    raw: {
      PK: "USER#Ana Ruiz",
      SK: "CONTENT#C 1",
      GSI1PK: "USER#Ana Ruiz",
      GSI1SK: "CONTENT#1700000000000#C 1",
      EntityType: "SavedContent",
      Data: { id: "other", type: "Blog", content: "Text", extra: { a: [1, null] } },
      userId: "Ana Ruiz",
      contentId: "C 1",
      ...times,
    },
  },
  {
    name: "trainingProgress",
    input: { userId: "ana", moduleId: "seo", data: { completed: true, completedAt: null } },
    raw: {
      PK: "USER#ana",
      SK: "TRAINING#seo",
      EntityType: "TrainingProgress",
      Data: { id: "seo", completed: true, completedAt: null },
      userId: "ana",
      moduleId: "seo",
      ...times,
    },
  },
  {
    name: "marketingPlan",
    input: { userId: "ana", planId: "p1", createdAt: 0, data: { plan: "One text" } },
    raw: {
      PK: "USER#ana",
      SK: "PLAN#p1",
      GSI1PK: "USER#ana",
      GSI1SK: "PLAN#0000000000000#p1",
      EntityType: "MarketingPlan",
      Data: { id: "p1", plan: "One text" },
      userId: "ana",
      planId: "p1",
      CreatedAt: 0,
      UpdatedAt: 1_700_000_000_000,
    },
  },
  {
    name: "reviewAnalysis",
    input: {
      userId: "ana",
      analysisId: "main",
      data: {
        overallSentiment: "Mixed",
        summary: "Fine",
        keywords: [],
        commonThemes: [],
        analyzedAt: 1,
      },
    },
    raw: {
      PK: "USER#ana",
      SK: "ANALYSIS#main",
      EntityType: "ReviewAnalysis",
      Data: {
        id: "main",
        overallSentiment: "Mixed",
        summary: "Fine",
        keywords: [],
        commonThemes: [],
        analyzedAt: 1,
      },
      userId: "ana",
      analysisId: "main",
      ...times,
    },
  },
  {
    name: "oauthToken",
    input: {
      userId: "ana",
      provider: "GOOGLE_BUSINESS",
      data: { accessToken: "t", expiryDate: 9 },
    },
    raw: {
      PK: "OAUTH#ana",
      SK: "GOOGLE_BUSINESS",
      EntityType: "OAuthToken",
      Data: { accessToken: "t", expiryDate: 9 },
      userId: "ana",
      provider: "GOOGLE_BUSINESS",
      ...times,
    },
  },
];

test("every entity has its literal", () => {
  expect(cases.map(({ name }) => name)).toEqual(registry.map(({ name }) => name));
});

describe.each(engines)("what lies in the table on $name", (engine) => {
  const table = openTable(engine, { clock: { now: () => now } });

  describe.each(cases)("$name", ({ name, input, raw }) => {
    const setUp = () => {
      const entity = registry.find((one) => one.name === name);
      if (entity === undefined) throw new Error(`${name} is not in the registry`);
      return { store: storeOf(table.data, entity), key: keyOf(entity, input) };
    };
    const stored = () => table.raw.get(String(raw.PK), String(raw.SK));

    test("create, put and batchPut store exactly this, key for key", async () => {
      const { store, key } = setUp();
      expect(await stored()).toBeUndefined();
      await store.create(input);
      expect(await stored()).toStrictEqual(raw);
      await store.delete(key);
      expect(await stored()).toBeUndefined();
      await store.put(input);
      expect(await stored()).toStrictEqual(raw);
      await store.delete(key);
      await store.batchPut([input]);
      expect(await stored()).toStrictEqual(raw);
    });

    test("update and a second put change Data and UpdatedAt alone", async () => {
      const { store, key } = setUp();
      await store.update(key, { note: "n" });
      expect(await stored()).toStrictEqual({
        ...raw,
        Data: { ...(raw.Data as object), note: "n" },
        UpdatedAt: 1_700_000_000_001,
      });
      await store.put({ ...input, createdAt: 77 });
      expect(await stored()).toStrictEqual({ ...raw, UpdatedAt: 1_700_000_000_002 });
    });

    if ("GSI1PK" in raw) {
      test("GSI1 holds it", async () => {
        const prefix = String(raw.GSI1SK).slice(0, String(raw.GSI1SK).indexOf("#") + 1);
        expect(await table.raw.index(String(raw.GSI1PK), prefix)).toStrictEqual([await stored()]);
      });
    } else {
      test("GSI1 does not hold it", async () => {
        const keys = (await table.raw.index(String(raw.PK))).map((item) => item.SK);
        expect(keys).not.toContain(raw.SK);
      });
    }
  });
});

describe.each(engines)("GSI1 on $name", (engine) => {
  const table = openTable(engine);

  test("gives a review by its id alone", async () => {
    const data = { author: { name: "Lee" }, source: "Google", rating: 5, comment: "Fine." };
    await table.data.review.create({ agentId: "ana", reviewId: "r1", data });
    await table.data.review.create({ agentId: "ben", reviewId: "r2", data });
    expect(await table.raw.index("REVIEW#r2")).toMatchObject([
      { PK: "REVIEW#ben", SK: "REVIEW#r2", GSI1SK: "AGENT#ben", Data: { comment: "Fine." } },
    ]);
  });

  test("reads each dated entity in order of creation, not of ids", async () => {
    const { data, raw } = table;
    const userId = "dated";
    const ids = ["z", "a", "m"];
    for (const [index, id] of ids.entries()) {
      const createdAt = (index + 1) * 1_000;
      await data.researchReport.create({
        userId,
        reportId: id,
        createdAt,
        data: { topic: "t", report: "r" },
      });
      await data.project.put({ userId, projectId: id, createdAt, data: { name: "n" } });
      await data.savedContent.batchPut([
        { userId, contentId: id, createdAt, data: { type: "t", content: "c" } },
      ]);
      await data.marketingPlan.create({ userId, planId: id, createdAt, data: { plan: "p" } });
    }
    for (const prefix of ["REPORT#", "PROJECT#", "CONTENT#", "PLAN#"]) {
      const items = await raw.index("USER#dated", prefix);
      expect(items.map((item) => item.GSI1SK)).toEqual([
        `${prefix}0000000001000#z`,
        `${prefix}0000000002000#a`,
        `${prefix}0000000003000#m`,
      ]);
      expect(items.map((item) => item.SK)).toEqual(ids.map((id) => `${prefix}${id}`));
    }
    expect(await raw.index("USER#dated")).toHaveLength(12);
  });
});
