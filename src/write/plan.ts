/**
 * A planned write: how its request is built, and what a refusal means.
 *
 * DynamoDB reports only that a condition failed. Each write therefore requests the item that was there.
 * From it the write decides whether to try again, now that the item is known, or which error to throw.
 */
import type {
  DeleteCommandInput,
  PutCommandInput,
  UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import type { EntityModel } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import type { DynamoDBError } from "../errors/dynamodb-error.js";
import type { Clock } from "../runtime/clock.js";
import type { RawItem, RawKey } from "../table/table.js";
import type { Signature } from "./writers.js";

export type WriteRequest =
  | { readonly kind: "ConditionCheck"; readonly input: ConditionCheckInput }
  | { readonly kind: "Put"; readonly input: PutCommandInput }
  | { readonly kind: "Update"; readonly input: UpdateCommandInput }
  | { readonly kind: "Delete"; readonly input: DeleteCommandInput };

/** A condition on an item, for transactions only. */
export type ConditionCheckInput = Pick<
  DeleteCommandInput,
  | "TableName"
  | "Key"
  | "ConditionExpression"
  | "ExpressionAttributeNames"
  | "ExpressionAttributeValues"
  | "ReturnValuesOnConditionCheckFailure"
>;

/** What a refused write found: the item that was there, or `null` if there was none. */
export interface Seen {
  readonly item: RawItem | null;
  /** The error that DynamoDB returned. */
  readonly cause?: unknown;
}

/** What a write was planned from: the same for the same arguments. */
export interface Plan {
  /** Whether a part of the key was made up, so that the same call has another key the next time. */
  readonly isGenerated?: boolean;
  /** A whole item by raw keys, or what a later call must have in common with it. */
  readonly item?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly changes?: readonly { readonly path: readonly unknown[]; readonly value: unknown }[];
}

/** One write of one item. */
export interface Write<Result> {
  /** On the write itself: a WeakMap of all writes costs 3 µs each, most of it in the garbage collector. */
  plan?: Plan;
  readonly context: CallContext;
  readonly key: RawKey;
  /** The least bytes that it stores, if they count towards a limit. */
  readonly bytes?: number;
  /** Builds the request, from what a refused one found, if there was one. */
  request(seen: Seen | undefined): WriteRequest;
  /** Whether the first request depends on the stored item, which is then read first. */
  readonly readsFirst?: boolean;
  /** Whether a failed condition proves that there is an item. */
  readonly refusedByItem: boolean;
  /**
   * What a failed condition means: write again, an error, or nothing left to do because there is no
   * item of the entity. In a transaction, the next request then checks that this is still so.
   */
  refused(seen: Seen): DynamoDBError | "again" | "nothing";
  /** Whether the stored item is what the last request would have left if it was carried out. */
  isDone?(item: RawItem | null): boolean;
  /**
   * Whether, after a lost response, an item does not show if the write was carried out, and it must not be
   * carried out twice.
   */
  isUnknown?(item: RawItem | null): boolean;
  /** Signs a write that counts, before its first request; only these have it. */
  sign?(signature: Signature): void;
  /**
   * The result if `isDone` shows that a request with a lost response was carried out; by default that of the
   * stored item.
   * @throws DynamoDBError `AnswerLost` if the result was in the response alone
   */
  found?(item: RawItem | null): Result;
  /** Makes the result of the call from the attributes in the response. */
  result(attributes: RawItem | undefined): Result;
}

/** One write of a transaction; its context and key are the write's own. */
export interface PlannedWrite {
  readonly context: CallContext;
  readonly write: Write<unknown>;
  /** The entity whose items its errors show; without one, they show any item as it is stored. */
  readonly model?: EntityModel;
}

/** The entity and table that are written to, and the clock. */
export interface Target {
  readonly model: EntityModel;
  readonly tableName: string;
  readonly clock: Clock;
  /** The call that writes, if it is not the store's own; errors and events name it. */
  readonly operation?: string | undefined;
}
