/** The columns of a grid: which there are, and how wide they are. */
import type { ColumnDef } from "@tanstack/react-table";
import type { EntityDescription, FieldDescription, FieldKind, SentItem } from "../protocol.js";
import { titleFields } from "./format.js";
import type { features } from "./grid-features.js";

type Column = ColumnDef<typeof features, SentItem>;

const widths: Readonly<Record<FieldKind, number>> = {
  text: 220,
  number: 110,
  boolean: 100,
  time: 160,
  list: 170,
  map: 200,
  any: 180,
};

const fieldOf = (entity: EntityDescription, id: string): FieldDescription | undefined =>
  id.startsWith("data.")
    ? entity.fields.find(({ name }) => name === id.slice("data.".length))
    : undefined;

export const isSecretColumn = (entity: EntityDescription, id: string): boolean =>
  fieldOf(entity, id)?.secret === true;

export function kindOf(entity: EntityDescription, id: string): FieldKind {
  if (id === "createdAt" || id === "updatedAt") return "time";
  if (!id.startsWith("data.")) return "text";
  return fieldOf(entity, id)?.kind ?? "any";
}

/**
 * The item's own id and name, the parts of its partition, the fields that any of the items has, and the
 * times. Fields in no schema come last, and those that repeat the key or the times are left out.
 * @param present the fields that any of the items has
 */
export function columnsOf(entity: EntityDescription, present: readonly string[]): Column[] {
  const seen = new Set(present);
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

/** The fields that any of the items has a value in. */
export function presentFields(items: readonly SentItem[]): string[] {
  const seen = new Set<string>();
  for (const { data, hidden } of items) {
    for (const name of Object.keys(data)) if (isThere(data[name])) seen.add(name);
    for (const name of hidden) seen.add(name);
  }
  return [...seen];
}

const isThere = (value: unknown): boolean => value !== undefined && value !== null && value !== "";

function column(id: string, size: number, value: (item: SentItem) => unknown): Column {
  return { id, size, accessorFn: value, sortDescFirst: false };
}
