/** Turns a scan's options into the request of a segment. */
import type { ScanCommandInput } from "@aws-sdk/lib-dynamodb";
import { joined } from "../conditions/condition-logic.js";
import { readWhere } from "../conditions/conditions.js";
import { refuseLongCondition } from "../conditions/expression.js";
import { Placeholders } from "../conditions/placeholders.js";
import type { EntityModel } from "../entity/model.js";
import { isStored } from "../entity/own-items.js";
import { type FieldPath, wantedOf } from "../entity/projection.js";
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import { readLimit } from "./query-plan.js";
import { mostScanCursorLength, mostSegments } from "./scan-cursor.js";

/** A checked scan, except its cursor. */
export interface ScanPlan {
  /** The request of any segment. */
  readonly input: ScanCommandInput;
  /** As many as were asked for; `undefined` if the caller left it open. */
  readonly segments: number | undefined;
  /** The cursor as it was given. */
  readonly cursor: unknown;
  readonly limit: number;
  /** The fields to keep of each payload, if payloads are read as a whole. */
  readonly fields: readonly FieldPath[] | undefined;
}

interface GivenOptions {
  readonly segments?: unknown;
  readonly where?: unknown;
  readonly fields?: unknown;
  readonly limit?: unknown;
  readonly cursor?: unknown;
  readonly consistent?: unknown;
}

/**
 * Checks a scan's options, except the content of the cursor, and builds the request.
 * @throws ValidationError
 */
export function planScan(
  model: EntityModel,
  tableName: string,
  given: GivenOptions | null,
  context: CallContext,
): ScanPlan {
  const refuse = (path: string, message: string) => invalidAt(context, path, message);
  const { segments, where, limit, cursor, consistent = false } = given ?? {};
  const isCount =
    Number.isInteger(segments) && Number(segments) >= 1 && Number(segments) <= mostSegments;
  if (segments !== undefined && !isCount) {
    throw refuse("segments", `must be an integer from 1 to ${mostSegments}`);
  }
  if (typeof consistent !== "boolean") throw refuse("consistent", "must be true or false");
  if (typeof cursor === "string" && cursor.length > mostScanCursorLength) {
    const most = `those are at most ${mostScanCursorLength} characters`;
    throw refuse("cursor", `is not one that a scan returned: ${most}`);
  }
  const own = new Placeholders();
  const stored = isStored(own, model);
  const { projection, fields } = wantedOf(model, given?.fields, own, context);
  const filter = readWhere(where, context, model.encrypted)?.(own);
  const { text } = filter === undefined ? stored : joined("AND", [stored, filter]);
  refuseLongCondition(context, "where", text);
  return {
    segments: segments as number | undefined,
    fields,
    cursor: cursor ?? null,
    limit: readLimit(limit, context) ?? Number.POSITIVE_INFINITY,
    input: {
      TableName: tableName,
      FilterExpression: text,
      ExpressionAttributeNames: own.names,
      ExpressionAttributeValues: own.values,
      ...(consistent && { ConsistentRead: true }),
      ...(projection !== undefined && { ProjectionExpression: projection.ProjectionExpression }),
    },
  };
}
