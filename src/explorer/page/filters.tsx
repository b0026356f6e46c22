/** Conditions on fields, which DynamoDB tests on what it reads. */
import { Plus, X } from "lucide-react";
import { type FormEvent, useRef } from "react";
import type { EntityDescription, FieldKind, Filter, FilterOperator } from "../protocol.js";
import { valueText } from "./format.js";
import { useChangeRoute } from "./route.js";

const names: Readonly<Record<FilterOperator, string>> = {
  eq: "is",
  ne: "is not",
  contains: "contains",
  begins: "begins with",
  gt: "is over",
  gte: "is at least",
  lt: "is under",
  lte: "is at most",
  exists: "is there",
  notExists: "is missing",
};

interface FiltersProps {
  readonly entity: EntityDescription;
  readonly filters: readonly Filter[];
}

export function Filters({ entity, filters }: FiltersProps) {
  const change = useChangeRoute();
  const dialog = useRef<HTMLDialogElement>(null);
  const set = (next: readonly Filter[]) =>
    change({ filters: next.length === 0 ? undefined : JSON.stringify(next) });
  const fields = entity.fields.filter(({ secret }) => !secret);
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = String(form.get("field"));
    const operator = String(form.get("operator")) as FilterOperator;
    const kind = fields.find(({ name }) => name === field)?.kind ?? "any";
    const hasValue = operator !== "exists" && operator !== "notExists";
    const value = valueIn(String(form.get("value") ?? ""), kind, operator);
    set([...filters, { field, operator, ...(hasValue && { value }) }]);
    event.currentTarget.reset();
    dialog.current?.close();
  };
  return (
    <div className="filters">
      {filters.map((filter, index) => {
        const { field, operator, value } = filter;
        const text = `${field} ${names[operator]}${value === undefined ? "" : ` ${valueText(value)}`}`;
        return (
          <span key={JSON.stringify(filter)} className="chip">
            {text}
            <button
              type="button"
              aria-label={`Remove the filter ${text}`}
              onClick={() => set(filters.filter((_, at) => at !== index))}
            >
              <X aria-hidden />
            </button>
          </span>
        );
      })}
      <button type="button" onClick={() => dialog.current?.showModal()}>
        <Plus aria-hidden /> Filter
      </button>
      <dialog ref={dialog} className="dialog" aria-labelledby="filter-title">
        <form onSubmit={add}>
          <h2 id="filter-title">Show only items whose</h2>
          <label>
            <span>Field</span>
            <input
              name="field"
              list="filter-fields"
              required
              autoComplete="off"
              spellCheck={false}
            />
          </label>
          <datalist id="filter-fields">
            {fields.map(({ name }) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <label>
            <span>Condition</span>
            <select name="operator">
              {Object.entries(names).map(([operator, label]) => (
                <option key={operator} value={operator}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span>Value</span>
            <input name="value" autoComplete="off" spellCheck={false} />
          </label>
          <div className="buttons">
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="submit" className="primary">
              Filter
            </button>
          </div>
        </form>
      </dialog>
    </div>
  );
}

/** A typed value as the field has it. */
function valueIn(text: string, kind: FieldKind, operator: FilterOperator): unknown {
  if (operator === "begins" || kind === "text") return text;
  if (text === "true" || text === "false") return text === "true";
  if (text === "null") return null;
  const isNumber = text.trim() !== "" && Number.isFinite(Number(text));
  return isNumber && (kind === "number" || kind === "any" || kind === "time") ? Number(text) : text;
}
