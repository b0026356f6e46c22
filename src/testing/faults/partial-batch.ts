/** Batches of which the engine gets only a half. */
import {
  type Exchange,
  type HandlerAnswer,
  jsonAnswer,
  textOf,
  wholeAnswer,
  withBody,
} from "./exchange.js";

/** The member of a batch's response that names what was left. */
const unprocessedField: Readonly<Record<string, string>> = {
  BatchGetItem: "UnprocessedKeys",
  BatchWriteItem: "UnprocessedItems",
};

export const batchOperations = Object.keys(unprocessedField);

/** Sends the first half of a batch on, and returns the rest as unprocessed. */
export async function halfOfBatch({ request, operation, send }: Exchange): Promise<HandlerAnswer> {
  const field = unprocessedField[operation];
  if (field === undefined) return send(request);
  const body = JSON.parse(textOf(request)) as { RequestItems: Record<string, Batch> };
  const sent: Record<string, Batch> = {};
  const kept: Record<string, Batch> = {};
  for (const [table, batch] of Object.entries(body.RequestItems)) {
    const [first, rest] = halves(batch);
    if (sizeOf(first) > 0) sent[table] = first;
    kept[table] = rest;
  }
  if (Object.keys(sent).length === 0) return jsonAnswer(200, { Responses: {}, [field]: kept });
  const text = JSON.stringify({ ...body, RequestItems: sent });
  const whole = await wholeAnswer(await send(withBody(request, text)));
  const answer = JSON.parse(whole.body.toString()) as Record<string, unknown>;
  if (whole.statusCode !== 200) return jsonAnswer(whole.statusCode, answer);
  // The engine may have left some too, because a response is cut at 16 MB.
  for (const [table, batch] of Object.entries((answer[field] ?? {}) as Record<string, Batch>)) {
    kept[table] = both(batch, kept[table]);
  }
  return jsonAnswer(200, { ...answer, [field]: kept });
}

type Batch = unknown[] | { Keys: unknown[] };

function sizeOf(batch: Batch): number {
  return Array.isArray(batch) ? batch.length : batch.Keys.length;
}

function halves(batch: Batch): [Batch, Batch] {
  const middle = Math.floor(sizeOf(batch) / 2);
  if (Array.isArray(batch)) return [batch.slice(0, middle), batch.slice(middle)];
  return [
    { ...batch, Keys: batch.Keys.slice(0, middle) },
    { ...batch, Keys: batch.Keys.slice(middle) },
  ];
}

function both(batch: Batch, more: Batch | undefined): Batch {
  if (more === undefined) return batch;
  if (Array.isArray(batch)) return Array.isArray(more) ? [...batch, ...more] : batch;
  return Array.isArray(more) ? batch : { ...batch, Keys: [...batch.Keys, ...more.Keys] };
}
