/** Queries of the repository by an index, and between two sort keys. */
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { DynamoDBRepository, type QueryOptions } from "../../src/repository/repository.js";
import { engines } from "../engines.js";
import { failure, namesOf, openRepositoryTable, type RepositoryTable } from "./repository-table.js";

describe.each(engines)("the repository by an index on $name", ({ engine }) => {
  let table: RepositoryTable;
  let repository: DynamoDBRepository;
  let users = 0;
  let status = "";

  beforeAll(async () => {
    table = await openRepositoryTable(engine, ["GSI1", "GSI2"]);
    repository = new DynamoDBRepository({ initialDelayMs: 1 });
  });
  afterAll(() => table.close());
  beforeEach(() => {
    users += 1;
    status = `STATUS#${users}`;
  });

  /** Sessions of several users, by status in GSI2 and date in its sort key; each third is closed. */
  async function sessions(count: number): Promise<void> {
    const numbers = Array.from({ length: count }, (_, index) => index);
    await repository.batchWrite(
      numbers.map((n) => ({
        PK: `USER#${users}-${n % 3}`,
        SK: `SESSION#${n}`,
        EntityType: "Session",
        Data: { n, open: n % 3 !== 0 },
        CreatedAt: 1,
        UpdatedAt: 1,
        GSI2PK: status,
        GSI2SK: `DATE#${String(n).padStart(3, "0")}`,
      })),
    );
  }

  const numbersOf = (items: readonly { n: number }[]) => items.map(({ n }) => n);

  test("finds items of all partitions in the order of the index's sort keys", async () => {
    await sessions(7);
    const ask = (options: QueryOptions) =>
      repository.query<{ n: number }>(status, "DATE#", { indexName: "GSI2", ...options });
    expect(numbersOf((await ask({})).items)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(numbersOf((await ask({ scanIndexForward: false })).items)[0]).toBe(6);
    const one = await repository.queryItems(status, "DATE#003", { indexName: "GSI2" });
    expect(one).toEqual({
      count: 1,
      items: [
        {
          PK: `USER#${users}-0`,
          SK: "SESSION#3",
          EntityType: "Session",
          Data: { n: 3, open: false },
          CreatedAt: 1,
          UpdatedAt: 1,
          GSI2PK: status,
          GSI2SK: "DATE#003",
        },
      ],
    });
    expect((await repository.query(status, "DATE#")).items).toEqual([]);
    expect((await repository.query(status, "DATE#", { indexName: "GSI1" })).items).toEqual([]);
  });

  test("sends one request a page, with the index's own key names", async () => {
    await sessions(3);
    const sent = await table.sentBy(() => repository.query(status, "", { indexName: "GSI2" }));
    expect(sent).toEqual([
      {
        name: "Query",
        input: expect.objectContaining({
          IndexName: "GSI2",
          ExpressionAttributeNames: { "#0": "GSI2PK" },
        }),
      },
    ]);
  });

  test.each([
    ["ascending", undefined],
    ["descending", { scanIndexForward: false }],
    [
      "with a filter that cuts its pages",
      {
        filterExpression: "#0.#1 = :0",
        expressionAttributeNames: { "#0": "Data", "#1": "open" },
        expressionAttributeValues: { ":0": true },
      },
    ],
  ])("pages of an index go on at their lastEvaluatedKey, through JSON too: %s", async (_, more) => {
    await sessions(10);
    const options: QueryOptions = { indexName: "GSI2", ...more };
    const whole = await repository.query<{ n: number }>(status, undefined, options);
    const seen: number[] = [];
    let text: string | undefined;
    do {
      const page = await repository.query<{ n: number }>(status, undefined, {
        ...options,
        limit: 3,
        exclusiveStartKey: text === undefined ? undefined : JSON.parse(text),
      });
      seen.push(...numbersOf(page.items));
      if (page.lastEvaluatedKey !== undefined) {
        expect(Object.keys(page.lastEvaluatedKey).sort()).toEqual(["GSI2PK", "GSI2SK", "PK", "SK"]);
      }
      text = page.lastEvaluatedKey && JSON.stringify(page.lastEvaluatedKey);
    } while (text !== undefined);
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).toEqual(numbersOf(whole.items));
  });

  test.each([
    ["of the table", { PK: "USER#1", SK: "SESSION#1" }],
    ["of another index", { PK: "USER#1", SK: "SESSION#1", GSI1PK: "a", GSI1SK: "b" }],
    ["of another partition", { PK: "USER#1", SK: "S", GSI2PK: "STATUS#x", GSI2SK: "DATE#1" }],
    ["of another prefix", { PK: "USER#1", SK: "S", GSI2PK: "STATUS#0", GSI2SK: "TIME#1" }],
  ])("a start key %s is refused before anything is sent", async (_, exclusiveStartKey) => {
    let error: unknown;
    const sent = await table.sentBy(async () => {
      const options = { indexName: "GSI2", exclusiveStartKey };
      error = await failure(repository.query("STATUS#0", "DATE#", options));
    });
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).message).toBe(
      "query (GSI2PK=STATUS#0, GSI2SK=DATE#): exclusiveStartKey must be a key within this query with GSI2PK and GSI2SK",
    );
    expect(sent).toEqual([]);
  });

  test("of an index that the table has not, the error names the index", async () => {
    const error = await failure(repository.query(status, "", { indexName: "GSI7" }));
    expect(error).toMatchObject({ code: "ValidationException", operation: "query" });
    expect(error.message).toMatch(/GSI7/);
  });

  test("create puts an item into every index whose keys it is given, once", async () => {
    const keys = { GSI1PK: `A#${users}`, GSI1SK: "1", GSI2PK: status, GSI2SK: "2" };
    const data = { n: 1 };
    await repository.create(`USER#${users}`, "S#1", "Session", data, { ...keys, TTL: 4e9 });
    for (const indexName of ["GSI1", "GSI2"] as const) {
      const pk = keys[`${indexName}PK`];
      const { items } = await repository.queryItems(pk, "", { indexName });
      expect(items).toEqual([expect.objectContaining({ ...keys, TTL: 4e9, Data: data })]);
    }
    const again = repository.create(`USER#${users}`, "S#1", "Session", {}, keys);
    expect(await failure(again)).toBeInstanceOf(ConditionalCheckFailedError);
  });

  describe("queryBetween", () => {
    test("finds what lies between two sort keys, both included, in one request", async () => {
      await sessions(8);
      let found: unknown;
      const sent = await table.sentBy(async () => {
        const options: QueryOptions = { indexName: "GSI2", scanIndexForward: false };
        const { items } = await repository.queryBetween<{ n: number }>(
          status,
          "DATE#002",
          "DATE#004",
          options,
        );
        found = numbersOf(items);
      });
      expect(found).toEqual([4, 3, 2]);
      expect(namesOf(sent)).toEqual(["Query"]);
      const own = await repository.queryBetween<{ n: number }>(`USER#${users}-0`, "S", "SESSION#3");
      expect(numbersOf(own.items)).toEqual([0, 3]);
    });

    test("goes on at a key within its bounds, and at no other", async () => {
      await sessions(8);
      const between = (exclusiveStartKey?: QueryOptions["exclusiveStartKey"]) =>
        repository.queryBetween<{ n: number }>(status, "DATE#002", "DATE#006", {
          indexName: "GSI2",
          limit: 2,
          exclusiveStartKey,
        });
      const first = await between();
      expect(numbersOf((await between(first.lastEvaluatedKey)).items)).toEqual([4, 5]);
      const outside = { ...first.lastEvaluatedKey, GSI2SK: "DATE#007" } as never;
      expect((await failure(between(outside))).message).toContain(
        "exclusiveStartKey must be a key",
      );
    });

    test.each([
      ["in the wrong order", "b", "a", "skStart must not be after skEnd"],
      // UTF-16 has these two the other way round.
      ["in the wrong order of bytes", "\u{10000}", "\uffff", "skStart must not be after skEnd"],
      ["without an end", "a", undefined, "skEnd is missing"],
      ["that are empty", "", "b", "skStart must not be empty"],
    ])("refuses bounds %s", async (_, from, to, rule) => {
      const call = repository.queryBetween("USER#1", from, to as string);
      const error = await failure(call);
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toContain(rule);
    });
  });
});
