/** Key functions: one for each of the twelve entities, for call sites of the old repository; and their inverses. */
import { invalid, invalidAt, type ValidationIssue } from "../errors/validation-error.js";
import type { KeyTemplates, RawKey } from "../table/table.js";
import { compileTemplate, type KeyTemplate, keyLengthRule, keyPartRule } from "./template.js";

/**
 * The keys of the twelve entities, as their declarations in `entities/` have them, and where a key
 * function gives them those of the index. They are written here as well since a browser and an edge
 * runtime load these functions: a bundler leaves out whole modules only, and a declaration's loads
 * ElectroDB and zod. The compiler refuses a difference (`__tests__/types/registry.test-d.ts`).
 */
export const oldKeys = {
  UserProfile: { pk: "USER#${userId}", sk: "PROFILE" },
  RealEstateAgentProfile: { pk: "USER#${userId}", sk: "AGENT#${agentProfileId}" },
  Review: {
    pk: "REVIEW#${agentId}",
    sk: "REVIEW#${reviewId}",
    gsi1pk: "REVIEW#${reviewId}",
    gsi1sk: "AGENT#${agentId}",
  },
  BrandAudit: { pk: "USER#${userId}", sk: "AUDIT#${auditId}" },
  Competitor: { pk: "USER#${userId}", sk: "COMPETITOR#${competitorId}" },
  ResearchReport: { pk: "USER#${userId}", sk: "REPORT#${reportId}" },
  Project: { pk: "USER#${userId}", sk: "PROJECT#${projectId}" },
  SavedContent: { pk: "USER#${userId}", sk: "CONTENT#${contentId}" },
  TrainingProgress: { pk: "USER#${userId}", sk: "TRAINING#${moduleId}" },
  MarketingPlan: { pk: "USER#${userId}", sk: "PLAN#${planId}" },
  ReviewAnalysis: { pk: "USER#${userId}", sk: "ANALYSIS#${analysisId}" },
  OAuthToken: { pk: "OAUTH#${userId}", sk: "${provider}" },
} as const satisfies Record<string, KeyTemplates>;

type OldEntityName = keyof typeof oldKeys;

/** `OAuthToken`'s provider if a caller names none, as its declaration has it. */
export const defaultProvider = "GOOGLE_BUSINESS";

const compiled = new Map<OldEntityName, { pk: KeyTemplate; sk: KeyTemplate }>();

function keysFor(entity: OldEntityName, values: Record<string, string>): RawKey {
  let templates = compiled.get(entity);
  if (templates === undefined) {
    const { pk, sk } = oldKeys[entity];
    templates = { pk: compileTemplate(pk), sk: compileTemplate(sk) };
    compiled.set(entity, templates);
  }
  const issues: ValidationIssue[] = [];
  for (const [path, value] of Object.entries(values)) {
    const rule = keyPartRule(value);
    if (rule !== undefined) issues.push({ path, message: rule });
  }
  if (issues.length > 0) throw invalid({ operation: "keys of", entity }, issues);
  const key = { PK: templates.pk.build(values), SK: templates.sk.build(values) };
  checkKeyLength("PK", keyLengthRule("partition", key.PK), entity);
  checkKeyLength("SK", keyLengthRule("sort", key.SK), entity);
  return key;
}

function checkKeyLength(path: string, rule: string | undefined, entity: OldEntityName): void {
  if (rule !== undefined) throw invalidAt({ operation: "keys of", entity }, path, rule);
}

/** `USER#<userId>` / `PROFILE`. Throws ValidationError for an id that cannot be part of a key. */
export function getUserProfileKeys(userId: string): RawKey {
  return keysFor("UserProfile", { userId });
}

/** `USER#<userId>` / `AGENT#<agentProfileId>`. */
export function getAgentProfileKeys(userId: string, agentProfileId: string): RawKey {
  return keysFor("RealEstateAgentProfile", { userId, agentProfileId });
}

/**
 * `REVIEW#<agentId>` / `REVIEW#<reviewId>`, with both keys of the index: an item with only one of them
 * is not in the index.
 */
export function getReviewKeys(
  agentId: string,
  reviewId: string,
): RawKey & { readonly GSI1PK: string; readonly GSI1SK: string } {
  const parts = { agentId, reviewId };
  const { gsi1pk, gsi1sk } = oldKeys.Review;
  return {
    ...keysFor("Review", parts),
    GSI1PK: compileTemplate(gsi1pk).build(parts),
    GSI1SK: compileTemplate(gsi1sk).build(parts),
  };
}

/** `USER#<userId>` / `AUDIT#<auditId>`. */
export function getBrandAuditKeys(userId: string, auditId: string): RawKey {
  return keysFor("BrandAudit", { userId, auditId });
}

/** `USER#<userId>` / `COMPETITOR#<competitorId>`. */
export function getCompetitorKeys(userId: string, competitorId: string): RawKey {
  return keysFor("Competitor", { userId, competitorId });
}

/** `USER#<userId>` / `REPORT#<reportId>`. */
export function getResearchReportKeys(userId: string, reportId: string): RawKey {
  return keysFor("ResearchReport", { userId, reportId });
}

/** `USER#<userId>` / `PROJECT#<projectId>`. */
export function getProjectKeys(userId: string, projectId: string): RawKey {
  return keysFor("Project", { userId, projectId });
}

/** `USER#<userId>` / `CONTENT#<contentId>`. */
export function getSavedContentKeys(userId: string, contentId: string): RawKey {
  return keysFor("SavedContent", { userId, contentId });
}

/** `USER#<userId>` / `TRAINING#<moduleId>`. */
export function getTrainingProgressKeys(userId: string, moduleId: string): RawKey {
  return keysFor("TrainingProgress", { userId, moduleId });
}

/** `USER#<userId>` / `PLAN#<planId>`. */
export function getMarketingPlanKeys(userId: string, planId: string): RawKey {
  return keysFor("MarketingPlan", { userId, planId });
}

/** `USER#<userId>` / `ANALYSIS#<analysisId>`. */
export function getReviewAnalysisKeys(userId: string, analysisId: string): RawKey {
  return keysFor("ReviewAnalysis", { userId, analysisId });
}

/** `OAUTH#<userId>` / `<provider>`. */
export function getOAuthTokenKeys(userId: string, provider: string = defaultProvider): RawKey {
  return keysFor("OAuthToken", { userId, provider });
}

const userPrefix = compileTemplate(oldKeys.UserProfile.pk).prefix;

/**
 * What a query of a user's items takes: the partition key, or the sort key prefix that was given.
 * Kept as the earlier layer had it.
 */
export function getUserItemPrefix(userId: string, itemType?: string): string {
  if (itemType) return itemType;
  return getUserProfileKeys(userId).PK;
}

/** The user's id of a partition key `USER#<userId>`, else `null`. Any character may be in it. */
export function extractUserIdFromPK(pk: string): string | null {
  return typeof pk === "string" && pk.startsWith(userPrefix) && pk.length > userPrefix.length
    ? pk.slice(userPrefix.length)
    : null;
}

/** The id of a sort key `<PREFIX>#<id>`, else `null`. Any character may be in it. */
export function extractEntityIdFromSK(sk: string): string | null {
  return typeof sk === "string" ? (/^[A-Z]+#([\s\S]+)$/.exec(sk)?.[1] ?? null) : null;
}
