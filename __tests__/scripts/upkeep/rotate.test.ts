import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openRun } from "../../../scripts/run/run-state.js";
import { type RotationState, rotateTable } from "../../../scripts/upkeep/rotate-table.js";
import { createDataLayer, type DataLayer, DecryptionError } from "../../../src/index.js";
import { createCipher } from "../../../src/secrets/encryption.js";
import type { EncryptionKeys } from "../../../src/secrets/key-provider.js";
import { startFaultProxy } from "../../../src/testing/index.js";
import {
  both,
  headerOf,
  isSealed,
  keyBytes,
  newOnly,
  oldOnly,
  variableOf,
  withPlainSecrets,
} from "../../encryption/keys.js";
import { engines } from "../../engines.js";
import { failureOf } from "../../open.js";
import { killedAt } from "../killed.js";
import { type WholeTable, wholeTables } from "../raw.js";
import { atRequests, bayonData, temporaryFolder } from "../run.js";
import { flagsThrough } from "../wire-faults.js";

const folder = temporaryFolder();
const provider = "GOOGLE_BUSINESS";
const variable = "COAGENT_ENCRYPTION_KEYS";
const lost = { keys: { lost: keyBytes("lost") }, current: "lost" } as const;

const layers: DataLayer[] = [];
afterAll(async () => {
  for (const layer of layers) await layer.close();
});

/** Another process's data layer over the table, with keys of its own. */
function layerOf({ data }: WholeTable, encryption?: EncryptionKeys): DataLayer {
  const { endpoint, region, credentials } = data.engine;
  const { tableName } = data.configuration;
  const place = { environment: "development", endpoint, region, credentials, tableName } as const;
  const ofEnvironment = process.env[variable];
  // Without keys of its own it has none.
  delete process.env[variable];
  const layer = createDataLayer({ ...place, encryption });
  process.env[variable] = ofEnvironment;
  layers.push(layer);
  return layer;
}

const tokenOf = (userId: string) => ({
  accessToken: `canary-access-${userId}`,
  refreshToken: `canary-refresh-${userId}`,
  expiryDate: 5,
});

async function fill(table: WholeTable, encryption: EncryptionKeys | undefined, users: string[]) {
  const items = users.map((userId) => ({ userId, provider, data: tokenOf(userId) }));
  await layerOf(table, encryption).oauthToken.batchPut(items);
}

/** Ids of the keys in the table, by user and field; clear text is `clear`. */
async function keysIn({ all }: WholeTable): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { EntityType, Data } of await all()) {
    if (EntityType !== "OAuthToken") continue;
    const { accessToken, refreshToken } = Data as Record<string, unknown>;
    for (const value of [accessToken, refreshToken]) {
      if (value === null || value === undefined) continue;
      const id = isSealed(value) ? String(headerOf(value).kid) : "clear";
      counts[id] = (counts[id] ?? 0) + 1;
    }
  }
  return counts;
}

const reportOf = (out: string) => JSON.parse(out.trim().split("\n").at(-1) ?? "");
const names = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `u${from + index}`);

beforeEach(() => {
  process.env[variable] = variableOf(both);
});
afterEach(() => {
  delete process.env[variable];
});

