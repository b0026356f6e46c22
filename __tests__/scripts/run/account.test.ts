import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { journalFile } from "../../../scripts/move/migration/journal.js";
import {
  countAgain,
  type ExportState,
  exportTable,
} from "../../../scripts/move/table-files/export-table.js";
import { type ImportState, importTable } from "../../../scripts/move/table-files/import-table.js";
import { type Manifest, readManifest } from "../../../scripts/move/table-files/manifest.js";
import type { RawTable } from "../../../scripts/raw/raw-table.js";
import { AccountError, accountLine, settled } from "../../../scripts/run/account.js";
import { openRun } from "../../../scripts/run/run-state.js";
import { adoptTable } from "../../../scripts/upkeep/adopt-table.js";
import { examineTable } from "../../../scripts/upkeep/examine-table.js";
import { type RotationState, rotateTable } from "../../../scripts/upkeep/rotate-table.js";
import { createCipher } from "../../../src/secrets/encryption.js";
import { startFaultProxy } from "../../../src/testing/index.js";
import { both } from "../../encryption/keys.js";
import { engines } from "../../engines.js";
import { failureOf } from "../../open.js";
import { type RawItem, type WholeTable, wholeTables } from "../raw.js";
import { bayonData, temporaryFolder } from "../run.js";
import { flagsThrough, forgedEnd, hitsOf, smallPages } from "../wire-faults.js";

const temporary = temporaryFolder();
const newTable = wholeTables(engines[0]?.engine ?? "");

const size = 30;
const items: RawItem[] = Array.from({ length: size }, (_, at) => ({
  PK: `USER#u${at}`,
  SK: "PROFILE",
  EntityType: "UserProfile",
  Data: { email: `u${at}@example.com` },
  CreatedAt: 1_600_000_000_000,
  UpdatedAt: 1_600_000_000_000,
}));

let made: Promise<WholeTable> | undefined;
/** A table that is only read. */
const source = () => {
  made ??= (async () => {
    const table = await newTable();
    await table.put(...items);
    return table;
  })();
  return made;
};

/** Loses the first item of each page, whose count still has it. */
function losing(table: RawTable): RawTable {
  return {
    ...table,
    scan: async (input) => {
      const { Items = [], ...rest } = await table.scan(input);
      return { ...rest, Items: Items.slice(1) };
    },
  };
}

test("an account is closed where both sides are the same, and else says both", () => {
  const account = settled("items", 3, { adopted: 1, left: 2 }, "run it again");
  expect(accountLine("items", account)).toBe("3 items read = 1 adopted + 2 left");
  expect(() => settled("items", 4, { adopted: 1, left: 2 }, "run it again")).toThrow(
    new AccountError(
      "the counts differ: 4 items read but 1 adopted + 2 left make 3. Something was lost or handled twice; run it again",
    ),
  );
});

describe("an item that gets lost between the reading and the work", () => {
  const lost = new RegExp(`${size} items read but .* make ${size - 1}\\.`);

  test("fails adopt", async () => {
    const { table } = (await source()).open();
    const options = { segments: 1, findingsPath: join(temporary(), "left.ndjson") };
    expect(await adoptTable(table, options)).toMatchObject({ account: { read: size } });
    const { message } = await failureOf(adoptTable(losing(table), options), AccountError);
    expect(message).toMatch(lost);
  });

  test("fails rotate", async () => {
    const { table } = (await source()).open();
    const findingsPath = join(temporary(), "left.ndjson");
    const options = { segments: 1, findingsPath, cipher: createCipher(both) };
    expect(await rotateTable(table, options)).toMatchObject({ account: { read: size } });
    const { message } = await failureOf(rotateTable(losing(table), options), AccountError);
    expect(message).toMatch(lost);
  });

  test("fails doctor", async () => {
    const { table } = (await source()).open();
    const options = { segments: 1, mostExamples: 1, now: Date.now() };
    expect(await examineTable(table, options)).toMatchObject({ account: { read: size } });
    const { message } = await failureOf(examineTable(losing(table), options), AccountError);
    expect(message).toMatch(lost);
  });

  test("fails export, which leaves no manifest", async () => {
    const { table } = (await source()).open();
    const folder = temporary();
    const run = await openRun<ExportState>({ command: "export", folder, fingerprint: "this" });
    const options = { folder, segments: 1, consistent: false, run };
    const { message } = await failureOf(exportTable(losing(table), options), AccountError);
    await run.release();
    expect(message).toMatch(lost);
    expect(existsSync(join(folder, "manifest.json"))).toBe(false);
  });

  test("fails import, whose checkpoint was counted wrong", async () => {
    const [dir, folder, to] = [await exported(), temporary(), await newTable()];
    const manifest = await readManifest(dir);
    const place = { command: "import", folder, fingerprint: "this" };
    const run = await openRun<ImportState>(place);
    const counts = { written: 4, skipped: 0, rejected: 0 };
    await run.save({ lines: manifest.files.map(() => 5), counts, rejectedBytes: 0 });
    await run.release();
    const again = await openRun<ImportState>(place);
    const importing = importTable(to.open().table, {
      ...{ folder: dir, manifest, onConflict: "overwrite", concurrency: 1, run: again },
      rejectedPath: join(folder, "rejected.ndjson"),
    });
    const { message } = await failureOf(importing, AccountError);
    await again.release();
    expect(message).toMatch(lost);
  });
});

