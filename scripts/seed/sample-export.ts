/**
 * A small Firestore export: two made-up agents, then by hand each unusual shape that real documents
 * have, and some documents that no reader could use.
 */
import type { FacadeName } from "../../services/entities.js";
import { collections, fileNameOf } from "../move/firestore/collections.js";
import type { SourceItem } from "../move/firestore/map-document.js";
import { sampleItems } from "./sample-data.js";

type Data = Record<string, unknown>;

interface Document {
  readonly id: string;
  readonly parentId?: string;
  readonly data: Data;
  readonly path: string;
}

/** How many of an agent's items of each kind are in the sample. */
const perAgent: Readonly<Partial<Record<FacadeName, number>>> = {
  userProfile: 1,
  realEstateAgentProfile: 1,
  review: 4,
  brandAudit: 1,
  competitor: 2,
  researchReport: 2,
  project: 2,
  savedContent: 6,
  trainingProgress: 2,
  marketingPlan: 1,
  reviewAnalysis: 1,
  oauthToken: 1,
};

/** The ways in which Firestore's SDKs and the application wrote a point in time. */
const encodings: readonly ((ms: number) => unknown)[] = [
  (ms) => new Date(ms).toISOString(),
  (ms) => ({ _seconds: Math.floor(ms / 1000), _nanoseconds: (ms % 1000) * 1_000_000 + 379 }),
  (ms) => ({ seconds: Math.floor(ms / 1000), nanoseconds: (ms % 1000) * 1_000_000 }),
  (ms) => new Date(ms - 8 * 3_600_000).toISOString().replace(/\.\d+Z$/, "-08:00"),
  (ms) => ({
    type: "firestore/timestamp/1.0",
    seconds: Math.floor(ms / 1000),
    nanoseconds: (ms % 1000) * 1_000_000,
  }),
  (ms) => ms,
];

const dateFields: ReadonlySet<string> = new Set([
  "createdAt",
  "date",
  "lastRun",
  "completedAt",
  "analyzedAt",
]);

/** The files of the sample by name, as text. The same in every run. */
export function sampleExport(): Map<string, string> {
  const documents = new Map<string, Document[]>(collections().map(({ facade }) => [facade, []]));
  const put = (facade: FacadeName, path: string, data: Data) => {
    const segments = path.split("/");
    const id = segments.at(-1) ?? "";
    const parentId = segments.length === 4 ? segments[1] : undefined;
    const document = { id, ...(parentId !== undefined && { parentId }), data, path };
    documents.get(facade)?.push(document);
  };
  const users = addAgents(put);
  addUnusual(put, users);
  addUnreadable(put, users);
  return filesOf(documents);
}

type Put = (facade: FacadeName, path: string, data: Data) => void;

/** Adds two agents with their dates in every encoding, and returns their ids. */
function addAgents(put: Put): readonly [string, string] {
  const counts = new Map<string, number>();
  const users: string[] = [];
  let dates = 0;
  for (const item of sampleItems({ users: 2, seed: 7 })) {
    const { facade, path, key } = item;
    if (facade === "userProfile") users.push(String(key.userId));
    const kind = `${users.at(-1)} ${facade}`;
    const taken = counts.get(kind) ?? 0;
    if (taken >= (perAgent[facade] ?? 0)) continue;
    counts.set(kind, taken + 1);
    put(
      facade,
      path,
      withEncodedDates(item, () => encodings[dates++ % encodings.length]),
    );
  }
  return [users[0] ?? "", users[1] ?? ""];
}

function withEncodedDates(
  { data }: SourceItem,
  nextEncoding: () => ((ms: number) => unknown) | undefined,
): Data {
  const entries = Object.entries(data).map(([name, value]) => [
    name,
    dateFields.has(name) && typeof value === "string" ? nextEncoding()?.(Date.parse(value)) : value,
  ]);
  return Object.fromEntries(entries);
}

