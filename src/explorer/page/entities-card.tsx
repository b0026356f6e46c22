/** How many items each entity has, and of what size. */
import type { EntityDescription, Survey, SurveyEntity } from "../protocol.js";
import { bytesText, counted, storeTitle } from "./format.js";
import { Link } from "./link.js";

interface EntitiesCardProps {
  readonly entities: readonly EntityDescription[];
  readonly survey: Survey;
}

export function EntitiesCard({ entities, survey }: EntitiesCardProps) {
  const most = Math.max(1, ...Object.values(survey.entities).map(({ bytes }) => bytes));
  const rows = entities
    .map(({ entity, store }) => ({ store, found: survey.entities[entity] }))
    .sort((a, b) => (b.found?.items ?? 0) - (a.found?.items ?? 0));
  const known = new Set(entities.map(({ entity }) => entity));
  const others = Object.entries(survey.entities).filter(([name]) => !known.has(name));
  return (
    <section className="card">
      <h2>Entities</h2>
      <table className="list">
        <thead>
          <tr>
            <th scope="col">Entity</th>
            <th scope="col" className="right">
              Items
            </th>
            <th scope="col" className="right">
              Size
            </th>
            <th scope="col" className="wide-cell">
              Largest
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ store, found }) => (
            <KnownRow key={store} {...{ store, found, most }} isComplete={survey.complete} />
          ))}
          {others.map(([name, { items, bytes, largestBytes }]) => (
            <tr key={name} className="dim">
              <th scope="row">{name}</th>
              <td className="right">{counted(items)}</td>
              <td className="right">{bytesText(bytes)}</td>
              <td className="right wide-cell">{bytesText(largestBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface KnownRowProps {
  readonly store: string;
  readonly found: SurveyEntity | undefined;
  /** The bytes of the entity that has the most. */
  readonly most: number;
  readonly isComplete: boolean;
}

function KnownRow({ store, found, most, isComplete }: KnownRowProps) {
  return (
    <tr>
      <th scope="row">
        <Link to={{ view: "entity", store }}>{storeTitle(store)}</Link>
      </th>
      <td className="right">
        {counted(found?.items ?? 0)}
        {isComplete || found === undefined ? "" : "+"}
      </td>
      <td className="right">
        <span className="with-bar">
          {found === undefined ? "–" : bytesText(found.bytes)}
          <meter
            min={0}
            max={most}
            value={found?.bytes ?? 0}
            aria-label={`Share of ${storeTitle(store)}`}
          />
        </span>
      </td>
      <td className="right wide-cell">
        {found === undefined ? "–" : bytesText(found.largestBytes)}
      </td>
    </tr>
  );
}
