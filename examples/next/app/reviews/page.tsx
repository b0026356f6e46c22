import { Reviews } from "../../components/reviews";
import { Prefetched } from "../../lib/prefetched";

export const metadata = { title: "Reviews" };

export default function Page() {
  return (
    <Prefetched read={(client, own) => client.fetchQuery(own.brandAuditPage())}>
      <Reviews />
    </Prefetched>
  );
}
