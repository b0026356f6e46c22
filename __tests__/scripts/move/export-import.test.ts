import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { type ExportState, exportTable } from "../../../scripts/move/table-files/export-table.js";
import { type ImportState, importTable } from "../../../scripts/move/table-files/import-table.js";
import { type Manifest, readManifest } from "../../../scripts/move/table-files/manifest.js";
import { comparableText, itemOf } from "../../../scripts/raw/line.js";
import { openRun } from "../../../scripts/run/run-state.js";
import { engines } from "../../engines.js";
import { type Item, type WholeTable, wholeTables } from "../raw.js";
import { bayonData, isBoundByRights, script, temporaryFolder, testWhere } from "../run.js";

const folder = temporaryFolder();
const [first] = engines as [(typeof engines)[number]];

/** Values that a conversion to native ones would change, and lines that a careless reader would cut. */
const odd: Item = {
  PK: { S: "USER#odd#\u2028line\u2029" },
  SK: { S: 'CONTENT#a\nb\r"\\\u0000' },
  Data: {
    M: {
      digits: { N: "12345678901234567890123456789012345678" },
      small: { N: "0.00000000000000000000000000000000000012345678901234567890" },
      binary: { B: new Uint8Array([0, 255, 10, 13]) },
      texts: { SS: ["b", "a", "ü"] },
      numbers: { NS: ["3", "1.5", "99999999999999999999"] },
      binaries: { BS: [new Uint8Array([2]), new Uint8Array([1, 1])] },
      empty: { S: "" },
      emptyBinary: { B: new Uint8Array() },
      nothing: { NULL: true },
      yes: { BOOL: false },
      list: { L: [{ L: [] }, { M: {} }, { S: "第一 🏡\u2028" }] },
      "a.b": { M: { __proto: { S: "x" } } },
    },
  },
};

const oddLine =
  '{"Item":{"Data":{"M":{"a.b":{"M":{"__proto":{"S":"x"}}},"binaries":{"BS":["AQE=","Ag=="]},' +
  '"binary":{"B":"AP8KDQ=="},"digits":{"N":"12345678901234567890123456789012345678"},' +
  '"empty":{"S":""},"emptyBinary":{"B":""},"list":{"L":[{"L":[]},{"M":{}},{"S":"第一 🏡\u2028"}]},' +
  '"nothing":{"NULL":true},"numbers":{"NS":["1.5","3","99999999999999999999"]},' +
  '"small":{"N":"0.0000000000000000000000000000000000001234567890123456789"},' +
  '"texts":{"SS":["a","b","ü"]},"yes":{"BOOL":false}}},' +
  '"PK":{"S":"USER#odd#\u2028line\u2029"},"SK":{"S":"CONTENT#a\\nb\\r\\"\\\\\\u0000"}}}';

async function putOdd({ data, name }: WholeTable): Promise<void> {
  const { endpoint, region, credentials } = data.engine;
  const client = new DynamoDBClient({ endpoint, region, credentials });
  await client.send(new PutItemCommand({ TableName: name, Item: odd }));
  client.destroy();
}

const plain = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    PK: `USER#u${index}`,
    SK: "PROFILE",
    EntityType: "UserProfile",
    Data: { email: `u${index}@example.com`, text: "long ".repeat(20) },
    CreatedAt: 1_600_000_000_000 + index,
  }));

/** Every line of the folder's files, in order. */
function linesOf(of: string): string[] {
  const texts = readdirSync(join(of, "data")).map((name) =>
    gunzipSync(readFileSync(join(of, "data", name))).toString(),
  );
  return texts.join("").split("\n").filter(Boolean).toSorted();
}

