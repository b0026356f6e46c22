/** Names that the types refuse. Compiled by `npm run test:types`, never run. */
import { createDataLayer, type DataLayer, iamPolicy, withRetry } from "../../src/index.js";
import { createTestDataLayer, startEngine, startFaultProxy } from "../../src/testing/index.js";

declare const data: DataLayer;
const key = { userId: "u", contentId: "c" };
const content = { type: "Blog", content: "Text" };

// ---- Options, written where they are given.

// @ts-expect-error a misspelt option
data.savedContent.query({ userId: "u" }, { limitt: 3 });
// @ts-expect-error a misspelt option beside a right one
data.savedContent.query({ userId: "u" }, { limit: 3, sort: "desc" });
data.savedContent.delete(key, { where: { status: "draft" } });
// @ts-expect-error a misspelt field
data.savedContent.delete(key, { where: { statuss: "draft" } });
void data.transaction.write((tx) => [
  // @ts-expect-error a misspelt field
  tx.savedContent.delete(key, { where: { statuss: "draft" } }),
]);
// @ts-expect-error a value of another type
data.forUser("u").savedContent.delete({ contentId: "c" }, { where: { title: 5 } });
// @ts-expect-error a misspelt lock
data.savedContent.delete(key, { ifUpdateAt: 5 });
// @ts-expect-error an option of update's
data.savedContent.get(key, { set: [] });
// @ts-expect-error a transaction's operation has no limits
void data.transaction.write((tx) => [tx.savedContent.update(key, {}, { timeoutMs: 5 })]);
void data.transaction.write((tx) => [tx.savedContent.delete(key)], { token: "order-1" });
void data.forUser("u").transaction.write(() => [], { token: "order-1", timeoutMs: 5 });
// @ts-expect-error a token is a text
void data.transaction.write((tx) => [tx.savedContent.delete(key)], { token: 1 });
// @ts-expect-error reads need no token
void data.transaction.get((tx) => [tx.savedContent.get(key)], { token: "order-1" });
// @ts-expect-error a transaction reads whole items
void data.transaction.get((tx) => [tx.savedContent.get(key, { fields: ["type"] })]);
// @ts-expect-error a misspelt setting
createDataLayer({ tableNam: "T" });
// @ts-expect-error a setting of another's name
createDataLayer({ retry: { retries: 3 } });
// @ts-expect-error a misspelt setting of a setting
createDataLayer({ hedgedReads: { percentil: 99 } });
// @ts-expect-error the engine decides the region
void createTestDataLayer({ region: "us-east-1" });
// @ts-expect-error a misspelt setting
void startEngine({ prot: 4566 });
// @ts-expect-error misspelt
void startFaultProxy({ targt: "http://127.0.0.1:1" });
// @ts-expect-error a misspelt option
void withRetry(async () => 1, { retries: 3 });
// @ts-expect-error a misspelt option
iamPolicy({ tableArn: "arn", acess: "user" });

// ---- From a variable: an object of none of the names is refused; one with some is not, by any type.

const nothingOfIt = { limitt: 3 };
const someOfIt = { limit: 3, sort: "desc" };
// @ts-expect-error none of the names is an option
data.savedContent.query({ userId: "u" }, nothingOfIt);
data.savedContent.query({ userId: "u" }, someOfIt);

// ---- Fields that the payload's type does not have.

// @ts-expect-error a misspelt field
data.savedContent.query({ userId: "u" }, { where: { statuss: "draft" } });
// @ts-expect-error a misspelt field in a callback
data.savedContent.query({ userId: "u" }, { where: (fields, { exists }) => exists(fields.statuss) });
// @ts-expect-error a misspelt field
data.savedContent.get(key, { fields: ["statuss"] });
const unknownFields = ["statuss"];
// @ts-expect-error any texts are not the payload's fields
data.savedContent.get(key, { fields: unknownFields });
const unknownWhere = { statuss: "draft" };
// @ts-expect-error none of the names is a field
data.savedContent.query({ userId: "u" }, { where: unknownWhere });
// @ts-expect-error the payload itself in place of its fields
data.savedContent.update(key, { data: content });
const wrapped = { data: content };
// @ts-expect-error the same from a variable
data.savedContent.update(key, wrapped);

// ---- What is taken: items as keys and as inputs.

declare const item: Awaited<ReturnType<typeof data.savedContent.create>>;
data.savedContent.delete(item);
data.savedContent.get(item);
data.savedContent.put(item);
