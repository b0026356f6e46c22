/** DynamoDB's names of the operations. They load nothing, so that telemetry can name them without the SDK. */
import type { OperationName } from "../client/operations.js";
import type { RequestName } from "./requests.js";

export const operationNames: Readonly<Record<RequestName, OperationName>> = {
  BatchGet: "BatchGetItem",
  BatchWrite: "BatchWriteItem",
  Delete: "DeleteItem",
  Get: "GetItem",
  Put: "PutItem",
  Query: "Query",
  Scan: "Scan",
  TransactGet: "TransactGetItems",
  TransactWrite: "TransactWriteItems",
  Update: "UpdateItem",
};
