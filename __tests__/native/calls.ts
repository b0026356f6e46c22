/** ElectroDB's operations: the rows of the table of what native chains throw. */
import { createGetTransaction, createWriteTransaction } from "electrodb";
import type { DataLayer } from "../../src/data-layer.js";

/** What ElectroDB's calls take, of those that the tests give. */
export interface GoOptions {
  readonly abortSignal?: AbortSignal;
  readonly originalErr?: true;
}

export interface Row {
  /** The public member of ElectroDB's entity or Service that it is about. */
  readonly member: string;
  /** The call as errors name it. */
  readonly operation: string;
  readonly entity: string | undefined;
  readonly key: string | undefined;
  /** DynamoDB's operation. */
  readonly request: string;
  readonly isWrite: boolean;
  run(data: DataLayer, options: GoOptions): Promise<unknown>;
}

export const key = { userId: "u1", projectId: "p1" };
export const item = { ...key, data: { name: "one" }, createdAt: 1, updatedAt: 1 };
const partition = { userId: "u1" };
const keyText = "userId=u1, projectId=p1";

const one = (
  member: string,
  request: string,
  isWrite: boolean,
  run: Row["run"],
  rest: Partial<Row> = {},
): Row => ({
  member,
  operation: `entity.${member}`,
  entity: "Project",
  key: keyText,
  request,
  isWrite,
  run,
  ...rest,
});
const list = { key: undefined };
const byUser = { key: "userId=u1" };
const collection = { ...byUser, entity: undefined };
const transaction = { key: undefined, entity: undefined };

export const rows: readonly Row[] = [
  one("get", "GetItem", false, ({ project: { entity } }, o) => entity.get(key).go(o)),
  one("get", "BatchGetItem", false, ({ project: { entity } }, o) => entity.get([key]).go(o), list),
  one(
    "query",
    "Query",
    false,
    ({ project: { entity } }, o) => entity.query.byKey(partition).go(o),
    { ...byUser, operation: "entity.query.byKey" },
  ),
  one(
    "query",
    "Query",
    false,
    ({ project: { entity } }, o) => entity.query.byCreatedAt(partition).gte({ createdAt: 1 }).go(o),
    { ...byUser, operation: "entity.query.byCreatedAt" },
  ),
  one("scan", "Scan", false, ({ project: { entity } }, o) => entity.scan.go(o), list),
  one("scan", "Scan", false, ({ project: { entity } }, o) => entity.scan.byCreatedAt.go(o), {
    ...list,
    operation: "entity.scan.byCreatedAt",
  }),
  one("find", "Query", false, ({ project: { entity } }, o) => entity.find(key).go(o), byUser),
  one("match", "Query", false, ({ project: { entity } }, o) => entity.match(key).go(o), byUser),
  one("put", "PutItem", true, ({ project: { entity } }, o) => entity.put(item).go(o)),
  one(
    "put",
    "BatchWriteItem",
    true,
    ({ project: { entity } }, o) => entity.put([item]).go(o),
    list,
  ),
  one("create", "PutItem", true, ({ project: { entity } }, o) => entity.create(item).go(o)),
  one("upsert", "UpdateItem", true, ({ project: { entity } }, o) => entity.upsert(item).go(o)),
  one("update", "UpdateItem", true, ({ project: { entity } }, o) =>
    entity.update(key).set({ updatedAt: 2 }).go(o),
  ),
  one("patch", "UpdateItem", true, ({ project: { entity } }, o) =>
    entity.patch(key).set({ updatedAt: 2 }).go(o),
  ),
  one("delete", "DeleteItem", true, ({ project: { entity } }, o) => entity.delete(key).go(o)),
  one(
    "delete",
    "BatchWriteItem",
    true,
    ({ project: { entity } }, o) => entity.delete([key]).go(o),
    list,
  ),
  one("remove", "DeleteItem", true, ({ project: { entity } }, o) => entity.remove(key).go(o)),
  one(
    "transactGet",
    "TransactGetItems",
    false,
    ({ project: { entity } }, o) => {
      const Get = entity.get(key).params();
      return sender(entity).transactGet({ TransactItems: [{ Get }] }, o);
    },
    list,
  ),
  one(
    "transactWrite",
    "TransactWriteItems",
    true,
    ({ project: { entity } }, o) => {
      const Put = entity.put(item).params();
      return sender(entity).transactWrite({ TransactItems: [{ Put }] }, o);
    },
    list,
  ),
  one(
    "collections.workspace",
    "Query",
    false,
    ({ service }, o) => service.collections.workspace(partition).go(o),
    { ...collection, operation: "service.collections.workspace" },
  ),
  one(
    "collections.recent",
    "Query",
    false,
    ({ service }, o) => service.collections.recent(partition).go(o),
    { ...collection, operation: "service.collections.recent" },
  ),
  one(
    "transaction.get",
    "TransactGetItems",
    false,
    ({ service }, o) => service.transaction.get(({ project }) => [project.get(key).commit()]).go(o),
    { ...transaction, operation: "service.transaction.get" },
  ),
  one(
    "transaction.write",
    "TransactWriteItems",
    true,
    ({ service }, o) =>
      service.transaction.write(({ project }) => [project.put(item).commit()]).go(o),
    { ...transaction, operation: "service.transaction.write" },
  ),
  one(
    "createGetTransaction",
    "TransactGetItems",
    false,
    ({ project: { entity } }, o) =>
      createGetTransaction({ entity }, (all) => [all.entity.get(key).commit()]).go(o),
    { ...transaction, operation: "service.transaction.get" },
  ),
  one(
    "createWriteTransaction",
    "TransactWriteItems",
    true,
    ({ project: { entity } }, o) =>
      createWriteTransaction({ entity }, (all) => [
        all.entity
          .check({ ...key, projectId: "p2" })
          .where(({ userId }, { notExists }) => notExists(userId))
          .commit(),
        all.entity.put(item).commit(),
      ]).go(o),
    { ...transaction, operation: "service.transaction.write" },
  ),
];

/** Two methods that ElectroDB's types leave out. */
type Sender = Record<
  "transactGet" | "transactWrite",
  (parameters: object, options: object) => Promise<unknown>
>;

function sender(entity: object): Sender {
  return entity as Sender;
}

/** Public members of ElectroDB's entities that send nothing. */
export const sendingNothing: readonly string[] = [
  "addListeners",
  "cleanseRetrievedData",
  "constructor",
  "deserializeCursor",
  "formatBulkWriteResponse",
  "formatResponse",
  "getName",
  "getTableName",
  "getVersion",
  "is",
  "ownsCursor",
  "ownsItem",
  "ownsKeys",
  "ownsPager",
  "parse",
  "serializeCursor",
  "setClient",
  "setIdentifier",
  "setTableName",
  "applyBulkGetResponseFormatting",
  "applyIdentifierExpressionState",
];

/** Public members through which all rows go: ElectroDB calls them itself. */
export const belowTheRows: readonly string[] = [
  "check",
  "collection",
  "executeBulkGet",
  "executeBulkWrite",
  "executeOperation",
  "executeQuery",
  "go",
  "hydrate",
];
