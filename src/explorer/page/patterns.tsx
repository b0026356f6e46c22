/** The access patterns as forms, with what each found and took. */
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useMemo, useState } from "react";
import type {
  EntityDescription,
  PatternDescription,
  PatternInput,
  PatternResult,
  SentItem,
} from "../protocol.js";
import { useAbout, useEntity } from "./about.js";
import { ask } from "./api.js";
import { jsonText, plural, storeTitle } from "./format.js";
import { Grid } from "./grid.js";
import { presentFields } from "./grid-columns.js";
import { Link } from "./link.js";
import { goTo, useRoute } from "./route.js";
import { Empty, Failed, Waiting } from "./state.js";

export function Patterns() {
  const { patterns } = useAbout();
  const { pattern: id } = useRoute();
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const shown = patterns.filter(({ group, title }) =>
    `${storeTitle(group)} ${title}`.toLowerCase().includes(wanted),
  );
  const groups = [...new Set(shown.map(({ group }) => group))];
  const chosen = patterns.find((one) => one.id === id);
  return (
    <div className="split" data-open={chosen !== undefined}>
      <div className="screen pattern-list">
        <h1>Access patterns</h1>
        <label>
          <span>Search</span>
          <input type="search" value={text} onChange={(event) => setText(event.target.value)} />
        </label>
        {shown.length === 0 && <Empty title="No access pattern has these words." />}
        {groups.map((group) => (
          <section key={group}>
            <h2>{storeTitle(group)}</h2>
            <ul className="plain">
              {shown
                .filter((one) => one.group === group)
                .map((one) => (
                  <li key={one.id}>
                    <Link
                      className="row-link"
                      to={{ view: "patterns", pattern: one.id }}
                      aria-current={one.id === id ? "true" : undefined}
                    >
                      {one.title}
                    </Link>
                  </li>
                ))}
            </ul>
          </section>
        ))}
      </div>
      {chosen === undefined ? (
        <div className="panel wide-panel">
          <Empty title="Choose an access pattern.">
            Its form makes the call, and shows it as TypeScript with its requests and units.
          </Empty>
        </div>
      ) : (
        <PatternForm key={chosen.id} pattern={chosen} />
      )}
    </div>
  );
}

function PatternForm({ pattern }: { readonly pattern: PatternDescription }) {
  const { id, group, title, inputs } = pattern;
  const run = useMutation({
    mutationFn: (given: Readonly<Record<string, unknown>>) =>
      ask<PatternResult>("pattern", { id, given }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = inputs.flatMap(({ name, kind }) => {
      const text = String(form.get(name) ?? "");
      if (text === "") return [];
      return [[name, kind === "number" ? Number(text) : text] as const];
    });
    run.mutate(Object.fromEntries(given));
  };
  return (
    <section className="panel wide-panel" aria-label={title}>
      <p className="back">
        <Link to={{ view: "patterns" }}>All access patterns</Link>
      </p>
      <p className="dim wide">{storeTitle(group)}</p>
      <h1 className="dim narrow-only">{storeTitle(group)}</h1>
      <h2>{title}</h2>
      <form className="pattern-form" onSubmit={submit}>
        {inputs.map((input) => (
          <Input key={input.name} input={input} />
        ))}
        <div className="buttons">
          <button type="submit" className="primary" disabled={run.isPending}>
            Run
          </button>
        </div>
      </form>
      {run.isPending && <Waiting what="the table" />}
      {run.error !== null && <Failed error={run.error} />}
      {run.data !== undefined && <Result result={run.data} />}
    </section>
  );
}

function Input({
  input: { name, kind, required, fallback, choices },
}: {
  readonly input: PatternInput;
}) {
  const id = useId();
  return (
    <div className="labelled">
      <label htmlFor={id}>{name}</label>
      {choices === undefined ? (
        <input
          id={id}
          name={name}
          required={required}
          inputMode={kind === "number" ? "numeric" : "text"}
          pattern={kind === "number" ? "\\d+" : undefined}
          autoComplete="off"
          spellCheck={false}
          defaultValue={fallback}
        />
      ) : (
        <select id={id} name={name} defaultValue={fallback}>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      )}
    </div>
  );
}

function Result({ result: { store, items, value } }: { readonly result: PatternResult }) {
  const entity = useEntity(store);
  if (entity !== undefined && items !== undefined) return <Items entity={entity} items={items} />;
  return (
    <>
      <h3>Result</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region takes the focus. */}
      <pre className="result" tabIndex={0}>
        {jsonText(value)}
      </pre>
    </>
  );
}

interface ItemsProps {
  readonly entity: EntityDescription;
  readonly items: readonly SentItem[];
}

function Items({ entity, items }: ItemsProps) {
  const present = useMemo(() => presentFields(items), [items]);
  return (
    <>
      <h3>{plural(items.length, "item")}</h3>
      {items.length > 0 && (
        <div className="result-grid">
          <Grid
            entity={entity}
            items={items}
            present={present}
            opened={undefined}
            onOpen={(key) =>
              goTo({ view: "entity", store: entity.store, item: JSON.stringify(key) })
            }
          />
        </div>
      )}
    </>
  );
}
