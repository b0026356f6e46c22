/**
 * The writes of a transaction: they are sent, and sent again after a refusal that need not be final.
 */
import type { Call } from "../../src/call/call.js";
import { type CallContext, describe } from "../../src/errors/context.js";
import { isRetryableReason } from "../../src/errors/retryable.js";
import { cancellationReasonsOf } from "../../src/errors/thrown.js";
import {
  type CancellationReason,
  TransactionCanceledError,
} from "../../src/errors/transaction-canceled-error.js";
import { invalid } from "../../src/errors/validation-error.js";
import { nameOf } from "../../src/errors/words.js";
import type { StoreContext } from "../../src/store/entity-store.js";
import { limits } from "../../src/table/table.js";
import type { Seen, Write } from "../../src/write/plan.js";
import { isForeignFailure, noteForeignFailure, shownItem } from "../../src/write/refusals.js";
import { again, inRounds, mostRounds } from "../../src/write/rounds.js";
import { whatIsThere, whatWasThere } from "../../src/write/run.js";
import { cancelled, reasonOf, ruleOf, supported, textOf } from "./cancelled.js";
import type { PlannedWrite } from "./operations.js";

/** What is known of the items that are written. */
type SeenItems = Map<PlannedWrite, Seen>;

/** @throws ValidationError for more bytes than a transaction takes */
export function refuseTooLarge(writes: readonly PlannedWrite[], context: CallContext): void {
  const bytes = writes.reduce((sum, { write }) => sum + (write.bytes ?? 0), 0);
  if (bytes <= limits.transactionBytes) return;
  const message = `store ${bytes} bytes: a transaction takes at most ${limits.transactionBytes} (4 MB)`;
  throw invalid(context, [{ path: "operations", message }]);
}

/**
 * Writes all of them or none.
 * @returns the item of each `create`, else `undefined`
 * @throws TransactionCanceledError
 */
export async function writeAll(
  context: StoreContext,
  writes: readonly PlannedWrite[],
  call: Call,
): Promise<unknown[]> {
  const seen: SeenItems = new Map();
  for (const one of writes) {
    if (one.write.readsFirst) seen.set(one, await whatIsThere(context, one.write, call));
  }
  let passing: CancellationReason[] = [];
  const round = async () => {
    try {
      const TransactItems = writes.map((one) => itemOfWrite(one.write, seen.get(one)));
      await context.transport.send("TransactWrite", { TransactItems }, call);
      return writes.map(({ write }) =>
        write.context.operation === "create" ? write.result(undefined) : undefined,
      );
    } catch (error) {
      if (nameOf(error) !== "TransactionCanceledException") throw supported(call.context, error);
      passing = await learn(context, writes, error, seen, call);
      return again;
    }
  };
  return inRounds<unknown[]>(round, () => {
    const rule = `other callers wrote its items ${mostRounds} times in a row`;
    const message = describe(call.context, [rule, ...passing.map(textOf)].join("; "));
    return new TransactionCanceledError({ message, reasons: passing, retryable: true });
  });
}

/** What stopped a transaction, by what can be done about it. */
interface Stops {
  /** Refused for good. */
  readonly refused: CancellationReason[];
  /** Another transaction or throttling was in the way. */
  readonly conflicts: CancellationReason[];
  /** A condition failed that may hold next time, by what is now known of the item. */
  readonly passing: CancellationReason[];
}

/**
 * Notes what is now known of the items, if the writes can continue from it.
 * @returns the reasons that the next round may be free of
 * @throws TransactionCanceledError if they cannot
 */
async function learn(
  context: StoreContext,
  writes: readonly PlannedWrite[],
  error: unknown,
  seen: SeenItems,
  call: Call,
): Promise<CancellationReason[]> {
  const stops: Stops = { refused: [], conflicts: [], passing: [] };
  const { refused, conflicts, passing } = stops;
  for (const [index, reason] of cancellationReasonsOf(error).entries()) {
    const one = writes[index];
    const code = reason.Code ?? "None";
    if (one === undefined || code === "None") continue;
    if (code === "ConditionalCheckFailed") {
      await learnFrom(context, one, { index, code, stored: reason.Item }, seen, stops, call);
    } else {
      const group = isRetryableReason(code) ? conflicts : refused;
      group.push(reasonOf(index, one, code, reason.Message ?? code));
    }
  }
  // A conflict alone was retried by the transport; beside a condition that passes it was not.
  if (refused.length === 0 && passing.length > 0) return [...passing, ...conflicts];
  const reasons = [...refused, ...conflicts].sort((a, b) => a.index - b.index);
  throw cancelled(call.context, error, reasons);
}

/** Looks at the item that one write's condition failed on. */
async function learnFrom(
  context: StoreContext,
  one: PlannedWrite,
  refusal: { readonly index: number; readonly code: string; readonly stored: unknown },
  seen: SeenItems,
  { passing, refused }: Stops,
  call: Call,
): Promise<void> {
  const { index, code, stored } = refusal;
  const was = await whatWasThere(context, one.write, { Item: stored }, call);
  const item = shownItem(one.model, was.item);
  const verdict = one.write.refused(was);
  if (verdict === "again" || verdict === "nothing") {
    seen.set(one, was);
    passing.push(reasonOf(index, one, code, "the item was written meanwhile", item));
    return;
  }
  const stopped = reasonOf(index, one, code, ruleOf(verdict, one.context), item);
  if (isForeignFailure(verdict)) noteForeignFailure(stopped);
  refused.push(stopped);
}

function itemOfWrite(write: Write<unknown>, seen: Seen | undefined): Record<string, object> {
  const { kind, input } = write.request(seen);
  const { ReturnValues: _, ...item } = input as { ReturnValues?: unknown };
  return { [kind]: item };
}
