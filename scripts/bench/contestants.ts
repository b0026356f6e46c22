/**
 * The libraries that are compared: the SDK's document client, ElectroDB, this package and its peers.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import pRetry from "p-retry";
import { definitions } from "../../services/entities.js";
import { createEntities, createService } from "../../services/registry.js";
import { ItemRequests } from "../../src/client/item-requests.js";
import { createDataLayer, type DataLayerOptions } from "../../src/index.js";
import { type CellName, newName, rawItem, tableName, writtenAt } from "./canned.js";
import { place, type Wire } from "./wires.js";

type Cells = Partial<Record<CellName, () => Promise<unknown>>>;

/** One library, and what it does in each cell; a cell is left out if the library has no such call. */
export interface Contestant {
  readonly name: string;
  readonly cells: Cells;
  /** What it does instead in a cell with several operations in flight. */
  readonly crowded?: Cells;
  /** How many of its requests so far went through the SDK's pipeline, if it has a path of its own. */
  readonly sentBySdk?: () => number;
}

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
const data = rawItem(0).Data;
const key = { userId: "u1", contentId: "c0" };
const keys = indexes(100).map((index) => ({ userId: "u1", contentId: `c${index}` }));
const inputs = indexes(25).map((index) => ({ userId: "u1", contentId: `c${index}`, data }));

export function documentClient(wire: Wire): Contestant {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(wire.config));
  const TableName = tableName;
  const Key = { PK: "USER#u1", SK: "CONTENT#c0" };
  const query = (more: { readonly Select?: "COUNT" } = {}) =>
    client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: "PK = :pk AND begins_with(SK, :sk)",
        ExpressionAttributeValues: { ":pk": "USER#u1", ":sk": "CONTENT#" },
        ...more,
      }),
    );
  const update = (UpdateExpression: string, names: object, values: object) =>
    client.send(
      new UpdateCommand({
        TableName,
        Key,
        UpdateExpression,
        ConditionExpression: "attribute_exists(PK)",
        ExpressionAttributeNames: { "#d": "Data", "#u": "UpdatedAt", ...names },
        ExpressionAttributeValues: { ":u": writtenAt, ...values },
        ReturnValues: "ALL_NEW",
      }),
    );
  const rename = () => update("SET #d.#n = :n, #u = :u", { "#n": "name" }, { ":n": newName });
  return {
    name: "DocumentClient",
    cells: {
      get: () => client.send(new GetCommand({ TableName, Key })),
      put: () => client.send(new PutCommand({ TableName, Item: rawItem(0) })),
      update: rename,
      add: () =>
        update(
          "SET #d.#v = if_not_exists(#d.#v, :z) + :n, #u = :u",
          { "#v": "views" },
          { ":z": 0, ":n": 1 },
        ),
      upsert: () => update("SET #d = :d, #u = :u", {}, { ":d": { ...data, name: newName } }),
      delete: () => client.send(new DeleteCommand({ TableName, Key, ReturnValues: "ALL_OLD" })),
      count100: () => query({ Select: "COUNT" }),
      query100: () => query(),
      query1000: () => query(),
      batchGet100: () => {
        const Keys = indexes(100).map((index) => ({ PK: "USER#u1", SK: `CONTENT#c${index}` }));
        return client.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys } } }));
      },
      batchWrite25: () => {
        const requests = indexes(25).map((index) => ({ PutRequest: { Item: rawItem(index) } }));
        return client.send(new BatchWriteCommand({ RequestItems: { [TableName]: requests } }));
      },
      collection200: () =>
        client.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: "PK = :pk",
            ExpressionAttributeValues: { ":pk": "USER#u1" },
          }),
        ),
    },
  };
}

/**
 * This package with its defaults. A get is sent by itself, because only one begins at a time. With
 * several in flight each is sent by itself, too: gets that begin together would be one BatchGet.
 * @param more options of its data layers
 */
