/** What is exported and erased of a user. */
import type { PartitionPart } from "../../entities/definition.js";
import type { CallOptions } from "../../src/call/call.js";
import type { Simplify } from "../../src/store/field-paths.js";
import type { RawItem } from "../../src/table/table.js";
import type { FacadeName } from "../entities.js";
import type { DefinitionsOf, SchemaOf } from "../registry.js";
import type { ItemOf, OwnItem } from "../stores.js";
import type { UncoveredKey, UserParts } from "./partitions.js";

/** A row of a user's partitions that is of no declared entity. */
export interface UndeclaredItem {
  readonly entity: null;
  /** The row as it is stored, by the table's own names. */
  readonly attributes: RawItem;
}

/** An item of a user, with the name of its store. */
export type UserItem = {
  [F in FacadeName]: Simplify<ItemOf<F> & { entity: F }>;
}[FacadeName];

/** An item of a user, of an application's own entities. */
export type OwnUserItem<R extends DefinitionsOf<R>> = {
  [F in keyof R & string]: [PartitionPart<SchemaOf<R[F]>>] extends [never]
    ? never
    : PartitionPart<SchemaOf<R[F]>> extends UserParts
      ? Simplify<OwnItem<R[F]> & { entity: F }>
      : never;
}[keyof R & string];

export interface UserExportOptions extends CallOptions {
  /**
   * Whether secret fields are given as `"[secret]"`, or in clear text. @default "mask"
   */
  readonly secrets?: "mask" | "reveal" | undefined;
  /** Strongly consistent reads, at twice the read units. @default false */
  readonly consistent?: boolean | undefined;
}

export interface UserEraseOptions extends CallOptions {
  /** Counts what would be erased, and erases nothing. @default false */
  readonly dryRun?: boolean | undefined;
}

/** What one call of `erase` did. */
export interface UserErasure {
  /** How many rows were erased by this call; with `dryRun`, how many there are. */
  readonly erased: number;
  /** The same by the names of the stores, for those that had any. */
  readonly entities: Readonly<Record<string, number>>;
  /** Rows of no declared entity among them. */
  readonly undeclared: number;
  /** How many rows the last look still found, because others wrote them meanwhile; 0 if none. */
  readonly left: number;
  /** Keys outside the user's partitions that hold a user's id: their items were not looked for. */
  readonly notCovered: readonly UncoveredKey[];
}

/** Everything that is stored of one user. */
export interface UserData<Item> {
  /** Keys outside the user's partitions that hold a user's id: their items are not covered. */
  readonly notCovered: readonly UncoveredKey[];
  /**
   * Everything in the user's partitions, one after the other, expired items too. A row of no declared
   * entity has `entity: null` and its `attributes`. One request per MB of each partition. `timeoutMs`
   * applies to each request; an aborted `signal` ends the loop at the next item.
   * @throws DecryptionError, DynamoDBError `UpgradeFailed`: while it is iterated, for what cannot be read
   * @example
   * for await (const item of data.user(userId).export()) console.log(JSON.stringify(item));
   */
  export(options?: UserExportOptions): AsyncIterable<Item | UndeclaredItem>;
  /**
   * Deletes everything in the user's partitions. One consistent query of keys per MB of each partition,
   * ⌈n/25⌉ BatchWriteItem requests, and the queries once more, until they find nothing: at most six
   * times. If it fails or is aborted, call it again: it goes on with what is left.
   * @throws UnprocessedItemsError if some were not deleted after all retries, or if a query failed after
   * some were: `written` says how many
   * @example
   * const { erased, left } = await data.user(userId).erase();
   */
  erase(options?: UserEraseOptions): Promise<UserErasure>;
}
