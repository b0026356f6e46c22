/** The types of a store, and the names of its options. */
import { type CallOptions, callOptionNames } from "../call/call.js";
import { type OptionNames, optionNames } from "../call/options.js";
import type { Where } from "../conditions/conditions.js";
import type { AnyEntity } from "../entity/model.js";
import type { ExactNumber } from "../values/exact-number.js";
import type { Given } from "../values/given.js";
import type { PayloadOptions } from "../values/payload.js";
import type { FieldPath, PartOf, PathIn } from "./field-paths.js";

/** What every stored item has. */
export interface AnyStoredItem {
  readonly data: object;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The types of which the types of one store are made. */
export interface StoreSpec {
  /** Every part of the key. */
  readonly parts: object;
  /** What a caller gives to identify an item. */
  readonly key: object;
  /** What a caller gives to identify a partition. */
  readonly partition: object;
  /** What a caller gives to create an item; its id may be left out. */
  readonly newKey: object;
  /** The payload. */
  readonly data: object;
  /** An item as the store returns it: the key's parts, the payload and the times in ms. */
  readonly item: AnyStoredItem;
  /** The names of the payload's secret fields; `string` if the type of the declaration does not say them. */
  readonly secrets: string;
  /** Whether GSI1 holds the items in order of creation; `"key"` if the sort keys do. */
  readonly dated: boolean | "key";
  /** The first part of the sort key, which ranges are of; `never` for none, and for the creation time. */
  readonly range: unknown;
  /** The indexes that are read by their names. */
  readonly indexes: object;
  /** The ElectroDB entity. */
  readonly entity: AnyEntity;
}

/** An index that is read by its name. */
export interface IndexSpec {
  /** What a caller gives: the parts of the partition key, and the first ones of the sort key. */
  readonly parts: object;
  /** The names of the parts of the partition key. */
  readonly partition: string;
  /** Whether the creation time is in the sort key. */
  readonly timed: boolean;
}

/** The name of an index that is read by it. */
export type IndexOf<S extends StoreSpec> = keyof S["indexes"] & string;

/** The parts of an index's keys: those of the partition, and the first ones of the sort key. */
export type IndexParts<S extends StoreSpec, I extends IndexOf<S>> = S["indexes"][I] extends {
  readonly parts: infer Parts extends object;
}
  ? Parts
  : never;

/** A field of the payload. */
export type FieldOf<S extends StoreSpec> = keyof S["data"] & string;

/** The payload as it is read and compared: in a browser without its secret fields. */
export type ReadData<S extends StoreSpec> = S["item"]["data"];
type ReadField<S extends StoreSpec> = keyof ReadData<S> & string;

/**
 * An item as the store returns it, with the requested fields. `string` stands for all fields: it is a
 * call's `F` if no fields are given. So the calls of several stores have the same type parameter, and
 * a union of stores can be called.
 */
export type StoreItem<S extends StoreSpec, F extends FieldPath = string> = string extends F
  ? S["item"]
  : ReadField<S> extends F
    ? S["item"]
    : ItemPart<S["item"], Extract<F, ReadField<S> | readonly string[]>>;

/** An item with some fields of its payload. */
export type ItemPart<Item extends AnyStoredItem, F extends FieldPath> = {
  [K in keyof Item]: K extends "data" ? PartOf<Item["data"], F> : Item[K];
};

/** A payload as a caller gives it. */
export type DataInput<S extends StoreSpec> = {
  readonly [K in keyof S["data"]]: Given<S["data"][K]>;
};

type Draft<S extends StoreSpec> = {
  /** The payload. */
  readonly data: DataInput<S>;
  /** Epoch milliseconds, for data that is older than its item. @default the clock's time */
  readonly createdAt?: number | undefined;
};

/** An item to create; its id may be left out. */
export type NewInput<S extends StoreSpec> = {
  [K in keyof (S["newKey"] & Draft<S>)]: (S["newKey"] & Draft<S>)[K];
};

/** An item to store, new or in place of the existing one. */
export type PutInput<S extends StoreSpec> = {
  [K in keyof (S["key"] & Draft<S>)]: (S["key"] & Draft<S>)[K];
};

/** The payload fields to change. `undefined` is ignored. */
export type Changes<S extends StoreSpec> = {
  readonly [K in keyof S["data"]]?: Given<S["data"][K]> | undefined;
};

export interface GetOptions<S extends StoreSpec, F extends FieldPath = string> extends CallOptions {
  /** A strongly consistent read, at twice the read units. @default false */
  readonly consistent?: boolean | undefined;
  /**
   * Only these fields of the payload are read and sent; of one with upgrades, returned. A path such as
   * `["metadata", "seo"]` leads into a map; `[]` is the key and the times alone. @default all
   */
  readonly fields?: readonly (F & (ReadField<S> | PathIn<ReadData<S>>))[] | undefined;
}

export const getOptionNames = optionNames<GetOptions<StoreSpec>>({
  consistent: true,
  fields: true,
  signal: true,
  timeoutMs: true,
});

/** What a count selects, and a query. */
export interface CountOptions<S extends StoreSpec> extends CallOptions {
  /** By sort key, or by creation time (GSI1, adopted items only). @default "key" */
  readonly by?: (S["dated"] extends true ? "key" | "createdAt" : "key") | undefined;
  /** Values that payload fields must equal, or a callback with operators. */
  readonly where?: Where<ReadData<S>> | undefined;
  /** Only items created at or after this time, in ms; for items in order of creation. */
  readonly from?: (S["dated"] extends false ? never : number) | undefined;
  /** Only items created at or before this time, in ms; for items in order of creation. */
  readonly to?: (S["dated"] extends false ? never : number) | undefined;
  /** Only items whose id begins with this text: the first part of the sort key. `by: "key"` alone. */
  readonly startsWith?: ([S["range"]] extends [number] ? never : string) | undefined;
  /** Only items whose id lies from the first to the second, both included, in the order of keys. */
  readonly between?: Between<S["range"]> | undefined;
  /** Strongly consistent reads, at twice the read units; `by: "key"` alone. @default false */
  readonly consistent?: boolean | undefined;
}

/** The first and the last value of a range. */
type Between<T> = [T] extends [never] ? never : readonly [low: T, high: T];

export const countOptionNames = optionNames<CountOptions<StoreSpec>>({
  by: true,
  where: true,
  from: true,
  to: true,
  startsWith: true,
  between: true,
  consistent: true,
  signal: true,
  timeoutMs: true,
});

export interface QueryOptions<S extends StoreSpec, F extends FieldPath = string>
  extends CountOptions<S> {
  /** @default "asc" */
  readonly order?: "asc" | "desc" | undefined;
  /** Maximum number of items to return, counted after `where`; an integer from 1. @default all */
  readonly limit?: number | undefined;
  /** Continues where an earlier page ended, or before it: its `cursor` or its `previous`. */
  readonly cursor?: string | null | undefined;
  /**
   * Only these fields of the payload are read and sent; of one with upgrades, returned. A path such as
   * `["metadata", "seo"]` leads into a map; `[]` is the key and the times alone. @default all
   */
  readonly fields?: readonly (F & (ReadField<S> | PathIn<ReadData<S>>))[] | undefined;
}

const pageOptionNames = ["order", "limit", "cursor", "fields"] as const satisfies readonly Exclude<
  keyof QueryOptions<StoreSpec>,
  keyof CountOptions<StoreSpec>
>[];

export const queryOptionNames: OptionNames = [...pageOptionNames, ...countOptionNames];

export interface QueryByOptions<
  S extends StoreSpec,
  I extends IndexOf<S> = IndexOf<S>,
  F extends FieldPath = string,
> extends Omit<QueryOptions<S, F>, "by" | "consistent" | "from" | "to" | "startsWith" | "between"> {
  /** Only items created at or after this time, in ms, if it comes next in the sort key. */
  readonly from?: TimeIn<S["indexes"][I]> | undefined;
  /** Only items created at or before this time, in ms, if it comes next in the sort key. */
  readonly to?: TimeIn<S["indexes"][I]> | undefined;
  /** Only items for which the part that comes next in the sort key begins with this text. */
  readonly startsWith?: string | undefined;
  /** Only items for which it lies from the first value to the second, both included. */
  readonly between?: Between<NonNullable<IndexParts<S, I>[keyof IndexParts<S, I>]>> | undefined;
}

export interface CountByOptions<S extends StoreSpec, I extends IndexOf<S> = IndexOf<S>>
  extends Omit<QueryByOptions<S, I>, "order" | "limit" | "cursor" | "fields"> {}

/** A creation time, if it is in the sort key of an index. */
type TimeIn<Index> = Index extends { readonly timed: false } ? never : number;

/** `consistent` is refused with its reason. */
const ofIndex = (name: string) => name !== "by";
export const countByOptionNames = countOptionNames.filter(ofIndex);
export const queryByOptionNames = queryOptionNames.filter(ofIndex);

export interface QueryPage<Item> {
  readonly items: Item[];
  /**
   * Continues after the last item; `null` at the end. One more page may turn out to be empty if a
   * request ended at 1 MB just after the last item, which happens mostly with a `where`.
   */
  readonly cursor: string | null;
  /**
   * Leads back: a query with this cursor returns the page before this one, in the same order; `null` on
   * the first page. As with `cursor`, one more page may turn out to be empty.
   */
  readonly previous: string | null;
}

export interface ScanOptions<S extends StoreSpec, F extends FieldPath = string>
  extends CallOptions {
  /**
   * How many parts of the table are read at once, from 1 to 64. With a cursor, those of its scan.
   * @default 4
   */
  readonly segments?: number | undefined;
  /** Values that payload fields must equal, or a callback with operators. */
  readonly where?: Where<ReadData<S>> | undefined;
  /**
   * Only these fields of the payload are read and sent; of one with upgrades, returned. A path such as
   * `["metadata", "seo"]` leads into a map; `[]` is the key and the times alone. @default all
   */
  readonly fields?: readonly (F & (ReadField<S> | PathIn<ReadData<S>>))[] | undefined;
  /** Maximum number of items over all pages, counted after `where`; an integer from 1. @default all */
  readonly limit?: number | undefined;
  /** Continues behind the page of an earlier scan that has this cursor. */
  readonly cursor?: string | null | undefined;
  /** Strongly consistent reads, at twice the read units. @default false */
  readonly consistent?: boolean | undefined;
}

export const scanOptionNames = optionNames<ScanOptions<StoreSpec>>({
  segments: true,
  where: true,
  fields: true,
  limit: true,
  cursor: true,
  consistent: true,
  signal: true,
  timeoutMs: true,
});

/** The items of one response, and where the scan continues. */
export interface ScanPage<Item> {
  /** The entity's items in this part of the table, in no particular order; often there are none. */
  readonly items: Item[];
  /**
   * Continues every segment behind the pages that were handed out, so that no item comes twice and none
   * is left out; `null` at the end.
   */
  readonly cursor: string | null;
  readonly progress: ScanProgress;
}

/** What one loop over a scan has read so far. */
export interface ScanProgress {
  /** Items of all entities that were read, and paid for. */
  readonly scanned: number;
  /** Items that were handed out. */
  readonly found: number;
  /** Segments that were read to their end, also by the scan of the cursor. */
  readonly segmentsDone: number;
  readonly segments: number;
}

/** A path inside a payload: a field, followed by names and list positions. */
export type DataPath<S extends StoreSpec> = readonly [FieldOf<S>, ...(string | number)[]];

/** A path to a value inside a field. */
export type InnerPath<S extends StoreSpec> = readonly [
  FieldOf<S>,
  string | number,
  ...(string | number)[],
];

/** Pairs of a path inside a field and what is computed there. */
type InnerPairs<S extends StoreSpec, V> = readonly (readonly [InnerPath<S>, V])[];

type Numeric = number | bigint | ExactNumber;

/** Some of the named fields; if there is none to name, an object without fields. */
type Some<Fields> = keyof Fields extends never ? { readonly [name: string]: never } : Fields;

/** The fields that hold nothing but numbers, and what is added to each. */
type Amounts<S extends StoreSpec> = {
  readonly [K in keyof S["data"] as NonNullable<S["data"][K]> extends Numeric ? K : never]?:
    | Numeric
    | undefined;
};

/** The fields that hold nothing but lists, and elements of each. */
type Elements<S extends StoreSpec> = {
  readonly [K in keyof S["data"] as NonNullable<S["data"][K]> extends readonly unknown[]
    ? K
    : never]?: Given<NonNullable<S["data"][K]>> | undefined;
};

/** The fields that hold nothing but sets, and members of each. */
type Members<S extends StoreSpec> = {
  readonly [K in keyof S["data"] as NonNullable<S["data"][K]> extends ReadonlySet<unknown>
    ? K
    : never]?:
    | (NonNullable<S["data"][K]> extends ReadonlySet<infer Member>
        ? readonly Member[] | ReadonlySet<Member>
        : never)
    | undefined;
};

/**
 * Changes that DynamoDB computes from what is stored, so that callers who count at the same time lose
 * nothing. Each takes an object of fields, or pairs of a path and a value for what is inside a field. What
 * a value becomes is not compared with the payload's schema; a `where` can prevent it.
 */
export interface ComputedChanges<S extends StoreSpec> {
  /** Numbers to add, negative ones too, exactly and without rounding. A missing number counts from 0. */
  readonly add?: Some<Amounts<S>> | InnerPairs<S, Numeric> | undefined;
  /** Elements to add at the end of lists. A missing list is made. */
  readonly append?: Some<Elements<S>> | InnerPairs<S, readonly unknown[]> | undefined;
  /** Elements to add at the beginning of lists, in their order. A missing list is made. */
  readonly prepend?: Some<Elements<S>> | InnerPairs<S, readonly unknown[]> | undefined;
  /** Members to add to sets. A missing set is made. */
  readonly addToSet?: Some<Members<S>> | InnerPairs<S, AnyMembers> | undefined;
  /** Members to remove from sets. A set that is left without members is removed, as DynamoDB has none. */
  readonly removeFromSet?: Some<Members<S>> | InnerPairs<S, AnyMembers> | undefined;
}

type AnyMembers = readonly unknown[] | ReadonlySet<unknown>;

/** What a write returns. */
export interface ReturningOption<R extends string> {
  /**
   * `"both"` returns `{ item, before }`. It costs no request more. If a response is lost, what was there
   * before is lost with it: the call then throws `AnswerLost`, with `mayHaveBeenDone`. @default "item"
   */
  readonly returning?: (R & ("item" | "both")) | undefined;
}

/**
 * What a write returns: the item, or also what was there before. `string` stands for a call without
 * `returning`, as it does for `F`.
 */
export type Returned<Item, Before, R extends string> = string extends R
  ? Item
  : R extends "both"
    ? { readonly item: Item; readonly before: Before }
    : Item;

export interface PutOptions<R extends string = string> extends CallOptions, ReturningOption<R> {}

export const putOptionNames = optionNames<PutOptions>({
  returning: true,
  signal: true,
  timeoutMs: true,
});

export interface UpdateOptions<S extends StoreSpec, R extends string = string>
  extends CallOptions,
    ComputedChanges<S>,
    ReturningOption<R> {
  /** Values to store at paths inside the payload. */
  readonly set?: readonly (readonly [DataPath<S>, unknown])[] | undefined;
  /** Fields or paths to remove. */
  readonly remove?: readonly (FieldOf<S> | DataPath<S>)[] | undefined;
  /** The item's `updatedAt` as it was read: the item must not have been written since. */
  readonly ifUpdatedAt?: number | undefined;
  /** A condition on the payload as it is before the update. */
  readonly where?: Where<ReadData<S>> | undefined;
}

export const updateOptionNames = optionNames<UpdateOptions<StoreSpec>>({
  set: true,
  remove: true,
  add: true,
  append: true,
  prepend: true,
  addToSet: true,
  removeFromSet: true,
  returning: true,
  ifUpdatedAt: true,
  where: true,
  signal: true,
  timeoutMs: true,
});

export interface DeleteOptions<S extends StoreSpec = StoreSpec> extends CallOptions {
  /** The item's `updatedAt` as it was read: the item must not have been written since. */
  readonly ifUpdatedAt?: number | undefined;
  /** A condition on the payload of the item, if there is one. */
  readonly where?: Where<ReadData<S>> | undefined;
}

export const deleteOptionNames = optionNames<DeleteOptions<StoreSpec>>({
  ifUpdatedAt: true,
  where: true,
  signal: true,
  timeoutMs: true,
});

export interface WriteOptions extends CallOptions, PayloadOptions {}

export const writeOptionNames = optionNames<WriteOptions>({
  allowMissing: true,
  signal: true,
  timeoutMs: true,
});

/**
 * The same options for an operation of a transaction: limits are the transaction's own, and DynamoDB returns
 * nothing of what its operations wrote.
 */
export function ofOperation(names: OptionNames): OptionNames {
  return names.filter((name) => !callOptionNames.includes(name) && name !== "returning");
}
