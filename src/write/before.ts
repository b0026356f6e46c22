/** What a write returns with `returning: "both"`: the item, and what was there before. */
import { type AnyItem, isOf, itemOf } from "../entity/item.js";
import type { EntityModel } from "../entity/model.js";
import { type CallContext, describe } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";
import { noteCopy } from "../secrets/opened.js";
import { attribute, type RawItem, type RawKey } from "../table/table.js";
import { sumOf } from "../values/exact-number.js";
import type { Growth } from "./updated-at.js";

export interface Both {
  readonly item: AnyItem;
  /** `null` if there was no item of the entity, or one that had expired. */
  readonly before: AnyItem | null;
}

/**
 * @param attributes what was there, as the response has it
 * @param left what the write makes of it
 */
export function bothOf(
  model: EntityModel,
  key: RawKey,
  attributes: RawItem | undefined,
  left: (before: RawItem | undefined) => RawItem,
): Both {
  const raw = attributes === undefined ? undefined : { ...attributes, ...key };
  if (raw !== undefined) noteCopy(attributes as RawItem, raw);
  const isThere = raw !== undefined && isOf(model, raw);
  const before = isThere ? itemOf(model, raw, "refuseWritten") : null;
  return { item: itemOf(model, left(raw)), before };
}

/** The UpdatedAt that a write left. */
export function grownFrom(before: RawItem | undefined, { at, step }: Growth): number {
  return step === undefined ? at : (sumOf(before?.[attribute.updatedAt], step) as number);
}

/** The write was carried out, and what was there before is not known any more. */
export function beforeIsLost(context: CallContext, cause?: unknown): DynamoDBError {
  const rule =
    "the item was written and the response was lost: what was there before is not known (returning)";
  return new DynamoDBError({ message: describe(context, rule), code: "AnswerLost", cause });
}
