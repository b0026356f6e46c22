import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { requireTable } from "../../../scripts/cli/commands/migrate.js";
import { openExport } from "../../../scripts/move/firestore/read-export.js";
import { documentsOf } from "../../../scripts/move/migration/documents.js";
import { type ItemTable, openItemTable } from "../../../scripts/move/migration/item-table.js";
import { Journal, journalFile, type PutsRecord } from "../../../scripts/move/migration/journal.js";
import { type MigrateOptions, migrate } from "../../../scripts/move/migration/migrate.js";
import { rollback, runsOf } from "../../../scripts/move/migration/rollback.js";
import { type ConflictMode, settle } from "../../../scripts/move/migration/settle.js";
import { noTotals } from "../../../scripts/move/migration/totals.js";
import { noReport, verify } from "../../../scripts/move/migration/verify.js";
import { StateError } from "../../../scripts/run/run-state.js";
import { type DataLayer, DynamoDBError } from "../../../src/index.js";
import { FaultyRequestHandler } from "../../../src/testing/faults.js";
import { createTestDataLayer, type TestDataLayer } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { bareClient, failureOf } from "../../open.js";
import { hasFullDisk, temporaryFolder, testWhere } from "../run.js";

const temporary = temporaryFolder();
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const day = Date.parse("2025-03-01T00:00:00Z");

function exported(size: number, text: (at: number) => string = (at) => `number ${at}`): string {
  const folder = temporary();
  const documents = Array.from({ length: size }, (_, at) => ({
    id: `c${at}`,
    parentId: "u1",
    data: { type: "Note", content: text(at), createdAt: day },
    path: `users/u1/savedContent/c${at}`,
  }));
  const file = { collectionPath: "users/{id}/savedContent", documents, count: size };
  writeFileSync(join(folder, "users_id_savedContent.json"), JSON.stringify(file));
  return folder;
}

/** A table with faults before it. */
async function start(engine: string, wire = new FaultyRequestHandler()) {
  const data = await createTestDataLayer({ engine });
  const { endpoint, region, credentials } = data.engine;
  const { tableName } = data.configuration;
  const table = openItemTable({
    ...{ environment: "development", endpoint, region, credentials, tableName },
    requestHandler: wire,
    // What is repeated is the same, however long it waits before.
    initialDelayMs: 1,
  });
  open.push(table, data);
  return { data, table, wire };
}

async function move(
  folder: string,
  { data, table }: { data: TestDataLayer; table: ItemTable },
  more: Partial<MigrateOptions> = {},
) {
  const stateFolder = more.stateFolder ?? temporary();
  const options: MigrateOptions = {
    data,
    table,
    place: "here",
    source: await openExport(folder),
    mode: "skip",
    dryRun: false,
    concurrency: 4,
    stateFolder,
    restart: false,
    rejectedFile: join(stateFolder, "rejected.ndjson"),
    createdAt: undefined,
    signal: new AbortController().signal,
    totals: noTotals(),
    onProgress: () => undefined,
    ...more,
  };
  const failure = await migrate(options).catch((error: unknown) => error);
  return { options, counts: options.totals.all, failure };
}

