/** What the types of a handler and its client refuse. Compiled by `npm run test:types`, never run. */
import type { DataLayer, SavedContent, UserScope } from "bayon-coagent-data";
import { createDataClient } from "bayon-coagent-data/client";
import { type ApiOf, createDataHandler } from "bayon-coagent-data/server";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function holds<_Claim extends true>(): void {
  // A claim that is false is the compile error.
}

declare const data: DataLayer;
const authenticate = (request: Request) => request.headers.get("x-user");

const { GET, POST } = createDataHandler({
  data,
  authenticate,
  expose: { project: true, savedContent: ["get", "query", "update"], dashboard: true, oauth: true },
  authorize: ({ userId, store, call, input }) =>
    userId !== "" && store !== call && input.length > 0,
});
type Api = ApiOf<typeof GET>;

holds<Equal<Api, ApiOf<typeof POST>>>();
holds<Equal<keyof Api, "project" | "savedContent" | "dashboard" | "oauth">>();
holds<Equal<keyof Api["savedContent"], "get" | "query" | "update">>();
holds<Equal<Exclude<keyof UserScope["project"], keyof Api["project"]>, "check">>();
holds<Equal<keyof Api["oauth"], "isConnected" | "remove">>();

const api = createDataClient<Api>({ url: "/api/data" });

export async function calls(): Promise<void> {
  const item = await api.savedContent.get({ contentId: "c1" });
  holds<Equal<typeof item, SavedContent | null>>();
  // What is asked for by `fields` alone is there.
  const part = await api.savedContent.get({ contentId: "c1" }, { fields: ["name"] });
  holds<Equal<keyof NonNullable<typeof part>["data"], "name">>();

  const page = await api.savedContent.query({ by: "createdAt", order: "desc", limit: 20 });
  holds<Equal<(typeof page.items)[number], SavedContent>>();
  await api.savedContent.query({}, { limit: 20 });
  await api.savedContent.query();
  const { items } = await api.savedContent.query({}, { fields: ["name"] });
  holds<Equal<keyof (typeof items)[number]["data"], "name">>();
  for await (const { projectId } of api.project.list({ limit: 3 })) projectId.slice(0, 1);
  holds<Equal<typeof api.dashboard, UserScope["dashboard"]>>();

  // @ts-expect-error a call that is not exposed
  await api.savedContent.delete({ contentId: "c1" });
  // @ts-expect-error a store that is not exposed
  await api.competitor.get({ competitorId: "c1" });
  // @ts-expect-error a use case that gives a token
  await api.oauth.get("google");
  // @ts-expect-error the user is the session's
  await api.savedContent.get({ userId: "u1", contentId: "c1" });
  // @ts-expect-error the user is the session's
  await api.savedContent.query({ userId: "u1" });
  // @ts-expect-error an option that there is not
  await api.savedContent.query({ limt: 20 });
  // @ts-expect-error a field of another type
  await api.project.create({ data: { name: 7 } });
}

// @ts-expect-error a store that there is not
createDataHandler({ data, authenticate, expose: { projct: true } });
// @ts-expect-error a call that there is not
createDataHandler({ data, authenticate, expose: { project: ["gett"] } });
// @ts-expect-error a call that gives a token
createDataHandler({ data, authenticate, expose: { oauth: ["validToken"] } });
// @ts-expect-error a member of a scope that no browser reaches
createDataHandler({ data, authenticate, expose: { transaction: true } });
// @ts-expect-error a use case that is one call
createDataHandler({ data, authenticate, expose: { dashboard: ["dashboard"] } });
// @ts-expect-error a user's id is a text
createDataHandler({ data, authenticate: () => 7 });
// @ts-expect-error nobody says who the user is
createDataHandler({ data });

const nothing = createDataHandler({ data, authenticate });
holds<Equal<keyof ApiOf<typeof nothing.GET>, never>>();
