/** The types of a store, and the names of its options. */
import { type CallOptions, callOptionNames } from "../call/call.js";
import { type OptionNames, optionNames } from "../call/options.js";
import type { Where } from "../conditions/conditions.js";
import type { AnyEntity } from "../entity/model.js";
import type { Given } from "../values/given.js";
import type { PayloadOptions } from "../values/payload.js";

/** Shows a derived type as the object it is. */
export type Simplify<T> = { [K in keyof T]: T[K] } & {};

/** What every stored item has. */
export interface AnyStoredItem {
  readonly data: object;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What the types of one store are made of. */
export interface StoreSpec {
  /** Every part of the key. */
  readonly parts: object;
  /** What a caller gives to name an item. */
  readonly key: object;
  /** What a caller gives to name a partition. */
  readonly partition: object;
  /** What a caller gives to create an item: its id may be left out. */
  readonly newKey: object;
  /** The payload. */
  readonly data: object;
  /** An item as the store returns it: the key's parts, the payload and the times in ms. */
  readonly item: AnyStoredItem;
  /** Whether GSI1 holds the items in order of creation. */
  readonly dated: boolean;
  /** The ElectroDB entity. */
  readonly entity: AnyEntity;
}

/** A field of the payload. */
export type FieldOf<S extends StoreSpec> = keyof S["data"] & string;

/**
 * An item as the store returns it, with the fields that were asked for. `string` stands for all of
 * them: it is what a call's `F` is where no fields are given, so that the calls of several stores
 * have the same type parameter, and a union of stores can be called.
 */
export type StoreItem<S extends StoreSpec, F extends string = string> = string extends F
  ? S["item"]
  : FieldOf<S> extends F
    ? S["item"]
    : ItemPart<S["item"], Extract<F, FieldOf<S>>>;

/** An item with some fields of its payload. */
export type ItemPart<Item extends AnyStoredItem, F extends string> = {
  [K in keyof Item]: K extends "data"
    ? Simplify<Pick<Item["data"], F & keyof Item["data"]>>
    : Item[K];
};

/** A payload on its way in. */
export type DataInput<S extends StoreSpec> = {
  readonly [K in keyof S["data"]]: Given<S["data"][K]>;
};

type Draft<S extends StoreSpec> = {
  /** The payload. */
  readonly data: DataInput<S>;
  /** Epoch milliseconds, for data that is older than its item. @default the clock's time */
  readonly createdAt?: number | undefined;
};

/** An item that is to be created: its id may be left out. */
export type NewInput<S extends StoreSpec> = {
  [K in keyof (S["newKey"] & Draft<S>)]: (S["newKey"] & Draft<S>)[K];
};

/** An item that is to be stored, whatever was there. */
export type PutInput<S extends StoreSpec> = {
  [K in keyof (S["key"] & Draft<S>)]: (S["key"] & Draft<S>)[K];
};

/** Fields of the payload that are to be changed. `undefined` is ignored. */
export type Changes<S extends StoreSpec> = {
  readonly [K in keyof S["data"]]?: Given<S["data"][K]> | undefined;
};

export interface GetOptions<S extends StoreSpec, F extends string = string> extends CallOptions {
  /** A strongly consistent read, at twice the read units. @default false */
  readonly consistent?: boolean | undefined;
  /** Only these fields of the payload are read and sent. @default all */
  readonly fields?: readonly (F & FieldOf<S>)[] | undefined;
}

export const getOptionNames = optionNames<GetOptions<StoreSpec>>({
  consistent: true,
  fields: true,
  signal: true,
  timeoutMs: true,
});

export interface QueryOptions<S extends StoreSpec, F extends string = string> extends CallOptions {
  /** @default "asc" */
  readonly order?: "asc" | "desc" | undefined;
  /** By sort key, or by creation time (GSI1, adopted items only). @default "key" */
  readonly by?: (S["dated"] extends true ? "key" | "createdAt" : "key") | undefined;
  /** Items to return, counted after `where`; an integer from 1. @default all */
  readonly limit?: number | undefined;
  /** Goes on where an earlier page ended. */
  readonly cursor?: string | null | undefined;
  /** Payload fields to equal, or a callback with operators. */
  readonly where?: Where<S["data"]> | undefined;
  /** Only these fields of the payload are read and sent. @default all */
  readonly fields?: readonly (F & FieldOf<S>)[] | undefined;
  /** Created at or after, in ms; dated entities only. */
  readonly from?: (S["dated"] extends true ? number : never) | undefined;
  /** Created at or before, in ms; dated entities only. */
  readonly to?: (S["dated"] extends true ? number : never) | undefined;
}

export const queryOptionNames = optionNames<QueryOptions<StoreSpec>>({
  order: true,
  by: true,
  limit: true,
  cursor: true,
  where: true,
  fields: true,
  from: true,
  to: true,
  signal: true,
  timeoutMs: true,
});

export interface QueryPage<Item> {
  readonly items: Item[];
  /**
   * Goes on after the last item; `null` at the end. One more page may turn out empty where a request
   * ended at 1 MB just after the last item, as it does most of all with a `where`.
   */
  readonly cursor: string | null;
}

/** A path inside a payload: a field, then names and list positions. */
export type DataPath<S extends StoreSpec> = readonly [FieldOf<S>, ...(string | number)[]];

export interface UpdateOptions<S extends StoreSpec> extends CallOptions {
  /** Values to store at paths inside the payload. */
  readonly set?: readonly (readonly [DataPath<S>, unknown])[] | undefined;
  /** Fields or paths to remove. */
  readonly remove?: readonly (FieldOf<S> | DataPath<S>)[] | undefined;
  /** The item must not have been written since: its `updatedAt` as it was read. */
  readonly ifUpdatedAt?: number | undefined;
  /** A condition on the payload as it is before the update. */
  readonly where?: Where<S["data"]> | undefined;
}

export const updateOptionNames = optionNames<UpdateOptions<StoreSpec>>({
  set: true,
  remove: true,
  ifUpdatedAt: true,
  where: true,
  signal: true,
  timeoutMs: true,
});

export interface DeleteOptions extends CallOptions {
  /** The item must not have been written since: its `updatedAt` as it was read. */
  readonly ifUpdatedAt?: number | undefined;
}

export const deleteOptionNames = optionNames<DeleteOptions>({
  ifUpdatedAt: true,
  signal: true,
  timeoutMs: true,
});

export interface WriteOptions extends CallOptions, PayloadOptions {}

export const writeOptionNames = optionNames<WriteOptions>({
  allowMissing: true,
  signal: true,
  timeoutMs: true,
});

/** The same for an operation of a transaction: the limits are the transaction's own. */
export function withoutLimits(names: OptionNames): OptionNames {
  return names.filter((name) => !callOptionNames.includes(name));
}
