/** The facade of one entity: checks its arguments, sends requests, returns items. */
import type { EntityConfiguration } from "electrodb";
import {
  type Call,
  type CallOptions,
  callOptionNames,
  limitsOf,
  perform,
  reading,
} from "../call/call.js";
import { type OptionNames, refuseUnknown } from "../call/options.js";
import { readEach } from "../entity/each.js";
import type { InputReader, Sources } from "../entity/input.js";
import { type AnyItem, isOf, itemOf } from "../entity/item.js";
import {
  type Declaration,
  type EntityModel,
  keyContext,
  modelOf,
  type Owner,
  rawKeyOf,
} from "../entity/model.js";
import { ownEntity } from "../entity/own-entity.js";
import type { FieldPath as ReadPath } from "../entity/projection.js";
import type { CallContext } from "../errors/context.js";
import { leftOver } from "../errors/left-over.js";
import type { ValidationIssue } from "../errors/validation-error.js";
import { withOwnErrors } from "../native/native-entity.js";
import { ownItem } from "../read/own-item.js";
import { keyId, type Reader, readMany } from "../read/reader.js";
import type { CursorSeal } from "../secrets/cursor-seal.js";
import type { Cipher } from "../secrets/encryption.js";
import { withMaskedSecrets } from "../secrets/masking.js";
import { itemValue } from "../secrets/secret-value.js";
import type { RawItem } from "../table/table.js";
import type { Transport } from "../transport/transport.js";
import { writeBatch } from "../write/batch.js";
import type { Write } from "../write/plan.js";
import { notFound } from "../write/refusals.js";
import { runInTurn } from "../write/signed.js";
import { rawItemOf } from "../write/stored-item.js";
import type { Writer } from "../write/writers.js";
import type { FieldPath } from "./field-paths.js";
import { Planner } from "./planner.js";
import { Queries } from "./queries.js";
import { scanTable } from "./scan.js";
import type { StoreCalls } from "./store-calls.js";
import {
  type Changes,
  type CountByOptions,
  type CountOptions,
  type DeleteOptions,
  deleteOptionNames,
  type GetOptions,
  getOptionNames,
  type IndexParts,
  type NewInput,
  ofOperation,
  type PutInput,
  type PutOptions,
  putOptionNames,
  type QueryByOptions,
  type QueryOptions,
  type QueryPage,
  type Returned,
  type ScanOptions,
  type ScanPage,
  type StoreItem,
  type StoreSpec,
  type UpdateOptions,
  updateOptionNames,
  type WriteOptions,
  writeOptionNames,
} from "./store-types.js";

/** What the stores of one data layer share. */
export interface StoreContext extends Sources {
  readonly transport: Transport;
  readonly reader: Reader;
  readonly tableName: string;
  /** Signs the updates that count. */
  readonly writer: Writer;
  /** Encrypts secret fields, if keys are configured. */
  readonly cipher: Cipher | undefined;
  /** Encrypts cursors, if a secret is configured. */
  readonly cursorSeal: CursorSeal | undefined;
}

const checkOptionNames = ofOperation(writeOptionNames);

/** The store of one entity: its calls, those over all partitions, and the entity itself. */
export interface EntityStore<S extends StoreSpec> extends StoreCalls<S> {
  /**
   * All items of the entity, over all partitions, by pages. **Reads the whole table and costs as much**: a
   * list that users wait for needs an index. One request per MB of the table, at least one per segment;
   * with `limit`, up to one per segment more. Each segment has one page in memory. A page's `cursor`
   * continues behind it, also after an error, which ends the loop. `timeoutMs` applies to each request.
   * @example
   * for await (const { items, cursor } of data.lead.scan()) await save(items, cursor);
   */
  scan<const F extends FieldPath = string>(
    options?: ScanOptions<S, F>,
  ): AsyncIterable<ScanPage<StoreItem<S, F>>>;

  /**
   * The ElectroDB entity, over the same transport, for what the store does not offer. It throws this
   * package's errors, with ElectroDB's as the cause. It checks no payload, and `updatedAt` grows only
   * if the chain sets it.
   */
  readonly entity: S["entity"];
}

