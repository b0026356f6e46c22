/** What the application asks for, the call for it, and the requests that it may make. */
import { setTimeout } from "node:timers/promises";
import { listed } from "../../../services/order.js";
import type { World } from "./world.js";

export interface AccessPattern {
  /** A row of the list of access patterns. */
  readonly id: string;
  readonly asks: string;
  /** The documented call: the page shows the code that is run. */
  readonly call: (world: World) => Promise<unknown>;
  /** Requests if everything fits a page, and for 2,000 items and 1,500 reviews. */
  readonly requests: { readonly onePage: number; readonly large: number };
  /** Requests that are sent before the first response, if all first pages are requested at once. */
  readonly wave?: number;
  /** What must be set up before the call; its requests are not counted. */
  readonly before?: (world: World) => Promise<unknown>;
  /** The engine must have transactions. */
  readonly transactions?: true;
}

const same = (requests: number) => ({ onePage: requests, large: requests });

/** The times in a call that is made again are others, so that DynamoDB does not take it for the same request. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  while (Date.now() === now) await setTimeout(1);
}

export const accessPatterns: readonly AccessPattern[] = [
  {
    id: "1",
    asks: "dashboard: agent profile, audit, competitors, latest plan, all reviews, the 3 newest",
    call: ({ data, userId, agentId }) => data.dashboard({ userId, agentId }),
    requests: { onePage: 3, large: 4 },
    wave: 3,
  },
  {
    id: "2",
    asks: "projects page: all projects and all content, grouped, newest first",
    call: ({ data, userId }) => data.projects.listWithContent({ userId }),
    requests: { onePage: 1, large: 2 },
  },
  {
    id: "3",
    asks: "the content of one project",
    call: ({ data, userId, projectId }) =>
      data.savedContent.query({ userId }, { where: { projectId } }),
    requests: { onePage: 1, large: 2 },
  },
  {
    id: "3",
    asks: "the uncategorised content",
    call: ({ data, userId }) => data.savedContent.query({ userId }, { where: { projectId: null } }),
    requests: { onePage: 1, large: 2 },
  },
  {
    id: "4",
    asks: "create a project",
    call: ({ data, userId }) => data.project.create({ userId, data: { name: "Spring" } }),
    requests: same(1),
  },
  {
    id: "4",
    asks: "rename a project",
    call: ({ data, userId, projectId }) =>
      data.project.update({ userId, projectId }, { name: "Autumn" }),
    requests: same(1),
  },
  {
    id: "4",
    asks: "move a piece of content",
    call: ({ data, userId, contentId, projectId }) =>
      data.savedContent.update({ userId, contentId }, { projectId }),
    requests: same(1),
  },
  {
    id: "4",
    asks: "delete a piece of content",
    call: ({ data, userId }) => data.savedContent.delete({ userId, contentId: "draft" }),
    requests: same(1),
    before: ({ data, userId }) =>
      data.savedContent.put({
        userId,
        contentId: "draft",
        data: { type: "Blog Post", content: "" },
      }),
  },
  {
    id: "4",
    asks: "delete a piece of content, if it is still a draft",
    call: ({ data, userId }) =>
      data.savedContent.delete({ userId, contentId: "draft" }, { where: { status: "draft" } }),
    requests: same(1),
    before: ({ data, userId }) =>
      data.savedContent.put({
        userId,
        contentId: "draft",
        data: { type: "Blog Post", content: "", status: "draft" },
      }),
  },
  {
    id: "5",
    asks: "delete a project and un-file its N contents (here 3 and 250)",
    call: ({ data, userId, projectId }) => data.projects.deleteAndUnfile({ userId, projectId }),
    requests: { onePage: 2, large: 5 },
    transactions: true,
  },
  {
    id: "6",
    asks: "save a profile that exists",
    call: ({ data, userId }) =>
      data.profiles.save({ userId, agentProfileId: "main" }, { bio: "New" }),
    requests: same(1),
  },
  {
    id: "6",
    asks: "save a profile that does not exist",
    call: ({ data, userId }) =>
      data.profiles.save({ userId, agentProfileId: "second" }, { name: "Ana" }),
    requests: same(2),
    before: ({ data, userId }) =>
      data.realEstateAgentProfile.delete({ userId, agentProfileId: "second" }),
  },
  {
    id: "6",
    asks: "mark a lesson as done that was begun",
    call: ({ data, userId }) =>
      data.trainingProgress.upsert({ userId, moduleId: "begun", data: { completed: true } }),
    requests: same(1),
    before: ({ data, userId }) =>
      data.trainingProgress.put({ userId, moduleId: "begun", data: { completed: false } }),
  },
  {
    id: "6",
    asks: "mark a lesson as done that was not",
    call: ({ data, userId }) =>
      data.trainingProgress.upsert({ userId, moduleId: "new", data: { completed: true } }),
    requests: same(2),
    before: ({ data, userId }) => data.trainingProgress.delete({ userId, moduleId: "new" }),
  },
  {
    id: "7",
    asks: "a new photo on both profiles",
    call: ({ data, userId }) => data.profiles.setPhoto({ userId }, "https://example.com/ana.jpg"),
    requests: same(1),
    transactions: true,
  },
  {
    id: "8",
    asks: "the newest 3 reports",
    call: ({ data, userId }) =>
      data.researchReport.query({ userId }, { by: "createdAt", order: "desc", limit: 3 }),
    requests: same(1),
  },
  {
    id: "8",
    asks: "the latest plan",
    call: ({ data, userId }) =>
      data.marketingPlan.query({ userId }, { by: "createdAt", order: "desc", limit: 1 }),
    requests: same(1),
  },
  {
    id: "8",
    asks: "a page of content by date",
    call: ({ data, userId }) =>
      data.savedContent.query({ userId }, { by: "createdAt", order: "desc", limit: 20 }),
    requests: same(1),
  },
  {
    id: "9",
    asks: "the list of reports, without their bodies",
    call: ({ data, userId }) =>
      data.researchReport.query({ userId }, { fields: ["topic", "citations"] }),
    requests: { onePage: 1, large: 2 },
  },
  {
    id: "10",
    asks: "brand audit page: agent profile, audit, analysis, whether Google is connected, reviews",
    call: ({ data, userId, agentId }) => data.brandAuditPage({ userId, agentId }),
    requests: { onePage: 3, large: 4 },
    wave: 3,
  },
  {
    id: "11",
    asks: "a review by its id alone",
    call: ({ data, reviewId }) => data.reviews.byId(reviewId),
    requests: same(1),
  },
  {
    id: "11",
    asks: "delete a review by its id alone",
    call: ({ data, reviewId }) => data.reviews.deleteById(reviewId),
    requests: same(2),
  },
  {
    id: "11b",
    asks: "the newest 3 reviews of an agent, by their own date",
    call: ({ data, agentId }) => data.reviews.newest(agentId, 3),
    requests: { onePage: 1, large: 2 },
  },
  {
    id: "12",
    asks: "save a review analysis, an audit or a training mark: created or replaced",
    call: ({ data, userId }) =>
      data.trainingProgress.put({ userId, moduleId: "seo", data: { completed: true } }),
    requests: same(1),
  },
  {
    id: "13",
    asks: "the reviews of k agents (here 3, of which one is large)",
    call: ({ data, agentIds }) => data.reviews.ofAgents(agentIds),
    requests: { onePage: 3, large: 4 },
    wave: 3,
  },
  {
    id: "14",
    asks: "is Google connected? No secret is read",
    call: ({ data, userId }) => data.oauth.isConnected(userId),
    requests: same(1),
  },
  {
    id: "15",
    asks: "store a token after a consent, if one is stored",
    call: ({ data, userId }) => data.oauth.store(userId, undefined, { accessToken: "new" }),
    requests: same(1),
  },
  {
    id: "15",
    asks: "store a token after the first consent",
    call: ({ data, userId }) => data.oauth.store(userId, "LINKEDIN", { accessToken: "first" }),
    requests: same(2),
    before: ({ data, userId }) => data.oauth.remove(userId, "LINKEDIN"),
  },
  {
    id: "16",
    asks: "a token that is valid",
    call: ({ data, userId, refresh }) => data.oauth.validToken(userId, undefined, { refresh }),
    requests: same(1),
    before: ({ data, userId }) =>
      data.oauth.store(userId, undefined, {
        accessToken: "new",
        expiryDate: Date.now() + 3_600_000,
      }),
  },
  {
    id: "16",
    asks: "a token that has expired, for any number of callers; also one call of `refresh`",
    call: ({ data, userId, refresh }) => data.oauth.validToken(userId, undefined, { refresh }),
    requests: same(3),
    before: ({ data, userId }) =>
      data.oauth.store(userId, undefined, { accessToken: "old", refreshToken: "r", expiryDate: 0 }),
  },
  {
    id: "17",
    asks: "recent activity: the newest 10 of reports, projects, content and plans",
    call: ({ data, userId }) => data.collections.recent({ userId, limit: 10 }),
    requests: same(4),
    wave: 4,
  },
  {
    id: "18",
    asks: "100 components ask for one item each at the same moment",
    call: ({ data, keys }) => Promise.all(keys.map((key) => data.savedContent.get(key))),
    requests: same(1),
  },
  {
    id: "19",
    asks: "import n items, overwriting (here 10 and 2,000)",
    call: ({ data, imports }) => data.savedContent.batchPut(imports),
    requests: { onePage: 1, large: 80 },
  },
  {
    id: "19",
    asks: "which of n items exist already, to keep them",
    call: ({ data, imports }) => data.savedContent.batchGet(imports, { fields: ["id"] }),
    requests: { onePage: 1, large: 20 },
  },
  {
    id: "20",
    asks: "count up, beside other changes",
    call: ({ data, userId }) =>
      data.competitor.update(
        { userId, competitorId: "counted" },
        { agency: "Harbour Homes" },
        { add: { reviewCount: 1 } },
      ),
    requests: same(1),
    before: ({ data, userId }) =>
      data.competitor.put({ userId, competitorId: "counted", data: { name: "Ana" } as never }),
  },
  {
    id: "21",
    asks: "store a training mark, and what was there before",
    call: ({ data, userId }) =>
      data.trainingProgress.put(
        { userId, moduleId: "seo", data: { completed: true } },
        { returning: "both" },
      ),
    requests: same(1),
  },
  {
    id: "reading",
    asks: "how many pieces of content are drafts",
    call: ({ data, userId }) => data.savedContent.count({ userId }, { where: { status: "draft" } }),
    requests: { onePage: 1, large: 2 },
  },
  {
    id: "reading",
    asks: "the plans whose ids begin with a month",
    call: ({ data, userId }) => data.marketingPlan.query({ userId }, { startsWith: "2025-03" }),
    requests: same(1),
  },
  {
    id: "reading",
    asks: "the ids and times of all reports",
    call: ({ data, userId }) => data.researchReport.query({ userId }, { fields: [] }),
    requests: { onePage: 1, large: 2 },
  },
  {
    id: "reading",
    asks: "the page before, from the second page's `previous`",
    call: ({ data, userId, previous }) =>
      data.savedContent.query({ userId }, { limit: 4, cursor: previous }),
    requests: same(1),
  },
  {
    id: "transaction",
    asks: "an order that may be delivered again, under a token of its own",
    call: ({ data, userId, orderId }) =>
      data.transaction.write(
        (tx) => [tx.project.put({ userId, projectId: "order", data: { name: "Open house" } })],
        { token: orderId },
      ),
    requests: same(1),
    transactions: true,
  },
  {
    id: "transaction",
    asks: "the same order, delivered again",
    call: ({ data, userId, orderId }) =>
      data.transaction.write(
        (tx) => [tx.project.put({ userId, projectId: "order", data: { name: "Open house" } })],
        { token: orderId },
      ),
    requests: same(2),
    before: nextMillisecond,
    transactions: true,
  },
  {
    id: "repository",
    asks: "the newest 20 items of a user by an index, with the generic repository",
    call: ({ repository, userId }) =>
      repository.query(`USER#${userId}`, "", {
        indexName: "GSI1",
        limit: 20,
        scanIndexForward: false,
      }),
    requests: same(1),
  },
  {
    id: "repository",
    asks: "a user's items between two sort keys",
    call: ({ repository, userId }) =>
      repository.queryBetween(`USER#${userId}`, "COMPETITOR#0", "COMPETITOR#9"),
    requests: same(1),
  },
  {
    id: "repository",
    asks: "a page of the whole table",
    call: ({ repository }) => repository.scan({ limit: 20 }),
    requests: same(1),
  },
  {
    id: "repository",
    asks: "several writes by raw keys, all or nothing",
    call: ({ repository, userId }) =>
      repository.transactWrite([
        { delete: { PK: `USER#${userId}`, SK: "DRAFT#1" } },
        {
          check: { PK: `USER#${userId}`, SK: "LOCK" },
          conditionExpression: "attribute_not_exists(PK)",
        },
      ]),
    requests: same(1),
    transactions: true,
  },
  {
    id: "repository",
    asks: "writes by raw keys that may be delivered again, under a token of their own",
    call: ({ repository, userId, otherOrderId }) =>
      repository.transactWrite([{ delete: { PK: `USER#${userId}`, SK: "DRAFT#1" } }], {
        token: otherOrderId,
      }),
    requests: same(1),
    transactions: true,
  },
  {
    id: "user",
    asks: "everything of a user, to hand it out: a query per partition",
    call: ({ data, userId }) => listed(data.user(userId).export()),
    requests: { onePage: 3, large: 6 },
  },
  {
    id: "user",
    asks: "erase a user with n items (here 10 and 2,000): a query per partition, ⌈n/25⌉ batches, and the queries again",
    call: ({ data, importUserId }) => data.user(importUserId).erase(),
    requests: { onePage: 7, large: 86 },
    before: ({ data, imports }) => data.savedContent.batchPut(imports),
  },
];
