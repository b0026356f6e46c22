/**
 * The generic repository: any item of the table by its raw keys, for scripts and for call sites of
 * the earlier layer. For entities, prefer their stores, which know keys and payloads.
 */
import { perform, reading } from "../call/call.js";
import { adviceOnDefaults, getDocumentClient, getTableName } from "../client/client.js";
import { type CallContext, describe, withContext } from "../errors/context.js";
import { DecryptionError } from "../errors/decryption-error.js";
import { leftOver } from "../errors/left-over.js";
import { isAdvised } from "../errors/missing-setup.js";
import { isBudgetSpent } from "../errors/notes.js";
import { budgetSpentText, nameOf } from "../errors/words.js";
import { keyId, readMany, readOne, type Table } from "../read/reader.js";
import { sealedKeyId } from "../secrets/encryption.js";
import { attribute, type RawItem } from "../table/table.js";
import type { RequestRetryOptions } from "../transport/repeats.js";
import { createTransport, type Transport } from "../transport/transport.js";
import { writeBatch } from "../write/batch.js";
import { createWrite } from "../write/create.js";
import { runWrite } from "../write/run.js";
import { checkedExpression } from "./expression.js";
import { checkedIndexKeys, indexKeysOf } from "./index-keys.js";
import {
  checkData,
  checkedItems,
  checkedKeys,
  checkedUpdates,
  checkItem,
  isRecord,
  itemCall,
  keyOf,
  refuseUnknownOptions,
} from "./input.js";
import { checkedQuery, readQuery } from "./query.js";
import {
  type BatchResult,
  type DynamoDBItem,
  type DynamoDBKey,
  type EntityType,
  type QueryOptions,
  type QueryResult,
  type UpdateOptions,
  updateOptionNames,
} from "./types.js";
import { runUpdate } from "./update.js";

export type {
  BatchResult,
  DynamoDBItem,
  DynamoDBKey,
  EntityType,
  ExpressionAttributes,
  QueryOptions,
  QueryResult,
  UpdateOptions,
} from "./types.js";

/**
 * Reads and writes items by their raw keys, over the process-wide client and table.
 *
 * Every method throws ValidationError for invalid arguments before anything is sent. Later failures
 * are errors of this package: ThroughputExceededError if DynamoDB still throttles after all retries,
 * DynamoDBError for the rest.
 */
export class DynamoDBRepository {
  private readonly transport: Transport;

  /**
   * @param retryOptions for its requests; the retry budget is this repository's own
   * @throws ConfigurationError for an invalid retry option
   */
  constructor(retryOptions: RequestRetryOptions = {}) {
    this.transport = createTransport({
      client: () => getDocumentClient(),
      retry: retryOptions,
      advice: adviceOnDefaults,
    });
  }

  /** The payload of an item, `{}` if it has no payload, or `null` if there is no item. One request. */
  async get<T>(pk: string, sk: string): Promise<T | null> {
    const item = await this.read<T>("get", pk, sk);
    return item === null ? null : item.Data;
  }

  /** An item with its keys and times, or `null` if there is none. One request. */
  async getItem<T>(pk: string, sk: string): Promise<DynamoDBItem<T> | null> {
    return this.read<T>("getItem", pk, sk);
  }

  /** The payloads of the items that {@link queryItems} finds. */
  async query<T>(
    pk: string,
    skPrefix?: string,
    options: QueryOptions = {},
  ): Promise<QueryResult<T>> {
    const { items, ...rest } = await this.readPages<T>("query", pk, skPrefix, options);
    return { items: items.map((item) => item.Data), ...rest };
  }

  /**
   * The items of a partition whose sort keys begin with a prefix, in order of their sort keys.
   *
   * Without `limit`, all of them: one request per MB read. With `limit`, one request, which may end
   * early at 1 MB. With `limit` and a filter, as many requests as it takes to find that many items.
   */
  async queryItems<T>(
    pk: string,
    skPrefix?: string,
    options: QueryOptions = {},
  ): Promise<QueryResult<DynamoDBItem<T>>> {
    return this.readPages<T>("queryItems", pk, skPrefix, options);
  }

  /**
   * Creates or replaces an item exactly as given: times, index keys and `TTL` included. One request.
   */
  async put<T>(item: DynamoDBItem<T>): Promise<void> {
    const { context, given } = reading({ operation: "put" }, () => {
      // A string and bytes have a member for each position, and no key.
      const own: Record<string, unknown> = isRecord(item) ? { ...item } : {};
      const { [attribute.partitionKey]: pk, [attribute.sortKey]: sk } = own;
      const { context: of } = itemCall("put", pk, sk, own[attribute.entityType]);
      return { context: of, given: checkItem(of, own) };
    });
    await perform(context, {}, async (call) => {
      await this.transport.send("Put", { TableName: getTableName(), Item: given }, call);
    });
  }

