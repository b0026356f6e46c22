/** Runs a single-item write to its end: sends it, and again where a refusal taught something. */
import type { Call } from "../call/call.js";
import { describe } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";
import { nameOf } from "../errors/words.js";
import type { RawItem } from "../table/table.js";
import type { Transport } from "../transport/transport.js";
import type { Seen, Write } from "./write.js";

/** Each round knows what the one before saw; more of them mean that others write all the time. */
const mostRounds = 8;

/**
 * @returns the write's result
 * @throws what the write's `refused` says, or what the transport threw
 */
export async function runWrite<R>(
  transport: Transport,
  tableName: string,
  write: Write<R>,
  call: Call,
): Promise<R> {
  let seen = write.readsFirst ? await whatIsThere(transport, tableName, write, call) : undefined;
  const missing = seen?.item === null ? write.refused(seen) : undefined;
  if (missing instanceof Error) throw missing;
  for (let round = 0; round < mostRounds; round += 1) {
    const request = write.request(seen);
    let answerLost = false;
    const onAnswerLost = () => {
      answerLost = true;
      call.onAnswerLost?.();
    };
    if (request.kind === "ConditionCheck")
      throw new TypeError("a condition is for transactions only");
    try {
      // The request's kind and its input come from the same place.
      const answer = await transport.send(request.kind, request.input as never, {
        ...call,
        onAnswerLost,
      });
      return write.result(answer.Attributes as RawItem | undefined);
    } catch (error) {
      if (nameOf(error) !== "ConditionalCheckFailedException") throw error;
      seen = await whatWasThere(transport, tableName, write, error, call);
      // What refuses the repeated request may be what the first one wrote.
      if (answerLost && write.isDone?.(seen.item)) return write.result(seen.item ?? undefined);
      const verdict = write.refused(seen);
      if (verdict === "nothing") return write.result(undefined);
      if (verdict !== "again") throw verdict;
      if (answerLost && write.once) throw lostFromSight(write, error);
    }
  }
  throw new DynamoDBError({
    message: describe(write.context, `others wrote the item ${mostRounds} times in a row`),
    code: "WriteContention",
    retryable: true,
    cause: seen?.cause,
  });
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
  transport: Transport,
  tableName: string,
  { key, refusedByItem }: Write<unknown>,
  cause: unknown,
  call: Call,
): Promise<Seen> {
  const told = (cause as { readonly Item?: RawItem }).Item;
  if (told !== undefined) return { item: told, cause };
  if (!refusedByItem) return { item: null, cause };
  return { ...(await whatIsThere(transport, tableName, { key }, call)), cause };
}

/** The item as it is now: one request. */
export async function whatIsThere(
  transport: Transport,
  tableName: string,
  { key }: Pick<Write<unknown>, "key">,
  call: Call,
): Promise<Seen> {
  const input = { TableName: tableName, Key: { ...key }, ConsistentRead: true };
  const answer = await transport.send("Get", input, call);
  return { item: (answer.Item as RawItem | undefined) ?? null };
}
