/** Items of one time have one order, wherever newest come first. */
import { make } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";

const now = 1_700_000_000_000;

/** Ids in the order of their UTF-8 bytes, which is not that of their UTF-16 units. */
const ids = ["B", "a", "b", "é", "\uffee", "\u{1f600}"];
const reversed = [...ids].reverse();

describe.each(engines)("newest first among equals, on $name", (engine) => {
  const table = openTable(engine);
  const userId = "u1";

  beforeAll(async () => {
    const { data } = table;
    // Neither in this order nor in its reverse.
    const written = [ids[3], ids[0], ids[5], ids[2], ids[4], ids[1]] as string[];
    for (const id of written) {
      const at = { userId, createdAt: now };
      await data.project.put(make.project({ ...at, projectId: id }));
      await data.savedContent.put(
        make.savedContent({ ...at, contentId: id, data: { projectId: null } }),
      );
      await data.researchReport.put(make.researchReport({ ...at, reportId: id }));
      await data.marketingPlan.put(make.marketingPlan({ ...at, planId: id }));
      await data.review.put(
        make.review({
          agentId: userId,
          reviewId: id,
          createdAt: now,
          data: { date: "2024-05-01" },
        }),
      );
    }
  });

  test("a query by createdAt is by time, then by id, both reversed together", async () => {
    const options = { by: "createdAt", order: "desc" } as const;
    const { items } = await table.data.project.query({ userId }, options);
    expect(items.map((item) => item.projectId)).toEqual(reversed);
  });

  test("projects.listWithContent has the same order (it had the order of ids)", async () => {
    const { projects, uncategorised } = await table.data.projects.listWithContent({ userId });
    expect(projects.map((item) => item.projectId)).toEqual(reversed);
    expect(uncategorised.map((item) => item.contentId)).toEqual(reversed);
  });

  test("reviews.newest and the dashboard have the same order (they had the order of ids)", async () => {
    const newest = await table.data.reviews.newest(userId, 10);
    expect(newest.map((item) => item.reviewId)).toEqual(reversed);
    const { newestReviews, latestPlan } = await table.data.dashboard({ userId, agentId: userId });
    expect(newestReviews.map((item) => item.reviewId)).toEqual(reversed.slice(0, 3));
    expect(latestPlan?.planId).toBe(reversed[0]);
  });

  test("collections.recent has the same order over its entities (it went entity by entity)", async () => {
    const items = await table.data.collections.recent({ userId, limit: 24 });
    const idOf = (item: (typeof items)[number]) => {
      if (item.entity === "project") return item.projectId;
      if (item.entity === "savedContent") return item.contentId;
      return item.entity === "researchReport" ? item.reportId : item.planId;
    };
    expect(items.map(idOf)).toEqual(reversed.flatMap((id) => [id, id, id, id]));
    const short = await table.data.collections.recent({ userId, limit: 3 });
    expect(short).toEqual(items.slice(0, 3));
  });
});
