/** Exports that are migrated in this process, to tables with faults before them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openExport } from "../../../scripts/move/firestore/read-export.js";
import { type ItemTable, openItemTable } from "../../../scripts/move/migration/item-table.js";
import { type MigrateOptions, migrate } from "../../../scripts/move/migration/migrate.js";
import { noTotals } from "../../../scripts/move/migration/totals.js";
import type { DataLayer } from "../../../src/index.js";
import { FaultyRequestHandler } from "../../../src/testing/faults.js";
import { createTestDataLayer, type TestDataLayer } from "../../../src/testing/index.js";
import { temporaryFolder } from "../run.js";

const day = Date.parse("2025-03-01T00:00:00Z");

/** What the tests of a file make is closed after each of them, and their folders are gone after the last. */
export function migrations() {
  const temporary = temporaryFolder();
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  /** An export of so many documents of one user. */
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

  return { temporary, open, exported, start, move };
}

export async function itemsIn(data: DataLayer) {
  const { items } = await data.savedContent.query({ userId: "u1" });
  return items;
}
