/**
 * The door for edge runtimes, and for tests in a browser's surroundings (ES modules in Jest's jsdom):
 * key functions and error classes work there, all else says what it needs when it is called. Bundlers
 * for browsers take server-only.ts instead, and refuse to build. The data layer signs with `node:crypto`, and sends over `node:http` with
 * one pool of connections: an edge runtime has neither.
 */
import { needsNode } from "./errors/needs-node.js";

export { createTableInput } from "./admin/table-input.js";
// biome-ignore lint/performance/noReExportAll: a second list of what works everywhere would be forgotten.
export * from "./server-only.js";

export const createDataLayer = needsNode("createDataLayer");
export const DynamoDBRepository = needsNode("DynamoDBRepository");
export const EntityStore = needsNode("EntityStore");
export const getDocumentClient = needsNode("getDocumentClient");
export const getDynamoDBClient = needsNode("getDynamoDBClient");
export const getRepository = needsNode("getRepository");
export const getTableName = needsNode("getTableName");
export const iamPolicy = needsNode("iamPolicy");
export const resetClients = needsNode("resetClients");
export const resetRepository = needsNode("resetRepository");
export const withBatchRetry = needsNode("withBatchRetry");
export const withRetry = needsNode("withRetry");
export const configure = needsNode("configure");
export const Entity = needsNode("Entity");
export const byCreatedAt = needsNode("byCreatedAt");
export const byKey = needsNode("byKey");
export const data = needsNode("data");
export const datePart = needsNode("datePart");
export const expires = needsNode("expires");
export const fields = needsNode("fields");
export const numberPart = needsNode("numberPart");
export const index = needsNode("index");
export const keyPart = needsNode("keyPart");
export const model = needsNode("model");
export const times = needsNode("times");
export const wordPart = needsNode("wordPart");
export const secret = needsNode("secret");
