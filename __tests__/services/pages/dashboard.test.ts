import { AbortedError } from "../../../src/errors/aborted-error.js";
import { ValidationError } from "../../../src/errors/validation-error.js";
import { make, type TestDataLayer } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { failureOf, openTable } from "../../open.js";
import { firstWave, Recorder } from "../recorder.js";

const day = 86_400_000;
const now = 1_700_000_000_000;

describe.each(engines)("dashboard and brand audit page on $name", (engine) => {
  const wire = new Recorder();
  const table = openTable(engine, { requestHandler: wire });
  let data: TestDataLayer;
  let users = 0;
  let userId = "";
  let agentId = "";
  beforeEach(() => {
    data = table.data;
    wire.clear();
    users += 1;
    userId = `user-${users}`;
    agentId = `agent-${users}`;
  });

  const profile = (agentProfileId: string, name: string) =>
    data.realEstateAgentProfile.put({ userId, agentProfileId, data: { name } });
  const audit = (auditId: string) => data.brandAudit.put(make.brandAudit({ userId, auditId }));
  const analysis = (analysisId: string) =>
    data.reviewAnalysis.put(make.reviewAnalysis({ userId, analysisId }));
  const review = (reviewId: string, date: unknown) =>
    make.review({ agentId, reviewId, data: { date, comment: `comment ${reviewId}` } as object });

  /** Everything that a user may have, of each kind more than one. */
  const seed = async () => {
    await Promise.all([
      data.userProfile.put(make.userProfile({ userId, data: { displayName: "PROFILE BODY" } })),
      profile("main", "Ana"),
      profile("other", "Other"),
      audit("main"),
      audit("audit-1"),
      analysis("main"),
      data.competitor.batchPut(
        ["b", "a", "c"].map((competitorId) => make.competitor({ userId, competitorId })),
      ),
      data.marketingPlan.batchPut([
        make.marketingPlan({ userId, planId: "1", createdAt: now }),
        make.marketingPlan({ userId, planId: "9", createdAt: now - 365 * day }),
      ]),
      data.savedContent.batchPut(
        [1, 2].map(() => make.savedContent({ userId, data: { content: "CONTENT BODY" } })),
      ),
      data.researchReport.batchPut([
        make.researchReport({ userId, data: { report: "REPORT BODY", topic: "REPORT TOPIC" } }),
      ]),
      data.project.batchPut([make.project({ userId })]),
      data.trainingProgress.batchPut([make.trainingProgress({ userId })]),
      data.oauthToken.put({
        userId,
        data: { accessToken: "ACCESS SECRET", refreshToken: "REFRESH SECRET" },
      }),
      data.review.batchPut([
        review("1-oldest", "2020-05-01T00:00:00Z"),
        review("2-newest", { _seconds: 1_740_000_000, _nanoseconds: 5 }),
        review("3-second", Date.parse("2024-12-31")),
        review("4-third", "2024-06-01"),
        review("5-older", {
          type: "firestore/timestamp/1.0",
          seconds: 1_650_000_000,
          nanoseconds: 0,
        }),
      ]),
    ]);
    wire.clear();
  };

  test("the dashboard has what it shows, in 3 requests of one wave", async () => {
    await seed();
    const wave = await firstWave(wire, () => data.dashboard({ userId, agentId }));
    expect(wave).toBe(3);
    expect(wire.names).toEqual(["Query", "Query", "Query"]);
    const dashboard = await data.dashboard({ userId, agentId });
    expect(dashboard.agentProfile).toEqual(
      await data.realEstateAgentProfile.get({ userId, agentProfileId: "main" }),
    );
    expect(dashboard.brandAudit).toEqual(await data.brandAudit.get({ userId, auditId: "main" }));
    expect(dashboard.competitors).toEqual((await data.competitor.query({ userId })).items);
    expect(dashboard.competitors.map((item) => item.competitorId)).toEqual(["a", "b", "c"]);
    expect(dashboard.latestPlan).toEqual(await data.marketingPlan.get({ userId, planId: "1" }));
    expect(dashboard.reviews).toEqual((await data.review.query({ agentId })).items);
    expect(dashboard.reviews).toHaveLength(5);
    expect(dashboard.newestReviews.map((item) => item.reviewId)).toEqual([
      "2-newest",
      "3-second",
      "4-third",
    ]);
    expect(Object.keys(dashboard)).toHaveLength(6);
  });

  test("no body of a content or a report crosses the wire, and no other entity's at all", async () => {
    await seed();
    await data.dashboard({ userId, agentId });
    const dashboard = wire.answers.join();
    expect(dashboard).toContain("comment 2-newest");
    expect(dashboard).not.toMatch(
      /CONTENT BODY|REPORT|PROFILE BODY|SECRET|TrainingProgress|ReviewAnalysis/,
    );
    // Not filtered out either: the sort keys that are read begin and end at these.
    const [range] = wire.asked;
    expect(JSON.stringify(range?.input.ExpressionAttributeValues)).toContain('"AGENT#"');
    expect(JSON.stringify(range?.input.ExpressionAttributeValues)).toContain('"COMPETITOR$"');
    wire.clear();
    await data.brandAuditPage({ userId, agentId });
    const page = wire.answers.join();
    expect(page).toContain("comment 2-newest");
    expect(page).not.toMatch(
      /CONTENT BODY|REPORT|PROFILE BODY|SECRET|TrainingProgress|Competitor|MarketingPlan/,
    );
  });

  test("the brand audit page has what it shows, in 3 requests of one wave", async () => {
    await seed();
    const wave = await firstWave(wire, () => data.brandAuditPage({ userId, agentId }));
    expect(wave).toBe(3);
    expect([...wire.names].sort()).toEqual(["GetItem", "Query", "Query"]);
    const page = await data.brandAuditPage({ userId, agentId });
    expect(page).toEqual({
      agentProfile: await data.realEstateAgentProfile.get({ userId, agentProfileId: "main" }),
      brandAudit: await data.brandAudit.get({ userId, auditId: "main" }),
      reviewAnalysis: await data.reviewAnalysis.get({ userId, analysisId: "main" }),
      connected: true,
      reviews: (await data.review.query({ agentId })).items,
    });
    await data.oauth.remove(userId);
    expect((await data.brandAuditPage({ userId, agentId })).connected).toBe(false);
  });

  test("a user without anything has an empty dashboard", async () => {
    expect(await data.dashboard({ userId, agentId })).toEqual({
      agentProfile: null,
      brandAudit: null,
      competitors: [],
      latestPlan: null,
      reviews: [],
      newestReviews: [],
    });
    expect(await data.brandAuditPage({ userId, agentId })).toEqual({
      agentProfile: null,
      brandAudit: null,
      reviewAnalysis: null,
      connected: false,
      reviews: [],
    });
  });

  test("without one of the id `main` the one that was written last is shown", async () => {
    await profile("z", "first");
    await audit("z");
    await analysis("z");
    await new Promise((resolve) => setTimeout(resolve, 2));
    await profile("a", "last");
    await audit("a");
    await analysis("a");
    const { agentProfile, brandAudit } = await data.dashboard({ userId, agentId });
    const { reviewAnalysis } = await data.brandAuditPage({ userId, agentId });
    expect([agentProfile?.data.name, brandAudit?.auditId, reviewAnalysis?.analysisId]).toEqual([
      "last",
      "a",
      "a",
    ]);
    await profile("main", "main");
    await profile("b", "later than main");
    expect((await data.dashboard({ userId, agentId })).agentProfile?.data.name).toBe("main");
  });

  test("another user's and another agent's items are not there, however alike the ids", async () => {
    await seed();
    for (const other of [`${userId}#`, `${userId}0`, userId.slice(0, -1), `${userId}#AGENT#main`]) {
      expect(await data.dashboard({ userId: other, agentId: `${agentId}#` })).toMatchObject({
        agentProfile: null,
        competitors: [],
        latestPlan: null,
        reviews: [],
      });
    }
  });

  test("items of an earlier writer are shown; a plan only once it is adopted", async () => {
    const old = { PK: `USER#${userId}`, CreatedAt: now, UpdatedAt: now };
    await table.raw.put(
      { ...old, SK: "AGENT#main", EntityType: "RealEstateAgentProfile", Data: { name: "Old" } },
      { ...old, SK: "COMPETITOR#c1", EntityType: "Competitor", Data: { name: "Max", isYou: true } },
      { ...old, SK: "AUDIT#main", EntityType: "BrandAudit" },
      { ...old, SK: "PLAN#p1", EntityType: "MarketingPlan", Data: { steps: ["a"] } },
      {
        ...old,
        PK: `REVIEW#${agentId}`,
        SK: "REVIEW#r1",
        GSI1PK: "REVIEW#r1",
        EntityType: "Review",
        Data: { rating: 5 },
      },
    );
    const dashboard = await data.dashboard({ userId, agentId });
    expect(dashboard).toEqual({
      agentProfile: {
        userId,
        agentProfileId: "main",
        data: { name: "Old" },
        createdAt: now,
        updatedAt: now,
      },
      brandAudit: { userId, auditId: "main", data: {}, createdAt: now, updatedAt: now },
      competitors: [
        {
          userId,
          competitorId: "c1",
          data: { name: "Max", isYou: true },
          createdAt: now,
          updatedAt: now,
        },
      ],
      latestPlan: null,
      reviews: [{ agentId, reviewId: "r1", data: { rating: 5 }, createdAt: now, updatedAt: now }],
      newestReviews: [expect.objectContaining({ reviewId: "r1" })],
    });
    await data.marketingPlan.put({ userId, planId: "p1", data: { plan: "Now adopted" } });
    expect((await data.dashboard({ userId, agentId })).latestPlan?.createdAt).toBe(now);
  });

  test("more reviews than a page are all there, by one request more", async () => {
    const reviews = Array.from({ length: 400 }, (_, index) =>
      make.review({
        agentId,
        reviewId: `r${String(index).padStart(3, "0")}`,
        // The newest have the lowest ids: all pages must be read to know.
        data: { comment: "x".repeat(4_000), date: new Date(now - index * day).toISOString() },
      }),
    );
    await data.review.batchPut(reviews);
    wire.clear();
    const dashboard = await data.dashboard({ userId, agentId });
    expect(dashboard.reviews).toHaveLength(400);
    expect(wire.names).toHaveLength(4);
    expect(dashboard.newestReviews.map((item) => item.reviewId)).toEqual(["r000", "r001", "r002"]);
  });

  test("wrong keys are refused before anything is sent", async () => {
    for (const key of [
      {},
      { userId },
      { agentId },
      { userId: "", agentId },
      { userId, agentId: 5 },
      undefined,
    ]) {
      const dashboard = await failureOf(data.dashboard(key as never), ValidationError);
      expect(dashboard.operation).toBe("dashboard");
      await failureOf(data.brandAuditPage(key as never), ValidationError);
    }
    expect(wire.names).toEqual([]);
  });

  test("the caller's signal and deadline end it", async () => {
    const key = { userId, agentId };
    await failureOf(data.dashboard(key, { signal: AbortSignal.abort() }), AbortedError);
    expect(wire.names).toEqual([]);
    wire.intercept = () => new Promise(() => undefined);
    await expect(data.dashboard(key, { timeoutMs: 20 })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    await expect(data.brandAuditPage(key, { timeoutMs: 20 })).rejects.toMatchObject({
      name: "TimeoutError",
    });
  });
});
