/** What the dashboard and the brand audit page show, each in three requests that go out together. */
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
import { keyText } from "../../src/keys/template.js";
import { internalsOf, type StoreContext } from "../../src/store/entity-store.js";
import { listed, newestFirst } from "../order.js";
import type { Stores } from "../stores.js";
import { readRange } from "./range.js";
import { newestReviews } from "./reviews.js";

/** A user, and the agent whose reviews are read. */
export interface DashboardKey {
  readonly userId: string;
  readonly agentId: string;
}

const keyNames = optionNames<DashboardKey>({ userId: true, agentId: true });

export interface Dashboard {
  /** The profile `main`, else the one that was written last. */
  readonly agentProfile: RealEstateAgentProfile | null;
  /** The audit `main`, else the one that was written last. */
  readonly brandAudit: BrandAudit | null;
  readonly competitors: Competitor[];
  /** The newest by creation; adopted items only. */
  readonly latestPlan: MarketingPlan | null;
  /** Every review of the agent, in order of id. */
  readonly reviews: Review[];
  /** The three newest by their own date. */
  readonly newestReviews: Review[];
}

export interface BrandAuditPage {
  readonly agentProfile: Dashboard["agentProfile"];
  readonly brandAudit: Dashboard["brandAudit"];
  /** The analysis `main`, else the one that was written last. */
  readonly reviewAnalysis: ReviewAnalysis | null;
  /** Whether Google is connected; no secret is read. */
  readonly connected: boolean;
  readonly reviews: Dashboard["reviews"];
}

export interface Dashboards {
  /**
   * The dashboard: 3 requests in one wave (one more for each MB that a query passes). No body of
   * content or report is read.
   */
  dashboard(key: DashboardKey, options?: CallOptions): Promise<Dashboard>;
  /** The brand audit page: 3 requests in one wave (one more for each MB that a query passes). */
  brandAuditPage(key: DashboardKey, options?: CallOptions): Promise<BrandAuditPage>;
}

export function createDashboards(context: StoreContext, stores: Stores): Dashboards {
  const userOf = (key: DashboardKey, operation: string) =>
    reading({ operation }, () => {
      const { userId, agentId } = key ?? {};
      const call = { operation, key: keyText({ userId, agentId }) };
      refuseUnknownParts(call, key, keyNames);
      const parts = new InputReader(internalsOf(stores.userProfile).model, context).partition(
        { userId },
        call,
      );
      const agent = new InputReader(internalsOf(stores.review).model, context).partition(
        { agentId },
        call,
      );
      return { call, parts, userId: parts.userId ?? "", agentId: agent.agentId ?? "" };
    });
  return {
    dashboard: async (key, options = {}) => {
      const { call, parts, userId, agentId } = userOf(key, "dashboard");
      // Read before anything is begun: what is begun beside a throw would be nobody's.
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
    },
    brandAuditPage: async (key, options = {}) => {
      const { call, parts, userId, agentId } = userOf(key, "brandAuditPage");
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
    },
  };
}

/** The item with the id `main`, which the application writes, else the one written last. */
function mainOf<T extends { updatedAt: number }>(items: readonly T[], id: keyof T): T | null {
  const main = items.find((item) => item[id] === "main");
  return main ?? newestFirst(items, (item) => [item.updatedAt, String(item[id])])[0] ?? null;
}
