/** Seeding and moving know the entities that an application declares: `--config`. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ownCollections } from "../../../scripts/move/firestore/own-collections.js";
import { ConfigurationError } from "../../../src/index.js";
import { engines } from "../../engines.js";
import { ownEntities } from "../../own-entities.js";
import { type WholeTable, wholeTables } from "../raw.js";
import { bayonData, temporaryFolder } from "../run.js";

const [first] = engines;
if (first === undefined) throw new Error("there is no engine");
const newTable = wholeTables(first.engine);
const folder = temporaryFolder();
const config = resolve(__dirname, "../own-config.ts");
const alone = resolve(__dirname, "../own-alone-config.ts");

const ran = (args: string[], table: WholeTable, file = config) =>
  bayonData([...args, ...table.flags, "--json", "--config", file]);

const last = (out: string) => JSON.parse(out.trim().split("\n").at(-1) ?? "null");

const entitiesIn = async (table: WholeTable) => {
  const counts: Record<string, number> = {};
  for (const { EntityType } of await table.all()) {
    counts[String(EntityType)] = (counts[String(EntityType)] ?? 0) + 1;
  }
  return counts;
};

test("seed makes up items of each, and a second run changes nothing", async () => {
  const table = await newTable();
  const seeded = await ran(["seed", "--users", "2"], table, alone);
  expect([seeded.code, seeded.complaints]).toEqual([0, ""]);
  const items = await table.all();
  expect(await entitiesIn(table)).toEqual({
    Lead: 6,
    TeamMember: 6,
    Team: 6,
    AuditLog: 6,
    Workflow: 6,
    WorkflowStep: 6,
    Attempt: 6,
  });
  // Each user has leads of their own.
  const users = new Set(items.flatMap(({ PK }) => /^USER#.*/.exec(String(PK)) ?? []));
  expect(users.size).toBe(2);
  const again = await ran(["seed", "--users", "2"], table, alone);
  expect(last(again.out)).toMatchObject({ summary: { written: 0, unchanged: 42 } });
  expect(await table.all()).toEqual(items);
  const doctor = await ran(["doctor"], table, alone);
  expect([doctor.code, doctor.complaints]).toEqual([0, ""]);
});

test("with the twelve, seed makes up both", async () => {
  const table = await newTable();
  const { code } = await ran(["seed", "--users", "1"], table);
  expect(code).toBe(0);
  expect(await entitiesIn(table)).toMatchObject({ Lead: 3, Team: 3, UserProfile: 1 });
});

const added = Date.UTC(2024, 4, 1);

/** An export as node-firestore-import-export writes it. */
const database = {
  __collections__: {
    users: {
      u1: {
        displayName: "Ann",
        __collections__: {
          leads: {
            l1: {
              name: "Ada",
              status: "new",
              score: 3,
              addedAt: {
                __datatype__: "timestamp",
                value: { _seconds: added / 1000, _nanoseconds: 0 },
              },
            },
            l2: { name: "Bo", status: "won" },
          },
        },
      },
    },
    teams: { t1: { name: "North" } },
    orgs: {
      o1: {
        __collections__: {
          workflows: { w1: { __collections__: { steps: { s1: { done: true } } } } },
        },
      },
    },
    attempts: {
      q1: { points: 5, day: "2026-02-01", number: 7 },
      q2: { points: 5, day: "May", number: 7 },
    },
    other: { x: { a: 1 } },
  },
};

test("migrate, verify and rollback move documents of collections that the file names", async () => {
  const table = await newTable();
  const source = join(folder(), "backup.json");
  writeFileSync(source, JSON.stringify(database));
  const state = folder();
  const rejected = join(folder(), "rejected.ndjson");
  const move = ["migrate", "firestore", source, "--state", state, "--rejected", rejected];
  const migrated = await ran(move, table);
  expect(last(migrated.out)).toMatchObject({
    summary: {
      // Payloads may lack what they require, as with the twelve: doctor reports it.
      byEntity: {
        lead: { written: 2, rejected: 0 },
        team: { written: 1 },
        workflowStep: { written: 1 },
        userProfile: { written: 1 },
        attempt: { written: 1, rejected: 1 },
      },
    },
  });
  const items = await table.all();
  expect(items.find(({ SK }) => SK === "LEAD#l1")).toMatchObject({
    PK: "USER#u1",
    EntityType: "Lead",
    userId: "u1",
    leadId: "l1",
    CreatedAt: added,
    Data: { name: "Ada", addedAt: new Date(added).toISOString() },
  });
  expect(items.find(({ EntityType }) => EntityType === "WorkflowStep")).toMatchObject({
    PK: "ORG#o1",
    SK: "WORKFLOW#w1#STEP#s1",
  });
  expect(items.find(({ EntityType }) => EntityType === "Attempt")).toMatchObject({
    SK: "DAY#2026-02-01#007",
    number: 7,
  });
  const verified = await ran(["verify", "firestore", source], table);
  expect(last(verified.out)).toMatchObject({
    summary: { documents: 7, same: 6, wrong: 0, missing: 0, extra: 0, rejected: 1 },
  });
  const undone = await bayonData(["rollback", ...table.flags, "--state", state]);
  expect(undone.code).toBe(0);
  expect(await table.all()).toEqual([]);
});

test.each<[string, object, string]>([
  [
    "no store",
    { leads: { path: "leads/{leadId}" } },
    "firestore.leads is no store of the entities",
  ],
  ["no path", { lead: {} }, "firestore.lead path must name collections and ids in turn"],
  ["half a path", { lead: { path: "users/{userId}/leads" } }, "firestore.lead path must name"],
  [
    "an id that is no part",
    { lead: { path: "users/{user}/leads/{leadId}" } },
    "firestore.lead path names {user}, which is no part of the key",
  ],
  [
    "a number as an id",
    { attempt: { path: "quizzes/{quizId}/attempts/{number}" } },
    "firestore.attempt path names {number}, which is no text: give it in keyFromData",
  ],
  [
    "another option",
    { lead: { path: "leads/{leadId}", create: ["a"] } },
    "firestore.lead has an unknown option create",
  ],
  [
    "a creation date that is no list",
    { lead: { path: "leads/{leadId}", created: "addedAt" } },
    "firestore.lead created must be a list of payload fields",
  ],
  [
    "one path twice",
    { lead: { path: "a/{leadId}" }, team: { path: "a/{teamId}" } },
    "firestore.team has the path of firestore.lead",
  ],
])("%s is refused", (_, firestore, message) => {
  expect(() => ownCollections(ownEntities, firestore)).toThrow(message);
  expect(() => ownCollections(ownEntities, firestore)).toThrow(ConfigurationError);
});

test("a wrong collection ends a command before anything is read", async () => {
  const file = join(folder(), "config.js");
  const entities = JSON.stringify(resolve(__dirname, "../../own-entities.ts"));
  const firestore = "{ leads: { path: 'leads/{leadId}' } }";
  writeFileSync(
    file,
    `export { ownEntities as entities } from ${entities};\nexport const firestore = ${firestore};\n`,
  );
  const args = ["migrate", "firestore", "nowhere.json", "--environment", "local"];
  const { code, complaints } = await bayonData([...args, "--config", file]);
  expect(complaints).toContain("firestore.leads is no store of the entities");
  expect(code).toBe(2);
});
