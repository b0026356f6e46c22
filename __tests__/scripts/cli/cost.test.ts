import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unitsOf } from "../../../scripts/cost/estimate.js";
import { createTestDataLayer } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { bayonData } from "../run.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cost-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

interface Bill {
  readonly calls: readonly {
    readonly what: string;
    readonly requests: number;
    readonly readUnits: number;
    readonly writeUnits: number;
    readonly cost: number;
  }[];
  readonly storageGB: number;
  readonly storage: number;
  readonly recovery: number;
  readonly streams: number;
  readonly total: number;
  readonly prices: { readonly date: string; readonly source: string };
  readonly notes: readonly string[];
}

async function billOf(...args: string[]): Promise<Bill> {
  const { code, out, complaints } = await bayonData(["cost", ...args, "--json"]);
  expect([code, complaints]).toEqual([0, ""]);
  return JSON.parse(out) as Bill;
}

/** What a refused command says, after its exit code. */
async function refusal(...args: string[]): Promise<string> {
  const { code, complaints } = await bayonData(["cost", ...args]);
  expect(code).toBe(2);
  return complaints;
}

const event = { request: "Query", operation: "query", entity: "Project" };
const hour = 3_600_000;

describe("bayon-data cost --from", () => {
  test("sums units per entity, call and index, and prices a month of them", async () => {
    const lines = [
      { ...event, index: "GSI1", consumedCapacity: 2 },
      { ...event, index: "GSI1", consumedCapacity: 3 },
      { ...event, consumedCapacity: 1 },
      { request: "Update", operation: "put", entity: "Project", consumedCapacity: 4 },
      { request: "TransactWrite", consumedCapacity: 8 },
    ];
    const events = file("e.ndjson", lines.map((line) => JSON.stringify(line)).join("\n"));
    const { calls, total, prices } = await billOf("--from", events, "--over", "73h");
    // 73 hours fit a month ten times. A million write units are 0.625, a million read units 0.125.
    const line = (what: string, requests: number, readUnits: number, writeUnits: number) => ({
      ...{ what, requests, readUnits, writeUnits },
      cost: expect.closeTo((readUnits * 0.125 + writeUnits * 0.625) / 1e6, 12),
    });
    expect(calls).toEqual([
      line("TransactWrite", 10, 0, 80),
      line("put Project", 10, 0, 40),
      line("query Project by GSI1", 20, 50, 0),
      line("query Project", 10, 10, 0),
    ]);
    expect(total).toBeCloseTo((60 * 0.125 + 120 * 0.625) / 1e6, 12);
    expect(prices).toMatchObject({
      date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      source: expect.stringMatching(/^https:\/\/aws\.amazon\.com\//),
    });
  });

  test("finds out from the times of a log how long it is, and leaves out its other lines", async () => {
    const pino = { level: 20, msg: "DynamoDB request" };
    const lines = [
      { ...pino, time: 1_700_000_000_000, ...event, consumedCapacity: 1 },
      {
        ...pino,
        time: new Date(1_700_000_000_000 + 10 * hour).toISOString(),
        ...event,
        consumedCapacity: 1,
      },
      { level: 30, time: 5, msg: "started" },
      { ...pino, ...event, error: "ConditionalCheckFailedException" },
    ];
    const log = file(
      "log.ndjson",
      `${lines.map((one) => JSON.stringify(one)).join("\n")}\nplain\n\n`,
    );
    const { calls, notes } = await billOf("--from", log);
    expect(calls).toMatchObject([{ requests: 3 * 73, readUnits: 2 * 73 }]);
    expect(notes).toEqual([
      "10 hours of events, as if the month were like them",
      "1 line without units: a refused write is billed, and reports none",
      "2 lines left out: no events",
    ]);
  });

  test("needs to know how long events without a time were collected", async () => {
    const events = file("short.ndjson", JSON.stringify(event));
    expect(await refusal("--from", events)).toContain(
      "say how long the events were collected with --over",
    );
    expect(await refusal("--from", file("none.ndjson", "plain\n"))).toContain("has no events");
  });

  test.each(engines)("takes what data.stats() and events of $name are", async ({ engine }) => {
    const lines: string[] = [];
    await using data = await createTestDataLayer({
      engine,
      stats: true,
      events: (one) => lines.push(JSON.stringify(one)),
    });
    const key = { userId: "u", contentId: "c" };
    await data.savedContent.put({ ...key, data: { type: "Note", content: "x".repeat(5_000) } });
    await data.savedContent.get(key);
    await data.savedContent.query({ userId: "u" }, { consistent: true });
    const [ofEvents, ofStats] = [
      await billOf("--from", file("events.ndjson", lines.join("\n")), "--over", "730h"),
      await billOf("--from", file("stats.json", data.stats()), "--over", "730h"),
    ];
    expect(ofStats.calls).toEqual(ofEvents.calls);
    expect(ofStats.calls).toMatchObject([
      // 6 KB, and as much in the index, where the engine counts that.
      { what: "put SavedContent", writeUnits: engine === "dynalite" ? 6 : 12 },
      { what: "query SavedContent", readUnits: 2 },
      { what: "get SavedContent", readUnits: 1 },
    ]);
  });
});

describe("bayon-data cost --estimate", () => {
  test("counts by DynamoDB's rules: 4 KB a read unit, 1 KB a write unit, a copy in each index", async () => {
    const plan = file("plan.json", {
      calls: [
        { call: "query", entity: "SavedContent", items: 20, bytes: 2_400, perMonth: 1_000_000 },
        {
          call: "get",
          entity: "savedContent",
          bytes: 4_097,
          perMonth: 1_000_000,
          consistent: true,
        },
        { call: "put", entity: "SavedContent", bytes: 2_400, perMonth: 1_000_000 },
        { call: "put", entity: "UserProfile", bytes: 2_400, perMonth: 1_000_000 },
        { name: "dashboard", readUnits: 12.5, writeUnits: 1, perMonth: 1_000_000 },
      ],
      storageGB: 10,
      streamReadsPerMonth: 2_000_000,
    });
    const { calls, ...rest } = await billOf("--estimate", plan, "--pitr");
    const costs = calls.map(({ what, cost }) => [what, Number(cost.toFixed(6))]);
    expect(costs).toEqual([
      ["put SavedContent", 6 * 0.625],
      ["dashboard", 12.5 * 0.125 + 0.625],
      ["put UserProfile", 3 * 0.625],
      ["query SavedContent", 6 * 0.125],
      ["get SavedContent", 2 * 0.125],
    ]);
    expect(rest).toMatchObject({ storage: 2.5, recovery: 2, streams: 0.4 });
    expect(rest.total).toBeCloseTo(3.75 + 2.1875 + 1.875 + 0.75 + 0.25 + 2.5 + 2 + 0.4, 9);
    const { out } = await bayonData(["cost", "--estimate", plan, "--pitr"]);
    expect(out.split("\n").slice(6, 10)).toEqual([
      "                                     2.50  storage of 10 GB",
      "                                     2.00  point-in-time recovery",
      "                                     0.40  2,000,000 reads of the stream",
      "                                    13.71  total",
    ]);
  });

  test("takes the sizes of a table from what doctor --json printed, and its storage if all was read", async () => {
    const entities = { SavedContent: { items: 1_000, bytes: 5_000_000 } };
    const plan = file("p.json", { calls: [{ call: "get", entity: "SavedContent", perMonth: 1 }] });
    const whole = file("whole.json", { wholeTable: true, entities });
    const bill = await billOf("--estimate", plan, "--sizes", whole);
    // 5,000 bytes are two blocks of 4 KB, half a unit each. The index has a copy of each item.
    expect(bill.calls).toMatchObject([{ what: "get SavedContent", readUnits: 1 }]);
    expect(bill.storageGB).toBeCloseTo((2 * (5_000_000 + 100 * 1_000)) / 1e9, 12);
    const sample = file("sample.json", { wholeTable: false, entities });
    expect(await billOf("--estimate", plan, "--sizes", sample)).toMatchObject({ storageGB: 0 });
  });

  test("takes what doctor --json really prints", async () => {
    await using data = await createTestDataLayer({ engine: engines[0]?.engine });
    for (const contentId of ["a", "b"]) {
      await data.savedContent.put({
        userId: "u",
        contentId,
        data: { type: "Note", content: "x".repeat(3_000) },
      });
    }
    const { endpoint = "", tableName } = data.configuration;
    const place = ["--environment", "local", "--endpoint", endpoint, "--table", tableName];
    const { out } = await bayonData(["doctor", ...place, "--json"]);
    const plan = file("real.json", {
      calls: [{ call: "create", entity: "SavedContent", perMonth: 1 }],
    });
    const bill = await billOf("--estimate", plan, "--sizes", file("doctor.json", out));
    expect(bill.calls).toMatchObject([{ writeUnits: 8 }]);
    expect(bill.storageGB).toBeGreaterThan(0.000_012);
  });

  test.each([
    ["not JSON", "{", "is not JSON"],
    ["no list", {}, "must be an object with a list of calls"],
    ["another member", { calls: [], storage: 1 }, "storage is unknown; there are calls, storageGB"],
    ["no object", { calls: [1] }, "calls[0] must be an object"],
    [
      "a misspelt member",
      { calls: [{ call: "get", entities: 1 }] },
      "calls[0]: entities is unknown",
    ],
    [
      "no number",
      { calls: [{ call: "get", entity: "Review" }] },
      "perMonth must be a number from 0",
    ],
    [
      "a call that is none",
      { calls: [{ call: "toString", entity: "Review", perMonth: 1 }] },
      "call must be one of get,",
    ],
    [
      "an entity that is none",
      { calls: [{ call: "get", entity: "Cat", perMonth: 1 }] },
      "entity must be one of ",
    ],
    [
      "no size",
      { calls: [{ call: "get", entity: "Review", perMonth: 1 }] },
      "bytes is missing, and --sizes has no Review",
    ],
    [
      "no boolean",
      { calls: [{ call: "get", entity: "Review", perMonth: 1, bytes: 1, consistent: 1 }] },
      "consistent must be true or false",
    ],
    [
      "units of nothing",
      { calls: [{ readUnits: 1, perMonth: 1 }] },
      "name must say what took these units",
    ],
    [
      "negative units",
      { calls: [{ name: "x", readUnits: -1, perMonth: 1 }] },
      "readUnits must be a number from 0",
    ],
  ])("refuses a description with %s", async (_, plan, rule) => {
    expect(await refusal("--estimate", file("wrong.json", plan))).toContain(rule);
  });
});

describe("the units of the estimate", () => {
  const one = { items: 1, consistent: false, transaction: false, indexes: 0 };

  test.each([
    ["read", { ...one, bytes: 1 }, 0.5],
    ["read", { ...one, bytes: 4_096 }, 0.5],
    ["read", { ...one, bytes: 4_097 }, 1],
    ["read", { ...one, bytes: 100, items: 3 }, 1.5],
    ["read", { ...one, bytes: 100, items: 3, transaction: true }, 6],
    ["range", { ...one, bytes: 100, items: 3 }, 0.5],
    ["range", { ...one, bytes: 100, items: 0 }, 0.5],
    ["range", { ...one, bytes: 3_600, items: 10, consistent: true }, 9],
    ["write", { ...one, bytes: 0 }, 1],
    ["write", { ...one, bytes: 1_025, items: 2 }, 4],
    ["write", { ...one, bytes: 3_600, indexes: 1 }, 8],
    ["write", { ...one, bytes: 3_600, indexes: 1, transaction: true }, 12],
  ] as const)("%s %j takes %d", (kind, call, units) => {
    expect(unitsOf(kind, call)).toBe(units);
  });
});

describe("the price list", () => {
  test("is printed, and what was printed is taken", async () => {
    const printed = await bayonData(["cost", "--show-prices"]);
    const own = { ...JSON.parse(printed.out), region: "eu-west-1", perMillionReadUnits: 1_000_000 };
    const plan = file("one.json", { calls: [{ name: "x", readUnits: 2, perMonth: 1 }] });
    const args = ["--estimate", plan, "--prices", file("prices.json", own)];
    expect(await billOf(...args)).toMatchObject({ total: 2, prices: { region: "eu-west-1" } });
    const { out } = await bayonData(["cost", ...args]);
    expect(out).toContain("       1           2            0  2.00  x\n");
    expect(out).toContain(`prices of eu-west-1 on ${own.date}: ${own.source}`);
  });

  test.each([
    [{ perMillionReads: 1 }, "perMillionReads is no price; it has date, source"],
    [{ date: "today" }, "date must be a day, such as 20"],
    [{ source: "" }, "source must be a text"],
    [{ perGbMonth: "0.25" }, "perGbMonth must be a number from 0"],
  ])("refuses %j", async (wrong, rule) => {
    const { out } = await bayonData(["cost", "--show-prices"]);
    const prices = file("wrong-prices.json", { ...JSON.parse(out), ...wrong });
    const plan = file("any.json", { calls: [] });
    expect(await refusal("--estimate", plan, "--prices", prices)).toContain(rule);
  });
});

describe("the options of bayon-data cost", () => {
  test.each([
    [[], "give --from <file> or --estimate <file>, and not both"],
    [["--from", "a", "--estimate", "b"], "give --from <file> or --estimate <file>, and not both"],
    [["--estimate", "b", "--over", "1h"], "--over is for --from"],
    [["--from", "b", "--sizes", "s"], "--sizes is for --estimate"],
    [["--from", "b", "--over", "1"], "It must be minutes, hours or days, such as 90m, 24h or 7d."],
    [["--from", "b", "--over", "0h"], "It must be minutes, hours or days"],
    [["--from", "b", "--storage-gb", "-1"], "It must be a number from 0."],
  ])("%j is refused", async (args, rule) => {
    expect(await refusal(...args)).toContain(rule);
  });

  test("a file that is missing is no wrong usage", async () => {
    const { code, complaints } = await bayonData(["cost", "--from", join(folder, "missing")]);
    expect(code).toBe(1);
    expect(complaints).toContain("ENOENT");
  });
});
