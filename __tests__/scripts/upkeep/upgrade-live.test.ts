/** `bayon-data upgrade` beside live writers, on a wire that breaks, and interrupted. */
import { join, resolve } from "node:path";
import { openRawTable } from "../../../scripts/raw/raw-table.js";
import { openRun } from "../../../scripts/run/run-state.js";
import { type UpgradeState, upgradeTable } from "../../../scripts/upkeep/upgrade-table.js";
import { modelOf } from "../../../src/entity/model.js";
import { createDataLayer } from "../../../src/index.js";
import { startFaultProxy } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { contactV2, contactV3 } from "../../versioned-entities.js";
import { killedAt } from "../killed.js";
import { type RawItem, wholeTables } from "../raw.js";
import { bayonData, temporaryFolder } from "../run.js";
import { everySeventh, hitsOf, updateFaults, wireFaults } from "../wire-faults.js";

const [first] = engines as [(typeof engines)[number]];
const newTable = wholeTables(first.engine);
const folder = temporaryFolder();
const config = resolve(__dirname, "../versioned-config.ts");
const born = 1_600_000_000_000;
const models = [modelOf(contactV3)];
const ada = { first: "Ada", last: "Lovelace" };

const many: RawItem[] = Array.from({ length: 60 }, (_, at) => ({
  PK: "TEAM#x",
  SK: `CONTACT#x${at}`,
  GSI1PK: "TEAM#x",
  GSI1SK: `CONTACT#${born}#x${at}`,
  EntityType: "Contact",
  teamId: "x",
  contactId: `x${at}`,
  Data: { name: "Ada Lovelace" },
  CreatedAt: born,
  UpdatedAt: born,
}));

const reportOf = (out: string) => JSON.parse(out.trim().split("\n").at(-1) ?? "null");

describe("on a wire that breaks", () => {
  const closing: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  // What becomes of pages is the same in every sweep.
  const { "an answer that is lost": lost, "a throttle": throttle } = wireFaults;
  const faults = {
    lost,
    throttle,
    "a body that is cut off": wireFaults["a body that is cut off"],
    ...updateFaults,
  };
  const names = Object.keys(faults) as (keyof typeof faults)[];
  test.each(names)("rewrites all, and counts each once, through %s", async (name) => {
    const table = await newTable();
    await table.put(...many.slice(0, 32));
    const proxy = await startFaultProxy({ target: table.data.engine.endpoint });
    const { region, credentials } = table.data.engine;
    const place = { ...table.data.configuration, region, credentials, endpoint: proxy.url };
    const raw = openRawTable(place, { initialDelayMs: 1 });
    closing.push(
      () => raw.close(),
      () => proxy.close(),
    );
    proxy.inject(everySeventh(faults[name]));
    const findingsPath = join(folder(), "left.ndjson");
    const { report } = await upgradeTable(raw, { models, segments: 4, findingsPath });
    expect(hitsOf(proxy)).toBeGreaterThan(0);
    expect(report).toMatchObject({
      items: 32,
      left: {},
      entities: { Contact: { upgraded: { 1: 32 }, current: 0, newer: {} } },
    });
    for (const item of await table.all()) {
      expect(item).toMatchObject({ DataVersion: 3, Data: { names: ada } });
    }
  });
});

test("loses no write of live users, old code's or new code's", async () => {
  const table = await newTable();
  await table.put(...many);
  const { endpoint, region, credentials } = table.data.engine;
  const place = { environment: "development", endpoint, region, credentials } as const;
  const own = { ...place, tableName: table.name, builtIn: false } as const;
  const layers = [
    createDataLayer({ ...own, entities: { contact: contactV2 } }),
    createDataLayer({ ...own, entities: { contact: contactV3 } }),
  ];
  let stopped = false;
  const counts = new Map<string, number>();
  const writing = layers.map(async (layer, at) => {
    for (let turn = 0; !stopped; turn += 1) {
      const contactId = `x${turn % 60}`;
      const field = `by${at}`;
      const count = (counts.get(`${contactId} ${field}`) ?? 0) + 1;
      const changes = { [field]: count } as never;
      const done = await layer.contact.update({ teamId: "x", contactId }, changes).then(
        () => true,
        (error: { code?: string }) => {
          expect(error.code).toBe("NewerVersion");
          return false;
        },
      );
      if (done) counts.set(`${contactId} ${field}`, count);
    }
  });
  const { table: raw } = table.open();
  let upgraded = 0;
  for (let round = 0; round < 4; round += 1) {
    const findingsPath = join(folder(), "left.ndjson");
    const { report } = await upgradeTable(raw, { models, segments: 2, findingsPath });
    expect(report.left).toEqual({});
    const by: Record<string, number> = report.entities.Contact?.upgraded ?? {};
    upgraded += Object.values(by).reduce((sum, one) => sum + one, 0);
  }
  stopped = true;
  await Promise.all(writing);
  expect(upgraded).toBeGreaterThan(0);
  for (const { contactId, Data, DataVersion } of await table.all()) {
    expect(DataVersion).toBe(3);
    for (const field of ["by0", "by1"]) {
      expect([contactId, field, (Data as RawItem)[field]]).toEqual([
        contactId,
        field,
        counts.get(`${contactId} ${field}`),
      ]);
    }
  }
  for (const layer of layers) await layer.close();
});

test("killed at a request, ends as an undisturbed run when it is started again", async () => {
  const table = await newTable();
  await table.put(...many);
  const proxy = await startFaultProxy({ target: table.data.engine.endpoint });
  const flags = ["--environment", "local", "--endpoint", proxy.url, "--table", table.name];
  const args = ["upgrade", ...flags, "--config", config, "--state", folder(), "--json"];
  await killedAt(proxy, "UpdateItem", 21, args);
  const { code, out } = await bayonData(args);
  expect(code).toBe(0);
  expect(reportOf(out)).toMatchObject({ items: 60, left: {} });
  for (const item of await table.all())
    expect(item).toMatchObject({ DataVersion: 3, Data: { names: ada } });
  await proxy.close();
});

test("goes on at the page where it was", async () => {
  const table = await newTable();
  await table.put(...many);
  const { table: raw } = table.open();
  const place = { command: "upgrade", folder: folder(), fingerprint: "test" };
  const findingsPath = join(folder(), "left.ndjson");
  let read = 0;
  for (let round = 1; ; round += 1) {
    let pages = 0;
    const slow = {
      ...raw,
      scan: async (input: Parameters<typeof raw.scan>[0]) => {
        pages += 1;
        if (pages === 4) throw new Error("the power went");
        const answer = await raw.scan({ ...input, Limit: 8 });
        read += answer.Items?.length ?? 0;
        return answer;
      },
    };
    const run = await openRun<UpgradeState>(place);
    try {
      const options = { models, segments: 1, findingsPath, run };
      const { report } = await upgradeTable(slow, options);
      expect(report).toMatchObject({ items: 60, entities: { Contact: { upgraded: { 1: 60 } } } });
      break;
    } catch (error) {
      expect((error as Error).message).toBe("the power went");
      expect(round).toBeLessThan(8);
    } finally {
      await run.release();
    }
  }
  expect(read).toBe(60);
});
