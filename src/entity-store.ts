/** The facade of one entity: checks what it is given, sends ElectroDB's requests, returns items. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { batchesInFlight, chunksOf, inParallel, writeBatch } from "./batch.js";
import {
  type Call,
  type CallOptions,
  callOptionNames,
  limitsOf,
  perform,
  reading,
  throwIfAborted,
} from "./call.js";
import type { CursorSeal } from "./cursor-seal.js";
import type { Cipher } from "./encryption.js";
import { type AnyEntity, type EntityModel, keyContext, modelOf, rawKeyOf } from "./entity-model.js";
import { EntityWrites } from "./entity-writes.js";
import {
  type CallContext,
  describe,
  UnprocessedItemsError,
  type ValidationIssue,
  withContext,
} from "./errors.js";
import type { InputReader, Sources } from "./input.js";
import { isOf, itemOf } from "./item.js";
import { type OptionNames, refuseUnknown } from "./options.js";
import type { PayloadSchema } from "./payload.js";
import { listItems, type QueryPlan, queryItems, readQueryOptions, startedAt } from "./query.js";
import { itemsApart, keyId, type Reader } from "./reader.js";
import { runWrite } from "./run-write.js";
import { itemValue } from "./secret-value.js";
import { withMaskedSecrets } from "./secrets.js";
import {
  type DeleteOptions,
  deleteOptionNames,
  type FieldOf,
  type GetOptions,
  getOptionNames,
  type InputOf,
  type ItemOf,
  type QueryOptions,
  type QueryPage,
  queryOptionNames,
  type StoreSpec,
  type UpdateOptions,
  updateOptionNames,
  type WriteOptions,
  withoutLimits,
  writeOptionNames,
} from "./store-types.js";
import { limits, type RawItem } from "./table.js";
import type { Transport } from "./transport.js";
import { notFound, rawItemOf, type Write } from "./write.js";

/** What the stores of one data layer share. */
export interface StoreContext extends Sources {
  readonly transport: Transport;
  readonly reader: Reader;
  readonly tableName: string;
  /** Encrypts secret fields, where keys are configured. */
  readonly cipher: Cipher | undefined;
  /** Seals cursors, where a secret is configured. */
  readonly cursorSeal: CursorSeal | undefined;
}

const checkOptionNames = withoutLimits(writeOptionNames);

/**
 * Reads and writes the items of one entity.
 *
 * A key is the object of its parts, or an item that the layer returned, `delete(item)`: its `data`
 * and times say nothing about which item is meant. So is an input, `put(item)`; its `updatedAt` is
 * not stored. Any other member is refused, as is an option that a call does not know: a misspelt name
 * is never ignored. Payloads are open: `data`, `where` and `fields` may name fields that no schema
 * does, which types alone refuse.
 *
 * Every method throws ValidationError for bad input before anything is sent, and otherwise one of
 * the errors of this package: ThroughputExceededError when DynamoDB throttles after all retries,
 * TimeoutError and AbortedError for the call's own limits, DynamoDBError for the rest.
 */
export class EntityStore<S extends StoreSpec, E extends AnyEntity = AnyEntity> {
  /**
   * The ElectroDB entity, over the same transport; its errors are ElectroDB's own. A store of one
   * user's has none: native chains know no tenant.
   */
  declare readonly entity: E;
  /** What the store knows of its entity. @internal */
  readonly model: EntityModel;
  /** The store's writes, for transactions. @internal */
  readonly writes: EntityWrites;
  readonly #context: StoreContext;

  /** @param owner fixes the partition to this user's or agent's: callers then give no such part */
  constructor(entity: E, payload: PayloadSchema, context: StoreContext, owner?: string) {
    this.model = modelOf(entity, payload, { owner, encrypts: context.cipher !== undefined });
    this.writes = new EntityWrites(this.model, context.tableName, context);
    this.#context = context;
    if (owner === undefined) this.entity = entity;
  }

