/** Runs a single-item write to its end: sends it, and again where a refusal taught something. */
import type { Call } from "../call/call.js";
import { describe } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";
import { nameOf } from "../errors/words.js";
import { asItIsNow, readOne, type Table } from "../read/reader.js";
import type { RawItem } from "../table/table.js";
import type { Seen, Write } from "./plan.js";
import { again, contentionError, inRounds, mostRounds } from "./rounds.js";

/**
 * @returns the write's result
 * @throws what the write's `refused` says, or what the transport threw
 */
export async function runWrite<R>(table: Table, write: Write<R>, call: Call): Promise<R> {
  let seen = write.readsFirst ? await whatIsThere(table, write, call) : undefined;
  const missing = seen?.item === null ? write.refused(seen) : undefined;
  if (missing instanceof Error) throw missing;
  const round = async () => {
    const request = write.request(seen);
    let answerLost = false;
    const onAnswerLost = () => {
      answerLost = true;
      call.onAnswerLost?.();
    };
    if (request.kind === "ConditionCheck")
      throw new TypeError("a condition is for transactions only");
    try {
      const sent = { ...call, onAnswerLost };
      // The request's kind and its input come from the same place.
      const answer = await table.transport.send(request.kind, request.input as never, sent);
      return write.result(answer.Attributes as RawItem | undefined);
    } catch (error) {
      if (nameOf(error) !== "ConditionalCheckFailedException") throw error;
      seen = await whatWasThere(table, write, error, call);
      // What refuses the repeated request may be what the first one wrote.
      if (answerLost && write.isDone?.(seen.item)) return write.result(seen.item ?? undefined);
      const verdict = write.refused(seen);
      if (verdict === "nothing") return write.result(undefined);
      if (verdict !== "again") throw verdict;
      if (answerLost && write.once) throw lostFromSight(write, error);
      return again;
    }
  };
  const rule = `others wrote the item ${mostRounds} times in a row`;
  return inRounds(round, () => contentionError(write.context, rule, seen?.cause));
}

/** The item was written since the answer was lost: nothing on it tells what became of the first request. */
function lostFromSight({ context }: Write<unknown>, cause: unknown): DynamoDBError {
  const rule =
    "an answer was lost and the item was written meanwhile: whether this update is in it, nothing tells";
  return new DynamoDBError({ message: describe(context, rule), code: "AnswerLost", cause });
}

/**
 * The item as the refusal gave it. DynamoDB gives none where none is there; where a write can only
 * be refused by an item, an engine that does not tell (dynalite 4.0.0) is asked: one more request.
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

/** The item as it is now: one request. */
export async function whatIsThere(
  table: Table,
  { key }: Write<unknown>,
  call: Call,
): Promise<Seen> {
  return { item: (await readOne(table, key, call, asItIsNow)) ?? null };
}
