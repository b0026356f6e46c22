/** What each payload schema accepts of real documents, and what it refuses because readers would break. */
import { definitions, type FacadeName } from "../../services/entities.js";
import { createEntities, createService } from "../../services/registry.js";
import { fixtures } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { inputOf, keyOf, registry, storeOf } from "../registry.js";

type Payload = Record<string, unknown>;

const dates: readonly unknown[] = [
  "2025-03-01T12:00:00.000Z",
  "2025-03-01T12:00:00+02:00",
  "",
  1_740_000_000_000,
  { _seconds: 1_740_000_000, _nanoseconds: 5 },
  { seconds: 1_740_000_000, nanoseconds: 0 },
  { type: "firestore/timestamp/1.0", seconds: 1_740_000_000, nanoseconds: 0 },
  null,
];
const wrongDates: readonly unknown[] = [true, [], {}, { seconds: "1" }];

const task = { task: "Ask", rationale: "Because", toolLink: "/r", tool: "Reviews" };
const review = { author: { name: "Lee" }, source: "Google", rating: 5, comment: "Good" };
const analysis = { overallSentiment: "Mixed", summary: "s", keywords: [], commonThemes: [] };

interface Case {
  readonly accepts: Readonly<Record<string, Payload>>;
  /** The payload, and the paths that are wrong in it. */
  readonly refuses: Readonly<Record<string, [Payload, ...string[]]>>;
}

const cases: { readonly [F in FacadeName]: Case } = {
  userProfile: {
    accepts: {
      "a photo alone": { photoURL: "https://example.com/a.jpg" },
      "nothing at all": {},
      "names and permissions": {
        givenName: "A",
        familyName: "R",
        role: "admin",
        permissions: ["x"],
      },
      "an agent's fields mixed in": {
        email: "",
        certifications: "CRS, ABR",
        yearsOfExperience: "",
      },
      nulls: { email: null, displayName: null, photoURL: null, permissions: null },
    },
    refuses: {
      "an email that is no text": [{ email: 5 }, "data.email"],
      "permissions of numbers": [{ permissions: [1] }, "data.permissions[0]"],
      "an id that is no text": [{ id: 5 }, "data.id"],
    },
  },
  realEstateAgentProfile: {
    accepts: {
      "a first save without name and bio": { phone: "1" },
      "certifications as one text": { name: "Ana", certifications: "CRS, ABR" },
      "years as a text": { yearsOfExperience: "15", transactionHistory: "" },
      "years as a number": { yearsOfExperience: 15, domainAuthority: 31.5 },
      "lists that are null": { licenses: null, certifications: null },
    },
    refuses: {
      "a name that is no text": [{ name: ["Ana"] }, "data.name"],
      "years as a list": [{ yearsOfExperience: [1] }, "data.yearsOfExperience"],
      "licences as a map": [{ licenses: {} }, "data.licenses"],
    },
  },
  review: {
    accepts: {
      "one without avatar and date": review,
      "an avatar of null": { ...review, avatarUrl: null },
      "another source": { ...review, source: "Facebook", importedAt: dates[4], userId: "u" },
      "a fractional rating": { ...review, rating: 4.5 },
    },
    refuses: {
      "no author": [{ ...review, author: undefined }, "data.author"],
      "an author without a name": [{ ...review, author: {} }, "data.author.name"],
      "a rating of 0": [{ ...review, rating: 0 }, "data.rating"],
      "a rating of 6": [{ ...review, rating: 6 }, "data.rating"],
      "a rating in words": [{ ...review, rating: "five" }, "data.rating"],
      "no comment": [{ ...review, comment: null }, "data.comment"],
      "nothing at all": [{}, "data.author", "data.source", "data.rating", "data.comment"],
    },
  },
  brandAudit: {
    accepts: {
      "no results": { results: [] },
      "fields empty, null or missing": {
        results: [{ platform: "Yelp", status: "Not Found", foundName: "", foundPhone: null }],
      },
      "a status of its own": { results: [{ platform: "Yelp", status: "Needs Verification" }] },
    },
    refuses: {
      "no list": [{ results: "one" }, "data.results"],
      "a result without platform": [{ results: [{ status: "x" }] }, "data.results[0].platform"],
      "the second one wrong": [
        {
          results: [
            { platform: "a", status: "b" },
            { platform: "a", status: 1 },
          ],
        },
        "data.results[1].status",
      ],
    },
  },
  competitor: {
    accepts: {
      "one without numbers": { name: "Max", website: "w", description: "d", createdAt: dates[0] },
      "one's own": { name: "Ana", isYou: true, reviewCount: 0, avgRating: 0 },
      "numbers that are null": { name: "Max", reviewCount: null, socialFollowers: null },
    },
    refuses: {
      "no name": [{ agency: "a" }, "data.name"],
      "a number in words": [{ name: "Max", reviewCount: "many" }, "data.reviewCount"],
    },
  },
  researchReport: {
    accepts: {
      "no citations": { topic: "t", report: "" },
      "citations of null": { topic: "t", report: "r", citations: null },
      "a summary and a source": {
        topic: "t",
        report: "r",
        summary: null,
        source: "web",
        type: "x",
      },
    },
    refuses: {
      "no topic and no report": [{}, "data.topic", "data.report"],
      "citations as a text": [{ topic: "t", report: "r", citations: "a, b" }, "data.citations"],
    },
  },
  project: {
    accepts: { "a name": { name: "" }, "an id of its own": { id: "x", name: "n" } },
    refuses: { "no name": [{}, "data.name"], "a name of null": [{ name: null }, "data.name"] },
  },
  savedContent: {
    accepts: {
      "one of a project": { type: "t", content: "c", projectId: "p" },
      "an uncategorised one": { type: "t", content: "c", projectId: null },
      "all that is optional": {
        type: "t",
        content: "",
        title: "",
        headerImage: null,
        metaDescription: "m",
        metadata: { any: [1, { thing: null }] },
        status: "draft",
      },
    },
    refuses: {
      "no type and no content": [{}, "data.type", "data.content"],
      "metadata as a text": [{ type: "t", content: "c", metadata: "m" }, "data.metadata"],
      "a projectId that is no text": [{ type: "t", content: "c", projectId: 5 }, "data.projectId"],
    },
  },
  trainingProgress: {
    accepts: {
      "moduleId in place of id": { moduleId: "m", completed: true, completedAt: dates[0] },
      "one that is not completed": { completed: false, completedAt: null },
    },
    refuses: { "completed in words": [{ completed: "yes" }, "data.completed"] },
  },
  marketingPlan: {
    accepts: {
      tasks: { plan: [task] },
      "one text": { plan: "Ask five clients" },
      "steps in place of plan": { steps: [task, "a text"], name: "Spring" },
      neither: {},
    },
    refuses: { "a plan that is a number": [{ plan: 5 }, "data.plan"] },
  },
  reviewAnalysis: {
    accepts: { "as declared": analysis, "unknown fields": { ...analysis, model: { version: 2 } } },
    refuses: {
      "a sentiment of its own": [
        { ...analysis, overallSentiment: "Fine" },
        "data.overallSentiment",
      ],
      "keywords as a text": [{ ...analysis, keywords: "a" }, "data.keywords"],
    },
  },
  oauthToken: {
    accepts: {
      "an access token alone": { accessToken: "a" },
      "a refresh token that is empty": { accessToken: "a", refreshToken: "", provider: "GOOGLE" },
      "an expiry of any encoding": { accessToken: "a", expiryDate: "soon", agentProfileId: "p" },
    },
    refuses: {
      "no access token": [{ refreshToken: "r" }, "data.accessToken"],
      "an access token that is no text": [{ accessToken: 5 }, "data.accessToken"],
    },
  },
};