test("rotate begins again where a checkpoint of 0.1.0 does not count items", async () => {
  const { table } = (await source()).open();
  const folder = temporary();
  const place = { command: "rotate", folder, fingerprint: "this" };
  const old = await openRun<object>(place);
  const report = { items: 7, rotated: {}, current: 0, left: {}, lostRaces: 0, gone: 0 };
  await old.save({ positions: ["end", "start"], leased: [], report, findingsBytes: 0 });
  await old.release();
  const run = await openRun<RotationState>(place);
  const findingsPath = join(folder, "left.ndjson");
  const options = { segments: 2, findingsPath, cipher: createCipher(both), run };
  const { account } = await rotateTable(table, options);
  await run.release();
  expect(account).toMatchObject({ read: size, outcomes: { "without secrets": size } });
});

let export1: Promise<string> | undefined;
/** A finished export in one file. */
const exported = () => {
  export1 ??= (async () => {
    const dir = temporary();
    const { flags } = await source();
    const ran = await bayonData(["export", dir, ...flags, "--concurrency", "1", "--verify"]);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.out).toContain(`the same: ${size} items in the files, ${size} in the table`);
    return dir;
  })();
  return export1;
};

/** A copy of the export whose file is changed, with the checksum of what it is now or not. */
async function damaged(change: (lines: string[]) => string[], honest: boolean): Promise<string> {
  const dir = join(temporary(), "copy");
  cpSync(await exported(), dir, { recursive: true });
  const manifest = await readManifest(dir);
  const [entry] = manifest.files as [Manifest["files"][number]];
  const file = join(dir, entry.name);
  const lines = change(gunzipSync(readFileSync(file)).toString().split("\n").filter(Boolean));
  const bytes = gzipSync(`${lines.join("\n")}\n`);
  writeFileSync(file, bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const files = [{ ...entry, bytes: bytes.length, ...(honest && { sha256 }) }];
  writeFileSync(join(dir, "manifest.json"), JSON.stringify({ ...manifest, files }));
  return dir;
}

const without = (lines: string[]) => lines.slice(1);
const changed = (lines: string[]) => lines.map((line) => line.replace("u7@", "x7@"));

describe("the second count of an export", () => {
  const count = async (dir: string) => {
    const { table } = (await source()).open();
    const options = { folder: dir, segments: 2, consistent: false };
    return countAgain(table, await readManifest(dir), options);
  };

  test("is that of the files and of the table", async () => {
    expect(await count(await exported())).toEqual({ inTable: size, inFiles: size });
  });

  test.each([
    ["with a line lost", without, true, /has 29 items, the manifest says 30/],
    [
      "with a line lost, and the checksum of before",
      without,
      false,
      /sha256 does not match the manifest's/,
    ],
    ["with a line changed", changed, false, /sha256 does not match the manifest's/],
  ] as const)("fails for a file %s", async (_, change, honest, text) => {
    const dir = await damaged(change, honest);
    await expect(count(dir)).rejects.toThrow(text);
    // An import of it, too, before or after it wrote the rest.
    const to = await newTable();
    const ran = await bayonData(["import", dir, ...to.flags, "--state", temporary()]);
    expect(ran).toMatchObject({ code: 1, complaints: expect.stringMatching(text) });
  });

  test("fails for files in which an item is twice and another one not at all (a segment was read twice)", async () => {
    const dir = await damaged((lines) => [...lines.slice(1), lines.at(-1) as string], true);
    await expect(count(dir)).rejects.toThrow(/has an item that is in the files already/);
  });

  test("fails where the table has become another one, and keeps the export", async () => {
    const table = await newTable();
    await table.put(...items);
    await using proxy = await startFaultProxy({ target: table.data.engine.endpoint });
    let added: Promise<void> | undefined;
    // Somebody writes between the export and the count: each segment's count waits for it.
    proxy.inject({
      operation: "Scan",
      times: Number.POSITIVE_INFINITY,
      answer: async ({ input }) => {
        if (input.Select === "COUNT") {
          added ??= table.put({ PK: "USER#new", SK: "PROFILE" });
          await added;
        }
        return undefined;
      },
    });
    const dir = temporary();
    const flags = flagsThrough(proxy, table.name);
    const ran = await bayonData(["export", dir, "--verify", "--json", ...flags]);
    expect(added).toBeDefined();
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.out.trim())).toMatchObject({ items: size, secondCount: size + 1 });
    expect((await readManifest(dir)).items).toBe(size);
  });

  test("that is interrupted is come back to by the same command, which looks at its files again", async () => {
    const table = await source();
    await using proxy = await startFaultProxy({ target: table.data.engine.endpoint });
    const controller = new AbortController();
    proxy.inject({
      operation: "Scan",
      times: Number.POSITIVE_INFINITY,
      answer: async ({ input }) => {
        if (input.Select === "COUNT") controller.abort(new Error("interrupted"));
        return undefined;
      },
    });
    const dir = temporary();
    const flags = flagsThrough(proxy, table.name);
    const args = ["export", dir, "--verify", "--concurrency", "2", ...flags];
    const first = await bayonData(args, controller.signal);
    expect(first).toMatchObject({ code: 130 });
    expect(first.complaints).toContain("To resume:");
    proxy.clear();
    // A file that is not the one that was written is written anew.
    const [name = ""] = readdirSync(join(dir, "data"));
    writeFileSync(join(dir, "data", name), gzipSync("{}\n"));
    const again = await bayonData(args);
    expect(again).toMatchObject({ code: 0, complaints: "" });
    expect(again.out).toContain(`the same: ${size} items in the files, ${size} in the table`);
    expect(existsSync(join(dir, "export.json"))).toBe(false);
  });
});

