/** One value in one line. */
import { LockKeyhole } from "lucide-react";
import type { FieldKind } from "../protocol.js";
import { plural, timeIn, timeText, valueText } from "./format.js";

interface CellProps {
  readonly value: unknown;
  readonly kind: FieldKind;
  /** Whether it is a secret that has a value. */
  readonly isHidden?: boolean;
}

/** Longer texts are cut: a cell has room for a few words, and a text may have hundreds of KB. */
const mostCharacters = 200;

export function Cell({ value, kind, isHidden = false }: CellProps) {
  if (isHidden) {
    return (
      <span className="secret">
        <LockKeyhole aria-hidden /> masked
      </span>
    );
  }
  if (value === undefined) return <span className="dim">–</span>;
  if (value === null) return <span className="dim">null</span>;
  const time = timeIn(value, kind);
  if (time !== undefined) {
    return (
      <time dateTime={new Date(time).toISOString()} title={valueText(value)}>
        {timeText(time)}
      </time>
    );
  }
  if (typeof value === "boolean") return <span className="tag">{String(value)}</span>;
  if (Array.isArray(value)) return <ListCell list={value} />;
  const text = valueText(value).slice(0, mostCharacters);
  return <span className={typeof value === "number" ? "number cut" : "cut"}>{text}</span>;
}

function ListCell({ list }: { readonly list: readonly unknown[] }) {
  const areTexts = list.every((one) => typeof one === "string");
  const text = areTexts
    ? list.join(", ").slice(0, mostCharacters)
    : plural(list.length, "entry", "entries");
  return <span className="cut">{list.length === 0 ? "[ ]" : text}</span>;
}
