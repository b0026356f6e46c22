/** The items that DynamoDB returns with a refusal: what a condition or a transaction met. */
import { unreadableAnswer } from "../errors/unreadable-answer.js";
import { isAbsent, isMap, type Values } from "./answer-members.js";
import { storedAnswer } from "./wire-format.js";

/**
 * Checks the items of a refusal: they are converted when the call fails, after its retries.
 * @param refusal the members of DynamoDB's response, or the SDK's error with the same members
 * @throws UnreadableAnswer for an item, or a reason of a cancelled transaction, that DynamoDB does not have
 */
export function checkRefusedItems({ Item, CancellationReasons }: Values, statusCode: number): void {
  const reasons = isAbsent(CancellationReasons) ? [] : CancellationReasons;
  const isRight = isItem(Item) && Array.isArray(reasons) && reasons.every(isReason);
  if (!isRight) throw unreadableAnswer("it refuses with an item that is not valid", statusCode);
}

function isReason(reason: unknown): boolean {
  if (isAbsent(reason)) return true;
  return (
    isMap(reason) &&
    (isAbsent(reason.Code) || typeof reason.Code === "string") &&
    isItem(reason.Item)
  );
}

/** Whether it is an item of DynamoDB's, or none was returned. */
function isItem(item: unknown): boolean {
  if (isAbsent(item)) return true;
  if (!isMap(item)) return false;
  try {
    storedAnswer({ Item: item });
    return true;
  } catch {
    // Why a value is none of DynamoDB's is of no use to anybody.
    return false;
  }
}
