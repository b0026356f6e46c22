import { itemSize } from "../../../scripts/raw/item-size.js";
import { table } from "../../../scripts/run/terminal.js";
import { examineTable } from "../../../scripts/upkeep/examine-table.js";
import { engines } from "../../engines.js";
import { type RawItem, wholeTables } from "../raw.js";
import { bayonData } from "../run.js";

const born = 1_600_000_000_000;
const secret = "s3cret-token";

const item = (SK: string, EntityType: string, parts: RawItem, Data: unknown): RawItem => ({
  PK: "USER#u1",
  SK,
  EntityType,
  userId: "u1",
  ...parts,
  Data,
  CreatedAt: born,
  UpdatedAt: born,
});

const project = (projectId: string): RawItem => ({
  ...item(`PROJECT#${projectId}`, "Project", { projectId }, { name: "P", createdAt: born }),
  GSI1PK: "USER#u1",
  GSI1SK: `PROJECT#${born}#${projectId}`,
});

const content = (contentId: string, data: RawItem = {}): RawItem => ({
  ...item(
    `CONTENT#${contentId}`,
    "SavedContent",
    { contentId },
    {
      type: "Blog Post",
      content: "text",
      ...data,
    },
  ),
  GSI1PK: "USER#u1",
  GSI1SK: `CONTENT#${born}#${contentId}`,
});

const token = (provider: string, data: RawItem): RawItem => ({
  ...item(provider, "OAuthToken", { provider }, { accessToken: secret, ...data }),
  PK: "OAUTH#u1",
});

/** What is well: an item of most kinds, and content of a project that is there. */
const healthy: RawItem[] = [
  item("PROFILE", "UserProfile", {}, { email: "a@b.c" }),
  project("p1"),
  content("filed", { projectId: "p1" }),
  content("unfiled", { projectId: null }),
  token("FRESH", { expiryDate: Date.now() + 3_600_000, refreshToken: secret }),
];

const without = (from: RawItem, ...names: string[]): RawItem =>
  Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)));

/** One item for each finding and note, and its key. */
const crafted: readonly { kind: string; item: RawItem; rule: RegExp }[] = [
  { kind: "unowned", item: { PK: "X", SK: "Y", secret }, rule: /has no EntityType/ },
  {
    kind: "ghost",
    item: { PK: "USER#u1", SK: "CONTENT#ghost", UpdatedAt: born },
    rule: /^is at a key of SavedContent$/,
  },
  {
    kind: "foreign",
    item: { PK: "USER#u1", SK: "PLAN#mine", EntityType: "Draft", Data: { secret } },
    rule: /^is at a key of MarketingPlan, but EntityType "Draft" belongs to no entity$/,
  },
  {
    kind: "wrongAttribute",
    item: { ...project("p2"), userId: "u2" },
    rule: /userId is not what the key says/,
  },
  {
    kind: "missingIndexKeys",
    item: without(content("old"), "GSI1PK", "GSI1SK"),
    rule: /lacks GSI1PK, GSI1SK/,
  },
  {
    kind: "loneIndexKey",
    item: {
      ...item(
        "REVIEW#r1",
        "Review",
        { agentId: "u1", reviewId: "r1" },
        {
          author: { name: "Ann" },
          source: "Google",
          rating: 5,
          comment: "",
        },
      ),
      PK: "REVIEW#u1",
      GSI1PK: "REVIEW#r1",
    },
    rule: /lacks GSI1SK/,
  },
  {
    kind: "missingParts",
    item: without(content("no-parts"), "userId", "contentId"),
    rule: /lacks userId, contentId/,
  },
  {
    kind: "payload",
    item: content("wrong", { content: { deep: secret } }),
    rule: /data\.content must be a string, not /,
  },
  {
    kind: "orphan",
    item: content("orphan", { projectId: "gone" }),
    rule: /PROJECT#gone: not there/,
  },
  {
    kind: "deadToken",
    item: token("DEAD", { expiryDate: "2020-01-01", refreshToken: "" }),
    rule: /no usable expiryDate and there is no refreshToken/,
  },
  { kind: "large", item: content("large", { content: "x".repeat(110_000) }), rule: /^108 KB$/ },
  {
    kind: "expiredToken",
    item: token("EXPIRED", { expiryDate: 5, refreshToken: secret }),
    rule: /has expired/,
  },
];

