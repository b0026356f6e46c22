import { Dashboard } from "../components/dashboard";
import { Prefetched } from "../lib/prefetched";

export default function Page() {
  return (
    <Prefetched read={(client, own) => client.fetchQuery(own.dashboard())}>
      <Dashboard />
    </Prefetched>
  );
}
