import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type AttributeValue, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { type Engine, startEngine } from "../../../src/testing/engine.js";
import { bayonData, type Ran, temporaryFolder } from "../run.js";

const sample = "scripts/demo/firestore-sample";
const temporary = temporaryFolder();

let engine: Engine;
let client: DynamoDBClient;
let documents: DynamoDBDocumentClient;
let tables = 0;

beforeAll(async () => {
  engine = await startEngine();
  const { endpoint, region, credentials } = engine;
  client = new DynamoDBClient({ endpoint, region, credentials });
  documents = DynamoDBDocumentClient.from(client);
});

afterAll(async () => {
  client.destroy();
  await engine.close();
});

/** A table of the test's own, and the folder with the state of its migrations. */
class Place {
  readonly table: string;
  readonly state = temporary();
  readonly rejectedFile = join(this.state, "rejected.ndjson");

  constructor() {
    tables += 1;
    this.table = `Migrate-${tables}`;
  }

  get connection(): string[] {
    const { endpoint } = engine;
    return ["--environment", "local", "--endpoint", endpoint, "--table", this.table];
  }

  migrate(folder: string, flags: readonly string[] = [], signal?: AbortSignal): Promise<Ran> {
    const own = ["--state", this.state, "--rejected", this.rejectedFile];
    const args = ["migrate", "firestore", folder, ...this.connection, ...own, ...flags];
    return bayonData(args, signal);
  }

  /** Stored items with DynamoDB's values, in the order of their keys. */
  async items(): Promise<Record<string, AttributeValue>[]> {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: this.table }));
    const keyOf = ({ PK, SK }: Record<string, AttributeValue>) => `${PK?.S} ${SK?.S}`;
    return Items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  rejected(): { path: string; reasons: string[] }[] {
    if (!existsSync(this.rejectedFile)) return [];
    const lines = readFileSync(this.rejectedFile, "utf8").trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line) as { path: string; reasons: string[] });
  }
}

async function place(): Promise<Place> {
  const made = new Place();
  const { code } = await bayonData(["table", "create", ...made.connection]);
  expect(code).toBe(0);
  return made;
}

interface Summary {
  documents: number;
  written: number;
  identical: number;
  kept: number;
  rejected: number;
  requests: number;
}

function summaryOf({ out }: Ran): Summary {
  const line = out.split("\n").find((text) => text.startsWith('{"summary"')) ?? "{}";
  return (JSON.parse(line) as { summary: Summary }).summary;
}

const outcomes = ({ written, identical, kept, rejected }: Summary) => [
  written,
  identical,
  kept,
  rejected,
];

type Fields = Record<string, unknown>;

/** An export whose saved content is these payloads, as text or as values, by their ids. */
function contentExport(contents: Record<string, Fields | string>): string {
  const folder = temporary();
  const list = Object.entries(contents).map(([id, data]) => {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    const path = JSON.stringify(`users/u1/savedContent/${id}`);
    return `{"id":${JSON.stringify(id)},"parentId":"u1","data":${text},"path":${path}}`;
  });
  writeFileSync(
    join(folder, "users_id_savedContent.json"),
    `{"collectionPath":"users/{id}/savedContent","documents":[${list.join(",\n")}],"count":${list.length}}`,
  );
  return folder;
}

/** What the export in the repository is as items, but for the times of writing. */
function goldenItems(): Record<string, AttributeValue>[] {
  const text = readFileSync("__tests__/scripts/move/golden/items.ndjson", "utf8");
  const lines = text.trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Record<string, AttributeValue>);
}

const content = (more: Fields = {}) => ({ type: "Note", content: "Hello", ...more });

