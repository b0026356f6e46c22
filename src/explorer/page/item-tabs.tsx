/** Views of an item: its fields and keys, as JSON, its attributes as the table has them, and its history. */
import { useQuery } from "@tanstack/react-query";
import type { EntityDescription, RawAttribute, SentItem } from "../protocol.js";
import { useAbout } from "./about.js";
import { ask } from "./api.js";
import { CopyButton } from "./copy-button.js";
import { Fields } from "./fields.js";
import { bytesText, jsonText, valueText } from "./format.js";
import { HistoryView } from "./history-view.js";
import { Empty, Failed, Waiting } from "./state.js";
import { Template } from "./table-picture.js";

export interface FoundItem {
  readonly item: SentItem;
  readonly keys: readonly RawAttribute[];
}

const always = ["Fields", "JSON", "Attributes"] as const;
export type Tab = (typeof always)[number] | "History";

interface ItemTabsProps {
  readonly entity: EntityDescription;
  readonly found: FoundItem;
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
}

export function ItemTabs({ entity, found: { item, keys }, tab, onTab }: ItemTabsProps) {
  const { stream } = useAbout();
  const tabs: readonly Tab[] = stream ? [...always, "History"] : always;
  return (
    <>
      <div className="tabs" role="tablist" aria-label="Views of the item">
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={tab === name}
            aria-controls="tab-panel"
            tabIndex={tab === name ? 0 : -1}
            onClick={() => onTab(name)}
            onKeyDown={(event) => {
              const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[event.key];
              if (step === undefined) return;
              const next = tabs[(tabs.indexOf(tab) + step) % tabs.length] ?? "Fields";
              onTab(next);
              document.getElementById(`tab-${next}`)?.focus();
            }}
          >
            {name}
          </button>
        ))}
      </div>
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} className="tab-panel">
        {tab === "Fields" && (
          <>
            <Keys entity={entity} keys={keys} />
            <Fields entity={entity} item={item} />
          </>
        )}
        {tab === "JSON" && <Json item={item} />}
        {tab === "Attributes" && <Attributes store={entity.store} itemKey={item.key} />}
        {tab === "History" && <HistoryView store={entity.store} itemKey={item.key} />}
      </div>
    </>
  );
}

function Keys({
  entity,
  keys,
}: {
  readonly entity: EntityDescription;
  readonly keys: readonly RawAttribute[];
}) {
  const templates = new Map(
    [entity.key, ...entity.indexes].flatMap(({ pk, sk }) => [
      [pk.attribute, pk.template] as const,
      [sk.attribute, sk.template] as const,
    ]),
  );
  return (
    <section>
      <h3>Keys</h3>
      <dl className="keys">
        {keys.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{String(value)}</code>
              <Template text={templates.get(name) ?? ""} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Json({ item: { key, data, createdAt, updatedAt, hidden } }: { readonly item: SentItem }) {
  const masked = Object.fromEntries(hidden.map((name) => [name, "[secret]"]));
  const text = jsonText({ ...key, data: { ...data, ...masked }, createdAt, updatedAt });
  return (
    <div className="json">
      <CopyButton text={text} label="Copy the JSON" />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region takes the focus. */}
      <pre tabIndex={0}>{text}</pre>
    </div>
  );
}

function Attributes({
  store,
  itemKey,
}: {
  readonly store: string;
  readonly itemKey: SentItem["key"];
}) {
  const { data, error, isPending } = useQuery({
    queryKey: ["raw", store, itemKey],
    queryFn: ({ signal }) => ask<RawAttribute[] | null>("raw", { store, key: itemKey }, signal),
    staleTime: 0,
  });
  if (isPending) return <Waiting what="the attributes" />;
  if (error !== null) return <Failed error={error} />;
  if (data === null) return <Empty title="This item is not there." />;
  return (
    <table className="list attributes">
      <thead>
        <tr>
          <th scope="col">Attribute</th>
          <th scope="col">Value</th>
          <th scope="col" className="right">
            Size
          </th>
        </tr>
      </thead>
      <tbody>
        {data.map(({ name, value, bytes }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <code>{typeof value === "object" ? jsonText(value) : valueText(value)}</code>
            </td>
            <td className="right">{bytesText(bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
