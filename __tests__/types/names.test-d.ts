/** Names for the types of items, and what is taken that is no plain, writable object. Never run. */
import type {
  BrandAudit,
  BrandAuditData,
  ChangesOf,
  Competitor,
  CompetitorData,
  DataLayer,
  DataOf,
  EntityStore,
  FacadeName,
  InputOf,
  ItemOf,
  KeyOf,
  MarketingPlan,
  MarketingPlanData,
  OAuthToken,
  OAuthTokenData,
  Project,
  ProjectData,
  QueryPage,
  RealEstateAgentProfile,
  RealEstateAgentProfileData,
  ResearchReport,
  ResearchReportData,
  Review,
  ReviewAnalysis,
  ReviewAnalysisData,
  ReviewData,
  SavedContent,
  SavedContentData,
  Spec,
  StoreSpec,
  Stores,
  TrainingProgress,
  TrainingProgressData,
  UserProfile,
  UserProfileData,
  UserScope,
} from "bayon-coagent-data";
import { EntityStore as StoreClass } from "bayon-coagent-data";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function holds<_Claim extends true>(): void {
  // A claim that is false is the compile error.
}

type AllTrue<Claims> = Equal<{ [C in keyof Claims]: true }, Claims>;

declare const data: DataLayer;
declare const scope: UserScope;

// ---- Each of the twelve has a name for its item and one for its payload.

interface Items {
  userProfile: UserProfile;
  realEstateAgentProfile: RealEstateAgentProfile;
  review: Review;
  brandAudit: BrandAudit;
  competitor: Competitor;
  researchReport: ResearchReport;
  project: Project;
  savedContent: SavedContent;
  trainingProgress: TrainingProgress;
  marketingPlan: MarketingPlan;
  reviewAnalysis: ReviewAnalysis;
  oauthToken: OAuthToken;
}

interface Payloads {
  userProfile: UserProfileData;
  realEstateAgentProfile: RealEstateAgentProfileData;
  review: ReviewData;
  brandAudit: BrandAuditData;
  competitor: CompetitorData;
  researchReport: ResearchReportData;
  project: ProjectData;
  savedContent: SavedContentData;
  trainingProgress: TrainingProgressData;
  marketingPlan: MarketingPlanData;
  reviewAnalysis: ReviewAnalysisData;
  oauthToken: OAuthTokenData;
}

holds<Equal<keyof Items, FacadeName>>();
holds<AllTrue<{ [F in FacadeName]: Equal<ItemOf<F>, Items[F]> }>>();
holds<AllTrue<{ [F in FacadeName]: Equal<DataOf<F>, Payloads[F]> }>>();
type Got<F extends FacadeName> = Awaited<ReturnType<DataLayer[F]["create"]>>;
holds<AllTrue<{ [F in FacadeName]: Equal<Got<F>, Items[F]> }>>();
type Scoped<F extends FacadeName> = Awaited<ReturnType<UserScope[F]["create"]>>;
holds<AllTrue<{ [F in FacadeName]: Equal<Scoped<F>, Items[F]> }>>();

// A payload is a plain object to whatever takes one.
declare const content: SavedContent;
content.data satisfies Record<string, unknown>;
content satisfies Record<string, unknown>;

// ---- What calls take has a name, too.

declare const newContent: InputOf<"savedContent">;
data.savedContent.create(newContent);
// @ts-expect-error put wants the id
data.savedContent.put(newContent);
declare const wholeContent: InputOf<"savedContent", "put">;
data.savedContent.put(wholeContent);
data.savedContent.batchPut([wholeContent]);
data.savedContent.create(wholeContent);
declare const changes: ChangesOf<"savedContent">;
declare const contentKey: KeyOf<"savedContent">;
data.savedContent.update(contentKey, changes);
// An item that was read is a key, and an input.
data.savedContent.get(content);
data.savedContent.put({ ...contentKey, data: { ...content.data, name: "n" } });

// ---- Readonly values go in (they were refused: TS4104).

const frozen = {
  overallSentiment: "Positive",
  summary: "s",
  keywords: ["a", "b"],
  commonThemes: [],
} as const;
data.reviewAnalysis.create({ userId: "u", data: frozen });
data.reviewAnalysis.put({ userId: "u", analysisId: "main", data: frozen });
data.reviewAnalysis.batchPut([{ userId: "u", analysisId: "main", data: frozen }]);
data.reviewAnalysis.update({ userId: "u", analysisId: "main" }, { keywords: frozen.keywords });
void data.transaction.write((tx) => [
  tx.reviewAnalysis.put({ userId: "u", analysisId: "main", data: frozen }),
  tx.reviewAnalysis.create({ userId: "u", data: frozen }),
]);
const results = [{ platform: "Yelp", status: "Not Found" }] as const;
data.brandAudit.create({ userId: "u", data: { results } });
data.brandAudit.query({ userId: "u" }, { where: (audit, { eq }) => eq(audit.results, results) });
data.reviewAnalysis.query({ userId: "u" }, { where: { keywords: frozen.keywords } });
data.userProfile.put({ userId: "u", data: Object.freeze({ licenses: Object.freeze(["a"]) }) });
data.profiles.save({ userId: "u" }, Object.freeze({ licenses: Object.freeze(["a"]) }));
data.brandAudit.create({
  userId: "u",
  // @ts-expect-error a wrong type, however deep
  data: { results: [{ platform: "Yelp", status: 5 }] as const },
});
// @ts-expect-error a list of numbers for one of texts
data.reviewAnalysis.update({ userId: "u", analysisId: "main" }, { keywords: [1] as const });

