/** A range of sort keys of one partition, over several entities whose keys are adjacent. */
import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Call } from "../../src/call/call.js";
import { Placeholders } from "../../src/conditions/placeholders.js";
import { isOf, itemOf } from "../../src/entity/item.js";
import type { EntityModel } from "../../src/entity/model.js";
import { afterSeparator, keyCondition } from "../../src/read/key-condition.js";
import { allItems } from "../../src/read/paging.js";
import { internalsOf, type StoreContext } from "../../src/store/entity-store.js";
import { attribute, type RawItem } from "../../src/table/table.js";
import type { FacadeName } from "../entities.js";
import type { ItemOf, Stores } from "../stores.js";

/**
 * All items of some entities of one user: one request per MB of the range from the first entity's
 * sort keys to the last one's. The engine filters out any other items in the range.
 */
export async function readRange<const F extends FacadeName>(
  { transport, tableName }: StoreContext,
  stores: Pick<Stores, F>,
  names: readonly F[],
  parts: Readonly<Record<string, string>>,
  call: Call,
): Promise<{ [N in F]: ItemOf<N>[] }> {
  const models = names.map((name): [F, EntityModel] => [name, internalsOf(stores[name]).model]);
  const prefixes = models.map(([, model]) => model.sk.prefix).sort();
  const low = prefixes[0] ?? "";
  const high = (prefixes.at(-1) ?? "").replace(/#$/, afterSeparator);
  const own = new Placeholders();
  const partition = models[0]?.[1].pk.build(parts) ?? "";
  const input: QueryCommandInput = {
    TableName: tableName,
    KeyConditionExpression: keyCondition(own, partition, { low, high }),
    FilterExpression: `${own.name(attribute.entityType)} IN (${models.map(([, model]) => own.value(model.name)).join(", ")})`,
    ExpressionAttributeNames: own.names,
    ExpressionAttributeValues: own.values,
  };
  const items = await allItems(transport, input, call);
  return Object.fromEntries(models.map(([name, model]) => [name, itemsOf(model, items)])) as never;
}

function itemsOf(model: EntityModel, items: readonly RawItem[]): object[] {
  return items.filter((raw) => isOf(model, raw)).map((raw) => itemOf(model, raw));
}
