/** What is in the table, and what is wrong with it. */
import { RefreshCw } from "lucide-react";
import type { Survey, SurveyFinding } from "../protocol.js";
import { useAbout, useSurvey } from "./about.js";
import { EntitiesCard } from "./entities-card.js";
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
            <EntitiesCard entities={entities} survey={survey} />
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
