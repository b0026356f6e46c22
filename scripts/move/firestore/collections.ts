/** Which Firestore collection holds which entity: its key and its creation date. */
import { type FacadeName, definitions as twelve } from "../../../services/entities.js";
import { ofKnownEntities } from "../../raw/known-entities.js";
import type { Collection, KnownCollection } from "./collection.js";
import { ownCollections } from "./own-collections.js";

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

/** Every collection: those of the twelve, and those that a configuration file names. */
export const collections = ofKnownEntities((definitions, firestore): readonly KnownCollection[] => {
  const ofTwelve = Object.entries(byFacade).filter(
    ([facade]) => definitions[facade] === twelve[facade as FacadeName],
  );
  return [
    ...ofTwelve.map(([facade, collection]) => ({ facade, ...collection })),
    ...ownCollections(definitions, firestore),
  ];
});

/** The file of a collection: `users/{id}/savedContent` is in `users_id_savedContent.json`. */
export function fileNameOf(collectionPath: string): string {
  return `${collectionPath.replaceAll("/", "_").replaceAll("{id}", "id")}.json`;
}
