"use client";

import { useMutation } from "@tanstack/react-query";
import { useLive } from "bayon-coagent-data/react";
import { contentPages, q } from "../lib/queries";
import { Add } from "./add";
import { ContentRow } from "./content-row";

export function ContentList() {
  const list = useLive(q.savedContent.list(contentPages));
  const create = useMutation(q.savedContent.create());
  const add = (form: FormData) =>
    create.mutate({
      data: { type: "Note", name: String(form.get("name")), content: "", status: "draft" },
    });
  return (
    <main>
      <h1>Content</h1>
      <Add what="draft" action={add} />
      <section className="card" aria-label="Content, newest first">
        {list.data?.pages.flatMap(({ items }) =>
          items.map((item) => <ContentRow key={item.contentId} item={item} />),
        )}
        {list.hasNextPage && (
          <button
            type="button"
            disabled={list.isFetchingNextPage}
            onClick={() => list.fetchNextPage()}
          >
            Load more
          </button>
        )}
      </section>
    </main>
  );
}
