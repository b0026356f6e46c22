/** What a transaction takes and returns, typed by its operations. */
import type { CallOptions } from "../../src/call/call.js";
import { optionNames } from "../../src/call/options.js";
import type { Where } from "../../src/conditions/conditions.js";
import type {
  Changes,
  DeleteOptions,
  NewInput,
  PutInput,
  StoreSpec,
  UpdateOptions,
} from "../../src/store/store-types.js";

declare const resultOf: unique symbol;

/** One operation of a transaction; its input was checked when it was made. */
export interface TransactionOperation<Result> {
  readonly [resultOf]: Result;
}

/** A condition on an item that the transaction does not write. */
export interface CheckOptions<S extends StoreSpec> {
  /** Whether the item must exist (`true`), or must not exist (`false`). @default true */
  readonly exists?: boolean | undefined;
  /** The `updatedAt` that was read: the item must not have been written since. */
  readonly ifUpdatedAt?: number | undefined;
  /** A condition on the item's payload. */
  readonly where?: Where<S["data"]> | undefined;
}

type Limits = keyof CallOptions;

/** The operations of one entity. They take what its store's methods take, except limits of their own. */
export interface EntityOperations<S extends StoreSpec> {
  /** Stores a new item, whose id is generated if it is left out. Returns the item. */
  create(input: NewInput<S>): TransactionOperation<S["item"]>;
  /** Stores an item, and replaces the one that exists. */
  put(input: PutInput<S>): TransactionOperation<undefined>;
  /** Merges a payload's fields into an existing item, or creates it. */
  upsert(input: PutInput<S>): TransactionOperation<undefined>;
  /** Merges changes into the payload of an existing item. */
  update(
    key: S["key"],
    changes: Changes<S>,
    options?: Omit<UpdateOptions<S>, Limits | "returning">,
  ): TransactionOperation<undefined>;
  /** Deletes an item. A missing item is not an error; one for which `where` does not hold is. */
  delete(key: S["key"], options?: Omit<DeleteOptions<S>, Limits>): TransactionOperation<undefined>;
  /** Writes nothing, and cancels the transaction if the condition does not hold. */
  check(key: S["key"], options?: CheckOptions<S>): TransactionOperation<undefined>;
}

/** The reads of one entity in a transaction. */
export interface EntityReads<S extends StoreSpec> {
  /** One item, or `null` if there is none. */
  get(key: S["key"]): TransactionOperation<S["item"] | null>;
}

/** What each operation of a transaction returns. */
export type TransactionResults<Operations extends readonly TransactionOperation<unknown>[]> = {
  -readonly [I in keyof Operations]: Operations[I] extends TransactionOperation<infer R>
    ? R
    : never;
};

/** The operations that a transaction may write, under the names of the stores. */
export type TransactionWrites<S> = {
  readonly [F in keyof S]: EntityOperations<Extract<S[F], StoreSpec>>;
};

/** The reads of a transaction, under the names of the stores. */
export type TransactionReads<S> = {
  readonly [F in keyof S]: EntityReads<Extract<S[F], StoreSpec>>;
};

export interface TxOptions extends CallOptions {
  /**
   * A token of your own, of 1 to 36 bytes: within ten minutes DynamoDB carries out one transaction under
   * it, whichever process sends it. In a scope it is the owner's. @default one for each call
   */
  readonly token?: string | undefined;
}

export const txOptionNames = optionNames<TxOptions>({
  token: true,
  signal: true,
  timeoutMs: true,
});

/** Transactions whose operations are typed by the given specs. */
export interface Transactions<S> {
  /**
   * Writes up to 100 items and 4 MB, all or nothing. One request, which is repeated with the same token
   * if its response is lost or another transaction is in the way. One more for an item that is dated and
   * not adopted, or was written in the same millisecond.
   * @returns the item of each `create`, else `undefined`
   * @throws TransactionCanceledError that names the operations that stopped it, with their items.
   * Nothing was written, unless a conflict or throttling stopped it and `mayHaveBeenDone` is set
   * @throws DynamoDBError `IdempotentParameterMismatchException` if one was carried out under its `token`, and
   * no item shows that it had the same operations
   * @example
   * const [copy] = await data.transaction.write((tx) => [tx.project.create(input), tx.project.delete(key)]);
   */
  write<const O extends readonly TransactionOperation<unknown>[]>(
    operations: (tx: TransactionWrites<S>) => O,
    options?: TxOptions,
  ): Promise<TransactionResults<O>>;
  /**
   * Reads up to 100 items as they were at one moment. One request.
   * @returns each item, or `null` if there is none
   * @example
   * const [project, plan] = await data.transaction.get((tx) => [tx.project.get(key), tx.marketingPlan.get(other)]);
   */
  get<const O extends readonly TransactionOperation<unknown>[]>(
    operations: (tx: TransactionReads<S>) => O,
    options?: CallOptions,
  ): Promise<TransactionResults<O>>;
}
