/**
 * The data on which the access patterns are counted: a small user's, and that of a user with many
 * pages.
 */
import { randomUUID } from "node:crypto";
import { DynamoDBRepository } from "../../../src/index.js";
import { make, type TestDataLayer } from "../../../src/testing/index.js";

/** What the calls take as arguments. */
export interface World {
  readonly data: TestDataLayer;
  /** Over the same table, as the rows of the repository find it. */
  readonly repository: DynamoDBRepository;
  readonly userId: string;
  readonly agentId: string;
  /** The agent and two others. */
  readonly agentIds: readonly string[];
  readonly projectId: string;
  readonly contentId: string;
  readonly reviewId: string;
  /** Leads back from the second page of the user's content to the first one, of 4. */
  readonly previous: string | null;
  /** Of an order that nobody has carried out yet. */
  readonly orderId: string;
  readonly otherOrderId: string;
  /** 100 contents. */
  readonly keys: readonly { readonly userId: string; readonly contentId: string }[];
  /** Another user. */
  readonly importUserId: string;
  /** Contents of that user, to import. */
  readonly imports: readonly ReturnType<typeof make.savedContent>[];
  /** A provider that responds at once. */
  readonly refresh: () => Promise<{ accessToken: string; expiryDate: number }>;
}

/** The number of items of each kind. All but reviews and imports belong to the user. */
interface Size {
  readonly competitors: number;
  readonly contents: number;
  /** How many of the contents are in the project. */
  readonly filed: number;
  readonly plans: number;
  readonly projects: number;
  readonly reports: number;
  readonly training: number;
  readonly reviews: number;
  readonly imports: number;
}

const sizes: Readonly<Record<"small" | "large", Size>> = {
  small: {
    competitors: 3,
    contents: 8,
    filed: 3,
    plans: 2,
    projects: 2,
    reports: 4,
    training: 2,
    reviews: 5,
    imports: 10,
  },
  /** 2,000 items and more than 3 MB, 1,500 reviews and more than 1 MB. */
  large: {
    competitors: 30,
    contents: 1_300,
    filed: 250,
    plans: 100,
    projects: 145,
    reports: 400,
    training: 21,
    reviews: 1_500,
    imports: 2_000,
  },
};

/** Bytes of text in each of them. */
const textBytes = { content: 1_100, report: 3_400, review: 600 };

const firstDay = Date.UTC(2025, 0, 1);
const minute = 60_000;

/** Fills a table with one user's data. */
export async function createWorld(data: TestDataLayer, name: "small" | "large"): Promise<World> {
  const size = sizes[name];
  const userId = `${name}-user`;
  const agentId = `${name}-agent`;
  const importUserId = `${name}-user-import`;
  const projectId = "project-0";
  const of = <T>(count: number, item: (id: string, createdAt: number, index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) =>
      item(String(index), firstDay + index * minute, index),
    );
  const reviewsOf = (agent: string, count: number) =>
    of(count, (id, createdAt) =>
      make.review({
        agentId: agent,
        reviewId: `${agent}-${id}`,
        createdAt,
        data: { comment: "r".repeat(textBytes.review), date: new Date(createdAt).toISOString() },
      }),
    );

  await Promise.all([
    data.userProfile.put(make.userProfile({ userId })),
    data.realEstateAgentProfile.put(
      make.realEstateAgentProfile({ userId, agentProfileId: "main" }),
    ),
    data.brandAudit.put(make.brandAudit({ userId, auditId: "main" })),
    data.reviewAnalysis.put(make.reviewAnalysis({ userId, analysisId: "main" })),
    data.competitor.batchPut(
      of(size.competitors, (id) => make.competitor({ userId, competitorId: id })),
    ),
    data.savedContent.batchPut(
      of(size.contents, (id, createdAt, index) =>
        make.savedContent({
          userId,
          contentId: `content-${id}`,
          createdAt,
          data: {
            content: "c".repeat(textBytes.content),
            projectId: index < size.filed ? projectId : null,
          },
        }),
      ),
    ),
    data.researchReport.batchPut(
      of(size.reports, (id, createdAt) =>
        make.researchReport({
          userId,
          reportId: id,
          createdAt,
          data: { report: "r".repeat(textBytes.report) },
        }),
      ),
    ),
    data.marketingPlan.batchPut(
      of(size.plans, (id, createdAt) => make.marketingPlan({ userId, planId: id, createdAt })),
    ),
    data.project.batchPut(
      of(size.projects, (id, createdAt) =>
        make.project({ userId, projectId: `project-${id}`, createdAt }),
      ),
    ),
    data.trainingProgress.batchPut(
      of(size.training, (id) => make.trainingProgress({ userId, moduleId: id })),
    ),
    ...[agentId, `${agentId}-2`, `${agentId}-3`].map((agent) =>
      data.review.batchPut(reviewsOf(agent, agent === agentId ? size.reviews : 2)),
    ),
    data.oauthToken.put(make.oauthToken({ userId })),
  ]);
  const { cursor } = await data.savedContent.query({ userId }, { limit: 4 });
  const { previous } = await data.savedContent.query({ userId }, { limit: 4, cursor });
  return {
    data,
    repository: new DynamoDBRepository(),
    userId,
    agentId,
    agentIds: [agentId, `${agentId}-2`, `${agentId}-3`],
    projectId,
    contentId: "content-1",
    reviewId: `${agentId}-1`,
    previous,
    // An engine keeps tokens for all of its tables.
    orderId: randomUUID(),
    otherOrderId: randomUUID(),
    keys: of(100, (id) => ({ userId, contentId: `content-${id}` })),
    importUserId,
    imports: of(size.imports, (id) => make.savedContent({ userId: importUserId, contentId: id })),
    refresh: async () => ({ accessToken: "refreshed", expiryDate: Date.now() + 60 * minute }),
  };
}
