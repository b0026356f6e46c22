/** What the types of queries and mutations have, and refuse. Compiled by `npm run test:types`, never run. */
import {
  QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useSuspenseQuery,
} from "@tanstack/react-query";
import type { Dashboard, DataLayer, Project, SavedContent, Workspace } from "bayon-coagent-data";
import { createDataClient } from "bayon-coagent-data/client";
import { createQueries } from "bayon-coagent-data/react";
import { type ApiOf, createDataHandler } from "bayon-coagent-data/server";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function holds<_Claim extends true>(): void {
  // A claim that is false is the compile error.
}

declare const data: DataLayer;

const { GET } = createDataHandler({
  data,
  authenticate: () => "user-1",
  expose: {
    project: true,
    savedContent: ["get", "query", "update"],
    dashboard: true,
    profiles: true,
    reviews: true,
    collections: true,
  },
});
const api = createDataClient<ApiOf<typeof GET>>({ url: "/api/data" });
const q = createQueries(api);

export function useReads(): void {
  const { data: item } = useQuery(q.savedContent.get({ contentId: "c1" }));
  holds<Equal<typeof item, SavedContent | null | undefined>>();
  const { data: there } = useSuspenseQuery(q.savedContent.get({ contentId: "c1" }));
  holds<Equal<typeof there, SavedContent | null>>();
  const { data: project } = useSuspenseQuery(q.project.getOrThrow({ projectId: "p1" }));
  holds<Equal<typeof project, Project>>();
  // What is asked for by `fields` alone is there.
  const { data: part } = useSuspenseQuery(
    q.savedContent.get({ contentId: "c1" }, { fields: ["name"] }),
  );
  holds<Equal<keyof NonNullable<typeof part>["data"], "name">>();

  const { data: page } = useSuspenseQuery(q.savedContent.query({ by: "createdAt", limit: 20 }));
  holds<Equal<(typeof page.items)[number], SavedContent>>();
  const { data: pages } = useInfiniteQuery(q.savedContent.list({ limit: 20 }));
  holds<Equal<NonNullable<typeof pages>["pages"][number]["items"][number], SavedContent>>();
  const { data: names } = useInfiniteQuery(q.savedContent.list({ fields: ["name"] }));
  type Name = NonNullable<typeof names>["pages"][number]["items"][number];
  holds<Equal<keyof Name["data"], "name">>();
  const { data: some } = useSuspenseQuery(q.project.batchGet([{ projectId: "p1" }]));
  holds<Equal<typeof some, (Project | null)[]>>();
  const { data: count } = useSuspenseQuery(q.project.count({ where: { name: "x" } }));
  holds<Equal<typeof count, number>>();

  holds<Equal<ReturnType<typeof useDashboard>, Dashboard>>();
  const { data: workspace } = useSuspenseQuery(q.collections.workspace());
  holds<Equal<typeof workspace, Workspace>>();
  useQuery(q.collections.recent({ limit: 5 }));
  useQuery(q.reviews.newest(3));
  // What TanStack Query itself takes stays its own.
  const { data: title } = useSuspenseQuery({
    ...q.project.get({ projectId: "p1" }),
    staleTime: 60_000,
    select: (one) => one?.data.name ?? "none",
  });
  holds<Equal<typeof title, string>>();
}

const useDashboard = () => useSuspenseQuery(q.dashboard()).data;

export async function outsideOfComponents(client: QueryClient): Promise<void> {
  const item = await client.fetchQuery(q.savedContent.get({ contentId: "c1" }));
  holds<Equal<typeof item, SavedContent | null>>();
  const cached = client.getQueryData(q.savedContent.get({ contentId: "c1" }).queryKey);
  holds<Equal<typeof cached, SavedContent | null | undefined>>();
  await client.prefetchInfiniteQuery(q.savedContent.list({ limit: 20 }));
  // On the server: the same keys, without HTTP.
  const own = createQueries(data.forUser("user-1"));
  await new QueryClient().prefetchQuery(own.savedContent.get({ contentId: "c1" }));
  await new QueryClient().prefetchQuery(own.competitor.query({ limit: 3 }));
}

export function useWrites(): void {
  const save = useMutation(q.savedContent.update({ optimistic: true }));
  save.mutate([{ contentId: "c1" }, { title: "Spring" }]);
  save.mutate([{ contentId: "c1" }, {}, { remove: ["title"] }]);
  holds<Equal<typeof save.data, SavedContent | undefined>>();
  const stored = save.error?.item;
  holds<Equal<typeof stored, SavedContent | null | undefined>>();

  const create = useMutation(q.project.create());
  create.mutate({ data: { name: "Spring" } });
  const remove = useMutation(q.project.delete());
  remove.mutate({ projectId: "p1" });
  remove.mutate([{ projectId: "p1" }, { where: { name: "Spring" } }]);
  useMutation(q.project.batchDelete()).mutate([{ projectId: "p1" }, { projectId: "p2" }]);
  const profile = useMutation(q.profiles.save());
  profile.mutate([{ agentProfileId: "main" }, { bio: "Twenty years." }]);
  profile.mutate([{}, { email: "ana@example.com" }]);
  useMutation(q.reviews.deleteById()).mutate("r1");

  // @ts-expect-error a field of another type
  create.mutate({ data: { name: 7 } });
  // @ts-expect-error a field that there is not
  save.mutate([{ contentId: "c1" }, { titel: "Spring" }]);
  // @ts-expect-error the user is the session's
  save.mutate([{ userId: "u1", contentId: "c1" }, { title: "Spring" }]);
}

// @ts-expect-error a whole data layer, which is nobody's
createQueries(data);
// @ts-expect-error a call that is not exposed
q.savedContent.delete();
// @ts-expect-error a store that is not exposed
q.competitor.get({ competitorId: "c1" });
// @ts-expect-error a list by an index, of a store whose indexes are not exposed
q.savedContent.listBy("byCreatedAt", {});
// @ts-expect-error the user is the session's
q.savedContent.get({ userId: "u1", contentId: "c1" });
// @ts-expect-error an option that there is not
q.savedContent.list({ limt: 20 });
// @ts-expect-error the pages set the cursor
q.savedContent.list({ cursor: "x" });
// @ts-expect-error a create has nothing to show before
q.project.create({ optimistic: true });
// @ts-expect-error what sends nothing
q.project.check({});
