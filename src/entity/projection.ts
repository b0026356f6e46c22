/** Which parts of an item a read asks for. */
import { refuseLong } from "../conditions/expression.js";
import { Placeholders } from "../conditions/placeholders.js";
import type { CallContext } from "../errors/context.js";
import { invalid } from "../errors/validation-error.js";
import { attribute, limits } from "../table/table.js";
import { elementsOf } from "../values/payload.js";
import type { EntityModel } from "./model.js";

/** How an item is read, and which parts of it. Two reads share a request only if these are equal. */
export interface ReadOptions {
  readonly consistent: boolean;
  readonly projection: Projection | undefined;
}

/** A projection as a request contains it. */
export interface Projection {
  readonly ProjectionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
}

/**
 * The most names or paths in one call. A DynamoDB expression has at most 4 KB, and each of them
 * takes a few bytes.
 */
export const mostPaths = 4_096;

/** What a read asks for, and what its caller gets of it. */
export interface Wanted {
  readonly projection: Projection | undefined;
  /** The fields to keep of each payload, which is then read as a whole. */
  readonly fields: readonly string[] | undefined;
}

const everything: Wanted = { projection: undefined, fields: undefined };

/**
 * What a read of some fields asks for: the attributes that every item needs, and these fields. Where
 * payloads may have to be upgraded, they are read as a whole.
 * @param indexSortKey the sort key of the index that is read, from which a cursor is made
 */
export function wantedOf(
  model: Pick<EntityModel, "versions" | "expires">,
  fields: unknown,
  placeholders: Placeholders,
  context: CallContext,
  indexSortKey: string = attribute.indexSortKey,
): Wanted {
  if (fields === undefined) return everything;
  const upgrades = model.versions !== undefined && model.versions.steps.length > 0;
  const own = upgrades ? new Placeholders() : placeholders;
  const { names, projection } = projectionOf(model, fields, own, context, indexSortKey);
  return upgrades ? { projection: undefined, fields: names } : { projection, fields: undefined };
}

function projectionOf(
  { expires }: Pick<EntityModel, "expires">,
  fields: unknown,
  placeholders: Placeholders,
  context: CallContext,
  indexSortKey: string,
): { readonly names: readonly string[]; readonly projection: Projection } {
  const names = elementsOf(fields, mostPaths);
  const valid =
    names !== undefined &&
    names.length > 0 &&
    names.every((name) => typeof name === "string" && name !== "" && name.isWellFormed());
  const characters = valid ? names.reduce<number>((sum, name) => sum + String(name).length, 0) : 0;
  if (characters > limits.expressionValueBytes) {
    const message = `are names of more than ${limits.expressionValueBytes} bytes: DynamoDB takes no more`;
    throw invalid(context, [{ path: "fields", message }]);
  }
  if (!valid) {
    throw invalid(context, [
      { path: "fields", message: "must be a non-empty array of the payload's field names" },
    ]);
  }
  const always = [
    attribute.partitionKey,
    attribute.sortKey,
    indexSortKey,
    attribute.entityType,
    attribute.createdAt,
    attribute.updatedAt,
    ...(expires === undefined ? [] : [attribute.timeToLive]),
  ].map((name) => placeholders.name(name));
  const wanted = [...new Set(names as string[])].map((field) => placeholders.path([field]));
  const expression = [...always, ...wanted].join(", ");
  refuseLong(context, "fields", expression);
  const projection = {
    ProjectionExpression: expression,
    ExpressionAttributeNames: placeholders.names,
  };
  return { names: names as string[], projection };
}
