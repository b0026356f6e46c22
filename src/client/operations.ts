/** The operations on items: their commands, and where their inputs hold values. */
import { randomUUID } from "node:crypto";
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand as QueryItemsCommand,
  ScanCommand as ScanItemsCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactGetCommand,
  TransactWriteCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import type { BodyShape } from "./wire-format.js";

const item: BodyShape = {
  Key: "map",
  Item: "map",
  ExclusiveStartKey: "map",
  ExpressionAttributeValues: "map",
};

/** An operation, as the SDK's schemas name it. */
export interface Operation {
  readonly name: string;
}

/** An operation of the SDK's. */
export interface PlainOperation {
  readonly command: new (input: never) => object;
  /** The parts of its input that hold values. */
  readonly shape: BodyShape;
}

/** The operations under the names that their schemas give them. */
export const operations = {
  GetItem: { command: GetItemCommand, shape: item },
  PutItem: { command: PutItemCommand, shape: item },
  UpdateItem: { command: UpdateItemCommand, shape: item },
  DeleteItem: { command: DeleteItemCommand, shape: item },
  Query: { command: QueryItemsCommand, shape: item },
  Scan: { command: ScanItemsCommand, shape: item },
  BatchGetItem: {
    command: BatchGetItemCommand,
    shape: { RequestItems: { each: { Keys: { list: "map" } } } },
  },
  BatchWriteItem: {
    command: BatchWriteItemCommand,
    shape: { RequestItems: { each: { list: { PutRequest: item, DeleteRequest: item } } } },
  },
  TransactGetItems: {
    command: TransactGetItemsCommand,
    shape: { TransactItems: { list: { Get: item } } },
  },
  TransactWriteItems: {
    command: TransactWriteItemsCommand,
    shape: {
      TransactItems: { list: { Put: item, Update: item, Delete: item, ConditionCheck: item } },
    },
  },
} satisfies Record<string, PlainOperation>;

/** DynamoDB's name of an operation. */
export type OperationName = keyof typeof operations;

/** The operation of each document command, by its class: bundlers rename classes. */
export const namesOfCommands = new Map<unknown, OperationName>([
  [GetCommand, "GetItem"],
  [PutCommand, "PutItem"],
  [UpdateCommand, "UpdateItem"],
  [DeleteCommand, "DeleteItem"],
  [QueryCommand, "Query"],
  [ScanCommand, "Scan"],
  [BatchGetCommand, "BatchGetItem"],
  [BatchWriteCommand, "BatchWriteItem"],
  [TransactGetCommand, "TransactGetItems"],
  [TransactWriteCommand, "TransactWriteItems"],
]);

const operationsByName: ReadonlyMap<string, PlainOperation> = new Map(Object.entries(operations));

/** Input members from DynamoDB's first years, whose values are in other places. */
const legacy = [
  "AttributeUpdates",
  "Expected",
  "KeyConditions",
  "QueryFilter",
  "ScanFilter",
  "AttributesToGet",
];

/** Whether an input has one of those members. */
export function isLegacy(input: object): boolean {
  return legacy.some((name) => name in input);
}

/** Of a client's caller they may be anything. */
interface Tables {
  readonly TableName?: unknown;
  readonly RequestItems?: object | null;
  readonly TransactItems?: readonly (object | null)[] | null;
}

/** Whether an input names a table by its ARN, whose account and region may have an endpoint of their own. */
export function namesArn({ TableName, RequestItems, TransactItems }: Tables): boolean {
  const isArn = (name: unknown) => typeof name !== "string" || name.includes(":");
  if (RequestItems !== undefined) return Object.keys(RequestItems ?? {}).some(isArn);
  if (!Array.isArray(TransactItems)) return isArn(TableName);
  return TransactItems.some((item: Readonly<Record<string, Tables | null>> | null) =>
    Object.values(item ?? {}).some((one) => isArn(one?.TableName)),
  );
}

/** @throws TypeError for an operation that is not listed above: its values would be sent unconverted */
export function knownOperation({ name }: Operation): PlainOperation {
  const known = operationsByName.get(name);
  if (known === undefined) throw new TypeError(`the operation ${name} is not known`);
  return known;
}

/**
 * A transaction has a token, so that a repeated one is carried out only once. The SDK also generates
 * it.
 */
export function withToken(
  { name }: Operation,
  input: { readonly ClientRequestToken?: string },
): object {
  if (name !== "TransactWriteItems" || input.ClientRequestToken !== undefined) return input;
  return { ...input, ClientRequestToken: randomUUID() };
}
