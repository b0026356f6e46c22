/**
 * What a planned write is: how its request is built, and what a refused one means.
 *
 * DynamoDB says only that a condition failed. Each write asks for the item that was there and tells
 * from it whether to write again, knowing more, or which error it is.
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

/** What a refused write showed: the item that was there, or that none was. */
export interface Seen {
  readonly item: RawItem | null;
  /** What DynamoDB answered. */
  readonly cause?: unknown;
}

/** One write of one item. */
export interface Write<Result> {
  readonly context: CallContext;
  readonly key: RawKey;
  /** Bytes that it stores at least, where they count. */
  readonly bytes?: number;
  /** The request, given what a refused one showed. */
  request(seen: Seen | undefined): WriteRequest;
  /** Whether its first request needs to know what is there: the item is then read first. */
  readonly readsFirst?: boolean;
  /** Whether a failed condition shows that an item is there. */
  readonly refusedByItem: boolean;
  /**
   * What a failed condition means: write again; or nothing is left to do, since no item of the entity
   * is there; or this error. In a transaction the next request then holds as long as that is so.
   */
  refused(seen: Seen): DynamoDBError | "again" | "nothing";
  /** Whether what is there is what the last request would have left, had it been carried out. */
  isDone?(item: RawItem | null): boolean;
  /** Whether it must not be carried out twice, although nothing else forbids it. */
  readonly once?: boolean;
  /** What the call returns, from the attributes that the request asked back. */
  result(attributes: RawItem | undefined): Result;
}

/** What is written to, and where the time comes from. */
export interface Target {
  readonly model: EntityModel;
  readonly tableName: string;
  readonly clock: Clock;
  /** The call that writes, if it is not the store's own; errors and events name it. */
  readonly operation?: string | undefined;
}
