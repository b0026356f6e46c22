/** The requests by name: their commands, and what is read from their inputs and responses. */
import { randomUUID } from "node:crypto";
import {
  BatchGetCommand,
  type BatchGetCommandInput,
  type BatchGetCommandOutput,
  BatchWriteCommand,
  type BatchWriteCommandInput,
  type BatchWriteCommandOutput,
  DeleteCommand,
  type DeleteCommandInput,
  type DeleteCommandOutput,
  GetCommand,
  type GetCommandInput,
  type GetCommandOutput,
  PutCommand,
  type PutCommandInput,
  type PutCommandOutput,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
  ScanCommand,
  type ScanCommandInput,
  type ScanCommandOutput,
  TransactGetCommand,
  type TransactGetCommandInput,
  type TransactGetCommandOutput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  type TransactWriteCommandOutput,
  UpdateCommand,
  type UpdateCommandInput,
  type UpdateCommandOutput,
} from "@aws-sdk/lib-dynamodb";
import type { RawItem } from "../table/table.js";

/** Inputs and outputs by DynamoDB operation. */
export interface Requests {
  BatchGet: [BatchGetCommandInput, BatchGetCommandOutput];
  BatchWrite: [BatchWriteCommandInput, BatchWriteCommandOutput];
  Delete: [DeleteCommandInput, DeleteCommandOutput];
  Get: [GetCommandInput, GetCommandOutput];
  Put: [PutCommandInput, PutCommandOutput];
  Query: [QueryCommandInput, QueryCommandOutput];
  Scan: [ScanCommandInput, ScanCommandOutput];
  TransactGet: [TransactGetCommandInput, TransactGetCommandOutput];
  TransactWrite: [TransactWriteCommandInput, TransactWriteCommandOutput];
  Update: [UpdateCommandInput, UpdateCommandOutput];
}

export type RequestName = keyof Requests;

/** The input of any request. */
export type Input = Readonly<Record<string, unknown>>;
/** The response to any request. */
export type Answer = Record<string, unknown>;

export const commands: { readonly [N in RequestName]: new (input: Requests[N][0]) => object } = {
  BatchGet: BatchGetCommand,
  BatchWrite: BatchWriteCommand,
  Delete: DeleteCommand,
  Get: GetCommand,
  Put: PutCommand,
  Query: QueryCommand,
  Scan: ScanCommand,
  TransactGet: TransactGetCommand,
  TransactWrite: TransactWriteCommand,
  Update: UpdateCommand,
};

/** The requests that change items. */
export const writes: ReadonlySet<RequestName> = new Set<RequestName>([
  "BatchWrite",
  "Delete",
  "Put",
  "TransactWrite",
  "Update",
]);

/**
 * The input as it is sent: a transaction with its token.
 * @param withCapacity whether the consumed capacity is asked for, unless the input says otherwise
 */
export function prepared(name: RequestName, input: Input, withCapacity: boolean): Input {
  const token = name === "TransactWrite" && input.ClientRequestToken === undefined;
  const total = withCapacity && input.ReturnConsumedCapacity === undefined;
  if (!token && !total) return input;
  return {
    ...input,
    // Set before the first attempt, so that a retry of a transaction is the same transaction.
    ...(token && { ClientRequestToken: randomUUID() }),
    ...(total && { ReturnConsumedCapacity: "TOTAL" }),
  };
}

/** The table of a request; several tables of a batch or transaction are joined by commas. */
export function tableOf(input: Input): string {
  if (typeof input.TableName === "string") return input.TableName;
  const requests = input.RequestItems;
  if (typeof requests === "object" && requests !== null) return Object.keys(requests).join(",");
  const items = (input.TransactItems ?? []) as Record<string, { TableName?: string }>[];
  const names = items.flatMap((item) => Object.values(item).map((one) => one?.TableName));
  return [...new Set(names)].join(",");
}

/** How many items a batch or a transaction names; `undefined` for other requests. */
export function batchSizeOf({ RequestItems, TransactItems }: Input): number | undefined {
  if (Array.isArray(TransactItems)) return TransactItems.length;
  if (typeof RequestItems !== "object" || RequestItems === null) return undefined;
  const requests = Object.values(RequestItems as Record<string, { Keys?: unknown[] } | unknown[]>);
  const sizes = requests.map((one) => (Array.isArray(one) ? one : one?.Keys)?.length ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The capacity that a response reports, added to what was consumed before it. */
export function sumOfCapacity(answer: Answer, before: number | undefined): number | undefined {
  const consumed = answer.ConsumedCapacity;
  if (consumed === undefined || consumed === null) return before;
  const entries = (Array.isArray(consumed) ? consumed : [consumed]) as { CapacityUnits?: number }[];
  return entries.reduce((sum, entry) => sum + (entry.CapacityUnits ?? 0), before ?? 0);
}

const noItems: readonly RawItem[] = [];

/** The stored items in a response, whatever the request was. */
export function itemsOf({ Item, Attributes, Items, Responses }: Answer): readonly RawItem[] {
  if (Items !== undefined) return Items as RawItem[];
  const one = (Item ?? Attributes) as RawItem | undefined;
  if (one !== undefined) return [one];
  if (Responses === undefined) return noItems;
  // A TransactGet has them by position, a BatchGet by table.
  if (!Array.isArray(Responses)) {
    const byTable = Object.values(Responses as Record<string, RawItem[]>);
    return byTable.length === 1 ? (byTable[0] ?? noItems) : byTable.flat();
  }
  return (Responses as { readonly Item?: RawItem }[]).flatMap(({ Item: item }) => item ?? []);
}
