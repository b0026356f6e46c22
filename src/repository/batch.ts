/** The generic repository's batch of writes. */
import type { Call } from "../call/call.js";
import { leftOver } from "../errors/left-over.js";
import { isAdvised } from "../errors/missing-setup.js";
import { isBudgetSpent } from "../errors/notes.js";
import { budgetSpentText, nameOf } from "../errors/words.js";
import type { Table } from "../read/reader.js";
import { type BatchWrite, writeBatch } from "../write/batch.js";

/**
 * Writes all of them.
 * @throws UnprocessedItemsError that carries the inputs of those that were not written
 */
export async function writeWhole<Input>(
  table: Table,
  writes: readonly BatchWrite<Input>[],
  call: Call,
): Promise<void> {
  const outcome = await writeBatch(table, writes, call);
  const { items, cause } = outcome;
  if (items.length === 0) return;
  const spent = isBudgetSpent(cause) ? `, ${budgetSpentText}` : "";
  const named = ` (${nameOf(cause) ?? "Error"}${spent})`;
  const why = cause === undefined || isAdvised(cause) ? outcome.why : named;
  throw leftOver(call.context, "were not written", { ...outcome, why });
}
