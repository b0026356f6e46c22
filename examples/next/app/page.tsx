import { Dashboard } from "../components/dashboard";
import { Prefetched } from "../lib/prefetched";

export default function Page() {
  return (
    <Prefetched read={(client, q) => client.fetchQuery(q.dashboard())}>
      <Dashboard />
    </Prefetched>
  );
}
