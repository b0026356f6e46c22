"use client";

import { useMutation } from "@tanstack/react-query";
import type { SavedContent } from "bayon-coagent-data";
import Link from "next/link";
import { q } from "../lib/queries";

export function ContentRow({ item: { contentId, data } }: { item: SavedContent }) {
  const update = useMutation(q.savedContent.update({ optimistic: true }));
  const remove = useMutation(q.savedContent.delete({ optimistic: true }));
  const { name = "Untitled", status = "draft" } = data;
  const [verb, next] = status === "draft" ? ["Publish", "published"] : ["Unpublish", "draft"];
  return (
    <div className="row">
      <Link href={`/content/${encodeURIComponent(contentId)}`}>{name}</Link>
      <span className="chip" data-status={status}>
        {status}
      </span>
      <button
        type="button"
        aria-label={`${verb} ${name}`}
        onClick={() => update.mutate([{ contentId }, { status: next }])}
      >
        {verb}
      </button>
      <button
        type="button"
        aria-label={`Delete ${name}`}
        onClick={() => remove.mutate({ contentId })}
      >
        Delete
      </button>
    </div>
  );
}
