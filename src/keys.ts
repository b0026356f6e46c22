/** Key functions: one per entity, built from the table's templates, and their inverses. */
import { invalid, type ValidationIssue } from "./errors.js";
import {
  createdAtDigits,
  defaultProvider,
  type EntityName,
  keyTemplates,
  limits,
  type RawKey,
} from "./table.js";

/** A compiled template: literals and the names of the parts between them. */
export interface KeyTemplate {
  /** What the key begins with, before its first part. */
  readonly prefix: string;
  readonly parts: readonly string[];
  /** Fills the template. `createdAt` is padded to 13 digits. */
  build(values: Readonly<Record<string, string | number>>): string;
}

/** Compiles ElectroDB's template notation (`CONTENT#${contentId}`). */
export function compileTemplate(template: string): KeyTemplate {
  const pieces = template.split(/\$\{(\w+)\}/);
  const parts = pieces.filter((_, index) => index % 2 === 1);
  return {
    prefix: pieces[0] ?? "",
    parts,
    build: (values) => {
      let key = "";
      for (let index = 0; index < pieces.length; index += 1) {
        const piece = pieces[index] as string;
        key += index % 2 === 0 ? piece : keyText(values[piece]);
      }
      return key;
    },
  };
}

/** A key part as text: ids as they are, creation times padded so that they sort. */
function keyText(value: string | number | undefined): string {
  return typeof value === "number" ? String(value).padStart(createdAtDigits, "0") : String(value);
}

/** The rules of one key part; `undefined` where it is well. */
export function keyPartRule(value: unknown): string | undefined {
  if (value === undefined || value === null) return "is missing: a non-empty string is expected";
  if (typeof value !== "string") return `must be a string, not ${typeName(value)}`;
  if (value === "") return "must not be empty";
  if (!value.isWellFormed()) return "must not hold a lone surrogate";
  return undefined;
}

/** The rule that a partition or sort key breaks by its length; `undefined` where it is well. */
export function keyLengthRule(kind: "partition" | "sort", key: string): string | undefined {
  const limit = kind === "partition" ? limits.partitionKeyBytes : limits.sortKeyBytes;
  // UTF-8 takes at most three bytes for a UTF-16 unit, so most keys need no count.
  if (key.length * 3 <= limit) return undefined;
  const bytes = utf8Bytes(key);
  return bytes <= limit ? undefined : `makes a ${kind} key of ${bytes} bytes: at most ${limit}`;
}

/** Counted by hand: a browser has no Buffer, and a bundler would bring 20 KB of one along. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    if (point < 0x80) bytes += 1;
    else if (point < 0x800) bytes += 2;
    else if (point < 0x10000) bytes += 3;
    else bytes += 4;
  }
  return bytes;
}

function typeName(value: unknown): string {
  try {
    return Array.isArray(value) ? "array" : typeof value;
  } catch {
    // A proxy that was revoked.
    return typeof value;
  }
}

const compiled = new Map<EntityName, { pk: KeyTemplate; sk: KeyTemplate }>();

function keysFor(entity: EntityName, values: Record<string, string>): RawKey {
  let templates = compiled.get(entity);
  if (templates === undefined) {
    const { pk, sk } = keyTemplates[entity];
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

function checkKeyLength(path: string, rule: string | undefined, entity: EntityName): void {
  if (rule !== undefined)
    throw invalid({ operation: "keys of", entity }, [{ path, message: rule }]);
}

/** `USER#<userId>` / `PROFILE`. Throws ValidationError for an id that is no key. */
export function getUserProfileKeys(userId: string): RawKey {
  return keysFor("UserProfile", { userId });
}

/** `USER#<userId>` / `AGENT#<agentProfileId>`. */
export function getAgentProfileKeys(userId: string, agentProfileId: string): RawKey {
  return keysFor("RealEstateAgentProfile", { userId, agentProfileId });
}

/**
 * `REVIEW#<agentId>` / `REVIEW#<reviewId>`, with both keys of the index: an item with one of them
 * alone is never in it.
 */
export function getReviewKeys(
  agentId: string,
  reviewId: string,
): RawKey & { readonly GSI1PK: string; readonly GSI1SK: string } {
  const parts = { agentId, reviewId };
  const { gsi1pk, gsi1sk } = keyTemplates.Review;
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

const userPrefix = compileTemplate(keyTemplates.UserProfile.pk).prefix;

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
