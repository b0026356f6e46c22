/** The commands over a table whose secrets are encrypted: what they write, read, compare and show. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { createDataLayer } from "../../../src/index.js";
import {
  both,
  headerOf,
  isSealed,
  newOnly,
  oldOnly,
  variableOf,
  withPlainSecrets,
} from "../../encryption/keys.js";
import { engines } from "../../engines.js";
import { type RawItem, wholeTables } from "../raw.js";
import { bayonData, temporaryFolder } from "../run.js";

const temporary = temporaryFolder();
const variable = "COAGENT_ENCRYPTION_KEYS";
const keys = (encryption: Parameters<typeof variableOf>[0]) => {
  process.env[variable] = variableOf(encryption);
};
afterEach(() => {
  delete process.env[variable];
});

const ids = ["u1", "u2", "u3"];
const tokenOf = (id: string) => ({
  accessToken: `canary-access-${id}`,
  refreshToken: `canary-refresh-${id}`,
  expiryDate: 4_000_000_000_000,
});

let folderOfExport: string | undefined;

/** An export of a token for each of three users. */
function exported(): string {
  if (folderOfExport !== undefined) return folderOfExport;
  const folder = temporary();
  const documents = ids.map((id) => ({
    id,
    data: { ...tokenOf(id), updatedAt: "2024-05-01T10:00:00.000Z" },
    path: `googleBusinessProfiles/${id}`,
  }));
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "googleBusinessProfiles.json"),
    JSON.stringify({
      collectionPath: "googleBusinessProfiles",
      documents,
      count: documents.length,
    }),
  );
  folderOfExport = folder;
  return folder;
}

const dataOf = (item: RawItem | undefined) => item?.Data as Record<string, unknown>;
/** Ids of the keys of both secrets of each item; `clear` for clear text. */
const keysOf = (items: RawItem[]) =>
  items.flatMap((item) =>
    [dataOf(item).accessToken, dataOf(item).refreshToken].map((value) =>
      isSealed(value) ? headerOf(value).kid : "clear",
    ),
  );
const plain = (items: RawItem[]) =>
  Promise.all(items.map((item) => withPlainSecrets(item, both) as Promise<RawItem>));
const six = (id: string) => Array.from({ length: 6 }, () => id);