describe("the items", () => {
  test("of the export in the repository are these, byte for byte", async () => {
    const to = await place();
    const ran = await to.migrate(sample, ["--json"]);
    expect(ran.code).toBe(1);
    const golden = goldenItems();
    const items = (await to.items()).map(({ UpdatedAt, ...item }) => {
      expect(Number(UpdatedAt?.N)).toBeGreaterThan(1_700_000_000_000);
      return item;
    });
    expect(items).toEqual(golden);
    expect(to.rejected().map(({ path }) => path.slice(0, 60))).toHaveLength(6);
    expect(summaryOf(ran)).toMatchObject({ documents: golden.length + 6, rejected: 6 });
  });

  test("hold what the document holds: dates as ISO text, all else as it was", async () => {
    const to = await place();
    const folder = contentExport({
      "a#b\u2028c": `{
        "type": "Note", "content": "Ärger 🏡 \\u0000",
        "createdAt": {"_seconds": 1718871305, "_nanoseconds": 379075000},
        "big": 12345678901234567890, "minus": -9007199254740993, "power": 1e21,
        "decimal": 0.1, "long": 0.12345678901234567891, "mixed": 123456789012345678.50, "zero": -0.0, "trailing": 1.50, "safe": 9007199254740991,
        "nested": [{"at": {"seconds": 1, "nanoseconds": 0}}, {"seconds": 90}],
        "a.b": "", "nothing": null, "empty": {}, "list": []
      }`,
    });
    expect(await to.migrate(folder)).toMatchObject({ code: 0 });
    const [item] = await to.items();
    expect(item).toEqual({
      PK: { S: "USER#u1" },
      SK: { S: "CONTENT#a#b\u2028c" },
      GSI1PK: { S: "USER#u1" },
      GSI1SK: { S: "CONTENT#1718871305379#a#b\u2028c" },
      userId: { S: "u1" },
      contentId: { S: "a#b\u2028c" },
      EntityType: { S: "SavedContent" },
      CreatedAt: { N: "1718871305379" },
      UpdatedAt: { N: expect.any(String) },
      Data: {
        M: {
          id: { S: "a#b\u2028c" },
          type: { S: "Note" },
          content: { S: "Ärger 🏡 \0" },
          createdAt: { S: "2024-06-20T08:15:05.379Z" },
          big: { N: "12345678901234567890" },
          minus: { N: "-9007199254740993" },
          power: { N: "1000000000000000000000" },
          decimal: { N: "0.1" },
          long: { N: expect.stringMatching(/^0?\.12345678901234567891$/) },
          mixed: { N: "123456789012345678.5" },
          zero: { N: "0" },
          trailing: { N: "1.5" },
          safe: { N: "9007199254740991" },
          nested: {
            L: [{ M: { at: { S: "1970-01-01T00:00:01.000Z" } } }, { M: { seconds: { N: "90" } } }],
          },
          "a.b": { S: "" },
          nothing: { NULL: true },
          empty: { M: {} },
          list: { L: [] },
        },
      },
    });
    // Numbers compare as they are stored.
    expect(summaryOf(await to.migrate(folder, ["--json"])).identical).toBe(1);
  });

  test.each([
    [`0.${"123456789".repeat(5)}`, "data.n has more digits than can be kept"],
    [`${"123456789".repeat(5)}.5`, "data.n has more digits than can be kept"],
    ["1e300", "less than 1E+126"],
    ["1e-300", "at least 1E-130"],
  ])("never hold another number than the document: %s is rejected", async (text, reason) => {
    const to = await place();
    const folder = contentExport({
      bad: `{"type":"Note","content":"","n":${text}}`,
      good: content(),
    });
    expect(await to.migrate(folder)).toMatchObject({ code: 1 });
    expect(to.rejected()).toEqual([
      { path: "users/u1/savedContent/bad", reasons: [expect.stringContaining(reason)] },
    ]);
    expect(await to.items()).toHaveLength(1);
  });

  test("have the date of --created-at where the document tells none", async () => {
    const to = await place();
    const folder = contentExport({
      own: content({ createdAt: 1_700_000_000_000 }),
      none: content(),
    });
    await to.migrate(folder, ["--created-at", "2020-01-02T03:04:05Z"]);
    const items = await to.items();
    expect(items.map(({ CreatedAt }) => CreatedAt?.N)).toEqual(["1577934245000", "1700000000000"]);
  });
});

