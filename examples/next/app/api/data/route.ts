import { type ApiOf, createDataHandler } from "bayon-coagent-data/server";
import { changes, dataLayer } from "../../../lib/data";
import { signedInUser } from "../../../lib/session";

/** All that a browser may ask for, always as the user of its session. */
export const { GET, POST, OPTIONS } = createDataHandler({
  data: dataLayer,
  authenticate: signedInUser,
  expose: {
    dashboard: true,
    brandAuditPage: true,
    projects: ["listWithContent"],
    savedContent: ["get", "query", "create", "update", "delete"],
    // No call: pages are only told that something has changed.
    brandAudit: [],
    competitor: [],
    marketingPlan: [],
    project: [],
    realEstateAgentProfile: [],
    review: [],
    reviewAnalysis: [],
  },
  live: changes,
  maxLimit: 50,
  onError: (error, { store, call }) => console.error(store, call, error),
});

export type Api = ApiOf<typeof GET>;
