import { Editor } from "../../../components/editor";
import { Prefetched } from "../../../lib/prefetched";

export const metadata = { title: "Edit" };

export default async function Page({ params }: { params: Promise<{ contentId: string }> }) {
  const contentId = decodeURIComponent((await params).contentId);
  return (
    <Prefetched read={(client, own) => client.fetchQuery(own.savedContent.get({ contentId }))}>
      <Editor contentId={contentId} />
    </Prefetched>
  );
}
