/** Migrations that end in the middle, and what verify and rollback make of one through faults of the table. */
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requireTable } from "../../../scripts/cli/commands/migrate.js";
import { openExport } from "../../../scripts/move/firestore/read-export.js";
import { type ItemTable, openItemTable } from "../../../scripts/move/migration/item-table.js";
import { Journal, journalFile } from "../../../scripts/move/migration/journal.js";
import { rollback, runsOf } from "../../../scripts/move/migration/rollback.js";
import { noReport, verify } from "../../../scripts/move/migration/verify.js";
import { StateError } from "../../../scripts/run/run-state.js";
import { DynamoDBError } from "../../../src/index.js";
import { engines } from "../../engines.js";
import { failureOf } from "../../open.js";
import { hasFullDisk, testWhere } from "../run.js";
import { itemsIn, migrations } from "./migrating.js";

const { temporary, open, exported, start, move } = migrations();

describe.each(engines)("on $name", ({ engine }) => {
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
