/** Components as an application had them on the earlier data layer: their imports are all that has changed. */
import { useItem, useQuery } from "bayon-coagent-data/react/legacy";
import { useMemo } from "react";

interface AgentProfile {
  name: string;
  bio?: string;
}

interface Content {
  title: string;
  status?: string;
}

/** By keys that are memoised, as the earlier hooks demanded. */
export function Profile({ userId }: { userId: string | null }) {
  const pk = useMemo(() => (userId ? `USER#${userId}` : null), [userId]);
  const sk = useMemo(() => "AGENT#main", []);
  const { data, isLoading, error, refetch } = useItem<AgentProfile>(pk, sk, {
    enablePolling: true,
    pollingInterval: 40,
  });
  if (isLoading) return <p>loading</p>;
  if (error) return <p>error: {error.message}</p>;
  if (!data) return <p>no profile</p>;
  return (
    <button type="button" onClick={() => void refetch()}>
      {data.id}: {data.name}
    </button>
  );
}

/** By keys and a configuration that are made anew each time it is rendered. */
export function Drafts({ userId, all = false }: { userId?: string | undefined; all?: boolean }) {
  const { data, isLoading, error, hasMore, loadMore } = useQuery<Content>(
    userId && `USER#${userId}`,
    "CONTENT#",
    {
      limit: 2,
      scanIndexForward: false,
      autoLoadAll: all,
      filterExpression: "#data.#status = :status AND begins_with(#data.title, :start)",
      expressionAttributeNames: { "#data": "Data", "#status": "status" },
      expressionAttributeValues: { ":status": "draft", ":start": "T" },
    },
  );
  if (isLoading) return <p>loading</p>;
  if (error) return <p>error: {error.message}</p>;
  return (
    <button type="button" onClick={() => void loadMore()}>
      {data === null ? "nothing" : data.map((one) => `${one.id}=${one.title}`).join(" ")}
      {hasMore ? " …" : ""}
    </button>
  );
}

/** Everything of a user, and what waits to be asked for. */
export function Everything({ pk, prefix }: { pk: string; prefix?: string }) {
  const { data, error } = useQuery(pk, prefix, { enableCache: false });
  const later = useItem(pk, "PROFILE", { fetchOnMount: false });
  if (error) return <p>error: {error.message}</p>;
  return (
    <button type="button" onClick={() => void later.refetch()}>
      {data?.map((one) => one.id).join(" ") ?? "…"} / {String(later.data?.email ?? "not asked")}
    </button>
  );
}