describe("a document that can be no item", () => {
  const agent = {
    agentId: "a1",
    author: { name: "Ann" },
    source: "Zillow",
    rating: 5,
    comment: "",
  };

  test("is listed with its reasons, and its neighbours are written", async () => {
    const to = await place();
    const folder = contentExport({
      first: content(),
      huge: content({ content: "x".repeat(420_000) }),
      ["long-".repeat(300)]: content(),
      "wrong-type": content({ content: 5 }),
      last: content(),
    });
    const reviews = [
      { id: "r1", data: agent, path: "reviews/r1" },
      { id: "r2", data: { ...agent, agentId: undefined }, path: "reviews/r2" },
      { id: "", data: agent, path: "reviews/" },
      { id: "r1", data: { ...agent, comment: "again" }, path: "reviews/r1" },
    ];
    const file = { collectionPath: "reviews", documents: reviews, count: 4 };
    writeFileSync(join(folder, "reviews.json"), JSON.stringify(file));
    const ran = await to.migrate(folder, ["--json", "--on-conflict", "overwrite"]);
    expect(ran.code).toBe(1);
    expect(summaryOf(ran)).toMatchObject({ documents: 9, written: 3, rejected: 6 });
    const items = await to.items();
    expect(items.map(({ SK }) => SK?.S)).toEqual(["REVIEW#r1", "CONTENT#first", "CONTENT#last"]);
    const reasons = to.rejected().map(({ path, reasons: why }) => [path.slice(0, 30), ...why]);
    expect(reasons).toEqual([
      ["reviews/r2", expect.stringMatching(/^agentId is missing/)],
      ["reviews/", expect.stringMatching(/reviewId must not be empty/)],
      ["reviews/r1", "is in the export more than once: the first one counts"],
      ["users/u1/savedContent/huge", expect.stringMatching(/item of 42\d+ bytes: at most 409600/)],
      ["users/u1/savedContent/long-lon", expect.stringMatching(/sort key of \d+ bytes/)],
      ["users/u1/savedContent/wrong-ty", expect.stringMatching(/^data.content/)],
    ]);
  });

  test("is told without its values", async () => {
    const to = await place();
    const folder = temporary();
    const data = { accessToken: ["SECRET"], refreshToken: 5, expiryDate: "SECRET" };
    const list = [{ id: "u", data, path: "googleBusinessProfiles/u" }];
    writeFileSync(
      join(folder, "googleBusinessProfiles.json"),
      JSON.stringify({ documents: list, count: 1 }),
    );
    const { code, out, complaints } = await to.migrate(folder, ["--verbose"]);
    expect(code).toBe(1);
    expect(to.rejected()).toHaveLength(1);
    expect(out + complaints + readFileSync(to.rejectedFile, "utf8")).not.toContain("SECRET");
  });
});

describe("--on-conflict", () => {
  const changed = Date.parse("2025-03-01T00:00:00Z");
  const document = content({ createdAt: "2025-01-01T00:00:00Z", updatedAt: changed });

  /** What may be there, made of the item that the migration writes. */
  const states: Record<string, (item: Fields) => Fields | null> = {
    absent: () => null,
    identical: (item) => item,
    older: (item) => ({ ...item, Data: { content: "theirs" }, UpdatedAt: changed - 1 }),
    newer: (item) => ({ ...item, Data: { content: "theirs" }, UpdatedAt: changed + 1 }),
    other: ({ PK, SK }) => ({ PK, SK, EntityType: "Other", Data: { content: "theirs" } }),
    // What the old layer's update({}) left: no call sees it, and it kept the document away.
    ghost: ({ PK, SK }) => ({ PK, SK, UpdatedAt: changed + 1 }),
    bare: ({ PK, SK }) => ({ PK, SK }),
  };

  test.each([
    ["skip", "absent", "written"],
    ["skip", "identical", "identical"],
    ["skip", "older", "kept"],
    ["skip", "newer", "kept"],
    ["skip", "other", "kept"],
    ["skip", "ghost", "written"],
    ["newer", "ghost", "written"],
    ["fail", "ghost", "written"],
    ["skip", "bare", "written"],
    ["overwrite", "absent", "written"],
    ["overwrite", "identical", "written"],
    ["overwrite", "older", "written"],
    ["overwrite", "newer", "written"],
    ["overwrite", "other", "written"],
    ["newer", "absent", "written"],
    ["newer", "identical", "identical"],
    ["newer", "older", "written"],
    ["newer", "newer", "kept"],
    ["newer", "other", "written"],
    ["fail", "absent", "written"],
    ["fail", "identical", "identical"],
    ["fail", "older", "failed"],
    ["fail", "newer", "failed"],
    ["fail", "other", "failed"],
  ])("%s where the item is %s: %s, with and without --dry-run", async (mode, state, expected) => {
    const to = await place();
    const folder = contentExport({ c1: document });
    const item = {
      PK: "USER#u1",
      SK: "CONTENT#c1",
      GSI1PK: "USER#u1",
      GSI1SK: "CONTENT#1735689600000#c1",
      userId: "u1",
      contentId: "c1",
      EntityType: "SavedContent",
      CreatedAt: 1_735_689_600_000,
      UpdatedAt: 1_740_000_000_000,
      Data: { id: "c1", ...document },
    };
    const there = states[state]?.(item) ?? null;
    if (there !== null) {
      await documents.send(new PutCommand({ TableName: to.table, Item: there }));
    }
    const before = await to.items();
    const flags = ["--json", "--on-conflict", mode];
    for (const more of [["--dry-run"], []]) {
      const ran = await to.migrate(folder, [...flags, ...more]);
      expect(ran.code).toBe(expected === "failed" ? 1 : 0);
      const counts = summaryOf(ran);
      const whatHappened = (["written", "identical", "kept", "rejected"] as const).filter(
        (kind) => counts[kind] === 1,
      );
      expect(whatHappened).toEqual(expected === "failed" ? [] : [expected]);
      if (expected === "failed") {
        expect(ran.complaints).toMatch(/users\/u1\/savedContent\/c1: the table holds another item/);
      }
      if (more.length > 0) expect(await to.items()).toEqual(before);
    }
    const after = await to.items();
    if (expected === "written") {
      const { UpdatedAt, ...stored } = after[0] ?? {};
      expect(stored.Data?.M?.content).toEqual({ S: "Hello" });
      expect(Object.keys(stored).length).toBe(9);
      expect(Number(UpdatedAt?.N)).toBeGreaterThan(changed);
    } else expect(after).toEqual(before);
  });
});

