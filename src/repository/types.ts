/** What the generic repository takes and returns: the types that its callers name. */
import { optionNames } from "../call/options.js";
import type { oldKeys } from "../keys/key-functions.js";

/** The name of one of the twelve entities, or of anything else that an application keeps here. */
export type EntityType = keyof typeof oldKeys | (string & Record<never, never>);

/** The primary key of an item. */
export interface DynamoDBKey {
  PK: string;
  SK: string;
}

/** An item as the table holds it, its payload in `Data`. */
export interface DynamoDBItem<T = unknown> extends DynamoDBKey {
  EntityType: EntityType;
  Data: T;
  /** Epoch milliseconds. */
  CreatedAt: number;
  /** Epoch milliseconds. */
  UpdatedAt: number;
  /** The index holds an item only if it has both keys. */
  GSI1PK?: string | undefined;
  GSI1SK?: string | undefined;
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
  /** Continues after this key: the `lastEvaluatedKey` of a result. */
  exclusiveStartKey?: DynamoDBKey | undefined;
  /** Whether sort keys ascend. @default true */
  scanIndexForward?: boolean | undefined;
  /** Sent unchanged. */
  filterExpression?: string | undefined;
}

export const queryOptionNames = optionNames<QueryOptions>({
  limit: true,
  exclusiveStartKey: true,
  scanIndexForward: true,
  filterExpression: true,
  expressionAttributeValues: true,
  expressionAttributeNames: true,
});

export interface QueryResult<T> {
  items: T[];
  /** The key after which to continue. If it is missing, there are no more items. */
  lastEvaluatedKey?: DynamoDBKey;
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

/** The keys of the table's index with which an item is created. */
export interface IndexKeys {
  GSI1PK?: string | undefined;
  GSI1SK?: string | undefined;
}

export const indexKeyNames = optionNames<IndexKeys>({ GSI1PK: true, GSI1SK: true });
