/** Why a transaction failed: the operations that stopped it, each with its reason. */
import { type CallContext, describe, keyTextOf, withContext } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";
import { errorKey } from "../errors/key-text.js";
import { isRetryableError } from "../errors/retryable.js";
import {
  type CancellationReason,
  TransactionCanceledError,
} from "../errors/transaction-canceled-error.js";
import { nameOf } from "../errors/words.js";

/** Why one operation stopped the transaction, which names it by its position, call and key. */
export function reasonOf(
  index: number,
  { context }: { readonly context: CallContext },
  code: string,
  message: string,
  item: unknown = null,
): CancellationReason {
  const { operation = "", entity = "" } = context;
  const key = keyTextOf(context);
  const parts = errorKey(context.key);
  const reason = { index, operation, entity, key, parts, code, message };
  return Object.defineProperty(reason, "item", { value: item, enumerable: false });
}

/** An error's message without the call at its beginning: the reason names that already. */
export function ruleOf(error: DynamoDBError, context: CallContext): string {
  const call = describe(context, "");
  return error.message.startsWith(call) ? error.message.slice(call.length) : error.message;
}

/** A reason as a message has it. */
export function textOf({ index, operation, entity, key, message }: CancellationReason): string {
  return `#${index} ${describe({ operation, entity, key }, message)}`;
}

/** The error of a transaction that was cancelled for these reasons. */
export function cancelled(
  context: CallContext,
  error: unknown,
  reasons: readonly CancellationReason[],
): TransactionCanceledError {
  const rule =
    reasons.length === 0
      ? "cancelled, and DynamoDB does not say why"
      : `cancelled by ${reasons.map(textOf).join("; ")}`;
  const message = describe(context, rule);
  const retryable = isRetryableError(error);
  return withContext(
    new TransactionCanceledError({ message, cause: error, reasons, retryable }),
    context,
  );
}

/** The same error, or that the engine has no transactions. */
export function supported(context: CallContext, error: unknown): unknown {
  if (nameOf(error) !== "UnknownOperationException") return error;
  const message = describe(context, "this engine has no transactions (dynalite has none)");
  return new DynamoDBError({
    message,
    code: "UnknownOperationException",
    statusCode: 400,
    cause: error,
  });
}
