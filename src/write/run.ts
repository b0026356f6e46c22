/** Runs a single-item write: sends it, and sends it again if a refusal showed how it can succeed. */
import type { Call } from "../call/call.js";
import { describe } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";
import { nameOf } from "../errors/words.js";
import { asItIsNow, readOne, type Table } from "../read/reader.js";
import type { RawItem } from "../table/table.js";
import type { Seen, Write, WriteRequest } from "./plan.js";
import { again, contentionError, inRounds, mostRounds } from "./rounds.js";

/**
 * @param onWritten gets the item that the write left, if the response had it
 * @returns the write's result
 * @throws the error of the write's `refused`, or the transport's
 */
export async function runWrite<R>(
  table: Table,
  write: Write<R>,
  call: Call,
  onWritten?: (item: RawItem) => Promise<void>,
): Promise<R> {
  let seen = write.readsFirst ? await whatIsThere(table, write, call) : undefined;
  const missing = seen?.item === null ? write.refused(seen) : undefined;
  if (missing instanceof Error) throw missing;
  let answerLost = false;
  const round = async () => {
    const request = write.request(seen);
    const onAnswerLost = () => {
      answerLost = true;
      call.onAnswerLost?.();
    };
    if (request.kind === "ConditionCheck")
      throw new TypeError("a condition is for transactions only");
    try {
      const sent = { ...call, onAnswerLost };
      // The request's kind and input are built together, so they match.
      const answer = await table.transport.send(request.kind, request.input as never, sent);
      const item = answer.Attributes as RawItem | undefined;
      if (item !== undefined) await onWritten?.(item);
      return write.result(item);
    } catch (error) {
      if (nameOf(error) !== "ConditionalCheckFailedException") throw error;
      seen = await whatWasThere(table, write, error, call);
      // The repeated request may have been refused because of what the first one wrote.
      if (answerLost && write.isDone?.(seen.item)) {
        return write.found?.(seen.item) ?? write.result(seen.item ?? undefined);
      }
      const verdict = write.refused(seen);
      if (verdict === "nothing") return write.result(undefined);
      if (verdict !== "again") throw verdict;
      if (answerLost && write.isUnknown?.(seen.item)) throw lostFromSight(write, request, error);
      return again;
    }
  };
  const rule = `other callers wrote the item ${mostRounds} times in a row`;
  return await inRounds(round, () => contentionError(write.context, rule, seen?.cause));
}

/**
 * The item was written after the response was lost, so it does not show whether the first request
 * was carried out.
 */
function lostFromSight(
  { context }: Write<unknown>,
  { kind }: WriteRequest,
  cause: unknown,
): DynamoDBError {
  const what = kind === "Delete" ? "delete was carried out" : "update was applied";
  const rule = `a response was lost and the item was written meanwhile: it is unknown whether this ${what}`;
  return new DynamoDBError({ message: describe(context, rule), code: "AnswerLost", cause });
}

/**
 * The item that a refusal returned. DynamoDB returns none if there is none. Some engines never
 * return it (dynalite 4.0.0). If the write can only have been refused because of an item, it is
 * therefore read with one more request.
 */
export async function whatWasThere(
  table: Table,
  write: Write<unknown>,
  cause: unknown,
  call: Call,
): Promise<Seen> {
  const told = (cause as { readonly Item?: RawItem }).Item;
  if (told !== undefined) return { item: told, cause };
  if (!write.refusedByItem) return { item: null, cause };
  return { ...(await whatIsThere(table, write, call)), cause };
}

/** Reads the item as it is now, with one request. */
export async function whatIsThere(
  table: Table,
  { key }: Write<unknown>,
  call: Call,
): Promise<Seen> {
  return { item: (await readOne(table, key, call, asItIsNow)) ?? null };
}
