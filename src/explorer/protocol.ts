/** What the explorer's page and its server say to each other. Values travel encoded, so that none is changed. */

/** A part of a key, as a form asks for it. */
export interface PartDescription {
  readonly name: string;
  /** `number` for parts that are declared so, and for the creation time. */
  readonly kind: "text" | "number";
  /** What it is if it is left out. */
  readonly fallback?: string;
}

/** A key of the table or of an index, as it is declared. */
export interface KeyDescription {
  /** `byKey` for the table's own. */
  readonly name: string;
  /** `GSI1`; none for the table's own. */
  readonly index?: string;
  readonly pk: { readonly attribute: string; readonly template: string };
  readonly sk: { readonly attribute: string; readonly template: string };
  /** The parts of its partition key. */
  readonly partition: readonly PartDescription[];
}

export type FieldKind = "text" | "number" | "boolean" | "time" | "list" | "map" | "any";

/** A field of a payload, as its schema says. */
export interface FieldDescription {
  readonly name: string;
  readonly kind: FieldKind;
  readonly required: boolean;
  readonly nullable: boolean;
  readonly secret: boolean;
  /** The values of an enumeration. */
  readonly choices?: readonly string[];
}

/** How an item of one entity leads to those of another. */
export interface LinkDescription {
  /** The store that it leads to. */
  readonly store: string;
  /** `one` is a get by a field of this item, `many` a query by this item's key. */
  readonly kind: "one" | "many";
  /** The parts of the other key, each with the member of this item that has its value. */
  readonly parts: Readonly<Record<string, string>>;
  /** Of `many`: the other's field that names this item, and the part of this item's key. */
  readonly where?: { readonly field: string; readonly part: string };
}

export interface EntityDescription {
  readonly store: string;
  /** The value of `EntityType`. */
  readonly entity: string;
  readonly parts: readonly PartDescription[];
  readonly key: KeyDescription;
  readonly indexes: readonly KeyDescription[];
  /** Whether a partition is listed in order of creation by `by: "createdAt"`. */
  readonly dated: boolean;
  readonly fields: readonly FieldDescription[];
  readonly version?: number;
  /** The field that says when an item expires. */
  readonly expires?: string;
  /** Whether `forUser` has it. */
  readonly ofUser: boolean;
  readonly links: readonly LinkDescription[];
}

/** What the form of an access pattern asks for. */
export interface PatternInput {
  readonly name: string;
  readonly kind: "text" | "number";
  readonly required: boolean;
  readonly fallback?: string;
  readonly choices?: readonly string[];
}

/** A call that can be made by a form. */
export interface PatternDescription {
  readonly id: string;
  /** The store, or what spans them. */
  readonly group: string;
  readonly title: string;
  readonly inputs: readonly PatternInput[];
}

/** What an access pattern found: items of a store, or any other value. */
export interface PatternResult {
  readonly store?: string;
  readonly items?: readonly SentItem[];
  readonly value?: unknown;
}

/** Where an application declares entities of its own. */
export interface OwnEntities {
  /** The module that exports them as `entities`, as a program beside it imports it. */
  readonly module: string;
  /** The names of their stores. */
  readonly stores: readonly string[];
}

/** The table, and what this page may do with it. */
export interface About {
  readonly table: string;
  readonly environment: string;
  /** The endpoint, or the region. */
  readonly place: string;
  readonly writable: boolean;
  /** Whether keys are configured, so that a secret can be asked for. */
  readonly reveals: boolean;
  /** Whether the table has a stream of its changes; also if that could not be found out: reading it says why. */
  readonly stream: boolean;
  readonly unitsPerMinute: number;
  readonly ownEntities?: OwnEntities;
  readonly entities: readonly EntityDescription[];
  readonly patterns: readonly PatternDescription[];
}

/** What a call took. */
export interface Cost {
  readonly requests: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly ms: number;
}

/** A call that was made, and what it took. */
export interface ShownCall extends Cost {
  /** TypeScript that runs as it is, where `data` is the data layer. */
  readonly code: string;
}

/** The capacity units of the last minute, and how many there may be. */
export interface Budget {
  readonly spent: number;
  readonly limit: number;
}

/** An item without its secrets. */
export interface SentItem {
  readonly store: string;
  readonly key: Readonly<Record<string, string | number>>;
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The secret fields that have a value. */
  readonly hidden: readonly string[];
  /** About how many bytes it has in the table. */
  readonly bytes: number;
  /** Whether fields that the schema does not name were not read: the keys of its secrets are missing. */
  readonly partial?: true;
}

