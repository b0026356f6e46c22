/**
 * The generic repository: any item of the table by its raw keys, for scripts and for call sites of
 * the earlier layer. For entities, prefer their stores, which know keys and payloads.
 */
import { reading } from "../call/call.js";
import { callersCode, unchanged } from "../call/callers-code.js";
import type { CallContext } from "../errors/context.js";
import { attribute, type RawItem } from "../table/table.js";
import { createWrite } from "../write/create.js";
import { runWrite } from "../write/run.js";
import { tokenOf } from "../write/token.js";
import { refuseTooLarge, writeAll } from "../write/transact.js";
import { writeWhole } from "./batch.js";
import { checkedExpression } from "./expression.js";
import { runnerOf } from "./hooks.js";
import { checkedIndexKeys, completed } from "./index-keys.js";
import {
  checkCreated,
  checkData,
  checkedItems,
  checkedKeys,
  checkedUpdates,
  checkItem,
  isRecord,
  itemCall,
  keyOf,
  preparedItem,
  refuseUnknownOptions,
} from "./input.js";
import { RepositoryReads } from "./reads.js";
import { plannedWrites } from "./transaction.js";
import {
  type DynamoDBItem,
  type DynamoDBKey,
  type EntityType,
  type IndexKeys,
  type TransactWrite,
  type TransactWriteOptions,
  transactWriteOptionNames,
  type UpdateOptions,
  updateOptionNames,
} from "./types.js";
import { runUpdate } from "./update.js";

export type { RepositoryCall, RepositoryHooks, TableRequests } from "./hooks.js";
export type { RepositoryReads } from "./reads.js";
export type {
  BatchResult,
  DynamoDBCursor,
  DynamoDBItem,
  DynamoDBKey,
  EntityType,
  ExpressionAttributes,
  IndexKeys,
  NewDynamoDBItem,
  QueryOptions,
  QueryResult,
  RepositoryScanAllOptions,
  RepositoryScanOptions,
  TransactWrite,
  TransactWriteOptions,
  UpdateOptions,
} from "./types.js";

/**
 * Reads and writes items by their raw keys, over the process-wide client and table.
 *
 * Every method throws ValidationError for invalid arguments before anything is sent. Later failures
 * are errors of this package: ThroughputExceededError if DynamoDB still throttles after all retries,
 * DynamoDBError for the rest.
 *
 * An application's own repository extends it, with entity types and methods of its own. What it may
 * use and override is protected: `send`, `around`, `beforePut`, `tableName`, `retryOptions`.
 * @example
 * class AppRepository extends DynamoDBRepository<"Listing" | "Alert"> {
 *   listings = (userId: string) => this.query<Listing>(`USER#${userId}`, "LISTING#");
 * }
 */
export class DynamoDBRepository<E extends string = EntityType> extends RepositoryReads<E> {
  readonly #run = runnerOf(this);

