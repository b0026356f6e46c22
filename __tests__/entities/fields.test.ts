/**
 * Every field that a payload schema declares, written out by hand: a declaration that is lost makes
 * the field unknown, and an unknown field takes any value without a word.
 */
import { definitions, type FacadeName } from "../../services/entities.js";
import { createTestDataLayer, fixtures, type TestDataLayer } from "../../src/testing/index.js";
import { inputOf, registry, storeOf } from "../registry.js";

/** What a field takes. */
type Kind =
  | "text"
  | "number"
  | "flag"
  | "texts"
  | "textOrTexts"
  | "textOrNumber"
  | "moment"
  | "map"
  | "rating"
  | "sentiment"
  | "platforms"
  | "author"
  | "tasks"
  | "steps";

/** A value of each of JSON's types, some of them well for most kinds. */
const samples: Readonly<Record<string, unknown>> = {
  text: "x",
  number: 3,
  flag: true,
  texts: ["x"],
  numbers: [3],
  maps: [{ a: 1 }],
  map: { a: 1 },
};

/** Which of the samples a kind takes; `null` is looked at by itself. */
const takes: { readonly [K in Kind]: readonly string[] } = {
  text: ["text"],
  number: ["number"],
  flag: ["flag"],
  texts: ["texts"],
  textOrTexts: ["text", "texts"],
  textOrNumber: ["text", "number"],
  moment: ["text", "number"],
  map: ["map"],
  rating: ["number"],
  sentiment: [],
  platforms: [],
  author: [],
  // Of a task every field is optional.
  tasks: ["text", "maps"],
  steps: ["text", "texts", "maps"],
};

type Fields = Readonly<Record<string, Kind | `${Kind}?`>>;

const written: Fields = { id: "text", createdAt: "moment", updatedAt: "moment" };

const profile: Fields = {
  ...written,
  ...{ name: "text?", bio: "text?", photoURL: "text?", licenses: "texts?" },
  ...{ certifications: "textOrTexts?", yearsOfExperience: "textOrNumber?" },
  ...{ transactionHistory: "textOrNumber?", zillowEmail: "text?", licenseNumber: "text?" },
  ...{ phone: "text?", address: "text?", agencyName: "text?", website: "text?" },
  ...{ linkedin: "text?", twitter: "text?", facebook: "text?", domainAuthority: "number?" },
  teamId: "text?",
};

/** By entity: `text` is a text, `text?` a text or null. A moment may be null in any case. */
const declared: { readonly [F in FacadeName]: Fields } = {
  userProfile: {
    ...profile,
    ...{ email: "text?", displayName: "text?", givenName: "text?", familyName: "text?" },
    ...{ role: "text?", permissions: "texts?" },
  },
  realEstateAgentProfile: profile,
  review: {
    ...written,
    ...{ agentId: "text", author: "author", source: "text", avatarUrl: "text?", rating: "rating" },
    ...{ comment: "text", date: "moment", importedAt: "moment", userId: "text?" },
  },
  brandAudit: { ...written, results: "platforms", lastRun: "moment" },
  competitor: {
    ...written,
    ...{ name: "text", agency: "text?", reviewCount: "number?", avgRating: "number?" },
    ...{ socialFollowers: "number?", domainAuthority: "number?", website: "text?" },
    ...{ description: "text?", isYou: "flag?" },
  },
  researchReport: {
    ...written,
    ...{ topic: "text", report: "text", citations: "texts?", summary: "text?", type: "text?" },
    source: "text?",
  },
  project: { ...written, name: "text" },
  savedContent: {
    ...written,
    ...{ type: "text", content: "text", name: "text?", projectId: "text?", title: "text?" },
    ...{ headerImage: "text?", metaDescription: "text?", metadata: "map?", status: "text?" },
  },
  trainingProgress: {
    ...written,
    ...{ moduleId: "text?", completed: "flag", completedAt: "moment" },
  },
  marketingPlan: { ...written, name: "text?", plan: "tasks?", steps: "steps?" },
  reviewAnalysis: {
    ...written,
    ...{ overallSentiment: "sentiment", summary: "text", keywords: "texts" },
    ...{ commonThemes: "texts", analyzedAt: "moment" },
  },
  oauthToken: {
    ...{ accessToken: "text", refreshToken: "text?", expiryDate: "moment" },
    ...{ agentProfileId: "text?", provider: "text?", createdAt: "moment", updatedAt: "moment" },
  },
};

