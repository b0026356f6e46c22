/** Conditions on fields, which DynamoDB tests on what it reads. */
import { Plus, X } from "lucide-react";
import { type FormEvent, type RefObject, useRef } from "react";
import type { EntityDescription, Filter, FilterOperator } from "../protocol.js";
import { filterText, filterValue } from "./filter-value.js";
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
  return (
    <div className="filters">
      {filters.map((filter, index) => (
        <FilterChip
          key={JSON.stringify(filter)}
          filter={filter}
          onRemove={() => set(filters.filter((_, at) => at !== index))}
        />
      ))}
      <button type="button" onClick={() => dialog.current?.showModal()}>
        <Plus aria-hidden /> Filter
      </button>
      <FilterDialog
        dialog={dialog}
        fields={entity.fields.filter(({ secret }) => !secret)}
        onAdd={(filter) => set([...filters, filter])}
      />
    </div>
  );
}

interface FilterChipProps {
  readonly filter: Filter;
  readonly onRemove: () => void;
}

function FilterChip({ filter: { field, operator, value }, onRemove }: FilterChipProps) {
  const text = `${field} ${names[operator]}${value === undefined ? "" : ` ${filterText(value)}`}`;
  return (
    <span className="chip">
      {text}
      <button type="button" aria-label={`Remove the filter ${text}`} onClick={onRemove}>
        <X aria-hidden />
      </button>
    </span>
  );
}

interface FilterDialogProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly fields: EntityDescription["fields"];
  readonly onAdd: (filter: Filter) => void;
}

function FilterDialog({ dialog, fields, onAdd }: FilterDialogProps) {
  const typed = useRef<HTMLInputElement>(null);
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    try {
      onAdd(filterOf(new FormData(form), fields));
    } catch (error) {
      typed.current?.setCustomValidity(error instanceof Error ? error.message : String(error));
      typed.current?.reportValidity();
      return;
    }
    form.reset();
    dialog.current?.close();
  };
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="filter-title">
      {/* What was typed may be a value of another field, or for another condition. */}
      <form onSubmit={add} onChange={() => typed.current?.setCustomValidity("")}>
        <h2 id="filter-title">Show only items whose</h2>
        <label>
          <span>Field</span>
          <input name="field" list="filter-fields" required autoComplete="off" spellCheck={false} />
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
          <input ref={typed} name="value" autoComplete="off" spellCheck={false} />
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
  );
}

/** @throws Error that says what the value is not */
function filterOf(form: FormData, fields: EntityDescription["fields"]): Filter {
  const field = String(form.get("field"));
  const operator = String(form.get("operator")) as FilterOperator;
  if (operator === "exists" || operator === "notExists") return { field, operator };
  const kind = fields.find(({ name }) => name === field)?.kind ?? "any";
  return { field, operator, value: filterValue(String(form.get("value") ?? ""), kind, operator) };
}