  /**
   * Creates or replaces an item exactly as given: times, index keys and `TTL` included. One request.
   */
  async put<T>(item: DynamoDBItem<T, E>): Promise<void> {
    const { context, given } = this.#reading({ operation: "put" }, () => {
      // A string and bytes have a member for each position, and no key.
      const own: Record<string, unknown> = isRecord(item)
        ? this.#prepared({ operation: "put" }, { ...item })
        : {};
      const { [attribute.partitionKey]: pk, [attribute.sortKey]: sk } = own;
      const { context: of } = itemCall("put", pk, sk, own[attribute.entityType]);
      return { context: of, given: checkItem(of, own) };
    });
    await this.#run(context, async ({ transport, tableName }, call) => {
      await transport.send("Put", { TableName: tableName, Item: given }, call);
    });
  }

  /**
   * Creates an item with the current time as both of its times, and returns it. One request.
   *
   * An item with only one key of an index would not be in the index. If the missing one follows from
   * the entity's own keys, as it does for a review, it is added.
   * @param gsi keys of the item in indexes, `GSI1PK` to `GSI20SK`, and its `TTL` in epoch seconds
   * @throws ConditionalCheckFailedError if an item with this key exists; `mayHaveBeenDone` if it may
   * have been this call that created it
   */
  async create<T>(
    pk: string,
    sk: string,
    entityType: E,
    data: T,
    gsi?: IndexKeys & Pick<DynamoDBItem, "TTL">,
  ): Promise<DynamoDBItem<T, E>> {
    const named = itemCall("create", pk, sk, entityType);
    const now = Date.now();
    const { context, key, item } = this.#reading(named.context, () => {
      checkData(named.context, data);
      const prepared = this.#prepared(named.context, {
        ...named.key,
        [attribute.entityType]: entityType,
        [attribute.data]: data,
        [attribute.createdAt]: now,
        [attribute.updatedAt]: now,
        ...checkedIndexKeys(named.context, named.key, gsi),
      });
      checkCreated(named.context, prepared);
      const type = prepared[attribute.entityType];
      const stored = keyOf(prepared);
      const { context, key } = itemCall("create", stored.PK, stored.SK, type);
      return { context, key, item: checkItem(context, completed(String(type), key, prepared)) };
    });
    await this.#run(context, (table, call) => {
      const { tableName } = table;
      const stored = () => item as RawItem;
      const write = createWrite({ tableName, context, key, stored, result: () => undefined });
      return runWrite(table, write, call);
    });
    // As a read returns it: some values differ from what was given.
    return item as unknown as DynamoDBItem<T, E>;
  }

  /**
   * Changes fields of an item's payload. `undefined` is ignored, `null` is stored, and a dot in a
   * name has no special meaning. One request; two if the item has no `Data` or its UpdatedAt is not
   * older than the clock.
   *
   * Without a condition, UpdatedAt strictly grows. With one, it becomes the current time, and differs
   * from every time that the condition is compared with, so that it can serve as a lock.
   * @throws ItemNotFoundError if there is no item and no condition was given
   * @throws ConditionalCheckFailedError if the given condition does not hold; `mayHaveBeenDone` if a
   * response was lost and another writer has changed the item since
   */
  async update<T>(
    pk: string,
    sk: string,
    updates: Partial<T>,
    options: UpdateOptions = {},
  ): Promise<void> {
    const { context, key } = itemCall("update", pk, sk);
    const { changes, given } = reading(context, () => {
      refuseUnknownOptions(context, options, updateOptionNames);
      const { conditionExpression, ...attributes } = options ?? {};
      return {
        changes: checkedUpdates(context, updates),
        given: checkedExpression(context, conditionExpression, "conditionExpression", attributes),
      };
    });
    const update = { context, key, changes, given };
    await this.#run(context, (table, call) => runUpdate(table, update, call));
  }

  /** Deletes an item. Deleting a missing item is not an error. One request. */
  async delete(pk: string, sk: string): Promise<void> {
    const { context, key } = itemCall("delete", pk, sk);
    await this.#run(context, async ({ transport, tableName }, call) => {
      await transport.send("Delete", { TableName: tableName, Key: { ...key } }, call);
    });
  }

  /**
   * Puts and deletes any number of items, without conditions. Of two writes to one key the last wins,
   * and deletes come after puts. ⌈different keys/25⌉ requests in parallel.
   * @throws UnprocessedItemsError that carries exactly what was not written: items and keys, as given
   */
  async batchWrite<T>(puts: DynamoDBItem<T, E>[] = [], deletes: DynamoDBKey[] = []): Promise<void> {
    const context: CallContext = { operation: "batchWrite" };
    const items = this.#reading(context, () =>
      checkedItems(context, puts, "puts", (item) => this.#prepared(context, item)),
    );
    const keys = checkedKeys(context, deletes, "deletes");
    const writes = [
      ...items.map((item, index) => ({
        key: keyOf(item),
        input: puts[index] as DynamoDBItem<T, E> | DynamoDBKey,
        item: () => ({ ...item }),
      })),
      ...keys.map((key, index) => ({ key, input: deletes[index] as DynamoDBKey })),
    ];
    await this.#run(context, (table, call) => writeWhole(table, writes, call));
  }

  /**
   * Writes up to 100 items and 4 MB, all or nothing, each under a condition of the caller's or none.
   * One request, which is repeated with the same token if its response is lost or another transaction
   * is in the way. One more for an `update` without a condition whose item has no `Data` or was written
   * in the same millisecond, and one or two if a transaction was carried out under the same `token`.
   * @throws TransactionCanceledError that names the writes that stopped it, with their items. Nothing
   * was written, unless a conflict or throttling stopped it and `mayHaveBeenDone` is set
   * @throws DynamoDBError `IdempotentParameterMismatchException` if the `token` was that of other writes
   * @example
   * await repository.transactWrite([
   *   { create: { PK, SK, EntityType: "Alert", Data: alert } },
   *   { update: profileKey, updates: { alerts: 3 }, conditionExpression: "attribute_exists(PK)" },
   *   { delete: draftKey },
   * ]);
   */
  async transactWrite(
    writes: readonly TransactWrite<E>[],
    options: TransactWriteOptions = {},
  ): Promise<void> {
    const context: CallContext = { operation: "transactWrite" };
    const { planned, token } = this.#reading(context, () => {
      refuseUnknownOptions(context, options, transactWriteOptionNames);
      const planned = plannedWrites(context, writes, {
        tableName: callersCode(() => this.tableName),
        now: Date.now(),
        prepare: (item) => this.#prepared(context, item),
      });
      return { planned, token: tokenOf(options?.token, planned, context) };
    });
    refuseTooLarge(planned, context);
    await this.#run(context, (table, call) => writeAll(table, planned, call, token));
  }

  /** Reads the arguments of a write with a hook. What the hook throws is no fault of the arguments. */
  #reading<R>(context: CallContext, read: () => R): R {
    return unchanged(() => reading(context, read));
  }

  /** An item as the hook returns it; it is checked after the hook. */
  #prepared(context: CallContext, item: object): Record<string, unknown> {
    const returned = callersCode(() => this.beforePut(item as DynamoDBItem<unknown, E>));
    return { ...preparedItem(context, returned) };
  }
}

let defaultRepository: DynamoDBRepository | undefined;

/** The process-wide repository, created when it is first requested. */
export function getRepository(): DynamoDBRepository {
  defaultRepository ??= new DynamoDBRepository();
  return defaultRepository;
}

/** Discards the process-wide repository. */
export function resetRepository(): void {
  defaultRepository = undefined;
}
