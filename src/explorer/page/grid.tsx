/** Items as a grid: of any number, only the rows in sight are drawn. */
import {
  type ColumnDef,
  columnSizingFeature,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, LockKeyhole } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { EntityDescription, FieldDescription, FieldKind, SentItem } from "../protocol.js";
import { Cell } from "./cell.js";
import { counted, titleFields } from "./format.js";

const features = tableFeatures({
  rowSortingFeature,
  columnSizingFeature,
  sortedRowModel: createSortedRowModel(),
});

type Column = ColumnDef<typeof features, SentItem>;

const rowHeight = 36;

const widths: Readonly<Record<FieldKind, number>> = {
  text: 220,
  number: 110,
  boolean: 100,
  time: 160,
  list: 170,
  map: 200,
  any: 180,
};

interface GridProps {
  readonly entity: EntityDescription;
  readonly items: readonly SentItem[];
  readonly opened: SentItem["key"] | undefined;
  readonly onOpen: (key: SentItem["key"]) => void;
  /** Called when the last row comes in sight. */
  readonly onEnd: () => void;
  readonly hasMore: boolean;
  readonly isReading: boolean;
}

export function Grid({ entity, items, opened, onOpen, onEnd, hasMore, isReading }: GridProps) {
  const columns = useMemo(() => columnsOf(entity, items), [entity, items]);
  const data = items as SentItem[];
  const table = useTable({ features, columns, data, getRowId: rowId, enableSortingRemoval: true });
  const { rows } = table.getRowModel();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isReading && last >= rows.length - 20) onEnd();
  }, [hasMore, isReading, last, rows.length, onEnd]);
  const openedId = opened === undefined ? undefined : JSON.stringify(opened);
  const [active, setActive] = useState(0);
  const move = (to: number) => {
    const index = Math.max(0, Math.min(rows.length - 1, to));
    setActive(index);
    virtual.scrollToIndex(index);
    requestAnimationFrame(() => {
      const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"]`);
      row?.focus({ preventScroll: true });
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: 12,
      PageUp: -12,
      Home: -rows.length,
      End: rows.length,
    };
    const step = steps[event.key];
    const row = rows[active];
    if (step !== undefined) move(active + step);
    else if (event.key === "Enter" && row !== undefined && isRow(event.target)) {
      onOpen(row.original.key);
    } else return;
    event.preventDefault();
  };
  const [head] = table.getHeaderGroups();
  const width = table.getTotalSize();
  return (
    <div
      ref={scroller}
      className="grid"
      role="grid"
      aria-label="Items"
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      aria-colcount={columns.length}
      onKeyDown={onKeyDown}
    >
      <div role="row" aria-rowindex={1} className="grid-head" style={{ width }} tabIndex={-1}>
        {head?.headers.map(({ id, column }) => {
          const sorted = column.getIsSorted();
          const order = { asc: "ascending", desc: "descending" } as const;
          return (
            <div
              key={id}
              role="columnheader"
              tabIndex={-1}
              aria-sort={sorted === false ? "none" : order[sorted]}
              style={{ width: column.getSize() }}
            >
              <button type="button" onClick={column.getToggleSortingHandler()}>
                <span className="cut">{id.replace(/^data\./, "")}</span>
                {isSecretColumn(entity, id) && <LockKeyhole aria-label="secret" />}
                {sorted === "asc" && <ArrowUp aria-hidden />}
                {sorted === "desc" && <ArrowDown aria-hidden />}
              </button>
            </div>
          );
        })}
      </div>
      <div role="rowgroup" className="grid-body" style={{ height: virtual.getTotalSize(), width }}>
        {shown.map(({ index, start, key }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <div
              key={key}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={row.id === openedId}
              data-index={index}
              tabIndex={
                index === active || (index === shown[0]?.index && !isShown(shown, active)) ? 0 : -1
              }
              className="grid-row"
              style={{ transform: `translateY(${start}px)`, width }}
              onFocus={() => setActive(index)}
              onClick={() => onOpen(row.original.key)}
              onKeyDown={undefined}
            >
              {row.getAllCells().map((cell) => (
                <div
                  key={cell.id}
                  role="gridcell"
                  tabIndex={-1}
                  style={{ width: cell.column.getSize() }}
                >
                  <Cell
                    value={cell.getValue()}
                    kind={kindOf(entity, cell.column.id)}
                    isHidden={row.original.hidden.includes(cell.column.id.slice("data.".length))}
                  />
                </div>
              ))}
            </div>
          );
        })}
      </div>
      {hasMore && (
        <div className="grid-more dim" role="status">
          {isReading ? "Reading more …" : `${counted(rows.length)} rows so far`}
        </div>
      )}
    </div>
  );
}

