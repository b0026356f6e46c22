/** The payload of an item as a form: what is changed is shown before it is saved. */
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { EditResult, EntityDescription, FieldDescription, SentItem } from "../protocol.js";
import { ask, CallError } from "./api.js";
import {
  changingDrafts,
  type Draft,
  type Drafts,
  draftOf,
  type Edits,
  editsOf,
  isEmpty,
  ownOf,
} from "./draft.js";
import { FieldEditor } from "./field-editor.js";
import { SaveDialog } from "./save-dialog.js";
import { useUnsaved } from "./unsaved.js";

interface EditFormProps {
  readonly entity: EntityDescription;
  readonly item: SentItem;
  readonly fields: readonly FieldDescription[];
  readonly onSaved: (result: EditResult) => void;
  /** Given what somebody else has stored, in place of what was to be saved. */
  readonly onKept: (theirs: EditResult) => void;
  readonly onCancel: () => void;
}

export function EditForm({ entity, item, fields, onSaved, onKept, onCancel }: EditFormProps) {
  const [drafts, setDrafts] = useState<Drafts>({});
  // After a conflict it is the item as somebody else has left it.
  const [theirs, setTheirs] = useState<EditResult>();
  const base = theirs?.item ?? item;
  const dialog = useRef<HTMLDialogElement>(null);
  const form = useFirstFocused();
  const edits = editsOf(fields, base, drafts);
  const saving = useSaving(entity.store, base, onSaved);
  const leave = () => (theirs === undefined ? onCancel() : onKept(theirs));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isEmpty(edits)) return leave();
    saving.reset();
    dialog.current?.showModal();
  };
  const rebase = (stored: EditResult) => {
    // What they changed and this form did not stays theirs.
    setDrafts(changingDrafts(drafts, edits));
    setTheirs(stored);
    saving.reset();
  };
  const issues = saving.error instanceof CallError ? saving.error.failure.issues : undefined;
  const isReady = Object.keys(edits.problems).length === 0;
  const isUntouched = isEmpty(edits) && isReady;
  useUnsaved(!isUntouched);
  const change = (name: string, draft: Draft) =>
    setDrafts(Object.fromEntries([...Object.entries(drafts), [name, draft]]));
  return (
    <form ref={form} className="edit-form" onSubmit={submit}>
      {fields
        .filter(({ secret }) => !secret)
        .map((field) => (
          <FieldEditor
            key={field.name}
            field={field}
            draft={ownOf(drafts, field.name) ?? draftOf(field, base)}
            problem={ownOf(edits.problems, field.name) ?? issueOf(issues, field.name)}
            isChanged={
              Object.hasOwn(edits.changes, field.name) || edits.remove.includes(field.name)
            }
            onChange={(draft) => change(field.name, draft)}
          />
        ))}
      <div className="buttons sticky">
        <button type="button" onClick={leave}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={!isReady}>
          {isUntouched ? "Nothing to save" : "Look at the changes"}
        </button>
      </div>
      <SaveDialog
        dialog={dialog}
        base={base}
        edits={edits}
        error={saving.error}
        isPending={saving.isPending}
        onSave={() => saving.mutate(edits)}
        onKept={onKept}
        onRebase={rebase}
      />
    </form>
  );
}

function useSaving(store: string, base: SentItem, onSaved: EditFormProps["onSaved"]) {
  return useMutation({
    mutationFn: ({ changes, remove }: Edits) =>
      ask<EditResult>("save", {
        ...{ store, key: base.key, changes, remove, updatedAt: base.updatedAt },
      }),
    onSuccess: onSaved,
  });
}

/** A form whose first value has the focus: that was on a button which the form has replaced. */
function useFirstFocused() {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const choices = [".edit-field > :is(input, textarea, select)", "select, button"];
    const elements = choices.map((one) => form.current?.querySelector<HTMLElement>(one));
    elements.find((one) => one != null)?.focus();
  }, []);
  return form;
}

type Issues = readonly { readonly path: string; readonly message: string }[];

const issueOf = (issues: Issues | undefined, name: string): string | undefined =>
  issues?.find(({ path }) => path === `data.${name}` || path.startsWith(`data.${name}.`))?.message;
