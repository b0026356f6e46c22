/** What an application gives the commands: `bayon-data doctor --config own-config.ts`. */
export { ownEntities as entities } from "../own-entities.js";

/** The collections of Firestore that they were in. */
export const firestore = {
  lead: { path: "users/{userId}/leads/{leadId}", created: ["addedAt"] },
  team: { path: "teams/{teamId}" },
  workflowStep: { path: "orgs/{orgId}/workflows/{workflowId}/steps/{stepId}" },
  attempt: {
    path: "attempts/{quizId}",
    keyFromData: ({ day, number }: Record<string, unknown>) => ({ day, number }),
  },
};
