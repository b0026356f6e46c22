/** The error of a transaction that was cancelled, and why. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";

/** Why one operation stopped a transaction. */
export interface CancellationReason {
  /** Position in the list that was given. */
  readonly index: number;
  readonly operation: string;
  readonly entity: string;
  readonly key: string;
  /** DynamoDB's code: ConditionalCheckFailed, TransactionConflict, ValidationError, … */
  readonly code: string;
  readonly message: string;
  /** What was there. Not enumerable. */
  readonly item?: unknown;
}

/** A transaction was cancelled as a whole; `reasons` names the operations that stopped it. */
export class TransactionCanceledError extends DynamoDBError {
  static {
    brand(TransactionCanceledError, "TransactionCanceledError");
  }

  readonly reasons: readonly CancellationReason[];

  constructor(
    message = "Transaction cancelled",
    originalError?: unknown,
    reasons: readonly CancellationReason[] = [],
    retryable = false,
  ) {
    super(message, "TransactionCanceledException", 400, retryable, originalError);
    this.name = "TransactionCanceledError";
    this.reasons = reasons;
  }
}
