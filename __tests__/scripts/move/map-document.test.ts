import { collections } from "../../../scripts/move/firestore/collections.js";
import {
  isRejection,
  mapDocument,
  type SourceItem,
} from "../../../scripts/move/firestore/map-document.js";

const fallback = Date.UTC(2025, 10, 17);
const at = Date.UTC(2024, 5, 20, 8, 15, 5, 379);
const seconds = 1718871305;

/** Every way in which a document says 2024-06-20T08:15:05.379Z. */
const encodings: [name: string, value: unknown][] = [
  ["ISO with Z", "2024-06-20T08:15:05.379Z"],
  ["ISO with an offset", "2024-06-20T00:15:05.379-08:00"],
  ["ISO without an offset, which is UTC", "2024-06-20T08:15:05.379"],
  ["the Admin SDK's timestamp", { _seconds: seconds, _nanoseconds: 379_075_000 }],
  ["the Web SDK's timestamp", { seconds, nanoseconds: 379_075_000 }],
  [
    "the Web SDK's typed timestamp",
    { type: "firestore/timestamp/1.0", seconds, nanoseconds: 379_075_000 },
  ],
  ["epoch milliseconds", at],
];

const unreadable: [name: string, value: unknown][] = [
  ["null", null],
  ["missing", undefined],
  ["text that is no date", "Invalid Date"],
  ["an empty text", ""],
  ["a bare number as text", "5"],
  ["NaN", Number.NaN],
  ["a time before 1970", -1],
  ["a time after 2286", 10_000_000_000_000],
  ["a timestamp without nanoseconds", { seconds }],
  ["a timestamp of text", { seconds: "1718871305", nanoseconds: "0" }],
  ["a list", [at]],
];

function collectionOf(facade: string) {
  const collection = collections().find((each) => each.facade === facade);
  if (collection === undefined) throw new Error(`no collection of ${facade}`);
  return collection;
}

/** Maps a document of a collection, whose ids are `u1` and `i1`. */
function map(facade: string, data: Record<string, unknown>): SourceItem {
  const collection = collectionOf(facade);
  const document =
    collection.ids.length === 2
      ? { id: "i1", parentId: "u1", data, path: `${collection.path.replace("{id}", "u1")}/i1` }
      : { id: "i1", data, path: `${collection.path}/i1` };
  const mapped = mapDocument(collection, document, 0, fallback);
  if (isRejection(mapped)) throw new Error(mapped.reasons.join());
  return mapped;
}

describe("the key of a document", () => {
  test.each([
    ["userProfile", {}, { userId: "i1" }],
    ["realEstateAgentProfile", {}, { userId: "u1", agentProfileId: "i1" }],
    ["review", { agentId: "a1" }, { agentId: "a1", reviewId: "i1" }],
    ["brandAudit", {}, { userId: "u1", auditId: "i1" }],
    ["competitor", {}, { userId: "u1", competitorId: "i1" }],
    ["researchReport", {}, { userId: "u1", reportId: "i1" }],
    ["project", {}, { userId: "u1", projectId: "i1" }],
    ["savedContent", { id: "another" }, { userId: "u1", contentId: "i1" }],
    ["trainingProgress", { moduleId: "another" }, { userId: "u1", moduleId: "i1" }],
    ["marketingPlan", {}, { userId: "u1", planId: "i1" }],
    ["reviewAnalysis", {}, { userId: "u1", analysisId: "i1" }],
    ["oauthToken", {}, { userId: "i1" }],
    ["oauthToken", { provider: "" }, { userId: "i1" }],
    ["oauthToken", { provider: "MICROSOFT" }, { userId: "i1", provider: "MICROSOFT" }],
  ])("of %s with %j is %j", (facade, data, key) => {
    expect(map(facade, data).key).toEqual(key);
  });

  test("comes from the path where the document does not name its ids", () => {
    const document = { data: {}, path: "users/u1/projects/p#1" };
    const mapped = mapDocument(collectionOf("project"), document, 0, fallback);
    expect(mapped).toMatchObject({ key: { userId: "u1", projectId: "p#1" } });
  });

  test("comes from the ids where there is no path", () => {
    const document = { data: {}, parentId: "u1", id: "p1" };
    const mapped = mapDocument(collectionOf("project"), document, 0, fallback);
    expect(mapped).toMatchObject({ path: "users/u1/projects/p1", key: { projectId: "p1" } });
  });
});

