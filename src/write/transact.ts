/**
 * The writes of a transaction: they are sent, and sent again after a refusal that need not be final.
 */
import type { Call } from "../call/call.js";
import { type CallContext, describe } from "../errors/context.js";
import { isRetryableReason } from "../errors/retryable.js";
import { cancellationReasonsOf } from "../errors/thrown.js";
import {
  type CancellationReason,
  TransactionCanceledError,
} from "../errors/transaction-canceled-error.js";
import { invalidAt } from "../errors/validation-error.js";
import { nameOf } from "../errors/words.js";
import type { Table } from "../read/reader.js";
import { limits } from "../table/table.js";
import { cancelled, reasonOf, ruleOf, supported, textOf } from "./cancelled.js";
import type { PlannedWrite, Seen, Write } from "./plan.js";
import { shownItem } from "./refusals.js";
import { again, inRounds, mostRounds } from "./rounds.js";
import { whatIsThere, whatWasThere } from "./run.js";
import { resultsOfEarlier, type Token, withMark } from "./token.js";

/** What is known of the items that are written. */
type SeenItems = Map<PlannedWrite, Seen>;

/** @throws ValidationError for more bytes than a transaction takes */
export function refuseTooLarge(writes: readonly PlannedWrite[], context: CallContext): void {
  const bytes = writes.reduce((sum, { write }) => sum + (write.bytes ?? 0), 0);
  if (bytes <= limits.transactionBytes) return;
  const message = `store ${bytes} bytes: a transaction takes at most ${limits.transactionBytes} (4 MB)`;
  throw invalidAt(context, "operations", message);
}

/**
 * Writes all of them or none.
 * @param token the caller's own, under which they are written once; by default each request has its own
 * @returns the item of each `create`, else `undefined`
 * @throws TransactionCanceledError
 */
export async function writeAll(
  table: Table,
  writes: readonly PlannedWrite[],
  call: Call,
  token?: Token,
): Promise<unknown[]> {
  const seen: SeenItems = new Map();
  for (const one of writes) {
    if (one.write.readsFirst) seen.set(one, await whatIsThere(table, one.write, call));
  }
  let passing: CancellationReason[] = [];
  const round = async () => {
    try {
      const TransactItems = writes.map((one) => itemOfWrite(one.write, seen.get(one), token));
      const input = { TransactItems, ...(token && { ClientRequestToken: token.text }) };
      await table.transport.send("TransactWrite", input, call);
      return writes.map(({ write }) =>
        write.context.operation === "create" ? write.result(undefined) : undefined,
      );
    } catch (error) {
      if (token !== undefined && nameOf(error) === "IdempotentParameterMismatchException") {
        return resultsOfEarlier(table, writes, token, call, error);
      }
      if (nameOf(error) !== "TransactionCanceledException") throw supported(call.context, error);
      passing = await learn(table, writes, error, seen, call);
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
  table: Table,
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
      await learnFrom(table, one, { index, code, stored: reason.Item }, seen, stops, call);
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
  table: Table,
  one: PlannedWrite,
  refusal: { readonly index: number; readonly code: string; readonly stored: unknown },
  seen: SeenItems,
  { passing, refused }: Stops,
  call: Call,
): Promise<void> {
  const { index, code, stored } = refusal;
  const was = await whatWasThere(table, one.write, { Item: stored }, call);
  const item = one.model === undefined ? was.item : shownItem(one.model, was.item);
  const verdict = one.write.refused(was);
  if (verdict === "again" || verdict === "nothing") {
    seen.set(one, was);
    passing.push(reasonOf(index, one, code, "the item was written meanwhile", item));
    return;
  }
  refused.push(reasonOf(index, one, code, ruleOf(verdict, one.context), item));
}

function itemOfWrite(
  write: Write<unknown>,
  seen: Seen | undefined,
  token: Token | undefined,
): Record<string, object> {
  const request = write.request(seen);
  const { kind, input } = token === undefined ? request : withMark(request, token);
  const { ReturnValues: _, ...item } = input as { ReturnValues?: unknown };
  return { [kind]: item };
}
