/** The registry: every entity under its facade name, and the Service that groups them. */
import { Service } from "electrodb";
import { type BrandAudit, brandAudit } from "../entities/brand-audit.js";
import { type Competitor, competitor } from "../entities/competitor.js";
import type { EntityConfig } from "../entities/definition.js";
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
import { secretFields } from "../src/entity/model.js";
import { type DeclaredSchema, templatesOf } from "../src/keys/declared.js";
import { compileTemplate } from "../src/keys/template.js";
import { serviceWithOwnErrors } from "../src/native/native-service.js";
import type { GuardedEntity } from "../src/secrets/field-guard.js";
import type { KeyTemplates } from "../src/table/table.js";

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

export const definitions: { readonly [F in FacadeName]: Registry[F]["definition"] } = {
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

/** The names of all stores. */
export const facadeNames = Object.keys(definitions) as readonly FacadeName[];

/** The name of an entity, as `EntityType` holds it. */
export type EntityName = SchemaOf<FacadeName>["model"]["entity"];

/** The names of the stores whose entities are in a collection: by their key, or in the index. */
export type InCollection<C extends string> = {
  [F in FacadeName]: C extends CollectionOf<SchemaOf<F>["indexes"]> ? F : never;
}[FacadeName];

type SchemaOf<F extends FacadeName> = Registry[F]["definition"]["schema"];
type CollectionOf<Indexes> = {
  [I in keyof Indexes]: Indexes[I] extends { readonly collection: infer C } ? C : never;
}[keyof Indexes];

/** The same, in the registry's order. */
export function inCollection<C extends string>(collection: C): readonly InCollection<C>[] {
  const isIn = (name: FacadeName): name is InCollection<C> => {
    const { indexes }: DeclaredSchema = definitions[name].schema;
    return Object.values(indexes).some((index) => index.collection === collection);
  };
  return facadeNames.filter(isIn);
}

/** The twelve ElectroDB entities under their facade names. */
export type Entities = { [F in FacadeName]: ReturnType<Registry[F]["definition"]["entity"]> };

/** Makes the twelve entities. ElectroDB's Service changes what it is given, so each call makes its own. */
export function createEntities(config: EntityConfig): Entities {
  const entries = Object.entries(definitions).map(([name, definition]) => [
    name,
    definition.entity(config),
  ]);
  return Object.fromEntries(entries) as Entities;
}

/** Groups entities into the ElectroDB Service with the collections `workspace` and `recent`. */
export function createService(entities: Entities, config: EntityConfig): Service<Entities> {
  return serviceWithOwnErrors(new Service(entities, config));
}

/** The key templates of all entities. */
export function keyTemplates(): KeyTemplates[] {
  return facadeNames.map((name) => templatesOf(definitions[name].schema));
}

/**
 * Each entity as a guard of its secrets needs it. Its schema is only read when its fields are
 * requested.
 */
export function guardedEntities(): GuardedEntity[] {
  return facadeNames.map((facade) => {
    const { payload, schema } = definitions[facade];
    const { pk, sk } = templatesOf(schema);
    let fields: readonly string[] | undefined;
    return {
      name: schema.model.entity,
      pk: compileTemplate(pk),
      sk: compileTemplate(sk),
      get fields() {
        fields ??= secretFields(payload());
        return fields;
      },
    };
  });
}

/** The entities that have secret fields. */
export function secretEntities(): GuardedEntity[] {
  return guardedEntities().filter(({ fields }) => fields.length > 0);
}