test("a part of an export that was changed since is not gone on with", async () => {
  const table = await newTable();
  await table.put(...items);
  const folder = temporary();
  const place = { command: "export", folder, fingerprint: "this" };
  const { table: raw } = table.open();
  const start = async (pages: number) => {
    let read = 0;
    const slow: RawTable = {
      ...raw,
      scan: async (input) => {
        read += 1;
        if (read > pages) throw new Error("the power went");
        return raw.scan({ ...input, Limit: 10 });
      },
    };
    const run = await openRun<ExportState>(place);
    try {
      return await exportTable(slow, { folder, segments: 1, consistent: false, run });
    } finally {
      await run.release();
    }
  };
  await expect(start(2)).rejects.toThrow("the power went");
  const part = join(folder, "data", "segment-000.json.gz.part");
  const before = readFileSync(part);
  const written = gunzipSync(before, { finishFlush: 2 }).toString();
  expect(written.split("\n").filter(Boolean)).toHaveLength(20);
  // As long as it was.
  writeFileSync(part, gzipSync(written.replace("u7@", "x7@")));
  expect(await start(100)).toMatchObject({ items: size });
  const text = gunzipSync(readFileSync(join(folder, "data", "segment-000.json.gz"))).toString();
  expect(text.split("\n").filter(Boolean)).toHaveLength(size);
  expect(text).not.toContain("x7@");
});

