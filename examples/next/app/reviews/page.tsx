import { Reviews } from "../../components/reviews";
import { Prefetched } from "../../lib/prefetched";

export const metadata = { title: "Reviews" };

export default function Page() {
  return (
    <Prefetched read={(client, q) => client.fetchQuery(q.brandAuditPage())}>
      <Reviews />
    </Prefetched>
  );
}
