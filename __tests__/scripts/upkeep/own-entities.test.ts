/** The commands know the entities that an application declares: `--config`. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createDataLayer } from "../../../src/index.js";
import { built } from "../../built.js";
import { keyBytes, variableOf } from "../../encryption/keys.js";
import { engines } from "../../engines.js";
import { ownEntities } from "../../own-entities.js";
import { type WholeTable, wholeTables } from "../raw.js";
import { bayonData, script, temporaryFolder } from "../run.js";

const [first] = engines;
if (first === undefined) throw new Error("there is no engine");
const newTable = wholeTables(first.engine);
const folder = temporaryFolder();
const config = resolve(__dirname, "../own-config.ts");
const born = 1_600_000_000_000;

/** A table with items of three entities; what wrote the second one left out its parts. */
async function filled(): Promise<WholeTable> {
  const table = await newTable();
  const { endpoint, region, credentials } = table.data.engine;
  const { tableName } = table.data.configuration;
  const place = { environment: "development", endpoint, region, credentials, tableName } as const;
  const data = createDataLayer({ ...place, entities: ownEntities });
  await data.lead.put({ userId: "u", leadId: "l1", data: { name: "A", status: "new", score: 1 } });
  await data.teamMember.put({ teamId: "t", memberId: "m", data: { role: "lead", token: "clear" } });
  await data.close();
  await table.put({
    PK: "ORG#o",
    SK: `TS#${born}#x`,
    EntityType: "AuditLog",
    Data: { action: "login" },
    UpdatedAt: born,
  });
  return table;
}

const ran = (name: string, table: WholeTable, ...more: string[]) =>
  bayonData([name, ...table.flags, "--json", ...more]);

const last = (out: string) => JSON.parse(out.trim().split("\n").at(-1) ?? "null");

test("doctor, adopt and rotate know them, and without --config they do not", async () => {
  const table = await filled();
  const unknown = await bayonData(["doctor", ...table.flags, "--json"]);
  expect(unknown.code).toBe(1);
  expect(unknown.out).toContain("Lead");
  const doctor = await ran("doctor", table, "--config", config);
  expect(doctor.complaints).toBe("");
  // What the earlier writer left out is what is to be adopted, and all there is.
  expect(last(doctor.out)).toMatchObject({
    counts: { missingParts: 1 },
    examples: { missingParts: [{ key: `ORG#o / TS#${born}#x` }] },
    account: { read: 3, outcomes: { "of an entity": 3, "of none": 0 } },
  });

  const adopt = await ran("adopt", table, "--config", config, "--state", folder());
  expect([adopt.code, adopt.complaints]).toEqual([0, ""]);
  const log = (await table.all()).find((item) => item.EntityType === "AuditLog");
  expect(log).toMatchObject({ orgId: "o", logId: "x", CreatedAt: born });
  expect(log).not.toHaveProperty("createdAt");
  const healthy = await ran("doctor", table, "--config", config);
  expect([healthy.code, healthy.complaints]).toEqual([0, ""]);

  process.env.COAGENT_ENCRYPTION_KEYS = variableOf({
    keys: { "key-1": keyBytes("key-1") },
    current: "key-1",
  });
  try {
    const rotate = await ran("rotate", table, "--config", config, "--state", folder());
    expect([rotate.code, rotate.complaints]).toEqual([0, ""]);
  } finally {
    delete process.env.COAGENT_ENCRYPTION_KEYS;
  }
  const member = (await table.all()).find((item) => item.EntityType === "TeamMember");
  expect(JSON.stringify(member)).not.toContain("clear");
});

test("policy prints the policy of an owner of theirs", async () => {
  const tableArn = "arn:aws:dynamodb:us-east-1:123456789012:table/app";
  const args = ["policy", "--arn", tableArn, "--owner", "teamId=t1", "--config", config];
  const { code, out } = await bayonData(args);
  expect(code).toBe(0);
  const [own] = JSON.parse(out).Statement;
  const partitions = own.Condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"];
  expect(partitions).toEqual(["TEAM#t1"]);
});

test("policy prints the policy of their partitions", async () => {
  const arn = "arn:aws:dynamodb:us-east-1:123456789012:table/app";
  const args = ["policy", "--arn", arn, "--user", "u1"];
  const { code, out } = await bayonData([...args, "--config", config]);
  expect(code).toBe(0);
  const [own] = JSON.parse(out).Statement;
  const partitions = own.Condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"];
  expect(partitions.sort()).toEqual(["OAUTH#u1", "REVIEW#u1", "USER#u1"]);
  // In a process of its own, as an application runs it.
  const withoutTwelve = built(resolve(__dirname, "../own-alone-config.ts"));
  const alone = await script("cli.ts", [...args, "--config", withoutTwelve]).ended();
  expect(alone.complaints).toBe("");
  expect(alone.out).toContain("USER#u1");
  expect(alone.out).not.toContain("OAUTH#u1");
});

test.each([
  ["a file that is not there", "nowhere.js", /--config nowhere\.js cannot be loaded/],
  [
    "a module without entities",
    "package.json",
    /--config package\.json (must export entities|cannot be loaded)/,
  ],
])("%s is wrong usage", async (_, file, message) => {
  const { code, complaints } = await bayonData([
    "doctor",
    "--environment",
    "local",
    "--config",
    file,
  ]);
  expect(code).toBe(2);
  expect(complaints).toMatch(message);
});

describe("a module that --config names", () => {
  const ours = JSON.stringify(resolve(__dirname, "../../own-entities.js"));
  const arn = "arn:aws:dynamodb:us-east-1:123456789012:table/app";
  const policyWith = (file: string, text: string) => {
    const path = join(folder(), file);
    writeFileSync(path, text);
    return script("cli.ts", ["policy", "--arn", arn, "--config", path]).ended();
  };

  test("may keep its process alive: the command ends all the same (it never did)", async () => {
    const { code, out } = await policyWith(
      "config.ts",
      `export { ownEntities as entities } from ${ours};
setInterval(() => undefined, 1_000);`,
    );
    expect(code).toBe(0);
    expect(JSON.parse(out).Statement).toHaveLength(2);
  });

  test("that is wrong is wrong usage, and the message says what is wrong", async () => {
    const wrong = [
      ["export const entities = {}; export const builtin = false;", 'did you mean "builtIn"?'],
      ["export const entities = {};\nexport const = 5;", "cannot be loaded: Unexpected token '='"],
      ["export const entities = await new Promise(() => {});", "it waits for something"],
      ["throw new Error('not yet')", "cannot be loaded: not yet"],
    ] as const;
    const runs = wrong.map(([text]) => policyWith("config.mjs", text));
    for (const [index, { code, complaints }] of (await Promise.all(runs)).entries()) {
      expect(complaints).toContain(wrong[index]?.[1]);
      expect(code).toBe(2);
    }
  });
});