  /**
   * Creates an item with the current time as both of its times, and returns it. One request.
   *
   * An item with only one key of an index would not be in the index. If the missing one follows from
   * the entity's own keys, as it does for a review, it is added.
   * @throws ValidationError for keys of another index, which the table does not have
   * @throws ConditionalCheckFailedError if an item with this key exists; `mayHaveBeenDone` if it may
   * have been this call that created it
   */
  async create<T>(
    pk: string,
    sk: string,
    entityType: EntityType,
    data: T,
    gsi?: { GSI1PK?: string | undefined; GSI1SK?: string | undefined },
  ): Promise<DynamoDBItem<T>> {
    const { context, key } = itemCall("create", pk, sk, entityType);
    const now = Date.now();
    const item = reading(context, () => {
      checkData(context, data);
      return checkItem(context, {
        ...key,
        [attribute.entityType]: entityType,
        [attribute.data]: data,
        [attribute.createdAt]: now,
        [attribute.updatedAt]: now,
        ...indexKeysOf(entityType, key, { ...checkedIndexKeys(context, gsi) }),
      });
    });
    await perform(context, {}, (call) => {
      const table = this.table();
      const { tableName } = table;
      const stored = () => item as RawItem;
      const write = createWrite({ tableName, context, key, stored, result: () => undefined });
      return runWrite(table, write, call);
    });
    // As a read returns it: some values differ from what was given.
    return item as unknown as DynamoDBItem<T>;
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
    await perform(context, {}, (call) => runUpdate(this.table(), update, call));
  }

  /** Deletes an item. Deleting a missing item is not an error. One request. */
  async delete(pk: string, sk: string): Promise<void> {
    const { context, key } = itemCall("delete", pk, sk);
    await perform(context, {}, async (call) => {
      await this.transport.send("Delete", { TableName: getTableName(), Key: { ...key } }, call);
    });
  }

  /**
   * The payloads of any number of items, in the order of their keys; missing items are left out. A
   * key may be named more than once. ⌈different keys/100⌉ requests in parallel.
   */
  async batchGet<T>(keys: DynamoDBKey[]): Promise<BatchResult<T>> {
    const context: CallContext = { operation: "batchGet" };
    const checked = checkedKeys(context, keys, "keys");
    const found = await perform(context, {}, (call) => readMany(this.table(), checked, call));
    const items = checked.flatMap((key) => {
      const item = found.items.get(keyId(key));
      return item === undefined ? [] : [itemOf<T>(context, item).Data];
    });
    if (found.left.size === 0) return { items };
    // Each key once.
    return { items, unprocessedKeys: checked.filter((key) => found.left.delete(keyId(key))) };
  }

  /**
   * Puts and deletes any number of items, without conditions. Of two writes to one key the last wins,
   * and deletes come after puts. ⌈different keys/25⌉ requests in parallel.
   * @throws UnprocessedItemsError that carries exactly what was not written: items and keys, as given
   */
  async batchWrite<T>(puts: DynamoDBItem<T>[] = [], deletes: DynamoDBKey[] = []): Promise<void> {
    const context: CallContext = { operation: "batchWrite" };
    const items = checkedItems(context, puts, "puts");
    const keys = checkedKeys(context, deletes, "deletes");
    const writes = [
      ...items.map((item, index) => ({
        key: keyOf(item),
        input: puts[index] as DynamoDBItem<T> | DynamoDBKey,
        item: () => ({ ...item }),
      })),
      ...keys.map((key, index) => ({ key, input: deletes[index] as DynamoDBKey })),
    ];
    await perform(context, {}, async (call) => {
      const outcome = await writeBatch(this.table(), writes, call);
      const { items, cause } = outcome;
      if (items.length === 0) return;
      const spent = isBudgetSpent(cause) ? `, ${budgetSpentText}` : "";
      const named = ` (${nameOf(cause) ?? "Error"}${spent})`;
      const why = cause === undefined || isAdvised(cause) ? outcome.why : named;
      throw leftOver(context, "were not written", { ...outcome, why });
    });
  }

  /** The table as currently configured: a reset of the configuration takes effect at the next call. */
  private table(): Table {
    return { transport: this.transport, tableName: getTableName() };
  }

  private async read<T>(
    operation: string,
    pk: string,
    sk: string,
  ): Promise<DynamoDBItem<T> | null> {
    const { context, key } = itemCall(operation, pk, sk);
    return perform(context, {}, async (call) => {
      const item = await readOne(this.table(), key, call);
      return item === undefined ? null : itemOf<T>(context, item);
    });
  }

  private async readPages<T>(
    operation: string,
    pk: string,
    skPrefix: string | undefined,
    options: QueryOptions,
  ): Promise<QueryResult<DynamoDBItem<T>>> {
    const query = reading({ operation }, () => checkedQuery(operation, pk, skPrefix, options));
    return perform(query.context, {}, async (call) => {
      const { items, lastKey } = await readQuery(this.table(), query, call);
      return {
        items: items.map((item) => itemOf<T>(query.context, item)),
        count: items.length,
        ...(lastKey !== undefined && { lastEvaluatedKey: lastKey }),
      };
    });
  }
}

/**
 * A stored item as callers get it; if it has no payload, it gets an empty one.
 * @throws DecryptionError for an encrypted field: its ciphertext would pass as the value
 */
function itemOf<T>(context: CallContext, item: RawItem): DynamoDBItem<T> {
  const data = item[attribute.data] ?? {};
  for (const [field, value] of Object.entries(data)) {
    const keyId = sealedKeyId(value);
    if (keyId === undefined) continue;
    const own = { ...context, key: { PK: item.PK, SK: item.SK } };
    const message = describe(own, `data.${field} is encrypted: read it through its store`);
    throw withContext(new DecryptionError({ message, field, keyId }), own);
  }
  // The caller states the type of the payload.
  return { ...item, [attribute.data]: data } as unknown as DynamoDBItem<T>;
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
