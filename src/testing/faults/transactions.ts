/** Transactions that are cancelled as DynamoDB cancels them. */
import { type Exchange, failure, type HandlerAnswer, textOf } from "./exchange.js";

export const transactionOperations = ["TransactGetItems", "TransactWriteItems"];

/** Writes that are refused if another transaction holds their item. */
const singleWrites = ["PutItem", "UpdateItem", "DeleteItem"];

export const conflictOperations = [...transactionOperations, ...singleWrites];

/** Refused because another transaction holds the item; in a transaction, it holds the first item. */
export function conflict(exchange: Exchange): HandlerAnswer {
  const message = "Transaction is ongoing for the item";
  return singleWrites.includes(exchange.operation)
    ? failure(400, "TransactionConflictException", message)
    : cancelled(exchange, "TransactionConflict", message);
}

/** Cancelled because the first item is throttled, and the last one too. */
export function cancelledByThrottle(exchange: Exchange): HandlerAnswer {
  const message = "Throughput exceeds the current capacity of your table or index";
  return cancelled(exchange, "ThrottlingError", message, {
    Code: "ProvisionedThroughputExceeded",
    Message: "The level of configured provisioned throughput for the table was exceeded",
  });
}

function cancelled(
  { request }: Exchange,
  Code: string,
  Message: string,
  last?: object,
): HandlerAnswer {
  const { TransactItems } = JSON.parse(textOf(request)) as { TransactItems: unknown[] };
  const reasons: object[] = TransactItems.map(() => ({ Code: "None" }));
  if (last !== undefined) reasons[reasons.length - 1] = last;
  reasons[0] = { Code, Message };
  const codes = reasons.map((reason) => (reason as { Code: string }).Code).join(", ");
  return failure(
    400,
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { fields: { CancellationReasons: reasons } },
  );
}
