/** `bayon-data upgrade` rewrites older payloads, beside live readers and writers, and loses nothing. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { upgradeTable } from "../../../scripts/upkeep/upgrade-table.js";
import { freshOf } from "../../../scripts/upkeep/upgraded-item.js";
import { modelOf } from "../../../src/entity/model.js";
import {
  byKey,
  createDataLayer,
  data as dataOf,
  expires,
  keyPart,
  model,
  secret,
  times,
} from "../../../src/index.js";
import { createCipher } from "../../../src/secrets/encryption.js";
import { both, isSealed, keyBytes, oldOnly, variableOf } from "../../encryption/keys.js";
import { engines } from "../../engines.js";
import { contactV2, contactV3, unversioned } from "../../versioned-entities.js";
import { type RawItem, type WholeTable, wholeTables } from "../raw.js";
import { bayonData, temporaryFolder } from "../run.js";

const [first] = engines as [(typeof engines)[number]];
const newTable = wholeTables(first.engine);
const folder = temporaryFolder();
const config = resolve(__dirname, "../versioned-config.ts");
const born = 1_600_000_000_000;
const variable = "COAGENT_ENCRYPTION_KEYS";

afterEach(() => {
  delete process.env[variable];
});

const contact = (id: string, Data: RawItem, DataVersion?: unknown): RawItem => ({
  PK: `TEAM#${id.slice(0, 1)}`,
  SK: `CONTACT#${id}`,
  GSI1PK: `TEAM#${id.slice(0, 1)}`,
  GSI1SK: `CONTACT#${born}#${id}`,
  EntityType: "Contact",
  teamId: id.slice(0, 1),
  contactId: id,
  Data,
  CreatedAt: born,
  UpdatedAt: born,
  ...(DataVersion !== undefined && { DataVersion }),
});
const ada = { first: "Ada", last: "Lovelace" };
const items: RawItem[] = [
  contact("a1", { name: "Ada Lovelace", more: new Set([1, 2]), big: 2n ** 70n }),
  contact("b1", { name: "Ada Lovelace" }, 1),
  contact("c2", { names: ada }, 2),
  contact("d3", { names: ada, tags: [] }, 3),
  contact("e4", { anything: true }, 4),
  contact("f1", { name: "Ada" }),
  { ...contact("g1", {}), Data: undefined },
  {
    PK: "ORG#o",
    SK: `TS#${born}#x`,
    EntityType: "AuditLog",
    orgId: "o",
    logId: "x",
    Data: { action: "in" },
    CreatedAt: born,
    UpdatedAt: born,
  },
];

const reportOf = (out: string) => JSON.parse(out.trim().split("\n").at(-1) || "null");
const ran = async (table: WholeTable, ...more: string[]) => {
  const args = ["upgrade", ...table.flags, "--config", config, "--json", ...more];
  const { code, out, complaints } = await bayonData(args);
  return { code, complaints, report: reportOf(out), out };
};

test("rewrites what is older, counts by entity and version, and names what it leaves", async () => {
  const table = await newTable();
  await table.put(...items);
  const before = await table.all();
  const state = folder();
  const dry = await ran(table, "--state", state, "--dry-run");
  expect([dry.code, await table.all()]).toEqual([1, before]);
  const done = await ran(table, "--state", state);
  expect(done.code).toBe(1);
  expect(done.report).toMatchObject({
    items: 8,
    entities: { Contact: { upgraded: { 1: 2, 2: 1 }, current: 1, newer: { 4: 1 } } },
    other: 2,
    left: { failed: 1 },
    account: {
      read: 8,
      outcomes: {
        upgraded: 3,
        "of the current version": 1,
        "of a newer one": 1,
        "without versions": 2,
        left: 1,
        "gone meanwhile": 0,
      },
    },
  });
  expect({ ...dry.report, dryRun: false, ms: 0, requests: 0 }).toEqual({
    ...done.report,
    ms: 0,
    requests: 0,
  });
  const left = readFileSync(join(state, "upgrade", "left.ndjson"), "utf8").trim();
  expect(JSON.parse(left)).toEqual({
    kind: "failed",
    key: "TEAM#f / CONTACT#f1",
    rule: "the payload of version 1 cannot be upgraded: the upgrade from version 1 to 2 threw TypeError",
  });
  const after = await table.all();
  const expected: Record<string, RawItem> = {
    a1: { names: ada, tags: [], more: new Set([1, 2]), big: 2n ** 70n },
    b1: { names: ada, tags: [] },
    c2: { names: ada, tags: [] },
  };
  expect(after).toEqual(
    before.map((item) => {
      const Data = expected[String(item.contactId)];
      return Data === undefined ? item : { ...item, Data, DataVersion: 3 };
    }),
  );
  const again = await ran(table, "--state", state);
  expect(again.report.entities.Contact).toEqual({ upgraded: {}, current: 4, newer: { 4: 1 } });
  expect(await table.all()).toEqual(after);
});

test("--entity is the only one whose items are rewritten, and must have versions", async () => {
  const table = await newTable();
  await table.put(...items);
  const wrong = await ran(table, "--state", folder(), "--entity", "auditLog");
  expect([wrong.code, wrong.complaints]).toEqual([
    2,
    expect.stringContaining("--entity auditLog declares no version: those that do are contact"),
  ]);
  const one = await ran(table, "--state", folder(), "--entity", "contact");
  expect(one.report.entities.Contact.upgraded).toEqual({ 1: 2, 2: 1 });
});

test("secrets are decrypted for the upgrade and encrypted again, and what cannot be read is left", async () => {
  const table = await newTable();
  const layer = (encryption: typeof oldOnly) => {
    const { endpoint, region, credentials } = table.data.engine;
    const place = { environment: "development", endpoint, region, credentials } as const;
    const tableName = table.name;
    const entities = { contact: unversioned };
    return createDataLayer({ ...place, tableName, encryption, entities, builtIn: false });
  };
  const data = { name: "Ada Lovelace", token: "canary" };
  const [known, lost] = [
    layer(oldOnly),
    layer({ keys: { lost: keyBytes("lost") }, current: "lost" } as never),
  ];
  await known.contact.put({ teamId: "a", contactId: "a1", data });
  await lost.contact.put({ teamId: "b", contactId: "b1", data });
  await known.close();
  await lost.close();
  const blind = await ran(table, "--state", folder());
  expect(blind.report).toMatchObject({ entities: {}, left: { unreadable: 2 } });
  process.env[variable] = variableOf(both);
  const { code, report, out } = await ran(table, "--state", folder());
  expect([code, report.left]).toEqual([1, { unreadable: 1 }]);
  expect(out).not.toContain("canary");
  const [one, other] = await table.all();
  const { token, ...rest } = (one?.Data ?? {}) as RawItem;
  expect([isSealed(token), rest, one?.DataVersion]).toEqual([true, { names: ada, tags: [] }, 3]);
  expect(other).not.toHaveProperty("DataVersion");
  const { endpoint, region, credentials } = table.data.engine;
  const place = { environment: "development", endpoint, region, credentials } as const;
  const entities = { contact: contactV3 };
  const now = createDataLayer({ ...place, tableName: table.name, encryption: both, entities });
  expect((await now.contact.get({ teamId: "a", contactId: "a1" }))?.data.token).toBe("canary");
  await now.close();
});

test("a payload that would be too large is left", async () => {
  const table = await newTable();
  const text = "x".repeat(220_000);
  await table.put(contact("a1", { name: "Ada Lovelace", text }));
  const doubled = modelOf({
    ...contactV2,
    upgrade: { 1: (old: { text?: string }) => ({ ...old, again: old.text }) },
  } as never);
  const { table: raw } = table.open();
  const findingsPath = join(folder(), "left.ndjson");
  const cipher = createCipher(both);
  const options = { models: [doubled], segments: 1, findingsPath, cipher };
  const { report, examples } = await upgradeTable(raw, options);
  expect(report.left).toEqual({ tooLarge: 1 });
  expect(examples[0]?.rule).toMatch(/^would take 44\d{4} bytes: at most 409600$/);
});

test("each secret that cannot be read is named, with its reason", async () => {
  const payload = z.looseObject({ pin: secret(z.string()), token: secret(z.string()) });
  const schema = () => ({
    model: model("Account"),
    attributes: { teamId: keyPart, accountId: keyPart, data: dataOf(payload), ...times },
    indexes: { byKey: byKey("TEAM#${teamId}", "ACCOUNT#${accountId}") },
  });
  const account = modelOf({ payload, schema, version: 2, upgrade: { 1: (old: object) => old } });
  const lost = createCipher({ keys: { lost: keyBytes("lost") }, current: "lost" });
  const key = { PK: "TEAM#t", SK: "ACCOUNT#a" };
  const current = await lost.currentKey();
  const sealed = async (field: string) => ({ S: await lost.seal('"x"', { key, field }, current) });
  const item = {
    ...{ PK: { S: key.PK }, SK: { S: key.SK }, EntityType: { S: "Account" } },
    Data: { M: { pin: await sealed("pin"), token: await sealed("token") } },
  };
  const why = 'is encrypted with the key "lost", which is not among the configured keys';
  expect(await freshOf(account, item, createCipher(both))).toEqual({
    kind: "unreadable",
    rule: `data.pin ${why}; data.token ${why}`,
  });
});

test("doctor tells what is of another version, and checks payloads as readers see them", async () => {
  const table = await newTable();
  await table.put(...items);
  const args = ["doctor", ...table.flags, "--config", config, "--json"];
  const { out } = await bayonData(args);
  const { counts, examples } = reportOf(out);
  expect(counts).toEqual({ olderVersion: 4, newerVersion: 1, failedUpgrade: 1, payload: 1 });
  expect(examples.newerVersion).toEqual([
    { kind: "newerVersion", key: "TEAM#e / CONTACT#e4", rule: "is of version 4" },
  ]);
  expect(examples.failedUpgrade[0].key).toBe("TEAM#f / CONTACT#f1");
  expect(examples.payload[0].key).toBe("TEAM#g / CONTACT#g1");
});

test("doctor upgrades a payload with a secret in clear text, but none with one that it cannot decrypt", async () => {
  const table = await newTable();
  const lost = createCipher({ keys: { lost: keyBytes("lost") }, current: "lost" });
  const place = { key: { PK: "TEAM#b", SK: "CONTACT#b1" }, field: "token" };
  const token = await lost.seal('"x"', place, await lost.currentKey());
  // The step from version 1 throws for both names.
  await table.put(contact("a1", { name: "Ada", token: "clear" }));
  await table.put(contact("b1", { name: "Ada", token }));
  const { out } = await bayonData(["doctor", ...table.flags, "--config", config, "--json"]);
  const { counts, examples } = reportOf(out);
  expect(counts).toEqual({ olderVersion: 2, unknownSecret: 1, failedUpgrade: 1 });
  expect(examples.failedUpgrade[0].key).toBe("TEAM#a / CONTACT#a1");
});

test("export and import keep the version", async () => {
  const [from, to] = [await newTable(), await newTable()];
  await from.put(...items);
  const dir = join(folder(), "export");
  expect(await bayonData(["export", dir, ...from.flags])).toMatchObject({ code: 0 });
  const args = ["import", dir, ...to.flags, "--state", folder()];
  expect(await bayonData(args)).toMatchObject({ code: 0 });
  expect(await to.all()).toEqual(await from.all());
});

describe("ends with", () => {
  test.each([
    [["upgrade", "--environment", "local"], "no entity declares a version"],
    [["upgrade", "--nonsense"], "unknown option"],
  ])("2 for %j", async (args, text) => {
    const { code, complaints } = await bayonData(args);
    expect(code).toBe(2);
    expect(complaints).toContain(text);
  });

  test("2 in production without --allow-production", async () => {
    const place = ["--environment", "production", "--region", "us-east-1", "--config", config];
    const { code, complaints } = await bayonData(["upgrade", ...place]);
    expect([code, complaints]).toEqual([2, expect.stringContaining("--allow-production")]);
  });
});

test("an item that has expired stays so, wherever its upgrade puts the expiry", async () => {
  const payload = z.looseObject({ end: z.number() });
  const schema = () => ({
    model: model("Invitation"),
    attributes: {
      teamId: keyPart,
      invitationId: keyPart,
      data: dataOf(payload),
      ...expires("end"),
      ...times,
    },
    indexes: { byKey: byKey("TEAM#${teamId}", "INVITATION#${invitationId}") },
  });
  const later = { 1: ({ until }: { until: number }) => ({ end: until + 10 ** 11 }) };
  const invitation = modelOf({ payload, schema, version: 2, upgrade: later });
  const now = Math.floor(Date.now() / 1000);
  const freshAt = (seconds: number) =>
    freshOf(
      invitation,
      {
        PK: { S: "TEAM#t" },
        SK: { S: "INVITATION#i" },
        EntityType: { S: "Invitation" },
        TTL: { N: String(seconds) },
        Data: { M: { until: { N: String(seconds * 1000) } } },
      },
      undefined,
    );
  expect(await freshAt(now - 5)).toMatchObject({ version: 2, attributes: {} });
  expect(await freshAt(now - 5)).not.toHaveProperty("attributes.TTL");
  expect(await freshAt(now + 60)).toMatchObject({
    attributes: { TTL: { N: String(now + 60 + 10 ** 8) } },
  });
});

test("adopt takes no older payload for damaged, whose index keys are of its own fields", async () => {
  const table = await newTable();
  await table.put({
    ...{ PK: "TEAM#t", SK: "NOTE#n", EntityType: "Note", teamId: "t", noteId: "n" },
    ...{ Data: { status: "new" }, GSI2PK: "NS#new", GSI2SK: "n", CreatedAt: born, UpdatedAt: born },
  });
  const renamed = resolve(__dirname, "../renamed-config.ts");
  const args = ["adopt", ...table.flags, "--config", renamed, "--json", "--state", folder()];
  const { code, out } = await bayonData(args);
  expect([code, reportOf(out)]).toMatchObject([0, { items: 1, left: {} }]);
});

test("versions that no code writes are left by upgrade, and named by doctor", async () => {
  const table = await newTable();
  const odd = [null, "2", 1.5, 0].map((version, index) =>
    contact(`h${index}`, { name: "Ada Lovelace" }, version),
  );
  await table.put(...odd);
  const before = await table.all();
  const { report } = await ran(table, "--state", folder());
  expect(report.entities.Contact).toEqual({
    upgraded: {},
    current: 0,
    newer: { "no number": 2, "1.5": 1, 0: 1 },
  });
  expect(await table.all()).toEqual(before);
  const { out } = await bayonData(["doctor", ...table.flags, "--config", config, "--json"]);
  const { counts, examples } = reportOf(out);
  expect(counts).toEqual({ newerVersion: 4 });
  expect(examples.newerVersion.map(({ rule }: { rule: string }) => rule).sort()).toEqual([
    "is of version 0",
    "is of version 1.5",
    "is of version no number",
    "is of version no number",
  ]);
});
