/** Migrations through faults of the table, and beside others that write to it. */
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { openExport } from "../../../scripts/move/firestore/read-export.js";
import { documentsOf } from "../../../scripts/move/migration/documents.js";
import type { ItemTable } from "../../../scripts/move/migration/item-table.js";
import type { PutsRecord } from "../../../scripts/move/migration/journal.js";
import { type ConflictMode, settle } from "../../../scripts/move/migration/settle.js";
import { FaultyRequestHandler } from "../../../src/testing/faults.js";
import type { TestDataLayer } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { bareClient } from "../../open.js";
import { itemsIn, migrations } from "./migrating.js";

const { exported, start, move } = migrations();

const modes: ConflictMode[] = ["skip", "newer", "fail", "overwrite"];

describe.each(engines)("on $name", ({ engine }) => {
  test.each(modes)(
    "%s writes each item once through throttles, resets and halves",
    async (mode) => {
      const { data, table, wire } = await start(engine);
      const write = mode === "overwrite" ? "BatchWriteItem" : "PutItem";
      wire.inject({ fault: "throttle", operation: write, times: 3, after: 2 });
      wire.inject({ fault: "connectionReset", operation: write, times: 2, after: 5 });
      wire.inject({ fault: "serverError", operation: write, times: 2, after: 9 });
      if (mode === "overwrite") wire.inject({ fault: "partialUnprocessed", times: 3 });
      else wire.inject({ fault: "partialUnprocessed", operation: "BatchGetItem", times: 2 });
      const { counts, failure } = await move(exported(260), { data, table }, { mode });
      expect(failure).toBeUndefined();
      expect(counts).toEqual({ written: 260, identical: 0, kept: 0, rejected: 0 });
      expect(await itemsIn(data)).toHaveLength(260);
      expect(table.traffic.throttles).toBeGreaterThanOrEqual(3);
      expect(wire.requests.filter(({ fault }) => fault !== undefined).length).toBeGreaterThan(6);
    },
  );

  test("a refused item takes none of its batch with it", async () => {
    for (const mode of modes) {
      const { data, table } = await start(engine, new PoisonTester());
      const folder = exported(60, (at) => (at % 20 === 7 ? "poison" : "good"));
      const { counts, options } = await move(folder, { data, table }, { mode });
      expect(counts).toEqual({ written: 57, identical: 0, kept: 0, rejected: 3 });
      expect(await itemsIn(data)).toHaveLength(57);
      const listed = readFileSync(options.rejectedFile, "utf8");
      expect(listed).toContain(
        '"reasons":["is refused by DynamoDB: One or more values are invalid"]',
      );
      expect(listed).not.toContain("poison");
    }
  });

  describe("beside a live writer", () => {
    async function settleOne(
      mode: ConflictMode,
      meanwhile: (data: TestDataLayer) => Promise<unknown>,
    ) {
      const { data, table } = await start(engine);
      const documents = [];
      for await (const document of documentsOf(data, await openExport(exported(1)))) {
        documents.push(document);
      }
      let reads = 0;
      const racing: ItemTable = {
        ...table,
        // The writer is quicker than what follows the first read.
        read: async (keys) => {
          const found = await table.read(keys);
          reads += 1;
          if (reads === 1) await meanwhile(data);
          return found;
        },
      };
      const puts: PutsRecord[] = [];
      const record = await settle(
        { documents },
        {
          ...{ table: racing, mode, dryRun: false, now: Date.now },
          onPuts: (more) => puts.push(more),
          inDoubt: () => [],
        },
      );
      return { record, puts, item: await data.savedContent.get({ userId: "u1", contentId: "c0" }) };
    }
    const theirs = { userId: "u1", contentId: "c0", data: { type: "Note", content: "theirs" } };

    test.each(["skip", "newer"] as const)("%s keeps what was written meanwhile", async (mode) => {
      const { record, puts, item } = await settleOne(mode, (data) => data.savedContent.put(theirs));
      expect(item?.data.content).toBe("theirs");
      expect(record.counts.savedContent).toMatchObject({ written: 0, kept: 1 });
      // So that a rollback does not take it for its own.
      expect(puts).toHaveLength(1);
      expect(record.notPut).toEqual([["USER#u1", "CONTENT#c0"]]);
    });

    test("newer keeps what was written meanwhile with a time before the document's", async () => {
      const Item = {
        ...{ PK: "USER#u1", SK: "CONTENT#c0", EntityType: "SavedContent" },
        ...{ Data: theirs.data, CreatedAt: 1, UpdatedAt: 1 },
      };
      const { record, item } = await settleOne("newer", async (data) => {
        const client = bareClient(data);
        await client.send(new PutCommand({ TableName: data.configuration.tableName, Item }));
        client.destroy();
      });
      expect(item?.data.content).toBe("theirs");
      expect(record.counts.savedContent).toMatchObject({ written: 0, kept: 1 });
    });

    test("fail ends there", async () => {
      await expect(settleOne("fail", (data) => data.savedContent.put(theirs))).rejects.toThrow(
        /users\/u1\/savedContent\/c0: the table holds another item/,
      );
    });
  });

  test("a put whose answer was lost counts as written", async () => {
    const { data, table } = await start(engine);
    const twice: ItemTable = {
      ...table,
      put: async (item, condition) => {
        await table.put(item, condition);
        return table.put(item, condition);
      },
    };
    const { counts } = await move(exported(5), { data, table: twice });
    expect(counts).toEqual({ written: 5, identical: 0, kept: 0, rejected: 0 });
  });
});

/** An engine that refuses whatever holds the word. */
class PoisonTester extends FaultyRequestHandler {
  override async handle(...args: Parameters<FaultyRequestHandler["handle"]>) {
    const [{ body, headers }] = args;
    const text = typeof body === "string" ? body : new TextDecoder().decode(body as Uint8Array);
    const isWrite = /PutItem|BatchWriteItem/.test(headers["x-amz-target"] ?? "");
    if (!isWrite || !text.includes("poison")) return super.handle(...args);
    const type = "com.amazon.coral.validate#ValidationException";
    const answer = { __type: type, message: "One or more values are invalid: poison" };
    const response = {
      statusCode: 400,
      headers: { "content-type": "application/x-amz-json-1.0" },
      body: Readable.from([Buffer.from(JSON.stringify(answer))]),
    };
    return { response } as Awaited<ReturnType<FaultyRequestHandler["handle"]>>;
  }
}
