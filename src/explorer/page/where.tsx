/** Where an entity's items are looked for: in the whole table, in a partition, in an index. */
import { X } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { EntityDescription, KeyDescription, PartDescription } from "../protocol.js";
import { partsIn, useChangeRoute, useRoute } from "./route.js";

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly key: KeyDescription | undefined;
  readonly byCreation: boolean;
}

function choicesOf({ key, indexes, dated }: EntityDescription): Choice[] {
  const names = (one: KeyDescription) => one.partition.map(({ name }) => name).join(", ");
  const named = (value: string, label: string, one: KeyDescription, byCreation = false) => ({
    ...{ value, label, key: one, byCreation },
  });
  return [
    { value: "", label: "the whole table", key: undefined, byCreation: false },
    named("byKey", `one ${names(key)}, by key`, key),
    ...(dated ? [named("byKey created", `one ${names(key)}, by time`, key, true)] : []),
    ...indexes
      .filter(({ name }) => name !== "byCreatedAt")
      .map((index) => named(index.name, `${index.name}: one ${names(index)}`, index)),
  ];
}

export function Where({ entity }: { readonly entity: EntityDescription }) {
  const route = useRoute();
  const change = useChangeRoute();
  const choices = choicesOf(entity);
  const parts = partsIn(route, "parts");
  const inRoute =
    parts === undefined
      ? ""
      : `${route.index ?? "byKey"}${route.creation === "1" ? " created" : ""}`;
  const [chosen, setChosen] = useState(inRoute);
  const choice = choices.find(({ value }) => value === chosen);
  const select = (value: string) => {
    setChosen(value);
    if (value === "")
      change({ index: undefined, parts: undefined, creation: undefined, desc: undefined });
  };
  return (
    <div className="where">
      {route.user !== undefined && (
        <span className="chip">
          as {route.user}
          <button
            type="button"
            aria-label={`Look as nobody instead of ${route.user}`}
            onClick={() => change({ user: undefined })}
          >
            <X aria-hidden />
          </button>
        </span>
      )}
      <label>
        <span>In</span>
        <select value={chosen} onChange={(event) => select(event.target.value)}>
          {choices.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {choice?.key !== undefined && (
        <PartForm
          key={chosen}
          parts={choice.key.partition}
          given={parts}
          isDescending={route.desc === "1"}
          onGiven={(given, isDescending) =>
            change({
              parts: JSON.stringify(given),
              index: choice.key?.name === "byKey" ? undefined : choice.key?.name,
              creation: choice.byCreation ? "1" : undefined,
              desc: isDescending ? "1" : undefined,
            })
          }
        />
      )}
    </div>
  );
}

interface PartFormProps {
  readonly parts: readonly PartDescription[];
  readonly given: Readonly<Record<string, string | number>> | undefined;
  readonly isDescending: boolean;
  readonly onGiven: (parts: Record<string, string | number>, isDescending: boolean) => void;
}

function PartForm({ parts, given, isDescending, onGiven }: PartFormProps) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const read = parts.map(({ name, kind }) => {
      const text = String(form.get(name) ?? "");
      return [name, kind === "number" ? Number(text) : text];
    });
    onGiven(
      Object.fromEntries(read) as Record<string, string | number>,
      form.get("order") === "desc",
    );
  };
  return (
    <form onSubmit={submit} className="inline">
      {parts.map(({ name, fallback }) => (
        <label key={name}>
          <span>{name}</span>
          <input
            name={name}
            required
            autoComplete="off"
            spellCheck={false}
            defaultValue={given?.[name] ?? fallback ?? ""}
          />
        </label>
      ))}
      <label>
        <span>Order</span>
        <select name="order" defaultValue={isDescending ? "desc" : "asc"}>
          <option value="asc">first to last</option>
          <option value="desc">last to first</option>
        </select>
      </label>
      <button type="submit">Read</button>
    </form>
  );
}
