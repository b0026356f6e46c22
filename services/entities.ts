/** The registry: the twelve entities under their facade names. */
import { type BrandAudit, brandAudit } from "../entities/brand-audit.js";
import { type Competitor, competitor } from "../entities/competitor.js";
import { type MarketingPlan, marketingPlan } from "../entities/marketing-plan.js";
import { type OAuthToken, oauthToken } from "../entities/oauth-token.js";
import { type Project, project } from "../entities/project.js";
import {
  type RealEstateAgentProfile,
  realEstateAgentProfile,
} from "../entities/real-estate-agent-profile.js";
import { type ResearchReport, researchReport } from "../entities/research-report.js";
import { type Review, review } from "../entities/review.js";
import { type ReviewAnalysis, reviewAnalysis } from "../entities/review-analysis.js";
import { type SavedContent, savedContent } from "../entities/saved-content.js";
import { type TrainingProgress, trainingProgress } from "../entities/training-progress.js";
import { type UserProfile, userProfile } from "../entities/user-profile.js";
import type { NamesIn, SchemaOf } from "./registry.js";

/** One entity of the registry: its declaration, and the item that its store returns. */
export interface Registered<Definition, Item> {
  readonly definition: Definition;
  readonly item: Item;
}

/** The twelve entities under their facade names. */
export interface Registry {
  /** A user's account: `USER#<userId>` / `PROFILE`. Documents with a photo alone occur, so nothing is required. */
  readonly userProfile: Registered<typeof userProfile, UserProfile>;
  /** How an agent presents themselves: `USER#<userId>` / `AGENT#<agentProfileId>`. A first save may lack name and bio. */
  readonly realEstateAgentProfile: Registered<
    typeof realEstateAgentProfile,
    RealEstateAgentProfile
  >;
  /** A client's review of an agent: `REVIEW#<agentId>` / `REVIEW#<reviewId>`, by its id alone in GSI1. */
  readonly review: Registered<typeof review, Review>;
  /** How platforms show an agent's name, address and phone: `USER#<userId>` / `AUDIT#<auditId>`. */
  readonly brandAudit: Registered<typeof brandAudit, BrandAudit>;
  /** A competitor whom a user tracks: `USER#<userId>` / `COMPETITOR#<competitorId>`. The figures may be missing. */
  readonly competitor: Registered<typeof competitor, Competitor>;
  /** A research report: `USER#<userId>` / `REPORT#<reportId>`, in order of creation in GSI1. */
  readonly researchReport: Registered<typeof researchReport, ResearchReport>;
  /** A folder of saved content: `USER#<userId>` / `PROJECT#<projectId>`, in order of creation in GSI1. */
  readonly project: Registered<typeof project, Project>;
  /** Content that a user saved: `USER#<userId>` / `CONTENT#<contentId>`, in order of creation in GSI1. */
  readonly savedContent: Registered<typeof savedContent, SavedContent>;
  /** A training module that a user began or completed: `USER#<userId>` / `TRAINING#<moduleId>`. */
  readonly trainingProgress: Registered<typeof trainingProgress, TrainingProgress>;
  /** A marketing plan: `USER#<userId>` / `PLAN#<planId>`, in order of creation in GSI1. */
  readonly marketingPlan: Registered<typeof marketingPlan, MarketingPlan>;
  /** What an agent's reviews say as a whole: `USER#<userId>` / `ANALYSIS#<analysisId>`. */
  readonly reviewAnalysis: Registered<typeof reviewAnalysis, ReviewAnalysis>;
  /** A user's tokens at a provider: `OAUTH#<userId>` / `<provider>`. Its values are secrets. */
  readonly oauthToken: Registered<typeof oauthToken, OAuthToken>;
}

/** The name of a store, for instance `savedContent`. */
export type FacadeName = keyof Registry;

/** The twelve declarations under their facade names. */
export const definitions: { readonly [F in keyof Registry]: Registry[F]["definition"] } = {
  userProfile,
  realEstateAgentProfile,
  review,
  brandAudit,
  competitor,
  researchReport,
  project,
  savedContent,
  trainingProgress,
  marketingPlan,
  reviewAnalysis,
  oauthToken,
};

/** The twelve declarations under their facade names. */
export type BuiltIn = typeof definitions;

/** The names of all twelve stores. */
export const facadeNames = Object.keys(definitions) as readonly FacadeName[];

/** The name of an entity, as `EntityType` holds it. */
export type EntityName = SchemaOf<Registry[FacadeName]["definition"]>["model"]["entity"];

/** The names of the stores whose entities are in a collection: by their key, or in the index. */
export type InCollection<C extends string> = NamesIn<BuiltIn, C>;

/** The twelve ElectroDB entities under their facade names. */
export type Entities = { [F in FacadeName]: ReturnType<Registry[F]["definition"]["entity"]> };
