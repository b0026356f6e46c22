/** The boxes by which rows are selected. */
import { useEffect, useRef } from "react";
import type { SentItem } from "../protocol.js";
import { keyText } from "./format.js";
import type { Selection } from "./selection.js";

export const selectWidth = 40;

interface SelectAllProps {
  readonly selection: Selection;
  /** How many items were read so far. */
  readonly count: number;
}

export function SelectAll({ selection: { items, toggleAll }, count }: SelectAllProps) {
  const box = useRef<HTMLInputElement>(null);
  const areAll = count > 0 && items.length === count;
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = items.length > 0 && !areAll;
  }, [items.length, areAll]);
  return (
    <div role="columnheader" tabIndex={-1} className="select" style={{ width: selectWidth }}>
      <input
        ref={box}
        type="checkbox"
        aria-label="Select all rows that were read"
        checked={areAll}
        onChange={toggleAll}
      />
    </div>
  );
}

interface SelectRowProps {
  readonly item: SentItem;
  readonly isSelected: boolean;
  readonly onToggle: (item: SentItem) => void;
}

/** Its row takes the focus, and the space bar. */
export function SelectRow({ item, isSelected, onToggle }: SelectRowProps) {
  return (
    <div
      role="gridcell"
      tabIndex={-1}
      className="select"
      style={{ width: selectWidth }}
      onKeyDown={undefined}
      // A click beside the box opens no item, either.
      onClick={(event) => event.stopPropagation()}
    >
      <input
        type="checkbox"
        tabIndex={-1}
        aria-label={`Select ${keyText(item.key)}`}
        checked={isSelected}
        onChange={() => onToggle(item)}
      />
    </div>
  );
}
