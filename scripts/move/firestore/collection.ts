/** A Firestore collection whose documents become items. */

export interface Collection {
  /** As `collectionPath` of an export's file names it. */
  readonly path: string;
  /** The key's parts that the ids of a document's path are, in order. */
  readonly ids: readonly string[];
  /** The key's parts that are in a document's data. */
  readonly keyFromData?: (data: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  /** The fields that may hold the creation date; the first readable one counts. */
  readonly created: readonly string[];
}

/** A collection, with the name of the store that its documents go to. */
export interface KnownCollection extends Collection {
  readonly facade: string;
}
