/** What a browser's types lack, and which parts go with which index. Compiled by `npm run test:types`, never run. */
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import {
  byKey,
  configure,
  type DataLayerOf,
  type Definition,
  data as dataOf,
  Entity,
  type EntityConfig,
  fields,
  index,
  keyPart,
  model,
  type OAuthToken,
  type Payload,
  type StandardSchema,
  secret,
  times,
} from "bayon-coagent-data";
import { createDataClient } from "bayon-coagent-data/client";
import { createQueries } from "bayon-coagent-data/react";
import { type ApiOf, createDataHandler } from "bayon-coagent-data/server";
import { z } from "zod";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function holds<_Claim extends true>(): void {
  // A claim that is false is the compile error.
}

const notePayload = z.looseObject({
  text: z.string(),
  status: z.string().optional(),
  author: z.string().optional(),
  token: secret(z.string()),
  pin: secret(z.string().min(4)).optional(),
  links: z.array(z.looseObject({ url: z.string(), key: secret(z.string()) })).nullish(),
});
interface NoteData extends Payload<typeof notePayload> {}
const noteSchema = () => ({
  model: model("Note"),
  attributes: {
    userId: keyPart,
    noteId: keyPart,
    data: dataOf<NoteData>(notePayload),
    ...fields("status", "author"),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "NOTE#${noteId}", { collection: "desk" }),
    byStatus: index("GSI2", "USER#${userId}", "NOTE#${data.status}"),
    byAuthor: index("GSI3", "USER#${userId}", "BY#${data.author}#${createdAt}"),
  },
});
/** Its secrets are marked in its schema. */
const note = {
  payload: notePayload,
  schema: noteSchema,
  entity: (config: EntityConfig) => new Entity(noteSchema(), configure(config)),
};

interface ContactData {
  name: string;
  email?: string | undefined;
}
declare const contactPayload: StandardSchema<ContactData>;
const contactSchema = () => ({
  model: model("Contact"),
  attributes: {
    userId: keyPart,
    contactId: keyPart,
    data: dataOf<ContactData>(contactPayload),
    ...times,
  },
  indexes: { byKey: byKey("USER#${userId}", "CONTACT#${contactId}", { collection: "desk" }) },
});
/** Its secrets are in a list. */
const contact: Definition<typeof contactPayload, typeof contactSchema, "email"> = {
  payload: contactPayload,
  secrets: ["email"],
  schema: contactSchema,
  entity: (config: EntityConfig) => new Entity(contactSchema(), configure(config)),
};
/** The same, of which the type does not say the names. */
const unnamed = {
  payload: contactPayload,
  secrets: ["email"],
  schema: contactSchema,
  entity: (config: EntityConfig) => new Entity(contactSchema(), configure(config)),
};
const named = { ...unnamed, secrets: ["email"] as const };
const plain: Definition<typeof contactPayload, typeof contactSchema> = {
  payload: contactPayload,
  // @ts-expect-error the type must say which
  secrets: ["email"],
  schema: contactSchema,
  entity: unnamed.entity,
};

type Data = DataLayerOf<{
  note: typeof note;
  contact: typeof contact;
  unnamed: typeof unnamed;
  named: typeof named;
  plain: typeof plain;
}>;
declare const data: Data;
const { GET } = createDataHandler({
  data,
  authenticate: () => "user-1",
  expose: {
    note: true,
    contact: ["get", "query", "delete"],
    unnamed: ["get"],
    named: ["get"],
    plain: ["get"],
    oauthToken: ["get"],
    oauth: true,
    collections: true,
  },
});
type Api = ApiOf<typeof GET>;
const api = createDataClient<Api>({ url: "/api/data" });
const q = createQueries(api);

type DataOfItem<C extends (...given: never[]) => Promise<object | null>> =
  NonNullable<Awaited<ReturnType<C>>> extends { data: infer D } ? D : never;

