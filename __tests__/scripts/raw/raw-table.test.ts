/** The calls of the table as DynamoDB holds it: what their errors say. */
import { openRawTable, type RawTable } from "../../../scripts/raw/raw-table.js";
import { DynamoDBError } from "../../../src/index.js";
import { type Engine, startEngine } from "../../../src/testing/engine.js";
import { engines } from "../../engines.js";
import { failureOf } from "../../open.js";

const key = { PK: { S: "USER#u" }, SK: { S: "PROFILE" } };
const update = {
  Key: key,
  UpdateExpression: "SET A = :a",
  ExpressionAttributeValues: { ":a": key.PK },
};

const calls: [string, (table: RawTable) => Promise<unknown>][] = [
  ["describe", (table) => table.describe()],
  ["scan", (table) => table.scan({})],
  ["get", (table) => table.get({ Key: key })],
  ["put", (table) => table.put({ Item: key })],
  ["update", (table) => table.update(update)],
  ["batchPut", (table) => table.batchPut([key])],
  ["batchGet", (table) => table.batchGet([key], ["PK", "SK"])],
];

describe.each(engines)("a table that is not there on $name", ({ engine: name }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine({ engine: name });
  });
  afterAll(() => engine.close());

  test.each(calls)("%s says which call failed, and on which table", async (operation, call) => {
    const { endpoint, region, credentials } = engine;
    const place = { endpoint, region, credentials, tableName: "Nowhere" };
    const table = openRawTable({ environment: "local", ...place });
    const error = await failureOf(call(table), DynamoDBError);
    table.close();
    expect(error).toMatchObject({ code: "ResourceNotFoundException", operation });
    expect(error.message).toContain(`${operation} `);
    expect(error.message).toContain("Nowhere");
  });
});
