/** What the types of the stores promise and refuse. Compiled by `npm run test:types`, never run. */
import type {
  DataLayer,
  EntityStore,
  FacadeName,
  InputOf,
  ItemOf,
  QueryPage,
  Specs,
} from "bayon-coagent-data";
import { createDataLayer, type KeyProvider } from "bayon-coagent-data";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `any`, which no source of this package may name. */
type Any = ReturnType<typeof JSON.parse>;

type IsAny<T> = 0 extends 1 & T ? true : false;

/** Whether `any` is a type or anywhere inside it, six levels deep; AbortSignal's own is Node's. */
type HasAny<T, Depth extends unknown[] = []> =
  IsAny<T> extends true
    ? true
    : Depth["length"] extends 6
      ? false
      : T extends AbortSignal
        ? false
        : T extends PromiseLike<infer V> | AsyncIterable<infer V>
          ? HasAny<V, [...Depth, 1]>
          : T extends (...args: infer A) => infer R
            ? true extends HasAny<A, [...Depth, 1]> | HasAny<R, [...Depth, 1]>
              ? true
              : false
            : T extends object
              ? true extends { [K in keyof T]-?: HasAny<T[K], [...Depth, 1]> }[keyof T]
                ? true
                : false
              : false;

function holds<_Claim extends true>(): void {
  // A claim that is false is the compile error.
}

type AllTrue<Claims> = Equal<{ [C in keyof Claims]: true }, Claims>;
type NoneTrue<Claims> = Equal<{ [C in keyof Claims]: false }, Claims>;

declare const data: DataLayer;
declare function as<T>(): T;

// ---- The helpers themselves find what they look for.

// @ts-expect-error `any` is found deep inside
holds<Equal<HasAny<{ a: { b: Any[] } }>, false>>();
// @ts-expect-error `any` is found in a function's result
holds<Equal<HasAny<() => Promise<Any>>, false>>();
holds<Equal<HasAny<{ a: unknown; b: never[]; c: () => void }>, false>>();
// @ts-expect-error one claim of several is false
holds<NoneTrue<{ a: false; b: true }>>();
// @ts-expect-error one claim of several is false
holds<AllTrue<{ a: false; b: true }>>();

// ---- No `any` in what a caller gives or gets.

// ElectroDB types its entities itself.
holds<NoneTrue<{ [F in FacadeName]: HasAny<Omit<Specs[F], "entity">> }>>();
holds<NoneTrue<{ [F in FacadeName]: HasAny<ItemOf<F>> }>>();
holds<NoneTrue<{ [F in FacadeName]: HasAny<InputOf<F, "create" | "put">> }>>();
type Method = Exclude<keyof DataLayer["project"], "entity">;
holds<
  NoneTrue<{
    [F in FacadeName]: HasAny<{ [M in Method]: DataLayer[F][M] }>;
  }>
>();
holds<Equal<HasAny<DataLayer["collections"]>, false>>();
holds<Equal<HasAny<DataLayer["table"]>, false>>();
holds<Equal<HasAny<DataLayer["configuration"]>, false>>();

// ---- Keys: which parts, and which may be left out.

interface Keys {
  userProfile: { userId: string };
  realEstateAgentProfile: { userId: string; agentProfileId: string };
  review: { agentId: string; reviewId: string };
  brandAudit: { userId: string; auditId: string };
  competitor: { userId: string; competitorId: string };
  researchReport: { userId: string; reportId: string };
  project: { userId: string; projectId: string };
  savedContent: { userId: string; contentId: string };
  trainingProgress: { userId: string; moduleId: string };
  marketingPlan: { userId: string; planId: string };
  reviewAnalysis: { userId: string; analysisId: string };
  oauthToken: { userId: string; provider?: string | undefined };
}

holds<Equal<keyof Keys, FacadeName>>();
holds<AllTrue<{ [F in FacadeName]: Equal<Specs[F]["key"], Keys[F]> }>>();
holds<
  AllTrue<{ [F in FacadeName]: Equal<Specs[F]["parts"], { [P in keyof Keys[F]]-?: string }> }>
