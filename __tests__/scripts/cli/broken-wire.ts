/** Tables for whole commands on a wire that breaks, and what the commands said. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { openRawTable, type RawTable } from "../../../scripts/raw/raw-table.js";
import { startFaultProxy } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { type RawItem, type WholeTable, wholeTables } from "../raw.js";
import { atRequests, bayonData, type Ran, temporaryFolder } from "../run.js";
import {
  everySeventh,
  flagsThrough,
  hitsOf,
  type WireFaultName,
  wireFaults,
} from "../wire-faults.js";

export const users = Array.from({ length: 16 }, (_, at) => `u${at}`);

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

/** What a command said with `--json`, without what faults may change. */
export function told(out: string): unknown {
  const last = JSON.parse(out.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
  const { requests: _r, throttles: _t, ms: _m, lostRaces: _l, bytes: _b, ...rest } = last;
  return rest;
}

/** What a command complained of; of one that ended well it is progress. */
export function failureIn({
  code,
  complaints,
}: Pick<Ran, "code" | "complaints">): string | undefined {
  return code === 0 ? undefined : complaints;
}

export function linesOf(folder: string): string[] {
  const texts = readdirSync(join(folder, "data")).map((name) =>
    gunzipSync(readFileSync(join(folder, "data", name))).toString(),
  );
  return texts.join("").split("\n").filter(Boolean).toSorted();
}

/** Runs a command that does not wait long before it sends a request again. */
export const command = (args: readonly string[]): Promise<Ran> =>
  bayonData(
    args,
    undefined,
    atRequests(() => {}),
  );

export const concurrency = ["--concurrency", "4"];

/** What becomes of an answer is the same on every engine: one of them meets all faults. */
export const faultNamesOn = (engine: string): readonly WireFaultName[] =>
  engine === engines[0]?.engine
    ? (Object.keys(wireFaults) as WireFaultName[])
    : ["an empty 200", "a page without its items", "an answer that is lost"];

const documents = users.map((userId) => ({
  id: "c1",
  parentId: userId,
  data: { type: "Note", content: "text", createdAt: 1_600_000_000_000 },
  path: `users/${userId}/savedContent/c1`,
}));
/** How many items `migrated` writes. */
export const size = documents.length;

/** What the tests of one engine share. For the top of a `describe`. */
export function brokenWire(engine: string) {
  const temporary = temporaryFolder();
  const newTable = wholeTables(engine);
  const closing: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

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

  async function proxyTo({ data, name }: WholeTable) {
    const proxy = await startFaultProxy({ target: data.engine.endpoint });
    closing.push(() => proxy.close());
    return { proxy, flags: flagsThrough(proxy, name) };
  }

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

  /** Work on a table whose answers to an operation stall in their bodies. */
  async function stalled<T>(
    table: WholeTable,
    operation: "Scan" | "BatchWriteItem",
    work: (raw: RawTable) => Promise<T>,
  ): Promise<T> {
    const { proxy } = await proxyTo(table);
    const { region, credentials } = table.data.engine;
    const place = { ...table.data.configuration, region, credentials, endpoint: proxy.url };
    // The watch of bodies looks twice a second.
    const raw = openRawTable(place, { requestHandler: { requestTimeout: 400 }, initialDelayMs: 1 });
    closing.push(() => raw.close());
    proxy.inject(everySeventh({ fault: "stallInBody", operation }));
    const done = await work(raw);
    expect(hitsOf(proxy)).toBeGreaterThan(0);
    return done;
  }

  return { temporary, newTable, filled, source, proxyTo, migrated, stalled };
}