test("an import does not go on with a folder of other content, whatever its times (it took them for one)", async () => {
  const [dir, to, state] = [join(temporary(), "copy"), await newTable(), temporary()];
  cpSync(await exported(), dir, { recursive: true });
  const controller = new AbortController();
  await using proxy = await startFaultProxy({ target: to.data.engine.endpoint });
  proxy.inject({
    operation: "PutItem",
    after: 26,
    answer: async () => {
      controller.abort(new Error("interrupted"));
      return undefined;
    },
  });
  const flags = flagsThrough(proxy, to.name);
  const args = ["import", dir, ...flags, "--state", state, "--concurrency", "1"];
  expect(await bayonData(args, controller.signal)).toMatchObject({ code: 130 });
  expect(existsSync(join(state, "import", "import.json"))).toBe(true);
  const file = join(dir, "manifest.json");
  const { finishedAt } = await readManifest(dir);
  const other = await damaged(changed, true);
  cpSync(other, dir, { recursive: true });
  expect((await readManifest(dir)).finishedAt).toBe(finishedAt);
  utimesSync(file, new Date(finishedAt), new Date(finishedAt));
  const refused = await bayonData(args);
  expect(refused).toMatchObject({
    code: 1,
    complaints: expect.stringContaining("checkpoint of another run"),
  });
  const anew = await bayonData([...args, "--restart", "--on-conflict", "overwrite"]);
  expect(anew).toMatchObject({ code: 0 });
  expect(anew.out).toContain(`${size} items read = ${size} written + 0 skipped + 0 rejected`);
});

describe("the accounts of a migration", () => {
  const count = 12;
  function firestoreExport(): string {
    const folder = temporary();
    const documents = Array.from({ length: count }, (_, at) => ({
      id: `c${at}`,
      parentId: "u1",
      data: { type: "Note", content: "text" },
      path: `users/u1/savedContent/c${at}`,
    }));
    const file = { collectionPath: "users/{id}/savedContent", documents, count };
    writeFileSync(join(folder, "users_id_savedContent.json"), JSON.stringify(file));
    return folder;
  }

  test("verify finds that the whole table's reading met fewer items than are there", async () => {
    const [table, folder] = [await newTable(), firestoreExport()];
    const moved = ["migrate", "firestore", folder, ...table.flags, "--state", temporary()];
    expect(await bayonData([...moved])).toMatchObject({ code: 0 });
    await using pages = await smallPages(table.data.engine.endpoint, 5);
    await using proxy = await startFaultProxy({ target: pages.url });
    // A page that is whole in itself, and no end of the table.
    proxy.inject({ ...forgedEnd, after: 1 });
    const flags = flagsThrough(proxy, table.name);
    const args = ["verify", "firestore", folder, ...flags, "--concurrency", "1"];
    const ran = await bayonData(args);
    expect(hitsOf(proxy)).toBe(1);
    expect(ran.code).toBe(1);
    expect(ran.out).toContain(`${count} items of the export were found one by one`);
    expect(ran.out).toContain("the scan of the whole table found 5");
    proxy.clear();
    const well = await bayonData(args);
    expect(well).toMatchObject({ code: 0 });
    expect(well.out).toContain(
      `${count} items read = ${count} of the export + 0 extra + 0 of others`,
    );
  });

  test("migrate fails where its journal has lost a document of the run that it goes on with", async () => {
    const [table, folder, state] = [await newTable(), firestoreExport(), temporary()];
    const own = ["--state", state, "--rejected", join(state, "rejected.ndjson")];
    const args = ["migrate", "firestore", folder, ...table.flags, ...own];
    // All documents are done, and then it is interrupted: the file of the checkpoint stays.
    const checkpoint = join(state, "migrate.json");
    expect(await bayonData(args)).toMatchObject({ code: 0 });
    const journal = journalFile(state);
    const lines = readFileSync(journal, "utf8").trim().split("\n");
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const run = records.find((record) => "run" in record)?.run;
    const shortened = records.map((record) =>
      "to" in record
        ? { ...record, counts: { savedContent: { ...noCounts, written: 11 } } }
        : record,
    );
    writeFileSync(journal, `${shortened.map((record) => JSON.stringify(record)).join("\n")}\n`);
    // What a run of its own would have there: it is taken from the refusal of another one.
    writeFileSync(
      checkpoint,
      JSON.stringify({ fingerprint: "?", state: { run, journalFrom: 0, documents: 0 } }),
    );
    const refused = await bayonData(args);
    const fingerprint = /This one is:\n {2}(.*)\n/.exec(refused.complaints)?.[1];
    expect(fingerprint).toContain("migrate ");
    const of = { fingerprint, state: { run, journalFrom: 0, documents: 0 } };
    writeFileSync(checkpoint, JSON.stringify(of));
    expect(await bayonData(args)).toMatchObject({
      code: 1,
      complaints: expect.stringContaining("12 documents read but 11 written"),
    });
  });
  const noCounts = { written: 0, identical: 0, kept: 0, rejected: 0 };
});