>();

// @ts-expect-error a part is missing
data.savedContent.get({ userId: "u" });
// @ts-expect-error a part of another entity
data.savedContent.get({ userId: "u", projectId: "p" });
// @ts-expect-error one part too many
data.savedContent.get({ userId: "u", contentId: "c", projectId: "p" });
// @ts-expect-error a number for an id
data.savedContent.get({ userId: "u", contentId: 5 });
// @ts-expect-error undefined for an id
data.savedContent.get({ userId: "u", contentId: undefined });
// @ts-expect-error a profile's key has no second part
data.userProfile.get({ userId: "u", profileId: "p" });
// @ts-expect-error a review is an agent's
data.review.get({ userId: "u", reviewId: "r" });
// @ts-expect-error a partition is the first part alone
data.savedContent.query({ userId: "u", contentId: "c" });
// @ts-expect-error a partition is not optional
data.savedContent.query({});
// @ts-expect-error one wrong key of several
data.savedContent.batchGet([{ userId: "u", contentId: "c" }, { userId: "u" }]);
data.oauthToken.get({ userId: "u" });
data.oauthToken.get({ userId: "u", provider: "GOOGLE_BUSINESS" });
data.userProfile.get({ userId: "u" });

// ---- Input: the id may be left out in create alone, the payload nowhere.

const content = { type: "Blog", content: "Text" };
data.savedContent.create({ userId: "u", data: content });
data.savedContent.create({ userId: "u", contentId: "c", createdAt: 5, data: content });
data.oauthToken.put({ userId: "u", data: { accessToken: "t" } });
// @ts-expect-error put wants the id
data.savedContent.put({ userId: "u", data: content });
// @ts-expect-error batchPut wants the id
data.savedContent.batchPut([{ userId: "u", data: content }]);
// @ts-expect-error the owner is not made
data.savedContent.create({ contentId: "c", data: content });
// @ts-expect-error there is no payload
data.savedContent.put({ userId: "u", contentId: "c" });
// @ts-expect-error a required field is missing
data.savedContent.put({ userId: "u", contentId: "c", data: { type: "Blog" } });
// @ts-expect-error a required field is null
data.savedContent.put({ userId: "u", contentId: "c", data: { type: "Blog", content: null } });
data.savedContent.put({
  userId: "u",
  contentId: "c",
  // @ts-expect-error a misspelt field
  data: { type: "Blog", content: "Text", tilte: "t" },
});
data.brandAudit.put({
  userId: "u",
  auditId: "main",
  // @ts-expect-error a misspelt field inside a list
  data: { results: [{ platform: "Yelp", status: "Found", plattformUrl: "x" }] },
});
data.reviewAnalysis.create({
  userId: "u",
  // @ts-expect-error a sentiment that is none
  data: { overallSentiment: "Fine", summary: "", keywords: [], commonThemes: [] },
});
// @ts-expect-error a createdAt that is no number
data.project.create({ userId: "u", createdAt: new Date(), data: { name: "n" } });
// @ts-expect-error updatedAt is the layer's
data.project.create({ userId: "u", updatedAt: 5, data: { name: "n" } });

// ---- Update: known fields of their own types, and what may be set and removed.