describe("run again", () => {
  test("it writes nothing, and takes one request for 100 documents", async () => {
    const to = await place();
    const many = Object.fromEntries(
      Array.from({ length: 250 }, (_, index) => [`c${index}`, content({ index })]),
    );
    const folder = contentExport(many);
    expect(outcomes(summaryOf(await to.migrate(folder, ["--json"])))).toEqual([250, 0, 0, 0]);
    const items = await to.items();
    const again = summaryOf(await to.migrate(folder, ["--json"]));
    expect(outcomes(again)).toEqual([0, 250, 0, 0]);
    expect(again.requests).toBe(3);
    expect(await to.items()).toEqual(items);
  });

  test("after Ctrl-C it goes on, and ends in the same table", async () => {
    const to = await place();
    const many = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`c${index}`, content({ index })]),
    );
    const folder = contentExport({ ...many, bad: { type: 5 } });
    const controller = new AbortController();
    const running = to.migrate(folder, ["--concurrency", "1"], controller.signal);
    while ((await to.items()).length === 0) await new Promise(setImmediate);
    controller.abort(new Error("interrupted"));
    const stopped = await running;
    expect(stopped.code).toBe(130);
    const command = `bayon-data migrate firestore ${folder}`;
    expect(stopped.complaints).toContain(`To resume:\n  ${command} --environment local --table`);
    expect((await to.items()).length).toBeLessThan(1_000);
    const again = await to.migrate(folder, ["--json"]);
    // Counts are those of the whole migration.
    expect(outcomes(summaryOf(again))).toEqual([1_000, 0, 0, 1]);
    expect(again.code).toBe(1);
    expect(await to.items()).toHaveLength(1_000);
    expect(to.rejected()).toHaveLength(1);
    expect(existsSync(join(to.state, "migrate.json"))).toBe(false);
  });

  test("does not go on with a file that changed, though its size and its time are the same", async () => {
    const to = await place();
    const many = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`c${index}`, content({ index })]),
    );
    const folder = contentExport(many);
    // A whole second, which a file's time is set to exactly.
    const second = new Date(1_700_000_000_000);
    for (const one of readdirSync(folder)) utimesSync(join(folder, one), second, second);
    const controller = new AbortController();
    const running = to.migrate(folder, ["--concurrency", "1"], controller.signal);
    while ((await to.items()).length === 0) await new Promise(setImmediate);
    controller.abort(new Error("interrupted"));
    expect((await running).code).toBe(130);
    expect(existsSync(join(to.state, "migrate.json"))).toBe(true);

    const [name = ""] = readdirSync(folder).filter((one) => one.includes("savedContent"));
    const file = join(folder, name);
    const before = statSync(file);
    const text = readFileSync(file, "utf8");
    const changed = text.replace('"index":999', '"index":998');
    expect(changed).not.toBe(text);
    writeFileSync(file, changed);
    utimesSync(file, second, second);
    const after = statSync(file);
    expect(after.size).toBe(before.size);
    expect(after.mtimeMs).toBe(before.mtimeMs);

    const { code, complaints } = await to.migrate(folder);
    expect(code).toBe(1);
    expect(complaints).toContain("checkpoint of another run");
    expect((await to.migrate(folder, ["--restart"])).code).toBe(0);
  });

  test("with another export it refuses to go on, until it is told to start over", async () => {
    const to = await place();
    const folder = contentExport({ c1: content() });
    const checkpoint = { fingerprint: "migrate something else", state: { run: "x" } };
    writeFileSync(join(to.state, "migrate.json"), JSON.stringify(checkpoint));
    const { code, complaints } = await to.migrate(folder);
    expect(code).toBe(1);
    expect(complaints).toMatch(/checkpoint of another run:\n {2}migrate something else/);
    expect((await to.migrate(folder, ["--restart"])).code).toBe(0);
  });
});

