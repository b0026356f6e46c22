/** The payload of an item as a form: what is changed is shown before it is saved. */
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useRef, useState } from "react";
import type { EditResult, EntityDescription, FieldDescription, SentItem } from "../protocol.js";
import { ask, CallError } from "./api.js";
import { Conflict } from "./conflict.js";
import { Diff } from "./diff.js";
import { type Draft, type Drafts, draftOf, type Edits, editsOf, isEmpty, ownOf } from "./draft.js";
import { Failed } from "./state.js";

interface EditFormProps {
  readonly entity: EntityDescription;
  readonly item: SentItem;
  readonly fields: readonly FieldDescription[];
  readonly onSaved: (result: EditResult) => void;
  readonly onCancel: () => void;
}

export function EditForm({ entity: { store }, item, fields, onSaved, onCancel }: EditFormProps) {
  const [drafts, setDrafts] = useState<Drafts>({});
  // After a conflict it is the item as somebody else has left it.
  const [base, setBase] = useState(item);
  const dialog = useRef<HTMLDialogElement>(null);
  const edits = editsOf(fields, base, drafts);
  const saving = useMutation({
    mutationFn: ({ changes, remove }: Edits) =>
      ask<EditResult>("save", {
        ...{ store, key: base.key, changes, remove, updatedAt: base.updatedAt },
      }),
    onSuccess: (result) => {
      dialog.current?.close();
      onSaved(result);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isEmpty(edits)) return onCancel();
    saving.reset();
    dialog.current?.showModal();
  };
  const failure = saving.error instanceof CallError ? saving.error.failure : undefined;
  const stored = failure?.name === "ConditionalCheckFailedError" ? failure.item : undefined;
  const isReady = Object.keys(edits.problems).length === 0;
  const change = (name: string, draft: Draft) =>
    setDrafts(Object.fromEntries([...Object.entries(drafts), [name, draft]]));
  return (
    <form className="edit-form" onSubmit={submit}>
      {fields
        .filter(({ secret }) => !secret)
        .map((field) => (
          <FieldEditor
            key={field.name}
            field={field}
            draft={ownOf(drafts, field.name) ?? draftOf(field, base)}
            problem={ownOf(edits.problems, field.name) ?? issueOf(failure?.issues, field.name)}
            isChanged={
              Object.hasOwn(edits.changes, field.name) || edits.remove.includes(field.name)
            }
            onChange={(draft) => change(field.name, draft)}
          />
        ))}
      <div className="buttons sticky">
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={!isReady}>
          {isEmpty(edits) ? "Nothing to save" : "Look at the changes"}
        </button>
      </div>
      <dialog ref={dialog} className="dialog broad" aria-label="The changes">
        <h2>{stored === undefined ? "Save these changes?" : "Somebody else has changed it"}</h2>
        {stored === undefined ? (
          <Diff before={base.data} changes={edits.changes} remove={edits.remove} />
        ) : (
          <Conflict base={base} stored={stored} edits={edits} />
        )}
        {saving.error !== null && stored === undefined && <Failed error={saving.error} />}
        <div className="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Go on editing
          </button>
          {stored === undefined && (
            <button
              type="button"
              className="primary"
              disabled={saving.isPending}
              onClick={() => saving.mutate(edits)}
            >
              Save
            </button>
          )}
          {stored !== undefined && stored !== null && (
            <>
              <button
                type="button"
                onClick={() => {
                  dialog.current?.close();
                  onSaved({ item: stored });
                }}
              >
                Keep theirs
              </button>
              <button
                type="button"
                className="primary"
                onClick={() => {
                  // What they changed and this form did not stays theirs.
                  setBase(stored);
                  saving.reset();
                }}
              >
                Put mine on top of theirs
              </button>
            </>
          )}
        </div>
      </dialog>
    </form>
  );
}

type Issues = readonly { readonly path: string; readonly message: string }[];

const issueOf = (issues: Issues | undefined, name: string): string | undefined =>
  issues?.find(({ path }) => path === `data.${name}` || path.startsWith(`data.${name}.`))?.message;

interface FieldEditorProps {
  readonly field: FieldDescription;
  readonly draft: Draft;
  readonly problem: string | undefined;
  readonly isChanged: boolean;
  readonly onChange: (draft: Draft) => void;
}

function FieldEditor({ field, draft, problem, isChanged, onChange }: FieldEditorProps) {
  const { name, required, nullable } = field;
  const id = useId();
  const { state } = draft;
  return (
    <div className="edit-field" data-changed={isChanged}>
      <div className="edit-label">
        <label htmlFor={id}>{name}</label>
        <select
          aria-label={`Whether ${name} is there`}
          value={state}
          onChange={(event) => onChange({ ...draft, state: event.target.value as Draft["state"] })}
        >
          <option value="value">value</option>
          {(nullable || state === "null") && <option value="null">null</option>}
          {(!required || state === "missing") && <option value="missing">not there</option>}
        </select>
      </div>
      {state === "value" && (
        <ValueEditor id={id} field={field} draft={draft} problem={problem} onChange={onChange} />
      )}
      {problem !== undefined && (
        <p id={`${id}-problem`} className="bad">
          {problem}
        </p>
      )}
    </div>
  );
}

interface ValueEditorProps extends Omit<FieldEditorProps, "isChanged"> {
  readonly id: string;
}

function ValueEditor({ id, field: { choices }, draft, problem, onChange }: ValueEditorProps) {
  const { editor, text } = draft;
  const common = {
    id,
    value: text,
    "aria-invalid": problem !== undefined,
    "aria-describedby": problem === undefined ? undefined : `${id}-problem`,
    onChange: (event: { readonly target: { readonly value: string } }) =>
      onChange({ ...draft, text: event.target.value }),
  };
  if (editor === "boolean" || choices !== undefined) {
    const options = editor === "boolean" ? ["true", "false"] : (choices ?? []);
    return (
      <select {...common}>
        {!options.includes(text) && <option value={text}>{text}</option>}
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    );
  }
  if (editor === "number") return <input {...common} inputMode="decimal" />;
  const rows = Math.min(14, Math.max(1, text.split("\n").length, Math.ceil(text.length / 60)));
  return (
    <textarea
      {...common}
      rows={rows}
      spellCheck={editor === "text"}
      data-json={editor === "json"}
    />
  );
}