/** What the package's own code needs of a store. Callers do not see it. */
export interface StoreInternals {
  /** What the store knows about its entity. */
  readonly model: EntityModel;
  /** The store's writes, for transactions and for calls under other names. */
  readonly writes: Planner;
  /** Reads an item like `get`, for a call under another name. */
  read(operation: string, key: unknown, options: object): Promise<AnyItem | null>;
  /** Carries out a write on behalf of a call that is in progress. */
  run<R>(write: Write<R>, call: Call): Promise<R>;
}

/** What a store is created from. */
export interface DeclaredEntity<S extends StoreSpec> extends Declaration {
  entity(config: Pick<EntityConfiguration, "table" | "client">): S["entity"];
}

let internals: (store: Store<StoreSpec>) => StoreInternals;

class Store<S extends StoreSpec> implements EntityStore<S> {
  declare readonly entity: S["entity"];
  readonly #internals: StoreInternals;
  readonly #context: StoreContext;
  readonly #queries: Queries;

  static {
    internals = (store) => store.#internals;
  }

  constructor(declared: DeclaredEntity<S>, context: StoreContext, owner?: Owner) {
    const { cipher, clock } = context;
    const model = modelOf(declared, { owner, encrypts: cipher !== undefined, clock });
    this.#internals = {
      model,
      writes: new Planner(model, context.tableName, context),
      read: async (operation, key, options) => {
        const { item } = await this.#read(operation, key as S["key"], options as GetOptions<S>);
        return item as AnyItem | null;
      },
      run: (write, call) => runInTurn(context, write, call),
    };
    this.#context = context;
    this.#queries = new Queries(model, this.#input, context);
    if (owner !== undefined) return;
    let made: S["entity"] | undefined;
    const get = () => {
      const config = { table: context.tableName, client: context.transport.client };
      made ??= withOwnErrors(ownEntity(declared, declared.entity(config)));
      return made;
    };
    Object.defineProperty(this, "entity", { get, enumerable: true });
  }

  async get<const F extends FieldPath = string>(
    key: S["key"],
    options: GetOptions<S, F> = {},
  ): Promise<StoreItem<S, F> | null> {
    return (await this.#read("get", key, options)).item;
  }

  async getOrThrow<const F extends FieldPath = string>(
    key: S["key"],
    options: GetOptions<S, F> = {},
  ): Promise<StoreItem<S, F>> {
    const { item, context } = await this.#read("getOrThrow", key, options);
    if (item === null) throw notFound(context);
    return item;
  }

  async query<const F extends FieldPath = string>(
    partition: S["partition"],
    options: QueryOptions<S, F> = {},
  ): Promise<QueryPage<StoreItem<S, F>>> {
    const planned = this.#queries.plan("query", partition, options);
    const page: QueryPage<unknown> = await this.#queries.page(planned);
    return page as QueryPage<StoreItem<S, F>>;
  }

  list<const F extends FieldPath = string>(
    partition: S["partition"],
    options: QueryOptions<S, F> = {},
  ): AsyncIterable<StoreItem<S, F>> {
    const planned = this.#queries.plan("list", partition, options);
    return this.#queries.items(planned) as AsyncIterable<unknown> as AsyncIterable<StoreItem<S, F>>;
  }

  async count(partition: S["partition"], options: CountOptions<S> = {}): Promise<number> {
    return await this.#queries.count(this.#queries.planCount(partition, options));
  }

  async queryBy<const I extends keyof S["indexes"] & string, const F extends FieldPath = string>(
    index: I,
    parts: IndexParts<S, I>,
    options: QueryByOptions<S, I, F> = {},
  ): Promise<QueryPage<StoreItem<S, F>>> {
    const planned = this.#queries.planBy("queryBy", index, parts, options);
    const page: QueryPage<unknown> = await this.#queries.page(planned);
    return page as QueryPage<StoreItem<S, F>>;
  }

  listBy<const I extends keyof S["indexes"] & string, const F extends FieldPath = string>(
    index: I,
    parts: IndexParts<S, I>,
    options: QueryByOptions<S, I, F> = {},
  ): AsyncIterable<StoreItem<S, F>> {
    const planned = this.#queries.planBy("listBy", index, parts, options);
    return this.#queries.items(planned) as AsyncIterable<unknown> as AsyncIterable<StoreItem<S, F>>;
  }

  async countBy<const I extends keyof S["indexes"] & string>(
    index: I,
    parts: IndexParts<S, I>,
    options: CountByOptions<S, I> = {},
  ): Promise<number> {
    return await this.#queries.count(this.#queries.planCountBy(index, parts, options));
  }

  scan<const F extends FieldPath = string>(
    options: ScanOptions<S, F> = {},
  ): AsyncIterable<ScanPage<StoreItem<S, F>>> {
    const found = scanTable(this.#model, this.#context, options);
    return found as AsyncIterable<ScanPage<unknown>> as AsyncIterable<ScanPage<StoreItem<S, F>>>;
  }

  create(input: NewInput<S>, options: CallOptions = {}): Promise<S["item"]> {
    return this.#send("create", () => this.#writes.create(input), options) as Promise<S["item"]>;
  }

  put<const R extends string = string>(
    input: PutInput<S>,
    options: PutOptions<R> = {},
  ): Promise<Returned<S["item"], S["item"] | null, R>> {
    const plan = () => this.#writes.put(input, options);
    return this.#send("put", plan, options, putOptionNames) as Promise<never>;
  }

  upsert(input: PutInput<S>, options: CallOptions = {}): Promise<S["item"]> {
    return this.#send("upsert", () => this.#writes.upsert(input), options) as Promise<S["item"]>;
  }

  update<const R extends string = string>(
    key: S["key"],
    changes: Changes<S>,
    options: UpdateOptions<S, R> = {},
  ): Promise<Returned<S["item"], S["item"], R>> {
    const plan = () => this.#writes.update(key, changes, options, updateOptionNames);
    return this.#send("update", plan, options, updateOptionNames) as Promise<never>;
  }

  delete(key: S["key"], options: DeleteOptions<S> = {}): Promise<S["item"] | null> {
    const plan = () => this.#writes.delete(key, options, deleteOptionNames);
    return this.#send("delete", plan, options, deleteOptionNames) as Promise<S["item"] | null>;
  }

  async batchGet<const F extends FieldPath = string>(
    keys: readonly S["key"][],
    options: GetOptions<S, F> = {},
  ): Promise<(StoreItem<S, F> | null)[]> {
    const context: CallContext = { operation: "batchGet", entity: this.#model.name };
    const callLimits = limitsOf(context, options, getOptionNames);
    const { read, fields } = reading(context, () => this.#input.readOptions(options, context));
    const wanted = readEach(keys, "keys", context, (key) => {
      const rawKey = rawKeyOf(this.#model, this.#input.key(key, context));
      return { key, rawKey, id: keyId(rawKey) };
    });
    const rawKeys = new Map(wanted.map(({ id, rawKey }) => [id, rawKey]));
    return await perform(context, callLimits, async (call) => {
      const { items, left, why, cause } = await readMany(this.#context, rawKeys, call, read);
      if (left.size > 0) {
        const unread = wanted.filter(({ id }) => left.has(id)).map(({ key }) => key);
        const told = { items: unread, of: wanted.length, written: 0, why, cause };
        throw leftOver(context, "keys were not read", told);
      }
      return wanted.map(({ id }) =>
        this.#itemOrNull<F>(ownItem(items.get(id)), "batchGet", fields),
      );
    });
  }

  async batchPut(
    items: readonly PutInput<S>[],
    options: WriteOptions = {},
  ): Promise<{ written: number }> {
    const context: CallContext = { operation: "batchPut", entity: this.#model.name };
    const now = this.#context.clock.now();
    const callLimits = limitsOf(context, options, writeOptionNames);
    const allowMissing = reading(context, () => options?.allowMissing);
    const writes = readEach(items, "items", context, (input) => {
      const draft = this.#input.draft(input, context, { allowMissing });
      return {
        key: rawKeyOf(this.#model, draft.parts),
        input,
        item: () => {
          const dated = { ...draft, createdAt: draft.createdAt ?? now };
          return itemValue(this.#model, rawItemOf(this.#model, dated, now));
        },
      };
    });
    return await perform(context, callLimits, (call) => this.#writeAll(writes, context, call));
  }

  async batchDelete(
    keys: readonly S["key"][],
    options: CallOptions = {},
  ): Promise<{ written: number }> {
    const context: CallContext = { operation: "batchDelete", entity: this.#model.name };
    const callLimits = limitsOf(context, options);
    const writes = readEach(keys, "keys", context, (input) => ({
      key: rawKeyOf(this.#model, this.#input.key(input, context)),
      input,
    }));
    return await perform(context, callLimits, (call) => this.#writeAll(writes, context, call));
  }

  check(input: unknown, options: Pick<WriteOptions, "allowMissing"> = {}): ValidationIssue[] {
    const context: CallContext = { operation: "check", entity: this.#model.name };
    return reading(context, () => {
      refuseUnknown(context, options, checkOptionNames);
      return this.#input.issuesOf(input, { allowMissing: options?.allowMissing });
    });
  }

  async #read<F extends FieldPath>(operation: string, key: S["key"], options: GetOptions<S, F>) {
    const entity = this.#model.name;
    const { context, limits, rawKey, read, fields } = reading({ operation, entity }, () => {
      const of = keyContext(this.#model, operation, key);
      const limits = limitsOf(of, options, getOptionNames);
      const rawKey = rawKeyOf(this.#model, this.#input.key(key, of));
      return { context: of, limits, rawKey, ...this.#input.readOptions(options, of) };
    });
    const item = await perform(context, limits, async (call) =>
      this.#itemOrNull<F>(await this.#context.reader.read(rawKey, read, call), operation, fields),
    );
    return { context, item };
  }

  #itemOrNull<F extends FieldPath>(
    raw: RawItem | undefined,
    operation: string,
    fields: readonly ReadPath[] | undefined,
  ): StoreItem<S, F> | null {
    if (raw === undefined || !isOf(this.#model, raw)) return null;
    // The stored item is of this entity. Its payload is returned as stored, and not validated again.
    const item = itemOf(this.#model, raw, "refuse", operation, fields);
    return item as unknown as StoreItem<S, F>;
  }

  async #send<R>(
    operation: string,
    plan: () => Write<R>,
    options: CallOptions,
    known: OptionNames = callOptionNames,
  ): Promise<R> {
    const write = reading({ operation, entity: this.#model.name }, plan);
    const limits = limitsOf(write.context, options, known);
    return await perform(write.context, limits, (call) => this.#internals.run(write, call));
  }

  get #model(): EntityModel {
    return this.#internals.model;
  }

  get #writes(): Planner {
    return this.#internals.writes;
  }

  get #input(): InputReader {
    return this.#writes.input;
  }

  async #writeAll(
    writes: Parameters<typeof writeBatch<unknown>>[1],
    context: CallContext,
    call: Call,
  ): Promise<{ written: number }> {
    const outcome = await writeBatch(this.#context, writes, call);
    const { written, items } = outcome;
    if (items.length === 0) return { written };
    const shown = items.map((input) => withMaskedSecrets(this.#model.secrets, input));
    throw leftOver(context, "were not written", { ...outcome, items: shown });
  }
}

/**
 * Creates the store of an entity.
 * @param owner limits the store to this owner's items: callers then do not give these parts of the key
 */
export function createStore<S extends StoreSpec>(
  declared: DeclaredEntity<S>,
  context: StoreContext,
  owner?: Owner,
): EntityStore<S> {
  return new Store<S>(declared, context, owner);
}

/** The internals of a store that this package created. For anything else, TypeError is thrown. */
export function internalsOf(store: object): StoreInternals {
  return internals(store as Store<StoreSpec>);
}

/** The class for `instanceof`: every store of a data layer is one. Only a data layer creates them. */
export const EntityStore: abstract new <S extends StoreSpec>() => EntityStore<S> = Store as never;
