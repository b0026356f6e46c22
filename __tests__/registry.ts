/** The twelve entities for tests that hold for all of them. */
import type { FacadeName } from "../services/entities.js";
import type { AnyEntity } from "../src/entity/model.js";
import type { EntityStore } from "../src/store/entity-store.js";
import type { EntityName } from "../src/table/table.js";
import { make, type TestDataLayer } from "../src/testing/index.js";

/** What a table over the registry knows of each store: no entity's own types. */
interface AnySpec {
  readonly parts: Record<string, unknown>;
  readonly key: Record<string, unknown>;
  readonly partition: Record<string, unknown>;
  readonly newKey: Record<string, unknown>;
  readonly data: Record<string, unknown>;
  readonly item: {
    readonly data: Record<string, unknown>;
    readonly createdAt: number;
    readonly updatedAt: number;
    readonly [part: string]: unknown;
  };
  readonly dated: true;
  readonly entity: AnyEntity;
}

export type AnyStore = EntityStore<AnySpec>;

export interface AnyInput {
  readonly data: Record<string, unknown>;
  readonly createdAt?: number;
  readonly [part: string]: unknown;
}

/** One entity as the tests see it; written out here, so that nothing under test decides it. */
export interface Registered {
  readonly name: FacadeName;
  readonly entity: EntityName;
  /** The part of the partition key. */
  readonly owner: "userId" | "agentId";
  /** The last part of the key; UserProfile has none. */
  readonly id: string | undefined;
  readonly dated: boolean;
}

export const registry: readonly Registered[] = [
  row("userProfile", "UserProfile", undefined),
  row("realEstateAgentProfile", "RealEstateAgentProfile", "agentProfileId"),
  row("review", "Review", "reviewId", { owner: "agentId" }),
  row("brandAudit", "BrandAudit", "auditId"),
  row("competitor", "Competitor", "competitorId"),
  row("researchReport", "ResearchReport", "reportId", { dated: true }),
  row("project", "Project", "projectId", { dated: true }),
  row("savedContent", "SavedContent", "contentId", { dated: true }),
  row("trainingProgress", "TrainingProgress", "moduleId"),
  row("marketingPlan", "MarketingPlan", "planId", { dated: true }),
  row("reviewAnalysis", "ReviewAnalysis", "analysisId"),
  row("oauthToken", "OAuthToken", "provider"),
];

function row(
  name: FacadeName,
  entity: Registered["entity"],
  id: string | undefined,
  { owner = "userId", dated = false }: Partial<Pick<Registered, "owner" | "dated">> = {},
): Registered {
  return { name, entity, owner, id, dated };
}

export function storeOf(data: TestDataLayer, { name }: Pick<Registered, "name">): AnyStore {
  // Every store has the same methods; a table over them gives up what is special to each.
  return data[name] as unknown as AnyStore;
}

/** An item of an entity with this owner, and this id where the entity has one. */
export function inputOf(
  { name, owner, id }: Registered,
  user: string,
  itemId: string,
  data: Record<string, unknown> = {},
): AnyInput {
  const overrides = { [owner]: user, ...(id !== undefined && { [id]: itemId }), data };
  return (make[name] as (overrides: object) => AnyInput)(overrides);
}

export function keyOf({ owner, id }: Registered, input: AnyInput): Record<string, string> {
  const parts = id === undefined ? [owner] : [owner, id];
  return Object.fromEntries(parts.map((part) => [part, String(input[part])]));
}
