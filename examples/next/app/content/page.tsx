import { ContentList } from "../../components/content-list";
import { Prefetched } from "../../lib/prefetched";
import { contentPages } from "../../lib/queries";

export const metadata = { title: "Content" };

export default function Page() {
  return (
    <Prefetched
      read={(client, own) => client.fetchInfiniteQuery(own.savedContent.list(contentPages))}
    >
      <ContentList />
    </Prefetched>
  );
}
