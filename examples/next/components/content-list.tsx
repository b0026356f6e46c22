"use client";

import { useMutation, useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { contentPages, q } from "../lib/queries";
import { ContentRow } from "./content-row";

export function ContentList() {
  const list = useSuspenseInfiniteQuery(q.savedContent.list(contentPages));
  const create = useMutation(q.savedContent.create());
  const add = (form: FormData) =>
    create.mutate({
      data: { type: "Note", name: String(form.get("name")), content: "", status: "draft" },
    });
  return (
    <main>
      <h1>Content</h1>
      <form action={add} className="bar">
        <input name="name" required aria-label="Name of the new draft" placeholder="New draft" />
        <button type="submit" className="primary">
          Add
        </button>
      </form>
      <section className="card" aria-label="Content, newest first">
        {list.data.pages
          .flatMap(({ items }) => items)
          .map((item) => (
            <ContentRow key={item.contentId} item={item} />
          ))}
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
