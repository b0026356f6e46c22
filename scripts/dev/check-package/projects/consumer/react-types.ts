// What the types of the routes, the client and the doors for React promise. Compiled as consumer.ts is.
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import type { DataLayer, OAuthToken, Project } from "bayon-coagent-data";
import { createDataClient } from "bayon-coagent-data/client";
import { createQueries, type DataQuery, useLive } from "bayon-coagent-data/react";
import { useItem, type WithId } from "bayon-coagent-data/react/legacy";
import { type ApiOf, createDataHandler } from "bayon-coagent-data/server";

type IsAny<T> = 0 extends 1 & T ? true : false;
type Not<T extends false> = T;

export function usePage(data: DataLayer): void {
  const { GET } = createDataHandler({
    data,
    authenticate: () => "user-1",
    expose: { project: true, oauthToken: ["get"] },
  });
  const api = createDataClient<ApiOf<typeof GET>>({ url: "/api/data" });
  const q = createQueries(api);
  const one: DataQuery<Project | null> = q.project.get({ projectId: "p1" });
  const { data: project } = useQuery(one);
  const { data: live } = useLive(q.project.list({ limit: 3 }));
  const { data: pages } = useInfiniteQuery(q.project.list({ fields: ["name"] }));
  const save = useMutation(q.project.update({ optimistic: true }));
  save.mutate([{ projectId: "p1" }, { name: "Spring" }]);
  const { data: token } = useQuery(q.oauthToken.get({}));
  // @ts-expect-error a token never leaves the server
  token?.data.accessToken;
  // @ts-expect-error a call that is not exposed
  q.oauthToken.delete({});
  const { data: old } = useItem<{ name: string }>("USER#user-1", "PROJECT#p1");
  const found: WithId<{ name: string }> | null = old;
  type Name = NonNullable<typeof pages>["pages"][number]["items"][number]["data"];
  const notAny: [
    Not<IsAny<typeof project>>,
    Not<IsAny<NonNullable<typeof project>["data"]["name"]>>,
    Not<IsAny<typeof live>>,
    Not<IsAny<Name>>,
    Not<IsAny<NonNullable<typeof token>["data"]>>,
    Not<IsAny<OAuthToken["data"]["accessToken"]>>,
  ] = [false, false, false, false, false, false];
  console.log(found?.id, notAny);
}
