/** A row of a grid: an item. */
import type { Row } from "@tanstack/react-table";
import type { EntityDescription, SentItem } from "../protocol.js";
import { Cell } from "./cell.js";
import { kindOf } from "./grid-columns.js";
import type { features } from "./grid-features.js";
import { SelectRow } from "./select-boxes.js";
import type { Selection } from "./selection.js";

interface GridRowProps {
  readonly entity: EntityDescription;
  readonly row: Row<typeof features, SentItem>;
  /** Among all rows. */
  readonly index: number;
  /** Its place, in pixels below the head. */
  readonly start: number;
  readonly width: number;
  readonly isOpened: boolean;
  /** Whether Tab leads to it. */
  readonly isTabStop: boolean;
  readonly selection: Selection | undefined;
  readonly onFocus: () => void;
  readonly onOpen: (key: SentItem["key"]) => void;
}

export function GridRow(props: GridRowProps) {
  const { entity, row, index, start, width, isOpened, isTabStop, selection } = props;
  const { id, original: item } = row;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-current={isOpened ? "true" : undefined}
      aria-selected={selection?.ids.has(id)}
      data-index={index}
      tabIndex={isTabStop ? 0 : -1}
      className="grid-row"
      style={{ transform: `translateY(${start}px)`, width }}
      onFocus={props.onFocus}
      onClick={() => props.onOpen(item.key)}
      onKeyDown={undefined}
    >
      {selection !== undefined && (
        <SelectRow item={item} isSelected={selection.ids.has(id)} onToggle={selection.toggle} />
      )}
      {row.getAllCells().map((cell) => (
        <div key={cell.id} role="gridcell" tabIndex={-1} style={{ width: cell.column.getSize() }}>
          <Cell
            value={cell.getValue()}
            kind={kindOf(entity, cell.column.id)}
            isHidden={item.hidden.includes(cell.column.id.slice("data.".length))}
          />
        </div>
      ))}
    </div>
  );
}
