/** The calls that every store has: those of one entity, or of one user's items of it. */
import type { CallOptions } from "../call/call.js";
import type { ValidationIssue } from "../errors/validation-error.js";
import type { FieldPath } from "./field-paths.js";
import type {
  Changes,
  CountByOptions,
  CountOptions,
  DeleteOptions,
  GetOptions,
  IndexParts,
  NewInput,
  PutInput,
  PutOptions,
  QueryByOptions,
  QueryOptions,
  QueryPage,
  Returned,
  StoreItem,
  StoreSpec,
  UpdateOptions,
  WriteOptions,
} from "./store-types.js";

/**
 * The calls of a store.
 *
 * A key is an object of its parts, or an item that the package returned (`delete(item)`). An item's
 * other members, such as `data` and the times, do not take part in identifying it. An item is also
 * valid input (`put(item)`), but its `updatedAt` is not stored. Any other member is refused, and so
 * is an option that the call does not have. Payloads are open: `data`, `where` and `fields` may name
 * fields that are in no schema; only the types refuse them.
 *
 * Every call throws ValidationError for invalid arguments before anything is sent. Later failures are
 * errors of this package: ThroughputExceededError if DynamoDB still throttles after all retries,
 * TimeoutError and AbortedError for the call's own limits, DynamoDBError for the rest.
 */
export interface StoreCalls<S extends StoreSpec> {
  /**
   * One item, or `null` if there is none. One request. Gets of the same turn of the event loop share
   * BatchGets of up to 100 keys.
   * @example
   * const content = await data.savedContent.get({ userId, contentId });
   */
  get<const F extends FieldPath = string>(
    key: S["key"],
    options?: GetOptions<S, F>,
  ): Promise<StoreItem<S, F> | null>;

  /** Like `get`, but for an item that must exist. @throws ItemNotFoundError if there is none */
  getOrThrow<const F extends FieldPath = string>(
    key: S["key"],
    options?: GetOptions<S, F>,
  ): Promise<StoreItem<S, F>>;

  /**
   * Items of a partition, in order. One request per MB read: with `limit`, until that many items are
   * found; without it, to the end of the partition.
   * @example
   * const { items } = await data.savedContent.query({ userId }, { limit: 20 });
   */
  query<const F extends FieldPath = string>(
    partition: S["partition"],
    options?: QueryOptions<S, F>,
  ): Promise<QueryPage<StoreItem<S, F>>>;

  /**
   * Items of a partition, one after the other, over all pages. The first item arrives after one
   * request, and at most one page is read ahead. Each loop over the result reads from the beginning.
   * `timeoutMs` applies to each page; an aborted `signal` ends the loop at the next item.
   * @example
   * for await (const content of data.savedContent.list({ userId })) console.log(content.data.title);
   */
  list<const F extends FieldPath = string>(
    partition: S["partition"],
    options?: QueryOptions<S, F>,
  ): AsyncIterable<StoreItem<S, F>>;

  /**
   * How many items `query` would return. One request per MB read, which costs the units that reading
   * them costs, and returns no items; of an entity whose sort key has several parts or a number, their
   * keys. Not consistent over several requests: items may come and go in between.
   * @example
   * const drafts = await data.savedContent.count({ userId }, { where: { status: "draft" } });
   */
  count(partition: S["partition"], options?: CountOptions<S>): Promise<number>;

  /**
   * Items of an index by its name, in order of its sort key. The parts are those of its partition key,
   * and may be the first ones of its sort key. Requests as `query`. An index follows the table within
   * moments, and an item without a field that its keys are made of is not in it.
   * @example
   * const { items } = await data.lead.queryBy("byStatus", { status: "new" }, { limit: 20 });
   */
  queryBy<const I extends keyof S["indexes"] & string, const F extends FieldPath = string>(
    index: I,
    parts: IndexParts<S, I>,
    options?: QueryByOptions<S, I, F>,
  ): Promise<QueryPage<StoreItem<S, F>>>;

  /** Items of an index by its name, one after the other: `list` for what `queryBy` reads. */
  listBy<const I extends keyof S["indexes"] & string, const F extends FieldPath = string>(
    index: I,
    parts: IndexParts<S, I>,
    options?: QueryByOptions<S, I, F>,
  ): AsyncIterable<StoreItem<S, F>>;

  /** How many items `queryBy` would return. Requests as `count`. */
  countBy<const I extends keyof S["indexes"] & string>(
    index: I,
    parts: IndexParts<S, I>,
    options?: CountByOptions<S, I>,
  ): Promise<number>;

  /**
   * Stores a new item; its id is generated if it is left out. One request, over an expired item too; two
   * if it replaces a ghost (an item with only a key and times). If a response is lost, the repeated
   * request recognises its own item.
   * @throws ConditionalCheckFailedError if an item exists at the key: with `item`, unless it is of
   * another kind. `mayHaveBeenDone` is set if it may have been this call that created it
   * @example
   * await data.savedContent.create({ userId, data: { type: "Blog Post", content: "# Spring" } });
   */
  create(input: NewInput<S>, options?: CallOptions): Promise<S["item"]>;

