/** The names of a grid's columns, which sort its rows. */
import type { Header } from "@tanstack/react-table";
import { ArrowDown, ArrowUp, LockKeyhole } from "lucide-react";
import type { EntityDescription, SentItem } from "../protocol.js";
import { isSecretColumn } from "./grid-columns.js";
import type { features } from "./grid-features.js";
import { SelectAll } from "./select-boxes.js";
import type { Selection } from "./selection.js";

interface GridHeadProps {
  readonly entity: EntityDescription;
  readonly headers: readonly Header<typeof features, SentItem>[];
  readonly width: number;
  readonly selection: Selection | undefined;
  /** How many items were read so far. */
  readonly count: number;
}

export function GridHead({ entity, headers, width, selection, count }: GridHeadProps) {
  return (
    <div role="row" aria-rowindex={1} className="grid-head" style={{ width }} tabIndex={-1}>
      {selection !== undefined && <SelectAll selection={selection} count={count} />}
      {headers.map(({ id, column }) => {
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
  );
}
