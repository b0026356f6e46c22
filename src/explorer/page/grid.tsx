/** Items as a grid: of any number, only the rows in sight are drawn. */
import { useTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, LockKeyhole } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { EntityDescription, SentItem } from "../protocol.js";
import { Cell } from "./cell.js";
import { counted } from "./format.js";
import { columnsOf, features, isSecretColumn, kindOf, type SortingState } from "./grid-columns.js";
import { SelectAll, SelectRow, selectWidth } from "./select-boxes.js";
import { rowId, type Selection } from "./selection.js";
import { useSortedRows } from "./sorted-rows.js";

const rowHeight = 36;

interface GridProps {
  readonly entity: EntityDescription;
  readonly items: readonly SentItem[];
  /** The fields that any of the items has; another list makes the columns anew. */
  readonly present: readonly string[];
  /** @default rows cannot be selected */
  readonly selection?: Selection;
  readonly opened: SentItem["key"] | undefined;
  readonly onOpen: (key: SentItem["key"]) => void;
  /** @default there are no more rows */
  readonly more?: More;
}

/** The rows that were not read yet. */
export interface More {
  readonly read: () => void;
  /** Whether they are read once the last row comes in sight; a button asks for them otherwise. */
  readonly byItself: boolean;
  readonly isReading: boolean;
}

export function Grid(props: GridProps) {
  const { entity, items, present, selection, opened, onOpen, more } = props;
  const columns = useMemo(() => columnsOf(entity, present), [entity, present]);
  const [sorting, setSorting] = useState<SortingState>([]);
  const { rows, isSorting } = useSortedRows(items, sorting[0]);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const shown = virtual.getVirtualItems();
  const first = shown[0]?.index ?? 0;
  const last = shown.at(-1)?.index ?? 0;
  // The table has the rows in sight: to make 100,000 of them takes longer than a person waits.
  const data = useMemo(() => rows.slice(first, last + 1), [rows, first, last]);
  const table = useTable({
    ...{ features, columns, data, getRowId: rowId, manualSorting: true },
    state: { sorting },
    onSortingChange: setSorting,
  });
  const inSight = table.getRowModel().rows;
  const readOn = more?.byItself === true && !more.isReading ? more.read : undefined;
  useEffect(() => {
    // While they are sorted, the last row in sight is not the last one that was read.
    if (!isSorting && last >= rows.length - 20) readOn?.();
  }, [isSorting, last, rows.length, readOn]);
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
      onOpen(row.key);
    } else if (event.key === " " && row !== undefined && isRow(event.target)) {
      selection?.toggle(row);
    } else return;
    event.preventDefault();
  };
  const [head] = table.getHeaderGroups();
  const width = table.getTotalSize() + (selection === undefined ? 0 : selectWidth);
  return (
    <div
      ref={scroller}
      className="grid"
      role="grid"
      aria-label="Items"
      aria-busy={isSorting}
      aria-rowcount={more === undefined ? rows.length + 1 : -1}
      aria-colcount={columns.length + (selection === undefined ? 0 : 1)}
      aria-multiselectable={selection !== undefined}
      onKeyDown={onKeyDown}
    >
      <div role="row" aria-rowindex={1} className="grid-head" style={{ width }} tabIndex={-1}>
        {selection !== undefined && <SelectAll selection={selection} count={items.length} />}
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
        {shown.map(({ index, start }) => {
          const row = inSight[index - first];
          if (row === undefined) return null;
          return (
            <div
              key={row.id}
              role="row"
              aria-rowindex={index + 2}
              aria-current={row.id === openedId ? "true" : undefined}
              aria-selected={selection?.ids.has(row.id)}
              data-index={index}
              tabIndex={
                index === active || (index === first && (active < first || active > last)) ? 0 : -1
              }
              className="grid-row"
              style={{ transform: `translateY(${start}px)`, width }}
              onFocus={() => setActive(index)}
              onClick={() => onOpen(row.original.key)}
              onKeyDown={undefined}
            >
              {selection !== undefined && (
                <SelectRow
                  item={row.original}
                  isSelected={selection.ids.has(row.id)}
                  onToggle={selection.toggle}
                />
              )}
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
      {more !== undefined && <MoreRows more={more} count={rows.length} />}
    </div>
  );
}

function MoreRows({ more, count }: { readonly more: More; readonly count: number }) {
  return (
    <div className="grid-more dim">
      <span role="status">
        {more.isReading ? "Reading more …" : `${counted(count)} rows so far`}
      </span>
      {!more.byItself && !more.isReading && (
        <button type="button" onClick={more.read}>
          Search on
        </button>
      )}
    </div>
  );
}

const isRow = (target: EventTarget): boolean =>
  target instanceof HTMLElement && target.getAttribute("role") === "row";