holds<Equal<keyof DataOfItem<Api["note"]["create"]>, "text" | "status" | "author">>();
holds<Equal<DataOfItem<Api["contact"]["delete"]>, { name: string }>>();
// What is not known to be public may be missing.
holds<Equal<DataOfItem<Api["unnamed"]["get"]>, Partial<ContactData>>>();
holds<Equal<DataOfItem<Api["named"]["get"]>, { name: string }>>();
holds<Equal<DataOfItem<Api["plain"]["get"]>, ContactData>>();
type Token = NonNullable<Awaited<ReturnType<Api["oauthToken"]["get"]>>>;
holds<
  Equal<Exclude<keyof OAuthToken["data"], keyof Token["data"]>, "accessToken" | "refreshToken">
>();
holds<Equal<Awaited<ReturnType<Api["oauth"]["remove"]>>, Token | null>>();
holds<Equal<Awaited<ReturnType<Api["oauth"]["isConnected"]>>, boolean>>();

export async function secrets(): Promise<void> {
  const item = await api.note.getOrThrow({ noteId: "n" });
  item.data.text.slice(0, 1);
  // @ts-expect-error it never leaves the server
  void item.data.token;
  // @ts-expect-error the mark is inside of it
  void item.data.pin;
  // @ts-expect-error the mark is deep inside of it
  void item.data.links;
  const { items } = await api.note.query({}, { fields: ["text"] });
  holds<Equal<keyof (typeof items)[number]["data"], "text">>();
  // @ts-expect-error it cannot be asked for
  await api.note.query({}, { fields: ["token"] });
  // @ts-expect-error it cannot be compared
  await api.note.query({}, { where: { token: "t" } });
  // @ts-expect-error it cannot be compared
  await api.note.count({}, { where: (a, { eq }) => eq(a.token, "t") });
  // A secret may be written.
  await api.note.create({ data: { text: "t", token: "s" } });
  await api.note.update({ noteId: "n" }, { token: "s" }, { remove: ["pin"], where: { text: "t" } });
  // @ts-expect-error the item lacks its token
  await api.note.put(item);
  const { note: notes, contact: contacts } = await api.collections.desk();
  // @ts-expect-error it never leaves the server
  void notes[0]?.data.token;
  holds<Equal<NonNullable<(typeof contacts)[number]>["data"], { name: string }>>();
  // On the server they are there.
  (await data.note.getOrThrow({ userId: "u", noteId: "n" })).data.token.slice(0, 1);
  (await data.forUser("u").note.getOrThrow({ noteId: "n" })).data.token.slice(0, 1);
}

export function useQueries(): void {
  const { data: item } = useSuspenseQuery(q.note.getOrThrow({ noteId: "n" }));
  // @ts-expect-error it never leaves the server
  void item.data.token;
  // A page that is rendered on the server is sent to a browser.
  const own = createQueries(data.forUser("u"));
  const { data: page } = useSuspenseQuery(own.note.query({ limit: 3 }));
  page.items[0]?.data.text.slice(0, 1);
  // @ts-expect-error it never leaves the server
  void page.items[0]?.data.token;
  // @ts-expect-error it cannot be compared
  q.note.list({ where: { token: "t" } });
}

for (const queries of [q, createQueries(data.forUser("u"))]) {
  queries.note.queryBy("byStatus", { status: "new" });
  queries.note.queryBy("byAuthor", { author: "Ada" }, { from: 1, limit: 3, cursor: null });
  queries.note.countBy("byAuthor", {}, { where: { text: "t" } });
  // @ts-expect-error a part of another index
  queries.note.queryBy("byStatus", { author: "Ada" });
  // @ts-expect-error a part of another index
  queries.note.listBy("byAuthor", { status: "new" });
  // @ts-expect-error a part of another index
  queries.note.countBy("byAuthor", { status: "new" });
  // @ts-expect-error no time is in its sort key
  queries.note.listBy("byStatus", { status: "new" }, { from: 1 });
  // @ts-expect-error there is no such index
  queries.note.queryBy("byText", {});
  // @ts-expect-error the pages set the cursor
  queries.note.listBy("byStatus", {}, { cursor: "x" });
}

export function usePages(): void {
  const { data: pages } = useInfiniteQuery(q.note.listBy("byStatus", {}, { fields: ["text"] }));
  type Item = NonNullable<typeof pages>["pages"][number]["items"][number];
  holds<Equal<keyof Item["data"], "text">>();
}
