/** The reads of a transaction. */
import type { Call } from "../../src/call/call.js";
import { isOf, itemOf } from "../../src/entity/item.js";
import { cancellationReasonsOf } from "../../src/errors/thrown.js";
import { nameOf } from "../../src/errors/words.js";
import type { StoreContext } from "../../src/store/entity-store.js";
import type { RawItem } from "../../src/table/table.js";
import { cancelled, reasonOf, supported } from "../../src/write/cancelled.js";
import type { Operation } from "./operations.js";

/**
 * Reads all of them as they were at one moment.
 * @returns the item of each, or `null`
 * @throws TransactionCanceledError
 */
export async function readAll(
  { transport, tableName }: StoreContext,
  reads: readonly Operation[],
  call: Call,
): Promise<unknown[]> {
  try {
    const TransactItems = reads.map(({ key }) => ({
      Get: { TableName: tableName, Key: { ...key } },
    }));
    const answer = await transport.send("TransactGet", { TransactItems }, call);
    return reads.map(({ model }, index) => {
      const raw = answer.Responses?.[index]?.Item as RawItem | undefined;
      return raw !== undefined && isOf(model, raw) ? itemOf(model, raw) : null;
    });
  } catch (error) {
    if (nameOf(error) !== "TransactionCanceledException") throw supported(call.context, error);
    const reasons = cancellationReasonsOf(error).flatMap(({ Code = "None", Message }, index) => {
      const one = reads[index];
      const stopped = one !== undefined && Code !== "None";
      return stopped ? [reasonOf(index, one, Code, Message ?? Code)] : [];
    });
    throw cancelled(call.context, error, reasons);
  }
}
