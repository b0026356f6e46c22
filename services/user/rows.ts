/** The rows of a user's partitions: whose items they are, and the request that reads them. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { Placeholders } from "../../src/conditions/placeholders.js";
import { isStoredBy } from "../../src/entity/item.js";
import type { EntityModel } from "../../src/entity/model.js";
import { keyCondition } from "../../src/read/key-condition.js";
import { internalsOf, type StoreContext } from "../../src/store/entity-store.js";
import { attribute, type RawItem } from "../../src/table/table.js";
import type { Definitions } from "../registry.js";
import type { AnyStores } from "../stores.js";
import type { UserPartition } from "./partitions.js";

/** What a user's data is read and erased with. */
export interface UserSource {
  readonly definitions: Definitions;
  readonly context: StoreContext;
  /** The stores of the data layer, by their names. */
  readonly stores: AnyStores;
}

/** A declared entity, by the name of its store. */
export interface Kind {
  readonly name: string;
  readonly model: EntityModel;
}

/** Finds the entity of a stored row, even if the item has expired; `undefined` if none declares it. */
export function kindsIn({ stores }: UserSource, { stores: names }: UserPartition) {
  const kinds = names.map((name) => ({ name, model: internalsOf(stores[name] as object).model }));
  return (raw: RawItem): Kind | undefined => kinds.find(({ model }) => isStoredBy(model, raw));
}

/** The attributes that tell a row's key and its entity. */
const keyAttributes = [attribute.partitionKey, attribute.sortKey, attribute.entityType];

/**
 * The query of everything in a partition.
 * @param keysOnly whether a row is read without its payload
 */
export function wholePartition(
  { context: { tableName } }: UserSource,
  { key }: UserPartition,
  { keysOnly, consistent }: { readonly keysOnly: boolean; readonly consistent: boolean },
): QueryCommandInput {
  const own = new Placeholders();
  const condition = keyCondition(own, key, { prefix: "" });
  const names = keysOnly ? keyAttributes.map((name) => own.name(name)).join(", ") : undefined;
  return {
    TableName: tableName,
    KeyConditionExpression: condition,
    ...(names !== undefined && { ProjectionExpression: names }),
    ExpressionAttributeNames: own.names,
    ExpressionAttributeValues: own.values,
    ...(consistent && { ConsistentRead: true }),
  };
}
