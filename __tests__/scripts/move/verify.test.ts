import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { type Engine, startEngine } from "../../../src/testing/engine.js";
import { bayonData, temporaryFolder } from "../run.js";

const temporary = temporaryFolder();

let engine: Engine;
let client: DynamoDBDocumentClient;
let tables = 0;

beforeAll(async () => {
  engine = await startEngine();
  const { endpoint, region, credentials } = engine;
  client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }));
});

afterAll(async () => {
  client.destroy();
  await engine.close();
});

const ids = ["c1", "c2", "c3"];

/** An export of three pieces of content of one user. */
function exported(more: readonly object[] = []): string {
  const folder = temporary();
  const list = ids.map((id) => ({
    id,
    parentId: "u1",
    data: {
      type: "Note",
      content: "SECRET",
      createdAt: 1_700_000_000_000,
      metadata: { tags: ["a"], n: 1 },
    },
    path: `users/u1/savedContent/${id}`,
  }));
  const documents = [...list, ...more];
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "users_id_savedContent.json"),
    JSON.stringify({
      collectionPath: "users/{id}/savedContent",
      documents,
      count: documents.length,
    }),
  );
  return folder;
}

async function moved(folder: string): Promise<{ TableName: string; flags: string[] }> {
  tables += 1;
  const TableName = `Verify-${tables}`;
  const flags = ["--environment", "local", "--endpoint", engine.endpoint, "--table", TableName];
  await bayonData(["table", "create", ...flags]);
  const state = temporary();
  const own = ["--state", state, "--rejected", join(state, "rejected.ndjson")];
  await bayonData(["migrate", "firestore", folder, ...flags, ...own]);
  return { TableName, flags };
}

const keyOf = (id: string) => ({ PK: "USER#u1", SK: `CONTENT#${id}` });

describe("verify firestore", () => {
  test("passes a table that is as the export, whoever else is in it", async () => {
    const folder = exported();
    const { TableName, flags } = await moved(folder);
    const Item = { PK: "USER#new", SK: "PROFILE", EntityType: "UserProfile", Data: {} };
    await client.send(new PutCommand({ TableName, Item }));
    const { code, out } = await bayonData(["verify", "firestore", folder, ...flags]);
    expect(out).toContain("3 documents: 3 the same, 0 wrong, 0 missing, 0 rejected; 0 extra");
    expect(code).toBe(0);
  });

  test("names what is wrong, missing and extra, by names alone", async () => {
    const folder = exported();
    const { TableName, flags } = await moved(folder);
    await client.send(
      new UpdateCommand({
        TableName,
        Key: keyOf("c1"),
        UpdateExpression: "SET #d.metadata.n = :n, #d.more = :n, CreatedAt = :n REMOVE GSI1SK",
        ExpressionAttributeNames: { "#d": "Data" },
        ExpressionAttributeValues: { ":n": 2 },
      }),
    );
    await client.send(new DeleteCommand({ TableName, Key: keyOf("c2") }));
    await client.send(new PutCommand({ TableName, Item: { ...keyOf("c9"), Data: {} } }));
    const args = ["verify", "firestore", folder, ...flags];
    const { code, out } = await bayonData(args);
    expect(code).toBe(1);
    const wrong = out.slice(out.indexOf("wrong"), out.indexOf("missing   "));
    expect(wrong).toContain("users/u1/savedContent/c1");
    expect(
      wrong
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => line.trim())
        .toSorted(),
    ).toEqual([
      "CreatedAt is not the same",
      "Data.metadata.n is not the same",
      "Data.more should not be there",
      "GSI1SK is missing",
    ]);
    expect(out).toMatch(/missing {3}users\/u1\/savedContent\/c2/);
    expect(out).toMatch(/extra {5}"USER#u1" "CONTENT#c9"/);
    expect(out).toContain("3 documents: 1 the same, 1 wrong, 1 missing, 0 rejected; 1 extra");
    expect(out).not.toContain("SECRET");

    const lines = (await bayonData([...args, "--json"])).out.trim().split("\n");
    const kinds = lines.map((line) => JSON.parse(line) as { kind?: string; summary?: object });
    expect(kinds.map(({ kind }) => kind).toSorted()).toEqual([
      "extra",
      "missing",
      "wrong",
      undefined,
    ]);
    expect(kinds.at(-1)?.summary).toMatchObject({ same: 1, wrong: 1, missing: 1, extra: 1 });
  });

  test("reads no more than the export's items with --no-extra", async () => {
    const folder = exported();
    const { TableName, flags } = await moved(folder);
    await client.send(new PutCommand({ TableName, Item: { ...keyOf("c9"), Data: {} } }));
    const { code, out } = await bayonData(["verify", "firestore", folder, ...flags, "--no-extra"]);
    expect(code).toBe(0);
    expect(out).toContain("extra items not looked for");
  });

  test("names documents that are no items", async () => {
    const folder = exported([
      { id: "bad", parentId: "u1", data: { type: 5 }, path: "users/u1/savedContent/bad" },
    ]);
    const { flags } = await moved(folder);
    const { code, out } = await bayonData(["verify", "firestore", folder, ...flags]);
    expect(code).toBe(1);
    expect(out).toMatch(/rejected {2}users\/u1\/savedContent\/bad/);
  });

  test("ends with 1 where there is no table, and with 130 when it is interrupted", async () => {
    const folder = exported();
    const flags = ["--environment", "local", "--endpoint", engine.endpoint, "--table", "Nowhere"];
    const args = ["verify", "firestore", folder, ...flags];
    expect(await bayonData(args)).toMatchObject({
      code: 1,
      complaints: expect.stringContaining("no such table: Nowhere"),
    });
    const { flags: existing } = await moved(folder);
    const signal = AbortSignal.abort(new Error("interrupted"));
    const stopped = await bayonData(["verify", "firestore", folder, ...existing], signal);
    expect(stopped.code).toBe(130);
  });
});