describe("the creation date", () => {
  test.each(encodings)("is read from %s", (_, createdAt) => {
    expect(map("savedContent", { createdAt }).createdAt).toBe(at);
  });

  test.each(unreadable)("of a document with %s is the export's", (_, createdAt) => {
    expect(map("savedContent", { createdAt }).createdAt).toBe(fallback);
  });

  test.each([
    ["review", { createdAt: 1, importedAt: 2, date: 3 }, 1],
    ["review", { createdAt: null, importedAt: 2, date: 3 }, 2],
    ["review", { importedAt: "soon", date: 3 }, 3],
    ["brandAudit", { lastRun: 4 }, 4],
    ["trainingProgress", { completedAt: 5 }, 5],
    ["reviewAnalysis", { analyzedAt: 6 }, 6],
    ["oauthToken", { expiryDate: 7 }, fallback],
    ["competitor", { updatedAt: 8 }, fallback],
  ])("of %s with %j is %d", (facade, data, expected) => {
    expect(map(facade, data).createdAt).toBe(expected);
  });
});

describe("the payload", () => {
  test.each(encodings.slice(3, 6))("has %s as an ISO string, at any depth", (_, timestamp) => {
    const { data } = map("savedContent", { list: [{ deep: { timestamp } }], timestamp });
    const iso = "2024-06-20T08:15:05.379Z";
    expect(data).toEqual({ list: [{ deep: { timestamp: iso } }], timestamp: iso });
  });

  test("is otherwise as it was", () => {
    const data = {
      createdAt: at,
      text: "2024-06-20T00:15:05-08:00",
      empty: "",
      nothing: null,
      number: 1.5,
      duration: { seconds: 90 },
      more: { seconds, nanoseconds: 0, zone: "UTC" },
      range: { seconds: 1e15, nanoseconds: 0 },
      "a.b": [[], {}, false],
    };
    expect(map("savedContent", data).data).toEqual(data);
  });

  test("has dates before 1970 as ISO strings too", () => {
    const { data } = map("userProfile", { born: { _seconds: -1, _nanoseconds: 500_000_000 } });
    expect(data).toEqual({ born: "1969-12-31T23:59:59.500Z" });
  });

  test("may be nested as deep as it likes", () => {
    let deep: unknown = "the end";
    for (let level = 0; level < 100_000; level += 1) deep = { deep };
    expect(map("userProfile", { deep }).data).toHaveProperty("deep");
  });
});

describe("a document is rejected", () => {
  const project = collectionOf("project");
  const reasonsOf = (document: unknown) => {
    const mapped = mapDocument(project, document, 7, fallback);
    return isRejection(mapped) ? mapped.reasons : [];
  };

  test.each([
    ["that is none", "text", ["is not a document"]],
    ["without data", { id: "p", parentId: "u" }, ["data must be an object"]],
    ["whose data is a list", { id: "p", parentId: "u", data: [] }, ["data must be an object"]],
    [
      "of another collection",
      { data: {}, path: "users/u/savedContent/c" },
      ["path must be one of users/{id}/projects"],
    ],
    [
      "whose path and ids disagree",
      { data: {}, id: "p", parentId: "u", path: "users/other/projects/p" },
      ["userId is not the same in path and id"],
    ],
  ])("%s", (_, document, reasons) => {
    expect(reasonsOf(document)).toEqual(reasons);
  });

  test("and named by its position where it does not say who it is", () => {
    expect(mapDocument(project, 5, 7, fallback)).toMatchObject({ path: "users/?/projects/?[7]" });
  });
});