  /**
   * One item, or `null` where none is. One request; gets of one turn of the event loop share
   * BatchGets of up to 100 keys.
   */
  async get<const F extends FieldOf<S> = FieldOf<S>>(
    key: S["key"],
    options: GetOptions<F> = {},
  ): Promise<ItemOf<S, F> | null> {
    return (await this.#read("get", key, options)).item;
  }

  /** As `get`. @throws ItemNotFoundError where none is */
  async getOrThrow<const F extends FieldOf<S> = FieldOf<S>>(
    key: S["key"],
    options: GetOptions<F> = {},
  ): Promise<ItemOf<S, F>> {
    const { item, context, rawKey } = await this.#read("getOrThrow", key, options);
    if (item === null) throw notFound(context, rawKey);
    return item;
  }

  /**
   * Items of a partition, in order. One request per MB that is read: with `limit` as many as it
   * takes to find so many, without it all of them.
   */
  async query<const F extends FieldOf<S> = FieldOf<S>>(
    partition: S["partition"],
    options: QueryOptions<S, F> = {},
  ): Promise<QueryPage<ItemOf<S, F>>> {
    const { context, limits, plan } = this.#planQuery("query", partition, options);
    return perform(context, limits, async (call) => {
      const { transport, cursorSeal } = this.#context;
      const page = await queryItems(transport, this.model, await plan(), call);
      const { cursor } = page;
      if (cursorSeal !== undefined && cursor !== null) {
        page.cursor = await cursorSeal.seal(cursor);
      }
      return page as unknown as QueryPage<ItemOf<S, F>>;
    });
  }

  /**
   * Items of a partition, one after the other, over all pages. The first item comes after one
   * request, and at most one page is read ahead. Each loop over it reads anew. `timeoutMs` holds
   * for each page; an aborted `signal` ends it at the next item.
   */
  list<const F extends FieldOf<S> = FieldOf<S>>(
    partition: S["partition"],
    options: QueryOptions<S, F> = {},
  ): AsyncIterable<ItemOf<S, F>> {
    const { context, limits, plan } = this.#planQuery("list", partition, options);
    const { transport } = this.#context;
    const throwIfEnded = () => throwIfAborted(context, limits.signal);
    const readPage = (input: QueryCommandInput) =>
      perform(context, limits, (call) => transport.send("Query", input, call));
    // Each loop over it reads anew: a second one over a generator would find nothing.
    const items: AsyncIterable<unknown> = {
      [Symbol.asyncIterator]: () => listItems(readPage, this.model, plan, throwIfEnded),
    };
    return items as AsyncIterable<ItemOf<S, F>>;
  }

  /**
   * Stores a new item; its id is generated where it is left out. One request. Sent again after a
   * lost answer it recognises its own item.
   * @throws ConditionalCheckFailedError, with `item`, where it is already there; `mayHaveBeenDone`
   * where it may have been this call that created it
   */
  async create(input: InputOf<S, S["newKey"]>, options: CallOptions = {}): Promise<ItemOf<S>> {
    return this.#send("create", () => this.writes.create(input), options) as Promise<ItemOf<S>>;
  }

  /**
   * Stores an item, new or in place of what is there. CreatedAt and the place in the date index
   * stay. One request; two for a dated item that is not adopted, or where the stored UpdatedAt is
   * not older than the clock.
   */
  async put(input: InputOf<S, S["key"]>, options: CallOptions = {}): Promise<ItemOf<S>> {
    return this.#send("put", () => this.writes.put(input), options) as Promise<ItemOf<S>>;
  }

  /**
   * Merges changes into the payload of an item. `undefined` is ignored, `null` is stored. One
   * request; two where the item has no payload, or where its UpdatedAt is not older than the clock
   * and there is no lock.
   * @throws ItemNotFoundError where none is
   * @throws ConditionalCheckFailedError, with `item`, where `ifUpdatedAt` or `where` does not hold;
   * `mayHaveBeenDone` where an answer was lost and another has written the item since
   * @throws DynamoDBError `AnswerLost` where positions of lists may have been changed already, or a
   * `where` still holds that may have been met already
   */
  async update(
    key: S["key"],
    changes: Partial<S["data"]>,
    options: UpdateOptions<S> = {},
  ): Promise<ItemOf<S>> {
    const plan = () => this.writes.update(key, changes, options, updateOptionNames);
    return this.#send("update", plan, options, updateOptionNames) as Promise<ItemOf<S>>;
  }

  /**
   * Deletes an item and returns what was there, `null` where nothing was. One request.
   *
   * Sent again after a lost answer it returns `null` for what it deleted itself: DynamoDB tells it
   * once. With `ifUpdatedAt` `null` so means that the item is gone, by this call or by another.
   * @throws ConditionalCheckFailedError, with `item`, where `ifUpdatedAt` does not hold;
   * `mayHaveBeenDone` where an answer was lost and another item is there
   */
  async delete(key: S["key"], options: DeleteOptions = {}): Promise<ItemOf<S> | null> {
    const plan = () => this.writes.delete(key, options, deleteOptionNames);
    return this.#send("delete", plan, options, deleteOptionNames) as Promise<ItemOf<S> | null>;
  }

  /**
   * Any number of items, in the order of their keys; `null` where none is. A key may be named more
   * than once. ⌈different keys/100⌉ requests in parallel, more where the answers pass 16 MB.
   * @throws UnprocessedItemsError that carries the keys that were not read after all retries
   */
  async batchGet<const F extends FieldOf<S> = FieldOf<S>>(
    keys: readonly S["key"][],
    options: GetOptions<F> = {},
  ): Promise<(ItemOf<S, F> | null)[]> {
    const context: CallContext = { operation: "batchGet", entity: this.model.name };
    const callLimits = limitsOf(context, options, getOptionNames);
    const read = reading(context, () => this.#input.readOptions(options, context));
    const wanted = this.#input.each(keys, "keys", context, (key, at) => {
      const rawKey = rawKeyOf(this.model, this.#input.key(key, at));
      return { key, rawKey, id: keyId(rawKey) };
    });
    const unique = new Map(wanted.map(({ id, rawKey }) => [id, rawKey]));
    return perform(context, callLimits, async (call) => {
      const found = new Map<string, RawItem>();
      const missed = new Set<string>();
      let why = "";
      await inParallel(
        chunksOf([...unique.values()], limits.batchGetKeys),
        batchesInFlight,
        async (chunk) => {
          const answer = await this.#context.reader.readBatch(chunk, read, call);
          for (const [id, item] of answer.items) found.set(id, item);
          for (const rawKey of answer.unprocessed) missed.add(keyId(rawKey));
          if (answer.unprocessed.length > 0) why = answer.why;
        },
      );
      if (missed.size > 0) {
        const left = wanted.filter(({ id }) => missed.has(id)).map(({ key }) => key);
        const message = describe(
          context,
          `${left.length} of ${wanted.length} keys were not read${why}`,
        );
        throw withContext(new UnprocessedItemsError(message, left, 0), context);
      }
      const apart = itemsApart();
      return wanted.map(({ id }) => this.#itemOrNull<F>(apart(found.get(id))));
    });
  }

  /**
   * Stores any number of items; what was there is replaced whole, its CreatedAt included. Of two
   * items with one key the last wins. ⌈n/25⌉ requests in parallel.
   * @throws UnprocessedItemsError that carries exactly the items that were not written, or, with
   * `mayHaveBeenDone`, are not known to be
   */
  async batchPut(
    items: readonly InputOf<S, S["key"]>[],
    options: WriteOptions = {},
  ): Promise<{ written: number }> {
    const context: CallContext = { operation: "batchPut", entity: this.model.name };
    const now = this.#context.clock.now();
    const callLimits = limitsOf(context, options, writeOptionNames);
    const allowMissing = reading(context, () => options?.allowMissing);
    const writes = this.#input.each(items, "items", context, (input, at) => {
      const draft = this.#input.draft(input, at, { allowMissing });
      return {
        key: rawKeyOf(this.model, draft.parts),
        input,
        item: () => {
          const dated = { ...draft, createdAt: draft.createdAt ?? now };
          return itemValue(this.model, rawItemOf(this.model, dated, now));
        },
      };
    });
    return perform(context, callLimits, (call) => this.#writeAll(writes, context, call));
  }

  /**
   * Deletes any number of items; one that is not there is well. ⌈different keys/25⌉ requests in
   * parallel. `written` counts the different keys.
   * @throws UnprocessedItemsError that carries exactly the keys that were not deleted
   */
  async batchDelete(
    keys: readonly S["key"][],
    options: CallOptions = {},
  ): Promise<{ written: number }> {
    const context: CallContext = { operation: "batchDelete", entity: this.model.name };
    const callLimits = limitsOf(context, options);
    const writes = this.#input.each(keys, "keys", context, (input, at) => ({
      key: rawKeyOf(this.model, this.#input.key(input, at)),
      input,
    }));
    return perform(context, callLimits, (call) => this.#writeAll(writes, context, call));
  }