const key = { userId: "u", contentId: "c" };
data.savedContent.update(key, { title: "t", projectId: null, name: undefined });
data.savedContent.update(key, {}, { set: [[["metadata", "deep", 0], 1]], remove: ["title"] });
data.savedContent.update(key, {}, { remove: [["metadata", "deep"]], ifUpdatedAt: 5 });
// @ts-expect-error a misspelt field
data.savedContent.update(key, { tilte: "t" });
// @ts-expect-error a number for a text
data.savedContent.update(key, { title: 5 });
// @ts-expect-error the changes are missing
data.savedContent.update(key);
// @ts-expect-error the key's parts are not the payload's
data.savedContent.update(key, { contentId: "other" });
// @ts-expect-error a misspelt field to remove
data.savedContent.update(key, {}, { remove: ["tilte"] });
// @ts-expect-error a path that begins with no field
data.savedContent.update(key, {}, { set: [[["metedata", "deep"], 1]] });
// @ts-expect-error a path that begins with a number
data.savedContent.update(key, {}, { set: [[[0], 1]] });
// @ts-expect-error a lock that is no number
data.savedContent.update(key, { title: "t" }, { ifUpdatedAt: "5" });
// @ts-expect-error an option that is none
data.savedContent.update(key, { title: "t" }, { ifUpdateAt: 5 });

// ---- upsert takes a whole payload: it may create the item.

const saved: Promise<{ data: { title?: string | null | undefined } }> = data.savedContent.upsert({
  ...key,
  data: { type: "Blog", content: "" },
});
void saved;
// @ts-expect-error a payload without its required fields
data.savedContent.upsert({ ...key, data: { title: "t" } });
// @ts-expect-error the id is not generated
data.savedContent.upsert({ userId: "u", data: { type: "Blog", content: "" } });
// @ts-expect-error changes are in data
data.savedContent.upsert(key, { title: "t" });
void data.transaction.write((tx) => [
  // @ts-expect-error a payload without its required fields
  tx.savedContent.upsert({ ...key, data: { title: "t" } }),
]);

// ---- where, as object and callback.

const partition = { userId: "u" };
data.savedContent.query(partition, { where: { status: "draft", projectId: null } });
data.savedContent.query(partition, {
  where: (d, { eq, between, exists, size, gt, path }) =>
    `${eq(d.status, "draft")} AND ${exists(d.metadata)} OR ${gt(size(d.content), 5)} AND ${eq(
      path("metadata", "tags", 0),
      "x",
    )} AND ${between(d.type, "a", "b")}`,
});
data.review.query(
  { agentId: "a" },
  { where: (d, { eq, gte }) => eq(d.author.name, "Lee") && gte(d.rating, 4) },
);
data.savedContent.query(partition, { where: { status: { in: ["draft", null] }, title: "t" } });
data.savedContent.update(key, { title: "t" }, { where: { status: { in: ["draft"] as const } } });
data.savedContent.delete(key, { where: (d, op) => op.in(d.status, ["draft", d.title, null]) });
// @ts-expect-error a number among texts
data.savedContent.query(partition, { where: { status: { in: ["draft", 5] } } });
// @ts-expect-error no list
data.savedContent.query(partition, { where: { status: { in: "draft" } } });
// @ts-expect-error undefined is no value
data.savedContent.query(partition, { where: { status: { in: [undefined] } } });
// @ts-expect-error more than the list
data.savedContent.query(partition, { where: { status: { in: ["draft"], not: [] } } });
// @ts-expect-error a number among texts in a callback
data.savedContent.query(partition, { where: (d, op) => op.in(d.status, [5]) });
// @ts-expect-error a misspelt field
data.savedContent.query(partition, { where: { statsu: "draft" } });
// @ts-expect-error a number for a text
data.savedContent.query(partition, { where: { status: 5 } });
// @ts-expect-error a misspelt field in a callback
data.savedContent.query(partition, { where: (d, { eq }) => eq(d.statsu, "draft") });
// @ts-expect-error a number for a text in a callback
data.savedContent.query(partition, { where: (d, { eq }) => eq(d.status, 5) });
// @ts-expect-error a misspelt field inside a map
data.review.query({ agentId: "a" }, { where: (d, { eq }) => eq(d.author.nam, "Lee") });
// @ts-expect-error a text for a path
data.savedContent.query(partition, { where: (_, { eq }) => eq("status", "draft") });
// @ts-expect-error an operator that is none
data.savedContent.query(partition, { where: (d, { like }) => like(d.status, "draft") });
// @ts-expect-error a callback that returns no condition
data.savedContent.query(partition, { where: () => true });
// @ts-expect-error a DynamoDB type that is none
data.savedContent.query(partition, { where: (d, { type }) => type(d.status, "STRING") });