async function itemsIn(data: DataLayer) {
  const { items } = await data.savedContent.query({ userId: "u1" });
  return items;
}

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

  test("verify and rollback are slowed by throttles, resets and halves, and say the same", async () => {
    const { data, table, wire } = await start(engine);
    const folder = exported(260);
    const stateFolder = temporary();
    await move(folder, { data, table }, { stateFolder });
    const signal = new AbortController().signal;
    const common = { table, concurrency: 4, signal, onProgress: () => undefined };

    wire.clear();
    for (const operation of ["BatchGetItem", "Scan"] as const) {
      wire.inject({ fault: "throttle", operation, times: 2 });
      wire.inject({ fault: "connectionReset", operation, times: 1, after: 2 });
    }
    wire.inject({ fault: "partialUnprocessed", operation: "BatchGetItem", times: 2 });
    const found = noReport();
    const source = await openExport(folder);
    const onDiscrepancy = () => undefined;
    await verify({ ...common, data, source, findExtra: true, report: found, onDiscrepancy });
    expect(found).toEqual({
      documents: 260,
      same: 260,
      wrong: 0,
      missing: 0,
      rejected: 0,
      extra: 0,
      there: 260,
      met: 260,
    });
    expect(wire.requests.filter(({ fault }) => fault !== undefined)).toHaveLength(8);

    wire.clear();
    wire.inject({ fault: "throttle", operation: "DeleteItem", times: 5, after: 3 });
    wire.inject({ fault: "connectionReset", operation: "DeleteItem", times: 3, after: 20 });
    wire.inject({ fault: "serverError", operation: "DeleteItem", times: 3, after: 40 });
    wire.inject({ fault: "partialUnprocessed", operation: "BatchGetItem", times: 2 });
    const file = journalFile(stateFolder);
    const { runs } = await runsOf(file, "here");
    const report = { deleted: 0, gone: 0, left: 0 };
    const journal = new Journal(file);
    await rollback({ ...common, journal, runs, dryRun: false, report, onLeft: () => undefined });
    journal.close();
    expect(report).toEqual({ deleted: 260, gone: 0, left: 0 });
    expect(await itemsIn(data)).toEqual([]);
    expect(wire.requests.filter(({ fault }) => fault !== undefined)).toHaveLength(13);
  });

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

  test("what fails for good ends the run, and is gone on with where it stopped", async () => {
    const { data, table, wire } = await start(engine);
    wire.inject({
      fault: "connectionReset",
      operation: "PutItem",
      times: Number.POSITIVE_INFINITY,
      after: 120,
    });
    const folder = exported(300);
    const controller = new AbortController();
    const stateFolder = temporary();
    // Once a reset has met the retries, however long the items before it took.
    const retriesOver = setInterval(() => {
      const resets = wire.requests.filter(({ fault }) => fault === "connectionReset");
      if (resets.length > 3) controller.abort(new Error("interrupted"));
    }, 20);
    // The abort ends the waiting between two attempts only where the table knows the signal.
    const impatient = openItemTable({
      ...data.configuration,
      credentials: data.engine.credentials,
      requestHandler: wire,
      signal: controller.signal,
    });
    open.push(impatient);
    const { signal } = controller;
    const first = await move(folder, { data, table: impatient }, { stateFolder, signal });
    clearInterval(retriesOver);
    expect(first.failure).toBe(controller.signal.reason);
    const before = await itemsIn(data);
    expect(before.length).toBeGreaterThanOrEqual(100);
    expect(before.length).toBeLessThan(300);
    expect(existsSync(join(stateFolder, "migrate.json"))).toBe(true);
    wire.clear();
    const second = await move(folder, { data, table }, { stateFolder });
    expect(second.failure).toBeUndefined();
    expect(second.counts).toEqual({ written: 300, identical: 0, kept: 0, rejected: 0 });
    const puts = wire.operations.filter((operation) => operation === "PutItem");
    expect(puts).toHaveLength(300 - before.length);
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

test("verify compares as many parts of the export at a time as it is told", async () => {
  const { data, table } = await start(engines[0]?.engine ?? "dynalite");
  let reading = 0;
  let most = 0;
  const counted: ItemTable = {
    ...table,
    read: async (keys) => {
      reading += 1;
      most = Math.max(most, reading);
      const found = await table.read(keys);
      reading -= 1;
      return found;
    },
  };
  const source = await openExport(exported(350));
  const report = noReport();
  const { signal } = new AbortController();
  const silent = { onDiscrepancy: () => undefined, onProgress: () => undefined };
  const options = { data, table: counted, source, findExtra: false, concurrency: 2, signal };
  await verify({ ...options, report, ...silent });
  expect(report).toMatchObject({ documents: 350, missing: 350 });
  expect(most).toBe(2);
});

test("a table that cannot be described ends a migration at once, unless only the permission is missing", async () => {
  const describedBy = (error: Error) =>
    requireTable(
      { table: { describe: () => Promise.reject(error) } } as never,
      AbortSignal.any([]),
    );
  const refused = new DynamoDBError({ message: "no", code: "AccessDeniedException" });
  await expect(describedBy(refused)).resolves.toBeUndefined();
  const unreachable = new DynamoDBError({ message: "unreachable", code: "ECONNREFUSED" });
  await expect(describedBy(unreachable)).rejects.toBe(unreachable);
});

test.each<[string, (journal: string) => string]>([
  ["is gone", () => ""],
  ["has another run", (journal) => journal.replaceAll(/"run":"[^"]+"/g, '"run":"another"')],
  ["has lost how its run began", (journal) => journal.slice(journal.indexOf("\n") + 1)],
])("an interrupted run whose journal %s is not continued", async (_, changed) => {
  const { data, table } = await start(engines[0]?.engine ?? "dynalite");
  const [folder, stateFolder] = [exported(300), temporary()];
  const controller = new AbortController();
  const onProgress = () => controller.abort(new Error("interrupted"));
  const { signal } = controller;
  const first = await move(
    folder,
    { data, table },
    {
      ...{ stateFolder, signal, onProgress, concurrency: 1 },
    },
  );
  expect(first.failure).toBe(signal.reason);
  const before = await itemsIn(data);
  expect(before.length).toBeLessThan(300);

  const journal = journalFile(stateFolder);
  writeFileSync(journal, changed(readFileSync(journal, "utf8")));
  const second = await move(folder, { data, table }, { stateFolder });
  const error = await failureOf(Promise.reject(second.failure), StateError);
  expect(error.message).toBe(
    `${journal} does not have the run that the checkpoint belongs to: start over with --restart`,
  );
  expect(await itemsIn(data)).toEqual(before);
  const third = await move(folder, { data, table }, { stateFolder, restart: true });
  expect(third.failure).toBeUndefined();
  expect(await itemsIn(data)).toHaveLength(300);
});

testWhere(...hasFullDisk)(
  "a full disk ends the run before anything is written that the journal lacks",
  async () => {
    const { data, table } = await start(engines[0]?.engine ?? "dynalite");
    const stateFolder = temporary();
    symlinkSync("/dev/full", join(stateFolder, "journal.ndjson"));
    const { failure } = await move(exported(5), { data, table }, { stateFolder });
    const error = await failureOf(Promise.reject(failure), StateError);
    expect(error.message).toMatch(/journal\.ndjson cannot be written: the disk is full/);
    expect(await itemsIn(data)).toEqual([]);
  },
);

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
