/** `bayon-data user export | erase`: what they print, write and delete, and how they end. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { faults } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { wholeTables } from "../raw.js";
import { atRequests, bayonData, temporaryFolder } from "../run.js";

const [{ engine }] = engines as [(typeof engines)[number]];
const newTable = wholeTables(engine);
const folder = temporaryFolder();
const config = resolve(__dirname, "../people-config.ts");

const item = (PK: string, SK: string, EntityType: string, Data: object) => ({
  PK,
  SK,
  EntityType,
  Data,
  CreatedAt: 1,
  UpdatedAt: 2,
});
const token = { accessToken: "access-canary", refreshToken: "refresh-canary" };
const rows = [
  item("USER#u1", "PROFILE", "UserProfile", { name: "Ada" }),
  item("USER#u1", "CONTENT#1", "SavedContent", { type: "t", content: "c" }),
  item("USER#u1", "CONTENT#2", "SavedContent", { type: "t", content: "c" }),
  item("OAUTH#u1", "GOOGLE_BUSINESS", "OAuthToken", token),
  item("REVIEW#u1", "REVIEW#1", "Review", { rating: 5 }),
  { PK: "USER#u1", SK: "OLD", tags: new Set(["b", "a"]), bytes: Buffer.from("bytes") },
];
const others = [
  item("USER#u2", "PROFILE", "UserProfile", { name: "Bo" }),
  item("TEAM#t", "MEMBER#u1", "Member", { text: "t" }),
];
const counts = { oauthToken: 1, review: 1, savedContent: 2, userProfile: 1 };

async function filled() {
  const table = await newTable();
  await table.put(...rows, ...others);
  return table;
}

const linesOf = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("user export", () => {
  test("prints an item a line on stdout, secrets masked, and how many there were on stderr", async () => {
    const { flags } = await filled();
    const { code, out, complaints } = await bayonData(["user", "export", "u1", ...flags]);
    expect(code).toBe(0);
    const items = linesOf(out);
    expect(items.map(({ entity }) => String(entity)).toSorted()).toEqual([
      "null",
      "oauthToken",
      "review",
      "savedContent",
      "savedContent",
      "userProfile",
    ]);
    expect(items).toContainEqual({
      entity: "userProfile",
      userId: "u1",
      data: { name: "Ada" },
      createdAt: 1,
      updatedAt: 2,
    });
    const old = items.find(({ entity }) => entity === null);
    expect(old).toEqual({
      entity: null,
      attributes: {
        PK: "USER#u1",
        SK: "OLD",
        tags: expect.arrayContaining(["a", "b"]),
        bytes: Buffer.from("bytes").toString("base64"),
      },
    });
    expect(out).toContain('"accessToken":"[secret]"');
    expect(out + complaints).not.toContain("canary");
    expect(complaints).toMatch(/^savedContent +2$/m);
    expect(complaints).toMatch(/^of no declared entity +1$/m);
    expect(complaints).toMatch(/^total +6$/m);
    expect(complaints).toMatch(/^6 items, 3 requests, /m);
  });

  test("--reveal-secrets gives them in clear text, also those that are encrypted", async () => {
    const { flags } = await filled();
    const keys = { k: Buffer.alloc(32, 1).toString("base64url") };
    process.env.COAGENT_ENCRYPTION_KEYS = JSON.stringify({ current: "k", keys });
    try {
      const state = join(folder(), "state");
      expect(await bayonData(["rotate", "--state", state, ...flags])).toMatchObject({ code: 0 });
      const masked = await bayonData(["user", "export", "u1", ...flags]);
      expect(masked.out).toContain('"accessToken":"[secret]"');
      const { out } = await bayonData(["user", "export", "u1", "--reveal-secrets", ...flags]);
      expect(linesOf(out)).toContainEqual(expect.objectContaining({ data: token }));
    } finally {
      delete process.env.COAGENT_ENCRYPTION_KEYS;
    }
    // Without the keys they are masked all the same, and not revealed.
    expect(await bayonData(["user", "export", "u1", ...flags])).toMatchObject({ code: 0 });
    const failed = await bayonData(["user", "export", "u1", "--reveal-secrets", ...flags]);
    expect(failed.code).toBe(1);
    expect(failed.complaints).toContain("no keys are configured");
  });

  test("--out writes a file for its owner alone, complete or not at all", async () => {
    const { flags } = await filled();
    const file = join(folder(), "u1.ndjson");
    const { code, out } = await bayonData(["user", "export", "u1", "--out", file, ...flags]);
    expect(code).toBe(0);
    expect(out).toMatch(/^6 items, 3 requests, /m);
    expect(linesOf(readFileSync(file, "utf8"))).toHaveLength(6);
    expect(statSync(file).mode & 0o777).toBe(0o600);

    const again = await bayonData(["user", "export", "u1", "--out", file, ...flags]);
    expect(again.code).toBe(1);
    expect(again.complaints).toContain(`${file} exists already`);

    const half = join(folder(), "half.ndjson");
    writeFileSync(`${half}.part`, "an earlier one");
    const stop = new AbortController();
    let queries = 0;
    const sending = atRequests((operation) => {
      queries += operation === "Query" ? 1 : 0;
      if (queries === 2) stop.abort(new Error("interrupted"));
    });
    const args = ["user", "export", "u1", "--out", half, ...flags];
    expect(await bayonData(args, stop.signal, sending)).toMatchObject({ code: 130 });
    expect([half, `${half}.part`].map(existsSync)).toEqual([false, false]);
    const outside = folder();
    const nowhere = ["user", "export", "u1", "--out", join(outside, "no/such/file"), ...flags];
    expect(await bayonData(nowhere)).toMatchObject({ code: 1 });
    expect(existsSync(join(outside, "no"))).toBe(false);
  });

  test("--out of two commands at the same time: one writes the file, and the other says so (both wrote it)", async () => {
    const { flags } = await filled();
    const own = folder();
    const file = join(own, "both.ndjson");
    const args = ["user", "export", "u1", "--out", file, ...flags];
    const ended = await Promise.all([bayonData(args), bayonData(args)]);
    expect(ended.map(({ code }) => code).sort()).toEqual([0, 1]);
    expect(ended.map(({ complaints }) => complaints).join("")).toMatch(
      /is already running this|exists already/,
    );
    expect(linesOf(readFileSync(file, "utf8"))).toHaveLength(6);
    expect(readdirSync(own)).toEqual(["both.ndjson"]);
  });

  test("--json makes the report one line: on stderr, or with --out on stdout", async () => {
    const { flags } = await filled();
    const told = { exported: 6, entities: counts, undeclared: 1, notCovered: [], requests: 3 };
    const both = await bayonData(["user", "export", "u1", "--json", ...flags]);
    expect(linesOf(both.out)).toHaveLength(6);
    expect(linesOf(both.complaints)).toEqual([{ ...told, ms: expect.any(Number) }]);
    const file = join(folder(), "u1.ndjson");
    const args = ["user", "export", "u1", "--json", "--out", file, ...flags];
    const { out, complaints } = await bayonData(args);
    expect(complaints).toBe("");
    expect(linesOf(out)).toEqual([{ ...told, ms: expect.any(Number) }]);
  });

  test("of a user of whom nothing is stored says so", async () => {
    const { flags } = await filled();
    const { code, out, complaints } = await bayonData(["user", "export", "nobody", ...flags]);
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(complaints).toContain("nothing is stored of the user nobody in ");
  });
});

describe("user erase", () => {
  test("--dry-run reports what it would erase, and deletes nothing", async () => {
    const { flags, all } = await filled();
    const { code, out } = await bayonData(["user", "erase", "u1", "--dry-run", ...flags]);
    expect(code).toBe(0);
    expect(out).toMatch(/^ +would erase$/m);
    expect(out).toMatch(/^total +6$/m);
    expect(await all()).toHaveLength(rows.length + others.length);
  });

  test("deletes everything of the user, nothing of others, and reports how many of each", async () => {
    const { flags, all } = await filled();
    const { code, out, complaints } = await bayonData(["user", "erase", "u1", "--yes", ...flags]);
    expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
    expect(out).toMatch(/^ +erased$/m);
    for (const [name, number] of Object.entries(counts)) {
      expect(out).toMatch(new RegExp(`^${name} +${number}$`, "m"));
    }
    expect(out).toMatch(/^of no declared entity +1$/m);
    expect(out).toMatch(/^total +6$/m);
    // Three looks at three partitions, and one batch.
    expect(out).toMatch(/^6 items, 10 requests, /m);
    const keys = ({ PK, SK }: Record<string, unknown>) => `${PK} ${SK}`;
    expect((await all()).map(keys).toSorted()).toEqual(others.map(keys).toSorted());
    const again = await bayonData(["user", "erase", "u1", "--yes", ...flags]);
    expect(again.code).toBe(0);
    expect(again.out).toContain("nothing is stored of the user u1 in ");
  });

  test("knows the entities of --config, and names the keys that it does not cover", async () => {
    const { flags, all } = await filled();
    const args = ["user", "erase", "u1", "--yes", "--config", config];
    const { code, out } = await bayonData([...args, ...flags]);
    expect(code).toBe(0);
    expect(out).toContain("not covered: member, whose key byKey may hold the user's id");
    expect(out).toContain("not covered: member, whose key byUser may hold the user's id");
    // The agents' partition is looked at, too.
    expect(out).toMatch(/^6 items, 13 requests, /m);
    expect((await all()).map(({ PK }) => PK)).toContain("TEAM#t");
  });

  test("--json makes the report one line", async () => {
    const { flags } = await filled();
    const args = ["user", "erase", "u1", "--yes", "--json", ...flags];
    const { code, out, complaints } = await bayonData(args);
    expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
    expect(linesOf(out)).toEqual([
      {
        dryRun: false,
        erased: 6,
        entities: counts,
        undeclared: 1,
        left: 0,
        notCovered: [],
        requests: 10,
        ms: expect.any(Number),
      },
    ]);
  });

  test("ends with 1 if others wrote all the time, and says what is left", async () => {
    const table = await filled();
    let writes = 0;
    const sending = atRequests(async (operation) => {
      if (operation !== "BatchWriteItem") return;
      writes += 1;
      await table.put({ PK: "USER#u1", SK: `LATE#${writes}` });
    });
    const args = ["user", "erase", "u1", "--yes", ...table.flags];
    const { code, out } = await bayonData(args, new AbortController().signal, sending);
    expect(code).toBe(1);
    expect(out).toMatch(/^left {2}1 item: they are written faster than they are erased/m);
    expect(writes).toBe(5);
  });

  test("is slowed, not failed, by a table that is throttled", async () => {
    const { flags, all } = await filled();
    const wire = faults({ fault: "throttle", operation: "BatchWriteItem", times: 15 });
    const sending = { requestHandler: () => wire, initialDelayMs: 0.01 };
    const args = ["user", "erase", "u1", "--yes", ...flags];
    const { code, out } = await bayonData(args, new AbortController().signal, sending);
    expect(code).toBe(0);
    expect(out).toMatch(/^total +6$/m);
    expect(wire.requests.filter(({ fault }) => fault === "throttle")).toHaveLength(15);
    expect(await all()).toHaveLength(others.length);
  });

  test("says how to go on when it is interrupted, and goes on then", async () => {
    const table = await newTable();
    const many = Array.from({ length: 600 }, (_, at) => ({ PK: "USER#u1", SK: `ROW#${at}` }));
    await table.put(...many);
    const stop = new AbortController();
    let batches = 0;
    const sending = atRequests((operation) => {
      if (operation !== "BatchWriteItem") return;
      batches += 1;
      if (batches === 12) stop.abort(new Error("interrupted"));
    });
    const args = ["user", "erase", "u1", "--yes", ...table.flags];
    const stopped = await bayonData(args, stop.signal, sending);
    expect(stopped.code).toBe(130);
    expect(stopped.complaints).toMatch(/To resume:\n {2}bayon-data user erase u1 .*--yes/);
    expect((await table.all()).length).toBeGreaterThan(0);
    expect(await bayonData(args)).toMatchObject({ code: 0 });
    expect(await table.all()).toEqual([]);
  });
});