  /**
   * What `put` or `batchPut` would refuse of an item, without sending anything: its key, its
   * payload, its size. Empty where all is well.
   */
  check(input: unknown, options: Pick<WriteOptions, "allowMissing"> = {}): ValidationIssue[] {
    const context: CallContext = { operation: "check", entity: this.model.name };
    return reading(context, () => {
      refuseUnknown(context, options, checkOptionNames);
      return this.#input.issuesOf(input, { allowMissing: options?.allowMissing });
    });
  }

  async #read<F extends FieldOf<S>>(operation: string, key: S["key"], options: GetOptions<F>) {
    const { context, limits, rawKey, read } = reading(
      { operation, entity: this.model.name },
      () => {
        const of = keyContext(this.model, operation, key);
        const limits = limitsOf(of, options, getOptionNames);
        const rawKey = rawKeyOf(this.model, this.#input.key(key, of));
        return { context: of, limits, rawKey, read: this.#input.readOptions(options, of) };
      },
    );
    const item = await perform(context, limits, async (call) =>
      this.#itemOrNull<F>(await this.#context.reader.read(rawKey, read, call)),
    );
    return { context, rawKey, item };
  }

  #itemOrNull<F extends FieldOf<S>>(raw: RawItem | undefined): ItemOf<S, F> | null {
    if (raw === undefined || !isOf(this.model, raw)) return null;
    // The stored item is of this entity; its payload is read as it is, not validated again.
    return itemOf(this.model, raw) as unknown as ItemOf<S, F>;
  }

