/** Counts the items of a query. DynamoDB counts them wherever a filter can tell which ones `query` returns. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Call } from "../call/call.js";
import { atom, type Compiled, joined } from "../conditions/condition-logic.js";
import { readWhere } from "../conditions/conditions.js";
import { refuseLongCondition } from "../conditions/expression.js";
import { Placeholders } from "../conditions/placeholders.js";
import type { EntityModel } from "../entity/model.js";
import { isOwn } from "../entity/own-items.js";
import { projectionOf } from "../entity/projection.js";
import type { CallContext } from "../errors/context.js";
import { isSimple, type KeyTemplate } from "../keys/template.js";
import { attribute, indexKeysOf } from "../table/table.js";
import type { Transport } from "../transport/transport.js";
import { keyCondition } from "./key-condition.js";
import { pagesOf } from "./paging.js";
import type { Reach } from "./query-plan.js";

/** A checked count, ready to be sent. */
export interface CountPlan {
  readonly input: QueryCommandInput;
  /** Which of the items read count; without it, DynamoDB has counted. */
  readonly isWithin: Reach["isWithin"] | undefined;
}

/** Builds the request of a count: of the items that a query of the same reach and `where` returns. */
export function planCount(
  model: EntityModel,
  tableName: string,
  reach: Reach,
  where: unknown,
  context: CallContext,
): CountPlan {
  const { binding, index, keys, consistent } = reach;
  const names = index && indexKeysOf(index);
  const own = new Placeholders();
  const condition = keyCondition(own, binding.partition, keys, names);
  const places = placesIn(own, model, reach);
  const chosen = readWhere(where, context, model.encrypted)?.(own);
  const conditions = [isOwn(own, model), ...(places ?? []), ...(chosen ? [chosen] : [])];
  const { text } = joined("AND", conditions);
  refuseLongCondition(context, "where", text);
  const keysAlone = places === undefined ? projectionOf(model, [], own, names?.sk) : undefined;
  return {
    isWithin: places === undefined ? reach.isWithin : undefined,
    input: {
      TableName: tableName,
      ...(index !== undefined && { IndexName: index }),
      KeyConditionExpression: condition,
      FilterExpression: text,
      ...(keysAlone === undefined
        ? { Select: "COUNT" }
        : { ProjectionExpression: keysAlone.ProjectionExpression }),
      ExpressionAttributeNames: own.names,
      ExpressionAttributeValues: own.values,
      ...(consistent && { ConsistentRead: true }),
    },
  };
}

/**
 * The conditions that an item's own keys are the entity's, and belong to the query; `undefined` where a
 * condition cannot tell, because it knows no patterns. The keys of these items are read instead.
 */
function placesIn(
  own: Placeholders,
  model: EntityModel,
  { index, range, parts }: Reach,
): Compiled[] | undefined {
  const { pk, sk, numbered } = model;
  if (!isSimple(sk) || numbered || range?.holds !== undefined) return undefined;
  // The key condition tells it. A filter takes no attribute of the key that is read.
  if (index === undefined) return [];
  const templates = [
    [attribute.partitionKey, pk],
    [attribute.sortKey, sk],
  ] as const;
  // No placeholder is made before all conditions can be: DynamoDB refuses those that are not used.
  if (templates.some(([, { parts: names }]) => isKnownInPart(names, parts))) return undefined;
  if (!isSimple(pk) && !areKnown(pk.parts, parts)) return undefined;
  return templates.flatMap(([name, template]) => placeIn(own, name, template, parts));
}

type Parts = Reach["parts"];

function areKnown(names: readonly string[], parts: Parts): boolean {
  return names.length > 0 && names.every((name) => name in parts);
}

function isKnownInPart(names: readonly string[], parts: Parts): boolean {
  return !areKnown(names, parts) && names.some((name) => name in parts);
}

/** The conditions that a key is one of a template's, with these parts. */
function placeIn(own: Placeholders, name: string, template: KeyTemplate, parts: Parts): Compiled[] {
  if (areKnown(template.parts, parts)) {
    return [atom(`${own.name(name)} = ${own.value(template.build(parts))}`)];
  }
  const { prefix } = template;
  if (prefix === "") return [];
  const key = own.name(name);
  const begins = atom(`begins_with(${key}, ${own.value(prefix)})`);
  // A sort key that is the prefix alone is read as the entity's. A partition without its part is not.
  const isMore = name === attribute.partitionKey && template.parts.length > 0;
  return isMore ? [begins, atom(`${key} <> ${own.value(prefix)}`)] : [begins];
}

/** Counts the items, with one request per MB read. */
export async function countItems(
  transport: Transport,
  { input, isWithin }: CountPlan,
  call: Call,
): Promise<number> {
  let total = 0;
  for await (const { items, count } of pagesOf(transport, input, call)) {
    total += isWithin === undefined ? count : items.filter(isWithin).length;
  }
  return total;
}
