/** Items as a grid: of any number, only the rows in sight are drawn. */
import { type SortingState, useTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import type { EntityDescription, SentItem } from "../protocol.js";
import { counted } from "./format.js";
import { columnsOf } from "./grid-columns.js";
import { features } from "./grid-features.js";
import { GridHead } from "./grid-head.js";
import { useGridKeys } from "./grid-keys.js";
import { GridRow } from "./grid-row.js";
import { selectWidth } from "./select-boxes.js";
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
  // While they are sorted, the last row in sight is not the last one that was read.
  useReadOn(more, !isSorting && last >= rows.length - 20);
  const openedId = opened === undefined ? undefined : JSON.stringify(opened);
  const { active, setActive, onKeyDown } = useGridKeys({
    count: rows.length,
    show: (index) => {
      virtual.scrollToIndex(index);
      requestAnimationFrame(() => focusRow(scroller.current, index));
    },
    onOpen: (index) => {
      const item = rows[index];
      if (item !== undefined) onOpen(item.key);
    },
    onToggle: (index) => {
      const item = rows[index];
      if (item !== undefined) selection?.toggle(item);
    },
  });
  // Of rows out of sight none can have the focus.
  const tabStop = active < first || active > last ? first : active;
  const width = table.getTotalSize() + (selection === undefined ? 0 : selectWidth);
  const given = { entity, width, selection };
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
      <GridHead
        {...given}
        headers={table.getHeaderGroups()[0]?.headers ?? []}
        count={items.length}
      />
      <div role="rowgroup" className="grid-body" style={{ height: virtual.getTotalSize(), width }}>
        {shown.map(({ index, start }) => {
          const row = inSight[index - first];
          if (row === undefined) return null;
          return (
            <GridRow
              key={row.id}
              {...{ ...given, row, index, start, onOpen }}
              isOpened={row.id === openedId}
              isTabStop={index === tabStop}
              onFocus={() => setActive(index)}
            />
          );
        })}
      </div>
      {more !== undefined && <MoreRows more={more} count={rows.length} />}
    </div>
  );
}

function useReadOn(more: More | undefined, isAtEnd: boolean): void {
  const read = more?.byItself === true && !more.isReading && isAtEnd ? more.read : undefined;
  useEffect(() => {
    read?.();
  }, [read]);
}

function focusRow(grid: HTMLElement | null, index: number): void {
  grid?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus({ preventScroll: true });
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