export function thisPackage(wire: Wire, more: Pick<DataLayerOptions, "events"> = {}): Contestant {
  const sentBySdk = countSdkRequests();
  const { endpoint, requestHandler } = wire.config;
  const options = {
    environment: "development",
    tableName,
    ...place,
    endpoint: endpoint as string,
    ...(requestHandler !== undefined && { requestHandler }),
    clock: { now: () => writtenAt },
    ...(process.env.ZZ_ALONE && { coalesce: false }),
    ...more,
  } as const;
  const layer = createDataLayer(options);
  const oneByOne = createDataLayer({ ...options, coalesce: false });
  const { savedContent } = layer;
  return {
    name: "this package",
    cells: {
      get: () => savedContent.get(key),
      put: () => savedContent.put({ ...key, data }),
      update: () => savedContent.update(key, { name: newName }),
      add: () => savedContent.update(key, {}, { add: [[["views"], 1]] as never }),
      upsert: () => savedContent.upsert({ ...key, data: { ...data, name: newName } }),
      delete: () => savedContent.delete(key),
      count100: () => savedContent.count({ userId: "u1" }),
      query100: () => savedContent.query({ userId: "u1" }),
      query1000: () => savedContent.query({ userId: "u1" }),
      batchGet100: () => savedContent.batchGet(keys),
      batchWrite25: () => savedContent.batchPut(inputs),
      collection200: () => layer.collections.workspace({ userId: "u1" }),
    },
    sentBySdk,
    crowded: { get: () => oneByOne.savedContent.get(key) },
  };
}

/** Counts the requests of all layers of this process that do not go the direct path. */
function countSdkRequests(): () => number {
  const seen = new Set<ItemRequests>();
  const { request, sendAny } = ItemRequests.prototype;
  ItemRequests.prototype.request = function (this: ItemRequests, ...given) {
    seen.add(this);
    return request.apply(this, given);
  };
  ItemRequests.prototype.sendAny = function (this: ItemRequests, ...given) {
    seen.add(this);
    return sendAny.apply(this, given);
  };
  return () => [...seen].reduce((sum, { sent }) => sum + sent.sdk, 0);
}

/** ElectroDB's own chains over the document client, each call wrapped in p-retry. */
export function electro(wire: Wire): Contestant {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(wire.config));
  const config = { table: tableName, client };
  const entities = createEntities(definitions, config);
  const service = createService(entities, config);
  const { savedContent } = entities;
  const times = { createdAt: writtenAt, updatedAt: writtenAt };
  const retried = <T>(call: () => Promise<T>) => pRetry(call, { retries: 3 });
  const all = { pages: "all" } as const;
  return {
    name: "ElectroDB + p-retry",
    cells: {
      get: () => retried(() => savedContent.get(key).go()),
      put: () => retried(() => savedContent.put({ ...key, data, ...times }).go()),
      update: () =>
        retried(() =>
          savedContent
            .patch(key)
            .data((attributes, { set }) => set(attributes.data.name, newName))
            .go({ response: "all_new" }),
        ),
      add: () =>
        retried(() =>
          savedContent
            .patch(key)
            .data((attributes, { add }) =>
              add((attributes.data as unknown as { views: never }).views, 1 as never),
            )
            .go({ response: "all_new" }),
        ),
      upsert: () =>
        retried(() => savedContent.upsert({ ...key, data, ...times }).go({ response: "all_new" })),
      delete: () => retried(() => savedContent.delete(key).go({ response: "all_old" })),
      query100: () => retried(() => savedContent.query.byKey({ userId: "u1" }).go(all)),
      query1000: () => retried(() => savedContent.query.byKey({ userId: "u1" }).go(all)),
      batchGet100: () => retried(() => savedContent.get(keys).go()),
      batchWrite25: () =>
        retried(() => savedContent.put(inputs.map((input) => ({ ...input, ...times }))).go()),
      collection200: () => retried(() => service.collections.workspace({ userId: "u1" }).go(all)),
    },
  };
}
