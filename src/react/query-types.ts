/** The types of queries and mutations, made of those of the calls that an API has. */
import type {
  DataTag,
  InfiniteData,
  UnusedSkipTokenInfiniteOptions,
  UnusedSkipTokenOptions,
  UseMutationOptions,
} from "@tanstack/react-query";
import type { FieldPath } from "../store/field-paths.js";
import type { ShownMember, SpecIn, SpecOfCall } from "../store/shown-types.js";
import type {
  AnyStoredItem,
  CountByOptions,
  IndexOf,
  IndexParts,
  ItemPart,
  QueryByOptions,
  QueryPage,
  StoreItem,
  StoreSpec,
} from "../store/store-types.js";
import type { DataKey } from "./keys.js";

/** What `useQuery`, `useSuspenseQuery`, `prefetchQuery` and the others of TanStack Query take. */
export type DataQuery<T> = UnusedSkipTokenOptions<T, Error, T, DataKey> & {
  queryKey: DataTag<DataKey, T, Error>;
};

/** The cursor of a page; `null` for the first one. */
export type PageCursor = string | null;

/** What `useInfiniteQuery` and the others of TanStack Query take: the pages of a list. */
export type DataPages<Item> = UnusedSkipTokenInfiniteOptions<
  QueryPage<Item>,
  Error,
  InfiniteData<QueryPage<Item>, PageCursor>,
  DataKey,
  PageCursor
> & {
  queryKey: DataTag<DataKey, InfiniteData<QueryPage<Item>, PageCursor>, Error>;
};

/** What `useMutation` takes. */
export type DataMutation<Result, Given, Item = never> = UseMutationOptions<
  Result,
  MutationError<Item>,
  Given
> & { readonly mutationKey: readonly string[] };

/** What a mutation fails with. */
export interface MutationError<Item = unknown> extends Error {
  /** The error's code, for instance `ConditionalCheckFailedException` for a conflict. */
  readonly code?: string | undefined;
  /** Of a conflict: the item as it is stored now, `null` if it is gone. */
  readonly item?: Item | null | undefined;
}

/** How a mutation that changes an item shows it. */
export interface ChangeOptions {
  /**
   * Shows the change at once, in the item and in lists, and takes it back if it fails. The write is bound to
   * the version of the item that is shown: if somebody has written it since, it fails with `error.item`.
   * @default false
   */
  readonly optimistic?: boolean | undefined;
}

type AnyCall = (...given: never[]) => unknown;

/** What a query sets itself, and what a page of a list does. */
type OwnOption = "signal" | "timeoutMs" | "cursor";

/** The options of a call, which may ask for some fields of a payload. */
type ReadOptions<O, F extends FieldPath> = Omit<NonNullable<O>, OwnOption | "fields"> & {
  readonly fields?: readonly (F & FieldIn<O>)[] | undefined;
};

type FieldIn<O> =
  NonNullable<O> extends { readonly fields?: readonly (infer F)[] | undefined } ? F : never;

/** An item, or what was asked for of it. */
type Part<Item, F extends FieldPath> = string extends F
  ? Item
  : Item extends AnyStoredItem
    ? ItemPart<Item, F>
    : Item;

type Given<C> = C extends (...given: infer A) => unknown ? A : never;
type Result<C> = C extends (...given: never[]) => infer R ? Awaited<R> : never;

/** The options of a call of a partition, which a client may give alone. */
type PartitionOptions<C> =
  Given<C> extends readonly [unknown, (infer O)?]
    ? O
    : Given<C> extends readonly [(infer O)?]
      ? O
      : never;

type ItemIn<C> =
  NonNullable<Result<C>> extends { readonly items: readonly (infer I)[] } ? I : never;

type GetQuery<C> =
  Given<C> extends readonly [infer Key, (infer O)?]
    ? <const F extends FieldPath = string>(
        key: Key,
        options?: ReadOptions<O, F>,
      ) => DataQuery<Result<C> extends infer R ? (R extends null ? null : Part<R, F>) : never>
    : never;

type ManyQuery<C> =
  Given<C> extends readonly [infer Keys, (infer O)?]
    ? <const F extends FieldPath = string>(
        keys: Keys,
        options?: ReadOptions<O, F>,
      ) => DataQuery<(Part<ItemOfMany<C>, F> | null)[]>
    : never;

type ItemOfMany<C> = Result<C> extends readonly (infer I)[] ? NonNullable<I> : never;

type PageQuery<C> = <const F extends FieldPath = string>(
  options?: ReadOptions<PartitionOptions<C>, F> & CursorOption,
) => DataQuery<QueryPage<Part<ItemIn<C>, F>>>;

type CursorOption = {
  /** Continues where an earlier page ended. */
  readonly cursor?: PageCursor | undefined;
};

type ListQuery<C> = <const F extends FieldPath = string>(
  options?: ReadOptions<PartitionOptions<C>, F>,
) => DataPages<Part<ItemIn<C>, F>>;

type CountQuery<C> = (
  options?: Omit<NonNullable<PartitionOptions<C>>, OwnOption>,
) => DataQuery<number>;

/** A query of an index: its parts are those of the index that is named. */
type IndexQuery<S extends StoreSpec> = <
  const I extends IndexOf<S>,
  const F extends FieldPath = string,
