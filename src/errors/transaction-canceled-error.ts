/** The error of a transaction that was cancelled, and each reason why. */
import { brand } from "./brand.js";
import { DynamoDBError } from "./dynamodb-error.js";
import { hide } from "./hidden.js";
import type { ErrorKey } from "./key-text.js";
import { type CommonErrorOptions, optionsOf } from "./options.js";
import { isRetryableReason } from "./retryable.js";

/** Why one operation stopped a transaction. */
export interface CancellationReason {
  /** The operation's position in the list that was given, from 0. */
  readonly index: number;
  readonly operation: string;
  readonly entity: string;
  /** The key as the message names it: `userId=u1, contentId=c9`. */
  readonly key: string;
  /** The key's parts, for instance `{ userId, contentId }`. */
  readonly parts?: ErrorKey | undefined;
  /** DynamoDB's code, for instance `ConditionalCheckFailed` or `TransactionConflict`. */
  readonly code: string;
  readonly message: string;
  /** The item that was found. Not enumerable, so that no log contains it. */
  readonly item?: unknown;
}

export interface TransactionCanceledErrorOptions extends CommonErrorOptions {
  /** @default "Transaction cancelled" */
  readonly message?: string | undefined;
  /** @default [] */
  readonly reasons?: readonly CancellationReason[] | undefined;
  /** @default whether every reason is a conflict or throttling */
  readonly retryable?: boolean | undefined;
}

/**
 * DynamoDB cancelled a transaction as a whole, so none of its operations was carried out. `reasons`
 * names the operations that stopped it. Code `TransactionCanceledException`; retryable if every reason
 * is a conflict or throttling.
 */
export class TransactionCanceledError extends DynamoDBError {
  static {
    brand(TransactionCanceledError, "TransactionCanceledError");
  }

  declare readonly code: "TransactionCanceledException";
  readonly reasons: readonly CancellationReason[];

  constructor(options?: TransactionCanceledErrorOptions);
  constructor(message: string, options: Omit<TransactionCanceledErrorOptions, "message">);
  constructor(
    message?: string,
    originalError?: unknown,
    reasons?: readonly CancellationReason[],
    retryable?: boolean,
  );
  constructor(...given: readonly unknown[]) {
    const options = optionsOf<TransactionCanceledErrorOptions>(
      given,
      "message",
      "cause",
      "reasons",
      "retryable",
    );
    const { message = "Transaction cancelled", reasons = [] } = options;
    const {
      retryable = reasons.length > 0 && reasons.every((one) => isRetryableReason(one.code)),
    } = options;
    super({
      ...options,
      message,
      retryable,
      code: "TransactionCanceledException",
      statusCode: 400,
    });
    this.name = "TransactionCanceledError";
    this.reasons = reasons.map(withHiddenItem);
  }
}

function withHiddenItem(reason: CancellationReason): CancellationReason {
  if (!Object.keys(reason).includes("item")) return reason;
  const { item, ...shown } = reason;
  hide(shown, "item", item);
  return shown;
}
