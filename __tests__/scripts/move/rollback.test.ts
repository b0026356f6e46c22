import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, ScanCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { type Engine, startEngine } from "../../../src/testing/engine.js";
import { bayonData, type Ran, temporaryFolder } from "../run.js";

const temporary = temporaryFolder();

let engine: Engine;
let client: DynamoDBDocumentClient;
let tables = 0;

beforeAll(async () => {
  engine = await startEngine();
  const { endpoint, region, credentials } = engine;
  client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }));
});

afterAll(async () => {
  client.destroy();
  await engine.close();
});

function exported(...ids: string[]): string {
  const folder = temporary();
  const documents = ids.map((id) => ({
    id,
    parentId: "u1",
    data: { type: "Note", content: "text", createdAt: 1_700_000_000_000 },
    path: `users/u1/savedContent/${id}`,
  }));
  const file = { collectionPath: "users/{id}/savedContent", documents, count: ids.length };
  writeFileSync(join(folder, "users_id_savedContent.json"), JSON.stringify(file));
  return folder;
}

class Place {
  readonly table: string;
  readonly state = temporary();

  constructor() {
    tables += 1;
    this.table = `Rollback-${tables}`;
  }

  get #connection(): string[] {
    const { endpoint } = engine;
    return ["--environment", "local", "--endpoint", endpoint, "--table", this.table];
  }

  create(): Promise<Ran> {
    return bayonData(["table", "create", ...this.#connection]);
  }

  migrate(folder: string, ...flags: string[]): Promise<Ran> {
    const own = ["--state", this.state, "--rejected", join(this.state, "rejected.ndjson")];
    return bayonData(["migrate", "firestore", folder, ...this.#connection, ...own, ...flags]);
  }

  rollback(...flags: string[]): Promise<Ran> {
    return bayonData(["rollback", ...this.#connection, "--state", this.state, ...flags]);
  }

  async ids(): Promise<string[]> {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: this.table }));
    return Items.map(({ SK }) => String(SK).replace("CONTENT#", "")).toSorted();
  }

  async change(id: string): Promise<void> {
    await client.send(
      new UpdateCommand({
        TableName: this.table,
        Key: { PK: "USER#u1", SK: `CONTENT#${id}` },
        UpdateExpression: "SET UpdatedAt = UpdatedAt + :one",
        ExpressionAttributeValues: { ":one": 1 },
      }),
    );
  }
}

async function place(): Promise<Place> {
  const made = new Place();
  expect(await made.create()).toMatchObject({ code: 0 });
  return made;
}

describe("rollback", () => {
  test("deletes what the migration wrote, and leaves what was there or has changed", async () => {
    const to = await place();
    // Written by somebody else: the journal of this folder knows nothing of it.
    const before = new Place();
    const other = ["--table", to.table, "--state", before.state];
    await to.migrate(exported("theirs"), ...other);
    await to.migrate(exported("theirs", "c1", "c2", "c3"));
    await to.change("c2");
    const items = await to.ids();
    expect(items).toEqual(["c1", "c2", "c3", "theirs"]);

    const dry = await to.rollback("--dry-run");
    expect(dry.out).toContain("2 items would be deleted, 1 left, 0 gone before");
    expect(dry.code).toBe(1);
    expect(await to.ids()).toEqual(items);

    const { code, out } = await to.rollback();
    expect(out).toContain('left  "USER#u1" "CONTENT#c2": changed since');
    expect(out).toContain("2 items deleted, 1 left, 0 gone before");
    expect(code).toBe(1);
    expect(await to.ids()).toEqual(["c2", "theirs"]);
  });

  test("of all migrations at once begins with the newest", async () => {
    const to = await place();
    const folder = exported("c1", "c2");
    await to.migrate(folder, "--on-conflict", "overwrite");
    await new Promise((resolve) => setTimeout(resolve, 5));
    await to.migrate(folder, "--on-conflict", "overwrite");
    const { code, out } = await to.rollback("--json");
    expect(code).toBe(0);
    expect(out).toContain('"deleted":2,"gone":2,"left":0');
    expect(await to.ids()).toEqual([]);
  });

  test("is done once, and a new migration begins anew", async () => {
    const to = await place();
    const folder = exported("c1");
    await to.migrate(folder);
    expect((await to.rollback()).code).toBe(0);
    const again = await to.rollback();
    expect(again.code).toBe(1);
    expect(again.complaints).toContain("has no migration");
    expect((await to.migrate(folder)).code).toBe(0);
    expect(await to.ids()).toEqual(["c1"]);
    expect((await to.rollback()).code).toBe(0);
    expect(await to.ids()).toEqual([]);
  });

  test("of an interrupted migration asks the table about what is in doubt", async () => {
    const to = await place();
    await to.migrate(exported("c1", "c2"));
    const journal = join(to.state, "journal.ndjson");
    // Killed after its second unit was sent, before the answers came, in the middle of a line.
    const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
    const [run = "", puts = ""] = lines;
    const unsent = '{"unit":2,"puts":[["USER#u1","CONTENT#never",1700000000000]]}';
    writeFileSync(journal, `${run}\n${puts}\n${unsent}\n{"unit":3,"pu`);
    const { run: id } = JSON.parse(run) as { run: string };
    const state = { run: id, journalFrom: 0, documents: 0 };
    const checkpoint = { fingerprint: "it", state };
    writeFileSync(join(to.state, "migrate.json"), JSON.stringify(checkpoint));
    const { code, out } = await to.rollback();
    expect(out).toContain("2 items deleted, 0 left, 1 gone before");
    expect(code).toBe(0);
    // The line that was cut off is gone: what came after it can be read.
    const complete = readFileSync(journal, "utf8").trimEnd().split("\n");
    expect(complete.length).toBeGreaterThan(3);
    for (const line of complete) expect(typeof JSON.parse(line)).toBe("object");
    // Going on with it would skip what is deleted now.
    expect(existsSync(join(to.state, "migrate.json"))).toBe(false);
  });

  test("of a unit that was begun twice knows both times of an item", async () => {
    const to = await place();
    await to.migrate(exported("c1", "c2"));
    const journal = join(to.state, "journal.ndjson");
    const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
    const [run = "", begun = ""] = lines;
    const { unit, puts } = JSON.parse(begun) as { unit: number; puts: [string, string, number][] };
    expect(puts).toHaveLength(2);
    // Killed before its first try sent anything: the table has the times of the second one alone.
    const first = puts.map(([pk, sk, updatedAt]) => [pk, sk, updatedAt - 1]);
    const [, ...rest] = lines;
    const changed = [run, JSON.stringify({ unit, puts: first }), ...rest];
    writeFileSync(journal, `${changed.join("\n")}\n`);
    const { code, out } = await to.rollback();
    expect(out).toContain("2 items deleted, 0 left, 0 gone before");
    expect(code).toBe(0);
    expect(await to.ids()).toEqual([]);
  });

  test("of a migration that found everything there has nothing to read in the journal", async () => {
    const to = await place();
    const journal = join(to.state, "journal.ndjson");
    const putsIn = () => readFileSync(journal, "utf8").match(/"puts":/g)?.length ?? 0;
    await to.migrate(exported("c1", "c2"));
    expect(putsIn()).toBe(1);
    const { out } = await to.migrate(exported("c1", "c2"));
    expect(out).toMatch(/2 +0 +0$/m);
    expect(putsIn()).toBe(1);
  });

  test("of a production table that was not meant is refused, and tried without a change", async () => {
    const to = await place();
    await to.migrate(exported("c1"));
    const { code, complaints } = await to.rollback("--environment", "production");
    expect(code).toBe(2);
    expect(complaints).toContain("--allow-production");
    expect(await to.ids()).toEqual(["c1"]);
    const dry = await to.rollback("--environment", "production", "--dry-run");
    expect(dry.complaints).not.toContain("--allow-production");
  });

  test("knows the table that each migration was to", async () => {
    const [to, elsewhere] = [await place(), await place()];
    await to.migrate(exported("c1"));
    const { code, complaints } = await elsewhere.rollback("--state", to.state);
    expect(code).toBe(1);
    expect(complaints).toContain(`it records migrations to ${to.table} at`);
    expect(await to.ids()).toEqual(["c1"]);
  });

  test("says where there is no journal, and where it is damaged", async () => {
    const to = await place();
    expect((await to.rollback()).complaints).toMatch(/journal\.ndjson does not exist/);
    await to.migrate(exported("c1"));
    appendFileSync(join(to.state, "journal.ndjson"), "not a line of it\n");
    expect((await to.rollback()).complaints).toMatch(/journal\.ndjson is damaged at byte \d+/);
    expect(await to.ids()).toEqual(["c1"]);
  });

  test("ends with 130 and the command to go on when it is interrupted", async () => {
    const to = await place();
    await to.migrate(exported("c1"));
    const { endpoint } = engine;
    const flags = ["--environment", "local", "--endpoint", endpoint, "--table", to.table];
    const signal = AbortSignal.abort(new Error("interrupted"));
    const ran = await bayonData(["rollback", ...flags, "--state", to.state], signal);
    expect(ran.code).toBe(130);
    expect(await to.ids()).toEqual(["c1"]);
  });
});