/** Shapes that older versions of the application left. All of them can be read. */
function addUnusual(put: Put, [first, second]: readonly [string, string]): void {
  put("userProfile", "users/photo-only-user", {
    photoURL: "https://images.example.com/agents/unknown.jpg",
  });
  put("userProfile", "users/old-account-3f2a", {
    name: "Ruth Abernathy",
    givenName: "Ruth",
    familyName: "Abernathy",
    email: "ruth@example.com",
    role: "broker",
    permissions: ["content:write", "reviews:read"],
    agencyName: "Cedar & Main Homes",
    yearsOfExperience: "22",
    bio: "",
    createdAt: 1_641_042_000_000,
    updatedAt: "2024-02-11T09:30:00+01:00",
  });
  put("realEstateAgentProfile", `users/${second}/agentProfiles/second-office`, {
    photoURL: "https://images.example.com/offices/tacoma.jpg",
    certifications: "CRS, ABR",
    licenses: ["WA-11822", "OR-20113"],
    yearsOfExperience: "",
    facebook: "",
    domainAuthority: 31,
    teamId: null,
  });
  put("review", "reviews/imported-facebook-1", {
    agentId: first,
    author: { name: "Marguerite Leclerc 🏡" },
    source: "Facebook",
    rating: "4",
    comment: "Très efficace — négociation au top. 第一!",
    date: { _seconds: 1_718_871_305, _nanoseconds: 379_075_000 },
    importedAt: "2025-01-15T08:00:00.000Z",
    userId: first,
  });
  put("review", "reviews/no-picture", {
    id: "no-picture",
    agentId: first,
    author: { name: "Bill" },
    source: "Yelp",
    avatarUrl: null,
    rating: 3.5,
    comment: "",
    date: null,
  });
  put("brandAudit", `users/${first}/brandAudits/2024-before-the-move`, {
    results: [
      { platform: "Zillow", foundName: null, foundAddress: "", status: "Needs Verification" },
      { platform: "Yelp", platformUrl: "", status: "Not Found" },
    ],
  });
  put("competitor", `users/${first}/competitors/blue-door#north`, {
    name: 'Blue "Door" Realty, North',
    website: "https://bluedoor.example.com",
    description: "Three agents, mostly condos.",
    createdAt: "2024-06-01T12:00:00Z",
  });
  put("competitor", `users/${second}/competitors/you`, {
    name: "My own office",
    agency: "",
    reviewCount: 41,
    avgRating: 4.9,
    socialFollowers: null,
    isYou: true,
    updatedAt: { seconds: 1_733_301_804, nanoseconds: 397_523_000 },
  });
  put("researchReport", `users/${first}/researchReports/9b7e5e8c-1b07-4a63-88c5-6cdbaf37db3d`, {
    topic: "What a light rail station does to prices",
    report: "# What a light rail station does to prices\n\nLess than its builders say.",
    summary: "Prices within 400 m rose by three per cent more than elsewhere.",
    type: "market",
    source: "assistant",
    updatedAt: 1_737_582_227_204,
  });
  put("project", `users/${first}/projects/東京-投資`, {
    name: "東京 投資",
    createdAt: 1_704_735_768_792,
  });
  put("project", `users/${first}/projects/1720452351890`, {
    id: "1720452351890",
    createdAt: "2024-07-08T15:25:51.890Z",
  });
  put("savedContent", `users/${first}/savedContent/newest-page`, {
    type: "Landing Page",
    title: "Homes near Green Lake",
    name: "",
    content: "<h1>Homes near Green Lake</h1>",
    headerImage: "https://images.example.com/headers/green-lake.jpg",
    metaDescription: "What sells, how fast, and for how much.",
    metadata: {
      keywords: ["green lake", "seattle homes"],
      publishedAt: { _seconds: 1_758_000_000, _nanoseconds: 0 },
      "views.total": 1834,
    },
    status: "published",
    createdAt: { type: "firestore/timestamp/1.0", seconds: 1_757_990_000, nanoseconds: 5_000_000 },
  });
  put("savedContent", `users/${first}/savedContent/1761782868866`, {
    type: "Listing FAQs",
    content: "**May I see the furnace?** Any day after four.",
    projectId: "a-project-that-is-gone",
    createdAt: null,
  });
  put("savedContent", `users/${second}/savedContent/1709331806924`, {
    id: "1709331806924",
    type: "Market Update",
    content: "Written on a phone whose clock had stopped.",
    createdAt: "Invalid Date",
  });
  put("trainingProgress", `users/${second}/trainingProgress/open-houses`, {
    moduleId: "open-houses",
    completed: false,
    completedAt: null,
  });
  put("marketingPlan", `users/${second}/marketingPlans/plan-as-text`, {
    name: "Plan for the winter",
    plan: "1. Call every client of 2023.\n2. One video a week.\n3. Nothing in December.",
    createdAt: { _seconds: 1_730_353_830, _nanoseconds: 327_520_000 },
  });
  put("marketingPlan", `users/${second}/marketingPlans/plan-with-steps`, {
    id: "7f9d74f3-f093-4389-87b2-ceaea0ab1134",
    steps: [{ task: "Photograph the new listings", tool: "Content Engine", completed: true }],
  });
  put("oauthToken", "googleBusinessProfiles/old-account-3f2a", {
    agentProfileId: "main",
    provider: "GOOGLE_BUSINESS",
    accessToken: "not-a-real-access-token-of-ruth",
    refreshToken: "",
    expiryDate: { _seconds: 1_735_689_600, _nanoseconds: 0 },
  });
  put("oauthToken", "googleBusinessProfiles/photo-only-user", {
    accessToken: "not-a-real-access-token-of-nobody",
    expiryDate: "2024-12-31T23:59:59Z",
  });
}

/** Documents that would break whoever reads them, or that have no place in a key. */
function addUnreadable(put: Put, [first, second]: readonly [string, string]): void {
  const review = { source: "Google", rating: 5, comment: "Lovely!", date: "2025-02-02T10:00:00Z" };
  put("review", "reviews/whose-agent-is-empty", {
    ...review,
    agentId: "",
    author: { name: "Ann" },
  });
  put("review", "reviews/whose-agent-is-missing", { ...review, author: { name: "Ben" } });
  put("review", "reviews/whose-author-is-text", { ...review, agentId: first, author: "Cleo" });
  put("brandAudit", `users/${second}/brandAudits/broken-off`, {
    results: "pending",
    lastRun: null,
  });
  put("savedContent", `users/${second}/savedContent/${"long-slug-".repeat(110)}`, {
    type: "Blog Post",
    content: "Its name was made from its first paragraph.",
    createdAt: "2024-11-14T10:31:28.670Z",
  });
  put("trainingProgress", `users/${second}/trainingProgress/ai-basics`, { completed: "yes" });
}

function filesOf(documents: ReadonlyMap<string, readonly Document[]>): Map<string, string> {
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const files = new Map<string, string>();
  const counts: { path: string; count: number }[] = [];
  for (const { facade, path } of collections()) {
    const list = documents.get(facade) ?? [];
    counts.push({ path, count: list.length });
    files.set(
      fileNameOf(path),
      json({ collectionPath: path, documents: list, count: list.length }),
    );
  }
  const summary = {
    exportDate: "2025-10-01T06:00:00.000Z",
    totalCollections: counts.length,
    totalDocuments: counts.reduce((sum, { count }) => sum + count, 0),
    collections: counts,
  };
  return files.set("_summary.json", json(summary));
}