describe("what goes wrong is said", () => {
  test("a broken file, with its offset; what came before it is written", async () => {
    const to = await place();
    const dated = content({ createdAt: "2025-01-01T00:00:00Z" });
    const folder = contentExport({ c1: dated, c2: dated, c3: dated });
    const file = join(folder, "users_id_savedContent.json");
    truncateSync(file, readFileSync(file, "utf8").indexOf('"c3"'));
    const { code, complaints } = await to.migrate(folder);
    expect(code).toBe(1);
    expect(complaints).toMatch(/users_id_savedContent\.json: ends too early, at byte \d+/);
    expect(await to.items()).toHaveLength(2);
    // Mended, it is moved by the same command.
    const whole = contentExport({ c1: dated, c2: dated, c3: dated });
    cpSync(join(whole, "users_id_savedContent.json"), file);
    const ran = await to.migrate(folder, ["--json"]);
    expect(outcomes(summaryOf(ran))).toEqual([1, 2, 0, 0]);
  });

  test("a summary that disagrees with its files", async () => {
    const to = await place();
    const folder = contentExport({ c1: content() });
    const collections = [{ path: "users/{id}/savedContent", count: 2 }];
    writeFileSync(
      join(folder, "_summary.json"),
      JSON.stringify({ totalDocuments: 2, collections }),
    );
    const { code, out } = await to.migrate(folder);
    expect(code).toBe(1);
    expect(out).toContain("has 1 documents, but _summary.json says 2");
    expect(await to.items()).toHaveLength(1);
  });

  test("a folder that is none", async () => {
    const to = await place();
    const { code, complaints } = await to.migrate(join(temporary(), "nowhere"));
    expect(code).toBe(2);
    expect(complaints).toContain("nowhere: does not exist");
  });

  test("a table that is none", async () => {
    const to = new Place();
    const { code, complaints } = await to.migrate(contentExport({ c1: content() }));
    expect(code).toBe(1);
    expect(complaints).toContain(`no such table: ${to.table}`);
  });

  test("another run that is under way", async () => {
    const to = await place();
    const holder = { pid: process.pid };
    writeFileSync(join(to.state, "migrate.lock"), JSON.stringify(holder));
    const { code, complaints } = await to.migrate(contentExport({ c1: content() }));
    expect(code).toBe(1);
    expect(complaints).toContain(`process ${process.pid}`);
    expect(complaints).toContain("migrate.lock");
    expect(await to.items()).toEqual([]);
  });

  test("a state folder that cannot be written", async () => {
    const to = await place();
    const file = join(temporary(), "file");
    writeFileSync(file, "");
    const folder = contentExport({ c1: content() });
    const { code, complaints } = await to.migrate(folder, ["--state", join(file, "below")]);
    expect(code).toBe(1);
    expect(complaints).toMatch(/cannot be written/);
    expect(await to.items()).toEqual([]);
  });

  test.each([
    [["--on-conflict", "maybe"]],
    [["--concurrency", "0"]],
    [["--created-at", "yesterday"]],
    [["--unknown"]],
  ])("bad usage: %j", async (flags) => {
    const to = new Place();
    expect((await to.migrate(sample, flags)).code).toBe(2);
  });

  test("a production table that was not meant", async () => {
    const args = ["migrate", "firestore", sample, "--environment", "production"];
    const { code, complaints } = await bayonData(args);
    expect(code).toBe(2);
    expect(complaints).toContain("--allow-production");
  });
});

