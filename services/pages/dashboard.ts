/** What the dashboard and the brand audit page show, each in three requests that are sent at once. */
import type { BrandAudit } from "../../entities/brand-audit.js";
import type { Competitor } from "../../entities/competitor.js";
import type { MarketingPlan } from "../../entities/marketing-plan.js";
import type { RealEstateAgentProfile } from "../../entities/real-estate-agent-profile.js";
import type { Review } from "../../entities/review.js";
import type { ReviewAnalysis } from "../../entities/review-analysis.js";
import { type CallOptions, limitsOf, perform, reading } from "../../src/call/call.js";
import { optionNames } from "../../src/call/options.js";
import { InputReader } from "../../src/entity/input.js";
import { refuseUnknownParts } from "../../src/entity/model.js";
import type { CallContext } from "../../src/errors/context.js";
import { internalsOf, type StoreContext } from "../../src/store/entity-store.js";
import { listed, newestFirst } from "../order.js";
import type { Stores } from "../stores.js";
import { readRange } from "./range.js";
import { newestReviews } from "./reviews.js";
import type { StoresOf } from "./stores-of.js";

/** A user, and the agent whose reviews are read. */
export interface DashboardKey {
  readonly userId: string;
  readonly agentId: string;
}

const keyNames = optionNames<DashboardKey>({ userId: true, agentId: true });

export interface Dashboard {
  /** The profile with the id `main`, else the one that was written last. */
  readonly agentProfile: RealEstateAgentProfile | null;
  /** The audit with the id `main`, else the one that was written last. */
  readonly brandAudit: BrandAudit | null;
  readonly competitors: Competitor[];
  /** The plan that was created last; adopted items only. */
  readonly latestPlan: MarketingPlan | null;
  /** All reviews of the agent, in order of their ids. */
  readonly reviews: Review[];
  /** The three newest reviews by their own date. */
  readonly newestReviews: Review[];
}

export interface BrandAuditPage {
  readonly agentProfile: Dashboard["agentProfile"];
  readonly brandAudit: Dashboard["brandAudit"];
  /** The analysis with the id `main`, else the one that was written last. */
  readonly reviewAnalysis: ReviewAnalysis | null;
  /** Whether a Google token is stored; no secret is read. */
  readonly connected: boolean;
  readonly reviews: Dashboard["reviews"];
}

export interface Dashboards {
  /**
   * The dashboard: 3 requests at once, and one more for each further MB of a query. No body of content
   * or report is read.
   * @example
   * const { agentProfile, latestPlan, newestReviews } = await data.dashboard({ userId, agentId });
   */
  dashboard(key: DashboardKey, options?: CallOptions): Promise<Dashboard>;
  /** The brand audit page: 3 requests at once, and one more for each further MB of a query. */
  brandAuditPage(key: DashboardKey, options?: CallOptions): Promise<BrandAuditPage>;
}

export function createDashboards(context: StoreContext, stores: Stores): Dashboards {
  return {
    dashboard: async (key, options = {}) =>
      dashboard(context, stores, readKey(context, stores, key, "dashboard"), options),
    brandAuditPage: async (key, options = {}) =>
      brandAuditPage(context, stores, readKey(context, stores, key, "brandAuditPage"), options),
  };
}

/** A checked key. */
interface CheckedKey {
  readonly call: CallContext;
  readonly parts: Readonly<Record<string, string>>;
  readonly userId: string;
  readonly agentId: string;
}

function readKey(
  context: StoreContext,
  stores: Stores,
  key: DashboardKey,
  operation: string,
): CheckedKey {
  return reading({ operation }, () => {
    const { userId, agentId } = key ?? {};
    const call = { operation, key: { userId, agentId } };
    refuseUnknownParts(call, key, keyNames);
    const partition = (store: Stores["userProfile" | "review"], given: object) =>
      new InputReader(internalsOf(store).model, context).partition(given, call);
    const parts = partition(stores.userProfile, { userId });
    const agent = partition(stores.review, { agentId });
    return { call, parts, userId: parts.userId ?? "", agentId: agent.agentId ?? "" };
  });
}

async function dashboard(
  context: StoreContext,
  stores: StoresOf<"dashboard", "dashboard">,
  { call, parts, userId, agentId }: CheckedKey,
  options: CallOptions,
): Promise<Dashboard> {
  // Read before anything is begun: if it threw later, nobody would wait for what was begun.
  const limits = limitsOf(call, options);
  const names = ["realEstateAgentProfile", "brandAudit", "competitor"] as const;
  const [range, plans, reviews] = await Promise.all([
    perform(call, limits, (running) => readRange(context, stores, names, parts, running)),
    perform(call, limits, ({ signal }) => {
      const newest = { by: "createdAt", order: "desc", limit: 1, signal } as const;
      return listed(stores.marketingPlan.list({ userId }, newest));
    }),
    stores.review.query({ agentId }, limits),
  ]);
  return {
    agentProfile: mainOf(range.realEstateAgentProfile, "agentProfileId"),
    brandAudit: mainOf(range.brandAudit, "auditId"),
    competitors: range.competitor,
    latestPlan: plans[0] ?? null,
    reviews: reviews.items,
    newestReviews: newestReviews(reviews.items).slice(0, 3),
  };
}

async function brandAuditPage(
  context: StoreContext,
  stores: StoresOf<"brandAuditPage", "brandAuditPage">,
  { call, parts, userId, agentId }: CheckedKey,
  options: CallOptions,
): Promise<BrandAuditPage> {
  const limits = limitsOf(call, options);
  const names = ["realEstateAgentProfile", "brandAudit", "reviewAnalysis"] as const;
  const [range, token, reviews] = await Promise.all([
    perform(call, limits, (running) => readRange(context, stores, names, parts, running)),
    stores.oauthToken.get({ userId }, { ...limits, fields: ["provider"] }),
    stores.review.query({ agentId }, limits),
  ]);
  return {
    agentProfile: mainOf(range.realEstateAgentProfile, "agentProfileId"),
    brandAudit: mainOf(range.brandAudit, "auditId"),
    reviewAnalysis: mainOf(range.reviewAnalysis, "analysisId"),
    connected: token !== null,
    reviews: reviews.items,
  };
}

/** The item with the id `main`, which the application writes, else the one that was written last. */
function mainOf<T extends { updatedAt: number }>(items: readonly T[], id: keyof T): T | null {
  const main = items.find((item) => item[id] === "main");
  return main ?? newestFirst(items, (item) => [item.updatedAt, String(item[id])])[0] ?? null;
}
