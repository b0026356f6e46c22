/** One item: its payload, its keys, its attributes as the table has them, and what it leads to. */
import { useQuery } from "@tanstack/react-query";
import { Pencil, X } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { EntityDescription, RawAttribute, SentItem } from "../protocol.js";
import { useAbout } from "./about.js";
import { ask } from "./api.js";
import { CopyButton } from "./copy-button.js";
import { DeleteButton } from "./delete-button.js";
import { EditForm } from "./edit-form.js";
import { useWritten } from "./edited.js";
import { Fields, fieldsOf } from "./fields.js";
import {
  bytesText,
  jsonText,
  keyText,
  placesOf,
  readUnits,
  storeTitle,
  timeText,
  titleOf,
  unitsText,
  valueText,
  writeUnits,
} from "./format.js";
import { HistoryView } from "./history-view.js";
import { Links } from "./links.js";
import { Empty, Failed, Waiting } from "./state.js";
import { Template } from "./table-picture.js";

export interface FoundItem {
  readonly item: SentItem;
  readonly keys: readonly RawAttribute[];
}

interface ItemPanelProps {
  readonly entity: EntityDescription;
  readonly itemKey: SentItem["key"];
  readonly onClose: () => void;
}

const always = ["Fields", "JSON", "Attributes"] as const;
type Tab = (typeof always)[number] | "History";

export function ItemPanel({ entity, itemKey, onClose }: ItemPanelProps) {
  const { store } = entity;
  const { stream } = useAbout();
  const panel = useRef<HTMLElement>(null);
  const query = useQuery({
    queryKey: ["item", store, itemKey],
    queryFn: ({ signal }) => ask<FoundItem | null>("item", { store, key: itemKey }, signal),
    staleTime: 0,
  });
  useEffect(() => {
    const before = document.activeElement;
    panel.current?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  const found = query.data;
  return (
    <section
      ref={panel}
      className="panel"
      aria-label={`An item of ${storeTitle(store)}`}
      tabIndex={-1}
      onKeyDown={(event) => {
        // A dialog closes itself, and what is being edited is not thrown away by a key.
        const inForm = event.target instanceof Element && event.target.closest("dialog, form");
        if (event.key === "Escape" && !inForm) onClose();
      }}
    >
      <header className="panel-head">
        <div className="cut">
          <p className="dim wide">{storeTitle(store)}</p>
          {/* On a phone the grid's own heading is not shown. */}
          <h1 className="dim narrow-only">{storeTitle(store)}</h1>
          <h2 className="cut">{found ? titleOf(found.item) : keyText(itemKey)}</h2>
        </div>
        <button type="button" className="icon" aria-label="Close the item" onClick={onClose}>
          <X aria-hidden />
        </button>
      </header>
      {query.isPending && <Waiting what="the item" />}
      {query.error !== null && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {found === null && (
        <>
          <Empty title="This item is not there.">It was deleted, or it has expired.</Empty>
          {stream && <HistoryView store={store} itemKey={itemKey} />}
        </>
      )}
      {found !== undefined && found !== null && <ItemBody entity={entity} found={found} />}
    </section>
  );
}

interface ItemBodyProps {
  readonly entity: EntityDescription;
  readonly found: FoundItem;
}

function ItemBody({ entity, found }: ItemBodyProps) {
  const [tab, setTab] = useState<Tab>("Fields");
  const [isEditing, setEditing] = useState(false);
  const { writable, stream } = useAbout();
  const tabs: readonly Tab[] = stream ? [...always, "History"] : always;
  const written = useWritten();
  const { item, keys } = found;
  const { bytes, createdAt, updatedAt } = item;
  if (isEditing) {
    return (
      <EditForm
        entity={entity}
        item={item}
        fields={fieldsOf(entity, item)}
        onCancel={() => setEditing(false)}
        onSaved={(result) => {
          setEditing(false);
          written(item.store, item.key, "Saved.", result);
        }}
      />
    );
  }
  return (
    <>
      {writable && (
        <div className="item-actions">
          <button type="button" onClick={() => setEditing(true)}>
            <Pencil aria-hidden /> Edit
          </button>
          <DeleteButton
            item={item}
            onDeleted={(result) => written(item.store, item.key, "Deleted.", result)}
          />
        </div>
      )}
      <dl className="facts">
        <Fact name="Size">{bytesText(bytes)}</Fact>
        <Fact name="To read">{unitsText(readUnits(bytes))} R</Fact>
        <Fact name="To write">{unitsText(writeUnits(bytes) * placesOf(keys))} W</Fact>
        <Fact name="Created">{timeText(createdAt)}</Fact>
        <Fact name="Updated">{timeText(updatedAt)}</Fact>
      </dl>
      <Links entity={entity} item={item} />
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
            onClick={() => setTab(name)}
            onKeyDown={(event) => {
              const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[event.key];
              if (step === undefined) return;
              const next = tabs[(tabs.indexOf(tab) + step) % tabs.length] ?? "Fields";
              setTab(next);
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

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
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