const rowId = ({ key }: SentItem): string => JSON.stringify(key);

const isRow = (target: EventTarget): boolean =>
  target instanceof HTMLElement && target.getAttribute("role") === "row";

const isShown = (shown: readonly { readonly index: number }[], index: number): boolean =>
  shown.some((one) => one.index === index);

const fieldOf = (entity: EntityDescription, id: string): FieldDescription | undefined =>
  id.startsWith("data.")
    ? entity.fields.find(({ name }) => name === id.slice("data.".length))
    : undefined;

const isSecretColumn = (entity: EntityDescription, id: string): boolean =>
  fieldOf(entity, id)?.secret === true;

function kindOf(entity: EntityDescription, id: string): FieldKind {
  if (id === "createdAt" || id === "updatedAt") return "time";
  if (!id.startsWith("data.")) return "text";
  return fieldOf(entity, id)?.kind ?? "any";
}

/**
 * The item's own id and name, the parts of its partition, the fields that any of the items has, and the times. Fields in no schema come last, and
 * those that repeat the key or the times of the item are left out.
 */
function columnsOf(entity: EntityDescription, items: readonly SentItem[]): Column[] {
  const seen = new Set<string>();
  for (const { data, hidden } of items) {
    for (const name of Object.keys(data)) if (isThere(data[name])) seen.add(name);
    for (const name of hidden) seen.add(name);
  }
  const parts = entity.parts.map(({ name }) => name);
  const repeated = new Set(["id", "createdAt", "updatedAt", ...parts]);
  const known = entity.fields.map(({ name }) => name);
  const others = [...seen].filter((name) => !known.includes(name));
  const names = [...known, ...others].filter((name) => seen.has(name) && !repeated.has(name));
  const title = titleFields.find((name) => names.includes(name));
  const partition = entity.key.partition.map(({ name }) => name);
  const ids = parts.filter((name) => !partition.includes(name));
  const part = (name: string) =>
    column(name, name === "createdAt" ? 160 : 200, ({ key }) => key[name]);
  const field = (name: string) =>
    column(`data.${name}`, widths[kindOf(entity, `data.${name}`)], ({ data }) => data[name]);
  const times = parts.includes("createdAt") ? ["updatedAt"] : ["createdAt", "updatedAt"];
  return [
    ...ids.map(part),
    ...(title === undefined ? [] : [field(title)]),
    ...partition.map(part),
    ...names.filter((name) => name !== title).map(field),
    ...times.map((name) =>
      column(name, widths.time, (item) => (name === "createdAt" ? item.createdAt : item.updatedAt)),
    ),
  ];
}

const isThere = (value: unknown): boolean => value !== undefined && value !== null && value !== "";

function column(id: string, size: number, value: (item: SentItem) => unknown): Column {
  return {
    id,
    size,
    accessorFn: value,
    sortUndefined: "last",
    sortFn: (a, b, of) => compared(a.getValue(of), b.getValue(of)),
  };
}

function compared(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [one, other] = [textOf(a), textOf(b)];
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "");