  /**
   * Stores an item, new or in place of the existing one. CreatedAt and the place in the date index
   * stay. One request; two for a dated item that is not adopted, if an index key holds the creation time
   * and a payload field, if the stored UpdatedAt is not older than the clock, or if it replaces an
   * expired item or a ghost (an item with only a key and times).
   * @throws ConditionalCheckFailedError, without `item`, if an item of another kind is at the key
   * @throws DynamoDBError `NewerVersion` if the stored payload is of a newer version than the entity's
   * @example
   * await data.savedContent.put({ userId, contentId, data: { type: "Blog Post", content: "# May" } });
   */
  put<const R extends string = string>(
    input: PutInput<S>,
    options?: PutOptions<R>,
  ): Promise<Returned<S["item"], S["item"] | null, R>>;

  /**
   * Merges `data`'s fields into the payload of the item, or creates it with them: `data` must be a whole
   * payload, as for `create`, and the id be given. One request if the item exists, two if not or if it is a
   * ghost, has expired, or where `update` takes two. `createdAt` is used only for a new item.
   * @throws ConditionalCheckFailedError, without `item`, if an item of another kind is at the key
   * @throws DynamoDBError `NewerVersion` if the stored payload is of a newer version than the entity's
   * @example
   * await data.trainingProgress.upsert({ userId, moduleId, data: { completed: true } });
   */
  upsert(input: PutInput<S>, options?: CallOptions): Promise<S["item"]>;

  /**
   * Merges fields, without `data` around them, into an item's payload, and computes what `add`, `append` and
   * the others name. One request; two if the payload is missing or of an older version, for some 240 fields,
   * if an index key needs what is not given, or if UpdatedAt is not older than the clock.
   * @throws ItemNotFoundError if there is none
   * @throws ConditionalCheckFailedError, with `item`, if `ifUpdatedAt` or `where` does not hold
   * @throws DynamoDBError `NewerVersion` (payload); `AnswerLost` if it may be done, and must not be repeated
   * @example
   * await data.competitor.update({ userId, competitorId }, {}, { add: { reviewCount: 1 } });
   */
  update<const R extends string = string>(
    key: S["key"],
    changes: Changes<S>,
    options?: UpdateOptions<S, R>,
  ): Promise<Returned<S["item"], S["item"], R>>;

  /**
   * Deletes an item and returns it; `null` if there was none or an expired one, whatever `where` says. One
   * request; two for a ghost (an item with only a key and times), or with `where` if UpdatedAt is not older
   * than the clock. An item of another kind stays. Sent again after a lost response, it gives `null` for the
   * item that it deleted: DynamoDB returns it once.
   * @throws ConditionalCheckFailedError, with `item`, if `where` does not hold, or if `ifUpdatedAt` does not
   * or the item is gone; `mayHaveBeenDone` if a response was lost and another item is there
   * @throws DynamoDBError `NewerVersion`, with either; `AnswerLost` if a response was lost and a later item is there
   * @example
   * await data.savedContent.delete({ userId, contentId }, { where: { status: "draft" } });
   */
  delete(key: S["key"], options?: DeleteOptions<S>): Promise<S["item"] | null>;

  /**
   * Any number of items, in the order of their keys, with `null` for each missing one. A key may be
   * named more than once. ⌈different keys/100⌉ requests in parallel, and more if the responses exceed
   * 16 MB.
   * @throws UnprocessedItemsError that carries the keys that were not read after all retries
   * @example
   * const [first, second] = await data.savedContent.batchGet([{ userId, contentId }, other]);
   */
  batchGet<const F extends FieldPath = string>(
    keys: readonly S["key"][],
    options?: GetOptions<S, F>,
  ): Promise<(StoreItem<S, F> | null)[]>;

  /**
   * Stores any number of items, in ⌈n/25⌉ requests in parallel. BatchWriteItem has no conditions: an
   * existing item is replaced completely, its CreatedAt included, even if it is of another kind or has a
   * payload of a newer version. Of two items with one key the last wins.
   * @throws UnprocessedItemsError that carries exactly the items that were not written or, with
   * `mayHaveBeenDone`, are not known to be written
   */
  batchPut(items: readonly PutInput<S>[], options?: WriteOptions): Promise<{ written: number }>;

  /**
   * Deletes any number of items, whatever their kind. Deleting a missing item is not an error.
   * ⌈different keys/25⌉ requests in parallel. `written` counts the different keys.
   * @throws UnprocessedItemsError that carries exactly the keys that were not deleted
   */
  batchDelete(keys: readonly S["key"][], options?: CallOptions): Promise<{ written: number }>;

  /**
   * The issues for which `put` or `batchPut` would refuse an item: in its key, its payload or its
   * size. Nothing is sent. Empty if there are none.
   */
  check(input: unknown, options?: Pick<WriteOptions, "allowMissing">): ValidationIssue[];
}

/** A store of one owner. */
export interface ScopedStore<S extends StoreSpec> extends StoreCalls<S> {}
