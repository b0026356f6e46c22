/** A change for people, as a line, and for programs, as an object. Secrets are masked in both. */
import { secretsOf } from "../../src/entity/declared-payload.js";
import { mask } from "../../src/secrets/masking.js";
import { type ChangedPath, type Comparable, changedPaths } from "../../src/streams/index.js";
import { knownDefinitions } from "../raw/known-entities.js";
import { cut } from "../run/terminal.js";

/** What is shown of a change. */
export interface ShownChange extends Comparable {
  readonly entity: string;
  readonly kind: string;
  readonly key: object;
  readonly at: number;
  readonly id: string;
  readonly change?: string;
  readonly error?: { readonly code?: unknown; readonly message: string };
}

/** The paths that a change is about, with the values of secret fields masked. */
function shownPaths(change: ShownChange): readonly ChangedPath[] {
  const declaration = knownDefinitions()[change.entity as never];
  const secrets: readonly string[] = declaration === undefined ? [] : secretsOf(declaration);
  const masked = (value: unknown) => (value === undefined || value === null ? value : mask);
  return changedPaths(change).map(({ path, before, after }) =>
    secrets.includes(String(path[0]))
      ? { path: path.slice(0, 1), before: masked(before), after: masked(after) }
      : { path, before, after },
  );
}

/** What a program gets of a change. */
export function changeRecord(change: ShownChange): object {
  const { at, kind, entity, key, id, error } = change;
  const time = new Date(at).toISOString();
  if (error !== undefined) {
    const { code, message } = error;
    return { time, kind, change: change.change, entity, key, id, error: { code, message } };
  }
  return { time, kind, entity, key, id, changed: shownPaths(change) };
}

/** The line of a change: when, what, of which item, and its paths with the values before and after. */
export function changeLine(change: ShownChange, columns: number): string {
  const { at, kind, entity, key, error } = change;
  // A narrow terminal keeps its room for what changed: a time without its date, a key without names.
  const isNarrow = columns < narrowColumns;
  const parts = Object.entries(key).map(([name, value]) =>
    isNarrow ? String(value) : `${name}=${String(value)}`,
  );
  const what = error === undefined ? kind : `${kind} (${change.change})`;
  const told = error === undefined ? shownPaths(change).map(pathText).join(", ") : error.message;
  // What is wider than a third of the terminal would push the changed fields out of it.
  const mostOfKey = Math.max(Math.floor(columns / 3), leastKeyColumns);
  const whose = shortened(parts, mostOfKey).join(isNarrow ? "/" : " ");
  const time = isNarrow ? timeText(at).slice("yyyy-mm-dd ".length) : timeText(at);
  return cut(`${time} ${what} ${entity} ${whose}: ${told}`, columns);
}

/** The parts of a key within so many columns: each has its share, so that none is pushed out by another. */
function shortened(parts: readonly string[], columns: number): string[] {
  const isShort = parts.join(" ").length <= columns;
  return isShort ? [...parts] : parts.map((part) => cut(part, Math.floor(columns / parts.length)));
}

/** A terminal of fewer columns is narrow. */
const narrowColumns = 100;
/** A key is cut to no fewer columns. */
const leastKeyColumns = 16;

/** The time in UTC, to the second, which is all that DynamoDB gives. */
function timeText(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}

function pathText({ path, before, after }: ChangedPath): string {
  const name = path
    .map((step, at) => (typeof step === "number" ? `[${step}]` : `${at === 0 ? "" : "."}${step}`))
    .join("");
  if (before === undefined) return `${name} = ${valueText(after)}`;
  return after === undefined
    ? `${name} was ${valueText(before)}`
    : `${name} ${valueText(before)} → ${valueText(after)}`;
}

/** A value is cut to so many columns. */
const valueColumns = 40;

function valueText(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === "bigint") return String(member);
    return member instanceof Set ? [...member] : member;
  });
  return cut(text ?? "nothing", valueColumns);
}
