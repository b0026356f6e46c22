/** What is in the table, and what is wrong with it. */
import { RefreshCw } from "lucide-react";
import type { EntityDescription, Survey, SurveyFinding } from "../protocol.js";
import { useAbout, useSurvey } from "./about.js";
import { bytesText, counted, keyText, plural, storeTitle, timeText } from "./format.js";
import { Link } from "./link.js";
import { Failed, Waiting } from "./state.js";
import { TablePicture } from "./table-picture.js";

export function Overview() {
  const { entities } = useAbout();
  const { data: survey, error, isFetching, refetch } = useSurvey();
  const again = () => void refetch();
  return (
    <div className="screen">
      <div className="title-row">
        <h1>Overview</h1>
        <button type="button" onClick={again} disabled={isFetching}>
          <RefreshCw aria-hidden className={isFetching ? "spin" : ""} /> Look again
        </button>
      </div>
      {error !== null && <Failed error={error} onRetry={again} />}
      {survey === undefined && error === null && <Waiting what="a sample of the table" />}
      {survey !== undefined && (
        <>
          <Figures survey={survey} />
          <div className="columns">
            <Entities entities={entities} survey={survey} />
            <div>
              <Findings findings={survey.findings} isComplete={survey.complete} />
              <Newest survey={survey} />
            </div>
          </div>
          <TablePicture entities={entities} survey={survey} />
        </>
      )}
    </div>
  );
}

function Figures({ survey }: { readonly survey: Survey }) {
  const { items, bytes, users, complete, at, findings } = survey;
  const faults = findings.filter(({ isFault }) => isFault).length;
  const tableItems = survey.tableItems ?? 0;
  return (
    <>
      <dl className="figures">
        <Figure name={complete ? "Items" : "Items read"} value={counted(items)} />
        <Figure name={complete ? "Size" : "Size of these"} value={bytesText(bytes)} />
        <Figure name="Mean item" value={items === 0 ? "–" : bytesText(bytes / items)} />
        <Figure name={complete ? "Users" : "Users among them"} value={counted(users.length)} />
        <Figure name="Findings" value={faults === 0 ? "none" : counted(faults)} bad={faults > 0} />
      </dl>
      <p className="dim">
        {complete
          ? `The whole table was read at ${timeText(at)}.`
          : `A sample was read at ${timeText(at)}${tableItems > items ? `, of about ${counted(tableItems)} items` : ""}: numbers with a + are of the sample.`}
      </p>
    </>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly bad?: boolean;
}

function Figure({ name, value, bad = false }: FigureProps) {
  return (
    <div className="card">
      <dt>{name}</dt>
      <dd className={bad ? "bad" : ""}>{value}</dd>
    </div>
  );
}

interface EntitiesProps {
  readonly entities: readonly EntityDescription[];
  readonly survey: Survey;
}

function Entities({ entities, survey }: EntitiesProps) {
  const most = Math.max(1, ...Object.values(survey.entities).map(({ bytes }) => bytes));
  const rows = entities
    .map((entity) => ({ entity, found: survey.entities[entity.entity] }))
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
          {rows.map(({ entity: { store }, found }) => (
            <tr key={store}>
              <th scope="row">
                <Link to={{ view: "entity", store }}>{storeTitle(store)}</Link>
              </th>
              <td className="right">
                {counted(found?.items ?? 0)}
                {survey.complete || found === undefined ? "" : "+"}
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

interface FindingsProps {
  readonly findings: readonly SurveyFinding[];
  readonly isComplete: boolean;
}

function Findings({ findings, isComplete }: FindingsProps) {
  return (
    <section className="card">
      <h2>What doctor finds</h2>
      {findings.length === 0 && (
        <p className="good">
          Nothing is wrong{isComplete ? "" : " with the items that were read"}.
        </p>
      )}
      {findings.map(({ title, count, isFault, examples }) => (
        <details key={title} className="finding">
          <summary>
            <span className={isFault ? "badge warn" : "badge"}>{counted(count)}</span> {title}
          </summary>
          <ul>
            {examples.map(({ key, rule }) => (
              <li key={key}>
                <code>{key}</code> <span className="dim">{rule}</span>
              </li>
            ))}
            {count > examples.length && (
              <li className="dim">and {plural(count - examples.length, "more", "more")}</li>
            )}
          </ul>
        </details>
      ))}
    </section>
  );
}

function Newest({ survey: { newest, complete } }: { readonly survey: Survey }) {
  return (
    <section className="card">
      <h2>{complete ? "Newest items" : "Newest of the sample"}</h2>
      {newest.length === 0 && <p className="dim">There is no item yet.</p>}
      <ul className="plain">
        {newest.map(({ store, key, updatedAt }) => (
          <li key={`${store} ${keyText(key)}`}>
            <Link className="row-link" to={{ view: "entity", store, item: JSON.stringify(key) }}>
              <span className="cut">
                {storeTitle(store)} <span className="dim">{keyText(key)}</span>
              </span>
              <time className="dim" dateTime={new Date(updatedAt).toISOString()}>
                {timeText(updatedAt)}
              </time>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
