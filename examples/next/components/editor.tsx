"use client";

import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import type { SavedContent } from "bayon-coagent-data";
import { useState } from "react";
import { q } from "../lib/queries";

export function Editor({ contentId }: { contentId: string }) {
  const { data: item } = useSuspenseQuery(q.savedContent.get({ contentId }));
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
  return (
    <main>
      <h1>{base.data.name}</h1>
      <form className="card editor" action={() => write(base.updatedAt)}>
        <label>
          Name
          <input
            value={draft.name}
            onChange={({ target }) => setDraft({ ...draft, name: target.value })}
          />
        </label>
        <label>
          Text
          <textarea
            rows={10}
            value={draft.content}
            onChange={({ target }) => setDraft({ ...draft, content: target.value })}
          />
        </label>
        <button type="submit" className="primary" disabled={save.isPending}>
          Save
        </button>
        <span role="status">{save.isSuccess && "Saved"}</span>
      </form>
      {theirs != null && (
        <section className="conflict" role="alert">
          <h2>Somebody has changed this meanwhile</h2>
          <div className="columns">
            <p>
              <strong>Yours: {draft.name}</strong>
              <br />
              {draft.content}
            </p>
            <p>
              <strong>Theirs: {theirs.data.name}</strong>
              <br />
              {theirs.data.content}
            </p>
          </div>
          <button type="button" onClick={() => write(theirs.updatedAt)}>
            Keep mine
          </button>
          <button
            type="button"
            onClick={() => {
              setBase(theirs);
              setDraft(draftOf(theirs));
              save.reset();
            }}
          >
            Take theirs
          </button>
        </section>
      )}
    </main>
  );
}