describe.each(engines)("rotate on $name", ({ engine }) => {
  const newTable = wholeTables(engine);

  test("encrypts clear text and what is under another key, and a second run writes nothing", async () => {
    const table = await newTable();
    await fill(table, undefined, names(0, 5));
    await fill(table, oldOnly, names(5, 8));
    await fill(table, newOnly, names(8, 10));
    const plain = layerOf(table);
    await plain.oauthToken.put({ userId: "u-null", data: { accessToken: "", refreshToken: null } });
    await plain.project.put({ userId: "u1", projectId: "p", data: { name: "n" } });
    const before = await table.all();
    expect(await keysIn(table)).toEqual({ clear: 11, "key-1": 6, "key-2": 4 });

    const args = ["rotate", ...table.flags, "--state", folder(), "--json"];
    const dry = await bayonData([...args, "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, complaints: "" });
    expect(await table.all()).toEqual(before);

    const first = await bayonData(args);
    expect(first).toMatchObject({ code: 0, complaints: "" });
    expect(reportOf(first.out)).toMatchObject({
      keyId: "key-2",
      items: 12,
      rotated: { "(clear text)": 11, "key-1": 6 },
      current: 4,
      left: {},
    });
    expect(reportOf(dry.out).rotated).toEqual(reportOf(first.out).rotated);
    expect(await keysIn(table)).toEqual({ "key-2": 21 });
    // Nothing else of any item has changed, UpdatedAt included.
    const after = await table.all();
    const read = (items: typeof after) =>
      Promise.all(items.map((item) => withPlainSecrets(item, both)));
    expect(await read(after)).toEqual(await read(before));
    for (const userId of names(0, 10)) {
      const { data } = await layerOf(table, newOnly).oauthToken.getOrThrow({ userId });
      expect(data).toEqual(tokenOf(userId));
    }

    const second = await bayonData(args);
    expect(reportOf(second.out)).toMatchObject({ rotated: {}, current: 21 });
    expect(await table.all()).toEqual(after);
    expect(first.out + second.out + dry.out).not.toContain("canary");
  });

  test("leaves what it cannot read, and names it by key and field, never by value", async () => {
    const table = await newTable();
    await fill(table, lost, ["u1"]);
    await fill(table, oldOnly, ["u2"]);
    const stolen = (await table.all())[0] as Record<string, unknown>;
    await table.put({ ...stolen, PK: "OAUTH#u3", userId: "u3" });
    // One field of it can be read.
    const change = { refreshToken: "canary-again" };
    const updated = layerOf(table, oldOnly).oauthToken.update({ userId: "u1" }, change);
    // It is done, but what it returns has the other field.
    await failureOf(updated, DecryptionError);
    expect(await keysIn(table)).toEqual({ "key-1": 3, lost: 3 });
    const state = folder();
    const args = ["rotate", ...table.flags, "--state", state];
    const { code, out } = await bayonData(args);
    expect(code).toBe(1);
    expect(out).toContain("under the key key-1, encrypted: 3");
    expect(out).toContain("3 secrets left");
    expect(out).not.toContain("canary");
    expect(await keysIn(table)).toEqual({ "key-2": 3, lost: 3 });
    const lines = readFileSync(join(state, "rotate", "left.ndjson"), "utf8")
      .trim()
      .split("\n");
    const left = lines.map((line) => JSON.parse(line) as Record<string, string>);
    const rule = (field: string) =>
      `data.${field} is encrypted with the key "lost", which is not among the configured keys`;
    const of = (key: string, field: string) => ({ kind: "unreadable", key, rule: rule(field) });
    const byKey = (a: { key?: string }, b: { key?: string }) =>
      JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
    expect(left.toSorted(byKey)).toEqual([
      of("OAUTH#u1 / GOOGLE_BUSINESS", "accessToken"),
      of("OAUTH#u3 / GOOGLE_BUSINESS", "accessToken"),
      of("OAUTH#u3 / GOOGLE_BUSINESS", "refreshToken"),
    ]);
    const again = await bayonData(args);
    expect(again.code).toBe(1);
    expect(existsSync(join(state, "rotate", "rotate.json"))).toBe(false);
  });

  test("does not make a token of clear text where that is refused: anybody may have put it there", async () => {
    const table = await newTable();
    await fill(table, undefined, ["planted"]);
    await fill(table, oldOnly, ["u1"]);
    const args = ["rotate", ...table.flags, "--state", folder(), "--json"];
    process.env[variable] = variableOf({ ...both, clearText: "refuse" });
    const { code, out } = await bayonData(args);
    expect(reportOf(out)).toMatchObject({ rotated: { "key-1": 2 }, left: { unreadable: 2 } });
    expect(out).toContain('data.accessToken is in clear text, and clearText is \\"refuse\\"');
    expect({ code, keys: await keysIn(table) }).toEqual({
      code: 1,
      keys: { clear: 2, "key-2": 2 },
    });
    process.env[variable] = variableOf(both);
    expect(await bayonData(args)).toMatchObject({ code: 0 });
    expect(await keysIn(table)).toEqual({ "key-2": 4 });
  });

  test("loses no token that is refreshed meanwhile, and no update", async () => {
    const table = await newTable();
    const users = names(0, 12);
    await fill(table, undefined, users);
    const oldProcess = layerOf(table, { ...both, current: "key-1" });
    const newProcess = layerOf(table, both);
    let stopped = false;
    const longAgo = Date.parse("2000-01-01");
    /** What each provider holds for valid: an older refresh token is of no use to anybody. */
    const valid = new Map(users.map((userId) => [userId, tokenOf(userId).refreshToken]));
    const refreshing = async (process: DataLayer, own: string[]) => {
      for (let turn = 0; !stopped; turn += 1) {
        const userId = own[turn % own.length] ?? "";
        await process.oauth.validToken(userId, provider, {
          refresh: async (refreshToken) => {
            expect(refreshToken).toBe(valid.get(userId));
            const next = `canary-refresh-${userId}-${turn}`;
            valid.set(userId, next);
            await sleep(3);
            return { accessToken: `access-${turn}`, refreshToken: next, expiryDate: longAgo };
          },
        });
      }
    };
    const counts = new Map<string, number>();
    const updating = async (process: DataLayer, own: string[]) => {
      for (let turn = 0; !stopped; turn += 1) {
        const userId = own[turn % own.length] ?? "";
        const count = (counts.get(userId) ?? 0) + 1;
        await process.oauthToken.update({ userId }, { agentProfileId: `${count}` });
        counts.set(userId, count);
      }
    };
    const writers = Promise.all([
      refreshing(oldProcess, users.slice(0, 6)),
      refreshing(newProcess, users.slice(6, 12)),
      updating(oldProcess, users.slice(0, 12)),
    ]);
    const failed = writers.then(
      () => undefined,
      (error: unknown) => error,
    );
    const { table: raw } = table.open();
    let rotated = 0;
    try {
      // To and fro, so that there is always something to do.
      for (let round = 0; round < 12; round += 1) {
        const cipher = createCipher({ ...both, current: round % 2 === 0 ? "key-2" : "key-1" });
        const findingsPath = join(folder(), "left.ndjson");
        const { report } = await rotateTable(raw, { cipher, segments: 2, findingsPath });
        rotated += Object.values(report.rotated).reduce((sum, one) => sum + one, 0);
        expect({ ...report.left, contended: 0 }).toEqual({ contended: 0 });
      }
    } finally {
      stopped = true;
    }
    expect(await failed).toBeUndefined();
    expect(rotated).toBeGreaterThan(24);
    expect(counts.size).toBe(12);
    for (const userId of users) {
      const { data } = await newProcess.oauthToken.getOrThrow({ userId });
      expect([userId, data.refreshToken]).toEqual([userId, valid.get(userId)]);
      expect([userId, data.agentProfileId]).toEqual([userId, String(counts.get(userId))]);
    }
  });

  test("leaves a token alone while it is refreshed, and comes back to it", async () => {
    const table = await newTable();
    await fill(table, oldOnly, ["u1", "u2"]);
    const layer = layerOf(table, both);
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let asked = () => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const fresh = layer.oauth.validToken("u1", provider, {
      refresh: async () => {
        asked();
        await answered;
        return { accessToken: "fresh", expiryDate: Date.now() + 3_600_000 };
      },
    });
    await isAsked;
    const { table: raw } = table.open();
    let passes = 0;
    const watched = {
      ...raw,
      get: async (input: Parameters<typeof raw.get>[0]) => {
        passes += 1;
        // It has looked more than once, and the token is still as it was.
        if (passes === 3) {
          expect(await keysIn(table)).toEqual({ "key-1": 2, "key-2": 2 });
          answer();
          await fresh;
        }
        return raw.get(input);
      },
    };
    const findingsPath = join(folder(), "left.ndjson");
    const cipher = createCipher(both);
    const { report } = await rotateTable(watched, { cipher, segments: 1, findingsPath });
    expect(passes).toBe(3);
    // What the refresh brought was written under the new key; the refresh token was not its.
    expect(report).toMatchObject({ rotated: { "key-1": 3 }, current: 1, left: {} });
    expect(await keysIn(table)).toEqual({ "key-2": 4 });
    expect((await layer.oauth.get("u1"))?.data).toMatchObject({ accessToken: "fresh" });
  });

  test("lets a refresh that begins between its look and its write go first", async () => {
    const table = await newTable();
    await fill(table, oldOnly, ["u1"]);
    const [item] = await table.all();
    const { table: raw } = table.open();
    let writes = 0;
    const overtaken = {
      ...raw,
      update: async (input: Parameters<typeof raw.update>[0]) => {
        writes += 1;
        const leased = { ...item, LeaseHolder: "h", LeaseUntil: Date.now() + 3_600_000 };
        if (writes === 1) await table.put(leased);
        try {
          return await raw.update(input);
        } finally {
          // It was refused, and the refresh ends.
          if (writes === 1) {
            expect(await table.all()).toEqual([leased]);
            await table.put({ ...leased, LeaseUntil: 1 });
          }
        }
      },
    };
    const findingsPath = join(folder(), "left.ndjson");
    const cipher = createCipher(both);
    const { report } = await rotateTable(overtaken, { cipher, segments: 1, findingsPath });
    expect(report).toMatchObject({ rotated: { "key-1": 2 }, lostRaces: 1, left: {} });
    expect(writes).toBe(2);
  });

  test("is slowed, not failed, by throttles, resets and errors of the table", async () => {
    const table = await newTable();
    await fill(table, oldOnly, names(0, 12));
    const { table: raw, wire } = table.open();
    wire
      .inject({ fault: "throttle", operation: "Scan", times: 9 })
      .inject({ fault: "throttle", operation: "UpdateItem", times: 40, after: 2 })
      .inject({ fault: "connectionReset", operation: "UpdateItem", times: 3, after: 1 })
      .inject({ fault: "serverError", operation: "Scan", times: 2, after: 1 });
    const findingsPath = join(folder(), "left.ndjson");
    const cipher = createCipher(both);
    const { report } = await rotateTable(raw, { cipher, segments: 4, findingsPath });
    expect(report).toMatchObject({ rotated: { "key-1": 24 }, left: {} });
    expect(await keysIn(table)).toEqual({ "key-2": 24 });
    expect(raw.traffic.throttles).toBe(49);
  });

  test("gives up on a token that is refreshed for longer than it waits, and says so", async () => {
    const table = await newTable();
    await fill(table, oldOnly, ["u1"]);
    const [item] = await table.all();
    await table.put({ ...item, LeaseHolder: "h", LeaseUntil: Date.now() + 3_600_000 });
    const { table: raw } = table.open();
    const findingsPath = join(folder(), "left.ndjson");
    const options = { cipher: createCipher(both), segments: 1, findingsPath, leaseWaitMs: 1 };
    const { report, examples } = await rotateTable(raw, options);
    expect(report).toMatchObject({ rotated: {}, left: { leased: 1 } });
    expect(examples).toMatchObject([{ kind: "leased", key: "OAUTH#u1 / GOOGLE_BUSINESS" }]);
    expect(await keysIn(table)).toEqual({ "key-1": 2 });
  });
});

describe("rotate, interrupted", () => {
  const [{ engine }] = engines as [(typeof engines)[number]];
  const newTable = wholeTables(engine);

  test("by SIGKILL, ends as an undisturbed run when it is started again", async () => {
    const table = await newTable();
    await fill(table, oldOnly, names(0, 100));
    await using proxy = await startFaultProxy({ target: table.data.engine.endpoint });
    const args = ["rotate", ...flagsThrough(proxy, table.name), "--state", folder(), "--json"];
    const done = async () => (await keysIn(table))["key-2"] ?? 0;
    await killedAt(proxy, "UpdateItem", 30, [...args, "--concurrency", "2"]);
    const before = await done();
    expect(before).toBeGreaterThanOrEqual(2 * 30);
    expect(before).toBeLessThan(200);

    const { code, out } = await bayonData([...args, "--concurrency", "24"]);
    expect(code).toBe(0);
    expect(reportOf(out)).toMatchObject({ items: 100, left: {} });
    expect(await keysIn(table)).toEqual({ "key-2": 200 });
  });

  test("goes on at the page where it was, and comes back to what was being refreshed", async () => {
    const table = await newTable();
    await fill(table, oldOnly, names(0, 40));
    const leased = (await table.all()).find(({ PK }) => PK === "OAUTH#u7");
    await table.put({ ...leased, LeaseHolder: "h", LeaseUntil: Date.now() + 3_600_000 });
    const place = { command: "rotate", folder: folder(), fingerprint: "test" };
    const findingsPath = join(folder(), "left.ndjson");
    const cipher = createCipher(both);
    let read = 0;
    for (let round = 1; ; round += 1) {
      const { table: raw } = table.open();
      let pages = 0;
      const slow = {
        ...raw,
        scan: async (input: Parameters<typeof raw.scan>[0]) => {
          pages += 1;
          if (pages === 5) throw new Error("the power went");
          const answer = await raw.scan({ ...input, Limit: 5 });
          read += answer.Items?.length ?? 0;
          return answer;
        },
      };
      const run = await openRun<RotationState>(place);
      if (round > 2) await table.put({ ...leased, LeaseUntil: 1 });
      try {
        const { report } = await rotateTable(slow, { cipher, segments: 2, findingsPath, run });
        expect(report).toMatchObject({ items: 40, rotated: { "key-1": 80 }, left: {} });
        break;
      } catch (error) {
        expect((error as Error).message).toBe("the power went");
        expect(round).toBeLessThan(8);
      } finally {
        await run.release();
      }
    }
    expect(read).toBe(40);
    expect(await keysIn(table)).toEqual({ "key-2": 80 });
  });

  test("by another current key, says that the checkpoint is of another run", async () => {
    const table = await newTable();
    await fill(table, undefined, names(0, 40));
    const controller = new AbortController();
    const args = ["rotate", ...table.flags, "--state", folder()];
    const sending = atRequests((operation) => {
      if (operation === "UpdateItem") controller.abort(new Error("interrupted"));
    });
    const { code, complaints } = await bayonData(args, controller.signal, sending);
    expect(code).toBe(130);
    expect(complaints).toContain(
      `To resume:\n  bayon-data rotate --environment local --table ${table.name}`,
    );
    process.env[variable] = variableOf({ ...both, current: "key-1" });
    const other = await bayonData(args);
    expect(other.code).toBe(1);
    expect(other.complaints).toContain("checkpoint of another run");
    process.env[variable] = variableOf(both);
    expect(await bayonData(args)).toMatchObject({ code: 0 });
    expect(await keysIn(table)).toEqual({ "key-2": 80 });
  });
});

describe("rotate ends with", () => {
  test.each([
    [["rotate", "--environment", "production", "--region", "us-east-1"], "--allow-production"],
    [["rotate", "--nonsense"], "unknown option"],
  ])("2 for %j", async (args, text) => {
    const ran = await bayonData(args);
    expect(ran).toMatchObject({ code: 2 });
    expect(ran.complaints).toContain(text);
  });

  test("2 without keys, and with a variable that is none; neither is shown", async () => {
    for (const text of ["", "canary", '{"keys":{"canary":"canary"},"current":"canary"}']) {
      process.env[variable] = text;
      const { code, out, complaints } = await bayonData(["rotate", "--environment", "local"]);
      expect([text, code]).toEqual([text, 2]);
      expect(complaints).toContain("COAGENT_ENCRYPTION_KEYS");
      expect(out + complaints).not.toContain("canary");
    }
  });
});
