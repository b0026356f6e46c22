"use client";

import { useMutation } from "@tanstack/react-query";
import type { SavedContent } from "bayon-coagent-data";
import { useLive } from "bayon-coagent-data/react";
import { type ChangeEvent, useState } from "react";
import { q } from "../lib/queries";

export function Editor({ contentId }: { contentId: string }) {
  const { data: item } = useLive(q.savedContent.get({ contentId }));
  if (item === undefined) return null;
  if (item === null) return <main>There is no such content.</main>;
  return <Form item={item} />;
}

const draftOf = ({ data: { name, content } }: SavedContent) => ({ name: name ?? "", content });

function Form({ item }: { item: SavedContent }) {
  // What is written must stand on what the form began with, whatever has been read since.
  const [base, setBase] = useState(item);
  const [draft, setDraft] = useState(() => draftOf(item));
  const save = useMutation({
    ...q.savedContent.update({ optimistic: true }),
    onSuccess: (saved) => setBase(saved),
  });
  const write = (ifUpdatedAt: number) =>
    save.mutate([{ contentId: item.contentId }, draft, { ifUpdatedAt }]);
  const theirs = save.error?.item;
  const takeTheirs = (now: SavedContent) => {
    setBase(now);
    setDraft(draftOf(now));
    save.reset();
  };
  const field = (name: keyof typeof draft) => ({
    value: draft[name],
    onChange: ({ target }: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      setDraft({ ...draft, [name]: target.value }),
  });
  return (
    <main>
      <h1>{base.data.name}</h1>
      <form className="card editor" action={() => write(base.updatedAt)}>
        <label>
          Name <input {...field("name")} />
        </label>
        <label>
          Text <textarea rows={10} {...field("content")} />
        </label>
        <button type="submit" className="primary" disabled={save.isPending}>
          Save
        </button>
        <span role="status">{save.isSuccess && "Saved"}</span>
      </form>
      {theirs != null && (
        <section className="card conflict" role="alert">
          <h2>Somebody has changed this meanwhile, to “{theirs.data.name}”:</h2>
          <p>{theirs.data.content}</p>
          <button type="button" onClick={() => write(theirs.updatedAt)}>
            Keep mine
          </button>
          <button type="button" onClick={() => takeTheirs(theirs)}>
            Take theirs
          </button>
        </section>
      )}
    </main>
  );
}
