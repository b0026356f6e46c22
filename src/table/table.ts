/**
 * The one table as data: its attributes, its indexes and its limits. Physical names appear in this file alone.
 */

/** Names of the attributes that every stored item may have. */
export const attribute = {
  partitionKey: "PK",
  sortKey: "SK",
  indexPartitionKey: "GSI1PK",
  indexSortKey: "GSI1SK",
  entityType: "EntityType",
  data: "Data",
  createdAt: "CreatedAt",
  updatedAt: "UpdatedAt",
  timeToLive: "TTL",
  /** The version of the payload, if it is above 1. */
  dataVersion: "DataVersion",
  /** The conditional update that wrote the item last; no reader needs it. */
  writeMark: "WriteMark",
  /** The transaction under a caller's own token that wrote the item; no reader needs it. */
  transactionMark: "TransactionMark",
  /** The UpdatedAt since which every writer that has counted is shown. */
  writersSince: "WritersSince",
  /** Who is refreshing an OAuth token; absent at other times. */
  leaseHolder: "LeaseHolder",
  /** When that lease expires, in epoch milliseconds. */
  leaseUntil: "LeaseUntil",
} as const;

/**
 * The rows that are no entity's: receipts of mutations, by which `bayon-coagent-data/server` carries each
 * out once. They expire.
 */
export const receiptRow = { entityType: "MutationReceipt", keyPrefix: "MUTATION#" } as const;

/** What the names of attributes begin with that show the last update of each writer that counts. */
export const writerPrefix = "Writer:";

/** The secondary index that holds items in order of creation: the only one of the twelve entities. */
export const indexName = "GSI1";

/** The secondary indexes that a table can have: as many as DynamoDB allows. The projection of each is ALL. */
export const indexNames = [
  "GSI1",
  "GSI2",
  "GSI3",
  "GSI4",
  "GSI5",
  "GSI6",
  "GSI7",
  "GSI8",
  "GSI9",
  "GSI10",
  "GSI11",
  "GSI12",
  "GSI13",
  "GSI14",
  "GSI15",
  "GSI16",
  "GSI17",
  "GSI18",
  "GSI19",
  "GSI20",
] as const;

/** The name of an index, for a declaration: `GSI1` to `GSI20`. */
export type IndexName = (typeof indexNames)[number];

/** The attributes that an index is made of. */
export interface IndexKeyNames {
  readonly pk: string;
  readonly sk: string;
}

/** The attributes that an index is made of: `GSI2PK` and `GSI2SK`. */
export function indexKeysOf<const I extends string>(index: I) {
  return { pk: `${index}PK`, sk: `${index}SK` } as const;
}

/** An item as the table holds it. */
export interface RawItem {
  readonly PK: string;
  readonly SK: string;
  readonly GSI1PK?: string;
  readonly GSI1SK?: string;
  readonly EntityType?: string;
  readonly Data?: Record<string, unknown>;
  readonly CreatedAt?: number;
  readonly UpdatedAt?: number;
  readonly [attributeName: string]: unknown;
}

/** The primary key of an item as the table holds it. */
export type RawKey = Pick<RawItem, "PK" | "SK">;

/**
 * The key templates of an entity, in ElectroDB's notation. An id is always the last part of a key, so
 * it may hold any character, `#` too, and needs no escape.
 */
export interface KeyTemplates {
  readonly pk: string;
  readonly sk: string;
  readonly gsi1pk?: string;
  readonly gsi1sk?: string;
}

/** Digits of a creation time in an index sort key: epoch milliseconds up to the year 2286. */
export const createdAtDigits = 13;

/**
 * Limits of DynamoDB that the layer checks before it sends anything.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
export const limits = {
  /** UTF-8 bytes of `PK` and `GSI1PK`. */
  partitionKeyBytes: 2048,
  /** UTF-8 bytes of `SK` and `GSI1SK`. */
  sortKeyBytes: 1024,
  /** Bytes of one item: UTF-8 attribute names and values. */
  itemBytes: 400 * 1024,
  /** Levels of lists and maps inside each other. */
  nestingLevels: 32,
  /** Keys in one BatchGetItem. */
  batchGetKeys: 100,
  /** Puts and deletes in one BatchWriteItem. */
  batchWriteItems: 25,
  /** Bytes of one expression, as it is sent. */
  expressionBytes: 4096,
  /** Bytes of all values that stand in the expressions of one request. */
  expressionValueBytes: 2 * 1024 * 1024,
  /** Operators and functions in one condition. */
  expressionOperators: 300,
  /** Values of one IN. */
  inValues: 100,
  /** Operations in one transaction. */
  transactionOperations: 100,
  /** Bytes of all items in one transaction. */
  transactionBytes: 4 * 1024 * 1024,
} as const;
