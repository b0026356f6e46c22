/** One item: its payload, its keys, its attributes as the table has them, and what it leads to. */
import { useQuery } from "@tanstack/react-query";
import { Pencil, X } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { EditResult, EntityDescription, SentItem } from "../protocol.js";
import { useAbout } from "./about.js";
import { ask } from "./api.js";
import { DeleteButton } from "./delete-button.js";
import { EditForm } from "./edit-form.js";
import { useWritten } from "./edited.js";
import { fieldsOf } from "./fields.js";
import {
  bytesText,
  keyText,
  placesOf,
  readUnits,
  storeTitle,
  timeText,
  titleOf,
  unitsText,
  writeUnits,
} from "./format.js";
import { HistoryView } from "./history-view.js";
import { type FoundItem, ItemTabs, type Tab } from "./item-tabs.js";
import { Links } from "./links.js";
import { Empty, Failed, Waiting } from "./state.js";

interface ItemPanelProps {
  readonly entity: EntityDescription;
  readonly itemKey: SentItem["key"];
  readonly onClose: () => void;
}

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
  const isGone = found === null;
  useEffect(() => {
    // The button that has deleted it had the focus, and is gone as well.
    if (isGone) panel.current?.focus();
  }, [isGone]);
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
      {isGone && (
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
  const { writable } = useAbout();
  const written = useWritten();
  const edit = useFocusedAfter(isEditing);
  const { item, keys } = found;
  const { store, key, bytes, createdAt, updatedAt, partial } = item;
  const atLeast = partial ? "at least " : "";
  const end = (text: string) => (result: EditResult) => {
    setEditing(false);
    written(store, key, text, result);
  };
  if (isEditing) {
    return (
      <EditForm
        entity={entity}
        item={item}
        fields={fieldsOf(entity, item)}
        onCancel={() => setEditing(false)}
        onSaved={end("Saved.")}
        onKept={end("Theirs was kept.")}
      />
    );
  }
  return (
    <>
      {writable && (
        <div className="item-actions">
          <button ref={edit} type="button" onClick={() => setEditing(true)}>
            <Pencil aria-hidden /> Edit
          </button>
          <DeleteButton
            item={item}
            onDeleted={end("Deleted.")}
            onKept={end("It was not deleted: somebody else has changed it.")}
          />
        </div>
      )}
      <dl className="facts">
        <Fact name="Size">
          {atLeast}
          {bytesText(bytes)}
        </Fact>
        <Fact name="To read">
          {atLeast}
          {unitsText(readUnits(bytes))} R
        </Fact>
        <Fact name="To write">
          {atLeast}
          {unitsText(writeUnits(bytes) * placesOf(keys))} W
        </Fact>
        <Fact name="Created">{timeText(createdAt)}</Fact>
        <Fact name="Updated">{timeText(updatedAt)}</Fact>
      </dl>
      <Links entity={entity} item={item} />
      <ItemTabs entity={entity} found={found} tab={tab} onTab={setTab} />
    </>
  );
}

/** A button that has the focus again after what it has opened in its place. */
function useFocusedAfter(isOpen: boolean) {
  const button = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  useEffect(() => {
    if (wasOpen.current && !isOpen) button.current?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
  return button;
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
