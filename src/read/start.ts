/** Where a query starts: at its beginning, or at a cursor. */
import type { CallContext } from "../errors/context.js";
import { invalid } from "../errors/validation-error.js";
import { attribute, type IndexKeyNames, indexKeysOf, indexName } from "../table/table.js";
import { type CursorBinding, decodeCursor } from "./cursor.js";
import { areAmong } from "./key-condition.js";
import type { QueryPlan } from "./query-plan.js";

/**
 * The same query, continued at a cursor.
 * @throws ValidationError for a cursor of another query, and for any other value
 */
export function startedAt(plan: QueryPlan, cursor: unknown, context: CallContext): QueryPlan {
  const { binding, range } = plan;
  const startKey = startKeyOf(cursor, binding, context);
  if (startKey === undefined) return plan;
  const at = startKey[binding.index === "key" ? attribute.sortKey : indexKeysFor(binding).sk];
  if (range !== undefined && at !== undefined && !areAmong(range.keys, at)) {
    const message = `lies outside the range of ${range.of}`;
    throw invalid(context, [{ path: "cursor", message }]);
  }
  return { ...plan, input: { ...plan.input, ExclusiveStartKey: startKey } };
}

/** The key attributes of the index that a query reads. */
function indexKeysFor({ index }: CursorBinding): IndexKeyNames {
  return indexKeysOf(index === "key" || index === "createdAt" ? indexName : index);
}

/**
 * The start key of a cursor. The partition that is read comes from the call, whatever the cursor contains.
 * Where the items of an index lie in the table, the cursor says; for a dated entity, both partition keys are
 * the same.
 */
function startKeyOf(
  cursor: unknown,
  binding: CursorBinding,
  context: CallContext,
): Record<string, string> | undefined {
  if (cursor === undefined || cursor === null) return undefined;
  const { SK, indexSortKey, PK = binding.partition } = decodeCursor(cursor, binding, context);
  const key = { [attribute.partitionKey]: PK, [attribute.sortKey]: SK };
  if (indexSortKey === undefined) return key;
  const { pk, sk } = indexKeysFor(binding);
  return { ...key, [pk]: binding.partition, [sk]: indexSortKey };
}
