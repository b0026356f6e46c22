/** The twelve entities for tests that hold for all of them. */
import type { EntityName, FacadeName } from "../services/entities.js";
import type { AnyEntity } from "../src/entity/model.js";
import type { EntityStore } from "../src/store/entity-store.js";
import { make, type TestDataLayer } from "../src/testing/index.js";

/** What a table over the registry knows of each store: no entity's own types. */
interface AnySpec {
  readonly parts: Record<string, unknown>;
  readonly key: Record<string, unknown>;
  readonly partition: Record<string, unknown>;
  readonly newKey: Record<string, unknown>;
  readonly data: Record<string, unknown>;
  readonly item: AnyItem;
  readonly secrets: never;
  readonly dated: true;
  readonly range: string;
  readonly indexes: Readonly<Record<string, AnyIndex>>;
  readonly entity: AnyEntity;
}

export interface AnyItem {
  readonly data: Record<string, unknown>;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly [part: string]: unknown;
}

interface AnyIndex {
  readonly parts: Record<string, unknown>;
  readonly partition: string;
  readonly timed: true;
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

/** The stores whose entities are in the collections, written out. */
export const workspaceEntities = [
  "userProfile",
  "realEstateAgentProfile",
  "brandAudit",
  "competitor",
  "researchReport",
  "project",
  "savedContent",
  "trainingProgress",
  "marketingPlan",
  "reviewAnalysis",
] as const satisfies readonly FacadeName[];
export const recentEntities: readonly FacadeName[] = [
  "researchReport",
  "project",
  "savedContent",
  "marketingPlan",
];

/** A row for each entity: the compiler asks for one that is missing. */
const rows: { readonly [F in FacadeName]: Omit<Registered, "name"> } = {
  userProfile: row("UserProfile", undefined),
  realEstateAgentProfile: row("RealEstateAgentProfile", "agentProfileId"),
  review: row("Review", "reviewId", { owner: "agentId" }),
  brandAudit: row("BrandAudit", "auditId"),
  competitor: row("Competitor", "competitorId"),
  researchReport: row("ResearchReport", "reportId", { dated: true }),
  project: row("Project", "projectId", { dated: true }),
  savedContent: row("SavedContent", "contentId", { dated: true }),
  trainingProgress: row("TrainingProgress", "moduleId"),
  marketingPlan: row("MarketingPlan", "planId", { dated: true }),
  reviewAnalysis: row("ReviewAnalysis", "analysisId"),
  oauthToken: row("OAuthToken", "provider"),
};

export const registry: readonly Registered[] = (Object.keys(rows) as FacadeName[]).map((name) => ({
  name,
  ...rows[name],
}));

/** One of each kind of key, and the one with secrets: what further engines are tried with. */
export const oneOfEachKind: readonly Registered[] = registry.filter(
  (one, at) => registry.findIndex((other) => kindOf(other) === kindOf(one)) === at,
);

function kindOf({ name, owner, id, dated }: Registered): string {
  return [owner, id === undefined, dated, name === "oauthToken"].join();
}

function row(
  entity: Registered["entity"],
  id: string | undefined,
  { owner = "userId", dated = false }: Partial<Pick<Registered, "owner" | "dated">> = {},
): Omit<Registered, "name"> {
  return { entity, owner, id, dated };
}

export function storeOf(
  data: Pick<TestDataLayer, FacadeName>,
  { name }: Pick<Registered, "name">,
): AnyStore {
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
