/** A picture of the table: which items lie beside each other, and in which index. */
import { Fragment } from "react";
import type { EntityDescription, KeyDescription, Survey } from "../protocol.js";
import { counted, storeTitle } from "./format.js";
import { Link } from "./link.js";

interface Lane {
  /** `USER#${userId}`: the items of one such partition are read together. */
  readonly partition: string;
  readonly rows: readonly { readonly sort: string; readonly entity: EntityDescription }[];
}

interface Place {
  readonly title: string;
  readonly lanes: readonly Lane[];
}

function placesOf(entities: readonly EntityDescription[]): Place[] {
  const places = new Map<string, Map<string, { sort: string; entity: EntityDescription }[]>>();
  const add = (title: string, { pk, sk }: KeyDescription, entity: EntityDescription) => {
    const lanes =
      places.get(title) ?? new Map<string, { sort: string; entity: EntityDescription }[]>();
    places.set(title, lanes);
    const rows = lanes.get(pk.template) ?? [];
    lanes.set(pk.template, rows);
    rows.push({ sort: sk.template, entity });
  };
  for (const entity of entities) add("The table", entity.key, entity);
  for (const entity of entities) {
    for (const index of entity.indexes) add(index.index ?? index.name, index, entity);
  }
  return [...places].map(([title, lanes]) => ({
    title,
    lanes: [...lanes].map(([partition, rows]) => ({ partition, rows })),
  }));
}

interface TablePictureProps {
  readonly entities: readonly EntityDescription[];
  readonly survey: Survey;
}

export function TablePicture({ entities, survey }: TablePictureProps) {
  return (
    <section className="card">
      <h2>Who lies where</h2>
      <p className="dim">
        Each box is a partition, which one query reads. Below its key are the sort keys in it.
      </p>
      {placesOf(entities).map(({ title, lanes }) => (
        <div key={title} className="picture">
          <h3>{title}</h3>
          <div className="lanes">
            {lanes.map(({ partition, rows }) => (
              <div key={partition} className="lane">
                <Template text={partition} />
                <ul>
                  {rows.map(({ sort, entity }) => (
                    <li key={entity.store}>
                      <Link to={{ view: "entity", store: entity.store }}>
                        {storeTitle(entity.store)}
                      </Link>
                      <Template text={sort} />
                      <span className="count">
                        {counted(survey.entities[entity.entity]?.items ?? 0)}
                      </span>
                    </li>
                  ))}
                </ul>
              </div>
            ))}
          </div>
        </div>
      ))}
    </section>
  );
}

/** A key's template, with its parts marked. */
export function Template({ text }: { readonly text: string }) {
  const pieces = text.split(/\$\{([^}]+)\}/);
  return (
    <code className="template">
      {pieces.map((piece, index) => {
        const id = `${index} ${piece}`;
        if (index % 2 === 1) return <var key={id}>{piece}</var>;
        return <Fragment key={id}>{piece}</Fragment>;
      })}
    </code>
  );
}
