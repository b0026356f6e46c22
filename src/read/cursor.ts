/** Cursors: where a query continues. A cursor is bound to entity, index, order and partition. */
import { z } from "zod";
import type { CallContext } from "../errors/context.js";
import { invalid } from "../errors/validation-error.js";
import type { RawItem } from "../table/table.js";

/** The query that a cursor is bound to. Other queries refuse the cursor. */
export interface CursorBinding {
  readonly entity: string;
  readonly index: "key" | "createdAt";
  readonly order: "asc" | "desc";
  /** The partition key that the call reads. It is never taken from a cursor. */
  readonly partition: string;
  /** The prefix of every sort key of the query. */
  readonly prefix: string;
  /** The prefix of the index sort keys, if the query reads the index. */
  readonly indexPrefix?: string | undefined;
}

/** The position of an item in its partition: its sort key, and its index sort key. */
type Position = Pick<RawItem, "SK" | "GSI1SK">;

const tuple = () =>
  z.tuple([
    z.literal(1),
    z.string(),
    z.enum(["key", "createdAt"]),
    z.enum(["asc", "desc"]),
    z.string(),
    z.string(),
    z.string().optional(),
  ]);

let built: ReturnType<typeof tuple> | undefined;

/**
 * The schema of a cursor's fields. Built for the first cursor, because most processes read none
 * early on.
 */
function shape(): ReturnType<typeof tuple> {
  built ??= tuple();
  return built;
}

/** Makes a cursor that continues after an item. */
export function encodeCursor(binding: CursorBinding, { SK, GSI1SK }: Position): string {
  const fields = [1, binding.entity, binding.index, binding.order, binding.partition, SK];
  if (binding.index === "createdAt") fields.push(GSI1SK ?? "");
  return Buffer.from(JSON.stringify(fields)).toString("base64url");
}

/**
 * Reads a cursor. Only its position within the partition is used, and only if that is among the
 * entity's own sort keys.
 * @throws ValidationError for a cursor of another query, and for any other value
 */
export function decodeCursor(
  cursor: unknown,
  binding: CursorBinding,
  context: CallContext,
): Position {
  const refuse = (message: string) => invalid(context, [{ path: "cursor", message }]);
  const parsed = shape().safeParse(parse(cursor));
  if (!parsed.success) throw refuse("is not one that a query returned");
  const [, entity, index, order, partition, sortKey, indexSortKey] = parsed.data;
  if (entity !== binding.entity) throw refuse("belongs to another entity");
  if (partition !== binding.partition) throw refuse("belongs to another partition");
  if (index !== binding.index) throw refuse("belongs to another index");
  if (order !== binding.order) throw refuse("belongs to another order");
  if (!sortKey.isWellFormed() || indexSortKey?.isWellFormed() === false) {
    throw refuse("is not one that a query returned");
  }
  const inIndex = index === "key" || indexSortKey?.startsWith(binding.indexPrefix ?? "");
  if (!sortKey.startsWith(binding.prefix) || !inIndex || sortKey === "") {
    throw refuse("is not one that a query returned");
  }
  return index === "key" ? { SK: sortKey } : { SK: sortKey, GSI1SK: indexSortKey ?? "" };
}

function parse(cursor: unknown): unknown {
  if (typeof cursor !== "string" || !/^[\w-]+$/.test(cursor)) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    // Not JSON. The check of the shape reports it.
    return undefined;
  }
}
