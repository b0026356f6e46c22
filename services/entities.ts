/** The registry: every entity under its facade name, and the Service that groups them. */
import { Service } from "electrodb";
import { brandAudit } from "../entities/brand-audit.js";
import { competitor } from "../entities/competitor.js";
import { marketingPlan } from "../entities/marketing-plan.js";
import { oauthToken } from "../entities/oauth-token.js";
import { project } from "../entities/project.js";
import { realEstateAgentProfile } from "../entities/real-estate-agent-profile.js";
import { researchReport } from "../entities/research-report.js";
import { review } from "../entities/review.js";
import { reviewAnalysis } from "../entities/review-analysis.js";
import { savedContent } from "../entities/saved-content.js";
import type { EntityConfig } from "../entities/shared.js";
import { trainingProgress } from "../entities/training-progress.js";
import { userProfile } from "../entities/user-profile.js";
import { secretFields } from "../src/entity-model.js";
import type { SecretEntity } from "../src/field-guard.js";
import { compileTemplate } from "../src/keys.js";
import { type EntityName, keyTemplates } from "../src/table.js";

export const definitions = {
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

/** The twelve ElectroDB entities under their facade names. */
export type Entities = { [F in FacadeName]: ReturnType<(typeof definitions)[F]["entity"]> };

/** The name of a store, for instance `savedContent`. */
export type FacadeName = keyof typeof definitions;

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
  return new Service(entities, config);
}

/** The entities that have secret fields; their ElectroDB entities are not made for it. */
export function secretEntities(): SecretEntity[] {
  return Object.entries(definitions).flatMap(([facade, { payload }]) => {
    const fields = secretFields(payload);
    if (fields.length === 0) return [];
    // An entity's name is its facade's but for capitals.
    const names = Object.keys(keyTemplates) as EntityName[];
    const name = names.find((one) => one.toLowerCase() === facade.toLowerCase());
    if (name === undefined) throw new TypeError(`no key templates for ${facade}`);
    const { pk, sk } = keyTemplates[name];
    return [{ name, pk: compileTemplate(pk), sk: compileTemplate(sk), fields }];
  });
}