describe("--to", () => {
  const keyOf = ({ PK, SK }: Record<string, AttributeValue>) => `${PK?.S} ${SK?.S}`;

  test("writes the very items to files that import takes, and asks no table", async () => {
    const to = new Place();
    const files = join(temporary(), "items");
    const ran = await to.migrate(sample, ["--to", files, "--json"]);
    expect(ran.code).toBe(1);
    expect(summaryOf(ran)).toMatchObject({ written: 67, rejected: 6, requests: 0 });
    expect(to.rejected()).toHaveLength(6);
    const manifest = JSON.parse(readFileSync(join(files, "manifest.json"), "utf8")) as object;
    expect(manifest).toMatchObject({ items: 67, table: to.table });
    // A file has 200,000 items.
    expect(readdirSync(join(files, "data"))).toEqual(["segment-000.json.gz"]);
    const text = gunzipSync(readFileSync(join(files, "data", "segment-000.json.gz"))).toString();
    const lines = text.trimEnd().split("\n");
    const items = lines.map((line) => {
      const { Item } = JSON.parse(line) as { Item: Record<string, AttributeValue> };
      const { UpdatedAt, ...item } = Item;
      expect(UpdatedAt).toEqual({ N: expect.stringMatching(/^\d{13}$/) });
      return item;
    });
    expect(items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))).toEqual(goldenItems());
  });

  test("writes many documents to one file, as a file has 200,000 items", async () => {
    const to = new Place();
    const [folder, files] = [temporary(), join(temporary(), "items")];
    const many = Array.from({ length: 1_000 }, (_, at) => ({
      id: `c${at}`,
      parentId: "u1",
      data: { type: "Note", content: "text", createdAt: 1_700_000_000_000 },
      path: `users/u1/savedContent/c${at}`,
    }));
    const file = { collectionPath: "users/{id}/savedContent", documents: many, count: 1_000 };
    writeFileSync(join(folder, "users_id_savedContent.json"), JSON.stringify(file));
    const ran = await to.migrate(folder, ["--to", files, "--json"]);
    expect(summaryOf(ran)).toMatchObject({ written: 1_000, rejected: 0 });
    expect(readdirSync(join(files, "data"))).toEqual(["segment-000.json.gz"]);
  });

  test("refuses a folder that is finished or holds other files, unless it is to start over", async () => {
    const to = new Place();
    const folder = contentExport({ c1: content() });
    const files = temporary();
    expect((await to.migrate(folder, ["--to", files])).code).toBe(0);
    const again = await to.migrate(folder, ["--to", files]);
    expect(again.complaints).toContain("is finished already");
    expect(again.code).toBe(1);
    expect((await to.migrate(folder, ["--to", files, "--restart"])).code).toBe(0);
    writeFileSync(join(files, "data", "notes.txt"), "");
    const other = await to.migrate(folder, ["--to", files, "--restart"]);
    expect(other.complaints).toContain("is not empty (notes.txt)");
  });
});

describe("the shared sample", () => {
  const shared = "../shared/firestore-export";
  interface Expected {
    totalDocuments: number;
    dirty: { path: string; reasons: string[] }[];
  }

  (existsSync(shared) ? test : test.skip)("is moved as it says it should be", async () => {
    const to = await place();
    const expected = JSON.parse(readFileSync(join(shared, "_expected.json"), "utf8")) as Expected;
    const unreadable = expected.dirty.filter(({ reasons }) =>
      reasons.some((reason) => /author is a string|agentId empty|larger than 400 KB/.test(reason)),
    );
    const ran = await to.migrate(shared, ["--json"]);
    const paths = (list: { path: string }[]) => list.map(({ path }) => path).toSorted();
    expect(paths(to.rejected())).toEqual(paths(unreadable));
    expect(summaryOf(ran)).toMatchObject({
      documents: expected.totalDocuments,
      written: expected.totalDocuments - unreadable.length,
      rejected: unreadable.length,
    });
  });
});
