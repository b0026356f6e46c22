import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type DynamoDBDocumentClient, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { accessPatterns } from "../../scripts/dev/access-patterns/rows.js";
import {
  type Counted,
  markdownTable,
  measure,
  tableOf,
  withTable,
} from "../../scripts/dev/access-patterns/table.js";
import { steadyClock } from "../../scripts/dev/access-patterns/units.js";
import { createWorld, type World } from "../../scripts/dev/access-patterns/world.js";
import { createTestDataLayer, type TestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { bareClient } from "../open.js";
import { firstWave, Recorder } from "../services/recorder.js";

const root = join(__dirname, "../..");
const [{ name, engine } = { name: "", engine: "" }] = engines;
/** The numbers are the engine's whose pages end where DynamoDB's do: its 1 MB counts what is read. */
const isReference = engine === "dynoxide";
const onReference = isReference ? test : test.skip;
const withoutTransactions = engine === "dynalite";

describe(`the access patterns on ${name}`, () => {
  const wire = new Recorder();
  let data: TestDataLayer;
  let bare: DynamoDBDocumentClient;
  let small: World;
  let large: World;
  const counted: Counted[] = [];

  beforeAll(async () => {
    data = await createTestDataLayer({ engine, requestHandler: wire, clock: steadyClock() });
    bare = bareClient(data);
    [small, large] = await Promise.all([createWorld(data, "small"), createWorld(data, "large")]);
  });
  afterAll(async () => {
    bare.destroy();
    await data.close();
  });

  /** A bare query of a partition: its pages as `LastEvaluatedKey` tells, its items and their size. */
  const read = async (PK: string, [low, high] = ["\u0001", "\uffff"]) => {
    let [pages, items, bytes, units] = [0, 0, 0, 0];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const answer = await bare.send(
        new QueryCommand({
          TableName: data.configuration.tableName,
          KeyConditionExpression: "PK = :pk AND SK BETWEEN :low AND :high",
          ExpressionAttributeValues: { ":pk": PK, ":low": low, ":high": high },
          ExclusiveStartKey,
          ReturnConsumedCapacity: "TOTAL",
        }),
      );
      pages += 1;
      items += answer.Items?.length ?? 0;
      bytes += JSON.stringify(answer.Items).length;
      units += answer.ConsumedCapacity?.CapacityUnits ?? 0;
      ExclusiveStartKey = answer.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
    return { pages, items, bytes, units };
  };
  const pagesOf = async (...range: Parameters<typeof read>) => (await read(...range)).pages;

  test("the data are what the promises are about: 2,000 items and 3 MB, 1,500 reviews and more than 1 MB", async () => {
    const user = await read("USER#large-user");
    expect(user.items).toBe(2_000);
    expect(user.bytes).toBeGreaterThan(3_000_000);
    const reviews = await read("REVIEW#large-agent");
    expect(reviews.items).toBe(1_500);
    expect(reviews.bytes).toBeGreaterThan(1_048_576);
    if (isReference) expect([user.pages, reviews.pages]).toEqual([4, 2]);
    expect(await pagesOf("USER#small-user")).toBe(1);
    expect(await pagesOf("REVIEW#small-agent")).toBe(1);
  });

  test("every row of the list has a call", () => {
    const rows = [
      ...Array.from({ length: 21 }, (_, index) => String(index + 1)),
      "11b",
      "reading",
      "repository",
      "transaction",
      "user",
    ].sort();
    expect([...new Set(accessPatterns.map(({ id }) => id))].sort()).toEqual(rows);
  });

  onReference("a query of pages takes as many requests as the engine has pages", async () => {
    const pages = {
      user: await pagesOf("USER#large-user"),
      dashboard: await pagesOf("USER#large-user", ["AGENT#", "COMPETITOR$"]),
      auditPage: await pagesOf("USER#large-user", ["AGENT#", "AUDIT$"]),
      projects: await pagesOf("USER#large-user", ["CONTENT#", "PROJECT$"]),
      contents: await pagesOf("USER#large-user", ["CONTENT#", "CONTENT$"]),
      reports: await pagesOf("USER#large-user", ["REPORT#", "REPORT$"]),
      reviews: await pagesOf("REVIEW#large-agent"),
    };
    const expected: Record<string, number[]> = {
      1: [pages.dashboard + 1 + pages.reviews],
      2: [pages.projects],
      3: [pages.contents, pages.contents],
      5: [pages.contents + Math.ceil(251 / 100)],
      9: [pages.reports],
      10: [pages.auditPage + 1 + pages.reviews],
      "11b": [pages.reviews],
      13: [pages.reviews + 2],
      19: [Math.ceil(2_000 / 25), Math.ceil(2_000 / 100)],
      user: [pages.user + 2, 3 + Math.ceil(2_000 / 25) + 3],
    };
    for (const [id, requests] of Object.entries(expected)) {
      const literals = accessPatterns.filter((pattern) => pattern.id === id);
      expect([id, literals.map((pattern) => pattern.requests.large)]).toEqual([id, requests]);
    }
  });

  test.each(accessPatterns)("$id: $asks", async (pattern) => {
    if (pattern.transactions && withoutTransactions) return;
    const onePage = await measure(pattern, small);
    const many = await measure(pattern, large);
    expect(onePage.requests).toBe(pattern.requests.onePage);
    if (isReference) expect(many.requests).toBe(pattern.requests.large);
    else expect(many.requests).toBeLessThanOrEqual(pattern.requests.large);
    // A request that reports no units would make a call look free.
    for (const { readUnits, writeUnits } of [onePage, many]) {
      expect(readUnits + writeUnits).toBeGreaterThan(0);
    }
    counted.push({ pattern, onePage, large: many });
  });

  test("a query takes as many units as a bare client's, a half for each 4 KB", async () => {
    const range: [string, string] = ["CONTENT#", "CONTENT$"];
    const [contents] = accessPatterns.filter(({ id }) => id === "3");
    for (const [world, user] of [
      [small, "small-user"],
      [large, "large-user"],
    ] as const) {
      const { units, pages, bytes } = await read(`USER#${user}`, range);
      expect(contents && (await measure(contents, world))).toMatchObject({
        ...{ readUnits: units, writeUnits: 0 },
      });
      // JSON has more bytes than DynamoDB counts, and each page is rounded up.
      expect(units).toBeLessThanOrEqual((bytes / 4_096 + pages) / 2);
      expect(units).toBeGreaterThan(bytes / 4_096 / 4);
    }
  });

  test.each(accessPatterns.filter(({ wave }) => wave !== undefined))(
    "$id: $wave requests go out before the first answer: $asks",
    async ({ call, wave }) => {
      expect(await firstWave(wire, () => call(small))).toBe(wave);
      expect(await firstWave(wire, () => call(large))).toBe(wave);
    },
  );

  onReference("the page has the table as it was counted (npm run docs:access-patterns)", () => {
    const source = readFileSync(join(root, "scripts", "dev", "access-patterns", "rows.ts"), "utf8");
    const page = readFileSync(join(root, "docs", "access-patterns.md"), "utf8");
    const table = markdownTable(counted, source);
    expect(table).toContain(
      "<br>`data.savedContent.query({ userId }, { where: { projectId: null } })` | 1<br>",
    );
    expect(
      tableOf(
        withTable("a\n<!-- access-patterns:begin -->\n<!-- access-patterns:end -->\nb", table),
      ),
    ).toBe(table);
    expect(counted).toHaveLength(accessPatterns.length);
    expect(tableOf(page)).toBe(table);
  });
});