describe.each(engines)("doctor on $name", ({ engine }) => {
  const newTable = wholeTables(engine);

  test("finds each thing exactly once, and shows no value", async () => {
    const { flags, put, all } = await newTable();
    await put(...healthy, ...crafted.map(({ item: one }) => one));
    const before = await all();
    const { code, out, complaints } = await bayonData(["doctor", ...flags, "--json"]);
    expect(code).toBe(1);
    expect(out + complaints).not.toContain(secret);
    const told = JSON.parse(out);
    expect(told.counts).toEqual(Object.fromEntries(crafted.map(({ kind }) => [kind, 1])));
    for (const { kind, item: one, rule } of crafted) {
      expect(told.examples[kind]).toEqual([
        { kind, key: `${one.PK} / ${one.SK}`, rule: expect.stringMatching(rule) },
      ]);
    }
    expect(told).toMatchObject({ wholeTable: true, items: 17 });
    expect(told.entities.SavedContent).toMatchObject({
      items: 7,
      largestKey: "USER#u1 / CONTENT#large",
    });
    expect(told.entities["(no entity)"]).toMatchObject({
      items: 3,
      largestKey: "USER#u1 / PLAN#mine",
    });
    expect(await all()).toEqual(before);

    const human = await bayonData(["doctor", ...flags]);
    expect(human.code).toBe(1);
    expect(human.out).not.toContain(secret);
    expect(human.out).toMatch(/content of a missing project: 1\n {4}USER#u1 \/ CONTENT#orphan\n/);
    expect(human.out).toMatch(/findings: 17 items, \d+ requests/);
  });

  test.each<[kind: string, item: RawItem, rule: RegExp]>([
    ["ghost", { PK: "X", SK: "Y" }, /^has no EntityType$/],
    ["ghost", { PK: "OAUTH#u1", SK: "any", CreatedAt: 1, UpdatedAt: 1 }, /at a key of OAuthToken/],
    ["foreign", { PK: "USER#u1", SK: "PROFILE", UpdatedAt: 1, Data: {} }, /has no EntityType$/],
    [
      "foreign",
      item("PROJECT#p1", "SavedContent", {}, { type: "t", content: "c" }),
      /^is at a key of Project, but EntityType SavedContent needs a key/,
    ],
    ["unowned", item("PROFILES", "Project", {}, { name: "n" }), /needs a key USER#<userId>/],
  ])("tells what is at a key: %s %j", async (kind, one, rule) => {
    const { flags, put } = await newTable();
    await put(one);
    const { code, out } = await bayonData(["doctor", ...flags, "--json"]);
    expect(code).toBe(1);
    const told = JSON.parse(out);
    expect(told.counts).toEqual({ [kind]: 1 });
    expect(told.examples[kind][0].rule).toMatch(rule);
  });

  test("ends with 0 where all is well, notes included", async () => {
    const { flags, put } = await newTable();
    const notes = crafted.filter(({ kind }) => kind === "large" || kind === "expiredToken");
    await put(...healthy, ...notes.map(({ item: one }) => one));
    const { code, out } = await bayonData(["doctor", ...flags]);
    expect(code).toBe(0);
    expect(out).toContain("all well: 7 items");
    expect(out).toContain("items over 100 KB: 1");
  });

  test("reads a sample, and is slowed by throttles", async () => {
    const { open, put } = await newTable();
    await put(...Array.from({ length: 200 }, (_, at) => ({ ...project("p"), PK: `USER#u${at}` })));
    const { table, wire } = open();
    wire.inject({ fault: "throttle", times: 10 }).inject({ fault: "partialUnprocessed", times: 2 });
    const diagnosis = await examineTable(table, {
      segments: 4,
      sample: 40,
      mostExamples: 2,
      now: Date.now(),
    });
    expect(diagnosis.items).toBe(40);
    expect(diagnosis.complete).toBe(false);
    // The parts are u1's, the keys are not.
    expect(diagnosis.counts.wrongAttribute).toBeGreaterThan(38);
    expect(diagnosis.examples.wrongAttribute).toHaveLength(2);
  });
});

describe("keys", () => {
  const [{ engine }] = engines as [(typeof engines)[number]];
  const newTable = wholeTables(engine);

  test("are whole where there is no terminal (they were cut at 40 and at 100 characters)", async () => {
    const { flags, put } = await newTable();
    const id = "x".repeat(300);
    await put(without(content(id), "GSI1PK"));
    const { out } = await bayonData(["doctor", ...flags]);
    expect(out).toMatch(new RegExp(`^SavedContent .* USER#u1 / CONTENT#${id}$`, "m"));
    expect(out).toContain(`    USER#u1 / CONTENT#${id}\n`);
  });
});

test("a table's last column has what the terminal leaves it", () => {
  const rows = [
    ["Review", 5, `${"k".repeat(90)}`],
    ["x", 12, "short"],
  ];
  expect(table(rows, 60)).toEqual([`Review   5  ${"k".repeat(47)}…`, "x       12  short"]);
  expect(table(rows, 200)[0]).toBe(`Review   5  ${"k".repeat(90)}`);
  expect(table(rows)[0]).toBe(`Review   5  ${"k".repeat(90)}`);
});

describe("the size of an item", () => {
  test.each<[Parameters<typeof itemSize>[0], number]>([
    [{ PK: { S: "é" } }, 4],
    [{ n: { N: "0" } }, 2],
    [{ n: { N: "-12345" } }, 6],
    [{ n: { N: "-1234" } }, 5],
    [{ n: { N: "1500" } }, 3],
    [{ b: { B: new Uint8Array(5) } }, 6],
    [{ l: { L: [{ NULL: true }, { BOOL: false }] } }, 1 + 3 + 4],
    [{ m: { M: { ab: { S: "cde" } } } }, 1 + 3 + 1 + 5],
    [{ s: { SS: ["a", "bc"] } }, 4],
  ])("%j is %i bytes", (item, bytes) => {
    expect(itemSize(item)).toBe(bytes);
  });
});
