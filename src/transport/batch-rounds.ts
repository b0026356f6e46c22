/** The rounds of a batch: what DynamoDB leaves unprocessed is sent again. */
import { isBudgetSpent, noteBudgetSpent, noteEnd } from "../errors/notes.js";
import { isRetryableError } from "../errors/retryable.js";
import type { Answer, Input, RequestName } from "./requests.js";
import { Unprocessed } from "./retry.js";
import { isReason } from "./waits.js";

type BatchName = "BatchGet" | "BatchWrite";

const unprocessedFields: Readonly<Record<BatchName, string>> = {
  BatchGet: "UnprocessedKeys",
  BatchWrite: "UnprocessedItems",
};

export function isBatch(name: RequestName): name is BatchName {
  return name === "BatchGet" || name === "BatchWrite";
}

/** What a response says was left of its batch, if anything. */
export function leftOf(name: BatchName, answer: Answer): Input | undefined {
  const rest = (answer[unprocessedFields[name]] ?? {}) as Input;
  return Object.keys(rest).length > 0 ? rest : undefined;
}

/**
 * Sends a batch, and what it left unprocessed, until nothing is left or `repeat` gives up.
 *
 * Once a round has succeeded, the batch does not fail: what no round processed is in the response, and
 * an error that ended it, unless it was a retryable one, is noted there.
 * @param attempt sends one request
 * @param repeat calls a function again while it throws what is worth a retry
 */
export async function sendRounds(
  name: BatchName,
  input: Input,
  attempt: (input: Input) => Promise<Answer>,
  repeat: (fn: () => Promise<Answer>) => Promise<Answer>,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  let remaining = input;
  let merged: Answer | undefined;
  const round = async (): Promise<Answer> => {
    for (;;) {
      const answer = await attempt(remaining);
      merged = merged === undefined ? answer : merge(merged, answer);
      const rest = leftOf(name, answer);
      if (rest === undefined) return merged;
      const progress = countOf(rest) < countOf(remaining.RequestItems);
      remaining = { ...remaining, RequestItems: rest };
      // A BatchGet's response is cut at 16 MB: going on at once is paging, not a retry.
      if (name !== "BatchGet" || !progress) throw new Unprocessed(progress);
    }
  };
  try {
    return await repeat(round);
  } catch (error) {
    // One round succeeded, so it is known what is left of the batch, whatever ended it.
    if (merged === undefined) throw error;
    if (isBudgetSpent(error)) noteBudgetSpent(merged);
    const isLater =
      error instanceof Unprocessed || (!isReason(signal, error) && isRetryableError(error));
    if (!isLater) noteEnd(merged, error);
    return merged;
  }
}

/** Joins the responses to the parts of one batch; what is unprocessed is the last one's. */
function merge(merged: Answer, answer: Answer): Answer {
  const before = (merged.Responses ?? {}) as Record<string, unknown[]>;
  const responses = { ...before };
  for (const [table, items] of Object.entries(
    (answer.Responses ?? {}) as Record<string, unknown[]>,
  )) {
    responses[table] = [...(before[table] ?? []), ...items];
  }
  const hasResponses = merged.Responses !== undefined || answer.Responses !== undefined;
  return { ...answer, ...(hasResponses && { Responses: responses }) };
}

/** Keys or items of a batch's `RequestItems`, over all tables. */
function countOf(requestItems: unknown): number {
  let count = 0;
  for (const entry of Object.values((requestItems ?? {}) as Record<string, unknown>)) {
    count += Array.isArray(entry)
      ? entry.length
      : ((entry as { Keys?: unknown[] }).Keys?.length ?? 0);
  }
  return count;
}
