/** The commands know which items of an application expire: doctor, adopt, export and import. */
import { resolve } from "node:path";
import { UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { built } from "../../built.js";
import { engines } from "../../engines.js";
import { type RawItem, type WholeTable, wholeTables } from "../raw.js";
import { script, temporaryFolder } from "../run.js";

const [first] = engines as [(typeof engines)[number]];
const newTable = wholeTables(first.engine);
const folder = temporaryFolder();
const config = built(resolve(__dirname, "../expiring-config.ts"));

const born = 1_600_000_000_000;
/** In 2033, and not at a full second. */
const later = 2_000_000_000_001;
const over = 1_700_000_000_000;

const offer = (id: string, data: RawItem, more: RawItem = {}): RawItem => ({
  PK: "USER#u",
  SK: `OFFER#${id}`,
  GSI1PK: "USER#u",
  GSI1SK: `OFFER#${born}#${id}`,
  EntityType: "Offer",
  userId: "u",
  offerId: id,
  Data: { text: id, ...data },
  CreatedAt: born,
  UpdatedAt: born,
  ...more,
});

const items = [
  offer("always", {}),
  offer("right", { until: later }, { TTL: 2_000_000_001 }),
  offer("gone", { until: over }, { TTL: 1_700_000_000 }),
  // Of a version that declared no expiry.
  offer("early", { until: later }),
  offer("earlyGone", { until: over }),
  offer("nothing", { until: null }),
  // Given in seconds, by whoever writes without this package.
  offer("seconds", { until: 2_000_000_000 }),
  offer("other", { until: later }, { TTL: 5_000_000_000 }),
  offer("without", {}, { TTL: 2_000_000_000 }),
];

const ran = async (name: string, table: WholeTable, ...more: string[]) => {
  const { code, out, complaints } = await script("cli.ts", [
    ...[name, ...more, ...table.flags, "--config", config, "--json"],
  ]).ended();
  const last = out.trim().split("\n").at(-1);
  return { code, complaints, last: JSON.parse(last || "null") };
};

const keysOf = (examples: readonly { readonly key: string }[] = []) =>
  examples.map(({ key }) => key.replace("USER#u / OFFER#", "")).sort();

test("doctor finds what is wrong with a TTL, adopt adds what is missing, and export and import keep it", async () => {
  const table = await newTable();
  await table.put(...items);
  const doctor = await ran("doctor", table);
  const { counts, examples } = doctor.last;
  expect(doctor.complaints).toBe("");
  expect(counts).toEqual({ missingExpiry: 2, wrongExpiry: 2, payload: 1, expired: 1 });
  expect(keysOf(examples.missingExpiry)).toEqual(["early", "earlyGone"]);
  expect(keysOf(examples.wrongExpiry)).toEqual(["other", "without"]);
  expect(examples.wrongExpiry[0].rule).toBe("TTL is not what data.until says");
  expect(keysOf(examples.payload)).toEqual(["seconds"]);
  expect(examples.payload[0].rule).toContain("must be in epoch milliseconds");
  expect(keysOf(examples.expired)).toEqual(["gone"]);

  const adopt = await ran("adopt", table, "--state", folder());
  expect([adopt.code, adopt.complaints]).toEqual([0, ""]);
  const adopted = await table.all();
  expect(adopted).toEqual(
    items
      .map((item) => {
        if (item.offerId === "early") return { ...item, TTL: 2_000_000_001 };
        return item.offerId === "earlyGone" ? { ...item, TTL: 1_700_000_000 } : item;
      })
      .sort((a, b) => (String(a.SK) < String(b.SK) ? -1 : 1)),
  );

  // A backup is what is in the table: what has expired is in it, and is expired where it is imported.
  const files = folder();
  const exported = await ran("export", table, files);
  expect([exported.code, exported.complaints]).toEqual([0, ""]);
  const copy = await newTable();
  const imported = await ran("import", copy, files);
  expect([imported.code, imported.complaints]).toEqual([0, ""]);
  expect(await copy.all()).toEqual(adopted);
});

test("doctor finds a table that deletes no expired items", async () => {
  const table = await newTable();
  if (!table.data.engine.capabilities.timeToLive) return;
  await table.put(items[0] as RawItem);
  const healthy = await ran("doctor", table);
  expect([healthy.code, healthy.last.counts]).toEqual([0, {}]);
  await table.client.send(
    new UpdateTimeToLiveCommand({
      TableName: table.name,
      TimeToLiveSpecification: { AttributeName: "TTL", Enabled: false },
    }),
  );
  const doctor = await ran("doctor", table);
  expect([doctor.code, doctor.last.counts]).toEqual([1, { noTimeToLive: 1 }]);
  expect(doctor.last.examples.noTimeToLive[0].rule).toBe(
    `TTL is not enabled: aws dynamodb update-time-to-live --table-name ${table.name} --time-to-live-specification Enabled=true,AttributeName=TTL`,
  );
  // Without an entity that expires, nobody asks.
  const twelve = await script("cli.ts", ["doctor", ...table.flags, "--json"]).ended();
  expect(twelve.out).not.toContain("noTimeToLive");
});
