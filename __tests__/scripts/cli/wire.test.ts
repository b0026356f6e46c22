import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import { type ExportState, exportTable } from "../../../scripts/move/table-files/export-table.js";
import { type ImportState, importTable } from "../../../scripts/move/table-files/import-table.js";
import { readManifest } from "../../../scripts/move/table-files/manifest.js";
import { openRawTable } from "../../../scripts/raw/raw-table.js";
import { openRun } from "../../../scripts/run/run-state.js";
import { adoptTable } from "../../../scripts/upkeep/adopt-table.js";
import { examineTable } from "../../../scripts/upkeep/examine-table.js";
import { rotateTable } from "../../../scripts/upkeep/rotate-table.js";
import { createCipher } from "../../../src/secrets/encryption.js";
import { both, isSealed, variableOf } from "../../encryption/keys.js";
import { engines } from "../../engines.js";
import {
  type FaultyProxy,
  forgedEnd,
  openFaultyProxy,
  stalled,
  updateFaults,
  wireFaults,
} from "../faulty-proxy.js";
import { type RawItem, type WholeTable, wholeTables } from "../raw.js";
import { atRequests, bayonData, type Ran, temporaryFolder } from "../run.js";

const temporary = temporaryFolder();
const variable = "COAGENT_ENCRYPTION_KEYS";
const allNames = Object.keys(wireFaults) as (keyof typeof wireFaults)[];

const proxies: FaultyProxy[] = [];
afterEach(async () => {
  delete process.env[variable];
  for (const proxy of proxies.splice(0)) await proxy.close();
});

const users = Array.from({ length: 16 }, (_, at) => `u${at}`);

/** Items that adopt completes, and tokens in clear text that rotate encrypts. */
const items: RawItem[] = users.flatMap((userId) => [
  {
    PK: `USER#${userId}`,
    SK: "CONTENT#c1",
    EntityType: "SavedContent",
    Data: { type: "Note", content: "text", createdAt: 1_600_000_000_000 },
    UpdatedAt: 1_600_000_000_000,
  },
  {
    PK: `OAUTH#${userId}`,
    SK: "GOOGLE_BUSINESS",
    EntityType: "OAuthToken",
    userId,
    provider: "GOOGLE_BUSINESS",
    Data: { accessToken: `access-${userId}`, refreshToken: `refresh-${userId}`, expiryDate: 5 },
    CreatedAt: 1_600_000_000_000,
    UpdatedAt: 1_600_000_000_000,
  },
]);

async function proxyTo({ data, name }: WholeTable) {
  const proxy = await openFaultyProxy(data.engine.endpoint);
  proxies.push(proxy);
  const flags = ["--environment", "local", "--endpoint", proxy.endpoint, "--table", name];
  return { proxy, flags };
}

