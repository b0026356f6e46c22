/** Scans of the repository: pages, segments, and everything. */
import { getDocumentClient } from "../../src/client/client.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { DynamoDBRepository, type RepositoryScanOptions } from "../../src/repository/repository.js";
import { engines } from "../engines.js";
import { failure, namesOf, openRepositoryTable, type RepositoryTable } from "./repository-table.js";

const count = 60;
/** Some 40 KB: a page of 1 MB holds 25 of them. */
const text = "x".repeat(40_000);

describe.each(engines)("the repository scans on $name", ({ engine }) => {
  let table: RepositoryTable;
  let repository: DynamoDBRepository;

  beforeAll(async () => {
    table = await openRepositoryTable(engine, ["GSI1", "GSI2"]);
    repository = new DynamoDBRepository({ initialDelayMs: 1 });
    await repository.batchWrite(
      Array.from({ length: count }, (_, n) => ({
        PK: `USER#${n % 7}`,
        SK: `NOTE#${n}`,
        EntityType: "Note",
        Data: { n, text },
        CreatedAt: 1,
        UpdatedAt: 1,
        ...(n % 10 === 0 && { GSI2PK: "TENS", GSI2SK: `N#${n}` }),
      })),
    );
    // What an earlier layer left: no payload, and no type.
    await table.putRaw({ PK: "GHOST", SK: "G", UpdatedAt: 1 });
  });
  afterAll(() => table.close());

  const sorted = (numbers: readonly (number | undefined)[]) =>
    numbers.map((n) => n ?? -1).sort((a, b) => a - b);
  const everything = [-1, ...Array.from({ length: count }, (_, n) => n)];
  const tens = {
    filterExpression: "attribute_exists(#0)",
    expressionAttributeNames: { "#0": "GSI2PK" },
  };

  test("without a limit finds everything, in one request for each MB", async () => {
    let found: unknown;
    const sent = await table.sentBy(async () => {
      found = await repository.scan<{ n?: number }>();
    });
    const { items, ...rest } = found as { items: { n?: number }[] };
    expect(sorted(items.map(({ n }) => n))).toEqual(everything);
    expect(rest).toEqual({ count: count + 1 });
    expect(namesOf(sent)).toEqual(["Scan", "Scan", "Scan"]);
    expect(sent[0]?.input).toEqual({ TableName: table.tableName });
  });

  test("with a limit is one request, and goes on at lastEvaluatedKey to the end", async () => {
    const seen: (number | undefined)[] = [];
    let requests = 0;
    let from: RepositoryScanOptions["exclusiveStartKey"];
    do {
      const sent = await table.sentBy(async () => {
        const page = await repository.scanItems<{ n?: number }>({
          limit: 20,
          exclusiveStartKey: from,
        });
        seen.push(...page.items.map(({ Data }) => Data.n));
        from = page.lastEvaluatedKey;
      });
      requests += sent.length;
    } while (from !== undefined);
    expect(sorted(seen)).toEqual(everything);
    expect(requests).toBeLessThanOrEqual(5);
    expect(requests).toBeGreaterThanOrEqual(4);
  });

  test("a limit counts what the filter leaves, and the next scan goes on behind it", async () => {
    // An application's look for a token stopped at the first item of the table.
    const first = await repository.scan<{ n: number }>({ ...tens, limit: 4 });
    expect(first.items).toHaveLength(4);
    const rest = await repository.scan<{ n: number }>({
      ...tens,
      exclusiveStartKey: first.lastEvaluatedKey,
    });
    const found = [...first.items, ...rest.items].map(({ n }) => n);
    expect(sorted(found)).toEqual([0, 10, 20, 30, 40, 50]);
  });

  test("of an index reads what is in the index alone", async () => {
    const seen: number[] = [];
    let from: RepositoryScanOptions["exclusiveStartKey"];
    do {
      const page = await repository.scanItems<{ n: number }>({
        indexName: "GSI2",
        limit: 4,
        exclusiveStartKey: from,
      });
      seen.push(...page.items.map(({ Data }) => Data.n));
      from = page.lastEvaluatedKey;
      if (from !== undefined) expect(from).toHaveProperty("GSI2SK");
    } while (from !== undefined);
    expect(sorted(seen)).toEqual([0, 10, 20, 30, 40, 50]);
    expect((await repository.scan({ indexName: "GSI1" })).items).toEqual([]);
  });

  test("segments are parts of the table, each for another reader", async () => {
    const parts = await Promise.all(
      [0, 1, 2].map((segment) => repository.scan<{ n?: number }>({ segment, segments: 3 })),
    );
    expect(sorted(parts.flatMap(({ items }) => items.map(({ n }) => n)))).toEqual(everything);
  });

  describe("scanAll", () => {
    test.each([undefined, 1, 4])("finds every item once, in %p segments", async (segments) => {
      const items: { PK: string; n: number | undefined }[] = [];
      const sent = await table.sentBy(async () => {
        for await (const item of repository.scanAll<{ n?: number }>({ segments })) {
          items.push({ PK: item.PK, n: item.Data.n });
        }
      });
      expect(sorted(items.map(({ n }) => n))).toEqual(everything);
      const asked = new Set(sent.map(({ input }) => input.TotalSegments));
      expect([...asked]).toEqual([segments === 4 ? 4 : undefined]);
      expect(sent.length).toBeLessThanOrEqual(3 + (segments ?? 1));
    });

    test("has a filter and an index, and starts anew in each loop", async () => {
      const all = repository.scanAll<{ n: number }>({ ...tens, indexName: "GSI2" });
      for (let loop = 0; loop < 2; loop += 1) {
        const found: number[] = [];
        for await (const { Data } of all) found.push(Data.n);
        expect(sorted(found)).toEqual([0, 10, 20, 30, 40, 50]);
      }
    });

    test("sends nothing before it is read, and nothing after the loop is left", async () => {
      const sent = await table.sentBy(async () => {
        const all = repository.scanAll();
        await Promise.resolve();
        expect(jest.mocked(getDocumentClient().send).mock.calls).toHaveLength(0);
        for await (const _ of all) break;
      });
      expect(namesOf(sent)).toEqual(["Scan"]);
    });

    test("throws what a page failed with, after its retries", async () => {
      const client = getDocumentClient();
      const spy = jest.spyOn(client, "send").mockImplementation(async () => {
        throw Object.assign(new Error("slow down"), { name: "ThrottlingException" });
      });
      const call = (async () => {
        for await (const _ of repository.scanAll({ segments: 2 })) break;
      })();
      const error = await failure(call);
      spy.mockRestore();
      expect(error).toMatchObject({ name: "ThroughputExceededError", operation: "scanAll" });
    });
  });

  test.each<[string, RepositoryScanOptions, string]>([
    ["a segment alone", { segment: 0 }, "segments must say into how many segments"],
    ["segments alone", { segments: 2 }, "segment must say which of the segments"],
    ["one too many", { segment: 2, segments: 2 }, "segment must be an integer from 0, less than"],
    ["no count", { segment: 0, segments: 0 }, "segments must be an integer from 1 to 64"],
    ["too many", { segment: 0, segments: 65 }, "segments must be an integer from 1 to 64"],
    ["no limit", { limit: 0 }, "limit must be an integer > 0"],
    ["no key", { exclusiveStartKey: { PK: "a" } as never }, "must be a key within this scan"],
    [
      "a key of the table for an index",
      { indexName: "GSI1", exclusiveStartKey: { PK: "a", SK: "b" } },
      "exclusiveStartKey must be a key within this scan with GSI1PK and GSI1SK",
    ],
    ["no index", { indexName: "ByDate" }, "indexName must be the name of an index"],
    ["no filter", { filterExpression: " " }, "filterExpression must be an expression"],
  ])("refuses %s before anything is sent", async (_, options, rule) => {
    const errors: unknown[] = [];
    const sent = await table.sentBy(async () => {
      errors.push(await failure(repository.scan(options)));
      errors.push(await failure(repository.scanItems(options)));
    });
    for (const error of errors) {
      expect(error).toBeInstanceOf(ValidationError);
      expect((error as Error).message).toContain(rule);
    }
    expect(sent).toEqual([]);
  });

  test("scanAll refuses bad options at once, where the loop is written", () => {
    expect(() => repository.scanAll({ segments: 0 })).toThrow(ValidationError);
    expect(() => repository.scanAll({ segment: 1 } as never)).toThrow(
      'scanAll: segment is not an option; did you mean "segments"?',
    );
  });
});
