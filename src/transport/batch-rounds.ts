/** The rounds of a batch: what DynamoDB leaves unprocessed is sent again. */
import { isBudgetSpent, noteBudgetSpent, noteEnd } from "../errors/notes.js";
import { isObject } from "../runtime/objects.js";
import type { Answer, Input, RequestName } from "./requests.js";
import { Unprocessed } from "./retry.js";

type BatchName = "BatchGet" | "BatchWrite";

const unprocessedFields: Readonly<Record<BatchName, string>> = {
  BatchGet: "UnprocessedKeys",
  BatchWrite: "UnprocessedItems",
};

export function isBatch(name: RequestName): name is BatchName {
  return name === "BatchGet" || name === "BatchWrite";
}

type Requests = readonly unknown[];
/** A batch's requests by table: its writes, or its keys and how they are read. */
type Tables = Readonly<Record<string, Requests | { readonly Keys?: Requests } | null | undefined>>;

function requestsOf(entry: Tables[string]): Requests {
  return ((Array.isArray(entry) ? entry : (entry as { Keys?: Requests })?.Keys) ?? []) as Requests;
}

/** What a response says was left of its batch, by table, if anything. */
export function leftOf(name: BatchName, answer: Answer): Tables | undefined {
  const tables = Object.entries((answer[unprocessedFields[name]] ?? {}) as Tables);
  const left = tables.filter(([, entry]) => requestsOf(entry).length > 0);
  return left.length > 0 ? Object.fromEntries(left) : undefined;
}

/**
 * What is left as the caller gave it: neither how an item is read nor what is written is a response's to
 * say.
 */
function asAsked(asked: Tables, left: Tables): Tables {
  return Object.fromEntries(
    Object.entries(left).map(([table, entry]) => {
      const own = Object.hasOwn(asked, table) ? asked[table] : undefined;
      if (!Array.isArray(entry)) return [table, { ...own, Keys: requestsOf(entry) }];
      const writes = new Map<string | undefined, unknown>();
      for (const write of requestsOf(own)) {
        const id = writeId(write as Write);
        // Of several with one id, the response alone says which one is left: it is no key of theirs.
        writes.set(id, id === undefined || writes.has(id) ? undefined : write);
      }
      return [table, entry.map((write: Write) => writes.get(writeId(write)) ?? write)];
    }),
  );
}

interface Write {
  readonly PutRequest?: { readonly Item?: Input } | null;
  readonly DeleteRequest?: { readonly Key?: Input } | null;
}

/** What a write does and where, as a text. Those of a table with other keys than this package's have none. */
function writeId({ PutRequest, DeleteRequest }: Write): string | undefined {
  const { PK, SK } = PutRequest?.Item ?? DeleteRequest?.Key ?? {};
  const key = [PK, SK].map((part) => (isObject(part) ? part.S : part));
  const isText = key.every((part) => typeof part === "string");
  return isText ? JSON.stringify([PutRequest ? "put" : "delete", ...key]) : undefined;
}

/**
 * Sends a batch, and what it left unprocessed, until nothing is left or `repeat` gives up.
 *
 * Once a round has succeeded, the batch does not fail: what no round processed is in the response, and
 * the error that ended it, if one did, is noted there.
 * @param attempt sends one request
 * @param repeat calls a function again while it throws what is worth a retry
 * @param onPart called with the response of a round that left something
 * @param ownError makes of an error that others share one of this batch's own
 */
export async function sendRounds(
  name: BatchName,
  input: Input,
  attempt: (input: Input) => Promise<Answer>,
  repeat: (fn: () => Promise<Answer>) => Promise<Answer>,
  onPart: ((answer: Answer) => Promise<void> | undefined) | undefined,
  ownError: (error: unknown) => unknown,
): Promise<Answer> {
  let remaining = input;
  let merged: Answer | undefined;
  const round = async (): Promise<Answer> => {
    for (;;) {
      const answer = await attempt(remaining);
      merged = merged === undefined ? answer : merge(merged, answer);
      const rest = leftOf(name, answer);
      if (rest === undefined) return merged;
      await onPart?.(answer);
      const progress = countOf(rest) < countOf(remaining.RequestItems);
      const asked = remaining.RequestItems as Tables;
      remaining = { ...remaining, RequestItems: asAsked(asked, rest) };
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
    if (!(error instanceof Unprocessed)) noteEnd(merged, ownError(error));
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
  const tables = Object.values((requestItems ?? {}) as Tables);
  return tables.reduce((count, entry) => count + requestsOf(entry).length, 0);
}