describe.each(engines)("export and import on $name", ({ engine }) => {
  const newTable = wholeTables(engine);

  test("a round trip through a second table changes nothing", async () => {
    const [from, to] = [await newTable(), await newTable()];
    await from.put(...plain(200));
    await putOdd(from);
    const [one, two] = [join(folder(), "new"), folder()];
    expect((await bayonData(["export", one, ...from.flags])).code).toBe(0);
    const lines = linesOf(one);
    expect(lines).toHaveLength(201);
    // Engines write a number as they like: DynamoDB Local has another text for the small one.
    const inTheTable = (line: string) => comparableText(itemOf(line));
    expect(lines.map(inTheTable)).toContain(inTheTable(oddLine));
    if (process.env.COAGENT_TEST_ENDPOINT === undefined) expect(lines).toContain(oddLine);
    expect(readdirSync(one).toSorted()).toEqual(["data", "manifest.json", "table.json"]);

    const state = ["--state", folder(), "--on-conflict", "overwrite"];
    const imported = await bayonData(["import", one, ...to.flags, ...state]);
    expect(imported).toMatchObject({ code: 0, complaints: "" });
    expect(imported.out).toContain("201 written, 0 skipped, 0 rejected");
    expect((await bayonData(["export", two, ...to.flags, "--consistent"])).code).toBe(0);
    expect(linesOf(two)).toEqual(lines);
    expect(await to.all()).toHaveLength(201);
  });

  test("skip leaves what is there, overwrite replaces it", async () => {
    const [from, to] = [await newTable(), await newTable()];
    await from.put(...plain(30));
    const there = { PK: "USER#u7", SK: "PROFILE", newer: true };
    await to.put(there);
    const [dir, state] = [folder(), folder()];
    await bayonData(["export", dir, ...from.flags]);
    const skipped = await bayonData(["import", dir, ...to.flags, "--state", state]);
    expect(skipped).toMatchObject({ code: 0 });
    expect(skipped.out).toContain("29 written, 1 skipped, 0 rejected");
    expect((await to.all()).find(({ PK }) => PK === "USER#u7")).toEqual(there);
    const args = ["--on-conflict", "overwrite", "--state", state];
    await bayonData(["import", dir, ...to.flags, ...args]);
    expect(await to.all()).toEqual(await from.all());
  });

  test("are slowed, not failed, by throttles, resets and what is left unprocessed", async () => {
    const [from, to] = [await newTable(), await newTable()];
    await from.put(...plain(120));
    const dir = folder();
    const source = from.open();
    source.wire
      .inject({ fault: "throttle", operation: "Scan", times: 20 })
      .inject({ fault: "connectionReset", operation: "Scan", times: 3, after: 1 });
    const exporting = { command: "export", folder: dir, fingerprint: "test" };
    const run = await openRun<ExportState>(exporting);
    const options = { folder: dir, segments: 3, consistent: false, run };
    const manifest = await exportTable(source.table, options);
    await run.release();
    expect(manifest.items).toBe(120);

    const target = to.open();
    target.wire
      .inject({ fault: "partialUnprocessed", times: 12 })
      .inject({ fault: "throttle", operation: "BatchWriteItem", times: 15 })
      .inject({ fault: "serverError", times: 2 });
    const state = folder();
    const importing = { command: "import", folder: state, fingerprint: "test" };
    const second = await openRun<ImportState>(importing);
    const { counts } = await importTable(target.table, {
      folder: dir,
      manifest,
      onConflict: "overwrite",
      concurrency: 4,
      run: second,
      rejectedPath: join(state, "rejected.ndjson"),
    });
    await second.release();
    expect(counts).toEqual({ written: 120, skipped: 0, rejected: 0 });
    expect(await to.all()).toEqual(await from.all());
  });
});

