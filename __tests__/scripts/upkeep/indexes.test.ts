/** The commands know the further indexes of an application's entities: `table create`, doctor and adopt. */
import { resolve } from "node:path";
import { createDataLayer } from "../../../src/index.js";
import { engines } from "../../engines.js";
import { indexedEntities } from "../../indexed-entities.js";
import { type WholeTable, wholeTables } from "../raw.js";
import { bayonData, temporaryFolder } from "../run.js";

const [first] = engines;
if (first === undefined) throw new Error("there is no engine");
const newTable = wholeTables(first.engine);
const folder = temporaryFolder();

/** These entities with the twelve, and without them. */
const config = resolve(__dirname, "../indexed-config.ts");
const alone = resolve(__dirname, "../indexed-alone-config.ts");

const ran = (table: WholeTable, args: readonly string[]) => bayonData([...args, ...table.flags]);
const last = (out: string) => JSON.parse(out.trim().split("\n").at(-1) ?? "null");

test("a table is created with them, and one that lacks some is reported", async () => {
  const table = await newTable();
  const create = await ran(table, ["table", "create", "--config", config]);
  expect(create.code).toBe(1);
  expect(create.complaints).toContain("has no indexes GSI2, GSI3, GSI4, GSI5, GSI6, GSI7, GSI8");
  const doctor = await ran(table, ["doctor", "--json", "--config", config]);
  expect(doctor.code).toBe(1);
  const missingIndexes = ["GSI2", "GSI3", "GSI4", "GSI5", "GSI6", "GSI7", "GSI8"];
  expect(last(doctor.out)).toMatchObject({ missingIndexes, counts: {} });
  const ofTwelve = await bayonData(["doctor", ...table.flags, "--json"]);
  expect(last(ofTwelve.out)).toMatchObject({ missingIndexes: [] });
  const { endpoint, region, credentials } = table.data.engine;
  const tableName = `${table.data.configuration.tableName}-new`;
  const flags = table.flags.map((flag) =>
    flag.replace(table.data.configuration.tableName, tableName),
  );
  const made = await bayonData(["table", "create", "--config", config, ...flags]);
  expect([made.code, made.complaints]).toEqual([0, ""]);
  const place = { environment: "development", endpoint, region, credentials, tableName } as const;
  await using data = createDataLayer({ ...place, entities: indexedEntities });
  const info = await data.table.describe();
  expect(info?.indexes.map(({ name }) => name).toSorted()).toEqual(["GSI1", ...missingIndexes]);
  await data.table.delete();
});

test("items of before get the keys that their payload gives them, and wrong ones are reported", async () => {
  const table = await newTable();
  const base = { EntityType: "IndexedLead", userId: "u", CreatedAt: 5, UpdatedAt: 5 };
  const item = (leadId: string, data: object, more: object = {}) => ({
    ...base,
    PK: "USER#u",
    SK: `ILEAD#${leadId}`,
    leadId,
    Data: { name: leadId, ...data },
    ...more,
  });
  const dated = (id: string) => ({ GSI1PK: "USER#u", GSI1SK: `ILEAD#0000000000005#${id}` });
  await table.put(item("before", { status: "new" }, dated("before")));
  await table.put(item("without", {}, dated("without")));
  await table.put(item("stale", { status: "won" }, { ...dated("stale"), GSI2PK: "LEAD#new" }));
  await table.put(item("gone", {}, { ...dated("gone"), GSI2PK: "LEAD#new" }));
  const doctor = await ran(table, ["doctor", "--json", "--config", alone]);
  expect(last(doctor.out)).toMatchObject({
    // Three indexes of each of the first two; the keys of the others are not what their payload says.
    counts: { missingIndexKeys: 6, wrongAttribute: 2 },
  });
  expect(doctor.out).toContain("GSI2PK is not what the payload says");

  const adopt = await ran(table, ["adopt", "--json", "--config", alone, "--state", folder()]);
  expect(adopt.complaints).not.toContain("error");
  const stored = async (leadId: string) =>
    (await table.all()).find((one) => one.leadId === leadId) as Record<string, unknown>;
  const time = "0000000000005";
  expect(await stored("before")).toMatchObject({
    GSI2PK: "LEAD#new",
    GSI2SK: `${time}#before`,
    GSI3PK: "TYPE#IndexedLead",
    GSI3SK: time,
    GSI6PK: "USER#u",
    GSI6SK: "STATUS#new#before",
  });
  const without = await stored("without");
  expect(without).toMatchObject({ GSI2SK: `${time}#without`, GSI6PK: "USER#u" });
  expect(without).not.toHaveProperty("GSI2PK");
  expect(without).not.toHaveProperty("GSI6SK");
  expect(await stored("stale")).toMatchObject({ GSI2PK: "LEAD#new" });
  const again = await ran(table, ["doctor", "--json", "--config", alone]);
  expect(last(again.out).counts).toEqual({ wrongAttribute: 2 });
});