// ---- Query options: times are for dated entities alone.

data.savedContent.query(partition, { by: "createdAt", from: 5, to: 6, order: "desc", limit: 3 });
data.project.list(partition, { from: 5 });
data.competitor.query(partition, { by: "key" });
// @ts-expect-error competitors are in no order of time
data.competitor.query(partition, { from: 5 });
// @ts-expect-error nor up to one
data.competitor.query(partition, { to: 5 });
// @ts-expect-error nor by it
data.competitor.query(partition, { by: "createdAt" });
// @ts-expect-error reviews are in the index by their id alone
data.review.list({ agentId: "a" }, { by: "createdAt" });
// @ts-expect-error a Date for a time
data.savedContent.query(partition, { from: new Date() });
// @ts-expect-error an order that is none
data.savedContent.query(partition, { order: "up" });
// @ts-expect-error an index that is none
data.savedContent.query(partition, { by: "updatedAt" });
// @ts-expect-error a limit in words
data.savedContent.query(partition, { limit: "5" });

type Dated = "researchReport" | "project" | "savedContent" | "marketingPlan";
holds<AllTrue<{ [F in FacadeName]: Equal<Specs[F]["dated"], F extends Dated ? true : false> }>>();

// ---- Results.

type Content = ItemOf<"savedContent">;
holds<Equal<ReturnType<typeof data.savedContent.create>, Promise<Content>>>();
holds<Equal<ReturnType<typeof data.savedContent.put>, Promise<Content>>>();
holds<Equal<ReturnType<typeof data.savedContent.update>, Promise<Content>>>();
holds<Equal<ReturnType<typeof data.savedContent.delete>, Promise<Content | null>>>();
holds<Equal<ReturnType<typeof data.savedContent.batchPut>, Promise<{ written: number }>>>();
holds<Equal<ReturnType<typeof data.savedContent.batchDelete>, Promise<{ written: number }>>>();

export async function results(): Promise<void> {
  const got = await data.savedContent.get(key);
  holds<Equal<typeof got, Content | null>>();
  // @ts-expect-error there may be none
  got.data;
  const there = await data.savedContent.getOrThrow(key);
  holds<Equal<typeof there, Content>>();
  holds<Equal<typeof there.contentId, string>>();
  holds<Equal<typeof there.createdAt, number>>();
  holds<Equal<typeof there.data.title, string | null | undefined>>();
  holds<Equal<typeof there.data.content, string>>();
  // @ts-expect-error no field of the payload
  there.data.tilte;
  const page = await data.savedContent.query(partition);
  holds<Equal<typeof page, QueryPage<Content>>>();
  holds<Equal<typeof page.cursor, string | null>>();
  const found = await data.savedContent.batchGet([key]);
  holds<Equal<typeof found, (Content | null)[]>>();
  for await (const item of data.savedContent.list(partition)) holds<Equal<typeof item, Content>>();
  const token = await data.oauthToken.getOrThrow({ userId: "u" });
  // What may be left out of the key is there in the item.
  holds<Equal<typeof token.provider, string>>();
}

// ---- A hover over a result shows the object that it is.

holds<
  Equal<
    Content,
    {
      userId: string;
      contentId: string;
      data: Specs["savedContent"]["data"];
      createdAt: number;
      updatedAt: number;
    }
  >
>();
holds<
  Equal<
    ItemOf<"project">["data"],
    {
      id?: string | undefined;
      name: string;
      createdAt?: Timestamp | undefined;
      updatedAt?: Timestamp | undefined;
    }
  >
>();
type Timestamp =
  | string
  | number
  | { _seconds: number; _nanoseconds: number }
  | { seconds: number; nanoseconds: number }
  | null;

