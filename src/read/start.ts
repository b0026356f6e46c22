/** Where a query starts: at its beginning, or at a cursor. */
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import { attribute, type IndexKeyNames, indexKeysOf, indexName } from "../table/table.js";
import { type CursorBinding, decodeCursor, type Place } from "./cursor.js";
import { areAmong } from "./key-condition.js";
import type { QueryPlan } from "./query-plan.js";

/** In which directions a call reads: a loop over all items cannot read back and keep their order. */
export type Directions = "both" | "forward";

/** A query with its place in the partition. */
export interface StartedQuery extends QueryPlan {
  /** Whether the request reads against the query's order, for the page before an item. */
  readonly isBackward: boolean;
  /** Whether it starts where the query does, or where it ends if it reads back: nothing lies before that. */
  readonly isAtEdge: boolean;
}

/**
 * The same query, continued at a cursor.
 * @param takes whether the call can read back
 * @throws ValidationError for a cursor of another query, and for any other value
 */
export function startedAt(
  plan: QueryPlan,
  cursor: unknown,
  context: CallContext,
  takes: Directions,
): StartedQuery {
  if (cursor === undefined || cursor === null) {
    return { ...plan, isBackward: false, isAtEdge: true };
  }
  const { binding, range } = plan;
  const refuse = (message: string) => invalidAt(context, "cursor", message);
  const { isBackward, at } = decodeCursor(cursor, binding, context);
  if (isBackward && takes === "forward") {
    throw refuse("leads to a previous page, which only query and queryBy read");
  }
  const startKey = at && startKeyOf(at, binding);
  const sortKey =
    startKey?.[binding.index === "key" ? attribute.sortKey : indexKeysFor(binding).sk];
  if (range !== undefined && sortKey !== undefined && !areAmong(range.keys, sortKey)) {
    throw refuse(`lies outside the range of ${range.of}`);
  }
  const input = {
    ...plan.input,
    ...(isBackward && { ScanIndexForward: binding.order === "desc" }),
    ...(startKey !== undefined && { ExclusiveStartKey: startKey }),
  };
  return { ...plan, input, isBackward, isAtEdge: at === undefined };
}

/** The key attributes of the index that a query reads. */
function indexKeysFor({ index }: CursorBinding): IndexKeyNames {
  return indexKeysOf(index === "key" || index === "createdAt" ? indexName : index);
}

/**
 * The start key of a place. The partition that is read comes from the call, whatever the cursor contains.
 * Where the items of an index lie in the table, the cursor says; for a dated entity, both partition keys are
 * the same.
 */
function startKeyOf(
  { SK, indexSortKey, PK }: Place,
  binding: CursorBinding,
): Record<string, string> {
  const key = { [attribute.partitionKey]: PK ?? binding.partition, [attribute.sortKey]: SK };
  if (indexSortKey === undefined) return key;
  const { pk, sk } = indexKeysFor(binding);
  return { ...key, [pk]: binding.partition, [sk]: indexSortKey };
}