  /** Checks a query at once, but for a sealed cursor: that is opened when the plan is asked for. */
  #planQuery(
    operation: string,
    partition: unknown,
    options: object,
  ): { context: CallContext; limits: CallOptions; plan: () => QueryPlan | Promise<QueryPlan> } {
    return reading({ operation, entity: this.model.name }, () => {
      const context = keyContext(this.model, operation, partition, this.model.pk.parts);
      const limits = limitsOf(context, options, queryOptionNames);
      const parts = this.#input.partition(partition, context);
      const { tableName, cursorSeal } = this.#context;
      const first = readQueryOptions(this.model, tableName, parts, options, context);
      const { cursor } = first;
      if (cursorSeal === undefined || cursor === null) {
        const started = startedAt(first, cursor, context);
        return { context, limits, plan: () => started };
      }
      const plan = async () => startedAt(first, await cursorSeal.open(cursor, context), context);
      return { context, limits, plan };
    });
  }

  async #send<R>(
    operation: string,
    plan: () => Write<R>,
    options: CallOptions,
    known: OptionNames = callOptionNames,
  ): Promise<R> {
    const { transport, tableName } = this.#context;
    const write = reading({ operation, entity: this.model.name }, plan);
    const limits = limitsOf(write.context, options, known);
    return perform(write.context, limits, (call) => runWrite(transport, tableName, write, call));
  }

  get #input(): InputReader {
    return this.writes.input;
  }

  async #writeAll(
    writes: Parameters<typeof writeBatch<unknown>>[2],
    context: CallContext,
    call: Call,
  ): Promise<{ written: number }> {
    const { transport, tableName } = this.#context;
    const outcome = await writeBatch(transport, tableName, writes, call);
    const { written, unwritten, cause, why } = outcome;
    if (unwritten.length === 0) return { written };
    const message = describe(
      context,
      `${unwritten.length} of ${written + unwritten.length} were not written${why}`,
    );
    const items = unwritten.map((input) => withMaskedSecrets(this.model.secrets, input));
    throw withContext(new UnprocessedItemsError(message, items, written, cause), context);
  }
}
