/** The types of a store, derived from its ElectroDB entity: nothing here restates a declaration. */
import type { EntityItem } from "electrodb";
import { type CallOptions, callOptionNames } from "./call.js";
import type { Where } from "./conditions.js";
import type { AnyEntity } from "./entity-model.js";
import { type OptionNames, optionNames } from "./options.js";
import type { PayloadOptions } from "./payload.js";

/** Shows a derived type as the object it is. */
export type Simplify<T> = { [K in keyof T]: T[K] } & {};

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
  /** Whether GSI1 holds the items in order of creation. */
  readonly dated: boolean;
}

type SchemaOf<E extends AnyEntity> = E["schema"];
type PartitionParts<E extends AnyEntity> =
  SchemaOf<E>["indexes"]["byKey"]["pk"]["composite"][number];
type SortParts<E extends AnyEntity> = SchemaOf<E>["indexes"]["byKey"]["sk"]["composite"][number];
type Defaulted<E extends AnyEntity> = {
  [A in keyof SchemaOf<E>["attributes"]]: SchemaOf<E>["attributes"][A] extends { default: unknown }
    ? A
    : never;
}[keyof SchemaOf<E>["attributes"]];
type Parts<Name> = { [P in Name & string]: string };

/** The spec of an ElectroDB entity. */
export interface SpecOf<E extends AnyEntity> {
  readonly parts: Simplify<Parts<PartitionParts<E> | SortParts<E>>>;
  readonly key: Simplify<
    Parts<Exclude<PartitionParts<E> | SortParts<E>, Defaulted<E>>> &
      Partial<Parts<Extract<SortParts<E>, Defaulted<E>>>>
  >;
  readonly partition: Simplify<Parts<PartitionParts<E>>>;
  readonly newKey: Simplify<Parts<PartitionParts<E>> & Partial<Parts<SortParts<E>>>>;
  readonly data: NonNullable<EntityItem<E>["data"]>;
  readonly dated: "byCreatedAt" extends keyof SchemaOf<E>["indexes"] ? true : false;
}

/** A field of the payload. */
export type FieldOf<S extends StoreSpec> = keyof S["data"] & string;

/** An item as the store returns it: the key's parts, the payload and the times in ms. */
export type ItemOf<S extends StoreSpec, F extends FieldOf<S> = FieldOf<S>> = Simplify<
  S["parts"] & {
    data: FieldOf<S> extends F ? S["data"] : Simplify<Pick<S["data"], F>>;
    /** Epoch milliseconds of its creation. */
    createdAt: number;
    /** Epoch milliseconds of its last write; grows with each one. */
    updatedAt: number;
  }
>;

/** An item on its way in. */
export type InputOf<S extends StoreSpec, Key> = Simplify<
  Key & {
    data: S["data"];
    /** Epoch milliseconds, for data that is older than its item. @default the clock's time */
    createdAt?: number | undefined;
  }
>;

export interface GetOptions<F extends string = string> extends CallOptions {
  /** A strongly consistent read, at twice the read units. @default false */
  readonly consistent?: boolean | undefined;
  /** Only these fields of the payload are read and sent. @default all */
  readonly fields?: readonly F[] | undefined;
}

export const getOptionNames = optionNames<GetOptions>({
  consistent: true,
  fields: true,
  signal: true,
  timeoutMs: true,
});

export interface QueryOptions<S extends StoreSpec, F extends FieldOf<S> = FieldOf<S>>
  extends CallOptions {
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
  readonly fields?: readonly F[] | undefined;
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
  /** Goes on after the last item; `null` at the end. */
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
