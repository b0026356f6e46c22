/** The call `scan` of a store. */
import type { ScanCommandInput } from "@aws-sdk/lib-dynamodb";
import { type CallOptions, limitsOf, perform, reading, throwIfAborted } from "../call/call.js";
import type { AnyItem } from "../entity/item.js";
import type { EntityModel } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import { wrapDynamoDBError } from "../errors/wrap.js";
import { type Scan, scanItems } from "../read/scan.js";
import { decodeScanCursor, encodeScanCursor, type SegmentPosition } from "../read/scan-cursor.js";
import { planScan, type ScanPlan } from "../read/scan-plan.js";
import { firstOf } from "../runtime/signals.js";
import type { CursorSeal } from "../secrets/cursor-seal.js";
import type { Transport } from "../transport/transport.js";
import { type ScanPage, scanOptionNames } from "./store-types.js";

/** What a scan needs of its store. */
interface ScanContext {
  readonly transport: Transport;
  readonly tableName: string;
  readonly cursorSeal: CursorSeal | undefined;
}

/** Segments of a scan that names none: as many as do not strain a table that others read too. */
const usualSegments = 4;

/**
 * Checks a scan at once, except for an encrypted cursor; its loops send requests.
 * @throws ValidationError
 */
export function scanTable(
  model: EntityModel,
  shared: ScanContext,
  options: object,
): AsyncIterable<ScanPage<AnyItem>> {
  const context: CallContext = { operation: "scan", entity: model.name };
  if (model.owner.length > 0) {
    throw invalidAt(context, "", "reads all owners' items: a scope has no scan");
  }
  const limits = limitsOf(context, options, scanOptionNames);
  const plan = reading(context, () => planScan(model, shared.tableName, options, context));
  const begin = positionsOf(model, plan, shared.cursorSeal, context);
  // Each loop over the result starts a new generator: a second loop over the same one would find nothing.
  return {
    [Symbol.asyncIterator]: () => pagesOf({ model, shared, context, limits, plan, begin }),
  };
}

/** Reads the cursor: at once, or if it is encrypted, when a loop begins. */
function positionsOf(
  { name }: EntityModel,
  { cursor, segments }: ScanPlan,
  cursorSeal: CursorSeal | undefined,
  context: CallContext,
): () => Promise<readonly SegmentPosition[]> {
  const read = (opened: unknown) => decodeScanCursor(opened, name, segments, context);
  if (cursor === null) {
    const start = Array.from({ length: segments ?? usualSegments }, () => "start" as const);
    return async () => start;
  }
  if (cursorSeal !== undefined) {
    return async () => read(await cursorSeal.open(cursor, context, "scan"));
  }
  const positions = read(cursor);
  return async () => positions;
}

interface Loop {
  readonly model: EntityModel;
  readonly shared: ScanContext;
  readonly context: CallContext;
  readonly limits: CallOptions;
  readonly plan: ScanPlan;
  readonly begin: () => Promise<readonly SegmentPosition[]>;
}

async function* pagesOf({
  model,
  shared,
  context,
  limits,
  plan,
  begin,
}: Loop): AsyncGenerator<ScanPage<AnyItem>, void, undefined> {
  const { transport, cursorSeal } = shared;
  const ending = new AbortController();
  const throwIfEnded = () => {
    throwIfAborted(context, limits.signal);
    transport.throwIfClosed();
  };
  const send = (input: ScanCommandInput) => {
    const key = `segment ${Number(input.Segment) + 1} of ${input.TotalSegments}`;
    return perform({ ...context, key }, limits, async (call) => {
      const end = firstOf(call.signal, ending.signal);
      try {
        return await transport.send("Scan", input, { ...call, signal: end.signal });
      } finally {
        end.release();
      }
    });
  };
  try {
    const { input, limit, fields } = plan;
    const scan: Scan = { input, limit, fields, positions: await begin() };
    for await (const page of scanItems(send, model, scan, throwIfEnded)) {
      const { items, positions, progress } = page;
      const isOver = positions.every((at) => at === "end");
      const cursor = isOver ? null : encodeScanCursor(model.name, positions);
      const sealed = cursor === null ? null : cursorSeal?.seal(cursor);
      yield { items, cursor: (await sealed) ?? cursor, progress };
    }
  } catch (error) {
    throw wrapDynamoDBError(error, context);
  } finally {
    // Segments that are still being read, and wait for retries, are given up with the loop.
    ending.abort(new Error("the loop over the scan has ended"));
  }
}
