/** Which parts of an item a read asks for. */
import { refuseLong } from "../conditions/expression.js";
import { Placeholders } from "../conditions/placeholders.js";
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import { attribute, limits } from "../table/table.js";
import { elementsOf, isPlainMap } from "../values/payload.js";
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

/** The names that lead to a field: the field's own, or those of the maps that it is in before it. */
export type FieldPath = readonly string[];

/**
 * The most names or paths in one call. A DynamoDB expression has at most 4 KB, and each of them
 * takes a few bytes.
 */
export const mostPaths = 4_096;

/** What a read asks for, and what its caller gets of it. */
export interface Wanted {
  readonly projection: Projection | undefined;
  /** The fields to keep of each payload, which is then read as a whole. */
  readonly fields: readonly FieldPath[] | undefined;
}

/** What is to be known of an entity whose items are read in part. */
type Projected = Pick<EntityModel, "versions" | "expires" | "secrets">;

const everything: Wanted = { projection: undefined, fields: undefined };

/**
 * What a read of some fields asks for: the attributes that every item needs, and these fields. Where
 * payloads may have to be upgraded, they are read as a whole.
 * @param indexSortKey the sort key of the index that is read, from which a cursor is made
 * @throws ValidationError
 */
export function wantedOf(
  model: Projected,
  fields: unknown,
  placeholders: Placeholders,
  context: CallContext,
  indexSortKey: string = attribute.indexSortKey,
): Wanted {
  if (fields === undefined) return everything;
  const paths = readPaths(model, fields, context);
  const hasUpgrades = model.versions !== undefined && model.versions.steps.length > 0;
  const upgrades = hasUpgrades && paths.length > 0;
  const own = upgrades ? new Placeholders() : placeholders;
  const projection = projectionOf(model, paths, own, indexSortKey);
  refuseLong(context, "fields", projection.ProjectionExpression);
  return upgrades ? { projection: undefined, fields: paths } : { projection, fields: undefined };
}

/** The attributes that every item needs, and these fields of its payload. */
export function projectionOf(
  { expires }: Pick<EntityModel, "expires">,
  paths: readonly FieldPath[],
  placeholders: Placeholders,
  indexSortKey: string = attribute.indexSortKey,
): Projection {
  const always = [
    attribute.partitionKey,
    attribute.sortKey,
    indexSortKey,
    attribute.entityType,
    attribute.createdAt,
    attribute.updatedAt,
    ...(expires === undefined ? [] : [attribute.timeToLive]),
  ].map((name) => placeholders.name(name));
  const wanted = paths.map((path) => placeholders.path(path));
  return {
    ProjectionExpression: [...always, ...wanted].join(", "),
    ExpressionAttributeNames: placeholders.names,
  };
}

/**
 * Reads `fields`. A field that is wanted as a whole and in part is wanted as a whole: DynamoDB refuses paths
 * that overlap.
 */
function readPaths(
  { secrets }: Pick<EntityModel, "secrets">,
  fields: unknown,
  context: CallContext,
): FieldPath[] {
  const refuse = (path: string, message: string) => invalidAt(context, path, message);
  const given = elementsOf(fields, mostPaths);
  if (given === undefined) {
    throw refuse("fields", "must be an array of the payload's field names, and of paths");
  }
  let characters = 0;
  const paths = given.map((element, index) => {
    const path =
      typeof element === "string" ? [element] : elementsOf(element, limits.nestingLevels);
    const rule = pathRule(path, secrets);
    if (rule !== undefined) throw refuse(`fields.${index}`, rule);
    for (const name of path as FieldPath) characters += name.length;
    return path as FieldPath;
  });
  if (characters > limits.expressionValueBytes) {
    const message = `are names of more than ${limits.expressionValueBytes} bytes: DynamoDB takes no more`;
    throw refuse("fields", message);
  }
  const byText = new Map(paths.map((path) => [textOf(path), path]));
  const isInside = (path: FieldPath) =>
    path.some((_, length) => length > 0 && byText.has(textOf(path.slice(0, length))));
  return [...byText.values()].filter((path) => !isInside(path));
}

function textOf(path: FieldPath): string {
  return JSON.stringify(path);
}

/** The rule that a path breaks; `undefined` if it is valid. */
function pathRule(path: unknown[] | undefined, secrets: readonly string[]): string | undefined {
  if (path?.some((name) => typeof name === "number") === true && typeof path[0] === "string") {
    return "leads into a list: a list is read as a whole, because its parts would lose their positions";
  }
  const isPath =
    path !== undefined &&
    path.length > 0 &&
    path.every((name) => typeof name === "string" && name !== "" && name.isWellFormed());
  if (!isPath) return "must be a field's name, or a path: a list of names";
  return path.length > 1 && secrets.includes(path[0] as string)
    ? "leads into a secret field: it is read as a whole"
    : undefined;
}

/** Some fields of a payload, as a read of these alone would return them: no map without one of them. */
export function picked(data: unknown, paths: readonly FieldPath[]): unknown {
  return isPlainMap(data) ? pickedOf(data as Payload, paths) : data;
}

type Payload = Readonly<Record<string, unknown>>;

function pickedOf(data: Payload, paths: readonly FieldPath[]): Record<string, unknown> {
  const inside = new Map<string, FieldPath[]>();
  for (const [name = "", ...rest] of paths) {
    inside.set(name, [...(inside.get(name) ?? []), rest]);
  }
  const entries: [string, unknown][] = [];
  for (const [name, rests] of inside) {
    if (!Object.hasOwn(data, name)) continue;
    const value = data[name];
    if (rests.some(({ length }) => length === 0)) entries.push([name, value]);
    else if (isPlainMap(value)) {
      const part = pickedOf(value as Payload, rests);
      if (Object.keys(part).length > 0) entries.push([name, part]);
    }
  }
  return Object.fromEntries(entries);
}
