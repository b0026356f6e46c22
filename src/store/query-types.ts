/** The types of queries and counts, and the names of their options. */
import type { CallOptions } from "../call/call.js";
import { type OptionNames, optionNames } from "../call/options.js";
import type { Where } from "../conditions/conditions.js";
import type { FieldPath, PathIn } from "./field-paths.js";
import type { FieldOf, IndexOf, IndexParts, StoreSpec } from "./store-types.js";

declare const refused: unique symbol;

/** The type of an option that a call does not take, with the reason. No value has it. */
export interface Refused<Why extends string> {
  readonly [refused]: Why;
}

/** What a query reads by: the sort key, or the creation time. */
export type By = "key" | "createdAt";

/** A partition as calls take it: it may be left out if its key has no parts. */
export type PartitionOf<S extends StoreSpec> =
  | S["partition"]
  | (string extends keyof S["partition"]
      ? // biome-ignore lint/suspicious/noConfusingVoidType: only a parameter that takes void may be left out in front of another.
        void
      : never);

/** What a count selects, and a query. */
export interface CountOptions<S extends StoreSpec> extends CallOptions {
  /** By sort key, or by creation time (GSI1, adopted items only). @default "key" */
  readonly by?: (S["dated"] extends true ? By : "key") | undefined;
  /** Values that payload fields must equal, or a callback with operators. */
  readonly where?: Where<S["data"]> | undefined;
  /** Only items created at or after this time, in ms; for items in order of creation. */
  readonly from?: TimeOf<S["dated"]> | undefined;
  /** Only items created at or before this time, in ms; for items in order of creation. */
  readonly to?: TimeOf<S["dated"]> | undefined;
  /** Only items whose id begins with this text: the first part of the sort key. `by: "key"` alone. */
  readonly startsWith?: IdOption<S["range"], Prefix<S["range"]>> | undefined;
  /** Only items whose id lies from the first to the second, both included, in the order of keys. */
  readonly between?: IdOption<S["range"], Between<S["range"]>> | undefined;
  /** Strongly consistent reads, at twice the read units; `by: "key"` alone. @default false */
  readonly consistent?: boolean | undefined;
}

type TimeOf<Dated> = Dated extends false
  ? Refused<"the items are not in order of creation">
  : number;

/** An option about ids, where there are ids. */
type IdOption<Range, Option> = [Range] extends [never]
  ? Refused<"the sort key begins with no id">
  : Option;

/** The beginning of a value. */
type Prefix<T> = [T] extends [number] ? Refused<"it is a number: use between"> : string;

/** The first and the last value of a range. */
type Between<T> = readonly [low: T, high: T];

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
  extends CountOptions<S>,
    PageOptions<S, F> {}

/** What a page is made of. */
export interface PageOptions<S extends StoreSpec, F extends FieldPath = string> {
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
  readonly fields?: readonly (F & (FieldOf<S> | PathIn<S["data"]>))[] | undefined;
}

const pageOptionNames = ["order", "limit", "cursor", "fields"] as const satisfies readonly Exclude<
  keyof QueryOptions<StoreSpec>,
  keyof CountOptions<StoreSpec>
>[];

export const queryOptionNames: OptionNames = [...pageOptionNames, ...countOptionNames];

/** An index that is read by its name. */
export interface IndexSpec {
  /** What a caller gives: the parts of the partition key, and the first ones of the sort key. */
  readonly parts: object;
  /** The names of the parts of the partition key. */
  readonly partition: string;
  /** The parts of the sort key that a caller gives, in their order, and the creation time. */
  readonly sort: readonly string[];
}

/** What a call gives of an index's keys: its parts, and no part behind one that it leaves out. */
export type PartsGiven<S extends StoreSpec, I extends IndexOf<S>, Q extends object> = IndexParts<
  S,
  I
> &
  Q &
  Misplaced<SortIn<S["indexes"][I]>, IndexParts<S, I>, Q>;

/** The members of given parts that a call refuses, with the reasons. */
type Misplaced<Sort, Parts, Q> = {
  readonly [K in Exclude<keyof Q, keyof Parts>]: Refused<"is no part of the index">;
} & {
  readonly [K in Extract<keyof Q, Behind<Sort, NextIn<Sort, Q>>> as undefined extends Q[K]
    ? never
    : K]: Refused<`cannot be used without ${NextIn<Sort, Q>}, which stands before it in the sort key`>;
};

type SortIn<Index> = Index extends { readonly sort: infer Sort } ? Sort : readonly string[];

/** The first part of a sort key that is not given: `never` for none, `string` if the types do not tell. */
type NextIn<Sort, Q> = Sort extends readonly [infer Part extends string, ...infer Rest]
  ? Part extends keyof Q
    ? undefined extends Q[Part]
      ? string
      : NextIn<Rest, Q>
    : Part
  : Sort extends readonly []
    ? never
    : string;

/** The parts of a sort key behind one of them. */
type Behind<Sort, Part> = Sort extends readonly [infer First, ...infer Rest]
  ? First extends Part
    ? string extends Part
      ? never
      : Rest[number]
    : Behind<Rest, Part>
  : never;

/** The options of a query of an index. A call infers `Q` from the parts that it gives. */
export interface QueryByOptions<
  S extends StoreSpec,
  I extends IndexOf<S> = IndexOf<S>,
  F extends FieldPath = string,
  Q extends object = IndexParts<S, I>,
> extends CountByOptions<S, I, Q>,
    PageOptions<S, F> {}

/** The options of a count of an index's items. */
export interface CountByOptions<
  S extends StoreSpec,
  I extends IndexOf<S> = IndexOf<S>,
  Q extends object = IndexParts<S, I>,
> extends Pick<CountOptions<S>, "where" | keyof CallOptions> {
  /** Only items created at or after this time, in ms, if it comes next in the sort key. */
  readonly from?: TimeNext<NextIn<SortIn<S["indexes"][I]>, Q>> | undefined;
  /** Only items created at or before this time, in ms, if it comes next in the sort key. */
  readonly to?: TimeNext<NextIn<SortIn<S["indexes"][I]>, Q>> | undefined;
  /** Only items for which the part that comes next in the sort key begins with this text. */
  readonly startsWith?: Next<S, I, Q, "prefix"> | undefined;
  /** Only items for which it lies from the first value to the second, both included. */
  readonly between?: Next<S, I, Q, "range"> | undefined;
}

/** A creation time, if it comes next. */
type TimeNext<Part> = [Part] extends [never]
  ? Refused<"no part of the sort key is left for it">
  : string extends Part
    ? number
    : Part extends "createdAt"
      ? number
      : Refused<`${Part & string} comes next in the sort key, and not the creation time`>;

/** An option about the part that comes next. */
type Next<S extends StoreSpec, I extends IndexOf<S>, Q, Option extends "prefix" | "range"> = NextOf<
  NextIn<SortIn<S["indexes"][I]>, Q>,
  IndexParts<S, I>,
  Option
>;

type NextOf<Part, Parts, Option> = [Part] extends [never]
  ? Refused<"no part of the sort key is left for it">
  : string extends Part
    ? OptionOf<Wide<Parts[keyof Parts]>, Option>
    : Part extends "createdAt"
      ? Refused<"the creation time comes next in the sort key: use from and to">
      : Part extends keyof Parts
        ? OptionOf<Wide<Parts[Part]>, Option>
        : never;

type OptionOf<T, Option> = Option extends "prefix"
  ? Prefix<T>
  : T extends unknown
    ? Between<T>
    : never;

/** The kind of a value: a bound need be no value that an item can have. */
type Wide<T> = (T extends number ? number : never) | (T extends string ? string : never);

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