>(
  index: I,
  parts: IndexParts<S, I>,
  options?: Omit<QueryByOptions<S, I, F>, OwnOption> & CursorOption,
) => DataQuery<QueryPage<StoreItem<S, F>>>;

type IndexList<S extends StoreSpec> = <
  const I extends IndexOf<S>,
  const F extends FieldPath = string,
>(
  index: I,
  parts: IndexParts<S, I>,
  options?: Omit<QueryByOptions<S, I, F>, OwnOption>,
) => DataPages<StoreItem<S, F>>;

type IndexCount<S extends StoreSpec> = <const I extends IndexOf<S>>(
  index: I,
  parts: IndexParts<S, I>,
  options?: Omit<CountByOptions<S, I>, OwnOption>,
) => DataQuery<number>;

/** The types of the store whose indexes are read: of one of a scope, or of a client's calls. */
type IndexedStore<T> = [SpecIn<T>] extends [never]
  ? SpecOfCall<T[Extract<keyof T, "queryBy" | "countBy">]>
  : SpecIn<T>;

/** The queries of a store's calls that read, by the names of the calls. */
type ReadsOf<C> = {
  get: GetQuery<C>;
  getOrThrow: GetQuery<C>;
  batchGet: ManyQuery<C>;
  query: PageQuery<C>;
  count: CountQuery<C>;
};

type ReadName = keyof ReadsOf<unknown>;

/** Those of its calls that read an index. */
type IndexReads<S extends StoreSpec> = {
  queryBy: IndexQuery<S>;
  countBy: IndexCount<S>;
};

/** The calls of a store that show their change. */
type ChangeName = "update" | "delete";
type WriteName = ChangeName | "create" | "put" | "upsert" | "batchPut" | "batchDelete";

/** The calls of use cases that write. */
type UseCaseWrite = "deleteAndUnfile" | "save" | "setPhoto" | "deleteById" | "remove";

/** A mutation's variables: the arguments of the call, or the only one that it needs. */
type Variables<A> = A extends readonly [infer One, (infer O)?]
  ? One extends readonly unknown[]
    ? One
    : One | readonly [One, Omit<NonNullable<O>, WriteOwnOption>?]
  : A extends readonly [infer One, infer Two, (infer O)?]
    ? readonly [One, Two, Omit<NonNullable<O>, WriteOwnOption>?]
    : A;

type WriteOwnOption = "signal" | "timeoutMs" | "returning";

type ChangeQuery<C> = (
  options?: ChangeOptions,
) => DataMutation<Result<C>, Variables<Given<C>>, NonNullable<Result<C>>>;

type WriteQuery<C> = () => DataMutation<Result<C>, Variables<Given<C>>, NonNullable<Result<C>>>;

/** Of a call with two forms, both. */
type OfEither<C> = C extends {
  (...given: infer A): infer R;
  (...given: infer B): infer S;
}
  ? () => DataMutation<Awaited<R> | Awaited<S>, Variables<A> | Variables<B>>
  : WriteQuery<C>;

/** The queries and mutations of one store. */
export type StoreQueries<T> = {
  readonly [C in Extract<keyof T, ReadName>]: ReadsOf<T[C]>[C];
} & {
  readonly [C in Extract<keyof T, "queryBy" | "countBy">]: IndexReads<IndexedStore<T>>[C];
} & {
  readonly [C in Extract<keyof T, ChangeName>]: ChangeQuery<T[C]>;
} & {
  readonly [C in Extract<keyof T, Exclude<WriteName, ChangeName>>]: WriteQuery<T[C]>;
} & (T extends { readonly query: infer C } ? { readonly list: ListQuery<C> } : unknown) &
  (T extends { readonly queryBy: unknown }
    ? { readonly listBy: IndexList<IndexedStore<T>> }
    : unknown);

type UseCaseQuery<C> = (...given: WithoutLimits<Given<C>>) => DataQuery<Result<C>>;

/** The arguments of a use case, without the limits of its call. */
type WithoutLimits<A> = A extends readonly [infer One, infer Two, unknown?]
  ? [One, Two]
  : A extends readonly [infer One, unknown?]
    ? One extends { readonly limit: number }
      ? [Omit<One, OwnOption>]
      : [One]
    : [];

/** The queries and mutations of a group of use cases, or of the collections. */
export type UseCaseQueries<T> = {
  readonly [C in Exclude<keyof T, UseCaseWrite>]: UseCaseQuery<T[C]>;
} & {
  readonly [C in Extract<keyof T, UseCaseWrite>]: C extends "save"
    ? OfEither<T[C]>
    : WriteQuery<T[C]>;
};

/** The groups of use cases, whose calls are no store's. */
type GroupName = "projects" | "profiles" | "reviews" | "oauth" | "collections";

/** What a user's scope has that is no query and no mutation. */
type NotQueried = "userId" | "user" | "transaction";

/** The queries and mutations of an API: those of a client, or of a user's scope on the server. */
export type Queries<Api> = {
  readonly [S in Exclude<keyof Api, NotQueried>]: Api[S] extends AnyCall
    ? UseCaseQuery<Api[S]>
    : S extends GroupName
      ? UseCaseQueries<ShownMember<Api, S>>
      : StoreQueries<ShownMember<Api, S>>;
};