describe("an import", () => {
  const newTable = wholeTables(first.engine);

  /** A finished export of so many items, and a table to import it into. */
  async function exported(count = 60, segments = 2): Promise<{ dir: string; to: WholeTable }> {
    const [from, to] = [await newTable(), await newTable()];
    await from.put(...plain(count));
    const dir = folder();
    await bayonData(["export", dir, ...from.flags, "--concurrency", String(segments)]);
    return { dir, to };
  }

  /** Replaces the lines of the first file, and says so in the manifest. */
  async function rewrite(dir: string, change: (lines: string[]) => string[]): Promise<void> {
    const manifest = await readManifest(dir);
    const [entry] = manifest.files as [Manifest["files"][number]];
    const file = join(dir, entry.name);
    const lines = change(gunzipSync(readFileSync(file)).toString().split("\n").filter(Boolean));
    const bytes = gzipSync(`${lines.join("\n")}\n`);
    writeFileSync(file, bytes);
    const changed = {
      ...entry,
      items: lines.length,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    };
    const files = [changed, ...manifest.files.slice(1)];
    const items = files.reduce((sum, { items: each }) => sum + each, 0);
    writeFileSync(join(dir, "manifest.json"), JSON.stringify({ ...manifest, files, items }));
  }

  /** Lines that DynamoDB refuses, or that hold no item, among others. */
  const withBadLines = (lines: string[]): string[] => [
    '{"Item":{"PK":{"S":"USER#big"},"SK":{"S":"PROFILE"},"Data":{"S":"' +
      `${"s3cret".repeat(70_000)}"}}}`,
    ...lines.slice(0, 10),
    '{"Item":{"PK":{"S":"USER#no-sort-key"},"Data":{"S":"s3cret"}}}',
    '{"Item":{"PK":{"S":"USER#type"},"SK":{"X":"s3cret"}}}',
    '{"Item":{"PK":{"S":"s3cret"',
    ...lines.slice(10),
  ];

  test.each(["skip", "overwrite"])(
    "as a dry run tells what %s then does, and writes nothing (there was no --dry-run)",
    async (mode) => {
      const { dir, to } = await exported();
      await rewrite(dir, withBadLines);
      const there = ["u3", "u31", "elsewhere"].map((id) => ({ PK: `USER#${id}`, SK: "PROFILE" }));
      await to.put(...there);
      const before = await to.all();
      const state = folder();
      const args = ["import", dir, ...to.flags, "--state", state, "--on-conflict", mode];
      const rejectedIn = (name: string) =>
        readFileSync(join(state, "import", name), "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as { line: number; key?: string })
          .map(({ line, key }) => `${line} ${key}`);

      const dry = await bayonData([...args, "--dry-run"]);
      expect(dry.code).toBe(1);
      expect(dry.out).toMatch(/^Dry run: nothing is written\. Importing /);
      expect(await to.all()).toEqual(before);
      expect(readdirSync(join(state, "import"))).toEqual(["rejected-dry-run.ndjson"]);

      const real = await bayonData(args);
      expect(real.out).toMatch(/^\d+ written, \d+ skipped, 4 rejected$/m);
      const counts = (out: string) =>
        /^.*(?:written, ).*$/m.exec(out)?.[0].replaceAll("would be ", "");
      expect(counts(dry.out)).toBe(counts(real.out));
      expect(rejectedIn("rejected-dry-run.ndjson")).toEqual(rejectedIn("rejected.ndjson"));
    },
  );

  test("rejects a refused item by itself, with its key and no values", async () => {
    const { dir, to } = await exported();
    await rewrite(dir, withBadLines);
    const state = folder();
    const args = ["import", dir, ...to.flags, "--state", state, "--on-conflict", "overwrite"];
    const { code, out } = await bayonData(args);
    expect(code).toBe(1);
    expect(out).toContain("60 written, 0 skipped, 4 rejected");
    expect(await to.all()).toHaveLength(60);
    const text = readFileSync(join(state, "import", "rejected.ndjson"), "utf8");
    expect(text + out).not.toContain("s3cret");
    const rejected = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rejected).toEqual([
      expect.objectContaining({ line: 1, offset: 0, key: "USER#big / PROFILE" }),
      expect.objectContaining({ line: 12, key: "USER#no-sort-key / ?" }),
      expect.objectContaining({ line: 13, reason: expect.stringContaining('the type "X"') }),
      expect.objectContaining({ line: 14, reason: "is not JSON" }),
    ]);
  });

  test.each<[string, (dir: string) => void, RegExp]>([
    [
      "a missing folder",
      (dir) => rmSync(dir, { recursive: true }),
      /manifest\.json: does not exist/,
    ],
    ["no manifest", (dir) => rmSync(join(dir, "manifest.json")), /holds no finished export/],
    ["a manifest cut off", (dir) => truncateSync(join(dir, "manifest.json"), 50), /is not JSON/],
    [
      "a manifest that disagrees with itself",
      (dir) => {
        const file = join(dir, "manifest.json");
        writeFileSync(file, readFileSync(file, "utf8").replace('"items": 60', '"items": 61'));
      },
      /says 61 items, but its files have 60/,
    ],
    [
      "a file name that leaves the folder",
      (dir) => {
        const file = join(dir, "manifest.json");
        writeFileSync(file, readFileSync(file, "utf8").replace("data/seg", "../data/seg"));
      },
      /files\.0\.name must be/,
    ],
    [
      "a truncated file",
      (dir) => truncateSync(join(dir, "data", "segment-000.json.gz"), 100),
      /segment-000\.json\.gz: ends too early, at byte 100 of \d+/,
    ],
    [
      "a changed file",
      (dir) => {
        const file = join(dir, "data", "segment-001.json.gz");
        const bytes = readFileSync(file);
        bytes[200] = (bytes[200] ?? 0) ^ 1;
        writeFileSync(file, bytes);
      },
      /segment-001\.json\.gz: its sha256 does not match the manifest's/,
    ],
    [
      "a missing file",
      (dir) => rmSync(join(dir, "data", "segment-001.json.gz")),
      /segment-001\.json\.gz: does not exist/,
    ],
  ])("of %s writes nothing and says so", async (_, damage, text) => {
    const { dir, to } = await sharedExport();
    const copy = join(folder(), "copy");
    cpSync(dir, copy, { recursive: true });
    damage(copy);
    const { code, complaints } = await bayonData(["import", copy, ...to.flags]);
    expect(code).toBe(1);
    expect(complaints).toMatch(text);
    expect(await to.all()).toEqual([]);
  });
  let shared: ReturnType<typeof exported> | undefined;
  function sharedExport(): ReturnType<typeof exported> {
    shared ??= exported();
    return shared;
  }

  test("of a damaged file with a right checksum names the byte, and keeps what it wrote", async () => {
    const { dir, to } = await exported(60, 1);
    const manifest = await readManifest(dir);
    const [entry] = manifest.files as [Manifest["files"][number]];
    const bytes = readFileSync(join(dir, entry.name)).subarray(0, entry.bytes - 30);
    writeFileSync(join(dir, entry.name), bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const files = [{ ...entry, bytes: bytes.length, sha256 }];
    writeFileSync(join(dir, "manifest.json"), JSON.stringify({ ...manifest, files }));
    const { code, complaints } = await bayonData(["import", dir, ...to.flags, "--state", folder()]);
    expect(code).toBe(1);
    expect(complaints).toMatch(/is damaged or ends too early, after byte \d+ of its lines/);
  });

  test("killed by SIGKILL ends with the whole table when it is started again", async () => {
    const { dir, to } = await exported(600, 3);
    const args = ["import", dir, ...to.flags, "--state", folder(), "--json"];
    const running = script("cli.ts", args);
    while (running.child.exitCode === null && (await to.all()).length === 0) await sleep(5);
    running.child.kill("SIGKILL");
    await running.ended();
    expect((await to.all()).length).toBeLessThan(600);
    const { code, out } = await bayonData(args);
    expect(code).toBe(0);
    const { written, skipped } = JSON.parse(out.trim());
    expect(written + skipped).toBe(600);
    expect(await to.all()).toHaveLength(600);
  });

  test("goes on after the lines that its checkpoint holds", async () => {
    const { dir, to } = await exported(200, 3);
    const manifest = await readManifest(dir);
    const state = { command: "import", folder: folder(), fingerprint: "test" };
    let sent = 0;
    for (let round = 1; ; round += 1) {
      const { table } = to.open();
      let batches = 0;
      const weak = {
        ...table,
        batchPut: async (items: Parameters<typeof table.batchPut>[0]) => {
          batches += 1;
          if (batches === 4) throw new Error("the power went");
          await table.batchPut(items);
          sent += items.length;
        },
      };
      const run = await openRun<ImportState>(state);
      try {
        const { counts } = await importTable(weak, {
          folder: dir,
          manifest,
          onConflict: "overwrite",
          concurrency: 1,
          run,
          rejectedPath: join(state.folder, "rejected.ndjson"),
        });
        expect(counts).toEqual({ written: 200, skipped: 0, rejected: 0 });
        expect(round).toBeGreaterThan(2);
        break;
      } catch (error) {
        expect((error as Error).message).toBe("the power went");
        expect(round).toBeLessThan(5);
      } finally {
        await run.release();
      }
    }
    expect(sent).toBe(200);
    expect(await to.all()).toHaveLength(200);
  });
});

describe("an export", () => {
  const newTable = wholeTables(first.engine);

  test("stopped at any page goes on in the middle of its files", async () => {
    const from = await newTable();
    await from.put(...plain(400));
    const dir = folder();
    const exporting = { command: "export", folder: dir, fingerprint: "test" };
    const undisturbed = folder();
    await bayonData(["export", undisturbed, ...from.flags]);
    // Pages of 7 items, and an end after every 9th.
    for (let round = 1; ; round += 1) {
      const { table } = from.open();
      let pages = 0;
      const slow = {
        ...table,
        scan: async (input: Parameters<typeof table.scan>[0]) => {
          pages += 1;
          if (pages === 10) throw new Error("the power went");
          return table.scan({ ...input, Limit: 7 });
        },
      };
      const run = await openRun<ExportState>(exporting);
      try {
        await exportTable(slow, { folder: dir, segments: 3, consistent: false, run });
        expect(round).toBeGreaterThan(5);
        break;
      } catch (error) {
        expect((error as Error).message).toBe("the power went");
        expect(existsSync(join(dir, "manifest.json"))).toBe(false);
        expect(round).toBeLessThan(12);
      } finally {
        await run.release();
      }
    }
    expect(linesOf(dir)).toEqual(linesOf(undisturbed));
    const { items, files } = await readManifest(dir);
    expect([items, files.length]).toEqual([400, 3]);
    const into = [...(await newTable()).flags, "--state", folder()];
    expect((await bayonData(["import", dir, ...into])).code).toBe(0);
  });

  test("killed by SIGKILL goes on, and refuses a folder that holds something else", async () => {
    const from = await newTable();
    await from.put(...plain(600));
    const dir = folder();
    const args = ["export", dir, ...from.flags, "--concurrency", "200"];
    const running = script("cli.ts", args);
    const begun = () => existsSync(join(dir, "export.json"));
    while (running.child.exitCode === null && !begun()) await sleep(5);
    await sleep(20);
    running.child.kill("SIGKILL");
    await running.ended();
    expect((await bayonData(args)).code).toBe(0);
    expect(linesOf(dir)).toHaveLength(600);
    expect(readdirSync(join(dir, "data")).every((name) => name.endsWith(".json.gz"))).toBe(true);

    const again = await bayonData(["export", dir, ...from.flags]);
    expect(again.code).toBe(1);
    expect(again.complaints).toContain("is not empty");
    const anew = await bayonData(["export", dir, ...from.flags, "--restart"]);
    expect(anew.code).toBe(0);
    expect(readdirSync(join(dir, "data"))).toHaveLength(8);
    expect(linesOf(dir)).toHaveLength(600);
  });

  test("into a folder that cannot be written says so", async () => {
    const from = await newTable();
    const file = join(folder(), "file");
    writeFileSync(file, "");
    const { code, complaints } = await bayonData(["export", join(file, "sub"), ...from.flags]);
    expect(code).toBe(1);
    expect(complaints).toMatch(/cannot be written: a part of its path is not a folder/);
  });

  testWhere(...isBoundByRights)("into a folder without the right to write says so", async () => {
    const from = await newTable();
    const locked = folder();
    chmodSync(locked, 0o500);
    const refused = await bayonData(["export", locked, ...from.flags]);
    expect(refused.complaints).toContain("permission denied");
  });

  test.each([
    [["export"], 2, "missing required argument"],
    [["import"], 2, "missing required argument"],
    [["import", "x", "--on-conflict", "newer"], 2, "Allowed choices are overwrite, skip"],
  ])("%j → %i", async (args, code, text) => {
    const ran = await bayonData(args);
    expect(ran).toMatchObject({ code });
    expect(ran.complaints).toContain(text);
  });
});