// ---- Projections hold the fields that were asked for.

export async function projections(): Promise<void> {
  const got = await data.savedContent.get(key, { fields: ["title", "type"] });
  holds<
    Equal<
      typeof got,
      {
        userId: string;
        contentId: string;
        data: { type: string; title?: string | null | undefined };
        createdAt: number;
        updatedAt: number;
      } | null
    >
  >();
  // @ts-expect-error it was not read
  got?.data.content;
  const page = await data.savedContent.query(partition, { fields: ["content"], from: 5 });
  holds<Equal<(typeof page.items)[number]["data"], { content: string }>>();
  const found = await data.savedContent.batchGet([key], { fields: ["content"] });
  holds<Equal<NonNullable<(typeof found)[number]>["data"], { content: string }>>();
  const there = await data.savedContent.getOrThrow(key, { fields: ["content"] });
  holds<Equal<typeof there.data, { content: string }>>();
  for await (const item of data.savedContent.list(partition, { fields: ["content"] })) {
    holds<Equal<typeof item.data, { content: string }>>();
  }
  // @ts-expect-error a misspelt field
  await data.savedContent.get(key, { fields: ["tilte"] });
  // @ts-expect-error a misspelt field among others
  await data.savedContent.query(partition, { fields: ["title", "tilte"] });
  // @ts-expect-error the times are always read
  await data.savedContent.get(key, { fields: ["CreatedAt"] });
  const wanted = as<("title" | "type")[]>();
  const some = await data.savedContent.getOrThrow(key, { fields: wanted });
  holds<Equal<typeof some.data, { type: string; title?: string | null | undefined }>>();
}

// ---- Collections.

export async function collections(): Promise<void> {
  const workspace = await data.collections.workspace({ userId: "u" });
  holds<Equal<(typeof workspace.savedContent)[number], Content>>();
  holds<Equal<Extract<keyof typeof workspace, "review" | "oauthToken">, never>>();
  holds<Equal<Exclude<FacadeName, keyof typeof workspace>, "review" | "oauthToken">>();
  // @ts-expect-error reviews are the agent's
  workspace.review;
  // @ts-expect-error a workspace is a user's
  await data.collections.workspace({ agentId: "a" });
  for (const item of await data.collections.recent({ userId: "u", limit: 3 })) {
    holds<Equal<typeof item.entity, Dated>>();
    if (item.entity === "project") holds<Equal<typeof item.projectId, string>>();
    // @ts-expect-error which of the four it is must be asked first
    item.projectId;
  }
  // @ts-expect-error a limit is wanted
  await data.collections.recent({ userId: "u" });
  // @ts-expect-error a field of none of them
  await data.collections.recent({ userId: "u", limit: 1, fields: ["rating"] });
}

// ---- Keys and secrets.

export function secrets(): void {
  const key = new Uint8Array(32);
  createDataLayer({ encryption: { keys: { a: key, b: "text" }, current: "a" } });
  createDataLayer({ cursorSecret: ["text", key] });
  const provider: KeyProvider = {
    currentKey: async () => ({ id: "a", key: Buffer.from(key) }),
    keyOf: async (id) => (id === "a" ? key : null),
    clearText: "refuse",
  };
  createDataLayer({ encryption: provider });
  // @ts-expect-error the current key is named
  createDataLayer({ encryption: { keys: { a: key } } });
  // @ts-expect-error a provider gives old keys too
  createDataLayer({ encryption: { currentKey: provider.currentKey } });
  // @ts-expect-error either it is read or refused
  createDataLayer({ encryption: { ...provider, clearText: "ignore" } });
  // @ts-expect-error a misspelt member
  createDataLayer({ encryption: { keys: { a: key }, current: "a", cleartext: "read" } });
}

// ---- A store may be named by its entity.

holds<Equal<DataLayer["project"] extends EntityStore<Specs["project"]> ? true : false, true>>();
