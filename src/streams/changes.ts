/** The types of changes: one for each entity and kind, which `entity` and `kind` tell apart. */
import type { DynamoDBError } from "../errors/dynamodb-error.js";
import type { Sourced } from "../store/layer-source.js";
import type { AnyStoredItem } from "../store/store-types.js";

/** What happened to an item. `expired`: DynamoDB removed it, because the time in its TTL had passed. */
export type ChangeKind = "created" | "updated" | "deleted" | "expired";

/** What every change has: of which item, when, and under which id. */
export interface AnyChange<Name extends string, Key extends object> {
  /** The name of the store, for instance `savedContent`. */
  readonly entity: Name;
  /** Every part of the item's key. */
  readonly key: Key;
  /** When it was stored, in epoch milliseconds; DynamoDB gives whole seconds. */
  readonly at: number;
  /** The same each time the change is delivered, and of no other change of the table. */
  readonly id: string;
}

/** An item that was not there before. */
export interface CreatedChange<Name extends string, Item, Key extends object>
  extends AnyChange<Name, Key> {
  readonly kind: "created";
  readonly before: null;
  readonly after: Item;
}

/** An item that was written again. `before` and `after` are alike if no field of the payload changed. */
export interface UpdatedChange<Name extends string, Item, Key extends object>
  extends AnyChange<Name, Key> {
  readonly kind: "updated";
  readonly before: Item;
  readonly after: Item;
}

/** An item that somebody deleted. */
export interface DeletedChange<Name extends string, Item, Key extends object>
  extends AnyChange<Name, Key> {
  readonly kind: "deleted";
  readonly before: Item;
  readonly after: null;
}

/** An item that DynamoDB removed because it had expired. */
export interface ExpiredChange<Name extends string, Item, Key extends object>
  extends AnyChange<Name, Key> {
  readonly kind: "expired";
  readonly before: Item;
  readonly after: null;
}

/**
 * A change of which an item cannot be read: a secret cannot be opened, or the payload of an older version
 * cannot be upgraded. What happened, and to which item, is known.
 */
export interface UnreadableChange<Name extends string, Key extends object>
  extends AnyChange<Name, Key> {
  readonly kind: "unreadable";
  /** What happened to the item. */
  readonly change: ChangeKind;
  readonly before: null;
  readonly after: null;
  /** A DecryptionError, or a DynamoDBError with the code `UpgradeFailed`. */
  readonly error: DynamoDBError;
}

/** The types of a data layer's stores. */
export type SpecsOf<L> = L extends Sourced<infer S> ? NonNullable<S> : never;

/** The names of a data layer's stores. */
export type EntityIn<L> = keyof SpecsOf<L> & string;

/** An item of one of a data layer's stores. */
type ItemIn<L, F extends EntityIn<L>> = SpecsOf<L>[F] extends {
  readonly item: infer I extends AnyStoredItem;
}
  ? I
  : never;

/** The parts of its key. */
type KeyIn<L, F extends EntityIn<L>> = SpecsOf<L>[F] extends {
  readonly parts: infer K extends object;
}
  ? K
  : never;

/** The change of each kind, of one entity. */
export interface ChangesByKind<Name extends string, Item, Key extends object> {
  readonly created: CreatedChange<Name, Item, Key>;
  readonly updated: UpdatedChange<Name, Item, Key>;
  readonly deleted: DeletedChange<Name, Item, Key>;
  readonly expired: ExpiredChange<Name, Item, Key>;
}

/**
 * A change of a data layer's items: `Change<typeof data>`; of one entity, `Change<typeof data, "project">`;
 * of one kind, `Change<typeof data, "project", "created">`.
 */
export type Change<L, F extends EntityIn<L> = EntityIn<L>, K extends ChangeKind = ChangeKind> = {
  [N in F]: ChangesByKind<N, ItemIn<L, N>, KeyIn<L, N>>[K];
}[F];

/** A change of a data layer's items that cannot be read. */
export type Unreadable<L, F extends EntityIn<L> = EntityIn<L>> = {
  [N in F]: UnreadableChange<N, KeyIn<L, N>>;
}[F];

/** A change, of which only the names are known: what the code below the types works with. */
export interface PlainChange extends AnyChange<string, object> {
  readonly kind: ChangeKind | "unreadable";
  readonly before: object | null;
  readonly after: object | null;
  readonly change?: ChangeKind;
  readonly error?: DynamoDBError;
}