describe.each(engines)("with keys, on $name", ({ engine }) => {
  const newTable = wholeTables(engine);
  const own = () => {
    const state = temporary();
    return ["--state", state, "--rejected", join(state, "rejected.ndjson")];
  };
  const summaryOf = (out: string) => {
    const line = out.split("\n").find((text) => text.startsWith('{"summary"')) ?? "{}";
    return (JSON.parse(line) as { summary: Record<string, number> }).summary;
  };

  test("migrate encrypts tokens, finds nothing to do the second time, and verify passes", async () => {
    const { flags, all } = await newTable();
    const folder = exported();
    keys(oldOnly);
    for (const mode of ["skip", "overwrite", "newer"]) {
      const args = ["migrate", "firestore", folder, ...flags, ...own(), "--json"];
      const ran = await bayonData([...args, "--on-conflict", mode]);
      expect(ran.code).toBe(0);
      expect(ran.out + ran.complaints).not.toMatch(/canary|eyJ/);
      const items = await all();
      expect(keysOf(items)).toEqual(six("key-1"));
      expect((await plain(items)).map((item) => dataOf(item).accessToken)).toEqual(
        ids.map((id) => tokenOf(id).accessToken),
      );
      const again = await bayonData(args);
      expect(summaryOf(again.out)).toMatchObject({ identical: 3, written: 0, kept: 0 });
      expect(await all()).toEqual(items);
    }
    const verify = ["verify", "firestore", folder, ...flags];
    expect(await bayonData(verify)).toMatchObject({ code: 0 });
    keys(both);
    expect(await bayonData(verify)).toMatchObject({ code: 0 });
    keys(newOnly);
    const blind = await bayonData(verify);
    expect(blind.code).toBe(1);
    expect(blind.out).toContain('data.accessToken is encrypted with the key "key-1", which is not');
    keys(undefined);
    const without = await bayonData(verify);
    expect(without.out).toContain("is encrypted, and no keys are configured");
    expect(blind.out + without.out).not.toMatch(/canary|eyJ/);
  });

  test("what was migrated in clear text before is the same, until it is rotated; rollback deletes it", async () => {
    const { flags, all } = await newTable();
    const folder = exported();
    const state = own();
    await bayonData(["migrate", "firestore", folder, ...flags, ...state]);
    expect(keysOf(await all())).toEqual(six("clear"));
    keys(both);
    const again = await bayonData(["migrate", "firestore", folder, ...flags, ...state, "--json"]);
    expect(summaryOf(again.out)).toMatchObject({ identical: 3, written: 0 });
    expect(await bayonData(["rotate", ...flags, "--state", temporary()])).toMatchObject({
      code: 0,
    });
    expect(keysOf(await all())).toEqual(six("key-2"));
    expect(await bayonData(["verify", "firestore", folder, ...flags])).toMatchObject({ code: 0 });
    // It is still what the migration wrote.
    const undone = await bayonData(["rollback", ...flags, ...state.slice(0, 2)]);
    expect(undone.code).toBe(0);
    expect(await all()).toEqual([]);
  });

  test("migrate to files encrypts in them, and import writes them as they are", async () => {
    const { flags, all } = await newTable();
    keys(both);
    const to = join(temporary(), "items");
    const state = own();
    const migrate = ["migrate", "firestore", exported(), ...flags, "--rejected", state[3] ?? ""];
    expect(await bayonData([...migrate, "--to", to])).toMatchObject({ code: 0 });
    const lines = linesOf(to);
    expect(lines).toHaveLength(3);
    expect(lines.join()).not.toContain("canary");
    const into = ["import", to, ...flags, "--state", temporary()];
    expect(await bayonData(into)).toMatchObject({ code: 0 });
    const items = await all();
    expect(keysOf(items)).toEqual(six("key-2"));
    for (const item of items) expect(lines.join()).toContain(String(dataOf(item).accessToken));
  });

  test("export keeps what is encrypted as it is, import too, and it reads in another table", async () => {
    const from = await newTable();
    keys(oldOnly);
    const { data, all, flags } = from;
    await writeTokens(flags);
    const items = await all();
    expect(keysOf(items)).toEqual(six("key-1"));
    const folder = join(temporary(), "backup");
    // Neither needs a key.
    keys(undefined);
    const out = await bayonData(["export", folder, ...flags]);
    expect(out.code).toBe(0);
    const to = await newTable();
    for (const conflict of ["skip", "overwrite"]) {
      const args = ["--on-conflict", conflict, "--state", temporary()];
      expect(await bayonData(["import", folder, ...to.flags, ...args])).toMatchObject({ code: 0 });
      expect(await to.all()).toEqual(items);
    }
    keys(oldOnly);
    expect(await bayonData(["verify", "firestore", exported(), ...to.flags])).toMatchObject({
      code: 0,
    });
    expect(data.configuration.tableName).not.toBe(to.name);
  });

  test("import encrypts what is in clear text in the files", async () => {
    const from = await newTable();
    await writeTokens(from.flags);
    const folder = join(temporary(), "backup");
    await bayonData(["export", folder, ...from.flags]);
    const before = await from.all();
    expect(keysOf(before)).toEqual(six("clear"));
    keys(both);
    for (const conflict of ["skip", "overwrite"]) {
      const to = await newTable();
      const args = ["--on-conflict", conflict, "--state", temporary()];
      expect(await bayonData(["import", folder, ...to.flags, ...args])).toMatchObject({ code: 0 });
      expect(keysOf(await to.all())).toEqual(six("key-2"));
      expect(await plain(await to.all())).toEqual(before);
    }
  });

  test("seed encrypts the tokens that it makes up, and writes nothing the second time", async () => {
    const { flags, all } = await newTable();
    keys(both);
    const seed = ["seed", ...flags, "--users", "2"];
    expect(await bayonData(seed)).toMatchObject({ code: 0 });
    const tokens = async () => (await all()).filter((item) => item.EntityType === "OAuthToken");
    const first = await tokens();
    expect(first.length).toBeGreaterThan(0);
    expect(new Set(keysOf(first))).toEqual(new Set(["key-2"]));
    expect(await bayonData(seed)).toMatchObject({ code: 0 });
    expect(await tokens()).toEqual(first);
  });

  test("adopt leaves them as they are", async () => {
    const { flags, all, put } = await newTable();
    keys(oldOnly);
    const made = await newTable();
    await writeTokens(made.flags);
    const old = (await made.all()).map(({ userId: _u, provider: _p, ...item }) => item);
    await put(...old);
    keys(undefined);
    expect(await bayonData(["adopt", ...flags, "--state", temporary()])).toMatchObject({ code: 0 });
    expect(await all()).toEqual(await made.all());
  });

  test("doctor names clear text, old keys and what it cannot read, never a value", async () => {
    const { flags, put, all, data } = await newTable();
    await writeTokens(flags);
    const report = async () => {
      const ran = await bayonData(["doctor", ...flags, "--json", "--examples", "9"]);
      expect(ran.out + ran.complaints).not.toMatch(/canary|eyJ/);
      const last = JSON.parse(ran.out.trim().split("\n").at(-1) ?? "");
      return { code: ran.code, counts: last.counts, keys: last.keys, examples: last.examples };
    };
    // Without keys all is as it was before there were any.
    expect(await report()).toMatchObject({ code: 0, counts: {}, keys: {} });
    keys(oldOnly);
    expect(await report()).toMatchObject({ code: 1, counts: { clearSecret: 6 }, keys: {} });
    await bayonData(["rotate", ...flags, "--state", temporary()]);
    expect(await report()).toMatchObject({ code: 0, counts: {}, keys: { "key-1": 6 } });
    keys(both);
    expect(await report()).toMatchObject({ code: 0, counts: { oldKey: 6 }, keys: { "key-1": 6 } });
    keys(undefined);
    expect(await report()).toMatchObject({ code: 0, counts: { unknownSecret: 6 } });
    keys(newOnly);
    const blind = await report();
    expect(blind).toMatchObject({ code: 1, counts: { unreadableSecret: 6, oldKey: 6 } });
    expect(blind.examples.unreadableSecret).toContainEqual({
      kind: "unreadableSecret",
      key: "OAUTH#u1 / GOOGLE_BUSINESS",
      rule: 'data.accessToken is encrypted with the key "key-1", which is not among the configured keys',
    });
    keys(both);
    await bayonData(["rotate", ...flags, "--state", temporary()]);
    const done = await bayonData(["doctor", ...flags]);
    expect(done.code).toBe(0);
    expect(done.out).toContain("keys in use: key-2 (6 secrets)");
    expect(done.out).not.toContain("key-1");

    // Whether a token can be refreshed is told by what is encrypted, not by that it is.
    const [first] = await all();
    const { endpoint, region, credentials } = data.engine;
    const { tableName } = data.configuration;
    const place = { environment: "development", endpoint, region, credentials, tableName } as const;
    const layer = createDataLayer({ ...place, encryption: both });
    const expired = { ...dataOf(first), expiryDate: 1 };
    await put({ ...first, Data: expired });
    expect(await report()).toMatchObject({ code: 0, counts: { expiredToken: 1 } });
    await layer.oauthToken.update({ userId: "u1" }, { refreshToken: "" });
    expect(keysOf(await all())).toEqual(six("key-2"));
    expect(await report()).toMatchObject({ code: 1, counts: { deadToken: 1 } });
    await layer.close();
  });

  test("validate finds that every call does what it should", async () => {
    const { flags } = await newTable();
    keys(both);
    const { code, out } = await bayonData(["validate", ...flags]);
    expect(code).toBe(0);
    expect(out).toMatch(/\d+ checks passed/);
  });

  async function writeTokens(flags: string[]): Promise<void> {
    const ran = await bayonData(["migrate", "firestore", exported(), ...flags, ...own()]);
    expect(ran.code).toBe(0);
  }
});

/** Every line of a folder's files. */
function linesOf(folder: string): string[] {
  const texts = readdirSync(join(folder, "data")).map((name) =>
    gunzipSync(readFileSync(join(folder, "data", name))).toString(),
  );
  return texts.join("").split("\n").filter(Boolean);
}