// ---- A key's id may be undefined where it may be left out (it was refused: TS2379).

data.savedContent.create({ userId: "u", contentId: undefined, data: { type: "t", content: "c" } });
data.oauthToken.get({ userId: "u", provider: undefined });
data.savedContent.update(contentKey, { title: undefined, type: undefined });
scope.savedContent.create({ contentId: undefined, data: { type: "t", content: "c" } });
// @ts-expect-error the owner may not
data.savedContent.create({ userId: undefined, data: { type: "t", content: "c" } });
// @ts-expect-error nor may the id that names an item
data.savedContent.get({ userId: "u", contentId: undefined });
data.savedContent.create({
  userId: "u",
  // @ts-expect-error nor may a field that the payload requires
  data: { type: "t", content: undefined },
});

// ---- A map may be the value of an interface (it was refused: TS2322).

interface Seo {
  readonly title: string;
  readonly keywords: readonly string[];
  readonly length: number;
}
declare const seo: Seo;
data.savedContent.create({ userId: "u", data: { type: "t", content: "c", metadata: seo } });
data.savedContent.create({ userId: "u", data: { type: "t", content: "c", metadata: { seo } } });
data.savedContent.update(contentKey, { metadata: seo });
data.savedContent.update(contentKey, { metadata: { a: { b: [1, null, "x"] } } });
data.savedContent.update(contentKey, { metadata: content.data.metadata });
// @ts-expect-error a list is no map
data.savedContent.update(contentKey, { metadata: ["a"] });
// @ts-expect-error nor is a text
data.savedContent.update(contentKey, { metadata: "a" });
// @ts-expect-error nor a date
data.savedContent.update(contentKey, { metadata: new Date() });
// @ts-expect-error nor a set
data.savedContent.update(contentKey, { metadata: new Set(["a"]) });
// @ts-expect-error nor a function
data.savedContent.update(contentKey, { metadata: () => "a" });
// @ts-expect-error nor a promise
data.savedContent.update(contentKey, { metadata: Promise.resolve({}) });

// ---- Stores of a union are called (they were not: TS2349).

declare const name: "savedContent" | "project" | "researchReport";
declare const anyName: FacadeName;

export async function ofUnions(): Promise<void> {
  const page = await data[name].query({ userId: "u" }, { by: "createdAt", limit: 3 });
  holds<
    Equal<typeof page, QueryPage<SavedContent> | QueryPage<Project> | QueryPage<ResearchReport>>
  >();
  for await (const item of data[name].list({ userId: "u" }))
    holds<Equal<typeof item.userId, string>>();
  const whole = { userId: "u", contentId: "c", projectId: "p", reportId: "r" };
  const item = await data[name].get(whole);
  holds<Equal<typeof item, SavedContent | Project | ResearchReport | null>>();
  (await data[name].getOrThrow(whole)).createdAt.toFixed();
  (await data[name].delete(whole))?.data;
  (await data[name].batchGet([whole])).length.toFixed();
  await data[name].batchDelete([whole]);
  await scope[name].query({});
  data[anyName].check({});
  // @ts-expect-error the keys of all of them are wanted
  await data[name].get({ userId: "u", contentId: "c" });
}

// With the name as a type parameter the key and the item are those of the one store.
export async function read<F extends FacadeName>(
  stores: Stores,
  facade: F,
  key: KeyOf<F>,
): Promise<ItemOf<F> | null> {
  return stores[facade].get(key);
}
export async function copy<F extends FacadeName>(
  stores: Stores,
  facade: F,
  input: InputOf<F, "put">,
): Promise<ItemOf<F>> {
  return stores[facade].put(input);
}
holds<Equal<Awaited<ReturnType<typeof read<"project">>>, Project | null>>();
void read(data, "project", { userId: "u", projectId: "p" });
// @ts-expect-error the key of another store
void read(data, "project", { userId: "u", contentId: "c" });

// ---- A function over any store.

export async function newest<S extends StoreSpec>(
  store: EntityStore<S>,
  partition: S["partition"],
): Promise<S["item"] | undefined> {
  const { items } = await store.query(partition, { limit: 1, order: "desc" });
  items[0]?.updatedAt.toFixed();
  return items[0];
}
export async function newestProject(): Promise<Project | undefined> {
  return newest(data.project, { userId: "u" });
}
holds<Equal<DataLayer["project"], EntityStore<Spec<"project">>>>();

// ---- What the package keeps to itself is on no store (`model` and `writes` were).

type Calls =
  | "get"
  | "getOrThrow"
  | "query"
  | "list"
  | "count"
  | "queryBy"
  | "listBy"
  | "countBy"
  | "create"
  | "put"
  | "upsert"
  | "update"
  | "delete"
  | "batchGet"
  | "batchPut"
  | "batchDelete"
  | "check";
holds<AllTrue<{ [F in FacadeName]: Equal<keyof DataLayer[F], Calls | "scan" | "entity"> }>>();
holds<AllTrue<{ [F in FacadeName]: Equal<keyof UserScope[F], Calls> }>>();

// ---- The class is for `instanceof`.

export function isStore(value: unknown): boolean {
  if (!(value instanceof StoreClass)) return false;
  value.check({});
  return true;
}
// @ts-expect-error only a data layer makes stores
new StoreClass();