export const filterOperators = [
  "eq",
  "ne",
  "gt",
  "gte",
  "lt",
  "lte",
  "begins",
  "contains",
  "exists",
  "notExists",
] as const;

export type FilterOperator = (typeof filterOperators)[number];

/** A condition on a field of the payload. All filters of a call must hold. */
export interface Filter {
  readonly field: string;
  readonly operator: FilterOperator;
  /** None for `exists` and `notExists`. */
  readonly value?: unknown;
}

/** Which items of an entity are asked for. */
export interface BrowseInput {
  readonly store: string;
  /** In the scope of this user. */
  readonly user?: string;
  /** The index to read; `byKey` is the table. Without parts, the entity's items of the whole table are read. */
  readonly index?: string;
  readonly parts?: Readonly<Record<string, string | number>>;
  /** By creation time instead of by sort key. */
  readonly byCreation?: boolean;
  readonly descending?: boolean;
  readonly filters?: readonly Filter[];
  readonly limit?: number;
  readonly cursor?: string | null;
}

export interface BrowsePage {
  readonly items: readonly SentItem[];
  readonly cursor: string | null;
  /** Items of all entities that were read to find these. */
  readonly scanned?: number;
}

/** One attribute of a stored item. */
export interface RawAttribute {
  readonly name: string;
  readonly value: unknown;
  readonly bytes: number;
  /** The template of which a key was made. */
  readonly template?: string;
}

/** What a write left: the item as it is now, and the id by which the write is taken back. */
export interface EditResult {
  readonly item: SentItem | null;
  readonly keys?: readonly RawAttribute[];
  readonly undo?: string;
}

/** A place in a payload that a change made different. */
export interface HistoryPath {
  readonly path: string;
  /** The value before as TypeScript, which may be cut; `null` if there was none. */
  readonly before?: string | null;
  readonly after?: string | null;
  /** A secret, whose values are not sent. */
  readonly secret?: true;
}

export interface HistoryChange {
  /** Epoch ms, of whole seconds. */
  readonly at: number;
  readonly id: string;
  readonly kind: string;
  /** `null` if the item cannot be read any more as its entity is declared now. */
  readonly paths: readonly HistoryPath[] | null;
}

/** What the table's stream still has of an item. */
export interface History {
  /** The newest first. */
  readonly changes: readonly HistoryChange[];
  /** Records of all items that were read. */
  readonly read: number;
  /** Whether a limit ended the reading before the end of the stream. */
  readonly stopped: boolean;
  /** Whether the item has older changes, which are not sent. */
  readonly older: boolean;
}

export interface SurveyEntity {
  readonly items: number;
  readonly bytes: number;
  readonly largestBytes: number;
}

export interface SurveyFinding {
  readonly title: string;
  readonly count: number;
  readonly isFault: boolean;
  readonly examples: readonly { readonly key: string; readonly rule: string }[];
}

/** What is in the table, from as much of it as was read. */
export interface Survey {
  /** Epoch ms. */
  readonly at: number;
  /** Whether all of it was read. */
  readonly complete: boolean;
  readonly items: number;
  readonly bytes: number;
  /** The table's own counts, which AWS updates every six hours. */
  readonly tableItems?: number;
  /** By the value of `EntityType`. */
  readonly entities: Readonly<Record<string, SurveyEntity>>;
  readonly findings: readonly SurveyFinding[];
  /** The newest items, without their payloads. */
  readonly newest: readonly NewestItem[];
  /** The users with the most of the items that were read. */
  readonly users: readonly { readonly id: string; readonly items: number }[];
}

export interface NewestItem {
  readonly store: string;
  readonly key: Readonly<Record<string, string | number>>;
  /** Epoch ms. */
  readonly updatedAt: number;
}

/** Why the server refused a call, or what failed. */
export interface Failure {
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
  readonly issues: readonly { readonly path: string; readonly message: string }[];
  /** Of a conflict: the item as it is stored now. */
  readonly item?: SentItem | null;
  /** The keys of that item. */
  readonly keys?: readonly RawAttribute[];
}

/** The body of every response. */
export interface Reply {
  /** Encoded. */
  readonly value?: unknown;
  /** Encoded, too. */
  readonly failure?: Failure;
  readonly calls: readonly ShownCall[];
  readonly budget: Budget;
}
