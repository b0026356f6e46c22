/** A field in a form: whether it is there, and its value. */
import { useId } from "react";
import type { FieldDescription } from "../protocol.js";
import type { Draft } from "./draft.js";

interface FieldEditorProps {
  readonly field: FieldDescription;
  readonly draft: Draft;
  readonly problem: string | undefined;
  readonly isChanged: boolean;
  readonly onChange: (draft: Draft) => void;
}

export function FieldEditor({ field, draft, problem, isChanged, onChange }: FieldEditorProps) {
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
