/** A Firestore document to the item it becomes. */
import { withIsoDates } from "../../../src/values/timestamps.js";
import type { Collection, KnownCollection } from "./collection.js";
import { dateMsOf } from "./dates.js";

/** An item to be written: what a store's `batchPut` takes, and where it came from. */
export interface SourceItem {
  /** The path of the document, or of a generated item, by which a person finds it. */
  readonly path: string;
  readonly facade: string;
  /** The key's parts, not checked yet. */
  readonly key: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
  /** Epoch ms. */
  readonly createdAt: number;
}

/** A document that cannot be an item. Reasons name fields and rules, never values. */
export interface Rejection {
  readonly path: string;
  readonly facade: string;
  readonly reasons: readonly string[];
}

export type Mapped = SourceItem | Rejection;

export function isRejection(mapped: Mapped): mapped is Rejection {
  return "reasons" in mapped;
}

/**
 * Maps one document: its key from its path, its creation date from its own data, and its Firestore
 * timestamps to ISO strings. The store decides whether the payload may be stored.
 * @param index position in the file, for a document that does not say who it is
 * @param fallbackCreatedAt epoch ms, if no field holds a creation date
 */
export function mapDocument(
  collection: KnownCollection,
  document: unknown,
  index: number,
  fallbackCreatedAt: number,
): Mapped {
  const { facade, ids } = collection;
  const fields = isObject(document) ? document : {};
  // A document says its own id and the one above it; the others are in its path.
  const named = [...Array(Math.max(ids.length - 2, 0)), fields.parentId, fields.id].slice(
    -ids.length,
  );
  const inPath = idsInPath(collection, fields.path);
  const path = typeof fields.path === "string" ? fields.path : pathOf(collection, named, index);

  const reasons: string[] = [];
  if (!isObject(document)) reasons.push("is not a document");
  else if (!isObject(fields.data)) reasons.push("data must be an object");
  if (inPath === null) reasons.push(`path must be one of ${collection.path}`);
  ids.forEach((part, position) => {
    const [fromName, fromPath] = [named[position], inPath?.[position]];
    if (fromName !== undefined && fromPath !== undefined && fromName !== fromPath) {
      reasons.push(`${part} is not the same in path and id`);
    }
  });
  if (reasons.length > 0 || !isObject(fields.data)) return { path, facade, reasons };

  const { data } = fields;
  const key = Object.fromEntries(
    ids.map((part, position) => [part, named[position] ?? inPath?.[position]]),
  );
  return {
    path,
    facade,
    key: { ...collection.keyFromData?.(data), ...key },
    data: withIsoDates(data),
    createdAt: createdAtOf(collection, data) ?? fallbackCreatedAt,
  };
}

/** Epoch ms of the first field that holds the creation date. */
export function createdAtOf(
  { created }: Pick<Collection, "created">,
  data: Readonly<Record<string, unknown>>,
): number | undefined {
  for (const field of created) {
    const ms = dateMsOf(data[field]);
    if (ms !== undefined) return ms;
  }
  return undefined;
}

/** The ids in a document's path; `null` if the path is not of this collection. */
function idsInPath(collection: Collection, path: unknown): string[] | undefined | null {
  if (path === undefined) return undefined;
  const found = typeof path === "string" ? path.split("/") : [];
  const wanted = `${collection.path}/{id}`.split("/");
  const matches = wanted.every((segment, at) => segment === "{id}" || segment === found[at]);
  if (!matches || found.length !== wanted.length) return null;
  return found.filter((_, at) => wanted[at] === "{id}");
}

/** A path for a document without one. */
function pathOf({ path }: Collection, named: readonly unknown[], index: number): string {
  const ids = named.map((id) => (typeof id === "string" && id !== "" ? id : "?"));
  const at = ids.at(-1) === "?" ? `?[${index}]` : ids.at(-1);
  return `${path.replace("{id}", () => ids[0] ?? "?")}/${at}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
