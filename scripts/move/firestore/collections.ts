/** Which Firestore collection holds which entity: its key and its creation date. */
import type { FacadeName } from "../../../services/entities.js";

export interface Collection {
  /** As `collectionPath` of an export's file names it. */
  readonly path: string;
  /** The key's parts that the ids of a document's path are, in order. */
  readonly ids: readonly string[];
  /** The key's parts that are in a document's data. */
  readonly keyFromData?: (data: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  /** The fields that may hold the creation date; the first readable one counts. */
  readonly created: readonly string[];
}

/** A collection below each user, whose documents' second id is the key part `id`. */
const ofUser = (name: string, id: string, ...created: string[]): Collection => ({
  path: `users/{id}/${name}`,
  ids: ["userId", id],
  created: ["createdAt", ...created],
});

/** An entity that was never in Firestore has none. */
const byFacade: Readonly<Partial<Record<FacadeName, Collection>>> = {
  userProfile: { path: "users", ids: ["userId"], created: ["createdAt"] },
  realEstateAgentProfile: ofUser("agentProfiles", "agentProfileId"),
  review: {
    path: "reviews",
    ids: ["reviewId"],
    keyFromData: ({ agentId }) => ({ agentId }),
    created: ["createdAt", "importedAt", "date"],
  },
  brandAudit: ofUser("brandAudits", "auditId", "lastRun"),
  competitor: ofUser("competitors", "competitorId"),
  researchReport: ofUser("researchReports", "reportId"),
  project: ofUser("projects", "projectId"),
  savedContent: ofUser("savedContent", "contentId"),
  trainingProgress: ofUser("trainingProgress", "moduleId", "completedAt"),
  marketingPlan: ofUser("marketingPlans", "planId"),
  reviewAnalysis: ofUser("reviewAnalyses", "analysisId", "analyzedAt"),
  oauthToken: {
    path: "googleBusinessProfiles",
    ids: ["userId"],
    // Documents from before there was a second provider name none: the store has the default.
    keyFromData: ({ provider }) => (provider ? { provider } : {}),
    created: ["createdAt"],
  },
};

/** Every collection, with the facade name of its entity. */
export const collections = Object.entries(byFacade).map(([facade, collection]) => ({
  // The table above has exactly these names.
  facade: facade as FacadeName,
  ...collection,
}));

/** The file of a collection: `users/{id}/savedContent` is in `users_id_savedContent.json`. */
export function fileNameOf(collectionPath: string): string {
  return `${collectionPath.replaceAll("/", "_").replaceAll("{id}", "id")}.json`;
}
