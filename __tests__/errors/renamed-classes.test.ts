/**
 * Production bundles rename classes, and may hold the SDK twice: once for this package's imports,
 * once for ElectroDB's `require`. No name of a class may reach a request, an event or a decision.
 */
import * as client from "@aws-sdk/client-dynamodb";
import * as lib from "@aws-sdk/lib-dynamodb";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import type { RequestEvent } from "../../src/transport/events.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { answered, Recorder } from "../services/recorder.js";

/** Every command of both packages, and the names they have before a bundler sees them. */
const commands = [client, lib].flatMap((module) =>
  Object.entries(module as Record<string, unknown>).flatMap(([name, value]) =>
    typeof value === "function" && name.endsWith("Command") ? [{ name, value }] : [],
  ),
);

beforeAll(() => {
  for (const { value } of commands) Object.defineProperty(value, "name", { value: "t" });
});
afterAll(() => {
  for (const { name, value } of commands) Object.defineProperty(value, "name", { value: name });
});

test("the commands that are renamed here are those that the layer sends", () => {
  expect(commands.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["GetItemCommand", "GetCommand", "TransactWriteCommand"]),
  );
  expect(new lib.GetCommand({ TableName: "t", Key: {} }).constructor.name).toBe("t");
});

describe.each(engines)("with renamed classes, on $name", (engine) => {
  const wire = new Recorder();
  const events: RequestEvent[] = [];
  const table = openTable(engine, {
    requestHandler: wire,
    retry: { initialDelayMs: 1, maxDelayMs: 2, maxRetries: 2 },
    events: (event) => events.push(event),
  });
  beforeEach(() => {
    wire.clear();
    events.length = 0;
  });
  const key = { userId: "u1", projectId: "p1" };

  test("every call of a store sends what it sends otherwise, and events name DynamoDB's operations", async () => {
    const { project } = table.data;
    await project.create({ ...key, data: { name: "one" } });
    await project.put({ ...key, data: { name: "two" } });
    await project.update(key, { name: "three" });
    expect((await project.get(key))?.data.name).toBe("three");
    expect((await project.query({ userId: "u1" })).items).toHaveLength(1);
    await project.batchPut([{ userId: "u1", projectId: "p2", data: { name: "b" } }]);
    expect(await project.batchGet([key])).toHaveLength(1);
    await project.delete(key);
    expect(events.map(({ request }) => request)).toEqual([
      "Put",
      "Update",
      "Update",
      "Get",
      "Query",
      "BatchWrite",
      "BatchGet",
      "Delete",
    ]);
  });

  test("native chains are sent by their names too", async () => {
    const { entity } = table.data.project;
    await entity.put({ ...key, data: { name: "n" }, createdAt: 1, updatedAt: 1 }).go();
    expect((await entity.get(key).go()).data?.data?.name).toBe("n");
    expect((await entity.query.byKey({ userId: "u1" }).go()).data).not.toHaveLength(0);
    await entity.patch(key).set({ updatedAt: 2 }).go();
    await entity.get([key]).go();
    await entity.scan.go();
    await entity.delete(key).go();
    await entity.delete([key]).go();
    expect(wire.names).toEqual([
      "PutItem",
      "GetItem",
      "Query",
      "UpdateItem",
      "BatchGetItem",
      "Scan",
      "DeleteItem",
      "BatchWriteItem",
    ]);
    expect(events.map(({ request }) => request)).toEqual([
      "Put",
      "Get",
      "Query",
      "Update",
      "BatchGet",
      "Scan",
      "Delete",
      "BatchWrite",
    ]);
  });

  test("what a batch leaves unprocessed is sent again, then told", async () => {
    const { project } = table.data;
    const items = Array.from({ length: 3 }, (_, index) => ({
      userId: "u1",
      projectId: `b${index}`,
      data: { name: "b" },
    }));
    let left = 0;
    wire.intercept = ({ operation, input }) => {
      if (operation !== "BatchWriteItem") return undefined;
      left += 1;
      return answered(200, { UnprocessedItems: input.RequestItems });
    };
    const failure = await project.batchPut(items).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnprocessedItemsError);
    expect(left).toBe(3);
    expect((failure as UnprocessedItemsError).items).toEqual(items);
  });

  test("a transaction whose first answer is lost is sent again with the same token", async () => {
    const tokens: unknown[] = [];
    wire.intercept = ({ operation, input }) => {
      if (operation !== "TransactWriteItems") return undefined;
      tokens.push(input.ClientRequestToken);
      // Not every engine has transactions: what counts here is what is sent.
      if (tokens.length > 1) return answered(200, {});
      return Promise.reject(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    };
    await table.data.transaction.write((tx) => [
      tx.project.create({ userId: "u1", projectId: "t1", data: { name: "t" } }),
    ]);
    expect(tokens).toHaveLength(2);
    expect(tokens[0]).toEqual(expect.any(String));
    expect(tokens[1]).toBe(tokens[0]);
  });
});