/** Fields within the maps of a list or a map, which are declared too. */
const nested: readonly {
  readonly name: FacadeName;
  readonly path: string;
  readonly fields: Fields;
  payload(value: unknown, field: string): Record<string, unknown>;
}[] = [
  {
    name: "brandAudit",
    path: "data.results[0]",
    fields: {
      ...{ platform: "text", platformUrl: "text?", foundName: "text?", foundAddress: "text?" },
      ...{ foundPhone: "text?", status: "text" },
    },
    payload: (value, field) => ({
      results: [{ platform: "Google", status: "Consistent", [field]: value }],
    }),
  },
  {
    name: "review",
    path: "data.author",
    fields: { name: "text" },
    payload: (value, field) => ({ ...fixtures.review.data, author: { [field]: value } }),
  },
  ...(["plan", "steps"] as const).map((list) => ({
    name: "marketingPlan" as const,
    path: `data.${list}`,
    fields: {
      task: "text?",
      rationale: "text?",
      tool: "text?",
      toolLink: "text?",
    } satisfies Fields,
    payload: (value: unknown, field: string) => ({ [list]: [{ [field]: value }] }),
  })),
];

const kindOf = (declaration: Kind | `${Kind}?`) => declaration.replace("?", "") as Kind;
const takesNull = (declaration: string) => declaration.endsWith("?") || declaration === "moment";

describe("the declared fields", () => {
  let data: TestDataLayer;
  beforeAll(async () => {
    data = await createTestDataLayer();
  });
  afterAll(() => data.close());

  const wellFor = (declaration: Kind | `${Kind}?`): string[] => [
    ...takes[kindOf(declaration)],
    ...(takesNull(declaration) ? ["null"] : []),
  ];

  describe.each(registry)("of $name", (entity) => {
    const { name } = entity;
    const pathsOf = (payload: object) =>
      storeOf(data, entity)
        .check({ ...inputOf(entity, "u1", "i1"), data: { ...payload } })
        .map(({ path }) => path);

    test("are those of its schema, and no others", () => {
      expect(Object.keys(definitions[name].payload().shape).sort()).toEqual(
        Object.keys(declared[name]).sort(),
      );
    });

    test.each(Object.entries(declared[name]))(
      "%s takes %s, and refuses the rest",
      (field, kind) => {
        const accepted: string[] = [];
        for (const [sample, value] of Object.entries({ ...samples, null: null })) {
          const paths = pathsOf({ ...fixtures[name].data, [field]: value });
          if (paths.length === 0) accepted.push(sample);
          // The element of a list may be what is wrong.
          else for (const path of paths) expect(path).toMatch(new RegExp(`^data\\.${field}\\b`));
        }
        expect(accepted).toEqual(wellFor(kind));
      },
    );
  });

  describe.each(nested)("of $path of $name", ({ name, path, fields, payload }) => {
    const entity = registry.find((row) => row.name === name)!;

    test.each(Object.entries(fields))("%s takes %s, and refuses the rest", (field, kind) => {
      const accepted: string[] = [];
      for (const [sample, value] of Object.entries({ ...samples, null: null })) {
        const issues = storeOf(data, entity).check({
          ...inputOf(entity, "u1", "i1"),
          data: payload(value, field),
        });
        if (issues.length === 0) accepted.push(sample);
        else for (const issue of issues) expect(issue.path.startsWith(path)).toBe(true);
      }
      expect(accepted).toEqual(wellFor(kind));
    });
  });
});
