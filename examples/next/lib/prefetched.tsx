import { dehydrate, HydrationBoundary, QueryClient } from "@tanstack/react-query";
import type { UserScope } from "bayon-coagent-data";
import { createQueries, hydrationDefaults, type Queries } from "bayon-coagent-data/react";
import type { ReactNode } from "react";
import { myData } from "./data";

interface Props {
  readonly read: (client: QueryClient, own: Queries<UserScope>) => Promise<unknown>;
  readonly children: ReactNode;
}

/** Reads on the server, without HTTP, what the components in it show. */
export async function Prefetched({ read, children }: Props) {
  const client = new QueryClient({ defaultOptions: hydrationDefaults });
  await read(client, createQueries(await myData()));
  return <HydrationBoundary state={dehydrate(client)}>{children}</HydrationBoundary>;
}