/** What a command said with `--json`, without what faults may change. */
function told(out: string): unknown {
  const last = JSON.parse(out.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
  const { requests: _r, throttles: _t, ms: _m, lostRaces: _l, bytes: _b, ...rest } = last;
  return rest;
}

/** What a command complained of; of one that ended well it is progress. */
function failureIn({ code, complaints }: Pick<Ran, "code" | "complaints">): string | undefined {
  return code === 0 ? undefined : complaints;
}

function linesOf(folder: string): string[] {
  const texts = readdirSync(join(folder, "data")).map((name) =>
    gunzipSync(readFileSync(join(folder, "data", name))).toString(),
  );
  return texts.join("").split("\n").filter(Boolean).toSorted();
}

/** Runs a command that does not wait long before it sends a request again. */
const command = (args: readonly string[]): Promise<Ran> =>
  bayonData(
    args,
    undefined,
    atRequests(() => {}),
  );

const concurrency = ["--concurrency", "4"];

describe.each(engines)("on $name", ({ engine }) => {
  const newTable = wholeTables(engine);
  // What becomes of an answer is the same on every engine: one of them meets all faults.
  const faultNames =
    engine === engines[0]?.engine
      ? allNames
      : (["an empty 200", "a page without its items", "an answer that is lost"] as const);
  async function filled(): Promise<WholeTable> {
    const table = await newTable();
    await table.put(...items);
    return table;
  }
  let made: Promise<{ table: WholeTable; dir: string; lines: string[] }> | undefined;
  /** A table that is only read, and a whole export of it. */
  const source = () => {
    made ??= (async () => {
      const table = await filled();
      const dir = temporary();
      expect(await command(["export", dir, ...table.flags])).toMatchObject({ code: 0 });
      const lines = linesOf(dir);
      expect(lines).toHaveLength(32);
      return { table, dir, lines };
    })();
    return made;
  };

  test.each(faultNames)("export loses nothing to %s", async (name) => {
    const { table, lines } = await source();
    const { proxy, flags } = await proxyTo(table);
    proxy.hit(wireFaults[name]);
    const dir = temporary();
    const { code, complaints, out } = await command(["export", dir, ...flags, ...concurrency]);
    expect(failureIn({ code, complaints })).toBeUndefined();
    if (name !== "half a batch") expect(proxy.hits).toBeGreaterThan(0);
    expect(linesOf(dir)).toEqual(lines);
    expect(out).toContain("32 items");
  });

  test("export --verify finds what a forged page hid, by a second count", async () => {
    const { table } = await source();
    const { proxy, flags } = await proxyTo(table);
    const args = ["export", "--verify", ...flags, "--concurrency", "2"];
    const good = await command([...args, temporary()]);
    expect(failureIn(good)).toBeUndefined();
    expect(good.out).toContain("the same: 32 items in the files, 32 in the table");

    // A page that is whole in itself: nothing about it tells that it is not the table's.
    proxy.hit(forgedEnd, ["Scan"]);
    const { code, out } = await command([...args, temporary()]);
    expect(proxy.hits).toBe(1);
    expect(code).toBe(1);
    expect(out).toMatch(/not the same: \d+ items? in the files, 32 in the table by a second count/);
    expect(out).not.toContain("32 items read");
  });

  test.each(faultNames)("doctor says the same through %s", async (name) => {
    const { table } = await source();
    // One segment, so that the examples come in one order.
    const args = ["doctor", "--json", "--concurrency", "1"];
    const direct = await command([...args, ...table.flags]);
    const { proxy, flags } = await proxyTo(table);
    proxy.hit(wireFaults[name]);
    const through = await command([...args, ...flags]);
    if (name !== "half a batch") expect(proxy.hits).toBeGreaterThan(0);
    expect(through.code).toBe(direct.code);
    expect(told(through.out)).toEqual(told(direct.out));
    expect(told(through.out)).toMatchObject({ items: 32, wholeTable: true });
  });

  const ofScans = [
    "an end of the scan without a request id",
    "an end of the scan that scanned nothing",
    "an item without a key",
    "a page without its items",
    "a page with fewer items than it counts",
  ];
  const ofWrites = faultNames.filter((name) => !ofScans.includes(name));
  const ofPuts = ofWrites.filter((name) => name !== "half a batch");

  test.each(ofPuts)("import that skips writes all, and says so, through %s", async (name) => {
    const { dir } = await source();
    const to = await newTable();
    const { proxy, flags } = await proxyTo(to);
    proxy.hit(wireFaults[name]);
    const args = ["import", dir, ...flags, "--state", temporary(), ...concurrency];
    const { code, complaints, out } = await command(args);
    expect(proxy.hits).toBeGreaterThan(0);
    expect(failureIn({ code, complaints })).toBeUndefined();
    expect(out).toContain("32 written, 0 skipped, 0 rejected");
    expect(await to.all()).toHaveLength(32);
  });

  test.each(ofWrites)("import that overwrites writes all through %s", async (name) => {
    const { dir } = await source();
    const to = await newTable();
    const { proxy, flags } = await proxyTo(to);
    proxy.hit(wireFaults[name]);
    const own = ["--state", temporary(), "--on-conflict", "overwrite", ...concurrency];
    const { code, complaints, out } = await command(["import", dir, ...flags, ...own]);
    expect(proxy.hits).toBeGreaterThan(0);
    expect(failureIn({ code, complaints })).toBeUndefined();
    expect(out).toContain("32 written, 0 skipped, 0 rejected");
    expect(await to.all()).toHaveLength(32);
  });

  const faultsOfUpdates = { ...wireFaults, ...updateFaults };
  const ofUpdates = [
    ...faultNames.filter((name) => name !== "half a batch"),
    ...(Object.keys(updateFaults) as (keyof typeof updateFaults)[]),
  ];

  test.each(ofUpdates)(
    "rotate leaves no token in clear text, and counts each, through %s",
    async (name) => {
      const table = await filled();
      const { proxy, flags } = await proxyTo(table);
      process.env[variable] = variableOf(both);
      proxy.hit(faultsOfUpdates[name]);
      const args = ["rotate", "--json", ...flags, "--state", temporary(), ...concurrency];
      const { code, complaints, out } = await command(args);
      expect(proxy.hits).toBeGreaterThan(0);
      expect(failureIn({ code, complaints })).toBeUndefined();
      expect(told(out)).toMatchObject({ items: 32, rotated: { "(clear text)": 32 }, current: 0 });
      const tokens = (await table.all()).filter(({ EntityType }) => EntityType === "OAuthToken");
      const secrets = tokens.flatMap(({ Data }) => {
        const { accessToken, refreshToken } = Data as Record<string, unknown>;
        return [accessToken, refreshToken];
      });
      expect(secrets.map(isSealed)).toEqual(Array.from({ length: 32 }, () => true));
    },
  );

  test.each(ofUpdates)("adopt completes every item, and counts each, through %s", async (name) => {
    const table = await filled();
    const { proxy, flags } = await proxyTo(table);
    proxy.hit(faultsOfUpdates[name]);
    const args = ["adopt", "--json", ...flags, "--state", temporary(), ...concurrency];
    const { code, complaints, out } = await command(args);
    expect(proxy.hits).toBeGreaterThan(0);
    expect(failureIn({ code, complaints })).toBeUndefined();
    expect(told(out)).toMatchObject({
      items: 32,
      entities: {
        SavedContent: { adopted: 16, complete: 0 },
        OAuthToken: { adopted: 0, complete: 16 },
      },
      left: {},
    });
    const bare = (await table.all()).filter(({ userId }) => userId === undefined);
    expect(bare).toEqual([]);
  });

  const documents = users.map((userId) => ({
    id: "c1",
    parentId: userId,
    data: { type: "Note", content: "text", createdAt: 1_600_000_000_000 },
    path: `users/${userId}/savedContent/c1`,
  }));
  const size = documents.length;

  /** A Firestore export that is migrated into a table of its own. */
  async function migrated() {
    const folder = temporary();
    const file = { collectionPath: "users/{id}/savedContent", documents, count: size };
    writeFileSync(join(folder, "users_id_savedContent.json"), JSON.stringify(file));
    const table = await newTable();
    const state = temporary();
    const own = ["--state", state, "--rejected", join(state, "rejected.ndjson")];
    const ran = await command(["migrate", "firestore", folder, ...table.flags, ...own]);
    expect(failureIn(ran)).toBeUndefined();
    return { folder, table, state };
  }

  test.each(faultNames)("verify finds what is missing and extra through %s", async (name) => {
    const { folder, table } = await migrated();
    const [first, second] = await table.all();
    await table.put({ ...first, SK: "CONTENT#extra" });
    const { TableName, Key } = { TableName: table.name, Key: { PK: second?.PK, SK: second?.SK } };
    await table.client.send(new DeleteCommand({ TableName, Key }));
    const { proxy, flags } = await proxyTo(table);
    proxy.hit(wireFaults[name]);
    const args = ["verify", "firestore", folder, "--json", ...flags, ...concurrency];
    const { code, out } = await command(args);
    expect(proxy.hits).toBeGreaterThan(0);
    expect(code).toBe(1);
    const { summary } = told(out) as { summary: object };
    const found = { documents: size, same: size - 1, missing: 1, extra: 1, wrong: 0, rejected: 0 };
    expect(summary).toMatchObject(found);
  });

  test("rollback knows the deletes whose answers were lost for its own work", async () => {
    const { table, state } = await migrated();
    const { proxy } = await proxyTo(table);
    // The journal knows the table by its address.
    const flags = ["--environment", "local", "--endpoint", proxy.endpoint, "--table", table.name];
    const journal = join(state, "journal.ndjson");
    const text = readFileSync(journal, "utf8");
    writeFileSync(journal, text.replaceAll(table.data.engine.endpoint, proxy.endpoint));
    proxy.hit(wireFaults["an answer that is lost"], ["DeleteItem"]);
    const { code, out } = await command(["rollback", "--state", state, ...flags]);
    expect(proxy.hits).toBeGreaterThan(3);
    expect(out).toContain(`${size} items deleted, 0 left, 0 gone before`);
    expect(code).toBe(0);
    expect(await table.all()).toEqual([]);
  });

  test("no command waits for an answer that stalls in its body", async () => {
    const { dir } = await source();
    const table = await newTable();
    const { proxy } = await proxyTo(table);
    const { region, credentials } = table.data.engine;
    const place = { ...table.data.configuration, region, credentials, endpoint: proxy.endpoint };
    // The watch of bodies looks twice a second.
    const raw = openRawTable(place, { requestHandler: { requestTimeout: 400 }, initialDelayMs: 1 });
    const left = (name: string) => join(temporary(), `${name}.ndjson`);
    const openIn = <State>(folder: string) =>
      openRun<State>({ command: "run", folder, fingerprint: "this" });
    const through = async (operations: readonly string[], work: () => Promise<unknown>) => {
      proxy.hit(stalled, operations);
      const done = await work();
      expect(proxy.hits).toBeGreaterThan(0);
      return done;
    };
    try {
      const imported = await through(["BatchWriteItem"], async () =>
        importTable(raw, {
          ...{ folder: dir, manifest: await readManifest(dir), onConflict: "overwrite" },
          ...{ concurrency: 4, rejectedPath: left("rejected") },
          run: await openIn<ImportState>(temporary()),
        }),
      );
      expect(imported).toMatchObject({ counts: { written: 32, skipped: 0, rejected: 0 } });
      const adopted = await through(["Scan"], () =>
        adoptTable(raw, { segments: 2, findingsPath: left("adopt") }),
      );
      expect(adopted).toMatchObject({ report: { items: 32, added: { contentId: 16 } } });
      const rotated = await through(["Scan"], () =>
        rotateTable(raw, { cipher: createCipher(both), segments: 2, findingsPath: left("rotate") }),
      );
      expect(rotated).toMatchObject({ report: { items: 32, rotated: { "(clear text)": 32 } } });
      const examined = await through(["Scan"], () =>
        examineTable(raw, { segments: 2, mostExamples: 1, now: Date.now() }),
      );
      expect(examined).toMatchObject({ items: 32, complete: true });
      const exported = await through(["Scan"], async () => {
        const folder = temporary();
        const run = await openIn<ExportState>(folder);
        return exportTable(raw, { folder, segments: 2, consistent: true, run });
      });
      expect(exported).toMatchObject({ items: 32 });
    } finally {
      raw.close();
    }
  });
});
