/**
 * The stores of the use cases: whose items each of them reads or writes. The types give their code these stores
 * and no others (`services/pages/stores-of.ts`). Pages in a browser know from it what is out of date after a write.
 */
export const useCaseStores = {
  dashboard: {
    dashboard: ["realEstateAgentProfile", "brandAudit", "competitor", "marketingPlan", "review"],
  },
  brandAuditPage: {
    brandAuditPage: [
      "realEstateAgentProfile",
      "brandAudit",
      "reviewAnalysis",
      "oauthToken",
      "review",
    ],
  },
  projects: {
    listWithContent: ["project", "savedContent"],
    deleteAndUnfile: ["project", "savedContent"],
  },
  profiles: {
    save: ["realEstateAgentProfile", "userProfile"],
    setPhoto: ["realEstateAgentProfile", "userProfile"],
  },
  reviews: { byId: ["review"], deleteById: ["review"], newest: ["review"] },
  oauth: { isConnected: ["oauthToken"], remove: ["oauthToken"] },
} as const;
