/** An item of each entity for tests, and factories that make more of them. */
import type { FacadeName } from "../../services/entities.js";
import type { DataOf, Specs } from "../../services/stores.js";
import { refuseUnknown } from "../call/options.js";
import type { Simplify } from "../store/field-paths.js";

/** What `put` and `create` take, with every part of the key. */
export type FixtureOf<F extends FacadeName> = Simplify<
  Specs[F]["parts"] & { data: DataOf<F>; createdAt?: number | undefined }
>;

/**
 * One complete, plausible item per entity, all of the user and agent `user-1`. They are frozen,
 * because all tests share them; `make` returns copies.
 */
export const fixtures: { readonly [F in FacadeName]: FixtureOf<F> } = frozen({
  userProfile: {
    userId: "user-1",
    data: {
      email: "ana@example.com",
      displayName: "Ana Ruiz",
      photoURL: "https://example.com/ana.jpg",
    },
  },
  realEstateAgentProfile: {
    userId: "user-1",
    agentProfileId: "main",
    data: {
      name: "Ana Ruiz",
      bio: "Fifteen years of helping families in Ballard find a home.",
      certifications: ["CRS", "ABR"],
      yearsOfExperience: 15,
      phone: "(206) 555-0100",
      agencyName: "Harbor Homes",
    },
  },
  review: {
    agentId: "user-1",
    reviewId: "review-1",
    data: {
      author: { name: "Lee Park" },
      source: "Google",
      rating: 5,
      comment: "Ana found us the right house in two weeks.",
      date: "2025-03-01T12:00:00.000Z",
    },
  },
  brandAudit: {
    userId: "user-1",
    auditId: "main",
    data: {
      results: [
        {
          platform: "Zillow",
          platformUrl: "https://example.com/ana",
          foundName: "Ana Ruiz",
          status: "Consistent",
        },
        { platform: "Yelp", foundName: "", foundPhone: null, status: "Not Found" },
      ],
      lastRun: "2025-03-02T08:30:00.000Z",
    },
  },
  competitor: {
    userId: "user-1",
    competitorId: "competitor-1",
    data: {
      name: "Max Olsen",
      agency: "Blue Door Realty",
      reviewCount: 120,
      avgRating: 4.6,
      socialFollowers: 3400,
      domainAuthority: 31,
    },
  },
  researchReport: {
    userId: "user-1",
    reportId: "report-1",
    data: {
      topic: "Ballard, spring 2025",
      report: "# Ballard\n\nInventory rose by 8 %.",
      citations: ["https://example.com/mls"],
    },
  },
  project: { userId: "user-1", projectId: "project-1", data: { name: "Spring listings" } },
  savedContent: {
    userId: "user-1",
    contentId: "content-1",
    data: {
      type: "Blog Post",
      content: "Five things to fix before you sell.",
      name: "Before you sell",
      projectId: "project-1",
    },
  },
  trainingProgress: {
    userId: "user-1",
    moduleId: "social-media",
    data: { completed: true, completedAt: "2025-02-11T10:00:00.000Z" },
  },
  marketingPlan: {
    userId: "user-1",
    planId: "plan-1",
    data: {
      plan: [
        {
          task: "Ask five clients for a review",
          rationale: "Reviews decide",
          tool: "Reviews",
          toolLink: "/reviews",
        },
      ],
    },
  },
  reviewAnalysis: {
    userId: "user-1",
    analysisId: "main",
    data: {
      overallSentiment: "Positive",
      summary: "Clients praise patience.",
      keywords: ["patient"],
      commonThemes: ["communication"],
      analyzedAt: "2025-03-03T09:00:00.000Z",
    },
  },
  oauthToken: {
    userId: "user-1",
    provider: "GOOGLE_BUSINESS",
    data: {
      accessToken: "test-access-token",
      refreshToken: "test-refresh-token",
      expiryDate: 4102444800000,
    },
  },
});

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(frozen);
  return Object.freeze(value);
}

/** What a factory takes: any part of the key, a creation time, some of the payload. */
export type OverridesOf<F extends FacadeName> = Partial<Omit<FixtureOf<F>, "data">> & {
  data?: Partial<DataOf<F>> | undefined;
};

type Factories = { readonly [F in FacadeName]: (overrides?: OverridesOf<F>) => FixtureOf<F> };

/**
 * The part of the key that a factory counts up: the last one that is an id. A provider is not an id.
 */
function countedIdOf(fixture: object): string {
  const ids = Object.keys(fixture).filter((name) => name !== "data" && name !== "provider");
  return ids.at(-1) ?? "";
}

let made = 0;

/** `make.savedContent({ data: { projectId: null } })`: the fixture with a new id and the overrides. */
export const make: Factories = Object.fromEntries(
  (Object.keys(fixtures) as FacadeName[]).map((name) => [
    name,
    (overrides?: OverridesOf<typeof name>) => {
      const fixture = fixtures[name];
      const known = [...Object.keys(fixture), "createdAt"];
      refuseUnknown({ operation: `make.${name}` }, overrides, known);
      made += 1;
      return {
        ...fixture,
        [countedIdOf(fixture)]: `${name}-${made}`,
        ...overrides,
        data: { ...structuredClone(fixture.data), ...overrides?.data },
      };
    },
  ]),
  // Each factory is created from the fixture of its own name.
) as unknown as Factories;
