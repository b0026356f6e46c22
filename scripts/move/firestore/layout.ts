/** How a JSON file holds documents: the layouts of the tools that export Firestore as JSON. */
import { createReadStream } from "node:fs";
import { limits } from "../../../src/table/table.js";
import { isExactNumber } from "../../../src/values/exact-number.js";
import { ofKnownEntities } from "../../raw/known-entities.js";
import type { KnownCollection } from "./collection.js";
import { collections } from "./collections.js";
import { ExportError, unreadable, valuesIn } from "./json-file.js";

/**
 * - `collection`: `{"collectionPath","documents":[…]}`, the documents of one collection
 * - `tree`: `{"__collections__":{"users":{"<id>":{…,"__collections__":{…}}}}}`, as
 *   node-firestore-import-export writes a whole database
 * - `byPath`: `{"users":{"<id>":{…,"subCollection":{"users/<id>/projects":{…}}}}}`, as
 *   firestore-export-import does
 */
export type Layout = "collection" | "tree" | "byPath";

const ofCollection: ReadonlySet<string> = new Set(["collectionPath", "documents", "count"]);

/**
 * The layout of a file, by the first names that tell it; `undefined` if none does.
 * @throws ExportError if the file cannot be read, or does not say what it is an export of
 */
export async function layoutOf(file: string): Promise<Layout | undefined> {
  for await (const { name, depth, opens } of namesIn(file)) {
    if (depth === 2) {
      if (name !== "__collections__") continue;
      throw new ExportError(
        `${file}: holds one collection without its name. Export the whole database (node-firestore-import-export without --nodePath)`,
      );
    }
    if (name === "__collections__") return "tree";
    if (ofCollection.has(name)) return "collection";
    if (opens && collectionAt(name.split("/")) !== undefined) return "byPath";
  }
  return undefined;
}

type Key = string | number;

/** A document with its path in Firestore. */
export interface PlacedDocument {
  /** Collections and ids in turn. The last one is a number in a list of documents without ids. */
  readonly path: readonly Key[];
  /** `undefined` for a collection of no entity. */
  readonly collection: KnownCollection | undefined;
  readonly data: unknown;
}

const paths = {
  tree: ["$.__collections__.*.*", "$.__collections__.*.*.__collections__.*.*"],
  byPath: ["$.*.*", "$.*.*.subCollection.*.*"],
} as const;
/** The member in which a document has its subcollections. */
const below = { tree: "__collections__", byPath: "subCollection" } as const;

/**
 * Yields the documents of a file, those of a subcollection before the document above them. A
 * document that is named only for its subcollections, because it does not exist, is left out.
 * @throws ExportError if the file cannot be read; the documents before that are good
 */
export async function* documentsIn(
  file: string,
  layout: keyof typeof paths,
): AsyncGenerator<PlacedDocument> {
  for await (const { keys, value } of valuesIn(file, [...paths[layout]])) {
    // In the tree, every third name is the one between a document and its collections.
    const path = layout === "tree" ? keys.filter((_, at) => at % 3 !== 0) : pathOf(keys);
    yield* documentsAt(path, value, layout);
  }
}

/** Of firestore-export-import: a collection is named by its path, or by its name alone. */
function pathOf(keys: readonly Key[]): Key[] {
  const [collection, id = "", , inside, ...rest] = keys;
  const parent = [...String(collection).split("/"), id];
  if (inside === undefined) return parent;
  const segments = String(inside).split("/");
  return [...(segments.length === 1 ? [...parent, ...segments] : segments), ...rest];
}

/** A document, after those that are still inside it. */
function* documentsAt(
  path: readonly Key[],
  value: unknown,
  layout: keyof typeof paths,
): Generator<PlacedDocument> {
  const { [below[layout]]: inside, ...fields } = isObject(value) ? value : {};
  const collectionsInside = isObject(inside) ? Object.entries(inside) : [];
  for (const [name, documents] of collectionsInside) {
    const segments = name.includes("/") ? name.split("/") : [...path, name];
    for (const [id, document] of isObject(documents) ? Object.entries(documents) : []) {
      yield* documentsAt([...segments, id], document, layout);
    }
  }
  if (Object.keys(fields).length === 0 && collectionsInside.length > 0) return;
  const collection = collectionAt(path.slice(0, -1));
  const data = isObject(value) ? (layout === "tree" ? unwrapped(fields, 1) : fields) : value;
  yield { path, collection, data };
}

const byPath = ofKnownEntities(
  () => new Map(collections().map((collection) => [collection.path, collection])),
);

/** The collection whose path it is: names and ids in turn. */
function collectionAt(path: readonly Key[]): KnownCollection | undefined {
  return byPath().get(path.map((segment, at) => (at % 2 === 1 ? "{id}" : segment)).join("/"));
}

/** Replaces node-firestore-import-export's `{"__datatype__","value"}` by the values. */
function unwrapped(value: unknown, level: number): unknown {
  // A document that is nested deeper than DynamoDB's limit is refused anyway.
  if (typeof value !== "object" || value === null || level > limits.nestingLevels + 1) return value;
  if (isExactNumber(value)) return value;
  if (Array.isArray(value)) return value.map((member) => unwrapped(member, level + 1));
  if ("__datatype__" in value && "value" in value) return value.value;
  const entries = Object.entries(value).map(([name, member]) => [
    name,
    unwrapped(member, level + 1),
  ]);
  return Object.fromEntries(entries);
}

/**
 * The member names of a file's object, and of the objects in it, in their order, and whether an
 * object or a list opens there. Reads no further than it is asked, and says nothing of faults: the
 * parser does.
 */
async function* namesIn(
  file: string,
): AsyncGenerator<{ name: string; depth: number; opens: boolean }> {
  const source = createReadStream(file, { encoding: "utf8" });
  let depth = 0;
  let text: string | undefined;
  let last = "";
  let isEscaped = false;
  let isNamed = false;
  try {
    for await (const chunk of source as AsyncIterable<string>) {
      for (const character of chunk) {
        if (text !== undefined) {
          if (character !== '"' || isEscaped) {
            isEscaped = character === "\\" && !isEscaped;
            if (text.length < mostNameLength) text += character;
            continue;
          }
          last = text;
          text = undefined;
          continue;
        }
        if (/\s/.test(character)) continue;
        const opens = character === "{" || character === "[";
        if (isNamed) yield { name: last, depth, opens };
        isNamed = character === ":" && depth <= 2;
        if (character === '"') text = "";
        else if (opens) depth += 1;
        else if (character === "}" || character === "]") depth -= 1;
      }
    }
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    source.destroy();
  }
}

/** The longest name that matters: a collection's path with an id of 1,500 bytes. */
const mostNameLength = 2_000;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