/** Fields that hold a point in time. */
const dateFields: { readonly [F in FacadeName]?: string } = {
  review: "date",
  brandAudit: "lastRun",
  trainingProgress: "completedAt",
  reviewAnalysis: "analyzedAt",
  oauthToken: "expiryDate",
};

test("every entity is here", () => {
  expect(Object.keys(cases).sort()).toEqual(Object.keys(definitions).sort());
});

describe.each(engines)("payloads on $name", (engine) => {
  const table = openTable(engine);

  describe.each(registry)("$name", (entity) => {
    const { name } = entity;
    const { accepts, refuses } = cases[name];
    const store = () => storeOf(table.data, entity);
    const inputWith = (data: Payload) => ({ ...inputOf(entity, "u1", "i1"), data });

    test("takes its fixture", () => {
      expect(store().check(fixtures[name])).toEqual([]);
    });

    test.each(Object.entries(accepts))("takes %s, and gives it back", async (_, data) => {
      const input = inputWith(data);
      const { data: stored } = await store().put(input);
      expect(stored).toMatchObject(data);
      expect(await store().get(keyOf(entity, input))).toMatchObject({ data: stored });
      const added = Object.keys(stored).filter((field) => !Object.hasOwn(data, field));
      const idsFromKey = name === "review" ? ["agentId", "id"] : ["id"];
      const expected = name === "oauthToken" || Object.hasOwn(data, "id") ? [] : idsFromKey;
      expect(added.sort()).toEqual(expected);
    });

    test.each(Object.entries(refuses))("refuses %s", (_, [data, ...paths]) => {
      expect(
        store()
          .check(inputWith(data))
          .map((issue) => issue.path),
      ).toEqual(paths);
    });

    test("takes every encoding of a date, and refuses what is none", () => {
      const own = dateFields[name];
      const fields = ["createdAt", "updatedAt", ...(own === undefined ? [] : [own])];
      const [valid] = Object.values(accepts);
      for (const field of fields) {
        for (const date of dates) {
          expect(store().check(inputWith({ ...valid, [field]: date }))).toEqual([]);
        }
        for (const date of wrongDates) {
          expect(store().check(inputWith({ ...valid, [field]: date }))).toEqual([
            {
              path: `data.${field}`,
              message: "must be an ISO date, epoch milliseconds, a Firestore timestamp or null",
            },
          ]);
        }
      }
    });

    test("lets required fields be missing where an import asks for it", () => {
      expect(store().check(inputWith({}), { allowMissing: true })).toEqual([]);
    });
  });
});

describe("declarations", () => {
  test("a factory's entities share nothing (creating service B made service A write to B's table)", () => {
    for (const definition of Object.values(definitions)) {
      const first = definition.entity({ table: "first" });
      const second = definition.entity({ table: "second" });
      expect(first).not.toBe(second);
      expect(first.getTableName()).toBe("first");
      expect(second.getTableName()).toBe("second");
    }
  });

  test("a service changes nothing but the entities that it was made of", () => {
    const entities = createEntities(definitions, { table: "first" });
    createService(entities, { table: "first" });
    createService(createEntities(definitions, { table: "second" }), { table: "second" });
    for (const entity of Object.values(entities)) expect(entity.getTableName()).toBe("first");
  });

  test("each names itself, and asks nothing of the environment", () => {
    for (const { name, entity } of registry) {
      const { model } = definitions[name].entity({}).schema as { model: { entity: string } };
      expect(model.entity).toBe(entity);
    }
  });
});
