/** What a filter's field of text means, and how its value is shown. */
import type { FieldKind, FilterOperator } from "../protocol.js";
import { valueText } from "./format.js";
import { typedNumber } from "./typed-number.js";

/**
 * A typed value as the field may have it. A number is one in a list, too; in quotes it is a text.
 * @throws Error that says what the text is not
 */
export function filterValue(text: string, kind: FieldKind, operator: FilterOperator): unknown {
  if (operator === "begins" || kind === "text") return text;
  const value = meantBy(text);
  if (kind === "number" && typeof value === "string") return typedNumber(text.trim());
  return value;
}

/** A value as it would be typed: what would be read as something else is in quotes. */
export function filterText(value: unknown): string {
  const isPlain = typeof value !== "string" || meantBy(value) === value;
  return isPlain ? valueText(value) : JSON.stringify(value);
}

function meantBy(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "true" || trimmed === "false") return trimmed === "true";
  if (trimmed === "null") return null;
  if (/^"(?:[^"\\]|\\["\\])*"$/.test(trimmed)) return trimmed.slice(1, -1).replace(/\\(.)/g, "$1");
  try {
    return typedNumber(trimmed);
  } catch {
    // Of more digits than a number keeps: an id, which is a text.
    return text;
  }
}
