/** What the generic repository takes and returns: the types that its callers name. */
import { optionNames } from "../call/options.js";
import type { oldKeys } from "../keys/key-functions.js";
import { type IndexName, indexKeysOf, indexNames } from "../table/table.js";

/**
 * The name of one of the twelve entities, or of anything else that an application keeps here. A
 * repository of the application's own names its own: `DynamoDBRepository<AppEntityType>`.
 */
export type EntityType = keyof typeof oldKeys | (string & Record<never, never>);

/** The primary key of an item. */
export interface DynamoDBKey {
  PK: string;
  SK: string;
}

/**
 * The keys of an item in the table's indexes: `GSI1PK` and `GSI1SK` to `GSI20PK` and `GSI20SK`. An
 * index holds an item only if it has both of its keys.
 */
export type IndexKeys = { [Name in `${IndexName}${"PK" | "SK"}`]?: string | undefined };

/** Where a query or a scan continues: the key of an item, with its keys in the index that is read. */
export interface DynamoDBCursor extends DynamoDBKey, IndexKeys {}

/** An item as the table holds it, its payload in `Data`. */
export interface DynamoDBItem<T = unknown, E extends string = EntityType>
  extends DynamoDBKey,
    IndexKeys {
  EntityType: E;
  Data: T;
  /** Epoch milliseconds. */
  CreatedAt: number;
  /** Epoch milliseconds. */
  UpdatedAt: number;
  /** When DynamoDB may delete the item: epoch seconds, an integer. @default never */
  TTL?: number | undefined;
}

/** Placeholders of a caller's own expression. They keep their meaning, whatever their names are. */
export interface ExpressionAttributes {
  expressionAttributeValues?: Record<string, unknown> | undefined;
  expressionAttributeNames?: Record<string, string> | undefined;
}

export interface QueryOptions extends ExpressionAttributes {
  /** Maximum number of items to return, after the filter: an integer > 0. @default all of them */
  limit?: number | undefined;
  /** Continues after this key: the `lastEvaluatedKey` of a result of the same call. */
  exclusiveStartKey?: DynamoDBCursor | undefined;
  /** Whether sort keys ascend. @default true */
  scanIndexForward?: boolean | undefined;
  /** Sent unchanged. */
  filterExpression?: string | undefined;
  /** The index to read: `GSI1` to `GSI20`. @default the table itself */
  indexName?: IndexName | (string & Record<never, never>) | undefined;
}

/** What a scan of one page takes: what a query does, but it has no order. */
export interface RepositoryScanOptions extends Omit<QueryOptions, "scanIndexForward"> {
  /** Which of the `segments` to read: an integer from 0. @default the whole table */
  segment?: number | undefined;
  /** Into how many segments the table is divided: 1 to 64. Each can be read by another process. */
  segments?: number | undefined;
}

/** What a scan of everything takes. */
export interface RepositoryScanAllOptions
  extends Omit<RepositoryScanOptions, "limit" | "exclusiveStartKey" | "segment" | "segments"> {
  /** How many segments of the table are read at the same time: 1 to 64. @default 1 */
  segments?: number | undefined;
}

const readOptions = {
  indexName: true,
  filterExpression: true,
  expressionAttributeValues: true,
  expressionAttributeNames: true,
} as const;
const pageOptions = { limit: true, exclusiveStartKey: true, ...readOptions } as const;

export const queryOptionNames = optionNames<QueryOptions>({
  ...pageOptions,
  scanIndexForward: true,
});

export const scanOptionNames = optionNames<RepositoryScanOptions>({
  ...pageOptions,
  segment: true,
  segments: true,
});

export const scanAllOptionNames = optionNames<RepositoryScanAllOptions>({
  ...readOptions,
  segments: true,
});

export interface QueryResult<T> {
  items: T[];
  /** The key after which to continue. If it is missing, there are no more items. */
  lastEvaluatedKey?: DynamoDBCursor;
  /** Number of items in this result. */
  count: number;
}

export interface BatchResult<T> {
  items: T[];
  /** Keys that were not read after all retries. */
  unprocessedKeys?: DynamoDBKey[];
}

export interface UpdateOptions extends ExpressionAttributes {
  /** Sent unchanged. @default the item must exist */
  conditionExpression?: string | undefined;
}

export const updateOptionNames = optionNames<UpdateOptions>({
  conditionExpression: true,
  expressionAttributeValues: true,
  expressionAttributeNames: true,
});

/** The names of {@link IndexKeys}. */
export const indexKeyNames = indexNames.flatMap((name) => Object.values(indexKeysOf(name)));

/** An item that is to be created; its times are those of the call. */
export type NewDynamoDBItem<T = unknown, E extends string = EntityType> = Omit<
  DynamoDBItem<T, E>,
  "CreatedAt" | "UpdatedAt"
>;

/** One write of a transaction: what it does, and under which condition. */
export type TransactWrite<E extends string = EntityType> =
  /** Creates an item that must not exist. */
  | { create: NewDynamoDBItem<unknown, E> }
  /** Creates or replaces an item exactly as given. */
  | ({ put: DynamoDBItem<unknown, E> } & UpdateOptions)
  /** Changes fields of a payload; the item must exist, unless a condition says otherwise. */
  | ({ update: DynamoDBKey; updates: object } & UpdateOptions)
  /** Deletes an item; a missing one is no error. */
  | ({ delete: DynamoDBKey } & UpdateOptions)
  /** Writes nothing: its condition must hold. */
  | ({ check: DynamoDBKey; conditionExpression: string } & ExpressionAttributes);

/** What a transaction takes beside its writes. */
export interface TransactWriteOptions {
  /**
   * A token of your own, of 1 to 36 bytes: within ten minutes DynamoDB carries out one transaction under
   * it, whichever process sends it. @default one for each call
   */
  token?: string | undefined;
}

export const transactWriteOptionNames = optionNames<TransactWriteOptions>({ token: true });
