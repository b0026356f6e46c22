/** What happened to an item, as the table's stream still tells it. */
import { useQuery } from "@tanstack/react-query";
import { LockKeyhole, RefreshCw } from "lucide-react";
import type { HistoryChange, HistoryPath, SentItem, History as Told } from "../protocol.js";
import { ask } from "./api.js";
import { BeforeAndAfter } from "./diff.js";
import { counted, timeText } from "./format.js";
import { Empty, Failed, Waiting } from "./state.js";

interface HistoryViewProps {
  readonly store: string;
  readonly itemKey: SentItem["key"];
}

export function HistoryView({ store, itemKey }: HistoryViewProps) {
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["history", store, itemKey],
    queryFn: ({ signal }) => ask<Told>("history", { store, key: itemKey }, signal),
    staleTime: 0,
    // It is read anew whenever it is looked at.
    gcTime: 0,
  });
  const again = () => void refetch();
  if (error !== null) return <Failed error={error} onRetry={again} />;
  if (data === undefined) return <Waiting what="the table's stream" />;
  const { changes, read, stopped, older } = data;
  return (
    <section className="history">
      <div className="title-row">
        <p className="dim">
          {`Found among ${counted(read)} changes of all items. The stream keeps changes for 24 hours.`}
        </p>
        <button type="button" onClick={again} disabled={isFetching}>
          <RefreshCw aria-hidden className={isFetching ? "spin" : ""} /> Look again
        </button>
      </div>
      {stopped && (
        <p role="status">
          <strong>The reading ended early: the stream has more.</strong> Newer changes may be
          missing.
        </p>
      )}
      {changes.length === 0 && <Empty title="The stream has no change of this item." />}
      <ol>
        {changes.map((change) => (
          <li key={change.id}>
            <Change change={change} />
          </li>
        ))}
      </ol>
      {older && <p className="dim">Older changes of this item are not shown.</p>}
    </section>
  );
}

function Change({ change: { at, kind, paths } }: { readonly change: HistoryChange }) {
  return (
    <>
      <h3>
        <span className="tag">{kind}</span>{" "}
        <time dateTime={new Date(at).toISOString()}>{timeText(at)}</time>
      </h3>
      {paths === null && <p className="dim">It cannot be read as its entity is declared now.</p>}
      {paths?.length === 0 && <p className="dim">The payload stayed the same.</p>}
      {paths !== null && paths.length > 0 && (
        <BeforeAndAfter>
          {paths.map((path) => (
            <Path key={path.path} path={path} />
          ))}
        </BeforeAndAfter>
      )}
    </>
  );
}

function Path({ path: { path, before, after, secret } }: { readonly path: HistoryPath }) {
  return (
    <tr>
      <th scope="row">{path}</th>
      {secret === true ? (
        <td colSpan={2}>
          <span className="secret">
            <LockKeyhole aria-hidden /> masked
          </span>
        </td>
      ) : (
        <>
          <td className="was">
            <Side text={before} />
          </td>
          <td className="is">
            <Side text={after} />
          </td>
        </>
      )}
    </tr>
  );
}

function Side({ text }: { readonly text: string | null | undefined }) {
  if (text == null) return <span className="dim">not there</span>;
  return <code>{text}</code>;
}
