/** A store whose entity is known at run time only: what all twelve have in common. */
import type { CallOptions, DataLayer, ValidationIssue } from "../../src/index.js";

export type Key = Readonly<Record<string, unknown>>;

export interface StoredItem {
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly [keyPart: string]: unknown;
}

export interface ItemInput {
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt?: number;
  readonly [keyPart: string]: unknown;
}

interface WriteOptions extends CallOptions {
  readonly allowMissing?: boolean;
}

export interface AnyStore {
  check(input: object, options?: WriteOptions): readonly ValidationIssue[];
  get(key: Key, options?: object): Promise<StoredItem | null>;
  getOrThrow(key: Key): Promise<StoredItem>;
  query(partition: Key, options?: object): Promise<{ items: StoredItem[]; cursor: string | null }>;
  list(partition: Key, options?: object): AsyncIterable<StoredItem>;
  create(input: ItemInput): Promise<StoredItem>;
  put(input: ItemInput): Promise<StoredItem>;
  update(key: Key, changes: object, options?: object): Promise<StoredItem>;
  delete(key: Key, options?: object): Promise<StoredItem | null>;
  batchGet(keys: readonly Key[], options?: CallOptions): Promise<(StoredItem | null)[]>;
  batchPut(items: readonly object[], options?: WriteOptions): Promise<{ written: number }>;
  batchDelete(keys: readonly Key[], options?: CallOptions): Promise<{ written: number }>;
}

/** The store of a facade name. Its run-time checks replace the types that are lost here. */
export function storeOf(data: DataLayer, facade: string): AnyStore {
  return (data as unknown as Readonly<Record<string, AnyStore>>)[facade] as AnyStore;
}
