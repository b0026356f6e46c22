/** A field while it is edited. What nobody touched is not changed, whatever it is. */
import { decode, encode } from "../../browser/values.js";
import type { FieldDescription, FieldKind, SentItem } from "../protocol.js";
import { refuseRounded, typedNumber } from "./typed-number.js";

export type Editor = "text" | "number" | "boolean" | "json";

export interface Draft {
  readonly state: "value" | "null" | "missing";
  readonly editor: Editor;
  readonly text: string;
}

export type Drafts = Readonly<Record<string, Draft>>;

/** What a save would do. */
export interface Edits {
  readonly changes: Readonly<Record<string, unknown>>;
  readonly remove: readonly string[];
  /** Fields whose text is no value. */
  readonly problems: Readonly<Record<string, string>>;
}

const editorOfKind: Readonly<Record<FieldKind, Editor>> = {
  text: "text",
  number: "number",
  boolean: "boolean",
  time: "text",
  list: "json",
  map: "json",
  any: "text",
};

/** What is edited is the value that there is; the schema says what a new value is. */
export function draftOf({ name, kind }: FieldDescription, { data }: Pick<SentItem, "data">): Draft {
  const editor = editorOfKind[kind];
  if (!Object.hasOwn(data, name)) return { state: "missing", editor, text: "" };
  const value = ownOf(data, name);
  if (value === null) return { state: "null", editor, text: "" };
  if (typeof value === "string") return { state: "value", editor: "text", text: value };
  if (typeof value === "number") return { state: "value", editor: "number", text: String(value) };
  if (typeof value === "boolean") return { state: "value", editor: "boolean", text: String(value) };
  return { state: "value", editor: "json", text: encodedText(value, 2) };
}

/** JSON in which sets, bytes and large numbers have their forms of the wire. */
export function encodedText(value: unknown, space = 0): string {
  return JSON.stringify(encode(value, "edit", "value"), null, space);
}

/** @throws Error that says what the text is not */
export function typedValue({ editor, text }: Draft): unknown {
  switch (editor) {
    case "text":
      return text;
    case "boolean":
      return text === "true";
    case "number":
      return typedNumber(text.trim());
    case "json":
      return decode(jsonOf(text), "edit", "value");
  }
}

function jsonOf(text: string): unknown {
  const json = parsed(text);
  refuseRounded(text);
  return json;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error("must be JSON", { cause: error });
  }
}

const isSameDraft = (one: Draft, other: Draft): boolean =>
  one.state === other.state && one.text === other.text && one.editor === other.editor;

/** Compares the drafts with the item of which they were made. */
export function editsOf(
  fields: readonly FieldDescription[],
  item: Pick<SentItem, "data">,
  drafts: Drafts,
): Edits {
  // A payload may have a field of any name, `valueOf` and `__proto__` too.
  const changes = new Map<string, unknown>();
  const remove: string[] = [];
  const problems = new Map<string, string>();
  for (const field of fields) {
    const { name } = field;
    const draft = ownOf(drafts, name);
    if (draft === undefined || isSameDraft(draft, draftOf(field, item))) continue;
    if (draft.state === "missing") {
      if (Object.hasOwn(item.data, name)) remove.push(name);
      continue;
    }
    try {
      const value = draft.state === "null" ? null : typedValue(draft);
      const before = ownOf(item.data, name);
      if (before !== undefined && encodedText(before) === encodedText(value)) continue;
      changes.set(name, value);
    } catch (error) {
      problems.set(name, error instanceof Error ? error.message : String(error));
    }
  }
  return {
    changes: Object.fromEntries(changes),
    remove,
    problems: Object.fromEntries(problems),
  };
}

/**
 * The drafts that change something. Of an item as somebody else has left it, one that was only touched would
 * be another change: the one back.
 */
export function changingDrafts(drafts: Drafts, { changes, remove, problems }: Edits): Drafts {
  const names = new Set([...Object.keys(changes), ...remove, ...Object.keys(problems)]);
  return Object.fromEntries(Object.entries(drafts).filter(([name]) => names.has(name)));
}

/** A member of an object, and none that every object has. */
export function ownOf<T>(of: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}

export const isEmpty = ({ changes, remove }: Edits): boolean =>
  Object.keys(changes).length + remove.length === 0;
