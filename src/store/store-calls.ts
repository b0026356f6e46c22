/** What every store can do: the calls of one entity, or of one user's items of it. */
import type { CallOptions } from "../call/call.js";
import type { ValidationIssue } from "../errors/validation-error.js";
import type {
  Changes,
  DeleteOptions,
  GetOptions,
  NewInput,
  PutInput,
  QueryOptions,
  QueryPage,
  StoreItem,
  StoreSpec,
  UpdateOptions,
  WriteOptions,
} from "./store-types.js";

/**
 * The calls of a store.
 *
 * A key is an object of its parts, or an item that the package returned (`delete(item)`): what such
 * an item has beside its key, its `data` and times above all, does not say which item is meant. It is
 * an input as well (`put(item)`), whose `updatedAt` is not stored. Any other member is refused, as is
 * an option that a call does not have. Payloads are open: `data`, `where` and `fields` may name
 * fields that no schema does, and the types alone refuse them.
 *
 * Every one throws ValidationError for bad input before anything is sent, and otherwise one of the
 * errors of this package: ThroughputExceededError when DynamoDB throttles after all retries,
 * TimeoutError and AbortedError for the call's own limits, DynamoDBError for the rest.
 */
export interface StoreCalls<S extends StoreSpec> {
  /**
   * One item, or `null` where none is. One request; gets of one turn of the event loop share
   * BatchGets of up to 100 keys.
   */
  get<const F extends string = string>(
    key: S["key"],
    options?: GetOptions<S, F>,
  ): Promise<StoreItem<S, F> | null>;

  /** As `get`. @throws ItemNotFoundError where none is */
  getOrThrow<const F extends string = string>(
    key: S["key"],
    options?: GetOptions<S, F>,
  ): Promise<StoreItem<S, F>>;

  /**
   * Items of a partition, in order. One request per MB that is read: with `limit` as many as it
   * takes to find so many, without it all of them.
   */
  query<const F extends string = string>(
    partition: S["partition"],
    options?: QueryOptions<S, F>,
  ): Promise<QueryPage<StoreItem<S, F>>>;

  /**
   * Items of a partition, one after the other, over all pages. The first item comes after one
   * request, and at most one page is read ahead. Each loop over it reads anew. `timeoutMs` holds
   * for each page; an aborted `signal` ends it at the next item.
   */
  list<const F extends string = string>(
    partition: S["partition"],
    options?: QueryOptions<S, F>,
  ): AsyncIterable<StoreItem<S, F>>;

  /**
   * Stores a new item; its id is generated where it is left out. One request; two where it takes the
   * place of a ghost (a key and times alone). Sent again after a lost answer it recognises its own item.
   * @throws ConditionalCheckFailedError, with `item`, where it is already there, without it where an
   * item of another kind is; `mayHaveBeenDone` where it may have been this call that created it
   */
  create(input: NewInput<S>, options?: CallOptions): Promise<S["item"]>;

  /**
   * Stores an item, new or in place of what is there. CreatedAt and the place in the date index
   * stay. One request; two for a dated item that is not adopted, where the stored UpdatedAt is not
   * older than the clock, or where it takes the place of a ghost (a key and times alone).
   * @throws ConditionalCheckFailedError, without `item`, where an item of another kind is at the key
   */
  put(input: PutInput<S>, options?: CallOptions): Promise<S["item"]>;

  /**
   * Merges fields, without `data` around them, into an item's payload. `undefined` is ignored, `null`
   * is stored. One request; two without a payload, with more fields than an expression holds (some
   * 240), or where UpdatedAt is not older than the clock and there is no lock.
   * @throws ItemNotFoundError where none is
   * @throws ConditionalCheckFailedError, with `item`, where `ifUpdatedAt` or `where` does not hold;
   * `mayHaveBeenDone` where an answer was lost and another has written the item since
   * @throws DynamoDBError `AnswerLost` where positions of lists may have been changed already, or a
   * `where` still holds that may have been met already
   */
  update(key: S["key"], changes: Changes<S>, options?: UpdateOptions<S>): Promise<S["item"]>;

  /**
   * Deletes an item and returns what was there, `null` where nothing was. One request; two where a
   * ghost was (a key and times alone). An item of another kind at the key stays.
   *
   * Sent again after a lost answer it returns `null` for what it deleted itself: DynamoDB tells it
   * once. With `ifUpdatedAt` `null` so means that the item is gone, by this call or by another.
   * @throws ConditionalCheckFailedError, with `item`, where `ifUpdatedAt` does not hold;
   * `mayHaveBeenDone` where an answer was lost and another item is there
   */
  delete(key: S["key"], options?: DeleteOptions): Promise<S["item"] | null>;

  /**
   * Any number of items, in the order of their keys; `null` where none is. A key may be named more
   * than once. ⌈different keys/100⌉ requests in parallel, more where the answers pass 16 MB.
   * @throws UnprocessedItemsError that carries the keys that were not read after all retries
   */
  batchGet<const F extends string = string>(
    keys: readonly S["key"][],
    options?: GetOptions<S, F>,
  ): Promise<(StoreItem<S, F> | null)[]>;

  /**
   * Stores any number of items; what was there is replaced whole, its CreatedAt included, and of
   * whatever kind it is: BatchWriteItem knows no conditions. Of two items with one key the last wins.
   * ⌈n/25⌉ requests in parallel.
   * @throws UnprocessedItemsError that carries exactly the items that were not written, or, with
   * `mayHaveBeenDone`, are not known to be
   */
  batchPut(items: readonly PutInput<S>[], options?: WriteOptions): Promise<{ written: number }>;

  /**
   * Deletes any number of items, of whatever kind they are; one that is not there is well.
   * ⌈different keys/25⌉ requests in parallel. `written` counts the different keys.
   * @throws UnprocessedItemsError that carries exactly the keys that were not deleted
   */
  batchDelete(keys: readonly S["key"][], options?: CallOptions): Promise<{ written: number }>;

  /**
   * What `put` or `batchPut` would refuse of an item, without sending anything: its key, its
   * payload, its size. Empty where all is well.
   */
  check(input: unknown, options?: Pick<WriteOptions, "allowMissing">): ValidationIssue[];
}
