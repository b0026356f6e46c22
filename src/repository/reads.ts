/** What the generic repository reads. */
import { reading } from "../call/call.js";
import type { CallContext } from "../errors/context.js";
import { keyId, keysById, readMany, readOne } from "../read/reader.js";
import { RepositoryHooks, runnerOf } from "./hooks.js";
import { checkedKeys, itemCall } from "./input.js";
import { itemOf } from "./item.js";
import type { PageEnd } from "./pages.js";
import { checkedQuery, type GivenSortKeys, readQuery } from "./query.js";
import { checkedScan, checkedScanAll, readAll, readScan } from "./scan.js";
import type {
  BatchResult,
  DynamoDBItem,
  DynamoDBKey,
  EntityType,
  QueryOptions,
  QueryResult,
  RepositoryScanAllOptions,
  RepositoryScanOptions,
} from "./types.js";

/** The reading half of a repository. */
export class RepositoryReads<E extends string = EntityType> extends RepositoryHooks<E> {
  readonly #run = runnerOf(this);

  /** The payload of an item, `{}` if it has no payload, or `null` if there is no item. One request. */
  async get<T>(pk: string, sk: string): Promise<T | null> {
    const item = await this.#read<T>("get", pk, sk);
    return item === null ? null : item.Data;
  }

  /** An item with its keys and times, or `null` if there is none. One request. */
  async getItem<T>(pk: string, sk: string): Promise<DynamoDBItem<T, E> | null> {
    return this.#read<T>("getItem", pk, sk);
  }

  /** The payloads of the items that {@link queryItems} finds. */
  async query<T>(
    pk: string,
    skPrefix?: string,
    options: QueryOptions = {},
  ): Promise<QueryResult<T>> {
    return payloadsOf(await this.#query<T>("query", pk, { skPrefix }, options));
  }

  /**
   * The items of a partition whose sort keys begin with a prefix, in order of their sort keys. With
   * `indexName`, both are those of the index: `GSI2PK` and `GSI2SK`.
   *
   * Without `limit`, all of them: one request per MB read. With `limit`, one request, which may end
   * early at 1 MB. With `limit` and a filter, as many requests as it takes to find that many items.
   * @example
   * const { items, lastEvaluatedKey } = await repository.queryItems("ALERTS#new", "", {
   *   indexName: "GSI2", limit: 20, scanIndexForward: false,
   * });
   */
  async queryItems<T>(
    pk: string,
    skPrefix?: string,
    options: QueryOptions = {},
  ): Promise<QueryResult<DynamoDBItem<T, E>>> {
    return this.#query<T>("queryItems", pk, { skPrefix }, options);
  }

  /**
   * The payloads of the items of a partition whose sort keys lie between two, both included. Options
   * and requests are those of {@link queryItems}.
   */
  async queryBetween<T>(
    pk: string,
    skStart: string,
    skEnd: string,
    options: QueryOptions = {},
  ): Promise<QueryResult<T>> {
    return payloadsOf(await this.#query<T>("queryBetween", pk, { skStart, skEnd }, options));
  }

  /** The payloads of the items that {@link scanItems} finds. */
  async scan<T>(options: RepositoryScanOptions = {}): Promise<QueryResult<T>> {
    return payloadsOf(await this.#scan<T>("scan", options));
  }

  /**
   * The items of the table, of an index (`indexName`) or of one of its segments, in no order. It reads
   * all of them, whatever the filter leaves.
   *
   * Without `limit`, all in one array: one request per MB read. With `limit`, one request, which may
   * end early at 1 MB. With `limit` and a filter, as many requests as it takes to find that many
   * items. For a large table use {@link scanAll}, which holds one page at a time.
   */
  async scanItems<T>(
    options: RepositoryScanOptions = {},
  ): Promise<QueryResult<DynamoDBItem<T, E>>> {
    return this.#scan<T>("scanItems", options);
  }

  /**
   * All items of the table or of an index, one by one, in no order. One request per MB read, and one
   * page of each segment in memory. Each loop over the result reads the table anew; leaving the loop
   * ends the requests.
   * @throws ValidationError at once for invalid options
   * @example
   * for await (const item of repository.scanAll({ segments: 4 })) console.log(item.PK, item.SK);
   */
  scanAll<T>(options: RepositoryScanAllOptions = {}): AsyncIterable<DynamoDBItem<T, E>> {
    const scan = reading({ operation: "scanAll" }, () => checkedScanAll("scanAll", options));
    const run = this.#run;
    async function* items() {
      for await (const page of readAll(scan, run)) {
        for (const item of page) yield itemOf<T, E>(scan.context, item);
      }
    }
    return { [Symbol.asyncIterator]: items };
  }

  /**
   * The payloads of any number of items, in the order of their keys; missing items are left out. A
   * key may be named more than once. ⌈different keys/100⌉ requests in parallel.
   */
  async batchGet<T>(keys: DynamoDBKey[]): Promise<BatchResult<T>> {
    const context: CallContext = { operation: "batchGet" };
    const checked = checkedKeys(context, keys, "keys");
    const different = keysById(checked);
    const found = await this.#run(context, (table, call) => readMany(table, different, call));
    const items = checked.flatMap((key) => {
      const item = found.items.get(keyId(key));
      return item === undefined ? [] : [itemOf<T, E>(context, item).Data];
    });
    if (found.left.size === 0) return { items };
    // Each key once.
    return { items, unprocessedKeys: checked.filter((key) => found.left.delete(keyId(key))) };
  }

  #read<T>(operation: string, pk: string, sk: string): Promise<DynamoDBItem<T, E> | null> {
    const { context, key } = itemCall(operation, pk, sk);
    return this.#run(context, async (table, call) => {
      const item = await readOne(table, key, call);
      return item === undefined ? null : itemOf<T, E>(context, item);
    });
  }

  #query<T>(
    operation: string,
    pk: string,
    sortKeys: GivenSortKeys,
    options: QueryOptions,
  ): Promise<QueryResult<DynamoDBItem<T, E>>> {
    const query = reading({ operation }, () => checkedQuery(operation, pk, sortKeys, options));
    const { context } = query;
    return this.#run(context, async (table, call) =>
      resultOf<T, E>(context, await readQuery(table, query, call)),
    );
  }

  #scan<T>(
    operation: string,
    options: RepositoryScanOptions,
  ): Promise<QueryResult<DynamoDBItem<T, E>>> {
    const scan = reading({ operation }, () => checkedScan(operation, options));
    const { context } = scan;
    return this.#run(context, async (table, call) =>
      resultOf<T, E>(context, await readScan(table, scan, call)),
    );
  }
}

function resultOf<T, E extends string>(
  context: CallContext,
  { items, lastKey }: PageEnd,
): QueryResult<DynamoDBItem<T, E>> {
  return {
    items: items.map((item) => itemOf<T, E>(context, item)),
    count: items.length,
    ...(lastKey !== undefined && { lastEvaluatedKey: lastKey }),
  };
}

function payloadsOf<T>({ items, ...rest }: QueryResult<{ readonly Data: T }>): QueryResult<T> {
  return { items: items.map((item) => item.Data), ...rest };
}
